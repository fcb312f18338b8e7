"""What is free at one tenant: the rules, our own appointments and the owner's calendars together.

It reads and chooses among free slots; `agenda.py` keeps them.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal, Protocol
from uuid import UUID

from mcp_platform.errors import CredentialRefused, NotFound
from mcp_platform.kit.database import Sessions
from mcp_platform.scheduling.appointments import Appointments
from mcp_platform.scheduling.availability import SearchWindow, Slot, slots, why_none
from mcp_platform.scheduling.calendar import (
    Calendar,
    CalendarReading,
    CalendarUnreadable,
    Interval,
    OwnEvent,
)
from mcp_platform.scheduling.catalogue import Catalogue, Professional, ProfessionalId, Service
from mcp_platform.scheduling.outcome import SlotsFound, SlotView
from mcp_platform.scheduling.own_events import OwnEvents
from mcp_platform.tenants.tenant import Tenant

NEXT_DAYS = timedelta(days=14)  # how far "what else is free" looks: within it a customer decides
ALTERNATIVES = 5  # enough to choose from, few enough for one WhatsApp list without scrolling
DAY = timedelta(days=1)


class ClosingNotice(Protocol):
    """How a person learns that bookings are closed. Called each time: be sparing with notices."""

    async def __call__(
        self, error: CalendarUnreadable | CredentialRefused, *, calendar_id: str | None
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class _Free:
    """The free slots of one professional, and how many appointments each day has already."""

    professional: Professional
    slots: list[Slot]
    load: Counter[date]


class Openings:
    """The free slots of one tenant."""

    def __init__(
        self,
        *,
        tenant: Tenant,
        catalogue: Catalogue,
        sessions: Sessions,
        calendar: Calendar,
        tell: ClosingNotice,
    ) -> None:
        self._tenant = tenant
        self._catalogue = catalogue
        self._rules = catalogue.rules
        self._sessions = sessions.of(tenant.id)
        self._calendar = calendar
        self._tell = tell

    def calendar_id(self, professional: Professional) -> str | None:
        return professional.calendar_id or self._tenant.calendar_id

    async def busy(
        self, *, calendar_id: str | None, span: Interval, now: datetime, excluding: UUID
    ) -> list[Interval]:
        """Return what the owner has in `span`; if that cannot be known, tell a person.

        The appointment `excluding` is about to be put there: its own event is not in its way.

        Raises:
            CalendarUnreadable: for whatever reason, a refused credential included.
        """
        reading = await self._reading(calendar_id=calendar_id, span=span)
        if not reading.own:
            return self._closing(reading, ())
        async with self._sessions() as session:
            elsewhere = await OwnEvents(session, self._tenant.id).elsewhere(
                reading.own, calendar_id=calendar_id, now=now, excluding=excluding
            )
        return self._closing(reading, elsewhere)

    def _closing(self, reading: CalendarReading, elsewhere: Iterable[OwnEvent]) -> list[Interval]:
        """Return the times that a reading closes by the tenant's rules.

        An event of ours that stands elsewhere closes its place there: who moved it meant it.
        """
        return [
            *reading.blocking,
            *(reading.days_shown_free if self._rules.free_days_close else ()),
            *(reading.unanswered if self._rules.unanswered_close else ()),
            *(event.span for event in elsewhere),
        ]

    async def _reading(self, *, calendar_id: str | None, span: Interval) -> CalendarReading:
        if calendar_id is None:
            unset = CalendarUnreadable("No calendar is set for this tenant: enter its id.")
            await self._tell(unset, calendar_id=None)
            raise unset
        try:
            return await self._calendar.read(
                calendar_id=calendar_id, span=span, key=self._tenant.path
            )
        except CalendarUnreadable as error:
            await self._tell(error, calendar_id=calendar_id)
            raise
        except CredentialRefused as error:
            await self._tell(error, calendar_id=calendar_id)
            raise CalendarUnreadable("The calendar refuses our credential.") from error

    async def find(
        self,
        *,
        service_id: str,
        professional_id: str | None = None,
        wanted: SearchWindow,
        now: datetime,
        limit: int = 10,
        spread: bool,
        moving: UUID | None = None,
        contact_id: UUID | None = None,
    ) -> SlotsFound:
        """Return up to `limit` slots as wanted, or why there are none and which come next.

        Without a professional there is one slot for each start, of who has least to do that day.
        `spread` takes them evenly over what is wanted, not the earliest. `moving` is an appointment
        whose own time is not in the way; what is held for `contact_id` is not either.

        Raises:
            CalendarUnreadable: no calendar that matters could be read; a person is told.
            NotFound: no such service or professional.
            Invalid: the professional does not do this service.
        """
        service = self._catalogue.service(service_id)
        who = self._who(service, professional_id)
        found = await self._free(
            service=service,
            who=who,
            wanted=wanted,
            now=now,
            excluding=moving,
            contact_id=contact_id,
        )
        if found:
            return SlotsFound(status="ok", slots=self._views(_pick(found, limit, spread=spread)))
        status = self._why_none(service=service, who=who, wanted=wanted, now=now)
        following = await self._free(
            service=service,
            who=who,
            wanted=self._following(wanted, now=now),
            now=now,
            excluding=moving,
            contact_id=contact_id,
        )
        return SlotsFound(status=status, slots=self._views(following[:limit]))

    async def days(
        self,
        *,
        service_id: str,
        professional_id: str | None,
        now: datetime,
        limit: int,
        contact_id: UUID | None = None,
    ) -> list[date]:
        """Return the first `limit` days on which something is free. Raises as `find` does."""
        service = self._catalogue.service(service_id)
        who = self._who(service, professional_id)
        first, horizon = self._bookable_days(now)
        days: list[date] = []
        while len(days) < limit and first <= horizon:
            wanted = SearchWindow(first=first, last=first + NEXT_DAYS - DAY)
            found = await self._free(
                service=service, who=who, wanted=wanted, now=now, contact_id=contact_id
            )
            days.extend(sorted({slot.start.date() for slot in found}))
            first += NEXT_DAYS
        return days[:limit]

    async def alternatives(
        self,
        *,
        service_id: str,
        professional_id: str,
        start: datetime,
        now: datetime,
        excluding: UUID | None = None,
        contact_id: UUID | None = None,
    ) -> tuple[SlotView, ...]:
        """Return what is free nearest to a slot that cannot be had, on its day or else after it.

        Where the professional is not free a colleague is offered. Nothing if nothing can be known.
        """
        try:
            service = self._catalogue.service(service_id)
        except NotFound:
            return ()
        near = min(max(start.astimezone(UTC), now), now + self._rules.horizon)
        day = self._rules.local(near).date()
        who = self._who(service, None)
        prefer = ProfessionalId(professional_id)
        for wanted in (
            SearchWindow(first=day, last=day),
            SearchWindow(first=day, last=day + NEXT_DAYS),
        ):
            try:
                found = await self._free(
                    service=service,
                    who=who,
                    wanted=wanted,
                    now=now,
                    excluding=excluding,
                    prefer=prefer,
                    contact_id=contact_id,
                )
            except CalendarUnreadable:
                return ()
            if found:
                found.sort(key=lambda slot: abs(slot.interval.start - near))
                return self._views(sorted(found[:ALTERNATIVES], key=_by_start))
        return ()

    async def _free(
        self,
        *,
        service: Service,
        who: Sequence[Professional],
        wanted: SearchWindow,
        now: datetime,
        excluding: UUID | None = None,
        prefer: ProfessionalId | None = None,
        contact_id: UUID | None = None,
    ) -> list[Slot]:
        """Return one slot for each free start, earliest first.

        Of several professionals it is the preferred one's, else of who has least to do that day,
        else of who comes first in the catalogue.
        """
        today, horizon = self._bookable_days(now)
        wanted = SearchWindow(
            first=max(wanted.first, today),
            last=min(wanted.last, horizon),
            from_time=wanted.from_time,
            to_time=wanted.to_time,
        )
        if wanted.first > wanted.last or not who:
            return []
        best: dict[datetime, tuple[tuple[bool, int], Slot]] = {}
        for free in await self._read(
            service=service,
            who=who,
            wanted=wanted,
            now=now,
            excluding=excluding,
            contact_id=contact_id,
        ):
            for slot in free.slots:
                rank = (free.professional.id != prefer, free.load[slot.start.date()])
                start = slot.interval.start
                if start not in best or rank < best[start][0]:
                    best[start] = (rank, slot)
        return [slot for _, (_, slot) in sorted(best.items())]

    async def _read(
        self,
        *,
        service: Service,
        who: Sequence[Professional],
        wanted: SearchWindow,
        now: datetime,
        excluding: UUID | None,
        contact_id: UUID | None,
    ) -> list[_Free]:
        span = Interval(
            start=self._midnight(wanted.first) - service.buffer_before,
            end=self._midnight(wanted.last + DAY) + service.duration + service.buffer_after,
        )
        readings = await self._readings({self.calendar_id(each) for each in who}, span=span)
        async with self._sessions() as session:
            own_events = OwnEvents(session, self._tenant.id)
            busy = {
                calendar_id: self._closing(
                    reading,
                    await own_events.elsewhere(
                        reading.own, calendar_id=calendar_id, now=now, excluding=excluding
                    ),
                )
                for calendar_id, reading in readings.items()
            }
            occupied = await Appointments(session, self._tenant.id).occupied(
                professional_ids=[each.id for each in who],
                span=span,
                now=now,
                excluding=excluding,
                holder=contact_id,
            )
        return [
            _Free(
                professional=each,
                slots=slots(
                    catalogue=self._catalogue,
                    service=service,
                    professional=each,
                    wanted=wanted,
                    busy=[*occupied[each.id], *busy[self.calendar_id(each)]],
                    now=now,
                ),
                load=Counter(self._rules.local(taken.start).date() for taken in occupied[each.id]),
            )
            for each in who
            if self.calendar_id(each) in busy
        ]

    async def _readings(
        self, calendar_ids: set[str | None], *, span: Interval
    ) -> dict[str | None, CalendarReading]:
        """Read each calendar once. One that cannot be read closes only those who use it."""
        ordered = sorted(calendar_ids, key=str)
        answers = await asyncio.gather(
            *(self._reading(calendar_id=each, span=span) for each in ordered),
            return_exceptions=True,
        )
        readings: dict[str | None, CalendarReading] = {}
        unreadable: CalendarUnreadable | None = None
        for calendar_id, answer in zip(ordered, answers, strict=True):
            if isinstance(answer, CalendarUnreadable):
                unreadable = answer
            elif isinstance(answer, BaseException):
                raise answer
            else:
                readings[calendar_id] = answer
        if unreadable is not None and not readings:
            raise unreadable
        return readings

    def _who(self, service: Service, professional_id: str | None) -> tuple[Professional, ...]:
        if professional_id is None:
            return self._catalogue.offering(service.id)
        return (self._catalogue.professional(professional_id),)

    def _why_none(
        self, *, service: Service, who: Sequence[Professional], wanted: SearchWindow, now: datetime
    ) -> Literal["closed", "full", "out_of_range"]:
        reasons = {
            why_none(
                catalogue=self._catalogue,
                service=service,
                professional=each,
                wanted=wanted,
                now=now,
            )
            for each in who
        }
        # Of a day that is not over yet nothing is left, be it taken or gone by.
        if "full" in reasons or ("past" in reasons and wanted.last >= self._bookable_days(now)[0]):
            return "full"
        return "out_of_range" if reasons & {"past", "out_of_range"} else "closed"

    def _following(self, wanted: SearchWindow, *, now: datetime) -> SearchWindow:
        """Return the days to look at when nothing was as wanted, at any time of day."""
        today, horizon = self._bookable_days(now)
        first = max(wanted.first, today)
        if first > horizon:  # as near as can be had
            first = max(today, horizon - NEXT_DAYS)
        return SearchWindow(first=first, last=max(first, min(wanted.last, horizon)) + NEXT_DAYS)

    def _bookable_days(self, now: datetime) -> tuple[date, date]:
        local = self._rules.local
        return local(now).date(), local(now + self._rules.horizon).date()

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, datetime.min.time(), self._rules.zone).astimezone(UTC)

    def view(self, slot: Slot) -> SlotView:
        """Return a slot as people see it."""
        return SlotView(
            service_id=slot.service_id,
            service_name=self._catalogue.service(slot.service_id).name,
            professional_id=slot.professional_id,
            professional_name=self._catalogue.professional(slot.professional_id).name,
            start=slot.start,
            end=slot.end,
        )

    def _views(self, found: Sequence[Slot]) -> tuple[SlotView, ...]:
        return tuple(map(self.view, found))


def _by_start(slot: Slot) -> datetime:
    return slot.interval.start


def _pick(found: Sequence[Slot], limit: int, *, spread: bool) -> Sequence[Slot]:
    """Return the earliest `limit`, or that many evenly from first to last."""
    if not spread or len(found) <= limit or limit < 2:  # noqa: PLR2004 evenly needs two ends
        return found[:limit]
    step = (len(found) - 1) / (limit - 1)
    return [found[round(number * step)] for number in range(limit)]

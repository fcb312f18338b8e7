"""What is free at one tenant: the rules, our own appointments and the owner's calendars together.

It reads and chooses among free slots; `agenda.py` keeps them.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Literal, Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.errors import CredentialRefused, Invalid, NotFound
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
from mcp_platform.scheduling.catalogue import Catalogue, Professional, ProfessionalId, ServiceId
from mcp_platform.scheduling.finding.searching import (
    SlotCandidate,
    SlotSearch,
    back_to_back,
    one_for_each_start,
    shortlist,
    whole_until,
)
from mcp_platform.scheduling.outcome import SlotsFound, SlotView, Taken
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What stands in a professional's way.

    `calendar` are the times that the owner's calendar closes; None: it cannot be read. `occupied`
    are those of appointments and holds, buffers included.
    """

    calendar: tuple[Interval, ...] | None
    occupied: tuple[Interval, ...]


_Wanted = Mapping[ServiceId, Sequence[Professional]]
"""The services that are looked for, and who may do each."""


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
        search: SlotSearch,
        *,
        now: datetime,
        limit: int | None = None,
        contact_id: UUID | None = None,
    ) -> SlotsFound:
        """Return up to `limit` slots as wanted, or why there are none and which come nearest.

        None: all of them. Of a search for everyone who is free, one row of a list that is cut is
        left for more. What is held for `contact_id` is not in the way.

        Raises:
            CalendarUnreadable: no calendar that matters could be read; a person is told.
            NotFound: no such service or professional.
            Invalid: the professional does none of these services.
        """
        wanted, who = search.window, self._who(search)
        nearest = search.order == "nearest"
        look = partial(self._candidates, search, who, now=now, contact_id=contact_id)
        found = await look(_any_time(wanted) if nearest else wanted)
        if any(wanted.allows(each.slots[0].start) for each in found):
            return self._found("ok", found, search=search, limit=limit)
        status = self._why_none(who, wanted=wanted, now=now)
        if not found:
            found = await look(self._following(wanted, now=now))
        near = replace(search, order="nearest")
        return self._found(status, found, search=near, limit=limit, day_first=True)

    def _found(
        self,
        status: Literal["ok", "closed", "full", "out_of_range"],
        found: Sequence[SlotCandidate],
        *,
        search: SlotSearch,
        limit: int | None,
        day_first: bool = False,
    ) -> SlotsFound:
        cut = limit is not None and len(found) > limit
        most = len(found) if limit is None else limit - 1 if cut and search.everyone else limit
        shown = shortlist(
            found, limit=most, order=search.order, window=search.window, day_first=day_first
        )
        until = whole_until(shown, found) if cut else None
        return SlotsFound(
            status=status,
            slots=self._views(shown),
            more=cut,
            whole_until=None if until is None else self._rules.local(until),
        )

    async def standing(
        self, first: date, last: date, *, now: datetime
    ) -> Mapping[ProfessionalId, "Standing"]:
        """Return what stands in everybody's way from `first` to `last`. Calendars are read once.

        Where a calendar cannot be read that is said; a person is told.
        """
        people = self._catalogue.professionals
        span = Interval(start=self._midnight(first), end=self._midnight(last + DAY))
        try:
            readings = await self._readings({self.calendar_id(each) for each in people}, span=span)
        except CalendarUnreadable:
            readings = {}
        async with self._sessions() as session:
            busy = await self._closed_by(session, readings, now=now)
            occupied = await Appointments(session, self._tenant.id).occupied(
                professional_ids=[each.id for each in people], span=span, now=now
            )
        return {
            each.id: Standing(
                calendar=busy.get(self.calendar_id(each)), occupied=tuple(occupied[each.id])
            )
            for each in people
        }

    async def days(
        self, search: SlotSearch, *, now: datetime, limit: int, contact_id: UUID | None = None
    ) -> list[date]:
        """Return the first `limit` days on which something is free, at the window's times of day.

        The window's days do not matter. Raises as `find` does.
        """
        who = self._who(search)
        first, horizon = self._bookable_days(now)
        days: list[date] = []
        while len(days) < limit and first <= horizon:
            wanted = replace(search.window, first=first, last=first + NEXT_DAYS - DAY)
            found = await self._candidates(search, who, wanted, now=now, contact_id=contact_id)
            days.extend(sorted({each.slots[0].start.date() for each in found}))
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
    ) -> Taken:
        """Return what is free nearest to a slot that cannot be had, on its day or else after it.

        Where the professional is not free a colleague is offered. Nothing if nothing can be known.
        """
        try:
            service = self._catalogue.service(service_id)
        except NotFound:
            return Taken(alternatives=())
        near = min(max(start.astimezone(UTC), now), now + self._rules.horizon)
        day = self._rules.local(near).date()
        for wanted in (
            SearchWindow(first=day, last=day),
            SearchWindow(first=day, last=day + NEXT_DAYS),
        ):
            try:
                free = await self._free(
                    {service.id: self._catalogue.offering(service.id)},
                    wanted,
                    now=now,
                    excluding=excluding,
                    contact_id=contact_id,
                )
            except CalendarUnreadable:
                return Taken(alternatives=())
            if free:
                found = one_for_each_start(free, prefer=professional_id)
                found.sort(key=lambda each: abs(each.start - near))
                nearest = sorted(found[:ALTERNATIVES], key=lambda each: each.start)
                more = len(found) > len(nearest)
                return Taken(alternatives=self._views(nearest), more=more)
        return Taken(alternatives=())

    async def _candidates(
        self,
        search: SlotSearch,
        who: _Wanted,
        wanted: SearchWindow,
        *,
        now: datetime,
        contact_id: UUID | None,
    ) -> list[SlotCandidate]:
        """Return what a search may show of a window, in no order."""
        found = await self._unbounded(search, who, wanted, now=now, contact_id=contact_id)
        return [each for each in found if search.before is None or each.start < search.before]

    async def _unbounded(
        self,
        search: SlotSearch,
        who: _Wanted,
        wanted: SearchWindow,
        *,
        now: datetime,
        contact_id: UUID | None,
    ) -> list[SlotCandidate]:
        if not search.together:
            free = await self._free(
                who, wanted, now=now, excluding=search.moving, contact_id=contact_id
            )
            return free if search.everyone else one_for_each_start(free)
        # What follows may begin when the window is over.
        free = await self._free(
            who,
            replace(wanted, to_time=time.max),
            now=now,
            excluding=search.moving,
            contact_id=contact_id,
        )
        services = {each: self._catalogue.service(each) for each in who}
        by_service: dict[str, list[SlotCandidate]] = {service: [] for service in who}
        for each in free:
            by_service[each.slots[0].service_id].append(each)
        runs = back_to_back(
            list(by_service.values()),
            blocked={
                id_: (service.buffer_before, service.buffer_after)
                for id_, service in services.items()
            },
            longest_wait=self._rules.slot_step,
        )
        return [each for each in runs if wanted.allows(each.slots[0].start)]

    async def _free(
        self,
        who: _Wanted,
        wanted: SearchWindow,
        *,
        now: datetime,
        excluding: UUID | None = None,
        contact_id: UUID | None = None,
    ) -> list[SlotCandidate]:
        """Return the free slots of each service with each who may do it. Calendars are read once."""
        today, horizon = self._bookable_days(now)
        wanted = replace(wanted, first=max(wanted.first, today), last=min(wanted.last, horizon))
        people = {each.id: each for several in who.values() for each in several}
        if wanted.first > wanted.last or not people:
            return []
        services = [self._catalogue.service(each) for each in who]
        span = Interval(
            start=self._midnight(wanted.first) - max(each.buffer_before for each in services),
            end=self._midnight(wanted.last + DAY)
            + max(each.duration + each.buffer_after for each in services),
        )
        calendars = {self.calendar_id(each) for each in people.values()}
        readings = await self._readings(calendars, span=span)
        async with self._sessions() as session:
            busy = await self._closed_by(session, readings, now=now, excluding=excluding)
            occupied = await Appointments(session, self._tenant.id).occupied(
                professional_ids=list(people),
                span=span,
                now=now,
                excluding=excluding,
                holder=contact_id,
            )
        load = {
            id_: Counter(self._rules.local(taken.start).date() for taken in occupied[id_])
            for id_ in people
        }
        offered = [(service, each) for service in services for each in who[service.id]]
        return [
            SlotCandidate(slots=(slot,), load=load[each.id][slot.start.date()], place=place)
            for place, (service, each) in enumerate(offered)
            if self.calendar_id(each) in busy
            for slot in slots(
                catalogue=self._catalogue,
                service=service,
                professional=each,
                wanted=wanted,
                busy=[*occupied[each.id], *busy[self.calendar_id(each)]],
                now=now,
            )
        ]

    async def _closed_by(
        self,
        session: AsyncSession,
        readings: Mapping[str | None, CalendarReading],
        *,
        now: datetime,
        excluding: UUID | None = None,
    ) -> dict[str | None, tuple[Interval, ...]]:
        own_events = OwnEvents(session, self._tenant.id)
        return {
            calendar_id: tuple(
                self._closing(
                    reading,
                    await own_events.elsewhere(
                        reading.own, calendar_id=calendar_id, now=now, excluding=excluding
                    ),
                )
            )
            for calendar_id, reading in readings.items()
        }

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

    def _who(self, search: SlotSearch) -> _Wanted:
        """Return who may do what is looked for.

        The professional who is named, of what they do. What else is to follow in one visit, anybody
        who does it.

        Raises:
            NotFound: no such service or professional.
            Invalid: the professional does none of these services.
        """
        services = [self._catalogue.service(each).id for each in search.service_ids]
        if search.professional_id is None:
            return {each: self._catalogue.offering(each) for each in services}
        who = self._catalogue.professional(search.professional_id)
        theirs = [each for each in services if each in who.service_ids]
        if not theirs:
            why = {"professional_id": "does not offer this service"}
            raise Invalid(f"{who.name} does not offer this.", fields=why)
        every = services if search.together else theirs
        return {
            each: (who,) if each in theirs else self._catalogue.offering(each) for each in every
        }

    def _why_none(
        self, who: _Wanted, *, wanted: SearchWindow, now: datetime
    ) -> Literal["closed", "full", "out_of_range"]:
        reasons = {
            why_none(
                catalogue=self._catalogue,
                service=self._catalogue.service(service),
                professional=each,
                wanted=wanted,
                now=now,
            )
            for service, several in who.items()
            for each in several
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

    def _views(self, found: Sequence[SlotCandidate]) -> tuple[SlotView, ...]:
        """Return candidates as people see them: the first slot, with what follows it."""
        views = (tuple(map(self.view, each.slots)) for each in found)
        return tuple(replace(first, then=tuple(then)) for first, *then in views)


def _any_time(window: SearchWindow) -> SearchWindow:
    return SearchWindow(first=window.first, last=window.last)

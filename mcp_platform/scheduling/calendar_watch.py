"""Notices what the owner did to our events: moved, stretched or deleted in Google Calendar.

It tells the owner and changes nothing. The appointment stands as the customer knows it, until somebody
moves or cancels it.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from prometheus_client import Counter

from mcp_platform.errors import CredentialRefused, NotFound, Unavailable
from mcp_platform.kit.database import Sessions, is_away
from mcp_platform.outbox.notices import Notices
from mcp_platform.scheduling import wording
from mcp_platform.scheduling.appointment import Appointment
from mcp_platform.scheduling.appointments import Appointments
from mcp_platform.scheduling.calendar import Calendar, Interval
from mcp_platform.scheduling.calendar_looks import CalendarLooks
from mcp_platform.scheduling.catalogue import BookingRules
from mcp_platform.scheduling.catalogue_store import Catalogues
from mcp_platform.scheduling.own_events import OwnEvents, appointment_of
from mcp_platform.tenants.directory import TenantDirectory
from mcp_platform.tenants.languages import supported
from mcp_platform.tenants.tenant import Tenant, TenantId
from mcp_platform.words.files import in_every_language

log = structlog.get_logger(__name__)

MISPLACED = Counter(
    "mcp_calendar_misplaced_total", "Events of ours that an owner moved or deleted."
)
AT_ONCE = 4  # looks at a time: each waits for Google most of its second
NAMED = 5  # differences told one by one; of an emptied calendar, how many more there are
MARGIN = timedelta(days=31)  # beyond the last appointment: an event dragged there is found


@dataclass(frozen=True, slots=True)
class MisplacedTexts:
    """What the owner reads of events that do not stand as booked, in one language."""

    begins: str
    moved: str
    deleted: str
    more: str
    ends: str


_TEXTS = in_every_language(MisplacedTexts, "misplaced")


class CalendarWatch:
    """Looks at the calendars of tenants that are due, for one worker; several share the work."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        tenants: TenantDirectory,
        catalogues: Catalogues,
        calendar_of: Callable[[Tenant], Awaitable[Calendar]],
        notices: Notices,
        pinned: bool,
        clock: Callable[[], datetime],
    ) -> None:
        """Look at the shared tenants, or at the one to which this process is `pinned`."""
        self._sessions = sessions
        self._tenants = tenants
        self._catalogues = catalogues
        self._calendar_of = calendar_of
        self._notices = notices
        self._topology = None if pinned else "shared"
        self._clock = clock

    async def run(self, *, stopping: Callable[[], bool]) -> None:
        """Look at what is due until nothing is, or `stopping`."""

        async def until_none_is_due() -> None:
            while not stopping() and await self._one():
                pass

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(until_none_is_due())

    async def _one(self) -> bool:
        async with self._sessions.everywhere.begin() as session:
            tenant_id = await CalendarLooks(session).claim(
                topology=self._topology, now=self._clock()
            )
        if tenant_id is None:
            return False
        try:
            await self._look(await self._tenants.by_id(tenant_id))
        except NotFound:  # purged since it was claimed
            pass
        except (Unavailable, CredentialRefused) as error:  # booking tells the owner of it
            log.info("calendar.look.unreadable", tenant_id=tenant_id, reason=str(error))
        except Exception as error:
            if is_away(error):
                raise
            log.exception("calendar.look.failed", tenant_id=tenant_id)  # its next look is due later
        return True

    async def _look(self, tenant: Tenant) -> None:
        now = self._clock()
        ahead = await self._ahead(tenant.id, now=now)
        if not ahead:
            return
        found = await self._places(tenant, ahead, now=now)
        by_id = {each.id: each for each in ahead}
        rules = (await self._catalogues.of(tenant.id)).rules  # with a connection of its own
        async with self._sessions.of(tenant.id).begin() as session:
            looks = CalendarLooks(session)
            told = await looks.told(tenant.id)
            misplaced = await OwnEvents(session, tenant.id).misplaced(found, now=now)
            noted = {str(each): _noted(place) for each, place in misplaced.items()}
            new = {
                each: place
                for each, place in misplaced.items()
                if told.get(str(each), "") != noted[str(each)]
            }
            if noted != told:
                await looks.tell(tenant.id, noted)
            if not new:
                return
            text = _told([(by_id[each], place) for each, place in new.items()], tenant, rules)
            await self._notices.misplaced(session, tenant, text, now=now)
        MISPLACED.inc(len(new))
        log.warning("calendar.look.misplaced", tenant=tenant.path, appointments=[*map(str, new)])

    async def _ahead(self, tenant_id: TenantId, *, now: datetime) -> list[Appointment]:
        async with self._sessions.of(tenant_id).begin() as session:
            looks = CalendarLooks(session)
            await looks.told(tenant_id)
            ahead = await Appointments(session, tenant_id).ahead(now=now)
            if not ahead:
                await looks.no_more(tenant_id)
        return ahead

    async def _places(
        self, tenant: Tenant, ahead: Sequence[Appointment], *, now: datetime
    ) -> Mapping[UUID, Sequence[Interval]]:
        """Return where the event of each appointment stands in its calendar."""
        calendar = await self._calendar_of(tenant)
        span = Interval(start=now - MARGIN, end=max(each.ends_at for each in ahead) + MARGIN)
        by_calendar: defaultdict[str, list[UUID]] = defaultdict(list)
        for each in ahead:
            if each.calendar_id is not None:
                by_calendar[each.calendar_id].append(each.id)
        places: dict[UUID, list[Interval]] = {}
        for calendar_id, appointment_ids in by_calendar.items():
            reading = await calendar.read(calendar_id=calendar_id, span=span, key=tenant.path)
            places |= {each: [] for each in appointment_ids}
            for event in reading.own:
                of = appointment_of(event)
                if of in places and of in appointment_ids:
                    places[of].append(event.span)
        return places


def _noted(place: Interval | None) -> str | None:
    return None if place is None else f"{place.start.isoformat()}/{place.end.isoformat()}"


def _told(
    misplaced: Sequence[tuple[Appointment, Interval | None]], tenant: Tenant, rules: BookingRules
) -> str:
    language = supported(tenant.language)
    texts = _TEXTS[language]
    lines = [texts.begins]
    for appointment, place in sorted(misplaced, key=lambda each: each[0].starts_at)[:NAMED]:
        what = " — ".join(part for part in (appointment.service_name, appointment.visitor) if part)
        when = wording.short_moment(rules.local(appointment.starts_at), language=language)
        if place is None:
            lines.append(texts.deleted.format(when=when, what=what))
        else:
            where = _where(place, rules=rules, language=language)
            lines.append(texts.moved.format(when=when, what=what, where=where))
    if len(misplaced) > NAMED:
        lines.append(texts.more.format(more=len(misplaced) - NAMED))
    return "\n".join((*lines, texts.ends))


def _where(place: Interval, *, rules: BookingRules, language: str) -> str:
    start, end = rules.local(place.start), rules.local(place.end)
    return f"{wording.short_moment(start, language=language)}–" + (
        wording.clock(end, language=language)
        if start.date() == end.date()
        else wording.short_moment(end, language=language)
    )

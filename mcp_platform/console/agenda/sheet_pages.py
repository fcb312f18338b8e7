"""The agenda of a day, by professional, or of a week of one of them."""

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_date, get_timezone_location
from starlette.responses import Response

from mcp_platform.console.agenda.layout import Board, board
from mcp_platform.console.agenda.visitors import Visitors, day_of, moment_said
from mcp_platform.console.places import TENANT, may_change, tenant_of, tenant_page
from mcp_platform.console.sentences import Tongue
from mcp_platform.console.visits import ConsolePage, PageVisit
from mcp_platform.errors import NotFound
from mcp_platform.kit.cursor import FIRST_DAY, LAST_DAY
from mcp_platform.registry.staff_api import READERS, WORKERS
from mcp_platform.scheduling.appointment import Appointment
from mcp_platform.scheduling.catalogue import BookingRules, Catalogue
from mcp_platform.scheduling.finding.sheets import AgendaSheet
from mcp_platform.scheduling.tenant_appointments import TenantAppointments
from mcp_platform.tenants.directory import TenantDirectory
from mcp_platform.tenants.tenant import Tenant

AGENDA: Final = f"{TENANT}/agenda"
DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)
LONG_DAYS: Final[dict[Tongue, str]] = {"pt-BR": "EEEE, d 'de' MMMM", "en": "EEEE, MMMM d"}
UNDOABLE: Final = frozenset({"booked", "moved", "cancelled"})
SAID: Final = UNDOABLE | {"marked", "called", "undone"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What the address asks for."""

    day: date
    week: bool
    who: str | None

    @property
    def first(self) -> date:
        return self.day - timedelta(days=self.day.weekday()) if self.week else self.day

    @property
    def last(self) -> date:
        return self.first + 6 * DAY if self.week else self.day


class SheetPages:
    """The sheets of the agenda."""

    def __init__(self, appointments: TenantAppointments, *, tenants: TenantDirectory) -> None:
        self._appointments = appointments
        self._tenants = tenants

    def table(self) -> tuple[ConsolePage, ...]:
        return (ConsolePage(path=AGENDA, roles=READERS, show=self.show),)

    async def show(self, visit: PageVisit) -> Response:
        tenant = await tenant_of(visit, self._tenants)
        catalogue = await self._appointments.catalogue(tenant)
        rules = catalogue.rules
        today = rules.local(visit.now).date()
        asked = _asked(visit, catalogue, today=today)
        sheet = await self._appointments.sheet(tenant, first=asked.first, last=asked.last)
        laid = board(_of(sheet, asked), rules, now=visit.now)
        placed = {each.appointment.id for column in laid.columns for each in column.entries}
        mine = [each for each in sheet.appointments if _theirs(each, asked)]
        return tenant_page(
            visit,
            tenant,
            "agenda/sheet.html",
            asked=asked,
            today=today,
            laid=laid,
            heading=_heading(asked, visit),
            people=catalogue.professionals,
            shown_who=_shown_who(asked, laid),
            others=[each for each in mine if each.active and each.id not in placed],
            cancelled=[each for each in mine if each.status == "cancelled"],
            unread=sorted({each.professional.name for each in laid.columns if each.unread}),
            zone=_zone(rules, visit),
            address=_Addresses(asked),
            visitors=Visitors(visit),
            may_book=may_change(visit, tenant, roles=WORKERS),
            short_day=lambda day: format_date(day, "EEE d", locale=visit.tongue.replace("-", "_")),
            local=rules.local,
            said=await self._said(visit, tenant, rules),
        )

    async def _said(
        self, visit: PageVisit, tenant: Tenant, rules: BookingRules
    ) -> dict[str, str | int] | None:
        """Return what was just done, and how its customer learns of it."""
        said = visit.said(SAID)
        if said is None:
            return None
        try:
            on = visit.uuid("on")
        except NotFound:
            return None
        appointment = await self._appointments.get(tenant, on)
        until = None
        if said in UNDOABLE and may_change(visit, tenant, roles=WORKERS):
            until = await self._appointments.undoable_until(tenant, on)
        left = 0 if until is None else math.ceil((until - visit.now).total_seconds())
        return {
            "left": max(0, left),
            "what": said,
            "how": appointment.told or "not",
            "id": str(appointment.id),
            "name": Visitors(visit).name(appointment),
            "when": moment_said(rules.local(appointment.starts_at), visit),
        }


class _Addresses:
    """Where the links of a sheet lead: the same sheet with something else asked for."""

    def __init__(self, asked: _Asked) -> None:
        self._asked = asked

    def of(
        self, *, day: date | None = None, view: str | None = None, who: str | None = None
    ) -> str:
        week = self._asked.week if view is None else view == "week"
        chosen = who or self._asked.who
        query = {"day": str(day or self._asked.day), "view": "week" if week else "day"}
        if chosen:
            query["who"] = chosen
        return "?" + urlencode(query)

    def everybody(self) -> str:
        return "?" + urlencode({"day": str(self._asked.day), "view": "day"})

    @property
    def before(self) -> str:
        return self._moved(-1)

    @property
    def after(self) -> str:
        return self._moved(1)

    def _moved(self, by: int) -> str:
        length = WEEK if self._asked.week else DAY
        return self.of(day=min(max(self._asked.day + by * length, FIRST_DAY), LAST_DAY - WEEK))


def _asked(visit: PageVisit, catalogue: Catalogue, *, today: date) -> _Asked:
    query = visit.request.query_params
    known = {each.id for each in catalogue.professionals}
    who = query.get("who")
    week = query.get("view") == "week"
    chosen = who if who in known else None
    if week and chosen is None and catalogue.professionals:
        chosen = catalogue.professionals[0].id
    return _Asked(day=day_of(query.get("day")) or today, week=week, who=chosen)


def _of(sheet: AgendaSheet, asked: _Asked) -> AgendaSheet:
    """Return the days of who is asked for."""
    if asked.who is None:
        return sheet
    days = tuple(each for each in sheet.days if each.professional.id == asked.who)
    return AgendaSheet(days=days, appointments=sheet.appointments)


def _theirs(appointment: Appointment, asked: _Asked) -> bool:
    return asked.who in (None, appointment.professional_id)


def _shown_who(asked: _Asked, laid: Board) -> str | None:
    """Return whose list a narrow screen shows: theirs who was asked for, else the first who works."""
    if asked.who is not None:
        return asked.who
    working = [each for each in laid.columns if each.listed] or list(laid.columns)
    return working[0].professional.id if working else None


def _heading(asked: _Asked, visit: PageVisit) -> str:
    locale = visit.tongue.replace("-", "_")
    if not asked.week:
        return _capital(format_date(asked.day, LONG_DAYS[visit.tongue], locale=locale))
    first, last = (format_date(day, "d MMM", locale=locale) for day in (asked.first, asked.last))
    return f"{first} – {last}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _zone(rules: BookingRules, visit: PageVisit) -> str:
    return get_timezone_location(
        ZoneInfo(rules.time_zone), locale=visit.tongue.replace("-", "_"), return_city=True
    )

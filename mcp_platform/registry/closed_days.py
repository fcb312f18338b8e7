"""Days without bookings: of everybody who works for a tenant, or of one professional.

A day on which somebody has booked is closed only once it is said what becomes of the bookings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import select

from mcp_platform.audit.trail import ActorTrail
from mcp_platform.errors import Conflict, Invalid, NotFound
from mcp_platform.kit.cursor import FIRST_DAY
from mcp_platform.kit.forms import (
    ChangeForm,
    CreationForm,
    Form,
    Line,
    VersionedOut,
    check_version,
    merge,
)
from mcp_platform.kit.paging import Order, Page, PageQuery
from mcp_platform.kit.queue import schema_for, wakes
from mcp_platform.registry.environments import Environments
from mcp_platform.registry.hours import ClockTime
from mcp_platform.registry.shapes import AnySlug
from mcp_platform.registry.tenant_bound import TenantBound
from mcp_platform.scheduling.api_shapes import Day
from mcp_platform.scheduling.appointments import Appointments
from mcp_platform.scheduling.catalogue import BookingRules, ClosedDay
from mcp_platform.scheduling.changing.undoing import Undos
from mcp_platform.scheduling.mirror import Mirror
from mcp_platform.scheduling.models import ClosedDayRow, ProfessionalRow
from mcp_platform.scheduling.telling import Tellings
from mcp_platform.tenants.models import TenantRow

ORDER = Order(ClosedDayRow.day, ClosedDayRow.id)
MOST_DAYS = 370  # a year, and the holidays around it
MOST_BOOKINGS = 500  # of one closing: more than a person reads
LONGEST = timedelta(days=1)  # of a service: what begins earlier is over
UNTOLD = frozenset({"bookings"})

Bookings = Literal["ask", "keep", "cancel"]


class ClosedDayChange(ChangeForm):
    day: Day = FIRST_DAY
    professional_id: Annotated[AnySlug | None, Field(description="Null: everybody.")] = None
    begins: Annotated[
        ClockTime | None, Field(description="With `ends`, these hours alone. Null: all day.")
    ] = None
    ends: Annotated[ClockTime | None, Field(description="00:00 is the end of the day.")] = None
    reason: Line | None = None
    bookings: Annotated[
        Bookings,
        Field(description="What becomes of bookings then. `ask`: 409, with a list of them."),
    ] = "ask"

    def wished(self) -> dict[str, Any]:
        """Return what is to change in the row."""
        return self.model_dump(exclude_unset=True, exclude=set(UNTOLD))


class NewClosedDay(ClosedDayChange, CreationForm):
    day: Day


class NewClosedDays(Form):
    """Days to close at once, all or none; what is closed already stays as it is."""

    days: Annotated[tuple[NewClosedDay, ...], Field(max_length=MOST_DAYS, strict=False)]


class ClosedDayOut(VersionedOut):
    id: int
    day: date
    professional_id: str | None
    begins: ClockTime | None
    ends: ClockTime | None
    reason: str | None


class BookingOut(BaseModel):
    """A booking on a day that is to be closed. `starts_at` is by the tenant's clock."""

    id: UUID
    starts_at: datetime
    service: str
    professional: str
    booked_for: str | None


class ClosedDaysOut(BaseModel):
    """What was closed, and what became of the bookings then."""

    items: list[ClosedDayOut]
    kept: list[BookingOut]
    cancelled: list[BookingOut]


class DayBooked(Conflict):
    """There are bookings at a time that is to be closed, and nobody said what becomes of them."""

    def __init__(self, bookings: Sequence[BookingOut]) -> None:
        super().__init__(
            f"There are {len(bookings)} bookings then: say whether to keep or to cancel them.",
            fields={"bookings": "must be keep or cancel"},
        )
        self.bookings = tuple(bookings)


class ClosedDayQuery(PageQuery):
    first: Annotated[Day | None, Field(alias="from", description="First day.")] = None
    last: Annotated[Day | None, Field(alias="to", description="Last day, included.")] = None
    professional_id: Annotated[
        AnySlug | None, Field(description="Theirs alone, without everybody's.")
    ] = None


class ClosedDays(TenantBound):
    """The closed days of one tenant."""

    async def create(self, wish: NewClosedDay, *, now: datetime) -> ClosedDayOut:
        """Close a day, or some hours of it.

        Raises:
            Invalid: nobody of that id works for this tenant, or the hours cannot be.
            Conflict: it is closed already.
            DayBooked: there are bookings, and what becomes of them is not said.
        """
        await self._alone()
        await self._check_professional(wish.professional_id)
        if await self._same(wish.columns(without=UNTOLD)) is not None:
            raise Conflict("This day is closed already.", fields={"day": "is closed already"})
        closes = _closed_day(wish.columns(without=UNTOLD))
        made = await self._close(wish)
        await self._settle([(closes, wish.bookings)], now=now)
        return made

    async def create_many(self, wish: NewClosedDays, *, now: datetime) -> ClosedDaysOut:
        """Close days, all or none. Repeatable: what is closed already stays as it is.

        Raises:
            Invalid, DayBooked: as `create` does.
        """
        await self._alone()
        closed, closes = [], []
        for each in wish.days:
            columns = each.columns(without=UNTOLD)
            closes.append((_closed_day(columns), each.bookings))
            await self._check_professional(each.professional_id)
            known = await self._same(columns)
            closed.append(
                await self._close(each) if known is None else ClosedDayOut.model_validate(known)
            )
        kept, cancelled = await self._settle(closes, now=now)
        return ClosedDaysOut(items=closed, kept=kept, cancelled=cancelled)

    async def get(self, closed_day_id: int) -> ClosedDayOut:
        """Return a closed day. Raises NotFound."""
        return ClosedDayOut.model_validate(await self._row(closed_day_id))

    async def page(self, query: ClosedDayQuery) -> Page[ClosedDayOut]:
        """Return closed days, earliest first."""
        statement = select(ClosedDayRow).where(ClosedDayRow.tenant_id == self._tenant.id)
        if query.first is not None:
            statement = statement.where(ClosedDayRow.day >= query.first)
        if query.last is not None:
            statement = statement.where(ClosedDayRow.day <= query.last)
        if query.professional_id is not None:
            statement = statement.where(ClosedDayRow.professional_id == query.professional_id)
        rows, cursor = await ORDER.page(self.session, statement, query=query)
        return Page(items=[ClosedDayOut.model_validate(row) for (row,) in rows], next_cursor=cursor)

    async def update(
        self,
        closed_day_id: int,
        change: ClosedDayChange,
        *,
        versions: frozenset[int] | None,
        now: datetime,
    ) -> ClosedDayOut:
        """Change a closed day that is in one of `versions`; None: in any.

        Raises:
            NotFound: there is none such.
            PreconditionFailed: it is in none of `versions`.
            Invalid, Conflict, DayBooked: as `create` does.
        """
        await self._alone()
        row = await self._row(closed_day_id, lock=True)
        check_version(row, versions)
        before, closed = ClosedDayOut.model_validate(row), _closed_day(_columns(row))
        wished = {**_columns(row), **change.wished()}
        await self._check_professional(wished["professional_id"])
        if await self._same(wished, except_of=row.id) is not None:
            raise Conflict("This day is closed already.", fields={"day": "is closed already"})
        closes = _closed_day(wished)
        merge(row, change.wished())
        await self.session.flush()
        after = ClosedDayOut.model_validate(row)
        if after != before:
            if replace(closes, reason=None) != replace(closed, reason=None):
                await self._settle([(closes, change.bookings)], now=now)
            await self._record("closed_day.update", after.day, before=before, after=after)
        return after

    async def delete(self, closed_day_id: int, *, versions: frozenset[int] | None) -> None:
        """Open a closed day again. Raises as `update` does."""
        await self._alone()
        row = await self._row(closed_day_id, lock=True)
        check_version(row, versions)
        before = ClosedDayOut.model_validate(row)
        await self.session.delete(row)
        await self._record("closed_day.delete", before.day, before=before)

    async def _row(self, closed_day_id: int, *, lock: bool = False) -> ClosedDayRow:
        statement = select(ClosedDayRow).where(
            ClosedDayRow.tenant_id == self._tenant.id, ClosedDayRow.id == closed_day_id
        )
        if lock:
            statement = statement.with_for_update().execution_options(populate_existing=True)
        row = await self.session.scalar(statement)
        if row is None:
            raise NotFound(f"There is no closed day {closed_day_id}.")
        return row

    async def _close(self, wish: NewClosedDay) -> ClosedDayOut:
        row = ClosedDayRow(tenant_id=self._tenant.id, **wish.columns(without=UNTOLD))
        self.session.add(row)
        await self.session.flush()
        made = ClosedDayOut.model_validate(row)
        await self._record("closed_day.create", made.day, after=made)
        return made

    async def _settle(
        self, closing: Sequence[tuple[ClosedDay, Bookings]], *, now: datetime
    ) -> tuple[list[BookingOut], list[BookingOut]]:
        """Return which bookings at closed times stay and which are cancelled now.

        Raises:
            DayBooked: what becomes of some is not said.
        """
        tenant = await self.session.get_one(TenantRow, self._tenant.id)
        rules = BookingRules(time_zone=tenant.time_zone)
        found: dict[Bookings, dict[UUID, BookingOut]] = {"ask": {}, "keep": {}, "cancel": {}}
        for closed, bookings in closing:
            for each in await self._booked(closed, rules=rules, now=now):
                found[bookings].setdefault(each.id, each)
        if found["ask"]:
            raise DayBooked(list(found["ask"].values()))
        for appointment_id in found["cancel"]:
            await self._cancel(appointment_id, rules=rules, now=now)
        return list(found["keep"].values()), list(found["cancel"].values())

    async def _booked(
        self, closed: ClosedDay, *, rules: BookingRules, now: datetime
    ) -> list[BookingOut]:
        begins, ends = (rules.moment(wall) for wall in closed.hours())
        found = await Appointments(self.session, self._tenant.id).page(
            first=begins - LONGEST, before=ends, limit=MOST_BOOKINGS
        )
        return [
            BookingOut(
                id=each.id,
                starts_at=rules.local(each.starts_at),
                service=each.service_name,
                professional=each.professional_name,
                booked_for=each.visitor,
            )
            for each in found
            if each.active
            and each.ends_at > max(begins, now)
            and closed.professional_id in (None, each.professional_id)
        ]

    async def _cancel(self, appointment_id: UUID, *, rules: BookingRules, now: datetime) -> None:
        client_name, _, environment = self._tenant.path.partition("/")
        tenant = await Environments(self.session, self._actor).tenant(client_name, environment)
        wakes(self.session, schema_for(tenant.id, tenant.topology))
        appointments = Appointments(self.session, tenant.id)
        before = await appointments.find(appointment_id, for_update=True)
        cancelled = await appointments.cancel(appointment_id, contact_id=None, now=now)
        if before is None or cancelled is None:
            return
        undos = Undos(self.session, tenant.id)
        await undos.take_message_back(appointment_id, version=before.version)
        mirror = Mirror(tenant=tenant, rules=rules)
        await mirror.remove(self.session, cancelled, calendar_id=cancelled.calendar_id)
        trail = ActorTrail(self._actor)
        await trail.write(
            self.session,
            action="appointment.cancel",
            target=f"{tenant.path}/appointments/{appointment_id}",
            tenant_id=tenant.id,
        )
        await Tellings(self.session, tenant.id).tell(
            tenant, rules, before=before, after=cancelled, by=trail, now=now
        )

    async def _check_professional(self, professional_id: str | None) -> None:
        if professional_id is None:
            return
        known = await self.session.scalar(
            select(ProfessionalRow.id).where(
                ProfessionalRow.tenant_id == self._tenant.id, ProfessionalRow.id == professional_id
            )
        )
        if known is None:
            told = "nobody of that id works here"
            raise Invalid(f"professional_id: {told}.", fields={"professional_id": told})

    async def _same(
        self, wished: Mapping[str, Any], *, except_of: int | None = None
    ) -> ClosedDayRow | None:
        """Return what closes these hours of the day already."""
        statement = select(ClosedDayRow).where(
            ClosedDayRow.tenant_id == self._tenant.id,
            ClosedDayRow.day == wished["day"],
            ClosedDayRow.professional_id.is_not_distinct_from(wished["professional_id"]),
            ClosedDayRow.begins.is_(None)
            | ((ClosedDayRow.begins == wished["begins"]) & (ClosedDayRow.ends == wished["ends"])),
        )
        if except_of is not None:
            statement = statement.where(ClosedDayRow.id != except_of)
        return await self.session.scalar(statement.limit(1))


def _columns(row: ClosedDayRow) -> dict[str, Any]:
    return {each: getattr(row, each) for each in ClosedDayChange.model_fields if each not in UNTOLD}


def _closed_day(columns: Mapping[str, Any]) -> ClosedDay:
    """Return the rules' closed day. Raises Invalid if its hours cannot be."""
    return ClosedDay(**columns)

"""The appointments of one tenant, kept so that no two of a professional overlap.

Owns every statement on `appointments`, holds included. The exclusion constraint is what refuses an
overlap; this module turns its refusal into `SlotTaken`. Refuses to know hours, calendars and
contacts' words, and never commits.
"""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import get_args
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, delete, insert, or_, select, text, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.errors import Conflict
from mcp_platform.scheduling.availability import Slot
from mcp_platform.scheduling.calendar import Interval
from mcp_platform.scheduling.catalogue import BookingRules, ProfessionalId, ServiceId
from mcp_platform.scheduling.models import AppointmentRow, ProfessionalRow, ServiceRow
from mcp_platform.scheduling.outcome import AppointmentStatus, AppointmentView
from mcp_platform.tenants.tenant import TenantId

ACTIVE: tuple[AppointmentStatus, ...] = ("booked", "confirmed")
OCCUPYING: tuple[AppointmentStatus, ...] = ("held", *ACTIVE)
STATUSES: tuple[AppointmentStatus, ...] = get_args(AppointmentStatus)

# What every turn reads; as text, which costs a fraction of composing it: `outbox/lanes.py` has
# figures.
_ACTIVE, _OCCUPYING = (
    ", ".join(f"'{status}'" for status in statuses) for statuses in (ACTIVE, OCCUPYING)
)
LOCK = text("""
    INSERT INTO booking_locks (tenant_id) VALUES (:tenant)
    ON CONFLICT (tenant_id) DO UPDATE SET tenant_id = excluded.tenant_id
""")
UPCOMING = text(f"""
    SELECT a.id, a.contact_id, a.service_id, s.name AS service_name, a.professional_id,
           p.name AS professional_name, a.status, a.starts_at, a.ends_at, a.booked_for,
           a.calendar_id, a.price_cents, a.currency, a.version
    FROM appointments a
    JOIN services s ON s.tenant_id = a.tenant_id AND s.id = a.service_id
    JOIN professionals p ON p.tenant_id = a.tenant_id AND p.id = a.professional_id
    WHERE a.tenant_id = :tenant AND a.contact_id = :contact
      AND a.status IN ({_ACTIVE}) AND a.ends_at > :now
    ORDER BY a.starts_at, a.id
""")  # noqa: S608  # constants of this module
OCCUPIED = text(f"""
    SELECT professional_id, lower(blocked), upper(blocked) FROM appointments
    WHERE tenant_id = :tenant AND professional_id = ANY(:professionals)
      AND status IN ({_OCCUPYING})
      AND (hold_expires_at IS NULL OR hold_expires_at > :now)
      AND starts_at > :earliest AND starts_at < :latest
      AND blocked && tstzrange(:first, :last, '[)')
      AND id IS DISTINCT FROM :excluding
""")  # noqa: S608  # constants of this module

EXCLUSION_VIOLATION = "23P01"  # PostgreSQL, appendix A
# What a slot can block on either side of its start: a day of duration and a day of buffer, at most.
LONGEST = timedelta(days=2)


class SlotTaken(Conflict):
    """Somebody else has this slot, or a part of it."""

    def __init__(self) -> None:
        super().__init__("This time is taken.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """An appointment as it is stored; times are UTC. `version` grows with each change."""

    id: UUID
    contact_id: UUID
    service_id: ServiceId
    service_name: str
    professional_id: ProfessionalId
    professional_name: str
    status: AppointmentStatus
    starts_at: datetime
    ends_at: datetime
    booked_for: str | None
    calendar_id: str | None
    price_cents: int | None
    currency: str | None
    version: int

    @property
    def active(self) -> bool:
        return self.status in ACTIVE

    def view(self, rules: BookingRules) -> AppointmentView:
        """Return what people may see of it, by the tenant's clock."""
        return AppointmentView(
            id=self.id,
            service_id=self.service_id,
            service_name=self.service_name,
            professional_id=self.professional_id,
            professional_name=self.professional_name,
            starts_at=rules.local(self.starts_at),
            ends_at=rules.local(self.ends_at),
            status=self.status,
            price_cents=self.price_cents,
            currency=self.currency,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where an appointment is put: the slot, what it blocks, its price and its calendar."""

    slot: Slot
    blocked: Interval
    price_cents: int | None
    currency: str | None
    calendar_id: str | None


class Appointments:
    """One tenant's appointments in one transaction. Every statement starts from `_is_mine`."""

    def __init__(self, session: AsyncSession, tenant_id: TenantId) -> None:
        self._session = session
        self._tenant_id = tenant_id
        self._locked = False

    @property
    def _is_mine(self) -> ColumnElement[bool]:
        return AppointmentRow.tenant_id == self._tenant_id

    def _mine(self) -> Select[AppointmentRow, str, str]:
        return (
            select(AppointmentRow, ServiceRow.name, ProfessionalRow.name)
            .join(
                ServiceRow,
                (ServiceRow.tenant_id == AppointmentRow.tenant_id)
                & (ServiceRow.id == AppointmentRow.service_id),
            )
            .join(
                ProfessionalRow,
                (ProfessionalRow.tenant_id == AppointmentRow.tenant_id)
                & (ProfessionalRow.id == AppointmentRow.professional_id),
            )
            .where(self._is_mine)
            .execution_options(populate_existing=True)
        )

    async def lock(self) -> None:
        """Wait until no other transaction puts appointments of this tenant anywhere.

        Two overlapping inserts that meet inside an exclusion constraint wait for each other until
        PostgreSQL kills one after a second; and what was counted must still be so when it is acted
        on. The transactions are short, so one lock a tenant costs nothing.
        """
        if not self._locked:
            await self._session.execute(LOCK, {"tenant": self._tenant_id})
            self._locked = True

    async def hold(
        self,
        *,
        hold_id: UUID,
        contact_id: UUID,
        placement: Placement,
        booked_for: str | None,
        now: datetime,
        hold_for: timedelta,
    ) -> None:
        """Keep a slot for a contact, instead of any other that is held for them. Repeatable.

        Raises:
            SlotTaken: somebody has it, or holds it.
        """
        await self.lock()
        await self._clear(contact_id=contact_id, placement=placement, now=now)
        async with self._refusing_overlap():
            await self._session.execute(
                insert(AppointmentRow).values(
                    tenant_id=self._tenant_id,
                    id=hold_id,
                    contact_id=contact_id,
                    status="held",
                    hold_expires_at=now + hold_for,
                    booked_for=booked_for,
                    created_at=now,
                    updated_at=now,
                    **_columns(placement),
                )
            )

    async def promote(self, hold_id: UUID, *, now: datetime) -> Appointment:
        """Make a hold an appointment. An expired one that nobody has cleared is as good as new.

        Raises:
            SlotTaken: the hold is gone.
        """
        await self.lock()
        async with self._refusing_overlap():
            promoted = await self._session.scalar(
                update(AppointmentRow)
                .where(self._is_mine, AppointmentRow.id == hold_id, AppointmentRow.status == "held")
                .values(status="booked", hold_expires_at=None, updated_at=now)
                .returning(AppointmentRow.id)
            )
        if promoted is None:
            raise SlotTaken
        return await self._existing(hold_id)

    async def drop(self, hold_id: UUID) -> None:
        """Let go of a hold, if it is one still."""
        await self._session.execute(
            delete(AppointmentRow).where(
                self._is_mine, AppointmentRow.id == hold_id, AppointmentRow.status == "held"
            )
        )

    async def move(
        self,
        appointment_id: UUID,
        *,
        contact_id: UUID | None,
        placement: Placement,
        now: datetime,
    ) -> tuple[Appointment, Appointment] | None:
        """Put an active appointment elsewhere, in place; return it before and after.

        None: there is no such active appointment, or it is not that contact's. What was confirmed
        is only booked again: the contact confirmed another time.

        Raises:
            SlotTaken: somebody else has the slot. Its own old time is not in its way.
        """
        await self.lock()
        before = await self.get(appointment_id, contact_id=contact_id, for_update=True)
        if before is None or not before.active:
            return None
        await self._clear(contact_id=before.contact_id, placement=placement, now=now)
        async with self._refusing_overlap():
            await self._session.execute(
                update(AppointmentRow)
                .where(self._is_mine, AppointmentRow.id == appointment_id)
                .values(
                    **_columns(placement),
                    status="booked",
                    version=AppointmentRow.version + 1,
                    updated_at=now,
                )
            )
        return before, await self._existing(appointment_id)

    async def cancel(
        self, appointment_id: UUID, *, contact_id: UUID | None, now: datetime
    ) -> Appointment | None:
        """Cancel an active appointment; None if there is none.

        With `contact_id`, only if it is that contact's and not over.
        """
        theirs = () if contact_id is None else (*_of(contact_id), AppointmentRow.ends_at > now)
        cancelled = await self._session.scalar(
            update(AppointmentRow)
            .where(
                self._is_mine,
                AppointmentRow.id == appointment_id,
                AppointmentRow.status.in_(ACTIVE),
                *theirs,
            )
            .values(status="cancelled", version=AppointmentRow.version + 1, updated_at=now)
            .returning(AppointmentRow.id)
        )
        return None if cancelled is None else await self._existing(appointment_id)

    async def get(
        self, appointment_id: UUID, *, contact_id: UUID | None = None, for_update: bool = False
    ) -> Appointment | None:
        """Return an appointment or hold; with `contact_id`, only if it is theirs."""
        statement = self._mine().where(AppointmentRow.id == appointment_id, *_of(contact_id))
        if for_update:
            statement = statement.with_for_update(of=AppointmentRow)
        return next(iter(await self._read(statement)), None)

    async def same(self, *, contact_id: UUID, slot: Slot) -> Appointment | None:
        """Return the active appointment that this contact has in exactly this slot."""
        found = await self._read(
            self._mine().where(
                AppointmentRow.contact_id == contact_id,
                AppointmentRow.status.in_(ACTIVE),
                AppointmentRow.professional_id == slot.professional_id,
                AppointmentRow.service_id == slot.service_id,
                AppointmentRow.starts_at == slot.interval.start,
            )
        )
        return next(iter(found), None)

    async def upcoming(self, contact_id: UUID, *, now: datetime) -> list[Appointment]:
        """Return a contact's active appointments that are not over, earliest first."""
        found = await self._session.execute(
            UPCOMING, {"tenant": self._tenant_id, "contact": contact_id, "now": now}
        )
        return [Appointment(**row) for row in found.mappings()]

    async def ahead(self, *, now: datetime) -> list[Appointment]:
        """Return the active appointments that have not begun, earliest first."""
        return await self._read(
            self._mine()
            .where(AppointmentRow.starts_at > now, AppointmentRow.status.in_(ACTIVE))
            .order_by(AppointmentRow.starts_at, AppointmentRow.id)
        )

    async def between(
        self,
        *,
        first: datetime,
        last: datetime,
        professional_id: str | None = None,
        contact_id: UUID | None = None,
        statuses: Collection[AppointmentStatus] = ACTIVE,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Appointment]:
        """Return the appointments that start in `[first, last)`, earliest first."""
        statement = self._mine().where(
            AppointmentRow.starts_at >= first,
            AppointmentRow.starts_at < last,
            AppointmentRow.status.in_(statuses),
            *_of(contact_id),
        )
        if professional_id is not None:
            statement = statement.where(AppointmentRow.professional_id == professional_id)
        return await self._read(
            statement.order_by(AppointmentRow.starts_at, AppointmentRow.id)
            .limit(limit)
            .offset(offset)
        )

    async def occupied(
        self,
        *,
        professional_ids: Sequence[ProfessionalId],
        span: Interval,
        now: datetime,
        excluding: UUID | None = None,
    ) -> dict[ProfessionalId, list[Interval]]:
        """Return by professional what is blocked in `span`, buffers and living holds included."""
        found = await self._session.execute(
            OCCUPIED,
            {
                "tenant": self._tenant_id,
                "professionals": list(professional_ids),
                "now": now,
                "first": span.start,
                "last": span.end,
                "earliest": span.start - LONGEST,  # as in `_overlaps`
                "latest": span.end + LONGEST,
                "excluding": excluding,
            },
        )
        blocked: dict[ProfessionalId, list[Interval]] = {each: [] for each in professional_ids}
        for professional_id, start, end in found:
            blocked[professional_id].append(Interval(start=start, end=end))
        return blocked

    async def _clear(self, *, contact_id: UUID, placement: Placement, now: datetime) -> None:
        """Remove the contact's own hold, and dead ones where something is to be put."""
        await self._session.execute(
            delete(AppointmentRow).where(
                self._is_mine,
                AppointmentRow.status == "held",
                or_(
                    AppointmentRow.contact_id == contact_id,
                    and_(
                        AppointmentRow.hold_expires_at <= now,
                        AppointmentRow.professional_id == placement.slot.professional_id,
                        _overlaps(placement.blocked),
                    ),
                ),
            )
        )

    @asynccontextmanager
    async def _refusing_overlap(self) -> AsyncIterator[None]:
        """Run one statement in a savepoint, so that a refused one leaves the transaction usable."""
        try:
            async with self._session.begin_nested():
                yield
        except IntegrityError as error:
            if getattr(error.orig, "sqlstate", None) == EXCLUSION_VIOLATION:
                raise SlotTaken from error
            raise

    async def _existing(self, appointment_id: UUID) -> Appointment:
        return (await self._read(self._mine().where(AppointmentRow.id == appointment_id)))[0]

    async def _read(self, statement: Select[AppointmentRow, str, str]) -> list[Appointment]:
        return [_appointment(*row) for row in await self._session.execute(statement)]


def _of(contact_id: UUID | None) -> tuple[ColumnElement[bool], ...]:
    return () if contact_id is None else (AppointmentRow.contact_id == contact_id,)


def _overlaps(span: Interval) -> ColumnElement[bool]:
    # Row-level security keeps Postgres from asking an index whether ranges overlap: it might tell
    # of rows that must not be seen. The start finds those that can.
    return and_(
        AppointmentRow.starts_at > span.start - LONGEST,
        AppointmentRow.starts_at < span.end + LONGEST,
        AppointmentRow.blocked.overlaps(_range(span)),
    )


def _range(span: Interval) -> Range[datetime]:
    return Range(span.start, span.end, bounds="[)")


def _columns(placement: Placement) -> dict[str, object]:
    service = placement.slot.interval
    return {
        "professional_id": placement.slot.professional_id,
        "service_id": placement.slot.service_id,
        "starts_at": service.start,
        "ends_at": service.end,
        "blocked": _range(placement.blocked),
        "price_cents": placement.price_cents,
        "currency": placement.currency,
        "calendar_id": placement.calendar_id,
    }


def _appointment(row: AppointmentRow, service_name: str, professional_name: str) -> Appointment:
    return Appointment(
        id=row.id,
        contact_id=row.contact_id,
        service_id=ServiceId(row.service_id),
        service_name=service_name,
        professional_id=ProfessionalId(row.professional_id),
        professional_name=professional_name,
        status=row.status,  # type: ignore[arg-type]  # a check constraint holds it
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        booked_for=row.booked_for,
        calendar_id=row.calendar_id,
        price_cents=row.price_cents,
        currency=row.currency,
        version=row.version,
    )

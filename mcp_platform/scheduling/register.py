"""The appointments of one tenant as its owner's own systems see them: pages, versions, statuses.

Owns the statements that only the tenant API needs. Where and when an appointment is, is changed by
`agenda.py` alone; holds are not shown to anybody.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import Row, Select, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.conversations.models import ContactAliasRow, ContactRow
from mcp_platform.errors import Conflict, NotFound
from mcp_platform.kit.cursor import Place
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.http import PreconditionFailed
from mcp_platform.scheduling.agenda import EffectCommit
from mcp_platform.scheduling.appointments import Appointment, Appointments
from mcp_platform.scheduling.catalogue import BookingRules
from mcp_platform.scheduling.models import AppointmentRow, ProfessionalRow, ServiceRow, TellingRow
from mcp_platform.scheduling.outcome import Booked, Cancelled, Moved, Outcome
from mcp_platform.scheduling.telling import Tellings
from mcp_platform.tenants.access import Trail
from mcp_platform.tenants.tenant import Tenant, TenantId

Status = Literal["booked", "confirmed", "cancelled", "completed", "no_show"]
Mark = Literal["confirmed", "completed", "no_show"]
Told = Literal["message", "call", "called"]

# What may be marked as what. What is over may be corrected, and is not made to come again.
MARKS: Mapping[Mark, frozenset[Status]] = {
    "confirmed": frozenset({"booked"}),
    "completed": frozenset({"booked", "confirmed", "no_show"}),
    "no_show": frozenset({"booked", "confirmed", "completed"}),
}
_VERBS: Mapping[type[Outcome], str] = {Booked: "book", Moved: "move", Cancelled: "cancel"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentEntry:
    """An appointment with who it is for; times are UTC. `user_id` is None for WhatsApp contacts."""

    id: UUID
    contact_id: UUID
    user_id: str | None
    service_id: str
    service_name: str
    professional_id: str
    professional_name: str
    status: Status
    starts_at: datetime
    ends_at: datetime
    booked_for: str | None
    price_cents: int | None
    currency: str | None
    version: int
    told: Told | None
    """How the customer learns of the last change, if somebody of the business made it."""


class Register:
    """One tenant's appointments in one transaction. Every statement starts from `_mine()`."""

    def __init__(self, session: AsyncSession, tenant_id: TenantId) -> None:
        self._session = session
        self._tenant_id = tenant_id

    def _mine(self) -> Select[AppointmentRow, str | None, str, str, TellingRow | None]:
        return (
            select(
                AppointmentRow,
                ContactRow.api_user_id,
                ServiceRow.name,
                ProfessionalRow.name,
                TellingRow,
            )
            .join(
                ContactRow,
                (ContactRow.tenant_id == AppointmentRow.tenant_id)
                & (ContactRow.id == AppointmentRow.contact_id),
            )
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
            .outerjoin(
                TellingRow,
                (TellingRow.tenant_id == AppointmentRow.tenant_id)
                & (TellingRow.appointment_id == AppointmentRow.id)
                & (TellingRow.version == AppointmentRow.version),
            )
            .where(AppointmentRow.tenant_id == self._tenant_id, AppointmentRow.status != "held")
            .execution_options(populate_existing=True)
        )

    async def find(self, appointment_id: UUID) -> AppointmentEntry | None:
        found = await self._session.execute(self._mine().where(AppointmentRow.id == appointment_id))
        row = found.one_or_none()
        return None if row is None else _entry(row)

    async def get(self, appointment_id: UUID) -> AppointmentEntry:
        """Return an appointment.

        Raises:
            NotFound: this tenant has no such appointment.
        """
        entry = await self.find(appointment_id)
        if entry is None:
            raise NotFound("There is no such appointment.")
        return entry

    async def page(
        self,
        *,
        first: datetime | None,
        before: datetime | None,
        contact_alias: str | None,
        status: Status | None,
        after: Place | None,
        limit: int,
    ) -> list[AppointmentEntry]:
        """Return appointments that start in `[first, before)`, earliest first, from `after` on."""
        statement = self._mine()
        if first is not None:
            statement = statement.where(AppointmentRow.starts_at >= first)
        if before is not None:
            statement = statement.where(AppointmentRow.starts_at < before)
        if contact_alias is not None:
            contact = select(ContactAliasRow.contact_id).where(
                ContactAliasRow.tenant_id == self._tenant_id, ContactAliasRow.alias == contact_alias
            )
            statement = statement.where(AppointmentRow.contact_id == contact.scalar_subquery())
        if status is not None:
            statement = statement.where(AppointmentRow.status == status)
        if after is not None:
            place = tuple_(AppointmentRow.starts_at, AppointmentRow.id)
            statement = statement.where(place > after)
        rows = await self._session.execute(
            statement.order_by(AppointmentRow.starts_at, AppointmentRow.id).limit(limit)
        )
        return [_entry(row) for row in rows]

    async def mark(self, appointment_id: UUID, mark: Mark, *, now: datetime) -> bool:
        """Say what became of an appointment; return whether that is new. Repeatable.

        Raises:
            NotFound: this tenant has no such appointment.
            Conflict: it is not in a state for that, or has not begun yet.
        """
        row = await self._session.scalar(
            select(AppointmentRow)
            .where(
                AppointmentRow.tenant_id == self._tenant_id,
                AppointmentRow.id == appointment_id,
                AppointmentRow.status != "held",
            )
            .with_for_update()
        )
        if row is None:
            raise NotFound("There is no such appointment.")
        if row.status == mark:
            return False
        if row.status not in MARKS[mark]:
            raise Conflict(f"An appointment that is {row.status} cannot be marked {mark}.")
        # Its time would become free for others while the customer still means to come.
        if mark != "confirmed" and row.starts_at > now:
            raise Conflict(f"An appointment that has not begun cannot be marked {mark}.")
        await self._session.execute(
            update(AppointmentRow)
            .where(AppointmentRow.tenant_id == self._tenant_id, AppointmentRow.id == appointment_id)
            .values(status=mark, version=AppointmentRow.version + 1, updated_at=now)
        )
        return True


@dataclass(slots=True, kw_only=True)
class ByHand(EffectCommit):
    """Work on an appointment for somebody of the business, or a system of theirs.

    Of what changed the trail is told, and the customer unless `tell` is false, in the transaction
    of the change. The appointment must still be in one of `versions`, which the caller has seen;
    None: in any.
    """

    sessions: Sessions
    tenant: Tenant
    rules: BookingRules
    appointment_id: UUID
    trail: Trail
    now: datetime
    tell: bool = True
    versions: frozenset[int] | None = None
    _before: Appointment | None = None

    def begin(self) -> AbstractAsyncContextManager[AsyncSession]:
        return self._begin()

    @asynccontextmanager
    async def _begin(self) -> AsyncIterator[AsyncSession]:
        async with self.sessions.of(self.tenant.id).begin() as session:
            # First the lock that moving takes, then the row: the other way round two movers would
            # wait for each other.
            appointments = Appointments(session, self.tenant.id)
            await appointments.lock()
            self._before = await appointments.get(self.appointment_id, for_update=True)
            if self.versions is not None:
                if self._before is None:
                    raise NotFound("There is no such appointment.")
                if self._before.version not in self.versions:
                    raise PreconditionFailed("The appointment was changed meanwhile: read it anew.")
            yield session

    async def conclude(self, session: AsyncSession, outcome: Outcome) -> None:
        """Tell of what changed: nothing did where a request was repeated, or came to nothing."""
        what = _VERBS.get(type(outcome))
        after = await Appointments(session, self.tenant.id).get(self.appointment_id)
        before = self._before
        if what is None or after is None or after.status == "held":
            return
        if before is not None and (before.version, before.status) == (after.version, after.status):
            return
        await self.record(session, what)
        if what == "book" or before is None:
            return
        tellings = Tellings(session, self.tenant.id)
        if self.tell:
            await tellings.tell(
                self.tenant,
                self.rules,
                before=before,
                after=after,
                by=self.trail,
                now=self.now,
            )
        else:
            await tellings.forget(self.appointment_id)

    async def record(self, session: AsyncSession, what: str) -> None:
        """Write into the trail that somebody did this."""
        await self.trail.write(
            session,
            action=f"appointment.{what}",
            target=f"{self.tenant.path}/appointments/{self.appointment_id}",
            tenant_id=self.tenant.id,
        )


def _entry(row: Row[AppointmentRow, str | None, str, str, TellingRow | None]) -> AppointmentEntry:
    appointment, user_id, service_name, professional_name, telling = row
    return AppointmentEntry(
        id=appointment.id,
        contact_id=appointment.contact_id,
        user_id=user_id,
        service_id=appointment.service_id,
        service_name=service_name,
        professional_id=appointment.professional_id,
        professional_name=professional_name,
        status=appointment.status,  # type: ignore[arg-type]  # a check constraint holds it
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
        booked_for=appointment.booked_for,
        price_cents=appointment.price_cents,
        currency=appointment.currency,
        version=appointment.version,
        told=None if telling is None else _told(telling),
    )


def _told(telling: TellingRow) -> Told:
    if telling.called_at is not None:
        return "called"
    return "call" if telling.key is None else "message"

"""The appointments of one tenant, kept so that no two of a professional overlap.

Owns every statement on `appointments`, holds included. The exclusion constraint is what refuses an
overlap; this module turns its refusal into `SlotTaken`. Refuses to know hours, calendars and
contacts' words, and never commits.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.errors import Conflict, NotFound
from mcp_platform.kit.cursor import Place
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.scheduling.appointment import (
    ACTIVE,
    MARKS,
    OCCUPYING,
    Appointment,
    ListedStatus,
    Mark,
    listed,
)
from mcp_platform.scheduling.availability import Slot
from mcp_platform.scheduling.calendar import Interval
from mcp_platform.scheduling.catalogue import ProfessionalId
from mcp_platform.tenants.tenant import TenantId

EXCLUSION_VIOLATION = "23P01"  # PostgreSQL, appendix A
# What a slot can block on either side of its start: a day of duration and a day of buffer, at most.
LONGEST = timedelta(days=2)
NOTES_APART = " · "  # between notes that came one after the other


LOCK = Sql("""
    INSERT INTO booking_locks (tenant_id) VALUES (:tenant)
    ON CONFLICT (tenant_id) DO UPDATE SET tenant_id = excluded.tenant_id
""")

# Every reading of appointments begins so: what people call it, whose it is, and how its customer
# learns of the last change.
READ = """
    SELECT a.id, a.contact_id, c.api_user_id AS user_id, a.service_id, s.name AS service_name,
           a.professional_id, p.name AS professional_name, a.status, a.starts_at, a.ends_at,
           a.booked_for, a.person, a.notes AS note, a.calendar_id, a.price_cents, a.currency,
           a.version,
           CASE WHEN t.called_at IS NOT NULL THEN 'called'
                WHEN t.key IS NOT NULL THEN 'message'
                WHEN t.version IS NOT NULL THEN 'call' END AS told
    FROM appointments a
    JOIN contacts c ON c.tenant_id = a.tenant_id AND c.id = a.contact_id
    JOIN services s ON s.tenant_id = a.tenant_id AND s.id = a.service_id
    JOIN professionals p ON p.tenant_id = a.tenant_id AND p.id = a.professional_id
    LEFT JOIN tellings t ON t.tenant_id = a.tenant_id AND t.appointment_id = a.id
        AND t.version = a.version
    WHERE a.tenant_id = :tenant
"""
ONE = Sql(f"""
    {READ} AND a.id = :id AND a.contact_id = coalesce(CAST(:contact AS uuid), a.contact_id)
""")
# By itself: a row that moves while it is waited for no longer joins the service it had.
LOCK_ONE = Sql("SELECT FROM appointments WHERE tenant_id = :tenant AND id = :id FOR UPDATE")
# What a contact has in exactly this slot already.
SAME = Sql(f"""
    {READ} AND a.contact_id = :contact AND a.status IN ({listed(ACTIVE)})
      AND a.professional_id = :professional AND a.service_id = :service AND a.starts_at = :start
""")
UPCOMING = Sql(f"""
    {READ} AND a.contact_id = :contact AND a.status IN ({listed(ACTIVE)}) AND a.ends_at > :now
    ORDER BY a.starts_at, a.id
""")
LAST_SERVICE = Sql("""
    SELECT service_id FROM appointments
    WHERE tenant_id = :tenant AND contact_id = :contact AND status NOT IN ('held', 'cancelled')
    ORDER BY starts_at DESC, id
    LIMIT 1
""")
AHEAD = Sql(f"""
    {READ} AND a.status IN ({listed(ACTIVE)}) AND a.starts_at > :now
    ORDER BY a.starts_at, a.id
""")
# An unset bound is no bound, in a form for which the index by start serves.
PAGE = Sql(f"""
    {READ} AND a.status <> 'held'
      AND a.starts_at >= coalesce(CAST(:first AS timestamptz), '-infinity')
      AND a.starts_at < coalesce(CAST(:before AS timestamptz), 'infinity')
      AND (CAST(:status AS text) IS NULL OR a.status = :status)
      AND (CAST(:alias AS text) IS NULL OR a.contact_id = (
        SELECT contact_id FROM contact_aliases WHERE tenant_id = :tenant AND alias = :alias))
      AND (CAST(:behind AS uuid) IS NULL
        OR (a.starts_at, a.id) > (CAST(:since AS timestamptz), :behind))
    ORDER BY a.starts_at, a.id
    LIMIT :most
""")  # noqa: S608  # constants of this module

# Row-level security keeps PostgreSQL from asking an index whether ranges overlap: it might tell of
# rows that must not be seen. The start finds those that can.
OVERLAPS = """
    starts_at > :earliest AND starts_at < :latest AND blocked && tstzrange(:first, :last, '[)')
"""
OCCUPIED = Sql(f"""
    SELECT professional_id, lower(blocked), upper(blocked) FROM appointments
    WHERE tenant_id = :tenant AND professional_id = ANY(:professionals)
      AND status IN ({listed(OCCUPYING)})
      AND (hold_expires_at IS NULL OR hold_expires_at > :now)
      AND (status <> 'held' OR contact_id IS DISTINCT FROM :holder)
      AND {OVERLAPS}
      AND id IS DISTINCT FROM :excluding
""")  # noqa: S608  # constants of this module
# The contact's own holds, and dead ones where something is to be put.
CLEAR = Sql(f"""
    DELETE FROM appointments
    WHERE tenant_id = :tenant AND status = 'held'
      AND (contact_id = :contact
        OR hold_expires_at <= :now AND professional_id = :professional AND {OVERLAPS})
""")  # noqa: S608  # constants of this module

HOLD = Sql("""
    INSERT INTO appointments (
        tenant_id, id, contact_id, status, hold_expires_at, proposal_id, booked_for, person, notes,
        created_at, updated_at,
        professional_id, service_id, starts_at, ends_at, blocked, price_cents, currency, calendar_id)
    VALUES (
        :tenant, :id, :contact, 'held', :expires, :proposal, :booked_for, :person, :note, :now, :now,
        :professional, :service, :start, :end, tstzrange(:first, :last, '[)'), :price, :currency,
        :calendar)
""")
PROMOTE = Sql("""
    UPDATE appointments SET status = 'booked', hold_expires_at = NULL, updated_at = :now
    WHERE tenant_id = :tenant AND id = :id AND status = 'held'
""")
DROP = Sql("""
    DELETE FROM appointments WHERE tenant_id = :tenant AND id = ANY(:ids) AND status = 'held'
""")
KEEP = Sql("""
    UPDATE appointments SET hold_expires_at = :until
    WHERE tenant_id = :tenant AND id = ANY(:ids) AND status = 'held'
""")
PROPOSED = Sql("""
    SELECT EXISTS (
        SELECT FROM appointments
        WHERE tenant_id = :tenant AND contact_id = :contact AND status = 'held'
          AND proposal_id IS NOT NULL AND hold_expires_at > :now)
""")
RELEASE = Sql("""
    DELETE FROM appointments
    WHERE tenant_id = :tenant AND contact_id = :contact AND proposal_id = :proposal
      AND status = 'held'
""")
BLOCKED = Sql(f"""
    SELECT lower(blocked), upper(blocked) FROM appointments
    WHERE tenant_id = :tenant AND id = :id AND professional_id = :professional
      AND status IN ({listed(ACTIVE)})
""")  # noqa: S608  # constants of this module
# What was confirmed is only booked again: the contact confirmed another time.
MOVE = Sql("""
    UPDATE appointments SET
        professional_id = :professional, service_id = :service, starts_at = :start, ends_at = :end,
        blocked = tstzrange(:first, :last, '[)'), price_cents = :price, currency = :currency,
        calendar_id = :calendar, person = coalesce(:person, person),
        notes = coalesce(:note, notes), status = 'booked', version = version + 1, updated_at = :now
    WHERE tenant_id = :tenant AND id = :id
""")
PUT_BACK = Sql("""
    UPDATE appointments a SET
        professional_id = b.professional_id, service_id = b.service_id, status = b.status,
        starts_at = b.starts_at, ends_at = b.ends_at, blocked = b.blocked,
        price_cents = b.price_cents, currency = b.currency, calendar_id = b.calendar_id,
        version = a.version + 1, updated_at = :now
    FROM undos u, jsonb_populate_record(NULL::appointments, u.place) b
    WHERE a.tenant_id = :tenant AND a.id = :id
      AND u.tenant_id = a.tenant_id AND u.appointment_id = a.id
""")
# For a contact: only theirs, and not what is over.
CANCEL = Sql(f"""
    UPDATE appointments SET status = 'cancelled', version = version + 1, updated_at = :now
    WHERE tenant_id = :tenant AND id = :id AND status IN ({listed(ACTIVE)})
      AND (CAST(:contact AS uuid) IS NULL OR contact_id = :contact AND ends_at > :now)
""")  # noqa: S608  # constants of this module
NOTE = Sql("""
    UPDATE appointments SET notes = :notes, version = version + 1, updated_at = :now
    WHERE tenant_id = :tenant AND id = :id
""")
NOTED = Sql(f"""
    SELECT id FROM appointments
    WHERE tenant_id = :tenant AND contact_id = :contact AND ends_at > :now AND notes IS NOT NULL
      AND status IN ('held', {listed(ACTIVE)})
    ORDER BY id FOR UPDATE
""")  # noqa: S608  # constants of this module
# A customer who is still to be called of what staff changed is so after a note of theirs.
STILL_TO_TELL = Sql("""
    UPDATE tellings SET version = version + 1
    WHERE tenant_id = :tenant AND appointment_id = :id AND version = :version
""")
MARK = Sql("""
    UPDATE appointments SET status = :mark, version = version + 1, updated_at = :now
    WHERE tenant_id = :tenant AND id = :id
""")


# A contact's own yes, to the time that they were asked about.
ATTEND = Sql("""
    UPDATE appointments
    SET status = 'confirmed', updated_at = :now,
        version = version + CASE WHEN status = 'booked' THEN 1 ELSE 0 END
    WHERE tenant_id = :tenant AND id = :id AND contact_id = :contact AND starts_at = :start
      AND status IN ('booked', 'confirmed') AND ends_at > :now
""")


class SlotTaken(Conflict):
    """Somebody else has this slot, or a part of it; or the hold on it is gone."""

    def __init__(self, of: UUID | None = None) -> None:
        """`of` is the hold or appointment that cannot be put there."""
        super().__init__("This time is taken.")
        self.of = of


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where an appointment is put: the slot, what it blocks, its price and its calendar."""

    slot: Slot
    blocked: Interval
    price_cents: int | None
    currency: str | None
    calendar_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitDetails:
    """What is kept of who comes: the contact's name, for whom it is, and what they ask to know."""

    booked_for: str | None = None
    person: str | None = field(default=None, repr=False)
    note: str | None = field(default=None, repr=False)


NOTHING_SAID = VisitDetails()


@dataclass(frozen=True, slots=True)
class Move:
    """An appointment before it was moved, and after."""

    before: Appointment
    after: Appointment


class Appointments:
    """One tenant's appointments in one transaction. Every statement names the tenant first."""

    def __init__(self, session: AsyncSession, tenant_id: TenantId) -> None:
        self._session = session
        self._driver = Driver(session)
        self._tenant_id = tenant_id
        self._locked = False

    async def lock(self) -> None:
        """Wait until no other transaction puts appointments of this tenant anywhere.

        Two overlapping inserts that meet inside an exclusion constraint wait for each other until
        PostgreSQL kills one after a second; and what was counted must still be so when it is acted
        on. The transactions are short, so one lock a tenant costs nothing.
        """
        if not self._locked:
            await self._execute(LOCK)
            self._locked = True

    async def hold(
        self,
        placements: Mapping[UUID, Placement],
        *,
        contact_id: UUID,
        details: VisitDetails,
        now: datetime,
        until: datetime,
        proposal_id: UUID | None = None,
    ) -> None:
        """Keep slots for a contact, all or none, instead of any others held for them. Repeatable.

        `placements` are by the ids that the holds get. Several must be of one `proposal_id`.

        Raises:
            SlotTaken: somebody has one of them, or holds it; or two of them overlap.
        """
        await self.lock()
        for placement in placements.values():
            await self._clear(contact_id=contact_id, placement=placement, now=now)
        hold_id: UUID | None = None
        try:
            async with self._refusing_overlap():
                for hold_id, placement in placements.items():
                    await self._execute(
                        HOLD,
                        id=hold_id,
                        contact=contact_id,
                        expires=until,
                        proposal=proposal_id,
                        booked_for=details.booked_for,
                        person=details.person,
                        note=details.note,
                        now=now,
                        **_placed(placement),
                    )
        except SlotTaken as error:
            raise SlotTaken(hold_id) from error

    async def keep(self, hold_ids: Collection[UUID], *, until: datetime) -> None:
        """Hold what is held for longer.

        Raises:
            SlotTaken: one of the holds is gone.
        """
        if await self._execute(KEEP, ids=list(hold_ids), until=until) != len(hold_ids):
            raise SlotTaken

    async def release(self, proposal_id: UUID, *, contact_id: UUID) -> None:
        """Let go of everything that is held for a proposal."""
        await self._execute(RELEASE, proposal=proposal_id, contact=contact_id)

    async def proposed(self, contact_id: UUID, *, now: datetime) -> bool:
        """Tell whether something is held for a contact until they have said yes or no."""
        values = {"tenant": self._tenant_id, "contact": contact_id, "now": now}
        return bool(await self._driver.value(PROPOSED, **values))

    async def beside(self, appointment_id: UUID, placement: Placement) -> tuple[Placement, ...]:
        """Return what must be held so that the appointment can be moved to `placement`.

        What the appointment blocks itself cannot be held, and need not be. There may be something
        on either side of it.
        """
        rows = await self._driver.rows(
            BLOCKED,
            tenant=self._tenant_id,
            id=appointment_id,
            professional=placement.slot.professional_id,
        )
        wanted = placement.blocked
        if not rows or not wanted.overlaps(own := Interval(start=rows[0][0], end=rows[0][1])):
            return (placement,)
        edges = ((wanted.start, own.start), (own.end, wanted.end))
        return tuple(
            replace(placement, blocked=Interval(start=start, end=end))
            for start, end in edges
            if start < end
        )

    async def promote(self, hold_id: UUID, *, now: datetime) -> Appointment:
        """Make a hold an appointment. An expired one that nobody has cleared is as good as new.

        Raises:
            SlotTaken: the hold is gone.
        """
        await self.lock()
        async with self._refusing_overlap():
            promoted = await self._execute(PROMOTE, id=hold_id, now=now)
        if not promoted:
            raise SlotTaken(hold_id)
        return await self._existing(hold_id)

    async def drop(self, *hold_ids: UUID) -> None:
        """Let go of holds, of those that still are holds."""
        await self._execute(DROP, ids=list(hold_ids))

    async def move(
        self,
        appointment_id: UUID,
        *,
        contact_id: UUID | None,
        placement: Placement,
        details: VisitDetails = NOTHING_SAID,
        now: datetime,
    ) -> Move | None:
        """Put an active appointment elsewhere, in place; what `details` leave out stays.

        None: there is no such active appointment, or it is not that contact's.

        Raises:
            SlotTaken: somebody else has the slot. Its own old time is not in its way.
        """
        await self.lock()
        before = await self.find(appointment_id, contact_id=contact_id, for_update=True)
        if before is None or not before.active:
            return None
        await self._clear(contact_id=before.contact_id, placement=placement, now=now)
        async with self._refusing_overlap():
            await self._execute(
                MOVE,
                id=appointment_id,
                person=details.person,
                note=details.note,
                now=now,
                **_placed(placement),
            )
        return Move(before, await self._existing(appointment_id))

    async def put_back(self, appointment_id: UUID, *, now: datetime) -> None:
        """Make an appointment what its row in `undos` says that it was.

        Raises:
            SlotTaken: somebody else has its old time.
        """
        async with self._refusing_overlap():
            await self._execute(PUT_BACK, id=appointment_id, now=now)

    async def cancel(
        self, appointment_id: UUID, *, contact_id: UUID | None, now: datetime
    ) -> Appointment | None:
        """Cancel an active appointment; None if there is none.

        With `contact_id`, only if it is that contact's and not over.
        """
        cancelled = await self._execute(CANCEL, id=appointment_id, contact=contact_id, now=now)
        return await self._existing(appointment_id) if cancelled else None

    async def add_note(
        self, appointment_id: UUID, *, contact_id: UUID, note: str, most: int, now: datetime
    ) -> Appointment | None:
        """Add a note to what stands in an active appointment of a contact's that is not over.

        None: there is none such, or all notes together would have more than `most` characters. The
        same note again is there already.
        """
        before = await self.find(appointment_id, contact_id=contact_id, for_update=True)
        if before is None or not before.active or before.ends_at <= now:
            return None
        notes = before.note or ""
        if note in notes.split(NOTES_APART):
            return before
        notes = NOTES_APART.join(filter(None, (notes, note)))
        if len(notes) > most:
            return None
        return await self.replace_note(before, note=notes, now=now)

    async def noted(self, contact_id: UUID, *, now: datetime) -> list[Appointment]:
        """Lock and return what a contact has that is not over and has a note, holds included."""
        held = await self._driver.column(NOTED, tenant=self._tenant_id, contact=contact_id, now=now)
        return [await self._existing(each) for each in held]

    async def replace_note(
        self, before: Appointment, *, note: str | None, now: datetime
    ) -> Appointment:
        """Write another note where one was; return the appointment as it is then."""
        await self._execute(NOTE, id=before.id, notes=note, now=now)
        await self._execute(STILL_TO_TELL, id=before.id, version=before.version)
        return await self._existing(before.id)

    async def mark(self, appointment_id: UUID, mark: Mark, *, now: datetime) -> bool:
        """Say what became of an appointment; return whether that is new. Repeatable.

        Raises:
            NotFound: this tenant has no such appointment.
            Conflict: it is not in a state for that, or has not begun yet.
        """
        appointment = _shown(await self.find(appointment_id, for_update=True))
        if appointment.status == mark:
            return False
        if appointment.status not in MARKS[mark]:
            raise Conflict(f"An appointment that is {appointment.status} cannot be marked {mark}.")
        # Its time would become free for others while the customer still means to come.
        if mark != "confirmed" and appointment.starts_at > now:
            raise Conflict(f"An appointment that has not begun cannot be marked {mark}.")
        await self._execute(MARK, id=appointment_id, mark=mark, now=now)
        return True

    async def attend(
        self, appointment_id: UUID, *, contact_id: UUID, start: datetime, now: datetime
    ) -> bool:
        """Note that a contact comes to what begins at `start`; repeatable.

        False: it is not theirs, or it is cancelled, over, or at another time.
        """
        noted = await self._execute(
            ATTEND, id=appointment_id, contact=contact_id, start=start, now=now
        )
        return noted > 0

    async def find(
        self, appointment_id: UUID, *, contact_id: UUID | None = None, for_update: bool = False
    ) -> Appointment | None:
        """Return an appointment or hold; with `contact_id`, only if it is theirs."""
        if for_update:
            await self._execute(LOCK_ONE, id=appointment_id)
        found = await self._read(ONE, id=appointment_id, contact=contact_id)
        return next(iter(found), None)

    async def get(self, appointment_id: UUID) -> Appointment:
        """Return an appointment that is more than a hold.

        Raises:
            NotFound: this tenant has no such appointment.
        """
        return _shown(await self.find(appointment_id))

    async def same(self, *, contact_id: UUID, slot: Slot) -> Appointment | None:
        """Return the active appointment that this contact has in exactly this slot."""
        found = await self._read(
            SAME,
            contact=contact_id,
            professional=slot.professional_id,
            service=slot.service_id,
            start=slot.interval.start,
        )
        return next(iter(found), None)

    async def upcoming(self, contact_id: UUID, *, now: datetime) -> list[Appointment]:
        """Return a contact's active appointments that are not over, earliest first."""
        return await self._read(UPCOMING, contact=contact_id, now=now)

    async def last_service(self, contact_id: UUID) -> str | None:
        """Return the id of the service of a contact's latest appointment, to come or over."""
        found: str | None = await self._driver.value(
            LAST_SERVICE, tenant=self._tenant_id, contact=contact_id
        )
        return found

    async def ahead(self, *, now: datetime) -> list[Appointment]:
        """Return the active appointments that have not begun, earliest first."""
        return await self._read(AHEAD, now=now)

    async def page(
        self,
        *,
        first: datetime | None = None,
        before: datetime | None = None,
        contact_alias: str | None = None,
        status: ListedStatus | None = None,
        after: Place | None = None,
        limit: int,
    ) -> list[Appointment]:
        """Return appointments that start in `[first, before)`, earliest first, from `after` on."""
        since, behind = after or (None, None)
        return await self._read(
            PAGE,
            first=first,
            before=before,
            status=status,
            alias=contact_alias,
            since=since,
            behind=behind,
            most=limit,
        )

    async def occupied(
        self,
        *,
        professional_ids: Sequence[ProfessionalId],
        span: Interval,
        now: datetime,
        excluding: UUID | None = None,
        holder: UUID | None = None,
    ) -> dict[ProfessionalId, list[Interval]]:
        """Return by professional what is blocked in `span`, buffers and living holds included.

        What is held for the contact `holder` is free to that contact.
        """
        found = await self._driver.rows(
            OCCUPIED,
            tenant=self._tenant_id,
            professionals=list(professional_ids),
            now=now,
            excluding=excluding,
            holder=holder,
            **_overlapping(span),
        )
        blocked: dict[ProfessionalId, list[Interval]] = {each: [] for each in professional_ids}
        for professional_id, start, end in found:
            blocked[professional_id].append(Interval(start=start, end=end))
        return blocked

    async def _clear(self, *, contact_id: UUID, placement: Placement, now: datetime) -> None:
        await self._execute(
            CLEAR,
            contact=contact_id,
            professional=placement.slot.professional_id,
            now=now,
            **_overlapping(placement.blocked),
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
        return (await self._read(ONE, id=appointment_id, contact=None))[0]

    async def _read(self, statement: Sql, **values: Any) -> list[Appointment]:
        rows = await self._driver.rows(statement, tenant=self._tenant_id, **values)
        return [Appointment(**row) for row in rows]

    async def _execute(self, statement: Sql, **values: Any) -> int:
        return await self._driver.execute(statement, tenant=self._tenant_id, **values)


def _shown(found: Appointment | None) -> Appointment:
    """Return what is there and more than a hold. Raises NotFound."""
    if found is None or found.status == "held":
        raise NotFound("There is no such appointment.")
    return found


def _overlapping(span: Interval) -> dict[str, datetime]:
    return {
        "first": span.start,
        "last": span.end,
        "earliest": span.start - LONGEST,
        "latest": span.end + LONGEST,
    }


def _placed(placement: Placement) -> dict[str, object]:
    slot, blocked = placement.slot, placement.blocked
    return {
        "professional": slot.professional_id,
        "service": slot.service_id,
        "start": slot.interval.start,
        "end": slot.interval.end,
        "first": blocked.start,
        "last": blocked.end,
        "price": placement.price_cents,
        "currency": placement.currency,
        "calendar": placement.calendar_id,
    }

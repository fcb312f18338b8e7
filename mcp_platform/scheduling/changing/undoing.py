"""Taking back what somebody of the business did to an appointment, before its customer heard of it.

A change that may be undone leaves what was before it, and its message waits in the outbox for
`HELD_FOR`: WhatsApp has no recall. Who undoes takes the message away first; if a worker has it, the
change stays, since the customer will read of it. So it does once anything else was written to them:
the assistant may have told them the time. A later change takes the message that waits away as well.
"""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.conversations.messages import Messages
from mcp_platform.errors import Conflict
from mcp_platform.inbox.event import ContactId
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.scheduling.appointment import Appointment
from mcp_platform.scheduling.appointments import Appointments
from mcp_platform.tenants.tenant import TenantId

HELD_FOR: Final = timedelta(seconds=10)
# Who clicks at the last moment is not late because of the way here. A message is either still there
# or not; where there is none, a change that is older stays.
UNDONE_WITHIN: Final = HELD_FOR + timedelta(seconds=5)

_PLACE = """jsonb_build_object(
    'professional_id', a.professional_id, 'service_id', a.service_id, 'status', a.status,
    'starts_at', a.starts_at, 'ends_at', a.ends_at, 'blocked', a.blocked,
    'price_cents', a.price_cents, 'currency', a.currency, 'calendar_id', a.calendar_id)"""
BEFORE = Sql(f"""
    SELECT CAST({_PLACE} AS text) FROM appointments a
    WHERE a.tenant_id = :tenant AND a.id = :id AND a.status <> 'held'
""")  # noqa: S608  # a constant
TELLING = Sql("""
    SELECT CAST(to_jsonb(t) AS text) FROM tellings t
    WHERE t.tenant_id = :tenant AND t.appointment_id = :id AND t.version = :version
""")
KEEP = Sql("""
    INSERT INTO undos (tenant_id, appointment_id, version, place, telling, key, changed_at)
    VALUES (:tenant, :id, :version, CAST(CAST(:place AS text) AS jsonb),
            CAST(CAST(:telling AS text) AS jsonb), :key, :now)
    ON CONFLICT (tenant_id, appointment_id) DO UPDATE
    SET version = excluded.version, place = excluded.place, telling = excluded.telling,
        key = excluded.key, changed_at = excluded.changed_at
""")
FOUND = Sql("""
    SELECT u.version, u.key, u.changed_at, u.place IS NULL AS booked,
           u.place ->> 'calendar_id' AS calendar_id
    FROM undos u
    JOIN appointments a ON a.tenant_id = u.tenant_id AND a.id = u.appointment_id
        AND a.version = u.version
    WHERE u.tenant_id = :tenant AND u.appointment_id = :id AND u.changed_at > :since
""")
# One statement against the worker's claim: whichever has the row first, the other finds it changed.
UNSEND = Sql("""
    DELETE FROM outbox
    WHERE tenant_id = :tenant AND key = :key AND state = 'pending' AND attempts = 0
""")
# What is said of changes of appointments, `s:…`, says nothing of the one whose message still waits.
HEARD = Sql("""
    SELECT EXISTS (
        SELECT FROM messages m
        WHERE m.tenant_id = :tenant AND m.contact_id = :contact AND m.direction = 'out'
          AND m.at >= :since AND coalesce(m.key, '') NOT LIKE 's:%'
    ) OR EXISTS (
        SELECT FROM turns t
        WHERE t.tenant_id = :tenant AND t.contact_id = :contact AND t.state = 'open')
""")
WAITING = Sql("""
    SELECT u.key, u.changed_at, a.contact_id
    FROM undos u
    JOIN appointments a ON a.tenant_id = u.tenant_id AND a.id = u.appointment_id
    WHERE u.tenant_id = :tenant AND u.appointment_id = :id AND u.key IS NOT NULL
""")
# They do not know of it, as if it had to be told by a call.
UNTOLD_AGAIN = Sql("""
    UPDATE tellings SET key = NULL, version = :version
    WHERE tenant_id = :tenant AND appointment_id = :id AND key = :key
""")
UNTELL = Sql("DELETE FROM tellings WHERE tenant_id = :tenant AND appointment_id = :id")
RETELL = Sql("""
    INSERT INTO tellings
    SELECT (jsonb_populate_record(NULL::tellings,
        u.telling || jsonb_build_object('version', CAST(:version AS bigint)))).*
    FROM undos u
    WHERE u.tenant_id = :tenant AND u.appointment_id = :id AND u.telling IS NOT NULL
""")
FORGET = Sql("DELETE FROM undos WHERE tenant_id = :tenant AND appointment_id = :id")


class NothingToUndo(Conflict):
    """It is too late, the message is on its way, or it was changed again."""


class Undos:
    """What may be undone of one tenant's appointments, in one transaction."""

    def __init__(self, session: AsyncSession, tenant_id: TenantId) -> None:
        self._session = session
        self._driver = Driver(session)
        self._tenant = tenant_id

    async def before(self, appointment_id: UUID) -> str | None:
        """Return where an appointment is before it is changed, as JSON; None: there is none."""
        place: str | None = await self._driver.value(BEFORE, tenant=self._tenant, id=appointment_id)
        return place

    async def telling(self, before: Appointment) -> str | None:
        """Return what the customer had to be told of an appointment, as JSON, if anything."""
        telling: str | None = await self._driver.value(
            TELLING, tenant=self._tenant, id=before.id, version=before.version
        )
        return telling

    async def take_message_back(self, appointment_id: UUID, *, version: int) -> None:
        """Take away the message that waits, of a change after which it was changed again.

        What the customer had to be told of it is then still to be told of `version`, which was the
        last before that; unless they have heard of it otherwise.
        """
        found = await self._driver.row(WAITING, tenant=self._tenant, id=appointment_id)
        if found is None or not await self._unsend(found["contact_id"], found["key"]):
            return
        if not await self._heard(found["contact_id"], since=found["changed_at"]):
            await self._driver.execute(
                UNTOLD_AGAIN,
                tenant=self._tenant,
                id=appointment_id,
                key=found["key"],
                version=version,
            )

    async def keep(
        self,
        after: Appointment,
        *,
        place: str | None,
        telling: str | None,
        key: str | None,
        now: datetime,
    ) -> None:
        """Keep what was before a change; `place` None: it was just booked. `key` is its message's."""
        await self._driver.execute(
            KEEP,
            tenant=self._tenant,
            id=after.id,
            version=after.version,
            place=place,
            telling=telling,
            key=key,
            now=now,
        )

    async def until(self, appointment_id: UUID, *, now: datetime) -> datetime | None:
        """Return until when the last change may be undone; None: it may not."""
        found = await self._found(appointment_id, now=now)
        return None if found is None else found["changed_at"] + HELD_FOR

    async def undo(self, appointment_id: UUID, *, now: datetime) -> tuple[Appointment, str | None]:
        """Make an appointment what it was; return it, and the calendar that showed the change.

        Raises:
            NothingToUndo: it stays as it was changed.
            SlotTaken: somebody else has its old time.
        """
        appointments = Appointments(self._session, self._tenant)
        await appointments.lock()
        current = await appointments.find(appointment_id, for_update=True)
        found = await self._found(appointment_id, now=now)
        if current is None or found is None:
            raise NothingToUndo("There is nothing to undo any more.")
        if await self._heard(current.contact_id, since=found["changed_at"]):
            raise NothingToUndo(
                "The customer was written to meanwhile, and may know of the change."
            )
        if found["key"] is not None and not await self._unsend(current.contact_id, found["key"]):
            raise NothingToUndo("The customer's message is on its way.")
        if found["booked"]:
            await appointments.cancel(appointment_id, contact_id=None, now=now)
        else:
            await appointments.put_back(appointment_id, now=now)
        restored = await appointments.get(appointment_id)
        await self._driver.execute(UNTELL, tenant=self._tenant, id=appointment_id)
        await self._driver.execute(
            RETELL, tenant=self._tenant, id=appointment_id, version=restored.version
        )
        await self._driver.execute(FORGET, tenant=self._tenant, id=appointment_id)
        return restored, current.calendar_id

    async def _unsend(self, contact_id: UUID, key: str) -> bool:
        """Take a message away before it goes; return whether it was still there."""
        if not await self._driver.execute(UNSEND, tenant=self._tenant, key=key):
            return False
        await Messages(self._session, self._tenant).unsay(ContactId(contact_id), key=key)
        return True

    async def _heard(self, contact_id: UUID, *, since: datetime) -> bool:
        """Tell whether the contact was, or is being, written to by anybody since."""
        heard: bool = await self._driver.value(
            HEARD, tenant=self._tenant, contact=contact_id, since=since
        )
        return heard

    async def _found(self, appointment_id: UUID, *, now: datetime) -> Any:
        return await self._driver.row(
            FOUND, tenant=self._tenant, id=appointment_id, since=now - UNDONE_WITHIN
        )

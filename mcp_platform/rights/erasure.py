"""Erases a contact: everything of theirs in one transaction, or nothing.

What stays are their appointments as the business's books have them: when, which service, with whom, at
what price, of nobody. Who writes again after it is met as a new contact.

Locks are taken in the order that turns take them: the contact's lease, appointments, the contact.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.conversations.contacts import Contacts
from mcp_platform.conversations.conversations import trail_target
from mcp_platform.conversations.lease import revoke
from mcp_platform.errors import Conflict, NotFound
from mcp_platform.inbox.event import ContactId
from mcp_platform.inbox.turns import REDELIVERED_FOR
from mcp_platform.kit.failpoints import failpoint
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.rights.contact_data import OF_CONTACT
from mcp_platform.rights.fingerprints import Fingerprints
from mcp_platform.rights.models import ErasureRow
from mcp_platform.scheduling.appointment import ACTIVE, listed
from mcp_platform.scheduling.appointments import Appointments
from mcp_platform.scheduling.catalogue import BookingRules
from mcp_platform.scheduling.mirror import Mirror
from mcp_platform.tenants.access import Trail
from mcp_platform.tenants.tenant import Tenant

# Names of the one contact of each tenant whose are the appointments of all who were erased.
NOBODY: Final = UUID("0e1f6e1c-6a0b-4f0e-9a55-6b1a7b3c2d10")
# Meta's last redelivery may be on its way.
RECOGNISED_FOR: Final = REDELIVERED_FOR + timedelta(days=1)

LOCK_APPOINTMENTS = Sql("""
    SELECT id FROM appointments WHERE tenant_id = :tenant AND contact_id = :contact
    ORDER BY id FOR UPDATE
""")
# Nobody can add anything of theirs any more: each row would refer to this one.
LOCK = Sql("""
    SELECT wa_id, bsuid, name FROM contacts
    WHERE tenant_id = :tenant AND id = :contact AND space <> 'erased' FOR UPDATE
""")
AHEAD = Sql(f"""
    SELECT id FROM appointments
    WHERE tenant_id = :tenant AND contact_id = :contact AND status IN ({listed(ACTIVE)})
      AND starts_at > :now
    ORDER BY starts_at, id
""")  # noqa: S608  # constants
NAMES = Sql("""
    SELECT booked_for, person FROM appointments WHERE tenant_id = :tenant AND contact_id = :contact
""")

_THEIRS = "tenant_id = :tenant AND contact_id = :contact"
TOLD_CHANGES = Sql("""
    DELETE FROM tellings t USING appointments a
    WHERE t.tenant_id = :tenant AND a.tenant_id = t.tenant_id AND a.id = t.appointment_id
      AND a.contact_id = :contact
""")
UNDOABLE = Sql("""
    DELETE FROM undos u USING appointments a
    WHERE u.tenant_id = :tenant AND a.tenant_id = u.tenant_id AND a.id = u.appointment_id
      AND a.contact_id = :contact
""")
HOLDS = Sql(f"DELETE FROM appointments WHERE {_THEIRS} AND status = 'held'")  # noqa: S608
# What a worker is writing at this moment stays in its lane: what is recorded now comes after it.
NAMELESS_EVENTS = Sql("""
    UPDATE outbox o
    SET body = jsonb_set(jsonb_set(o.body, '{event,summary}', to_jsonb(s.name)),
                         '{event,description}', '""')
    FROM appointments a
    JOIN services s ON s.tenant_id = a.tenant_id AND s.id = a.service_id
    WHERE o.tenant_id = :tenant AND o.kind = 'calendar_put' AND o.lane = 'a:' || a.id
      AND a.tenant_id = o.tenant_id AND a.contact_id = :contact
""")
SOMEBODY_ERASED = Sql("""
    INSERT INTO contacts (tenant_id, id, space) VALUES (:tenant, :nobody, 'erased')
    ON CONFLICT (tenant_id, id) DO UPDATE SET space = 'erased'
""")
MESSAGES_OUT = Sql(f"""
    DELETE FROM outbox WHERE tenant_id = :tenant AND kind = 'whatsapp' AND {OF_CONTACT}
""")  # noqa: S608  # constants
# One notice tells of several appointments. Who is not told for this is told again.
MISPLACED = Sql("""
    DELETE FROM outbox WHERE tenant_id = :tenant AND key LIKE 'n:misplaced:%'
      AND EXISTS (SELECT FROM unnest(CAST(:names AS text[])) AS name
                  WHERE position(name IN body::text) > 0)
""")
TELL_AGAIN = Sql("UPDATE calendar_looks SET told = '{}' WHERE tenant_id = :tenant")
ANONYMISE = Sql(f"""
    UPDATE appointments
    SET contact_id = :nobody, booked_for = NULL, person = NULL, notes = NULL, proposal_id = NULL,
        version = version + 1, updated_at = :now
    WHERE {_THEIRS}
    RETURNING id, status
""")  # noqa: S608  # constants
ASKED = Sql(f"SELECT DISTINCT question_id FROM question_askers WHERE {_THEIRS}")  # noqa: S608
LOCK_QUESTIONS = Sql("""
    SELECT id FROM open_questions WHERE tenant_id = :tenant AND id = ANY(:questions)
    ORDER BY id FOR UPDATE
""")
# Who asked first gave the question its words; what nobody else asked goes.
REQUOTED = Sql("""
    UPDATE open_questions q SET words = (
        SELECT a.words FROM question_askers a
        WHERE a.tenant_id = q.tenant_id AND a.question_id = q.id
        ORDER BY a.asked_at, a.id LIMIT 1)
    WHERE q.tenant_id = :tenant AND q.id = ANY(:questions)
      AND EXISTS (SELECT FROM question_askers a
                  WHERE a.tenant_id = q.tenant_id AND a.question_id = q.id)
""")
UNASKED = Sql("""
    DELETE FROM open_questions q
    WHERE q.tenant_id = :tenant AND q.id = ANY(:questions)
      AND NOT EXISTS (SELECT FROM question_askers a
                      WHERE a.tenant_id = q.tenant_id AND a.question_id = q.id)
""")
# The key stays for as long as Meta may deliver again: it would be a new message otherwise. Another
# contact's event may name them too: a copy for their number, a status of a message to them.
_NAMES_THEM = """(
    contact_key = ANY(:aliases)
    OR (kind <> 'message' OR state = 'done') AND EXISTS (
        SELECT FROM unnest(CAST(:ids AS text[])) AS named
        WHERE position(convert_to(named, 'UTF8') IN body) > 0))"""
EVENTS_LONG_AGO = Sql(f"""
    DELETE FROM inbox_events
    WHERE tenant_id = :tenant AND received_at < :before AND {_NAMES_THEM}
""")  # noqa: S608  # constants
EVENTS = Sql(f"""
    UPDATE inbox_events
    SET body = '{{}}', contact_key = NULL, turn_id = NULL, state = 'done'
    WHERE tenant_id = :tenant AND {_NAMES_THEM}
""")  # noqa: S608  # constants
QUARANTINED = Sql("""
    DELETE FROM quarantined_events
    WHERE tenant_id = :tenant AND EXISTS (
        SELECT FROM unnest(CAST(:ids AS text[])) AS named
        WHERE position(convert_to(named, 'UTF8') IN body) > 0)
""")
CONTACT = Sql("DELETE FROM contacts WHERE tenant_id = :tenant AND id = :contact")


def _all_of(table: str) -> Sql:
    return Sql(f"DELETE FROM {table} WHERE {_THEIRS}")  # noqa: S608  # a table of ours


MESSAGES, CHOICES, WISHES = map(_all_of, ("messages", "offers", "waitlist_wishes"))
NOTES = _all_of("contact_notes")
ASKERS, TURNS = map(_all_of, ("question_askers", "turns"))  # and their steps
ALIASES, LEASE = map(_all_of, ("contact_aliases", "contact_leases"))


class AppointmentsAhead(Conflict):
    """They come again, and nobody would know who they are."""

    def __init__(self, count: int) -> None:
        super().__init__(
            f"Appointments that lie ahead: {count}. Cancel them first, or have them cancelled with"
            ' the erasure: `--cancel`, by the API `"cancel_appointments": true`. Nobody is told.'
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureReceipt:
    """That somebody was erased, and how much; nothing of it is about them."""

    id: UUID
    erased_at: datetime
    counts: Mapping[str, int]


class ContactErasure:
    """Erases contacts of one tenant, in one transaction."""

    def __init__(
        self, session: AsyncSession, tenant: Tenant, *, fingerprints: Fingerprints, now: datetime
    ) -> None:
        self._session = session
        self._driver = Driver(session)
        self._tenant = tenant
        self._fingerprints = fingerprints
        self._now = now
        self._mirror = Mirror(tenant=tenant, rules=BookingRules(time_zone=tenant.time_zone))
        self._appointments = Appointments(session, tenant.id)

    async def erase(
        self,
        contact_id: UUID,
        *,
        cancel: bool,
        trail: Trail,
    ) -> ErasureReceipt:
        """Erase a contact; `cancel` what they have ahead, and tell nobody.

        A turn that is under way ends: its worker loses the lease.

        Raises:
            NotFound: there is no such contact.
            AppointmentsAhead: something lies ahead, and is not to be cancelled.
            Unavailable: the key of fingerprints is missing.
        """
        their = {"tenant": self._tenant.id, "contact": contact_id}
        await revoke(self._session, self._tenant.id, ContactId(contact_id))
        await self._driver.rows(LOCK_APPOINTMENTS, **their)
        contact = await self._driver.row(LOCK, **their)
        if contact is None:
            raise NotFound("There is no such conversation.")
        aliases = await Contacts(self._session, self._tenant.id).aliases(ContactId(contact_id))
        fingerprints = self._fingerprints.of(self._tenant.id, aliases)
        cancelled = await self._cancel_ahead(their, cancel=cancel)
        counts = {
            "appointments_cancelled": cancelled,
            # Before messages: who applies their statuses locks in this order.
            "received": await self._forget_events(contact, aliases),
            "effects": await self._forget_effects(their, contact),
            "appointments_kept": await self._anonymise(their),
            "questions": await self._forget_questions(their),
        }
        for kind, statement in (
            ("messages", MESSAGES),
            ("turns", TURNS),
            ("choices", CHOICES),
            ("waiting_list", WISHES),
            ("notes", NOTES),
        ):
            counts[kind] = await self._driver.execute(statement, **their)
        for statement in (ALIASES, LEASE, CONTACT):
            await self._driver.execute(statement, **their)
        receipt = ErasureReceipt(id=uuid.uuid4(), erased_at=self._now, counts=counts)
        record(self._session, self._tenant, receipt, fingerprints=fingerprints)
        await trail.write(
            self._session,
            action="contact.erase",
            target=trail_target(self._tenant, contact_id),
            tenant_id=self._tenant.id,
            after={"erasure": str(receipt.id), "cancelled": cancelled},
        )
        await self._session.flush()
        failpoint("erasure.before_commit")
        return receipt

    async def _cancel_ahead(self, their: dict[str, Any], *, cancel: bool) -> int:
        ahead = await self._driver.column(AHEAD, **their, now=self._now)
        if ahead and not cancel:
            raise AppointmentsAhead(len(ahead))
        for each in ahead:
            found = await self._appointments.cancel(each, contact_id=None, now=self._now)
            if found is not None:
                await self._mirror.remove(self._session, found, calendar_id=found.calendar_id)
        return len(ahead)

    async def _forget_effects(self, their: dict[str, Any], contact: Mapping[str, Any]) -> int:
        """Delete messages to them and notices about them; take them out of events' texts."""
        booked = await self._driver.rows(NAMES, **their)
        names = {contact["name"], *(name for row in booked for name in row)} - {None, ""}
        await self._driver.execute(NAMELESS_EVENTS, **their)
        gone = await self._driver.execute(MESSAGES_OUT, **their, phone=contact["wa_id"])
        # As they stand in JSON.
        written = [json.dumps(name, ensure_ascii=False)[1:-1] for name in names]
        misplaced = await self._driver.execute(MISPLACED, tenant=self._tenant.id, names=written)
        if misplaced:
            await self._driver.execute(TELL_AGAIN, tenant=self._tenant.id)
        return gone + misplaced

    async def _anonymise(self, their: dict[str, Any]) -> int:
        """Give what was booked to nobody, and have their events say so; return how much it was."""
        await self._driver.execute(TOLD_CHANGES, **their)
        await self._driver.execute(UNDOABLE, **their)
        await self._driver.execute(HOLDS, **their)
        nobody = uuid.uuid5(NOBODY, str(self._tenant.id))
        await self._driver.execute(SOMEBODY_ERASED, tenant=self._tenant.id, nobody=nobody)
        kept = await self._driver.rows(ANONYMISE, **their, nobody=nobody, now=self._now)
        for id_, status in kept:
            appointment = await self._appointments.find(id_)
            if appointment is not None and status != "cancelled":
                await self._mirror.put(self._session, appointment, existing_only=True)
        return len(kept)

    async def _forget_questions(self, their: dict[str, Any]) -> int:
        questions = await self._driver.column(ASKED, **their)
        these = {"tenant": self._tenant.id, "questions": questions}
        await self._driver.rows(LOCK_QUESTIONS, **these)
        gone = await self._driver.execute(ASKERS, **their)
        await self._driver.execute(REQUOTED, **these)
        await self._driver.execute(UNASKED, **these)
        return gone

    async def _forget_events(self, contact: Mapping[str, Any], aliases: list[str]) -> int:
        ids = [each for each in (contact["wa_id"], contact["bsuid"]) if each]
        those = {"tenant": self._tenant.id, "ids": ids}
        before = self._now - RECOGNISED_FOR
        gone = await self._driver.execute(EVENTS_LONG_AGO, **those, aliases=aliases, before=before)
        gone += await self._driver.execute(EVENTS, **those, aliases=aliases)
        return gone + await self._driver.execute(QUARANTINED, **those)


def record(
    session: AsyncSession, tenant: Tenant, receipt: ErasureReceipt, *, fingerprints: list[str]
) -> None:
    """Write an erasure into the list that is kept."""
    session.add(
        ErasureRow(
            tenant_id=tenant.id,
            id=receipt.id,
            erased_at=receipt.erased_at,
            fingerprints=fingerprints,
            counts=dict(receipt.counts),
        )
    )

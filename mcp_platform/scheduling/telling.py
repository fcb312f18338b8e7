"""What somebody of the business changes of an appointment reaches its customer.

Owns how: by a message where WhatsApp takes one, recorded in the transaction of the change; else the
customer is listed to be called, until it is too late for that. So is one whose message failed, or
still waits: for a number that is refused, or a tenant that is suspended. Nothing waits for a
message that may never be possible. `BusinessCommit` does both, and names them in the trail.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.conversations.contacts import Contact, Contacts
from mcp_platform.conversations.messages import Message, Messages
from mcp_platform.errors import NotFound
from mcp_platform.inbox.event import ContactId
from mcp_platform.kit.cursor import Place
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.http import PreconditionFailed
from mcp_platform.kit.queue import wakes
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.outbox.delivery import WINDOW
from mcp_platform.outbox.outbox import Outbox, contact_lane
from mcp_platform.outbox.states import IS_UNFINISHED
from mcp_platform.scheduling import wording
from mcp_platform.scheduling.agenda import EffectCommit
from mcp_platform.scheduling.appointment import Appointment, AppointmentStatus
from mcp_platform.scheduling.appointments import Appointments
from mcp_platform.scheduling.catalogue import BookingRules
from mcp_platform.scheduling.changing.undoing import HELD_FOR, Undos
from mcp_platform.scheduling.outcome import Booked, Cancelled, Moved, Outcome
from mcp_platform.templates import texts
from mcp_platform.templates.templates import MessageTemplates
from mcp_platform.templates.texts import Purpose
from mcp_platform.tenants.access import Trail
from mcp_platform.tenants.languages import supported
from mcp_platform.tenants.tenant import Tenant, TenantId
from mcp_platform.whatsapp.messages import Recipient
from mcp_platform.whatsapp.reply import Reply
from mcp_platform.words.files import in_every_language

TOLD = Counter(
    "mcp_customers_told_total",
    "Customers whose appointment was changed for them, by how they learn of it.",
    ["outcome"],
)

How = Literal["message", "call", "not"]
"""By a message; by being called; not by us, since whoever made the change does it, or need not."""


@dataclass(frozen=True, slots=True)
class TellingTexts:
    """What a customer reads of a change, in one language."""

    booked: str
    moved: str
    cancelled: str


_TEXTS = in_every_language(TellingTexts, "telling")

_VERBS: Mapping[type[Outcome], str] = {Booked: "book", Moved: "move", Cancelled: "cancel"}

# What is not on its way by then does not go at once, and a call tells the same.
SENT_WITHIN = timedelta(minutes=10)
TELL = Sql("""
    INSERT INTO tellings (
        tenant_id, appointment_id, version, known_start, until, key, by, changed_at)
    VALUES (:tenant, :appointment, :version, :known_start, :until, :key, :by, :now)
    ON CONFLICT (tenant_id, appointment_id) DO UPDATE
    SET version = excluded.version, known_start = excluded.known_start, until = excluded.until,
        key = excluded.key, by = excluded.by, changed_at = excluded.changed_at,
        called_at = NULL, called_by = NULL
""")
FORGET = Sql("DELETE FROM tellings WHERE tenant_id = :tenant AND appointment_id = :appointment")
CALLED = Sql("""
    UPDATE tellings SET called_at = :now, called_by = :by
    WHERE tenant_id = :tenant AND appointment_id = :appointment
""")
# When a customer who is still to be called of this version believes that it starts.
UNTOLD = Sql("""
    SELECT known_start FROM tellings
    WHERE tenant_id = :tenant AND appointment_id = :appointment AND version = :version
      AND key IS NULL AND called_at IS NULL
""")
ALONE = Sql("SELECT count(*) <= 1 FROM professionals WHERE tenant_id = :tenant AND active")
# Who is to be called: a later change of the appointment, whoever made it, is another matter.
_CALL_BY = "least(t.known_start, a.starts_at)"
# What Meta took and has not delivered by then reaches nobody: it drops a template without a word.
_LOST = f"make_interval(hours => {texts.LONGEST // timedelta(hours=1)})"
# Of tellings `t` and their effects `o`: whom no message has reached, and nobody has called.
UNTOLD_YET = f"""t.called_at IS NULL AND t.until > :now
      AND (t.key IS NULL OR o.state IN ('failed', 'dead')
        OR o.{IS_UNFINISHED} AND t.changed_at < :late
        OR o.state = 'sent' AND t.changed_at + {_LOST} < :late)"""
CALLS = Sql(f"""
    SELECT t.appointment_id, {_CALL_BY} AS call_by, t.known_start, t.by, t.changed_at,
           a.status, a.starts_at, s.name AS service_name, p.name AS professional_name,
           coalesce(a.booked_for, c.name) AS name, c.wa_id AS phone, c.id AS contact_id, o.error
    FROM tellings t
    JOIN appointments a ON a.tenant_id = t.tenant_id AND a.id = t.appointment_id
        AND a.version = t.version
    JOIN services s ON s.tenant_id = a.tenant_id AND s.id = a.service_id
    JOIN professionals p ON p.tenant_id = a.tenant_id AND p.id = a.professional_id
    JOIN contacts c ON c.tenant_id = a.tenant_id AND c.id = a.contact_id
    LEFT JOIN outbox o ON o.tenant_id = t.tenant_id AND o.key = t.key
    WHERE t.tenant_id = :tenant AND {UNTOLD_YET}
      AND (CAST(:after AS uuid) IS NULL
        OR ({_CALL_BY}, t.appointment_id) > (CAST(:since AS timestamptz), CAST(:after AS uuid)))
    ORDER BY call_by, t.appointment_id
    LIMIT :most
""")  # noqa: S608  # constants of this module


@dataclass(frozen=True, slots=True, kw_only=True)
class CallToMake:
    """A customer who does not know yet what became of their appointment. Times are UTC.

    `call_by` is when they would come, or should: the earlier of the two. `known_start` is None
    where they do not know of it.
    """

    appointment_id: UUID
    call_by: datetime
    known_start: datetime | None
    by: str
    changed_at: datetime
    status: AppointmentStatus
    starts_at: datetime
    service_name: str
    professional_name: str
    name: str | None
    phone: str | None
    contact_id: UUID
    error: str | None
    """Why a message did not reach them; None: none could be sent, or it still waits."""

    @property
    def place(self) -> Place:
        return self.call_by, self.appointment_id


@dataclass(frozen=True, slots=True, kw_only=True)
class TellingPreview:
    """How a customer would be told of a change, and in which words: to send, or to say in a call."""

    how: How
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """How a customer is told, of what they know until now, and until when it matters."""

    how: How
    text: str
    known: datetime | None
    upto: datetime
    content: Reply | Mapping[str, Any]
    """As it is sent: by template, where the customer wrote too long ago for anything else."""


class Tellings:
    """What one tenant's customers must learn, in one transaction. Every statement names it first."""

    def __init__(self, session: AsyncSession, tenant_id: TenantId) -> None:
        self._session = session
        self._driver = Driver(session)
        self._tenant = tenant_id

    async def tell(
        self,
        tenant: Tenant,
        rules: BookingRules,
        *,
        before: Appointment | None,
        after: Appointment,
        by: Trail,
        now: datetime,
        held_until: datetime | None = None,
    ) -> How:
        """Have the customer told what `by` has made of an appointment, as it is committed.

        `before` is None where they have just booked it. No message goes before `held_until`.
        """
        contact = await Contacts(self._session, self._tenant).get(ContactId(after.contact_id))
        plan = await self._plan(tenant, rules, contact, before=before, after=after, by=by, now=now)
        if plan.how == "not":
            await self.forget(after.id)
            return _counted("not")
        key = None
        if plan.how == "message":
            key = message_key(after)
            await self._send(contact, plan, key=key, by=by, now=now, due_at=held_until)
        await self._driver.execute(
            TELL,
            tenant=self._tenant,
            appointment=after.id,
            version=after.version,
            known_start=plan.known,
            until=plan.upto,
            key=key,
            by=by.who,
            now=now,
        )
        return _counted(plan.how)

    async def preview(
        self,
        tenant: Tenant,
        rules: BookingRules,
        *,
        contact_id: ContactId | None,
        before: Appointment | None,
        after: Appointment,
        by: Trail,
        now: datetime,
    ) -> TellingPreview:
        """Return how the customer would be told, and in which words, and tell nobody.

        `after` is as the appointment would be. `contact_id` None: they never wrote.
        """
        contacts = Contacts(self._session, self._tenant)
        contact = None if contact_id is None else await contacts.get(contact_id)
        plan = await self._plan(tenant, rules, contact, before=before, after=after, by=by, now=now)
        return TellingPreview(how=plan.how, text=None if plan.how == "not" else plan.text)

    async def _plan(
        self,
        tenant: Tenant,
        rules: BookingRules,
        contact: Contact | None,
        *,
        before: Appointment | None,
        after: Appointment,
        by: Trail,
        now: datetime,
    ) -> _Plan:
        known, waits = await self._known_start(before)
        starts = (known, after.starts_at if after.active else None)
        upto = max((start for start in starts if start is not None), default=now)
        nothing = (waits and after.active and known == after.starts_at) or upto <= now
        # A system of the business's own moves what its own users booked: they are its to tell.
        theirs = contact is not None and contact.space == "api" and not by.is_person
        how: How = "call"
        if nothing or theirs:
            how = "not"
        elif contact is not None and _takes_messages(contact, now=now):
            how = "message"
        local = after.local(rules)
        before_local = None if known is None else rules.local(known)
        alone = await self._driver.value(ALONE, tenant=self._tenant)
        language = (contact and contact.language) or tenant.language
        said = worded(
            local,
            known=before_local,
            business=tenant.business_name,
            alone=alone,
            language=language,
            now=now,
        )
        content: Reply | Mapping[str, Any] = Reply(said)
        if how == "call" and contact is not None and _has_address(contact) and before_local:
            purpose: Purpose = "moved" if after.active else "cancelled"
            templates = MessageTemplates(self._session, self._tenant)
            found = await templates.sendable(purpose, supported(language))
            if found is None:  # better in the business's language than not at all
                language = tenant.language
                found = await templates.sendable(purpose, supported(language))
                await templates.want_first(purpose, supported(language), now=now)
            if found is not None:
                values = _values(local, before_local, tenant, alone=alone, language=language)
                how, said = "message", texts.filled(found.words, values)
                content = texts.message(
                    found.name, found.language, words=found.words, values=values
                )
        return _Plan(how=how, text=said, known=known, upto=upto, content=content)

    async def forget(self, appointment_id: UUID) -> None:
        """Forget what the customer did not know: they need not be told, or are by somebody."""
        await self._driver.execute(FORGET, tenant=self._tenant, appointment=appointment_id)

    async def calls(
        self, *, now: datetime, after: Place | None = None, limit: int
    ) -> list[CallToMake]:
        """Return who is to be called, the most urgent first, from `after` on."""
        since, behind = after or (None, None)
        found = await self._driver.rows(
            CALLS,
            tenant=self._tenant,
            now=now,
            late=now - SENT_WITHIN,
            since=since,
            after=behind,
            most=limit,
        )
        return [CallToMake(**row) for row in found]

    async def called(self, appointment_id: UUID, *, by: Trail, now: datetime) -> None:
        """Note that the customer was called. Repeatable.

        Raises:
            NotFound: there is nothing that this appointment's customer must be told.
        """
        noted = await self._driver.execute(
            CALLED, tenant=self._tenant, appointment=appointment_id, by=by.who, now=now
        )
        if not noted:
            raise NotFound("There is nothing that the customer of this appointment must be told.")

    async def _known_start(self, before: Appointment | None) -> tuple[datetime | None, bool]:
        """Return when the customer believes that it starts, and whether they wait to be told."""
        if before is None:
            return None, False
        untold = await self._driver.rows(
            UNTOLD, tenant=self._tenant, appointment=before.id, version=before.version
        )
        return (untold[0]["known_start"], True) if untold else (before.starts_at, False)

    async def _send(
        self,
        contact: Contact,
        plan: _Plan,
        *,
        key: str,
        by: Trail,
        now: datetime,
        due_at: datetime | None,
    ) -> None:
        message = Message("system", plan.text, now, key, {"by": by.who})
        await Messages(self._session, self._tenant).write(contact.id, [message], turn_id=None)
        await Outbox(self._session, self._tenant).send(
            key=key,
            lane=contact_lane(contact.id),
            recipient=Recipient(bsuid=contact.bsuid, wa_id=contact.wa_id),
            content=plan.content,
            contact_id=contact.id,
            due_at=due_at,
        )


def message_key(changed: Appointment) -> str:
    """Return the key of the message that tells of this version of an appointment."""
    return f"s:{changed.id}:{changed.version}"


@dataclass(slots=True, kw_only=True)
class BusinessCommit(EffectCommit):
    """Work on an appointment for somebody of the business, or a system of theirs.

    Of what changed the trail is told, and the customer unless `tell` is false, in the transaction
    of the change. The appointment must still be in one of `versions`, which the caller has seen;
    None: in any. What is `undoable` may be taken back until the message goes, which waits for that.
    """

    sessions: Sessions
    tenant: Tenant
    rules: BookingRules
    appointment_id: UUID
    trail: Trail
    now: datetime
    tell: bool = True
    versions: frozenset[int] | None = None
    queue: str | None = None
    """By which the tenant's workers are woken; None: as this process wakes all."""
    undoable: bool = False
    _before: Appointment | None = None
    _place: str | None = None

    def begin(self) -> AbstractAsyncContextManager[AsyncSession]:
        return self._begin()

    @asynccontextmanager
    async def _begin(self) -> AsyncIterator[AsyncSession]:
        async with self.sessions.of(self.tenant.id).begin() as session:
            if self.queue is not None:
                wakes(session, self.queue)
            # First the lock that moving takes, then the row: the other way round two movers would
            # wait for each other.
            appointments = Appointments(session, self.tenant.id)
            await appointments.lock()
            self._before = await appointments.find(self.appointment_id, for_update=True)
            if self.versions is not None:
                if self._before is None:
                    raise NotFound("There is no such appointment.")
                if self._before.version not in self.versions:
                    raise PreconditionFailed("The appointment was changed meanwhile: read it anew.")
            if self.undoable:
                self._place = await Undos(session, self.tenant.id).before(self.appointment_id)
            yield session

    async def conclude(self, session: AsyncSession, outcome: Outcome) -> None:
        """Tell of what changed: nothing did where a request was repeated, or came to nothing."""
        what = _VERBS.get(type(outcome))
        after = await Appointments(session, self.tenant.id).find(self.appointment_id)
        before = self._before
        if what is None or after is None or after.status == "held":
            return
        if before is not None and (before.version, before.status) == (after.version, after.status):
            return
        await self.record(session, what)
        booked = what == "book"
        tellings, undos = Tellings(session, self.tenant.id), Undos(session, self.tenant.id)
        telling = None if booked or before is None else await undos.telling(before)
        # A system of the business's own has the customer before it, for whom it books.
        how: How = "not"
        if self.tell and (self.trail.is_person or not booked):
            how = await tellings.tell(
                self.tenant,
                self.rules,
                before=None if booked else before,
                after=after,
                by=self.trail,
                now=self.now,
                held_until=self.now + HELD_FOR if self.undoable else None,
            )
        else:
            await tellings.forget(self.appointment_id)
        if self.undoable:
            key = message_key(after) if how == "message" else None
            place = None if booked else self._place
            await undos.keep(after, place=place, telling=telling, key=key, now=self.now)

    async def record(self, session: AsyncSession, what: str) -> None:
        """Write into the trail that somebody did this."""
        await self.trail.write(
            session,
            action=f"appointment.{what}",
            target=f"{self.tenant.path}/appointments/{self.appointment_id}",
            tenant_id=self.tenant.id,
        )


def _has_address(contact: Contact) -> bool:
    return contact.space == "whatsapp" and bool(contact.bsuid or contact.wa_id)


def _values(
    after: Appointment, known: datetime, tenant: Tenant, *, alone: bool, language: str
) -> Mapping[str, str]:
    """Return what the variables of a template stand for. Times are by the tenant's clock."""
    at = after.starts_at if after.active else known
    return {
        "business": tenant.business_name,
        "what": wording.visit(
            service=after.service_name,
            professional=None if alone else after.professional_name,
            language=language,
        ),
        "when": wording.dated(at, language=language),
        "before": wording.dated(known, language=language),
    }


def _takes_messages(contact: Contact, *, now: datetime) -> bool:
    wrote = contact.last_inbound_at
    return _has_address(contact) and wrote is not None and now - wrote < WINDOW


def worded(
    appointment: Appointment,
    *,
    known: datetime | None,
    business: str,
    alone: bool,
    language: str,
    now: datetime,
) -> str:
    """Write to a customer what became of an appointment that they know at another time.

    `known` is by the tenant's clock; None: they do not know of it. `alone`: one person works there,
    who need not be named.
    """
    says = _TEXTS[supported(language)]
    cancelled = appointment.status == "cancelled"
    change = says.booked if known is None else says.cancelled if cancelled else says.moved
    return change.format(
        business=business,
        before="" if known is None else wording.moment(known, language=language, now=now),
        appointment=wording.appointment(
            service=appointment.service_name,
            professional=None if alone else appointment.professional_name,
            start=known if cancelled and known else appointment.starts_at,
            language=language,
            now=now,
        ),
    )


def _counted(how: How) -> How:
    TOLD.labels(outcome=how).inc()
    return how

"""Plans reminders of appointments, and puts what is due into the outbox, once.

A reminder is claimed, checked and recorded in one transaction: whoever dies before its commit has done
nothing, and after it the row says that it was done. What changes until it is sent, `conditions.py`
looks at.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.assistant.offers import Action, Offers
from mcp_platform.conversations.contacts import Contact, Contacts
from mcp_platform.conversations.messages import Message, Messages
from mcp_platform.errors import NotFound
from mcp_platform.inbox.event import ContactId
from mcp_platform.kit.database import Sessions, is_away
from mcp_platform.kit.failpoints import failpoint
from mcp_platform.kit.queue import schema_for, wakes
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.outbox.delivery import WINDOW
from mcp_platform.outbox.outbox import REMINDER, Outbox, contact_lane
from mcp_platform.reminders.timing import (
    QuietHours,
    ReminderTime,
    purpose_of,
    reminder_time,
    too_late,
)
from mcp_platform.scheduling import wording
from mcp_platform.scheduling.appointment import ACTIVE, Appointment, listed
from mcp_platform.scheduling.appointments import Appointments
from mcp_platform.scheduling.telling import ALONE
from mcp_platform.templates import texts
from mcp_platform.templates.templates import MessageTemplates
from mcp_platform.tenants.directory import TenantDirectory
from mcp_platform.tenants.languages import supported
from mcp_platform.tenants.tenant import Tenant, TenantId, Topology
from mcp_platform.whatsapp.messages import Recipient
from mcp_platform.whatsapp.reply import Reply, ReplyOption

log = structlog.get_logger(__name__)

REMINDERS = Counter(
    "mcp_reminders_total", "Reminders, by what became of them when due.", ["outcome"]
)
Skipped = Literal[
    "changed",
    "late",
    "recent",
    "confirmed",
    "opted_out",
    "no_address",
    "no_template",
    "switched_off",
    "failed",
]
BATCH = 50  # of one tenant in a transaction
PLANNED_AT_ONCE = 500
# Between being recorded and being sent a message may wait: what is so near is no open window.
WINDOW_MARGIN = timedelta(minutes=10)
PLAN_EVERY = timedelta(minutes=1)  # planning looks a day ahead, over all tenants
# Who has written so lately is in the middle of something: a yes must not be taken by a reminder.
CALM = timedelta(minutes=10)
PROPOSAL_LOOK = timedelta(minutes=1)  # how soon a held proposal is looked at again
ACTIONS: Final = {"confirm": "attend", "move": "move", "cancel": "cancel"}

# What is to be reminded of within the hours before and a day of quiet, and is in no plan yet, or was
# moved away since and back. By the tenant's settings of now. Tenants with whom it failed come last.
UNPLANNED = Sql(f"""
    SELECT a.tenant_id, a.id, a.starts_at, a.updated_at, h.hours,
           t.time_zone, t.quiet_from, t.quiet_until
    FROM tenants t
    CROSS JOIN LATERAL unnest(t.reminder_hours) AS h (hours)
    JOIN appointments a ON a.tenant_id = t.id AND a.status IN ({listed(ACTIVE)})
        AND a.starts_at > :now AND a.starts_at <= :now + make_interval(hours => h.hours + 24)
    WHERE t.status = 'active' AND t.topology = :topology
      AND NOT EXISTS (
        SELECT FROM reminders r
        WHERE r.tenant_id = a.tenant_id AND r.appointment_id = a.id
          AND r.starts_at = a.starts_at AND r.hours = h.hours
          AND r.reason IS DISTINCT FROM 'changed')
    ORDER BY t.id = ANY(CAST(:failed AS bigint[])), a.starts_at
    LIMIT {PLANNED_AT_ONCE}
""")  # noqa: S608  # constants of this module
# In one order: two workers that plan at once wait for each other, and never in a circle.
PLAN = Sql("""
    INSERT INTO reminders (
        tenant_id, appointment_id, starts_at, hours, due_at, until, state, reason, decided_at)
    SELECT CAST(:tenant AS bigint), p.appointment_id, p.starts_at, p.hours, p.due_at, p.until,
           CASE WHEN p.reason IS NULL THEN 'planned' ELSE 'skipped' END, p.reason,
           CASE WHEN p.reason IS NULL THEN NULL ELSE CAST(:now AS timestamptz) END
    FROM unnest(
        CAST(:appointments AS uuid[]), CAST(:starts AS timestamptz[]), CAST(:hours AS smallint[]),
        CAST(:dues AS timestamptz[]), CAST(:untils AS timestamptz[]), CAST(:reasons AS text[])
    ) AS p (appointment_id, starts_at, hours, due_at, until, reason)
    ORDER BY p.appointment_id, p.starts_at, p.hours
    ON CONFLICT (tenant_id, appointment_id, starts_at, hours) DO UPDATE
    SET due_at = excluded.due_at, until = excluded.until, state = excluded.state,
        reason = excluded.reason, decided_at = excluded.decided_at
    WHERE reminders.state = 'skipped' AND reminders.reason = 'changed'
""")
# Tenants with something due, found by one look at the index: each gets its turn, those with whom it
# failed after the others.
DUE_TENANTS = Sql("""
    SELECT r.tenant_id FROM reminders r
    JOIN tenants t ON t.id = r.tenant_id AND t.status = 'active' AND t.topology = :topology
    WHERE r.state = 'planned' AND r.due_at <= :now
    GROUP BY r.tenant_id
    ORDER BY r.tenant_id = ANY(CAST(:failed AS bigint[])), min(r.due_at)
""")
CLAIM = Sql(f"""
    SELECT r.appointment_id, r.starts_at, r.hours, r.until, r.key AS before,
           t.reminder_hours, t.quiet_from, t.quiet_until
    FROM reminders r JOIN tenants t ON t.id = r.tenant_id
    WHERE r.tenant_id = :tenant AND r.state = 'planned' AND r.due_at <= :now
    ORDER BY r.due_at, r.appointment_id, r.hours
    LIMIT {BATCH}
    FOR UPDATE OF r SKIP LOCKED
""")  # noqa: S608  # constants of this module
POSTPONE = Sql("""
    UPDATE reminders SET due_at = :until
    WHERE tenant_id = :tenant AND appointment_id = :appointment AND starts_at = :start
      AND hours = :hours
""")
DECIDE = Sql("""
    UPDATE reminders SET state = :state, reason = :reason, key = :key, decided_at = :now
    WHERE tenant_id = :tenant AND appointment_id = :appointment AND starts_at = :start
      AND hours = :hours
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class DueReminder:
    """A reminder whose time has come, as it was planned."""

    appointment_id: UUID
    starts_at: datetime
    hours: int
    until: datetime
    before: str | None
    """Its key when it was recorded last, and not sent."""
    reminder_hours: Sequence[int]
    quiet_from: str
    quiet_until: str

    @property
    def key(self) -> str:
        """By which the outbox has it once."""
        if self.before is not None:
            return f"{self.before}:again"
        return f"{REMINDER}{self.appointment_id}:{self.starts_at.timestamp():.0f}:{self.hours}"


class Reminders:
    """Plans and records reminders, for one worker; several share the work."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        tenants: TenantDirectory,
        topology: Topology,
        clock: Callable[[], datetime],
    ) -> None:
        self._sessions = sessions
        self._tenants = tenants
        self._topology = topology
        self._clock = clock
        self._planned_at: datetime | None = None
        # With whom the last attempt failed.
        self._unplanned, self._unrecorded = set[int](), set[int]()

    async def run(self, *, stopping: Callable[[], bool]) -> int:
        """Plan what is new, once a minute, and record what is due, until nothing is, or `stopping`.

        Return how many of both. What cannot be planned does not keep what is due.
        """
        done, now = 0, self._clock()
        if self._planned_at is None or now - self._planned_at >= PLAN_EVERY:
            self._planned_at = now
            try:
                while not stopping() and (planned := await self.plan()):
                    done += planned
                    if planned < PLANNED_AT_ONCE:
                        break
            except Exception as error:
                if is_away(error):
                    raise
                log.exception("reminders.plan.failed")
        while not stopping() and (recorded := await self.record()):
            done += recorded
        return done

    async def plan(self) -> int:
        """Plan reminders of appointments that are near; return how many.

        Two workers may do it at once: what one has planned the other leaves.
        """
        now = self._clock()
        async with self._sessions.everywhere() as session:
            found = await Driver(session).rows(
                UNPLANNED, now=now, topology=self._topology, failed=list(self._unplanned)
            )
        rows_of: dict[TenantId, list[Mapping[str, Any]]] = {}
        for row in found:
            rows_of.setdefault(TenantId(row["tenant_id"]), []).append(row)
        planned = 0
        for tenant_id, rows in rows_of.items():
            with _alone(tenant_id, self._unplanned):
                await self._plan_of(tenant_id, rows, now=now)
                planned += len(rows)
                await self._want_templates(tenant_id, now=now)
        return planned

    async def _plan_of(
        self, tenant_id: TenantId, rows: Sequence[Mapping[str, Any]], *, now: datetime
    ) -> None:
        plans = [_planned(row, now=now) for row in rows]
        times, reasons = [time for time, _ in plans], [reason for _, reason in plans]
        async with self._sessions.of(tenant_id).begin() as session:
            await Driver(session).execute(
                PLAN,
                now=now,
                tenant=tenant_id,
                appointments=[row["id"] for row in rows],
                starts=[row["starts_at"] for row in rows],
                hours=[row["hours"] for row in rows],
                dues=[time.due_at for time in times],
                untils=[time.until for time in times],
                reasons=reasons,
            )

    async def _want_templates(self, tenant_id: TenantId, *, now: datetime) -> None:
        """Have the templates made that reminders need outside of 24 hours, a day before they do."""
        tenant = await self._tenant(tenant_id)
        if tenant is None:
            return
        language = supported(tenant.language)
        async with self._sessions.of(tenant_id).begin() as session:
            templates = MessageTemplates(session, tenant_id)
            for purpose in ("confirmation", "reminder"):
                await templates.want_first(purpose, language, now=now)

    async def record(self) -> int:
        """Put what is due of each tenant into the outbox, a batch each; return how many rows."""
        async with self._sessions.everywhere() as session:
            due = await Driver(session).column(
                DUE_TENANTS,
                now=self._clock(),
                topology=self._topology,
                failed=list(self._unrecorded),
            )
        recorded = 0
        for tenant_id in due:
            with _alone(tenant_id, self._unrecorded):
                tenant = await self._tenant(TenantId(tenant_id))
                if tenant is not None:
                    recorded += await self._record_of(tenant)
        return recorded

    async def _tenant(self, tenant_id: TenantId) -> Tenant | None:
        try:
            return await self._tenants.by_id(tenant_id)
        except NotFound:
            return None  # purged since it was found

    async def _record_of(self, tenant: Tenant) -> int:
        now = self._clock()
        async with self._sessions.of(tenant.id).begin() as session:
            wakes(session, schema_for(tenant.id, tenant.topology))
            rows = await Driver(session).rows(CLAIM, tenant=tenant.id, now=now)
            alone = bool(rows) and await Driver(session).value(ALONE, tenant=tenant.id)
            for row in rows:
                await self._decide(session, tenant, DueReminder(**row), alone=alone, now=now)
            failpoint("reminders.before_commit")
        if rows:
            failpoint("reminders.after_commit")
        return len(rows)

    async def _decide(
        self, session: AsyncSession, tenant: Tenant, due: DueReminder, *, alone: bool, now: datetime
    ) -> None:
        """Record one reminder, or why not. A mistake of ours keeps the others waiting for nothing."""
        skipped: Skipped | datetime | None
        try:
            async with session.begin_nested():
                skipped = await self._said(session, tenant, due, alone=alone, now=now)
        except Exception as error:
            if is_away(error):
                raise
            log.exception("reminders.one.failed", tenant=tenant.path)
            skipped = "failed"
        which = {
            "tenant": tenant.id,
            "appointment": due.appointment_id,
            "start": due.starts_at,
            "hours": due.hours,
        }
        if isinstance(skipped, datetime) and skipped <= due.until:
            await Driver(session).execute(POSTPONE, **which, until=skipped)
            return
        if isinstance(skipped, datetime):
            skipped = "late"
        await Driver(session).execute(
            DECIDE,
            **which,
            state="queued" if skipped is None else "skipped",
            reason=skipped,
            key=due.key if skipped is None else due.before,
            now=now,
        )
        REMINDERS.labels(skipped or "queued").inc()

    async def _said(
        self, session: AsyncSession, tenant: Tenant, due: DueReminder, *, alone: bool, now: datetime
    ) -> Skipped | datetime | None:
        """Record the message of a reminder; return why there is none, or until when it waits."""
        if due.hours not in due.reminder_hours:
            return "switched_off"
        if now > due.until:
            return "late"
        appointment = await Appointments(session, tenant.id).find(due.appointment_id)
        if appointment is None or not appointment.active or appointment.starts_at != due.starts_at:
            return "changed"
        if appointment.status == "confirmed" and purpose_of(due.hours) == "confirmation":
            return "confirmed"
        contacts = Contacts(session, tenant.id)
        contact = await contacts.get(ContactId(appointment.contact_id))
        if contact.space != "whatsapp" or not (contact.wa_id or contact.bsuid):
            return "no_address"
        if await contacts.wants_no_reminders(contact.id):
            return "opted_out"
        # Planned before the hours were set, or a tenant was away till now: it is asked again.
        quiet = QuietHours.of(due.quiet_from, due.quiet_until)
        if night := quiet.around(now, zone=ZoneInfo(tenant.time_zone)):
            return night[1]
        if contact.last_inbound_at is not None and now - contact.last_inbound_at < CALM:
            return contact.last_inbound_at + CALM
        if await Appointments(session, tenant.id).proposed(contact.id, now=now):
            return now + PROPOSAL_LOOK
        return await self._recorded(
            session, tenant, due, appointment, contact, alone=alone, now=now
        )

    async def _recorded(
        self,
        session: AsyncSession,
        tenant: Tenant,
        due: DueReminder,
        appointment: Appointment,
        contact: Contact,
        *,
        alone: bool,
        now: datetime,
    ) -> Skipped | None:
        language, purpose = supported(contact.language or tenant.language), purpose_of(due.hours)
        templates = MessageTemplates(session, tenant.id)
        template = await templates.sendable(purpose, language)
        inbound = contact.last_inbound_at
        opened = inbound is not None and now - inbound < WINDOW - WINDOW_MARGIN
        if template is None and not opened:  # better in the business's language than not at all
            language = supported(tenant.language)
            template = await templates.sendable(purpose, language)
        if template is None and not opened:
            return "no_template"
        words = (
            template.words
            if template
            else texts.own_words(
                purpose, language, business=tenant.business_name, article=tenant.article
            )
        )
        values = {
            "business": tenant.business_name,
            "what": wording.visit(
                service=appointment.service_name,
                professional=None if alone else appointment.professional_name,
                language=language,
            ),
            "when": wording.dated(
                appointment.starts_at.astimezone(ZoneInfo(tenant.time_zone)), language=language
            ),
        }
        offers = _offers(appointment, texts.BUTTONS[purpose])
        labels = texts.labels(purpose, language)
        choices = tuple(
            ReplyOption(offer, label) for offer, label in zip(offers, labels, strict=True)
        )
        said = texts.filled(words, values)
        await Offers(session, tenant.id, contact.id).issue(
            offers, now=now, until=appointment.ends_at
        )
        content: Reply | dict[str, Any] = Reply(said, choices)
        about: dict[str, Any] = {
            "appointment": str(appointment.id),
            "start": due.starts_at.isoformat(),
            "until": due.until.isoformat(),
        }
        if not opened and template is not None:
            content = texts.message(
                template.name, language, words=words, values=values, payloads=tuple(offers)
            )
            about["template"] = [template.name, language]
        shown = [{"id": each.id, "title": each.title, "description": ""} for each in choices]
        message = Message("system", said, now, due.key, {"choices": shown})
        await Messages(session, tenant.id).write(contact.id, [message], turn_id=None)
        await Outbox(session, tenant.id).send(
            key=due.key,
            lane=contact_lane(contact.id),
            recipient=Recipient(bsuid=contact.bsuid, wa_id=contact.wa_id),
            content=content,
            contact_id=contact.id,
            purpose="reminder",
            about=about,
        )
        return None


@contextmanager
def _alone(tenant_id: int, failed: set[int]) -> Iterator[None]:
    """Keep what fails with one tenant from the others: `failed` come after them the next time.

    Also where Postgres seems away: a tenant's login may hold a row of its own locked.
    """
    try:
        yield
    except Exception as error:
        failed.add(tenant_id)
        if is_away(error):
            raise
        log.exception("reminders.tenant.failed", tenant_id=tenant_id)
    else:
        failed.discard(tenant_id)


def _planned(row: Mapping[str, Any], *, now: datetime) -> tuple[ReminderTime, Skipped | None]:
    """Return when to remind of an unplanned appointment, and why not, if so."""
    hours, start = row["hours"], row["starts_at"]
    try:
        quiet = QuietHours.of(row["quiet_from"], row["quiet_until"])
        time = reminder_time(start, hours=hours, quiet=quiet, zone=ZoneInfo(row["time_zone"]))
        recent = too_late(time, hours=hours, set_at=row["updated_at"])
    except Exception:
        log.exception("reminders.plan.one_failed", tenant_id=row["tenant_id"])
        return ReminderTime(start, start), "failed"
    return time, "recent" if recent else "late" if now > time.until else None


def _offers(appointment: Appointment, buttons: Sequence[texts.Button]) -> dict[str, Action]:
    """Return what each button means, by ids that nobody can guess."""
    was = appointment.starts_at.isoformat()
    return {
        f"r_{secrets.token_hex(8)}": {"do": ACTIONS[each], "id": str(appointment.id), "was": was}
        for each in buttons
    }

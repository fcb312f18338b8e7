"""Whether a reminder that waits in the outbox is still true at the moment of sending.

Asked in the transaction that marks it as being sent. What changes after that is on its way already.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.conversations.contacts import Contacts
from mcp_platform.conversations.messages import Messages
from mcp_platform.inbox.event import ContactId
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.outbox.effects import Effect
from mcp_platform.reminders.timing import QuietHours
from mcp_platform.scheduling.appointments import Appointments
from mcp_platform.templates.templates import MessageTemplates
from mcp_platform.tenants.languages import supported

# Source: Meta's error codes of templates; 131063 of one that became MARKETING.
OF_TEMPLATES: Final = frozenset({*range(132000, 132100), 131063})
_SENTENCES: Final = {
    "late": "It is too late for this reminder.",
    "quiet": "These are the business's quiet hours.",
    "changed": "The appointment was moved or cancelled since.",
    "opted_out": "The customer wants no reminders.",
    "no_template": "The template may not be sent any more.",
}
# What may have been sent once (`uncertain`) stands as it is.
NOT_SENT = Sql("""
    UPDATE reminders r SET state = 'skipped', reason = :reason, decided_at = :now
    FROM (
        SELECT key FROM outbox WHERE tenant_id = :tenant AND id = :effect AND state = 'pending'
        FOR UPDATE
    ) effect
    WHERE r.tenant_id = :tenant AND r.appointment_id = :appointment AND r.starts_at = :start
      AND r.state = 'queued' AND r.key = effect.key
""")
QUIET = Sql("SELECT quiet_from, quiet_until, time_zone FROM tenants WHERE id = :tenant")


class ReminderConditions:
    """What a reminder depends on."""

    async def why_not(self, session: AsyncSession, effect: Effect, *, now: datetime) -> str | None:
        """Return why `effect` must not be sent any more; None: it may, or is no reminder.

        Who was not reminded for that is noted, in the same transaction.
        """
        about = effect.body.get("about")
        if about is None:
            return None
        reason = await self._reason(session, effect, about, now=now)
        if reason is None:
            return None
        await Driver(session).execute(
            NOT_SENT,
            tenant=effect.tenant_id,
            effect=effect.id,
            appointment=UUID(about["appointment"]),
            start=datetime.fromisoformat(about["start"]),
            reason=reason,
            now=now,
        )
        return _SENTENCES[reason]

    async def _reason(
        self, session: AsyncSession, effect: Effect, about: Mapping[str, Any], *, now: datetime
    ) -> str | None:
        if now > datetime.fromisoformat(about["until"]):
            return "late"
        # It does not wait for the morning: the customer's replies stand behind it.
        begins, ends, zone = await Driver(session).row(QUIET, tenant=effect.tenant_id)
        if QuietHours.of(begins, ends).around(now, zone=ZoneInfo(zone)) is not None:
            return "quiet"
        found = await Appointments(session, effect.tenant_id).find(UUID(about["appointment"]))
        start = datetime.fromisoformat(about["start"])
        if found is None or not found.active or found.starts_at != start:
            return "changed"
        if effect.contact_id is not None and await Contacts(
            session, effect.tenant_id
        ).wants_no_reminders(ContactId(effect.contact_id)):
            return "opted_out"
        if "template" not in about:
            return None
        name, language = about["template"]
        templates = MessageTemplates(session, effect.tenant_id)
        template = await templates.named(name, supported(language))
        marketing = await templates.pays_for_marketing()
        if template is None or not template.sendable(marketing=marketing):
            return "no_template"
        return None

    async def dropped(self, session: AsyncSession, effect: Effect) -> None:
        """Take what was surely never sent out of the conversation: nobody has read it."""
        if effect.state == "pending" and effect.contact_id is not None:
            messages = Messages(session, effect.tenant_id)
            await messages.unsay(ContactId(effect.contact_id), key=effect.key)

    async def lost(self, session: AsyncSession, effect: Effect, *, code: int | None) -> None:
        """Hear that `effect` was refused for good: what Meta says of a template is looked at."""
        if code in OF_TEMPLATES:
            await MessageTemplates(session, effect.tenant_id).look()

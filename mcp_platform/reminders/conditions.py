"""Whether a reminder that waits in the outbox is still true at the moment of sending.

Asked in the transaction that marks it as being sent. What changes after that is on its way already.
"""

from datetime import datetime
from typing import Final
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
QUIET = Sql("SELECT quiet_from, quiet_until, time_zone FROM tenants WHERE id = :tenant")


class ReminderConditions:
    """What a reminder depends on."""

    async def why_not(self, session: AsyncSession, effect: Effect, *, now: datetime) -> str | None:
        """Return why `effect` must not be sent any more; None: it may, or is no reminder."""
        about = effect.body.get("about")
        if about is None:
            return None
        if now > datetime.fromisoformat(about["until"]):
            return "It is too late for this reminder."
        # It does not wait for the morning: the customer's replies stand behind it.
        begins, ends, zone = await Driver(session).row(QUIET, tenant=effect.tenant_id)
        if QuietHours.of(begins, ends).around(now, zone=ZoneInfo(zone)) is not None:
            return "These are the business's quiet hours."
        found = await Appointments(session, effect.tenant_id).find(UUID(about["appointment"]))
        start = datetime.fromisoformat(about["start"])
        if found is None or not found.active or found.starts_at != start:
            return "The appointment was moved or cancelled since."
        if effect.contact_id is not None and await Contacts(
            session, effect.tenant_id
        ).wants_no_reminders(ContactId(effect.contact_id)):
            return "The customer wants no reminders."
        if "template" not in about:
            return None
        name, language = about["template"]
        templates = MessageTemplates(session, effect.tenant_id)
        template = await templates.named(name, supported(language))
        marketing = await templates.pays_for_marketing()
        if template is None or not template.sendable(marketing=marketing):
            return "The template may not be sent any more."
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

"""What is known of a customer for the variables of canned replies: stored facts, in their language."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.conversations.conversations import Conversation
from mcp_platform.scheduling import wording
from mcp_platform.scheduling.appointments import Appointments
from mcp_platform.tenants.tenant import Tenant


async def canned_facts(
    session: AsyncSession, tenant: Tenant, conversation: Conversation, *, now: datetime
) -> Mapping[str, str | None]:
    """Return each variable's value for a customer; None: nothing is known."""
    ahead = await Appointments(session, tenant.id).upcoming(conversation.id, now=now)
    following = None
    if ahead:
        following = wording.appointment(
            service=ahead[0].service_name,
            professional=ahead[0].professional_name,
            start=ahead[0].starts_at.astimezone(ZoneInfo(tenant.time_zone)),
            language=conversation.language or tenant.language,
            now=now,
        )
    return {
        "name": conversation.name,
        "business": tenant.business_name,
        "appointment": following,
    }

"""Takes a message that its writer took back out of what quotes it to the business."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.answers.taken_back import forget_question
from mcp_platform.conversations.taken_back import without
from mcp_platform.inbox.event import ContactId
from mcp_platform.scheduling.appointments import NOTES_APART, Appointments
from mcp_platform.scheduling.catalogue import BookingRules
from mcp_platform.scheduling.mirror import Mirror
from mcp_platform.tenants.tenant import Tenant


async def forget_quotes(
    session: AsyncSession,
    tenant: Tenant,
    contact_id: ContactId,
    *,
    key: str,
    message: str | None,
    rules: BookingRules,
    now: datetime,
) -> None:
    """Forget a message in questions, in notes and in the owner's events.

    `message` is what it said, None where that is not kept. Notices that the owner has read stay.
    """
    await forget_question(session, tenant.id, contact_id, key=key, message=message)
    if message is None:
        return
    appointments = Appointments(session, tenant.id)
    mirror = Mirror(tenant=tenant, rules=rules)
    for before in await appointments.noted(contact_id, now=now):
        notes = (before.note or "").split(NOTES_APART)
        kept = NOTES_APART.join(filter(None, (without(note, message) for note in notes))) or None
        if kept == before.note:
            continue
        changed = await appointments.replace_note(before, note=kept, now=now)
        if changed.active:  # a hold has no event
            await mirror.put(session, changed)

"""Takes a message that its writer took back out of what quotes it to the business."""

from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.conversations.taken_back import without
from mcp_platform.inbox.event import ContactId
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.scheduling.appointments import NOTES_APART, Appointments
from mcp_platform.scheduling.catalogue import BookingRules
from mcp_platform.scheduling.mirror import Mirror
from mcp_platform.tenants.tenant import Tenant, TenantId

NOTHING_LEFT: Final = "[revoke]"  # as in the conversation, where the message was
CUSTOMER: Final = "customer"

# The question is locked, so that who answers it at this moment quotes what is left.
QUOTING = Sql("""
    SELECT a.id, a.question_id, a.words, q.state
    FROM question_askers a
    JOIN open_questions q ON q.tenant_id = a.tenant_id AND q.id = a.question_id
    WHERE a.tenant_id = :tenant AND a.contact_id = :contact AND :key = ANY(a.messages)
    ORDER BY a.question_id, a.id
    FOR UPDATE OF q
""")
LEFT = Sql("""
    UPDATE question_askers SET words = :words, messages = array_remove(messages, :key)
    WHERE tenant_id = :tenant AND id = :asker
""")
GONE = Sql("DELETE FROM question_askers WHERE tenant_id = :tenant AND id = :asker")
# Who asked first gave the question its words.
REQUOTED = Sql("""
    UPDATE open_questions q
    SET words = coalesce(
        (SELECT a.words FROM question_askers a
         WHERE a.tenant_id = q.tenant_id AND a.question_id = q.id
         ORDER BY a.asked_at, a.id LIMIT 1),
        :nothing)
    WHERE q.tenant_id = :tenant AND q.id = :question AND q.words = :before
""")
NOBODY_ASKS = Sql("""
    UPDATE open_questions q SET state = 'dismissed', closed_at = now(), closed_by = :by
    WHERE q.tenant_id = :tenant AND q.id = :question AND q.state = 'open'
      AND NOT EXISTS (SELECT FROM question_askers a
                      WHERE a.tenant_id = q.tenant_id AND a.question_id = q.id)
""")


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


async def forget_question(
    session: AsyncSession,
    tenant_id: TenantId,
    contact_id: ContactId,
    *,
    key: str,
    message: str | None,
) -> None:
    """Take a message of a contact's out of the questions that quote it.

    `message` is what it said; None: nobody knows any more, so what quotes it goes whole. Who has
    nothing left to ask waits no more; a question that nobody asks is dismissed.
    """
    driver = Driver(session)
    quoting = await driver.rows(QUOTING, tenant=tenant_id, contact=contact_id, key=key)
    for each in quoting:
        left = None if message is None else without(each["words"], message)
        if left is None and each["state"] == "open":
            await driver.execute(GONE, tenant=tenant_id, asker=each["id"])
        else:
            await driver.execute(
                LEFT, tenant=tenant_id, asker=each["id"], words=left or NOTHING_LEFT, key=key
            )
        question = each["question_id"]
        await driver.execute(
            REQUOTED,
            tenant=tenant_id,
            question=question,
            before=each["words"],
            nothing=NOTHING_LEFT,
        )
        await driver.execute(NOBODY_ASKS, tenant=tenant_id, question=question, by=CUSTOMER)

"""All that is kept of one contact, as one document: for the customer whose data it is.

Whoever reads it reads what the customer wrote, in clear. What a reading may see of it is not decided
here.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.conversations.conversations import trail_target
from mcp_platform.errors import NotFound
from mcp_platform.kit.jsons import json_or_base64
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.tenants.access import Trail
from mcp_platform.tenants.tenant import Tenant

CONTACT = Sql("""
    SELECT id, space, bsuid AS user_id, wa_id AS phone, api_user_id, name, language, created_at,
           last_inbound_at, answered_by, human_by AS taken_by, human_since AS with_person_since,
           human_until AS with_person_until,
           no_reminders_since, erasure_asked_at
    FROM contacts WHERE tenant_id = :tenant AND id = :contact AND space <> 'erased'
""")
ALIASES = Sql("""
    SELECT alias FROM contact_aliases WHERE tenant_id = :tenant AND contact_id = :contact
    ORDER BY alias
""")
MESSAGES = Sql("""
    SELECT at, author, text, content FROM messages
    WHERE tenant_id = :tenant AND contact_id = :contact ORDER BY id
""")
RECEIVED = Sql("""
    SELECT key, kind, received_at, sent_at, state, body FROM inbox_events
    WHERE tenant_id = :tenant AND contact_key = ANY(:aliases) ORDER BY id
""")
TURNS = Sql("""
    SELECT id, state, opened_at, closed_at, error FROM turns
    WHERE tenant_id = :tenant AND contact_id = :contact ORDER BY opened_at, id
""")
STEPS = Sql("""
    SELECT s.turn_id, s.name, s.content, s.at FROM turn_steps s
    JOIN turns t ON t.tenant_id = s.tenant_id AND t.id = s.turn_id
    WHERE t.tenant_id = :tenant AND t.contact_id = :contact ORDER BY s.at, s.name
""")
CHOICES = Sql("""
    SELECT id, action, expires_at FROM offers
    WHERE tenant_id = :tenant AND contact_id = :contact ORDER BY expires_at, id
""")
APPOINTMENTS = Sql("""
    SELECT a.id, a.status, s.name AS service, p.name AS professional, a.starts_at, a.ends_at,
           a.hold_expires_at AS held_until, a.booked_for, a.person, a.notes AS note, a.price_cents,
           a.currency, a.created_at, a.updated_at, t.changed_at AS changed_by_business_at,
           t.called_at, ARRAY(
               SELECT r.decided_at FROM reminders r
               WHERE r.tenant_id = a.tenant_id AND r.appointment_id = a.id AND r.state = 'queued'
               ORDER BY r.decided_at) AS reminded_at
    FROM appointments a
    JOIN services s ON s.tenant_id = a.tenant_id AND s.id = a.service_id
    JOIN professionals p ON p.tenant_id = a.tenant_id AND p.id = a.professional_id
    LEFT JOIN tellings t ON t.tenant_id = a.tenant_id AND t.appointment_id = a.id
    WHERE a.tenant_id = :tenant AND a.contact_id = :contact ORDER BY a.starts_at, a.id
""")
QUESTIONS = Sql("""
    SELECT a.question_id AS id, a.words, a.language, a.asked_at, q.state, q.answer, q.closed_at,
           a.called_at
    FROM question_askers a
    JOIN open_questions q ON q.tenant_id = a.tenant_id AND q.id = a.question_id
    WHERE a.tenant_id = :tenant AND a.contact_id = :contact ORDER BY a.asked_at, a.id
""")
WAITING_LIST = Sql("""
    SELECT w.id, s.name AS service, w.day, w.part, w.wished_at, w.done_at
    FROM waitlist_wishes w JOIN services s ON s.tenant_id = w.tenant_id AND s.id = w.service_id
    WHERE w.tenant_id = :tenant AND w.contact_id = :contact ORDER BY w.wished_at, w.id
""")
# What was recorded by an earlier release, a notice to the owner names its contact in words alone.
OF_CONTACT = """(
    contact_id = :contact OR lane = 'c:' || CAST(:contact AS text)
    OR lane IN (SELECT 'a:' || a.id FROM appointments a
                WHERE a.tenant_id = :tenant AND a.contact_id = :contact)
    OR lane = 'owner' AND (position(CAST(:contact AS text) IN body::text) > 0
                           OR position('+' || CAST(:phone AS text) IN body::text) > 0))"""
EFFECTS = Sql(f"""
    SELECT key, kind, state, body, created_at, updated_at, error FROM outbox
    WHERE tenant_id = :tenant AND {OF_CONTACT} ORDER BY id
""")  # noqa: S608  # a constant of this module
NOTES = Sql("""
    SELECT at, text FROM contact_notes
    WHERE tenant_id = :tenant AND contact_id = :contact ORDER BY at, id
""")
HANDLED = Sql("""
    SELECT at, action FROM audit_entries WHERE tenant_id = :tenant AND target = :target ORDER BY id
""")


class _Told(BaseModel):
    """Read from a row by the names of its columns."""

    model_config = ConfigDict(from_attributes=True)


class ContactTold(_Told):
    """How they are known, and who answers them."""

    id: UUID
    space: Annotated[str, Field(description="`whatsapp`, or `api` for users of another system.")]
    user_id: Annotated[str | None, Field(description="Meta's id of them for this business.")]
    phone: Annotated[str | None, Field(description="As WhatsApp has it: digits alone.")]
    api_user_id: Annotated[str | None, Field(description="What the other system calls them.")]
    name: Annotated[str | None, Field(description="What they call themself on WhatsApp.")]
    language: Annotated[str | None, Field(description="In which they are answered.")]
    created_at: Annotated[datetime, Field(description="When they were first known.")]
    last_inbound_at: Annotated[datetime | None, Field(description="When they last wrote.")]
    answered_by: Annotated[str, Field(description="`assistant`, or `human`.")]
    taken_by: Annotated[str | None, Field(description="Who has taken the conversation.")]
    with_person_since: datetime | None
    with_person_until: datetime | None
    no_reminders_since: Annotated[
        datetime | None, Field(description="Since when they want no reminders.")
    ]
    erasure_asked_at: Annotated[
        datetime | None, Field(description="When they confirmed that they want to be erased.")
    ]


class MessageTold(_Told):
    at: datetime
    author: Annotated[
        str,
        Field(description="`contact`; `model`, `menu` or `system`: the assistant; `human`: staff."),
    ]
    text: str
    content: Annotated[Any, Field(description="What goes with the text: choices, kind of a file.")]


class ReceivedTold(_Told):
    """One event as it came from WhatsApp or by the API."""

    key: Annotated[str, Field(description="Names it: WhatsApp's id of the message, or ours.")]
    kind: str
    received_at: datetime
    sent_at: datetime | None
    state: Annotated[str, Field(description="`waiting`, `claimed`, `done` or `parked`.")]
    body: Annotated[Any, Field(description="As it came; `{base64: …}` if it is no JSON.")]


class StepTold(_Told):
    name: Annotated[str, Field(description="`prompt`, `model:<round>`, `tool:…` or `tap`.")]
    content: Any
    at: datetime


class TurnTold(_Told):
    """How one answer came about."""

    id: UUID
    state: str
    opened_at: datetime
    closed_at: datetime | None
    error: str | None
    steps: Annotated[list[StepTold], Field(description="What the model was asked and chose.")]


class ChoiceTold(_Told):
    """A button or row that was offered, and what a tap on it does."""

    id: str
    action: Any
    expires_at: datetime


class AppointmentTold(_Told):
    id: UUID
    status: Annotated[str, Field(description="`held` is not booked: it is kept for a while.")]
    service: str
    professional: str
    starts_at: datetime
    ends_at: datetime
    held_until: datetime | None
    booked_for: Annotated[str | None, Field(description="The name in the business's calendar.")]
    person: Annotated[str | None, Field(description="Who comes, if it is somebody else.")]
    note: Annotated[str | None, Field(description="What they asked to be told to the business.")]
    price_cents: int | None
    currency: str | None
    created_at: datetime
    updated_at: datetime
    changed_by_business_at: datetime | None
    called_at: Annotated[datetime | None, Field(description="When they were called about it.")]
    reminded_at: list[datetime]


class QuestionTold(_Told):
    """What they asked that no answer covered."""

    id: str
    words: str
    language: str
    asked_at: datetime
    state: Annotated[str, Field(description="`open`, `answered` or `dismissed`.")]
    answer: str | None
    closed_at: datetime | None
    called_at: datetime | None


class WishTold(_Told):
    """A day on which they would come if something became free."""

    id: str
    service: str
    day: date
    part: Annotated[str | None, Field(description="`morning`, `afternoon` or `evening`.")]
    wished_at: datetime
    done_at: datetime | None


class EffectTold(_Told):
    """A message to them, an event of theirs in the calendar, or a notice about them to the owner."""

    key: str
    kind: Annotated[str, Field(description="`whatsapp`, `calendar_put` or `calendar_remove`.")]
    state: str
    body: Any
    created_at: datetime
    updated_at: datetime
    error: str | None


class HandlingTold(_Told):
    """What somebody of the staff did in the conversation."""

    at: datetime
    action: Annotated[str, Field(description="`conversation.take`, `conversation.reply` and such.")]


class NoteTold(_Told):
    """What somebody of the staff wrote down about them, for other staff."""

    at: datetime
    text: str


class ContactData(BaseModel):
    """All that is kept of one contact. Times carry an offset."""

    tenant: Annotated[str, Field(description="Whose customer: `<client>/<environment>`.")]
    exported_at: datetime
    contact: ContactTold
    aliases: Annotated[
        list[str],
        Field(description="By what they are found: `w:` a number, `u:` Meta's id, `a:` the API's."),
    ]
    messages: Annotated[list[MessageTold], Field(description="What was said, oldest first.")]
    received: list[ReceivedTold]
    turns: list[TurnTold]
    choices: list[ChoiceTold]
    appointments: list[AppointmentTold]
    questions: list[QuestionTold]
    waiting_list: list[WishTold]
    notes: list[NoteTold]
    effects: list[EffectTold]
    handled: list[HandlingTold]


async def export_contact(
    session: AsyncSession, tenant: Tenant, contact_id: UUID, *, trail: Trail, now: datetime
) -> ContactData:
    """Return what is kept of a contact, and write down who asked.

    Raises:
        NotFound: there is no such contact.
    """
    driver, their = Driver(session), {"tenant": tenant.id, "contact": contact_id}
    contact = await driver.row(CONTACT, **their)
    if contact is None:
        raise NotFound("There is no such conversation.")
    target = trail_target(tenant, contact_id)
    await trail.write(session, action="contact.export", target=target, tenant_id=tenant.id)
    aliases = await driver.column(ALIASES, **their)
    steps = await driver.rows(STEPS, **their)
    return ContactData.model_validate(
        {
            "tenant": tenant.path,
            "exported_at": now,
            "contact": dict(contact),
            "aliases": aliases,
            "messages": await _told(driver, MESSAGES, **their),
            "received": [
                {**row, "body": json_or_base64(row["body"])}
                for row in await _told(driver, RECEIVED, tenant=tenant.id, aliases=aliases)
            ],
            "turns": [
                {**row, "steps": [dict(each) for each in steps if each["turn_id"] == row["id"]]}
                for row in await _told(driver, TURNS, **their)
            ],
            "choices": await _told(driver, CHOICES, **their),
            "appointments": await _told(driver, APPOINTMENTS, **their),
            "questions": await _told(driver, QUESTIONS, **their),
            "waiting_list": await _told(driver, WAITING_LIST, **their),
            "notes": await _told(driver, NOTES, **their),
            "effects": await _told(driver, EFFECTS, **their, phone=contact["phone"]),
            "handled": await _told(driver, HANDLED, tenant=tenant.id, target=target),
        }
    )


async def _told(driver: Driver, statement: Sql, **values: Any) -> list[Mapping[str, Any]]:
    return [dict(row) for row in await driver.rows(statement, **values)]

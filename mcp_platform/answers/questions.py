"""Questions that no answer covers: customers ask, the owner is told once, the answer comes back.

Owns who waits for what, and how the answer reaches each: by a message while WhatsApp takes one, else
the customer is listed to be called, as with what staff change of an appointment
(`scheduling/telling.py`). Nothing of a question is logged or written into the audit trail.
"""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.answers.folding import search_words
from mcp_platform.conversations.contacts import Contact, Contacts
from mcp_platform.conversations.messages import Message, Messages
from mcp_platform.errors import Conflict, Invalid, NotFound
from mcp_platform.inbox.event import ContactId
from mcp_platform.kit.ids import new_id
from mcp_platform.kit.jsons import storable
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.outbox.delivery import WINDOW
from mcp_platform.outbox.notices import Notices
from mcp_platform.outbox.outbox import Outbox, contact_lane
from mcp_platform.outbox.states import IS_UNFINISHED
from mcp_platform.templates.texts import LONGEST
from mcp_platform.tenants.access import Trail
from mcp_platform.tenants.languages import Language, supported
from mcp_platform.tenants.tenant import Tenant, TenantId
from mcp_platform.whatsapp.messages import Recipient
from mcp_platform.whatsapp.reply import Reply
from mcp_platform.words.templates import fill
from mcp_platform.words.texts import TEXTS

MOST_OPEN: Final = 3  # questions of one contact: a fourth waits until one of them is answered
LONGEST_ASKED: Final = 600  # characters kept of a question, as of an answer
LONGEST_TOPIC: Final = 40
QUOTED: Final = 80  # characters of the question that stand before its answer
REMINDED_EVERY: Final = timedelta(hours=4)
# What is not on its way by then does not go at once, and a call tells the same.
SENT_WITHIN: Final = timedelta(minutes=10)
CALLED_WITHIN: Final = timedelta(days=7)  # after that nobody waits for it any more

QuestionState = Literal["open", "answered", "dismissed"]
Asking = Literal["asked", "already_asked", "too_many"]

CONTACT_ALONE = Sql(
    "SELECT 1 FROM contacts WHERE tenant_id = :tenant AND id = :contact FOR NO KEY UPDATE"
)
OPEN_OF_CONTACT = Sql("""
    SELECT q.id, q.likeness, min(a.asked_at) AS asked_at,
           greatest(q.asked_at, q.reminded_at) AS told_at
    FROM question_askers a
    JOIN open_questions q ON q.tenant_id = a.tenant_id AND q.id = a.question_id
    WHERE a.tenant_id = :tenant AND a.contact_id = :contact AND q.state = 'open'
    GROUP BY q.tenant_id, q.id
""")
OPEN = Sql("""
    INSERT INTO open_questions (tenant_id, id, words, likeness, topic, asked_at)
    VALUES (:tenant, :id, :words, :likeness, :topic, :now)
    ON CONFLICT DO NOTHING
    RETURNING id
""")
# Locked, so that who answers it at this moment answers this customer too, or leaves it open.
SAME = Sql("""
    SELECT id FROM open_questions
    WHERE tenant_id = :tenant AND likeness = :likeness AND state = 'open'
    FOR UPDATE
""")
JOIN = Sql("""
    INSERT INTO question_askers
        (tenant_id, id, question_id, contact_id, words, messages, language, asked_at)
    VALUES (:tenant, :asker, :question, :contact, :words, :messages, :language, :now)
""")
REMINDED = Sql(
    "UPDATE open_questions SET reminded_at = :now WHERE tenant_id = :tenant AND id = :question"
)
STATE = Sql("""
    SELECT state FROM open_questions WHERE tenant_id = :tenant AND id = :question FOR UPDATE
""")
ASKERS = Sql("""
    SELECT DISTINCT ON (contact_id) contact_id, words, language FROM question_askers
    WHERE tenant_id = :tenant AND question_id = :question
    ORDER BY contact_id, asked_at
""")
SENT = Sql("""
    UPDATE question_askers SET key = :key
    WHERE tenant_id = :tenant AND question_id = :question AND contact_id = :contact
""")
CLOSE = Sql("""
    UPDATE open_questions
    SET state = :state, answer = :answer, closed_at = :now, closed_by = :by
    WHERE tenant_id = :tenant AND id = :question
""")
KEPT = Sql(
    "UPDATE open_questions SET answer_id = :answer WHERE tenant_id = :tenant AND id = :question"
)
MOVE_ASKERS = Sql("""
    UPDATE question_askers SET question_id = :into
    WHERE tenant_id = :tenant AND question_id = :question
""")
REMOVE = Sql("DELETE FROM open_questions WHERE tenant_id = :tenant AND id = :question")
# What Meta took and has not delivered by then reaches nobody: it drops a template without a word.
_LOST = f"make_interval(hours => {LONGEST // timedelta(hours=1)})"
# Of questions `q`, who asked them `a` and effects `o`: whom no message brought the answer, and
# nobody has called.
UNANSWERED_YET = f"""q.state = 'answered' AND a.called_at IS NULL AND q.closed_at > :since
      AND (a.key IS NULL OR o.state IN ('failed', 'dead')
        OR o.{IS_UNFINISHED} AND q.closed_at < :late
        OR o.state = 'sent' AND q.closed_at + {_LOST} < :late)"""
CALLS = Sql(f"""
    SELECT DISTINCT ON (q.closed_at, q.id, a.contact_id)
           q.id AS question_id, a.words, q.answer, q.closed_at AS answered_at, q.closed_by AS by,
           c.id AS contact_id, c.name, c.wa_id AS phone, o.error
    FROM question_askers a
    JOIN open_questions q ON q.tenant_id = a.tenant_id AND q.id = a.question_id
    JOIN contacts c ON c.tenant_id = a.tenant_id AND c.id = a.contact_id
    LEFT JOIN outbox o ON o.tenant_id = a.tenant_id AND o.key = a.key
    WHERE a.tenant_id = :tenant AND {UNANSWERED_YET}
    ORDER BY q.closed_at, q.id, a.contact_id, a.asked_at
    LIMIT :most
""")  # noqa: S608  # constants of this module
CALLED = Sql("""
    UPDATE question_askers SET called_at = :now, called_by = :by
    WHERE tenant_id = :tenant AND question_id = :question AND contact_id = :contact
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAsked:
    """What became of a customer's question. `since` is when they first asked it, in UTC.

    `reminded`: the owner was told just now that the customer still waits.
    """

    outcome: Asking
    question_id: str | None = None
    since: datetime | None = None
    reminded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerToCall:
    """A customer whom no message could bring the answer. Times are UTC."""

    question_id: str
    words: str
    answer: str
    answered_at: datetime
    by: str
    contact_id: UUID
    name: str | None
    phone: str | None
    error: str | None
    """Why a message did not reach them; None: none could be sent, or it still waits."""


class OpenQuestions:
    """What one tenant's customers asked, in one transaction. Every statement names the tenant."""

    def __init__(self, session: AsyncSession, tenant_id: TenantId) -> None:
        self._session = session
        self._driver = Driver(session)
        self._tenant = tenant_id

    async def ask(
        self,
        tenant: Tenant,
        contact: Contact,
        question: str,
        *,
        topic: str | None,
        language: Language,
        notices: Notices,
        now: datetime,
        messages: Sequence[str] = (),
    ) -> QuestionAsked:
        """Record a question in the customer's own words; the owner is told of a new one.

        `messages` are the keys of those in which they wrote them, so that they can be taken back. What others ask already in the same words is joined. What this contact asks already reminds
        the owner, at most once in four hours.

        Raises:
            Invalid: it has no words.
        """
        words = storable(" ".join(question.split())[:LONGEST_ASKED])
        if not words:
            raise Invalid("A question has words.", fields={"question": "has none"})
        likeness = _likeness(words, language=language)
        await self._driver.execute(CONTACT_ALONE, tenant=self._tenant, contact=contact.id)
        mine = await self._driver.rows(OPEN_OF_CONTACT, tenant=self._tenant, contact=contact.id)
        known = next((each for each in mine if each["likeness"] == likeness), None)
        if known is not None:
            reminded = now - known["told_at"] >= REMINDED_EVERY
            if reminded:
                await self._remind(tenant, contact, words, known["id"], notices=notices, now=now)
            return QuestionAsked(
                outcome="already_asked",
                question_id=known["id"],
                since=known["asked_at"],
                reminded=reminded,
            )
        if len(mine) >= MOST_OPEN:
            return QuestionAsked(outcome="too_many")
        question_id, new = await self._open(words, likeness, topic=topic, now=now)
        await self._driver.execute(
            JOIN,
            tenant=self._tenant,
            asker=uuid.uuid4(),
            question=question_id,
            contact=contact.id,
            words=words,
            messages=list(messages),
            language=language,
            now=now,
        )
        if new:
            await notices.asked(
                self._session, tenant, contact, words, question_id=question_id, key=question_id
            )
        return QuestionAsked(outcome="asked", question_id=question_id, since=now)

    async def of_contact(self, contact_id: ContactId) -> list[QuestionAsked]:
        """Return the questions for whose answer a contact waits."""
        rows = await self._driver.rows(OPEN_OF_CONTACT, tenant=self._tenant, contact=contact_id)
        return [
            QuestionAsked(outcome="already_asked", question_id=each["id"], since=each["asked_at"])
            for each in rows
        ]

    async def answer(self, question_id: str, text: str, *, by: Trail, now: datetime) -> int:
        """Answer a question, and send the answer to all who asked; return to how many it goes.

        The others are listed to be called.

        Raises:
            NotFound: there is no such question.
            Conflict: it is answered or dismissed already.
        """
        await self._check_open(question_id)
        sent = 0
        for each in await self._driver.rows(ASKERS, tenant=self._tenant, question=question_id):
            contact = await Contacts(self._session, self._tenant).get(ContactId(each["contact_id"]))
            if not _takes_messages(contact, now=now):
                continue
            key = f"q:{question_id}:{contact.id}"
            said = answered(each["words"], text, language=supported(each["language"]))
            await self._send(contact, said, key=key, by=by, now=now)
            await self._driver.execute(
                SENT, tenant=self._tenant, question=question_id, contact=contact.id, key=key
            )
            sent += 1
        await self._close(question_id, "answered", answer=text, by=by, now=now)
        return sent

    async def dismiss(self, question_id: str, *, by: Trail, now: datetime) -> None:
        """Close a question without an answer. Its customers are told nothing.

        Raises:
            NotFound: there is no such question.
            Conflict: it is answered or dismissed already.
        """
        await self._check_open(question_id)
        await self._close(question_id, "dismissed", answer=None, by=by, now=now)

    async def merge(self, question_id: str, *, into: str) -> None:
        """Make those who asked one question askers of another; the first one is gone.

        Raises:
            NotFound: there is no such question.
            Conflict: one of them is closed, or they are the same.
        """
        if question_id == into:
            raise Conflict("A question is not merged into itself.")
        for each in sorted((question_id, into)):  # in one order, whoever merges what
            await self._check_open(each)
        await self._driver.execute(
            MOVE_ASKERS, tenant=self._tenant, question=question_id, into=into
        )
        await self._driver.execute(REMOVE, tenant=self._tenant, question=question_id)

    async def keep(self, question_id: str, *, answer_id: str) -> None:
        """Note which answer was made of a question."""
        await self._driver.execute(
            KEPT, tenant=self._tenant, question=question_id, answer=answer_id
        )

    async def calls(self, *, now: datetime, limit: int) -> list[AnswerToCall]:
        """Return who is to be called with an answer, the longest answered first."""
        rows = await self._driver.rows(
            CALLS,
            tenant=self._tenant,
            since=now - CALLED_WITHIN,
            late=now - SENT_WITHIN,
            most=limit,
        )
        return [AnswerToCall(**row) for row in rows]

    async def called(self, question_id: str, contact_id: UUID, *, by: Trail, now: datetime) -> None:
        """Note that a customer was called with the answer. Repeatable.

        Raises:
            NotFound: they did not ask this.
        """
        noted = await self._driver.execute(
            CALLED,
            tenant=self._tenant,
            question=question_id,
            contact=contact_id,
            by=by.who,
            now=now,
        )
        if not noted:
            raise NotFound("This customer did not ask that question.")

    async def _open(
        self, words: str, likeness: str, *, topic: str | None, now: datetime
    ) -> tuple[str, bool]:
        """Return the open question of this likeness, and whether it is new."""
        while True:
            opened = await self._driver.value(
                OPEN,
                tenant=self._tenant,
                id=new_id(),
                words=words,
                likeness=likeness,
                topic=topic and storable(" ".join(topic.split())[:LONGEST_TOPIC]),
                now=now,
            )
            if opened is not None:
                return str(opened), True
            same = await self._driver.value(SAME, tenant=self._tenant, likeness=likeness)
            if same is not None:
                return str(same), False
            # It was closed meanwhile, or the id was taken.

    async def _remind(
        self,
        tenant: Tenant,
        contact: Contact,
        words: str,
        question_id: str,
        *,
        notices: Notices,
        now: datetime,
    ) -> None:
        key = f"{question_id}:{now:%Y%m%d%H%M}"
        await notices.still_asked(
            self._session, tenant, contact, words, question_id=question_id, key=key
        )
        await self._driver.execute(REMINDED, tenant=self._tenant, question=question_id, now=now)

    async def _check_open(self, question_id: str) -> None:
        state = await self._driver.value(STATE, tenant=self._tenant, question=question_id)
        if state is None:
            raise NotFound(f"There is no question {question_id}.")
        if state != "open":
            raise Conflict(f"The question {question_id} is {state} already.")

    async def _close(
        self,
        question_id: str,
        state: QuestionState,
        *,
        answer: str | None,
        by: Trail,
        now: datetime,
    ) -> None:
        await self._driver.execute(
            CLOSE,
            tenant=self._tenant,
            question=question_id,
            state=state,
            answer=answer,
            by=by.who,
            now=now,
        )

    async def _send(
        self, contact: Contact, said: str, *, key: str, by: Trail, now: datetime
    ) -> None:
        message = Message("system", said, now, key, {"by": by.who})
        await Messages(self._session, self._tenant).write(contact.id, [message], turn_id=None)
        await Outbox(self._session, self._tenant).send(
            key=key,
            lane=contact_lane(contact.id),
            recipient=Recipient(bsuid=contact.bsuid, wa_id=contact.wa_id),
            content=Reply(said),
            contact_id=contact.id,
        )


def answered(question: str, answer: str, *, language: Language) -> str:
    """Return what a customer reads: the question in their own words, cut short, and the answer."""
    quoted = " ".join(question.replace("«", "").replace("»", "").split())
    if len(quoted) > QUOTED:
        quoted = f"{quoted[: QUOTED - 1].rstrip()}…"
    values = {"question": quoted, "answer": answer}
    return fill(TEXTS[language].outcomes.owner_answers, values) or answer


def _likeness(words: str, *, language: Language) -> str:
    """Return what the same question has too, however it is accented, spaced or shortened."""
    folded = search_words([words], language=language).words.replace(" ", "") or words
    return hashlib.sha256(folded.encode()).hexdigest()


def _takes_messages(contact: Contact, *, now: datetime) -> bool:
    reachable = contact.space == "whatsapp" and bool(contact.bsuid or contact.wa_id)
    wrote = contact.last_inbound_at
    return reachable and wrote is not None and now - wrote < WINDOW

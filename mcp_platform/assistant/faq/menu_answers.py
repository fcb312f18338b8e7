"""What the menu does with the business's answers: lists them, quotes one, passes a question on.

Owns the rows and texts of «Dúvidas». What a tap means is an offer as everywhere in `menu.py`; of a
customer's words an offer holds the key of the message only, so that one taken back is gone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.answers.folding import fold
from mcp_platform.answers.known import KnownAnswer, KnownAnswers
from mcp_platform.answers.questions import OpenQuestions, QuestionAsked
from mcp_platform.assistant.offers import Action
from mcp_platform.assistant.speaking.own_voice import OwnVoice
from mcp_platform.assistant.toolbox import Toolbox
from mcp_platform.conversations.messages import Messages
from mcp_platform.tenants.languages import Language
from mcp_platform.words.texts import TEXTS

PAGE: Final = 8  # of a list's ten rows: one is for more, one for the team
FOUND: Final = 5  # answers shown for typed words, beside the ways on that are always there
FITS: Final = 0.24  # a lower score is pieces of words, or words that all answers have
RECENT: Final = timedelta(hours=24)
RECENT_MOST: Final = 20


@dataclass(frozen=True, slots=True)
class FaqRow:
    """A row of a list: its title, what choosing it means, and what stands below."""

    title: str
    action: Action
    description: str = ""


class Faq:
    """The business's answers in one turn of the menu."""

    def __init__(self, toolbox: Toolbox, *, language: Language, voice: OwnVoice) -> None:
        self._tools = toolbox
        self._voice = voice
        self._language = language
        self._texts = TEXTS[language]
        self._every: list[KnownAnswer] | None = None

    @property
    def intro(self) -> str:
        return self._texts.outcomes.faq_intro

    async def entry(self) -> list[FaqRow]:
        """Return the row that leads to the answers; nothing where the business has none."""
        if not await self._all():
            return []
        return [FaqRow(self._texts.buttons.faq, {"do": "faq"})]

    async def rows(self, *, seen: int = 0) -> list[FaqRow]:
        """Return one page of titles, with what leads on; nothing where the business has none."""
        every = await self._all()
        page = every[seen : seen + PAGE]
        rows = [_row(each) for each in page]
        if len(every) > seen + PAGE:
            rows.append(FaqRow(self._texts.rows.more_faq, {"do": "faq", "seen": seen + PAGE}))
        if rows:
            rows.append(FaqRow(self._texts.rows.ask_team, {"do": "ask_team"}))
        return rows

    async def answer(self, answer_id: str) -> str | None:
        """Return an answer as its owner wrote it; None: there is none such any more."""
        found = next((each for each in await self._all() if each.id == answer_id), None)
        return found.text if found is not None else None

    async def named(self, words: str) -> str | None:
        """Return the answer of which `words` are the title or one of its questions, else None."""
        said = _plain(words)
        for each in await self._all():
            if said and said in map(_plain, (each.title, *each.questions)):
                return each.text
        return None

    async def found(self, words: str, *, key: str | None) -> list[FaqRow]:
        """Return rows of the answers that typed words ask for, and one that passes them on."""
        if not await self._all():
            return []
        async with self._tools.journal.begin() as session:
            known = self._known(session)
            found = await known.search(words, most=FOUND, fits=FITS)
        rows = [_row(each) for each in found]
        if key is not None:
            rows.append(FaqRow(self._texts.rows.ask_team, {"do": "ask_team", "of": key}))
        return rows

    async def words_of(self, key: str) -> str | None:
        """Return what the contact wrote in a message of theirs, if it still stands."""
        async with self._tools.journal.begin() as session:
            contact = self._tools.context.contact
            latest = await Messages(session, contact.tenant_id).latest(
                contact.id, most=RECENT_MOST, since=self._tools.now - RECENT
            )
        said = next((each.text for each in latest if each.inbound and each.key == key), "")
        return said if any(each.isalnum() for each in said) else None

    async def ask(self, step: str, words: str, *, messages: Sequence[str]) -> str:
        """Pass a question on to the team, once for a turn; return what the contact is told.

        `messages` are the keys of those in which they wrote it.
        """
        recorded = self._tools.journal.get(step)
        if recorded is not None:
            return str(recorded["said"])
        context = self._tools.context
        await self._voice.own()  # not in the transaction that asks
        async with self._tools.journal.begin() as session:
            asked = await OpenQuestions(session, context.tenant.id).ask(
                context.tenant,
                context.contact,
                words,
                topic=None,
                language=self._language,
                notices=self._tools.notices,
                now=self._tools.now,
                messages=messages,
            )
            said = await self._voice.said(self._told(asked), {})
            await self._tools.journal.write(session, step, {"said": said})
        return said

    def _told(self, asked: QuestionAsked) -> str:
        """Return the phrase that is true: an owner without a number reads it when they look."""
        reached = self._tools.context.tenant.owner_whatsapp is not None
        match asked.outcome:
            case "asked":
                return "asked_owner" if reached else "question_noted"
            case "already_asked":
                return "already_asked" if asked.reminded and reached else "already_asked_wait"
            case "too_many":
                return "too_many_asked"

    async def _all(self) -> list[KnownAnswer]:
        if self._every is None:
            async with self._tools.journal.begin() as session:
                self._every = await self._known(session).every()
        return self._every

    def _known(self, session: AsyncSession) -> KnownAnswers:
        tenant_id = self._tools.context.tenant.id
        return KnownAnswers(session, tenant_id, language=self._language)


def _row(answer: KnownAnswer) -> FaqRow:
    return FaqRow(answer.title, {"do": "answer", "id": answer.id}, answer.questions[0])


def _plain(words: str) -> str:
    return "".join(each for each in fold(words) if each.isalnum())

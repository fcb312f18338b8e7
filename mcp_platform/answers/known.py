"""The answers of one tenant as the assistant reads them: those that may be said in one language."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.answers.search import GIVEN, ranked
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.tenants.languages import Language
from mcp_platform.tenants.tenant import TenantId

USABLE = Sql("""
    SELECT a.id, t.title, t.questions, t.text
    FROM answers a
    JOIN answer_texts t ON t.tenant_id = a.tenant_id AND t.answer_id = a.id
    WHERE a.tenant_id = :tenant AND t.language = :language AND t.approved
      AND (CAST(:ids AS text[]) IS NULL OR a.id = ANY (:ids))
      AND (a.condition OR NOT :conditions)
    ORDER BY a.position, a.id
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAnswer:
    """What the owner wrote, or a translation that a person approved."""

    id: str
    title: str
    questions: tuple[str, ...]
    text: str


class KnownAnswers:
    """What may be said of one tenant's answers in one language."""

    def __init__(self, session: AsyncSession, tenant_id: TenantId, *, language: Language) -> None:
        self._session = session
        self._tenant = tenant_id
        self._language = language

    async def every(self) -> list[KnownAnswer]:
        """Return them all, in the owner's order."""
        return await self._read(None)

    async def conditions(self) -> list[str]:
        """Return the words that stand below what is proposed to a customer."""
        return [each.text for each in await self._read(None, conditions=True)]

    async def find(self, answer_id: str) -> KnownAnswer | None:
        """Return one; None: there is none of this id that may be said in this language."""
        return next(iter(await self._read([answer_id])), None)

    async def search(self, text: str, *, most: int, fits: float = 0) -> list[KnownAnswer]:
        """Return those that `text` may ask for, best first, of a score of at least `fits`."""
        found = await ranked(self._session, self._tenant, text, language=self._language, most=most)
        ids = [each.id for each in found if each.score >= fits]
        by_id = {each.id: each for each in await self._read(ids)}
        return [by_id[each] for each in ids if each in by_id]

    async def likely(self, text: str, *, most: int = GIVEN) -> list[KnownAnswer]:
        """Return what a search finds, filled up with others in the owner's order.

        A tenant with no more than `most` answers has all of them returned in that order, whatever
        was asked: what the model is told first stays the same from turn to turn.
        """
        every = await self.every()
        if len(every) <= most:
            return every
        found = await self.search(text, most=most)
        named = {each.id for each in found}
        return [*found, *(each for each in every if each.id not in named)][:most]

    async def _read(
        self, ids: Sequence[str] | None, *, conditions: bool = False
    ) -> list[KnownAnswer]:
        rows = await Driver(self._session).rows(
            USABLE,
            tenant=self._tenant,
            language=self._language,
            ids=None if ids is None else list(ids),
            conditions=conditions,
        )
        return [
            KnownAnswer(
                id=row["id"],
                title=row["title"],
                questions=tuple(row["questions"]),
                text=row["text"],
            )
            for row in rows
        ]

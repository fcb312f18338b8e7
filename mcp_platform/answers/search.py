"""Finds a tenant's answers by a customer's words, with PostgreSQL's full-text search.

A word that few answers have tells more than one that all have. What the owner wrote as a question
counts more than what stands in the text; pieces of words count least, and find words with a typo.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Text, cast, func, literal_column
from sqlalchemy.dialects.postgresql import REGCONFIG
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.answers.folding import MOST_PIECES, SearchWords, search_words
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.tenants.languages import Language
from mcp_platform.tenants.tenant import TenantId

CONFIGURATIONS: Final[dict[Language, str]] = {
    "pt-BR": "portuguese",
    "en": "english",
    "es": "spanish",
}
GIVEN = 40  # answers given to the model: some 2,000 of the 8,000 tokens that a request may have
# Each word asked for is compared with each of the tenant's answers: at most 200, by the primary key.
SEARCH = Sql("""
    WITH usable AS (
        SELECT a.id, a.position, t.search
        FROM answers a
        JOIN answer_texts t ON t.tenant_id = a.tenant_id AND t.answer_id = a.id
        WHERE a.tenant_id = :tenant AND t.language = :language AND t.approved
    ), asked AS (
        SELECT lexeme, CAST(quote_literal(lexeme) AS tsquery) AS query
        FROM unnest(tsvector_to_array(
            to_tsvector(CAST(CAST(:configuration AS text) AS regconfig), :words)
            || to_tsvector('simple', :others))) lexeme
    ), found AS (
        SELECT u.id, u.position, q.lexeme,
               ts_rank('{0.08, 0.25, 0.8, 1.0}', u.search, q.query) AS weight
        FROM usable u JOIN asked q ON u.search @@ q.query
    ), told AS (
        SELECT f.lexeme, ln(1 + u.total / count(*)::float) / ln(1 + u.total) AS rarity
        FROM found f, (SELECT count(*)::float AS total FROM usable) u
        GROUP BY f.lexeme, u.total
    )
    SELECT f.id, sum(f.weight * k.rarity) AS score
    FROM found f JOIN told k USING (lexeme)
    GROUP BY f.id, f.position
    ORDER BY score DESC, f.position, f.id
    LIMIT :most
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFound:
    """An answer that a search found, and how well it fits.

    A word of its title that no other answer has is some 0.6, however many answers there are.
    """

    id: str
    score: float


async def search(
    session: AsyncSession, tenant: TenantId, text: str, language: Language, most: int = GIVEN
) -> list[str]:
    """Return the ids of the answers that `text` may ask for, best first.

    Answers without words in `language` that a person approved are not found.
    """
    found = await ranked(session, tenant, text, language=language, most=most)
    return [each.id for each in found]


async def ranked(
    session: AsyncSession, tenant: TenantId, text: str, *, language: Language, most: int = GIVEN
) -> list[AnswerFound]:
    """Return what `search` does, each with how well it fits."""
    asked = search_words([text], language=language, most_pieces=MOST_PIECES)
    rows = await Driver(session).rows(
        SEARCH,
        tenant=tenant,
        language=language,
        configuration=CONFIGURATIONS[language],
        words=asked.words,
        others=f"{asked.concepts} {asked.pieces}",
        most=most,
    )
    return [AnswerFound(id=row["id"], score=row["score"]) for row in rows]


def indexed(
    *, title: str, questions: list[str], text: str, language: Language
) -> ColumnElement[Any]:
    """Return the expression that is stored in `answer_texts.search`."""
    parts = (
        (search_words([title], language=language), "A"),
        (search_words(questions, language=language), "B"),
        (search_words(text.splitlines(), language=language), "C"),
    )
    vectors = [vector for words, weight in parts for vector in _weighted(words, language, weight)]
    of_pieces = search_words([title, *questions], language=language).pieces
    vector = _vector("simple", of_pieces)
    for each in vectors:
        vector = vector.op("||")(each)
    return vector


def _weighted(words: SearchWords, language: Language, weight: str) -> list[ColumnElement[Any]]:
    return [
        func.setweight(_vector(configuration, text), literal_column(f"'{weight}'"))
        for configuration, text in (
            (CONFIGURATIONS[language], words.words),
            ("simple", words.concepts),
        )
    ]


def _vector(configuration: str, words: str) -> ColumnElement[Any]:
    return func.to_tsvector(cast(configuration, REGCONFIG), cast(words, Text))

"""A business's own wordings of phrases, as an operator changes them."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, field_validator
from sqlalchemy import select

from mcp_platform.answers.models import OwnWordingRow
from mcp_platform.errors import NotFound
from mcp_platform.kit.cursor import bad_cursor
from mcp_platform.kit.forms import _LINE, CreationForm, VersionedOut, check_version
from mcp_platform.kit.paging import Page, PageQuery
from mcp_platform.registry.tenant_bound import TenantBound
from mcp_platform.tenants.languages import Language, supported
from mcp_platform.tenants.models import TenantRow
from mcp_platform.words.book import BOOK
from mcp_platform.words.document import example
from mcp_platform.words.own import (
    MOST_WORDINGS,
    check,
    fits,
    is_replaceable,
    placeholder_rules,
)
from mcp_platform.words.texts import TEXTS, WORDING_LIMIT

NOT_REPLACED = 0  # the version of a phrase that is said in our words

Wording = Annotated[
    str,
    Field(
        min_length=1,
        max_length=WORDING_LIMIT,
        pattern=_LINE,
        description="What customers read. {…} is filled in; […] is left out where a value in it is"
        " missing.",
    ),
    AfterValidator(str.strip),
]


class PhraseWish(CreationForm):
    """The wordings that stand in place of the book's. Several alternate."""

    wordings: Annotated[
        tuple[Wording, ...], Field(min_length=1, max_length=MOST_WORDINGS, strict=False)
    ]


class PhraseQuery(BaseModel):
    """Of which language."""

    model_config = {"extra": "forbid"}

    language: Annotated[Language | None, Field(description="Null: the tenant's.")] = None

    @field_validator("language", mode="before")
    @classmethod
    def _named(cls, language: object) -> object:
        return language or None


class PhrasesQuery(PhraseQuery, PageQuery):
    """Which phrases are listed."""

    own: Annotated[bool, Field(description="Only those with wordings of the business's own.")] = (
        False
    )


class PhraseOut(VersionedOut):
    """A phrase in one language. Its version is 0 while it is said in the book's words."""

    id: str
    language: Language
    when: Annotated[str, Field(description="When the model says it.")]
    replaceable: Annotated[bool, Field(description="False: it is about safety.")]
    needed: Annotated[
        list[str], Field(description="The placeholders that each wording has, outside brackets.")
    ]
    optional: Annotated[list[str], Field(description="The placeholders that it may have besides.")]
    book: Annotated[list[str], Field(description="Our wordings.")]
    own: Annotated[list[str] | None, Field(description="Null: the book's are said.")]
    fits: Annotated[
        bool,
        Field(description="False: a newer book refuses the own wordings, and its own are said."),
    ]
    examples: Annotated[
        list[str], Field(description="What is said, with an example of each value.")
    ]


class PhrasePage(Page[PhraseOut]):
    """Phrases of the book, in its order."""

    language: Language


class TenantPhrases(TenantBound):
    """The phrase book as one tenant says it."""

    async def page(self, query: PhrasesQuery) -> PhrasePage:
        """Return phrases that have words, in the book's order. A cursor is the last one's id.

        Raises:
            Invalid: the cursor is none of ours.
        """
        after = query.cursor
        if after is not None and after not in BOOK:
            raise bad_cursor()
        every = await self.every(query.language, own=query.own)
        places = {id_: place for place, id_ in enumerate(BOOK)}
        left = [each for each in every if after is None or places[each.id] > places[after]]
        items = left[: query.limit]
        return PhrasePage(
            language=query.language or await self._spoken(),
            items=items,
            next_cursor=items[-1].id if len(items) < len(left) else None,
        )

    async def every(self, language: Language | None, *, own: bool) -> list[PhraseOut]:
        """Return all phrases that have words; with `own`, those that have some of the business's."""
        language = language or await self._spoken()
        rows = await self.session.scalars(
            select(OwnWordingRow).where(
                OwnWordingRow.tenant_id == self._tenant.id, OwnWordingRow.language == language
            )
        )
        replaced = {row.phrase: row for row in rows}
        return [
            _told(id_, language, replaced.get(id_))
            for id_ in BOOK
            if id_ in TEXTS[language].phrases and (id_ in replaced or not own)
        ]

    async def get(self, phrase: str, language: Language | None) -> PhraseOut:
        """Return a phrase. Raises NotFound."""
        language = language or await self._spoken()
        if phrase not in TEXTS[language].phrases:
            raise NotFound(f"There is no phrase {phrase}.")
        return _told(phrase, language, await self._row(phrase, language))

    async def replace(
        self,
        phrase: str,
        wish: PhraseWish,
        *,
        language: Language | None,
        versions: frozenset[int] | None,
    ) -> PhraseOut:
        """Put the business's own wordings in place of what is said. `versions`: None is any.

        Raises:
            NotFound: the book has no such phrase.
            Invalid: it may not be replaced, or a wording has not the right form.
            PreconditionFailed: it is in none of `versions`.
        """
        language = language or await self._spoken()
        check(phrase, wish.wordings, language)
        await self._alone()
        row = await self._row(phrase, language)
        before = _told(phrase, language, row)
        if row is None:
            check_version(OwnWordingRow(version=NOT_REPLACED), versions)
            row = OwnWordingRow(tenant_id=self._tenant.id, language=language, phrase=phrase)
            self.session.add(row)
        else:
            check_version(row, versions)
            if row.wordings == list(wish.wordings):
                return before
        row.wordings = list(wish.wordings)
        await self.session.flush()
        after = _told(phrase, language, row)
        await self._record("phrase.replace", f"{language}/{phrase}", before=before, after=after)
        return after

    async def reset(
        self, phrase: str, *, language: Language | None, versions: frozenset[int] | None
    ) -> None:
        """Say a phrase in the book's words again.

        Raises:
            NotFound: it has no wordings of the business's own.
            PreconditionFailed: they are in none of `versions`.
        """
        language = language or await self._spoken()
        await self._alone()
        row = await self._row(phrase, language)
        if row is None:
            raise NotFound(f"{phrase} has no wordings of the business's own.")
        check_version(row, versions)
        before = _told(phrase, language, row) if phrase in TEXTS[language].phrases else None
        await self.session.delete(row)
        await self.session.flush()
        await self._record("phrase.reset", f"{language}/{phrase}", before=before)

    async def _row(self, phrase: str, language: Language) -> OwnWordingRow | None:
        return await self.session.get(
            OwnWordingRow, (self._tenant.id, language, phrase), populate_existing=True
        )

    async def _spoken(self) -> Language:
        spoken = await self.session.scalar(
            select(TenantRow.language).where(TenantRow.id == self._tenant.id)
        )
        return supported(spoken)


def _told(phrase: str, language: Language, row: OwnWordingRow | None) -> PhraseOut:
    ours = TEXTS[language].phrases[phrase]
    rules = placeholder_rules(phrase, language)
    said = row is not None and fits(phrase, row.wordings, language)
    return PhraseOut(
        version=NOT_REPLACED if row is None else row.version,
        id=phrase,
        language=language,
        when=BOOK[phrase].when,
        replaceable=is_replaceable(phrase),
        needed=sorted(rules.needed),
        optional=sorted(rules.possible - rules.needed),
        book=list(ours),
        own=None if row is None else list(row.wordings),
        fits=row is None or said,
        examples=[
            example(phrase, each, language=language)
            for each in (row.wordings if row is not None and said else ours)
        ],
    )

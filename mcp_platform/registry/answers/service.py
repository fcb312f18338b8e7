"""The answers of one tenant: added, replaced, removed, brought in from a file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import delete, insert, select

from mcp_platform.answers.folding import fold
from mcp_platform.answers.models import MOST_ANSWERS, MOST_CONDITIONS, AnswerRow, AnswerTextRow
from mcp_platform.answers.search import indexed
from mcp_platform.errors import Conflict, Invalid, NotFound
from mcp_platform.kit.forms import check_version
from mcp_platform.kit.ids import new_id
from mcp_platform.kit.paging import Order, Page, PageQuery
from mcp_platform.registry.answers.forms import AnswerOut, AnswerWish, AnswerWords, TranslationOut
from mcp_platform.registry.tenant_bound import TenantBound
from mcp_platform.tenants.languages import Language, supported
from mcp_platform.tenants.models import TenantRow

ORDER = Order(AnswerRow.position, AnswerRow.id)
LAST_POSITION: Final = 9999


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledAnswer:
    """An answer out of a file. With an id it replaces that one, else one of the same title."""

    wish: AnswerWish
    id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedAnswer:
    """What an import did, or would do, with an answer."""

    outcome: Literal["created", "replaced", "unchanged"]
    answer: AnswerOut


class TenantAnswers(TenantBound):
    """The answers of one tenant."""

    async def create(self, wish: AnswerWish) -> AnswerOut:
        """Add an answer.

        Raises:
            Conflict: there are 200, or one of this title, or two conditions already.
        """
        await self._alone()
        return await self._create(wish, others=await self._every())

    async def get(self, answer_id: str) -> AnswerOut:
        """Return an answer. Raises NotFound."""
        return await self._shown(await self._row(answer_id))

    async def page(self, query: PageQuery) -> Page[AnswerOut]:
        """Return answers in the owner's order."""
        mine = select(AnswerRow).where(AnswerRow.tenant_id == self._tenant.id)
        rows, cursor = await ORDER.page(self.session, mine, query=query)
        return Page(items=await self._all_shown([row for (row,) in rows]), next_cursor=cursor)

    async def replace(
        self, answer_id: str, wish: AnswerWish, *, versions: frozenset[int] | None
    ) -> AnswerOut:
        """Replace an answer that is in one of `versions`; None: in any.

        What the wish leaves out is gone, but its place: without a position it stays where it is.

        Raises:
            NotFound: there is none such.
            PreconditionFailed: it is in none of `versions`.
            Conflict: another one has this title.
        """
        await self._alone()
        row = await self._row(answer_id)
        check_version(row, versions)
        return await self._replace(row, wish, others=await self._every())

    async def delete(self, answer_id: str, *, versions: frozenset[int] | None) -> None:
        """Remove an answer, in every language.

        Raises:
            NotFound: there is none such.
            PreconditionFailed: it is in none of `versions`.
        """
        await self._alone()
        row = await self._row(answer_id)
        check_version(row, versions)
        before = await self._shown(row)
        await self._forget_words(answer_id)
        await self.session.delete(row)
        await self.session.flush()
        await self._record("answer.delete", answer_id, before=before)

    async def bring_in(self, filed: Sequence[FiledAnswer]) -> list[ImportedAnswer]:
        """Create and replace what a file says: all of it, or none. What it does not name stays.

        Raises:
            Invalid: an id is unknown, two have one title; `fields` says which by its index.
            Conflict: there would be more than 200.
        """
        await self._alone()
        others = await self._every()
        _check_titles(filed)
        done: list[ImportedAnswer] = []
        for index, each in enumerate(filed):
            found = _meant(each, others, index=index)
            try:
                done.append(await self._bring_in_one(each.wish, found, others=others))
            except (Invalid, Conflict) as error:
                fields = {f"{index}.{field}": why for field, why in error.fields.items()}
                raise type(error)(str(error), fields=fields) from error
            now = done[-1].answer
            others = [*(one for one in others if one.id != now.id), now]
        return done

    async def _bring_in_one(
        self, wish: AnswerWish, found: AnswerOut | None, *, others: Sequence[AnswerOut]
    ) -> ImportedAnswer:
        if found is None:
            made = await self._create(wish, others=others)
            return ImportedAnswer(outcome="created", answer=made)
        after = await self._replace(await self._row(found.id), wish, others=others)
        return ImportedAnswer(outcome="unchanged" if after == found else "replaced", answer=after)

    async def _create(self, wish: AnswerWish, *, others: Sequence[AnswerOut]) -> AnswerOut:
        if len(others) >= MOST_ANSWERS:
            raise Conflict(f"There are {MOST_ANSWERS} answers, and there may be no more.")
        language = wish.language or await self._spoken()
        _check_title(wish, language, others)
        _check_conditions(wish, others)
        taken = {each.id for each in others}
        answer_id = next(each for each in iter(new_id, None) if each not in taken)
        last = max((each.position for each in others), default=-1)
        row = AnswerRow(
            tenant_id=self._tenant.id,
            id=answer_id,
            language=language,
            position=min(last + 1, LAST_POSITION) if wish.position is None else wish.position,
            condition=wish.condition,
        )
        self.session.add(row)
        await self.session.flush()
        await self._write_words(answer_id, wish, language)
        made = await self._shown(row)
        await self._record("answer.create", answer_id, after=made)
        return made

    async def _replace(
        self, row: AnswerRow, wish: AnswerWish, *, others: Sequence[AnswerOut]
    ) -> AnswerOut:
        before = await self._shown(row)
        language = wish.language or supported(row.language)
        besides = [each for each in others if each.id != row.id]
        _check_title(wish, language, besides)
        _check_conditions(wish, besides)
        position = row.position if wish.position is None else wish.position
        if _told(row.id, wish, language, position=position, version=row.version) == before:
            return before
        row.language, row.position, row.condition = language, position, wish.condition
        # Its words are other rows, and the version is of the whole.
        row.version += 1
        await self.session.flush()
        await self._forget_words(row.id)
        await self._write_words(row.id, wish, language)
        after = await self._shown(row)
        await self._record("answer.replace", row.id, before=before, after=after)
        return after

    async def _write_words(self, answer_id: str, wish: AnswerWish, language: Language) -> None:
        for each, words, approved in wish.by_language(language):
            await self.session.execute(
                insert(AnswerTextRow).values(
                    tenant_id=self._tenant.id,
                    answer_id=answer_id,
                    language=each,
                    title=words.title,
                    questions=list(words.questions),
                    text=words.text,
                    approved=approved,
                    search=indexed(
                        title=words.title,
                        questions=list(words.questions),
                        text=words.text,
                        language=each,
                    ),
                )
            )

    async def _forget_words(self, answer_id: str) -> None:
        await self.session.execute(
            delete(AnswerTextRow).where(
                AnswerTextRow.tenant_id == self._tenant.id, AnswerTextRow.answer_id == answer_id
            )
        )

    async def _spoken(self) -> Language:
        spoken = await self.session.scalar(
            select(TenantRow.language).where(TenantRow.id == self._tenant.id)
        )
        return supported(spoken)

    async def _row(self, answer_id: str) -> AnswerRow:
        row = await self.session.scalar(
            select(AnswerRow)
            .where(AnswerRow.tenant_id == self._tenant.id, AnswerRow.id == answer_id)
            .execution_options(populate_existing=True)
        )
        if row is None:
            raise NotFound(f"There is no answer {answer_id}.")
        return row

    async def _every(self) -> list[AnswerOut]:
        rows = await self.session.scalars(
            select(AnswerRow)
            .where(AnswerRow.tenant_id == self._tenant.id)
            .order_by(AnswerRow.position, AnswerRow.id)
        )
        return await self._all_shown(list(rows))

    async def _shown(self, row: AnswerRow) -> AnswerOut:
        (shown,) = await self._all_shown([row])
        return shown

    async def _all_shown(self, rows: Sequence[AnswerRow]) -> list[AnswerOut]:
        words: dict[str, dict[str, TranslationOut]] = {row.id: {} for row in rows}
        found = await self.session.execute(
            select(
                AnswerTextRow.answer_id,
                AnswerTextRow.language,
                AnswerTextRow.title,
                AnswerTextRow.questions,
                AnswerTextRow.text,
                AnswerTextRow.approved,
            )
            .where(
                AnswerTextRow.tenant_id == self._tenant.id,
                AnswerTextRow.answer_id.in_(list(words)),
            )
            .order_by(AnswerTextRow.language)
        )
        for each in found:
            words[each.answer_id][each.language] = TranslationOut(
                title=each.title,
                questions=tuple(each.questions),
                text=each.text,
                approved=each.approved,
            )
        return [_joined(row, words[row.id]) for row in rows]


def _joined(row: AnswerRow, words: dict[str, TranslationOut]) -> AnswerOut:
    own = words[row.language]
    return AnswerOut(
        version=row.version,
        id=row.id,
        language=supported(row.language),
        title=own.title,
        questions=list(own.questions),
        text=own.text,
        position=row.position,
        condition=row.condition,
        translations={
            supported(language): each
            for language, each in words.items()
            if language != row.language
        },
    )


def _told(
    answer_id: str, wish: AnswerWish, language: Language, *, position: int, version: int
) -> AnswerOut:
    """Return what would be told of the answer, were it replaced by `wish`."""
    return AnswerOut(
        version=version,
        id=answer_id,
        language=language,
        title=wish.title,
        questions=list(wish.questions),
        text=wish.text,
        position=position,
        condition=wish.condition,
        translations={
            each: TranslationOut(**words.model_dump())
            for each, words in sorted(wish.translations.items())
        },
    )


def _check_title(wish: AnswerWish, language: Language, others: Sequence[AnswerOut]) -> None:
    """Check that no other answer has one of these titles: on a menu nobody could tell them apart.

    Raises:
        Invalid: a translation is into the answer's own language.
        Conflict: there is one of this title.
    """
    if language in wish.translations:
        told = "is the answer's own language"
        raise Invalid(
            "No answer is translated into its own language.",
            fields={f"translations.{language}": told},
        )
    taken = {
        (spoken, fold(words.title)): each.id for each in others for spoken, words in _titles(each)
    }
    for spoken, words, _ in wish.by_language(language):
        other = taken.get((spoken, fold(words.title)))
        if other is not None:
            own = spoken == language
            told = f"the answer {other} has this title"
            raise Conflict(told, fields={"title" if own else f"translations.{spoken}.title": told})


def _check_conditions(wish: AnswerWish, others: Sequence[AnswerOut]) -> None:
    if wish.condition and sum(each.condition for each in others) >= MOST_CONDITIONS:
        told = f"{MOST_CONDITIONS} answers stand below proposals already"
        raise Conflict(told, fields={"condition": told})


def _titles(answer: AnswerOut) -> Iterable[tuple[Language, AnswerOut | AnswerWords]]:
    yield answer.language, answer
    yield from answer.translations.items()


def _check_titles(filed: Sequence[FiledAnswer]) -> None:
    first: dict[str, int] = {}
    for index, each in enumerate(filed):
        folded = fold(each.wish.title)
        if folded in first:
            told = f"has the title of answer {first[folded] + 1}"
            raise Invalid(
                "Two answers of the file have one title.", fields={f"{index}.title": told}
            )
        first[folded] = index


def _meant(filed: FiledAnswer, others: Sequence[AnswerOut], *, index: int) -> AnswerOut | None:
    """Return the answer that one of a file stands for; None: it is new."""
    if filed.id is not None:
        found = next((each for each in others if each.id == filed.id), None)
        if found is None:
            told = f"there is no answer {filed.id}"
            raise Invalid(
                "The file names an answer that is not there.", fields={f"{index}.id": told}
            )
        return found
    title = fold(filed.wish.title)
    return next((each for each in others if fold(each.title) == title), None)

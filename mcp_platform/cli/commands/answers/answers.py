"""`answers`: what a business knows of itself, in its own words."""

import asyncio
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mcp_platform.answers.known import KnownAnswers
from mcp_platform.answers.search import GIVEN
from mcp_platform.cli.arguments import JSON, TENANT, CustomerLanguage, Position, option
from mcp_platform.cli.catalogue import in_catalogue
from mcp_platform.cli.operating import in_database, show, tenant_named
from mcp_platform.cli.spoken import later, say, translated, worded
from mcp_platform.errors import Conflict, Invalid, NotFound
from mcp_platform.kit.paging import MOST, PageQuery
from mcp_platform.registry.answers.file import read_answers
from mcp_platform.registry.answers.forms import AnswerOut, AnswerWish
from mcp_platform.registry.answers.service import ImportedAnswer, TenantAnswers
from mcp_platform.settings import Settings
from mcp_platform.tenants.languages import Language, supported
from mcp_platform.tenants.tenant import Tenant

if TYPE_CHECKING:
    from mcp_platform.registry.answers.translating import TranslationProposal

app = typer.Typer(
    help="See, add, edit and remove what the assistant answers about a business.",
    no_args_is_help=True,
)


ANSWER = typer.Argument(help="Its id, as `answers list` shows it.", show_default=False)
SOME = typer.Argument(
    help="Ids, as `answers list` shows them. None named: all that lack it.",
    metavar="[ANSWER]…",
    show_default=False,
)
FILE = typer.Argument(
    help="A .yaml, .json or .csv file of answers, as docs/operators-guide.md describes it.",
    show_default=False,
)
Title = Annotated[
    str,
    typer.Argument(
        help="What it is about, as a menu shows it: Estacionamento.",
        metavar="TITLE",
        show_default=False,
    ),
]
Questions = Annotated[
    list[str] | None,
    option("--question", told="How customers ask it. Up to six, each in an option of its own."),
]
Words = Annotated[
    str | None, option("--text", told="What customers read, as it stands; at most 600 characters.")
]
In = Annotated[
    CustomerLanguage | None,
    option("--in", told="The language of these words. Unset: the one that the owner wrote it in."),
]
Into = Annotated[CustomerLanguage, option("--in", told="The language to translate into.")]
NewTitle = Annotated[str | None, option("--title", told="What it is about, as a menu shows it.")]
Approve = Annotated[
    bool | None,
    option(
        "--approve/--not-approve",
        told="Of a translation: whether customers may read it. A person has to have read it.",
    ),
]
Condition = Annotated[
    bool | None,
    option(
        "--condition/--no-condition",
        told="Whether it also stands below what is proposed to a customer: a rule that they agree to.",
    ),
]
Drop = Annotated[bool, typer.Option("--drop", help="Take the translation away.")]
DRY_RUN = typer.Option("--dry-run", help="Show what would change, and change nothing.")


@app.command("list")
def list_(tenant: Annotated[str, TENANT], *, as_json: Annotated[bool, JSON] = False) -> None:
    """List the answers in the owner's order. As JSON they can be edited, and brought in again."""
    found = in_catalogue(TenantAnswers, tenant, _every)
    _table(found, as_json=as_json)


@app.command()
def add(
    tenant: Annotated[str, TENANT],
    title: Title,
    *,
    question: Questions = None,
    text: Words = None,
    language: In = None,
    position: Position = None,
    condition: Condition = None,
) -> None:
    """Add an answer. The assistant quotes it from its next reply on.

    For instance: mcp-platform answers add barbearia-do-ze/production Estacionamento --question "Tem
    estacionamento?" --question "Onde deixo o carro?" --text "Sim, ao lado, por R$ 10,00."
    """
    if not (question and text):
        raise typer.BadParameter("Give --question at least once, and --text.")
    said = {"title": title, "questions": question, "text": text, "position": position}
    said |= {"condition": bool(condition)}
    wish = AnswerWish.of({**said, "language": None if language is None else language.value})
    made = in_catalogue(TenantAnswers, tenant, lambda answers: answers.create(wish))
    say("The answer {id} is there: {title}.", id=made.id, title=made.title)


@app.command()
def edit(
    tenant: Annotated[str, TENANT],
    answer: Annotated[str, ANSWER],
    *,
    title: NewTitle = None,
    question: Questions = None,
    text: Words = None,
    language: In = None,
    approve: Approve = None,
    drop: Drop = False,
    position: Position = None,
    condition: Condition = None,
) -> None:
    """Change an answer, or its words in another language; what is not named stays as it is.

    Questions that are given replace all it had. A translation is read by customers only once it is
    approved, and no longer when its words change: approve it again.
    """
    words = {"title": title, "questions": question, "text": text}
    given = {field: value for field, value in words.items() if value is not None}
    both = {"position": position, "condition": condition}
    whole = {field: value for field, value in both.items() if value is not None}
    if not (given or whole or drop) and approve is None:
        raise typer.BadParameter("Say what is to change.")

    async def work(answers: TenantAnswers) -> AnswerOut:
        before = await answers.get(answer)
        changed = before.model_dump(exclude={"id", "version"})
        changed |= whole
        if language is None or language.value == before.language:
            if approve is not None or drop:
                raise Invalid("Name the translation: --in.")
            changed |= given
        else:
            _translate(changed, language.value, given, approve=approve, drop=drop)
        return await answers.replace(answer, AnswerWish.of(changed), versions=None)

    made = in_catalogue(TenantAnswers, tenant, work)
    say("The answer {id} is changed: {title}.", id=made.id, title=made.title)


@app.command()
def remove(tenant: Annotated[str, TENANT], answer: Annotated[str, ANSWER]) -> None:
    """Remove an answer, in every language. The assistant no longer knows it."""
    in_catalogue(TenantAnswers, tenant, lambda answers: answers.delete(answer, versions=None))
    say("The answer {id} is removed.", id=answer)


@app.command("import")
def import_(
    tenant: Annotated[str, TENANT],
    file: Annotated[Path, FILE],
    *,
    dry_run: Annotated[bool, DRY_RUN] = False,
) -> None:
    """Bring in a file of answers: all of it, or none if one cannot be.

    An answer with the id or the title of one that is there replaces it; others are added. What the
    file does not name stays. A CSV has the columns title, questions and text (or título, perguntas
    and resposta), with several questions on lines of their own or behind a "|" in one cell.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise Invalid(f"{file} cannot be read: {error.strerror}.") from error
    filed = read_answers(content, name=file.name)

    async def work(answers: TenantAnswers) -> list[ImportedAnswer]:
        async with answers.session.begin_nested() as undoable:
            done = await answers.bring_in(filed)
            if dry_run:
                await undoable.rollback()
        return done

    done = in_catalogue(TenantAnswers, tenant, work)
    marks = {"created": "+", "replaced": "~"}
    for each in done:
        if each.outcome in marks:
            typer.echo(f"{marks[each.outcome]} {each.answer.title}")
    created, replaced = (sum(each.outcome == what for each in done) for what in marks)
    say(
        "{what}: {created} would be created, {updated} would be updated, {unchanged} unchanged."
        if dry_run
        else "{what}: {created} created, {updated} updated, {unchanged} unchanged.",
        what=worded(later("Answers")),
        created=created,
        updated=replaced,
        unchanged=len(done) - created - replaced,
    )


@app.command()
def find(
    tenant: Annotated[str, TENANT],
    words: Annotated[
        str,
        typer.Argument(help="As a customer would write it.", metavar="WORDS", show_default=False),
    ],
    *,
    language: In = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Show which answers a customer's words find, best first: try out your questions with it."""

    async def work(session: Any) -> list[str]:
        of = await tenant_named(session, tenant)
        spoken = supported(of.language if language is None else language.value)
        known = KnownAnswers(session, of.id, language=spoken)
        return [each.id for each in await known.search(words, most=GIVEN)]

    ids = in_database(work)
    by_id = {each.id: each for each in in_catalogue(TenantAnswers, tenant, _every)}
    _table([by_id[each] for each in ids if each in by_id], as_json=as_json)


@app.command("translate")
def translate_(
    tenant: Annotated[str, TENANT],
    answer: Annotated[list[str] | None, SOME] = None,
    *,
    into: Into,
) -> None:
    """Have the tenant's model propose translations, one after the other, and approve each or not.

    Customers read a translation only once a person has approved it; one that is not approved is not
    kept. What has an approved translation is not asked about again, unless it is named.
    """
    if not sys.stdin.isatty():
        raise Conflict("A person approves a translation: run this in a terminal.")
    language = supported(into.value)
    every = {each.id: each for each in in_catalogue(TenantAnswers, tenant, _every)}
    unknown = [each for each in answer or [] if each not in every]
    if unknown:
        raise NotFound(f"There is no answer {unknown[0]}.")
    wanted = [every[each] for each in answer] if answer else list(every.values())
    left = [
        each
        for each in wanted
        if each.language != language and (answer or not _is_approved(each, language))
    ]
    if not left:
        say("Nothing is left to be translated.")
        return
    of = in_database(lambda session: tenant_named(session, tenant))
    for number, each in enumerate(left, 1):
        say("{number} of {count}: {title}", number=number, count=len(left), title=each.title)
        proposal = asyncio.run(_proposed(each, language, of))
        if _approved(each, proposal):
            in_catalogue(TenantAnswers, tenant, partial(_keep, each, language, proposal))
            say("Customers read it from now on.")
        else:
            say("It is not kept.")


async def _proposed(answer: AnswerOut, language: Language, of: Tenant) -> "TranslationProposal":
    from mcp_platform.bootstrap.commands import translating_alone  # noqa: PLC0415  # slow to import

    async with translating_alone(Settings()) as translator:
        return await translator.propose(answer, into=language, tenant=of)


def _approved(answer: AnswerOut, proposal: "TranslationProposal") -> bool:
    """Show both, and ask."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for before, after in (
        (answer.title, proposal.title),
        ("\n".join(answer.questions), "\n".join(proposal.questions)),
        (answer.text, proposal.text),
    ):
        table.add_row(Text(before, overflow="fold"), Text(after, overflow="fold"))
    Console().print(table)
    if proposal.differs:
        say("Look at these, which differ: {differs}", differs=", ".join(proposal.differs))
    asked = worded("Have you read it, and may customers read it? (y/n)")
    said = typer.prompt(asked, default="n", show_default=False, prompt_suffix=" ")
    return said.strip().lower()[:1] in ("y", "s")


async def _keep(
    answer: AnswerOut, language: Language, proposal: "TranslationProposal", answers: TenantAnswers
) -> AnswerOut:
    """Store an approved translation, if the answer is still what was translated."""
    wish = answer.model_dump(exclude={"id", "version"})
    words = proposal.model_dump(exclude={"differs"})
    wish["translations"][language] = {**words, "approved": True}
    return await answers.replace(
        answer.id, AnswerWish.of(wish), versions=frozenset({answer.version})
    )


def _is_approved(answer: AnswerOut, language: Language) -> bool:
    words = answer.translations.get(language)
    return words is not None and words.approved


async def _every(answers: TenantAnswers) -> list[AnswerOut]:
    page = await answers.page(PageQuery(limit=MOST))  # there are no more than on one page
    return page.items


def _table(found: Sequence[AnswerOut], *, as_json: bool) -> None:
    show(
        ("Id", "Title", "Questions", "Text", "Languages"),
        [
            [
                each.id,
                each.title,
                " | ".join(each.questions),
                " ".join(each.text.split()),
                ", ".join((each.language, *_translated_into(each))),
            ]
            for each in found
        ],
        none="There is no such answer: mcp-platform answers add.",
        items=found if as_json else None,
    )


def _translated_into(answer: AnswerOut) -> list[str]:
    return [
        language if words.approved else worded("{language} (not approved)", language=language)
        for language, words in answer.translations.items()
    ]


def _translate(
    changed: dict[str, Any],
    language: str,
    given: dict[str, Any],
    *,
    approve: bool | None,
    drop: bool,
) -> None:
    """Change the words of `changed` in one other language.

    Raises:
        Invalid: there are none to take away.
    """
    translations = changed["translations"]
    if drop:
        if language not in translations:
            raise Invalid(translated(f"There are no words in {language}."))
        del translations[language]
        return
    before = translations.get(language, {})
    after = {**before, **given}
    same = after == before
    translations[language] = {
        **after,
        "approved": approve if approve is not None else same and before.get("approved", False),
    }

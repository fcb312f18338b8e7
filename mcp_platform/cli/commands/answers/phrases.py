"""`phrases`: the assistant's sentences in a business's own words."""

from typing import Annotated

import typer

from mcp_platform.cli.arguments import JSON, TENANT, CustomerLanguage, option
from mcp_platform.cli.catalogue import in_catalogue
from mcp_platform.cli.operating import show
from mcp_platform.cli.spoken import later, say
from mcp_platform.registry.answers.phrases import PhraseOut, PhraseWish, TenantPhrases
from mcp_platform.tenants.languages import Language, supported

app = typer.Typer(
    help="See what the assistant says, and put a business's own words in its place.",
    no_args_is_help=True,
)
PHRASE = typer.Argument(help="Its id, as `phrases list` shows it.", show_default=False)
In = Annotated[
    CustomerLanguage | None, option("--in", told="Of which language. Unset: the tenant's.")
]
Own = Annotated[bool, typer.Option("--own", help="Only those in the business's own words.")]
Wordings = Annotated[
    list[str],
    typer.Argument(
        help="One to four, which alternate; at most 200 characters each.",
        metavar="WORDING...",
        show_default=False,
    ),
]


@app.command("list")
def list_(
    tenant: Annotated[str, TENANT],
    *,
    language: In = None,
    own: Own = False,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """List the phrases of the book, each as it reads to this business's customers."""
    found = in_catalogue(
        TenantPhrases, tenant, lambda phrases: phrases.every(_named(language), own=own)
    )
    show(
        ("Phrase", "Words", "Example"),
        [[each.id, _whose(each), each.examples[0]] for each in found],
        none="No phrase is in the business's own words: mcp-platform phrases set.",
        codes=("Words",),
        items=found if as_json else None,
    )


@app.command("show")
def show_(
    tenant: Annotated[str, TENANT],
    phrase: Annotated[str, PHRASE],
    *,
    language: In = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Show a phrase: when it is said, its wordings, and what is filled in."""
    told = in_catalogue(
        TenantPhrases, tenant, lambda phrases: phrases.get(phrase, _named(language))
    )
    rows = [[later("book"), each] for each in told.book]
    rows += [[later("own"), each] for each in told.own or ()]
    rows += [[later("example"), each] for each in told.examples]
    if not as_json:
        typer.echo(f"{told.id} ({told.language}): {told.when}")
        if told.needed:
            say("Each wording has, outside brackets: {names}", names=_braced(told.needed))
        if told.optional:
            say("It may have: {names}", names=_braced(told.optional))
        if not told.replaceable:
            say("It is about safety: its wording is the same for every business.")
        if not told.fits:
            say("The book has changed: the own words no longer fit, and the book's are said.")
    show(("Words", "Wording"), rows, none="", codes=("Words",), items=[told] if as_json else None)


@app.command("set")
def set_(
    tenant: Annotated[str, TENANT],
    phrase: Annotated[str, PHRASE],
    wordings: Wordings,
    *,
    language: In = None,
) -> None:
    """Say a phrase in the business's own words, from the next reply on.

    {name} is filled in, and [, {name}] left out whole where there is no name. Which values there are,
    and which must be there, [bold]phrases show[/] tells. Nobody but you checks what the words say:
    they must not agree to, refuse or promise what the phrase does not.

    For instance: mcp-platform phrases set barbearia-do-ze/production ask_help "Diga lá[, {name}]!"
    "No que dá pra ajudar?"
    """
    wish = PhraseWish.of({"wordings": wordings})
    made = in_catalogue(
        TenantPhrases,
        tenant,
        lambda phrases: phrases.replace(phrase, wish, language=_named(language), versions=None),
    )
    for each in made.examples:
        typer.echo(f"{made.id}: {each}")


@app.command()
def reset(
    tenant: Annotated[str, TENANT], phrase: Annotated[str, PHRASE], *, language: In = None
) -> None:
    """Say a phrase in the book's words again."""
    in_catalogue(
        TenantPhrases,
        tenant,
        lambda phrases: phrases.reset(phrase, language=_named(language), versions=None),
    )
    say("{phrase} is said in the book's words again.", phrase=phrase)


def _named(language: CustomerLanguage | None) -> Language | None:
    return None if language is None else supported(language)


def _whose(phrase: PhraseOut) -> str:
    if phrase.own is None:
        return later("book") if phrase.replaceable else later("fixed")
    return later("own") if phrase.fits else later("unfit")


def _braced(names: list[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in names)

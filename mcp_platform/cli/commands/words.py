"""`words`: everything that the assistant can say, for a person to read."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from mcp_platform.cli.arguments import CustomerLanguage, option
from mcp_platform.cli.operating import in_database, tenant_named
from mcp_platform.cli.spoken import spoken
from mcp_platform.tenants.languages import Language, supported
from mcp_platform.words.document import TenantWords, document

LANG = typer.Option(
    "--lang",
    help="Of which language. Unset: the one that commands speak here; with --tenant, the tenant's.",
    show_default=False,
)
Of = Annotated[
    str | None,
    option(
        "--tenant",
        told="What this one's customers can read: its own wordings, answers and names, with a hash.",
    ),
]


def words(lang: Annotated[CustomerLanguage | None, LANG] = None, *, tenant: Of = None) -> None:
    """Print everything the assistant can say, with an example of each value, as Markdown.

    What customers and owners read, in their language. Phrases are named as the assistant chooses
    them; what is filled in stands in bold. With [bold]--tenant[/] it is a document that its owner
    can read and sign: the hash is of all that stands below it.
    """
    if tenant is None:
        typer.echo(document(supported(lang or spoken())), nl=False)
        return
    language = None if lang is None else supported(lang)
    spoken_here, said = in_database(lambda session: _of(session, tenant, language))
    typer.echo(document(spoken_here, of=said), nl=False)


async def _of(session: Any, path: str, language: Language | None) -> tuple[Language, TenantWords]:
    from mcp_platform.answers.known import KnownAnswers  # noqa: PLC0415  # slow to import
    from mcp_platform.answers.wordings import own_wordings  # noqa: PLC0415
    from mcp_platform.scheduling import wording  # noqa: PLC0415
    from mcp_platform.scheduling.catalogue_store import load_catalogue  # noqa: PLC0415
    from mcp_platform.words.forms import with_article  # noqa: PLC0415

    tenant = await tenant_named(session, path)
    language = language or supported(tenant.language)
    catalogue = await load_catalogue(session, tenant.id)
    services = [
        (
            each.name,
            wording.duration(each.duration, language=language),
            None
            if each.price_cents is None
            else wording.price(each.price_cents, currency=each.currency, language=language),
        )
        for each in catalogue.services
    ]
    people = [each.name for each in catalogue.professionals]
    business = {
        place: with_article(form, tenant.business_name, article=tenant.article, language=language)
        for place, form in (("o_business", "the"), ("de_business", "of"), ("em_business", "in"))
    }
    names = {
        "business": tenant.business_name,
        **business,
        "of_business": business["de_business"],
        "path": tenant.path,
        **({"service": services[0][0], "duration": services[0][1]} if services else {}),
        **({"service2": services[1][0]} if services[1:] else {}),
        **({"professional": people[0], "people": ", ".join(people)} if people else {}),
    }
    answers = await KnownAnswers(session, tenant.id, language=language).every()
    return language, TenantWords(
        path=tenant.path,
        business=tenant.business_name,
        day=catalogue.rules.local(datetime.now(UTC)).date(),
        own=await own_wordings(session, tenant.id, language),
        answers=[(each.title, each.text) for each in answers],
        services=[", ".join(filter(None, each)) for each in services],
        people=people,
        examples=names,
    )

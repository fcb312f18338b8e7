"""`templates`: message templates that Meta approves before they may be sent."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from mcp_platform.cli.arguments import JSON, TENANT, CustomerLanguage, option
from mcp_platform.cli.catalogue import in_catalogue
from mcp_platform.cli.operating import show
from mcp_platform.cli.spoken import later, say, worded
from mcp_platform.registry.templates.service import TemplatesOut, TemplateWish, TenantTemplates

app = typer.Typer(
    help="See and make the message templates by which customers are reached outside of 24 hours.",
    no_args_is_help=True,
)
For = Annotated[
    str | None,
    option("--for", told="reminder, confirmation, moved, cancelled, answer or agenda. Unset: all."),
]
In = Annotated[
    CustomerLanguage | None, option("--in", told="Of which language. Unset: the tenant's.")
]
Text = Annotated[
    str | None, option("--text", told="The business's own words, with the same variables.")
]


@app.command("list")
def list_(tenant: Annotated[str, TENANT], *, as_json: Annotated[bool, JSON] = False) -> None:
    """List the templates and what Meta says of each. Only what is APPROVED is sent."""
    _show(in_catalogue(TenantTemplates, tenant, TenantTemplates.all), as_json=as_json)


@app.command()
def create(
    tenant: Annotated[str, TENANT],
    *,
    purpose: For = None,
    language: In = None,
    text: Text = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Have templates made at Meta, in our words or the business's own.

    A worker asks Meta within seconds; its review takes minutes, at most a day. Repeat it after Meta
    rejected one: the next version is made. What is approved is sent until the next one is.
    """
    wish = TemplateWish.of({"purpose": purpose, "language": language, "text": text})
    now = datetime.now(UTC)
    made = in_catalogue(TenantTemplates, tenant, lambda part: part.create(wish, now=now))
    _show(made, as_json=as_json)


@app.command()
def sync(tenant: Annotated[str, TENANT], *, as_json: Annotated[bool, JSON] = False) -> None:
    """Have Meta asked again what it says of the templates; a worker does it within seconds."""
    _show(in_catalogue(TenantTemplates, tenant, TenantTemplates.sync), as_json=as_json)


def _show(found: TemplatesOut, *, as_json: bool) -> None:
    show(
        ("Template", "Language", "State", "Category", "Why", "Sent", "Words"),
        [
            [
                *(each.name, each.language, each.status, each.category or "–"),
                *(each.reason or "–", worded("yes" if each.sendable else "no")),
                later("own") if each.own else later("book"),
            ]
            for each in found.templates
        ],
        none="There are no templates: mcp-platform templates create.",
        codes=("Words",),
        items=found.templates if as_json else None,
    )
    if found.error is not None and not as_json:
        say("Meta gave no answer: {why}", why=found.error)

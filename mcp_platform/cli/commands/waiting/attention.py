"""`attention`: what waits for somebody, over all tenants."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from mcp_platform.cli.arguments import JSON
from mcp_platform.cli.operating import in_database, show
from mcp_platform.kit.paging import MOST
from mcp_platform.registry.fleet.attention import (
    AttentionItemOut,
    AttentionKind,
    AttentionPage,
    AttentionQuery,
    attention_page,
)

KIND = typer.Option(
    "--kind",
    help="Only customers [bold]waiting[/] for a person, a [bold]question[/] without an answer, a"
    " [bold]call[/] about a changed appointment, an appointment that is near and"
    " [bold]unconfirmed[/], a call with an [bold]answer[/], or what is [bold]parked[/].",
    show_default=False,
)
LIMIT = typer.Option("--limit", min=1, max=MOST, help="How many, what waits longest first.")


def attention(
    *,
    kind: Annotated[AttentionKind | None, KIND] = None,
    limit: Annotated[int, LIMIT] = 50,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Show what waits for somebody over all tenants, the longest first. Of active tenants.

    What a customer said is shown by `conversations show` and `questions list`.
    """
    query = AttentionQuery(kind=kind, limit=limit)

    async def find(session: Any) -> AttentionPage:
        return await attention_page(session, query, now=datetime.now(UTC))

    found = in_database(find)
    show(
        ("Tenant", "What", "Since", "Conversation", "Id"),
        [
            [
                f"{each.client_name}/{each.environment}",
                each.kind,
                f"{each.since:%Y-%m-%d %H:%M}Z",
                str(each.contact_id or "–"),
                each.reference,
            ]
            for each in found.items
        ],
        none="Nothing waits for anybody.",
        codes=("What",),
        items=[AttentionItemOut.model_validate(each) for each in found.items] if as_json else None,
    )

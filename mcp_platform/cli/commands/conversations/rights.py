"""What a customer may ask for, on the command line: `conversations export`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from mcp_platform.audit.trail import ActorTrail
from mcp_platform.cli.arguments import CONTACT, TENANT
from mcp_platform.cli.files import new_file
from mcp_platform.cli.operating import command_actor, in_database, split_path
from mcp_platform.cli.spoken import say
from mcp_platform.conversations.conversations import Conversations
from mcp_platform.registry.environments import Environments
from mcp_platform.rights.contact_data import export_contact

OUTPUT = typer.Option(
    "--output",
    help="Where the data goes; a file that is there is not overwritten. Unset: it is printed.",
    show_default=False,
)


def export(
    tenant: Annotated[str, TENANT],
    contact: Annotated[str, CONTACT],
    *,
    output: Annotated[Path | None, OUTPUT] = None,
) -> None:
    """Write all that is kept of a contact as JSON, for the customer who asks for it.

    It holds what they wrote, and what was answered: give it to nobody else. docs/api.md says what
    each field is.
    """
    actor, where = command_actor(), split_path(tenant)

    async def work(session: Any) -> bytes:
        found = await Environments(session, actor).tenant(*where)
        named = Conversations(session, found.id, time_zone=found.time_zone)
        told = await export_contact(
            session,
            found,
            await named.named(contact),
            trail=ActorTrail(actor),
            now=datetime.now(UTC),
        )
        return f"{told.model_dump_json(indent=2)}\n".encode()

    if output is None:
        typer.echo(in_database(work), nl=False)
        return
    with new_file(output) as file:
        file.write(in_database(work))
    say("{output}: all that is kept of this contact.", output=output)

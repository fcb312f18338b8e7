"""What a customer may ask for, on the command line: `conversations export` and `erase`."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from pydantic import TypeAdapter

from mcp_platform.audit.trail import ActorTrail
from mcp_platform.cli.arguments import CONTACT, JSON, TENANT, TENANT_OR_ALL
from mcp_platform.cli.files import new_file
from mcp_platform.cli.operating import command_actor, in_database, show, split_path, tenants_at
from mcp_platform.cli.spoken import say, worded
from mcp_platform.conversations.conversations import Conversations
from mcp_platform.errors import Invalid
from mcp_platform.kit.queue import schema_for, wakes
from mcp_platform.registry.environments import Environments
from mcp_platform.rights.contact_data import export_contact
from mcp_platform.rights.erasure import ContactErasure, ErasureReceipt
from mcp_platform.rights.erasures import ListedErasure, list_erasures
from mcp_platform.rights.erasures import replay_erasures as again_erased
from mcp_platform.rights.fingerprints import Fingerprints
from mcp_platform.settings import Settings

OUTPUT = typer.Option(
    "--output",
    help="Where the data goes; a file that is there is not overwritten. Unset: it is printed.",
    show_default=False,
)


CANCEL = typer.Option("--cancel", help="Cancel what they have ahead, and tell nobody.")
CONFIRM = typer.Option(
    "--confirm",
    help="The id of the conversation once more, as [bold]list[/] shows it. Unset: it is asked for.",
    show_default=False,
)
ERASED = typer.Argument(help="What `erasures --json` printed.", show_default=False)


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


def erase(
    tenant: Annotated[str, TENANT],
    contact: Annotated[str, CONTACT],
    *,
    cancel: Annotated[bool, CANCEL] = False,
    confirm: Annotated[str | None, CONFIRM] = None,
) -> None:
    """Delete all that is kept of a contact, now. There is no way back.

    Their appointments stay in the business's books, of nobody; events in the calendar lose name and
    note. While appointments lie ahead it is refused, unless they are to be cancelled.
    """
    if confirm is None and not sys.stdin.isatty():
        raise typer.BadParameter("There is no terminal to ask at. Give --confirm.")
    actor, where, now = command_actor(), split_path(tenant), datetime.now(UTC)

    async def find(session: Any) -> UUID:
        found = await Environments(session, actor).tenant(*where)
        named = Conversations(session, found.id, time_zone=found.time_zone)
        conversation = await named.get(await named.named(contact), now=now)
        return conversation.id

    async def work(session: Any) -> ErasureReceipt:
        found = await Environments(session, actor).tenant(*where)
        wakes(session, schema_for(found.id, found.topology))
        erasure = ContactErasure(session, found, fingerprints=_fingerprints(), now=now)
        return await erasure.erase(contact_id, cancel=cancel, trail=ActorTrail(actor))

    contact_id = in_database(find)
    asked = worded("Write {id} to erase this contact for good", id=contact_id)
    if (confirm if confirm is not None else typer.prompt(asked)) != str(contact_id):
        raise Invalid(f"Nobody is erased: {contact_id} was not written.")
    receipt = in_database(work)
    say("Erased. The receipt:")
    told = {"id": receipt.id, "erased_at": receipt.erased_at, "counts": receipt.counts}
    typer.echo(json.dumps(told, indent=2, default=str))


def erasures(
    tenant: Annotated[str | None, TENANT_OR_ALL] = None, *, as_json: Annotated[bool, JSON] = False
) -> None:
    """List erasures: when, and how much. Nothing of it names anybody.

    Keep what `--json` prints outside of the database, and give it to `replay-erasures` before a
    restored backup serves anybody.
    """

    async def find(session: Any) -> list[ListedErasure]:
        return [
            each
            for tenant_id, path in await tenants_at(session, tenant)
            for each in await list_erasures(session, tenant_id, path=path)
        ]

    found = in_database(find)
    show(
        ("Tenant", "Id", "Erased at", "Rows"),
        [
            [
                *(each.tenant, str(each.id), f"{each.erased_at:%Y-%m-%d %H:%M}Z"),
                str(sum(each.counts.values())),
            ]
            for each in found
        ],
        none="Nobody was erased.",
        items=found if as_json else None,
    )


def replay_erasures(file: Annotated[Path, ERASED]) -> None:
    """Erase again whom a restored backup has brought back. Safe to repeat.

    Who has written again since their erasure stays. What lies ahead of the others is cancelled.
    """
    try:
        listed = TypeAdapter(list[ListedErasure]).validate_json(file.read_bytes())
    except (OSError, ValueError) as error:
        raise Invalid(f"{file} is no list of erasures: `erasures --json` prints one.") from error
    actor, now = command_actor(), datetime.now(UTC)

    async def work(session: Any) -> int:
        again = 0
        for path in dict.fromkeys(each.tenant for each in listed):
            found = await Environments(session, actor).tenant(*split_path(path))
            wakes(session, schema_for(found.id, found.topology))
            again += await again_erased(
                session,
                found,
                [each for each in listed if each.tenant == path],
                fingerprints=_fingerprints(),
                trail=ActorTrail(actor),
                now=now,
            )
        return again

    say("Contacts that were erased again: {count}.", count=in_database(work))


def _fingerprints() -> Fingerprints:
    from mcp_platform.bootstrap.keys import keys_folder  # noqa: PLC0415  # slow to import

    return Fingerprints(keys_folder(Settings()))

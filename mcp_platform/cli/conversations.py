"""`conversations`: who answers a contact, a person or the assistant."""

from typing import TYPE_CHECKING, Annotated

import typer

from mcp_platform.cli.arguments import TENANT

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

app = typer.Typer(help="Give conversations back to the assistant.", no_args_is_help=True)

CONTACT = typer.Argument(
    help="A phone number in any form, a user id of Meta's (BR.…), or an API user.",
    show_default=False,
)


@app.callback()
def conversations() -> None:
    """Keep `return` a subcommand, though it is the only one."""


@app.command("return")
def return_(tenant: Annotated[str, TENANT], contact: Annotated[str, CONTACT]) -> None:
    """Let the assistant answer a contact again whom a person has been answering."""
    from mcp_platform.cli.operating import in_database, tenants_at  # noqa: PLC0415  # slow
    from mcp_platform.conversations.contacts import Contacts  # noqa: PLC0415  # slow to import
    from mcp_platform.errors import NotFound  # noqa: PLC0415  # only here

    async def give_back(session: "AsyncSession") -> None:
        [(tenant_id, path)] = await tenants_at(session, tenant)
        contacts = Contacts(session, tenant_id)
        for alias in _aliases(contact):
            found = await contacts.known_as(alias)
            if found is not None:
                await contacts.answered_by(found, "assistant")
                return
        raise NotFound(f"{path} knows nobody by that name or number.")

    in_database(give_back)
    typer.echo("The assistant answers this contact again.")


def _aliases(contact: str) -> list[str]:
    """Return what a contact may be known as, likeliest first."""
    from mcp_platform.conversations.phones import spellings  # noqa: PLC0415  # with the others

    plain = contact.strip()
    digits = "".join(each for each in plain if each.isdigit())
    return [f"u:{plain}", *(f"w:{spelling}" for spelling in spellings(digits)), f"a:{plain}"]

"""`credentials`: which of a tenant's there are, and setting them; never a value shown."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from mcp_platform.bootstrap.commands import operating_alone
from mcp_platform.cli.arguments import JSON, TENANT
from mcp_platform.cli.operating import command_actor, show, split_path
from mcp_platform.cli.servers import refuse_old_schema, servers
from mcp_platform.cli.spoken import later, translated
from mcp_platform.credentials.credentials import CredentialKeys, KnownKey
from mcp_platform.credentials.forms import OURS, SETTABLE
from mcp_platform.errors import Invalid
from mcp_platform.kit.files import NotUtf8, text_of
from mcp_platform.settings import Settings
from mcp_platform.tenants.env_file import COMMENT, read_env_file

Done = TypeVar("Done")
app = typer.Typer(
    help="See which credentials of a tenant there are, and set them.", no_args_is_help=True
)
KEYS = typer.Argument(
    help="Credentials to be asked for, such as GEMINI_API_KEY; what is typed is not shown.",
    metavar="[KEY]…",
    show_default=False,
)
FILE = typer.Option(
    "--from-file",
    help="An .env file, or a service account's JSON file. - reads standard input.",
    show_default=False,
)
REMOVE = typer.Option(
    "--remove", help="A credential to take away. May be given several times.", show_default=False
)
NO_PROVE = typer.Option("--no-prove", help="Save without asking the vendors.")
UNPROVED = typer.Option(
    "--unproved", help="Save although a vendor does not answer; none may refuse."
)
FORCE = typer.Option("--force", help="Save although a vendor refuses.")


@app.command("show")
def show_(tenant: Annotated[str, TENANT], *, as_json: Annotated[bool, JSON] = False) -> None:
    """Show which credentials there are, since when, and a fingerprint of each."""
    path = split_path(tenant)
    _table(_with_keys(lambda keys: keys.known(*path, actor=command_actor())), as_json=as_json)


@app.command("set")
def set_(
    tenant: Annotated[str, TENANT],
    keys: Annotated[list[str] | None, KEYS] = None,
    *,
    from_file: Annotated[str | None, FILE] = None,
    remove: Annotated[list[str] | None, REMOVE] = None,
    no_prove: Annotated[bool, NO_PROVE] = False,
    unproved: Annotated[bool, UNPROVED] = False,
    force: Annotated[bool, FORCE] = False,
) -> None:
    """Prove credentials with their vendors and save them. What is not named stays as it is."""
    if not (keys or from_file or remove):
        raise typer.BadParameter("Name a credential, or give --from-file or --remove.")
    path = split_path(tenant)
    values = (_read(from_file) if from_file else {}) | {key: _asked(key) for key in keys or ()}
    done = _with_keys(
        lambda known: known.change(
            *path,
            actor=command_actor(),
            values=values,
            remove=remove or (),
            prove=not no_prove,
            unproved=unproved,
            force=force,
        )
    )
    _table(done.known)
    for each in (each for each in done.proof.open if each.code != "because"):
        told = translated(f"{each.what} {each.next_step}")
        typer.secho(f"{each.check}: {told}", err=True, fg="yellow")


def _asked(key: str) -> str:
    if key not in SETTABLE:
        raise typer.BadParameter(f"{key} is none of {', '.join(SETTABLE)}.")
    if not sys.stdin.isatty():
        raise typer.BadParameter("There is no terminal to ask at. Give --from-file.")
    asked: str = typer.prompt(key, hide_input=True, err=True)
    return asked


def _read(file: str) -> dict[str, str]:
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        found = read_env_file(text_of(content, comment=COMMENT))
    except NotUtf8 as error:
        raise Invalid(f"{file}: {error}") from error
    except OSError as error:
        raise Invalid(f"{file} cannot be read: {error.strerror}.") from error
    for line, why in found.noted().items():
        typer.secho(f"{file}: {translated(f'{line}: {why}')}", err=True, fg="yellow")
    return {key: value for key, value in found.checked().items() if key not in OURS}


def _with_keys(work: Callable[[CredentialKeys], Awaitable[Done]]) -> Done:
    settings = Settings()

    async def run(database_url: str) -> Done:
        async with operating_alone(settings, database_url=database_url) as made:
            return await work(made.keys)

    with servers(settings) as given:
        refuse_old_schema(given.database_url)
        return asyncio.run(run(given.database_url))


def _table(known: Sequence[KnownKey], *, as_json: bool = False) -> None:
    show(
        ("Credential", "There", "Since", "Fingerprint"),
        [
            [
                each.key,
                _there(each),
                f"{each.changed_at:%Y-%m-%d %H:%M} UTC" if each.changed_at else "–",
                each.fingerprint or "–",
            ]
            for each in known
        ],
        none="",
        codes=("There",),
        as_json=as_json,
    )


def _there(known: KnownKey) -> str:
    if known.unsure:
        return later("unsure: set it again")
    return later("yes") if known.present else later("no")

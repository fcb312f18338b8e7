"""`users`: who may administer the platform. The first one is made here; no password is a default."""

import enum
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from argon2 import PasswordHasher
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.access.passwords import check_password, generate_password
from mcp_platform.access.users import (
    User,
    UserUpdate,
    canonical_email,
    change_user,
    create_user,
    list_users,
    reset_password,
    reset_totp,
    user_by_email,
)
from mcp_platform.audit.actor import Actor
from mcp_platform.cli.arguments import JSON
from mcp_platform.cli.operating import command_actor, in_database, show
from mcp_platform.cli.spoken import later, say, worded
from mcp_platform.kit.paging import MOST, PageQuery

app = typer.Typer(help="Make and manage the platform's users.", no_args_is_help=True)
Done = TypeVar("Done")


class UserRole(enum.StrEnum):
    """What users can be: see docs/api.md."""

    admin = "admin"
    operator = "operator"
    viewer = "viewer"
    staff = "staff"


EMAIL = typer.Argument(help="The user's e-mail address.", show_default=False)
ROLE = typer.Option(
    "--role",
    help="[bold]admin[/] may do everything, [bold]operator[/] everything but users, "
    "[bold]viewer[/] reads, [bold]staff[/] works in one tenant.",
)
NAME = typer.Option("--name", help="The user's name. Unset: the address.", show_default=False)
TENANT = typer.Option(
    "--tenant",
    help="The tenant of staff: [bold]<client>/<environment>[/].",
    metavar="CLIENT/ENV",
    show_default=False,
)
GENERATE = typer.Option(
    "--generate", help="Make a password and print it, once; it must be changed at the first use."
)
STDIN = typer.Option("--password-stdin", help="Read the password from standard input.")


@app.command()
def create(
    email: Annotated[str, EMAIL],
    *,
    role: Annotated[UserRole, ROLE] = UserRole.admin,
    name: Annotated[str | None, NAME] = None,
    tenant: Annotated[str | None, TENANT] = None,
    generate: Annotated[bool, GENERATE] = False,
    password_stdin: Annotated[bool, STDIN] = False,
) -> None:
    """Make a user. The password is asked for, twice, unless an option says otherwise."""
    address = canonical_email(email)
    password, kept = _password(address, generate=generate, stdin=password_stdin)

    async def make(session: AsyncSession, actor: Actor) -> User:
        return await create_user(
            session,
            actor=actor,
            email=address,
            name=name or address,
            role=role.value,
            tenant=tenant.strip("/") if tenant is not None else None,
            password_hash=kept,
            temporary=generate,
        )

    _as_command(make)
    _say(
        worded("{email} is {role}.", email=address, role=role.value),
        password if generate else None,
    )


@app.command("list")
def list_(*, as_json: Annotated[bool, JSON] = False) -> None:
    """List the users, with what each may do."""

    async def find(session: AsyncSession) -> list["User"]:
        found, cursor = await list_users(session, query=PageQuery(limit=MOST))
        while cursor is not None:
            more, cursor = await list_users(session, query=PageQuery(limit=MOST, cursor=cursor))
            found += more
        return found

    show(
        ("E-mail", "Name", "Role", "Tenant", "One-time codes", "State"),
        [
            [
                user.email,
                user.name,
                user.role,
                user.tenant or "–",
                later("on") if user.totp else later("off"),
                later("disabled") if user.disabled else later("active"),
            ]
            for user in in_database(find)
        ],
        none="There are no users yet: mcp-platform users create <e-mail>.",
        codes=("One-time codes", "State"),
        as_json=as_json,
    )


@app.command()
def disable(email: Annotated[str, EMAIL]) -> None:
    """Sign a user out everywhere, and let them in no more."""
    _set_disabled(email, disabled=True)
    say("{email} is disabled; every process refuses their tokens within seconds.", email=email)


@app.command()
def enable(email: Annotated[str, EMAIL]) -> None:
    """Let a disabled user in again."""
    _set_disabled(email, disabled=False)
    say("{email} may sign in again.", email=email)


def _set_disabled(email: str, *, disabled: bool) -> None:
    async def change(session: AsyncSession, actor: Actor) -> User:
        user = await user_by_email(session, email)
        return await change_user(
            session,
            actor=actor,
            user_id=user.id,
            change=UserUpdate(disabled=disabled),
            versions=None,
        )

    _as_command(change)


@app.command("reset-password")
def reset_password_(
    email: Annotated[str, EMAIL],
    generate: Annotated[bool, GENERATE] = False,
    password_stdin: Annotated[bool, STDIN] = False,
) -> None:
    """Give a user another password, and sign them out everywhere."""
    address = canonical_email(email)
    password, kept = _password(address, generate=generate, stdin=password_stdin)

    async def change(session: AsyncSession, actor: Actor) -> User:
        user = await user_by_email(session, address)
        return await reset_password(
            session, actor=actor, user_id=user.id, password_hash=kept, temporary=generate
        )

    _as_command(change)
    _say(
        worded("The password of {email} is another one.", email=address),
        password if generate else None,
    )


@app.command("reset-totp")
def reset_totp_(email: Annotated[str, EMAIL]) -> None:
    """Turn a user's one-time codes off, who has lost what makes them."""

    async def change(session: AsyncSession, actor: Actor) -> User:
        user = await user_by_email(session, email)
        return await reset_totp(session, actor=actor, user_id=user.id)

    _as_command(change)
    say("{email} signs in with the password alone.", email=email)


def _as_command(work: Callable[[AsyncSession, Actor], Awaitable[Done]]) -> Done:
    """Run `work` in one transaction, as whoever runs this command."""
    actor = command_actor()
    return in_database(lambda session: work(session, actor))


def _password(email: str, *, generate: bool, stdin: bool) -> tuple[str, str]:
    """Return a new password, and what is kept of it."""
    if generate and stdin:
        raise typer.BadParameter("Give --generate or --password-stdin, not both.")
    if generate:
        password = generate_password()
    elif stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    elif not sys.stdin.isatty():
        raise typer.BadParameter(
            "There is no terminal to ask at. Give --generate or --password-stdin."
        )
    else:
        password = _typed()
    check_password(password, email=email)
    return password, PasswordHasher().hash(password)


def _typed() -> str:
    """Ask for a password until it is typed twice alike."""
    while True:
        asked = [
            typer.prompt(sentence, hide_input=True, err=True)
            for sentence in (worded("Password"), worded("The same again"))
        ]
        if len(set(asked)) == 1:
            return str(asked[0])
        say("These are not the same.", err=True)


def _say(sentence: str, password: str | None) -> None:
    """Say what was done; a generated password stands alone on standard output."""
    typer.echo(sentence, err=password is not None)
    if password is not None:
        say("The password, shown this once; it must be changed at the first use:", err=True)
        typer.echo(password)

"""Every command explains itself, and at once."""

import subprocess
import sys
from collections.abc import Iterator

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from mcp_platform.cli import app
from tests.cases import cases
from tests.cli.conftest import Mcp

SHORTEST = 20  # characters: less cannot be worth reading


def _commands(
    command: object, *path: str
) -> Iterator[tuple[tuple[str, ...], "TyperCommand | TyperGroup"]]:
    assert isinstance(command, TyperCommand | TyperGroup)
    yield path, command
    if isinstance(command, TyperGroup):
        for name, each in command.commands.items():
            yield from _commands(each, *path, name)


COMMANDS = dict(_commands(typer.main.get_command(app)))


def test_the_commands_are_those_that_are_promised() -> None:
    leaves = {" ".join(path) for path, each in COMMANDS.items() if isinstance(each, TyperCommand)}

    assert leaves == {
        *("serve", "migrate", "check-migrations", "demo", "onboard", "doctor", "publish"),
        *("tenants list", "tenants suspend", "tenants resume", "tenants token"),
        *("audit", "attention", "rehearse", "words", "credentials show", "credentials set"),
        *("diff", "tenants create", "tenants update", "tenants show", "tenants export"),
        *("tenants offboard", "tenants restore", "tenants purge"),
        *("tenants rotate-database-password", "secrets apply"),
        *("config import", "config export", "platform show", "platform set"),
        *("services list", "services add", "services change", "services remove"),
        *("people list", "people add", "people change", "people remove"),
        *("hours list", "hours set", "closed-days list", "closed-days add", "closed-days remove"),
        *("closed-days holidays", "closed-days town"),
        *("answers list", "answers add", "answers edit", "answers remove", "answers import"),
        *("answers find", "answers translate"),
        *("phrases list", "phrases show", "phrases set", "phrases reset"),
        *("questions list", "questions answer", "questions dismiss", "questions merge"),
        *("questions calls", "questions called", "waitlist list", "waitlist done"),
        *("templates list", "templates create", "templates sync"),
        *("users create", "users list", "users disable", "users enable"),
        *("users reset-password", "users reset-totp"),
        *("inbox parked", "inbox replay", "outbox dead", "outbox replay"),
        *("appointments list", "appointments book", "appointments move", "appointments cancel"),
        *("appointments calls", "appointments called"),
        *("conversations list", "conversations show", "conversations take"),
        *("conversations reply", "conversations return", "conversations export"),
        *("conversations erase", "conversations erasures", "conversations replay-erasures"),
    }


@cases("path", COMMANDS)
def test_help_says_what_a_command_does_and_what_each_parameter_is(
    path: tuple[str, ...], mcp: Mcp
) -> None:
    ran = mcp(*path, "--help")

    assert ran.status == 0
    assert "Usage: mcp-platform" in " ".join(ran.out.split())
    command = COMMANDS[path]
    assert len(command.help or "") >= SHORTEST
    for each in command.params:
        assert isinstance(each, TyperArgument | TyperOption)
        assert each.help, f"{each.name} is not explained"


def test_help_loads_nothing_that_is_slow_to_import() -> None:
    look = (
        "import sys; from mcp_platform.cli import app; import typer; typer.main.get_command(app);"
        "print([name for name in ('sqlalchemy', 'fastapi', 'google', 'pydantic', 'httpx',"
        " 'alembic', 'uvicorn', 'asyncpg', 'structlog') if name in sys.modules])"
    )

    printed = subprocess.run(
        [sys.executable, "-c", look], check=True, capture_output=True, text=True
    ).stdout

    assert printed.strip() == "[]"


def test_the_release_is_told(mcp: Mcp) -> None:
    ran = mcp("--version")
    assert (ran.status, ran.out.split()[0]) == (0, "mcp-platform")

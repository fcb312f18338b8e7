"""`mcp-platform doctor`, as an operator runs it."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import structlog

from mcp_platform.cli import main
from tests.doctor.test_api import settings_of
from tests.doctor.world import DoctorWorld

Run = Callable[..., Awaitable[int]]


@pytest.fixture(autouse=True)
def lines_to_standard_error(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Send log lines where the command sends them, and leave the process's other tests theirs."""
    made = structlog.get_config()

    def configure(**_: object) -> None:
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))

    monkeypatch.setattr("mcp_platform.cli.commands.doctor.configure_logging", configure)
    yield
    structlog.configure(**made)


@pytest.fixture
async def run(
    world: DoctorWorld,
    migrated_url: str,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    folder: Path = tmp_path_factory.mktemp("data")
    for name, value in settings_of(world, migrated_url, folder).items():
        monkeypatch.setenv(name, value)
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("COLUMNS", "200")

    def command() -> int:
        try:
            main()
        except SystemExit as ended:
            return int(ended.code or 0)
        return 0

    async def run(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["mcp-platform", "doctor", *arguments])
        # In a thread: the simulators are served by this one.
        return await asyncio.to_thread(command)

    return run


async def test_a_tenant_in_good_order_ends_in_0(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run("shop/production") == 0

    written = capsys.readouterr()
    assert "Google accepts the key." in written.out
    assert written.out.count("✓ Google: token") == 1
    assert "Google: token" not in written.err


async def test_a_narrow_terminal_reads_each_check_once_with_what_to_do_below(
    run: Run,
    world: DoctorWorld,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    await world.examined.share(access_role="reader")
    assert await run("shop/production") == 1

    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    titles = [line[2:] for line in lines if line[:1] in ("✓", "!", "✗", "?")]
    assert len(titles) > 10
    assert len({title.partition("  ")[0] for title in titles}) == len(titles)
    assert min(len(line) for line in lines if line.startswith("  →")) > 10


async def test_a_failure_ends_in_1_and_says_what_to_do(
    run: Run,
    world: DoctorWorld,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LANG", "pt_BR.UTF-8")
    await world.examined.share(access_role="reader")

    assert await run("shop/production") == 1

    written = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "→" in written
    assert "agenda@ze-1.iam.gserviceaccount.com" in written
    assert "(writer)" in written


async def test_warnings_alone_end_in_0(run: Run, world: DoctorWorld) -> None:
    await world.change(owner_whatsapp=None)

    assert await run("shop/production") == 0


async def test_what_could_not_be_known_ends_in_3(run: Run, world: DoctorWorld) -> None:
    await world.examined.gemini_fault("unavailable")

    assert await run("shop/production") == 3


@pytest.mark.parametrize(
    "arguments", [(), ("shop/production", "--all"), ("shop/production", "--lang", "fr")]
)
async def test_misuse_ends_in_2(run: Run, arguments: tuple[str, ...]) -> None:
    assert await run(*arguments) == 2


async def test_all_tenants_are_examined_as_json(
    run: Run, world: DoctorWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    await world.add("another")

    assert await run("--all", "--json", "--lang", "pt") == 1

    shown = json.loads(capsys.readouterr().out)
    assert [each["tenant"] for each in shown] == ["another/production", "shop/production"]
    first = shown[0]["results"][0]
    assert (first["check"], first["state"], first["code"]) == ("secret", "failed", "missing")
    assert first["next_step"].startswith(
        "Cadastre-as: mcp-platform credentials set another/production"
    )


async def test_fixing_is_written_down_with_who_did_it(run: Run, world: DoctorWorld) -> None:
    world.examined.number.override_url = None

    assert await run("shop/production", "--fix", "--write") == 0

    rows = await world.rows("SELECT action, target, actor_kind FROM audit_entries")
    assert [tuple(row) for row in rows] == [("tenant.examine", "shop/production", "command")]
    assert world.examined.number.override_url is not None

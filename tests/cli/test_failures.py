"""What is expected to go wrong is said in one sentence, without a traceback and without secrets."""

import contextlib
import errno
import io
import os
import shutil
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from mcp_platform.cli.failures import said
from tests.cases import cases
from tests.cli.conftest import Database, Mcp, Ran
from tests.conftest import FOLDER_VARIABLE

SECRET = "hunter2-and-more"


def _one_sentence(ran: Ran, *words: str) -> None:
    assert ran.err.startswith("mcp-platform: ")
    assert "Traceback" not in ran.err
    assert ran.err.count("\n") == 1
    assert SECRET not in ran.err + ran.out
    for word in words:
        assert word in ran.err


def test_an_invalid_setting_is_named_with_what_is_wrong_and_not_its_value(
    mcp: Mcp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", SECRET)
    monkeypatch.setenv("HOLD_S", SECRET)

    ran = mcp("serve")

    assert ran.status == 78
    _one_sentence(ran, "PORT: Input should be a valid integer", "HOLD_S: ")


def test_settings_that_contradict_each_other_are_explained(
    mcp: Mcp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIENT_NAME", "barbearia-do-ze")

    _one_sentence(mcp("migrate"), "CLIENT_NAME and ENVIRONMENT are set together")


def test_a_database_that_is_not_there_is_named_without_its_password(
    mcp: Mcp, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        monkeypatch.setenv("DATABASE_URL", f"postgresql://mcp:{SECRET}@127.0.0.1:{port}/mcp")

        ran = mcp("tenants", "list")

    assert ran.status == 1
    _one_sentence(ran, f"127.0.0.1:{port}/mcp", "cannot be used")


@pytest.mark.parametrize(
    "url",
    [
        SECRET,
        f"postgresql://mcp:{SECRET}@host:port/mcp",
        f"mysql://mcp:{SECRET}@127.0.0.1/mcp",
    ],
)
def test_an_address_that_is_none_is_refused(
    url: str, mcp: Mcp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)

    ran = mcp("migrate")

    assert ran.status == 1
    _one_sentence(ran, "DATABASE_URL is not a URL such as postgresql://")


def test_commands_refuse_a_database_without_tables(
    mcp: Mcp, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)

    for arguments in (("serve",), ("tenants", "list"), ("outbox", "dead")):
        _one_sentence(mcp(*arguments), "no tables yet", "Run `mcp-platform migrate` first.")


def test_a_schema_of_an_older_release_is_refused_and_of_a_newer_one_is_not(
    mcp: Mcp, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.sql("UPDATE alembic_version SET version_num = '9999_of_a_later_release'")
    assert mcp("tenants", "list").status == 0

    database.sql("DELETE FROM alembic_version")
    _one_sentence(mcp("tenants", "list"), "Run `mcp-platform migrate` first.")


def test_serve_says_which_port_is_taken(
    mcp: Mcp, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setenv("PORT", str(port))

        ran = mcp("serve", "gateway")

    assert ran.status == 1
    _one_sentence(ran, f"Port {port} of 127.0.0.1", "Set PORT to another.")


def test_an_address_that_is_not_this_machines_is_not_blamed_on_the_port(
    mcp: Mcp, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOST", "192.0.2.1")

    _one_sentence(mcp("serve", "gateway"), "of 192.0.2.1", "Set HOST to another.")


def test_a_port_that_cannot_be_is_an_invalid_setting(
    mcp: Mcp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "80000")

    ran = mcp("serve")

    assert ran.status == 78
    _one_sentence(ran, "PORT: Input should be less than or equal to 65535")


def test_serve_knows_its_parts(mcp: Mcp) -> None:
    ran = mcp("serve", "gatway")

    assert ran.status == 2
    assert "There is no part gatway" in " ".join(ran.err.replace("│", " ").split())


STARTING = [("demo", "--once"), ("serve",), ("migrate",), ("tenants", "list")]


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that PostgreSQL can enter: as root it runs under an account that cannot enter ours."""
    made = Path(os.environ[FOLDER_VARIABLE]) / f"data-{uuid4().hex}"
    made.mkdir(mode=0o711)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def _signals() -> Iterator[None]:
    """Take back what the demonstration makes of SIGTERM."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.usefixtures("_signals")
@pytest.mark.parametrize("arguments", STARTING)
def test_a_data_folder_that_cannot_be_is_explained(
    arguments: tuple[str, ...], mcp: Mcp, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "file"))

    ran = mcp(*arguments)

    assert ran.status == 1
    _one_sentence(ran, f"cannot use {tmp_path}/file", "Not a directory", "Set DATA_DIR to")


@pytest.mark.usefixtures("_signals")
@pytest.mark.parametrize("arguments", STARTING)
def test_data_of_another_postgresql_is_explained(
    arguments: tuple[str, ...], mcp: Mcp, monkeypatch: pytest.MonkeyPatch, reachable: Path
) -> None:
    for folder in (reachable, reachable / "demo"):
        (folder / "postgres" / "cluster").mkdir(parents=True)
        (folder / "postgres" / "cluster" / "PG_VERSION").write_text("16\n")
        folder.chmod(0o711)
    (reachable / "postgres").chmod(0o711)
    monkeypatch.setenv("DATA_DIR", str(reachable))

    ran = mcp(*arguments)

    assert ran.status == 1
    _one_sentence(ran, "made by PostgreSQL 16", "pg_dump", "DATA_DIR may name another folder")


@pytest.mark.usefixtures("_signals")
@pytest.mark.parametrize("arguments", STARTING)
def test_a_full_disk_is_explained(
    arguments: tuple[str, ...], mcp: Mcp, monkeypatch: pytest.MonkeyPatch, reachable: Path
) -> None:
    (reachable / "postgres" / "cluster").mkdir(parents=True)
    (reachable / "postgres").chmod(0o711)
    full = type(shutil.disk_usage(reachable))(total=10**9, used=10**9, free=0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    monkeypatch.setenv("DATA_DIR", str(reachable))

    ran = mcp(*arguments)

    assert ran.status == 1
    _one_sentence(ran, "is full", "Make room")


@pytest.mark.parametrize(
    "arguments", [("tenants", "list"), ("serve",), ("outbox", "dead"), ("config", "export")]
)
def test_who_only_looks_makes_no_data_folder(
    arguments: tuple[str, ...], mcp: Mcp, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "none"))

    ran = mcp(*arguments)

    assert ran.status == 1
    _one_sentence(ran, f"no data in {tmp_path}/none yet", "Run `mcp-platform migrate`", "DATA_DIR")
    assert not (tmp_path / "none").exists()


@pytest.mark.usefixtures("_signals")
def test_the_demonstration_says_that_the_port_asked_for_is_taken(
    mcp: Mcp, monkeypatch: pytest.MonkeyPatch, reachable: Path
) -> None:
    monkeypatch.setenv("DATA_DIR", str(reachable))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        ran = mcp("demo", "--once", "--port", str(port))

    assert ran.status == 1
    _one_sentence(ran, f"Port {port} is taken", "--port")


def test_what_goes_wrong_with_the_database_meanwhile_is_said_and_not_traced() -> None:
    class DiskFull(Exception):
        sqlstate = "53100"

    wrapped = RuntimeError("SELECT 1 and more")
    wrapped.orig = DiskFull("<class 'asyncpg.DiskFullError'>: no space left")  # type: ignore[attr-defined]
    full, stopped = (
        OSError(errno.ENOSPC, "No space left on device"),
        ConnectionResetError(1, "gone"),
    )
    for error, words in (
        (wrapped, "The database does not work: no space left."),
        (full, "No space left on device. Make room"),
        (stopped, "gone."),
    ):
        written = io.StringIO()
        with contextlib.redirect_stderr(written), pytest.raises(SystemExit), said():
            raise error
        assert words in written.getvalue()
    with pytest.raises(OSError, match="timed out"), said():
        raise OSError("timed out")  # nobody knows what it is about


@pytest.mark.parametrize("path", ["nobody/production", "barbearia-do-ze/staging"])
def test_a_tenant_that_is_not_there_is_said_so(path: str, mcp: Mcp, database: Database) -> None:
    for arguments in (("tenants", "suspend", path), ("inbox", "parked", path)):
        _one_sentence(mcp(*arguments), f"There is no tenant {path}.")


@cases(
    "path, why",
    [
        ("barbearia-do-ze", "is no tenant. Write it as <client>/<environment>"),
        ("a/b/c", "is no tenant. Write it as <client>/<environment>"),
        ("/", "is no tenant. Write it as <client>/<environment>"),
        ("X/production", "use 3 to 40 lower-case letters"),
        ("ze/production", "'ze' cannot be the name of a client: use 3 to 40"),
        ("api/production", "'api' cannot be the name of a client: 'api' is a path of the platform"),
        ("zeca/prod", "'prod' is no environment: write one of development, staging, production."),
    ],
)
def test_a_path_that_is_none_is_said_so(path: str, why: str, mcp: Mcp, database: Database) -> None:
    _one_sentence(mcp("tenants", "resume", path), why)

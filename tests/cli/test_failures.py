"""What is expected to go wrong is said in one sentence, without a traceback and without secrets."""

import socket
from pathlib import Path

import pytest

from tests.cli.conftest import Database, Mcp, Ran

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


def test_serve_knows_its_parts(mcp: Mcp) -> None:
    ran = mcp("serve", "gatway")

    assert ran.status == 2
    assert "There is no part gatway" in " ".join(ran.err.replace("│", " ").split())


def test_a_data_folder_that_cannot_be_is_explained(
    mcp: Mcp, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "file"))

    ran = mcp("migrate")

    assert ran.status == 1
    assert "Embedded PostgreSQL cannot use" in ran.err
    assert "DATABASE_URL" in ran.err


@pytest.mark.parametrize("path", ["nobody/production", "barbearia-do-ze/staging"])
def test_a_tenant_that_is_not_there_is_said_so(path: str, mcp: Mcp, database: Database) -> None:
    for arguments in (("tenants", "suspend", path), ("inbox", "parked", path)):
        _one_sentence(mcp(*arguments), f"There is no tenant {path}.")


@pytest.mark.parametrize("path", ["barbearia-do-ze", "a/b/c", "/", "X/production", "ze/prod"])
def test_a_path_that_is_none_is_said_so(path: str, mcp: Mcp, database: Database) -> None:
    _one_sentence(
        mcp("tenants", "resume", path), "is no tenant. Write it as <client>/<environment>"
    )

"""`users`: the first administrator is made here, and no password is a default."""

import io

import pytest
from argon2 import PasswordHasher

from tests.cli.conftest import Database, Mcp

PASSWORD = "correct horse battery"
ZE = "ze@example.com"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))


def kept(database: Database, email: str = ZE) -> str:
    return str(database.value("SELECT password_hash FROM users WHERE email = $1", email))


def test_a_generated_password_stands_alone_on_standard_output(mcp: Mcp, database: Database) -> None:
    ran = mcp("users", "create", "Ze@Example.com", "--generate")
    assert ran.status == 0, ran.err
    password = ran.out.strip()
    assert len(password) >= 20
    assert PasswordHasher().verify(kept(database), password)
    assert database.value("SELECT temporary FROM users")
    assert database.value("SELECT role FROM users") == "admin"
    other = mcp("users", "create", "ana@example.com", "--generate", "--role", "viewer")
    assert other.out.strip() != password


@pytest.mark.usefixtures("typed")
def test_a_password_is_read_from_standard_input(mcp: Mcp, database: Database) -> None:
    ran = mcp("users", "create", ZE, "--password-stdin")
    assert ran.status == 0, ran.err
    assert PASSWORD not in ran.out + ran.err
    assert PasswordHasher().verify(kept(database), PASSWORD)
    assert not database.value("SELECT temporary FROM users")


def test_a_password_is_asked_for_twice(
    mcp: Mcp, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = mcp("users", "create", ZE)
    assert (refused.status, "--password-stdin" in refused.err) == (2, True)

    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    answers = iter([PASSWORD, "something else", PASSWORD, PASSWORD])
    monkeypatch.setattr("getpass.getpass", lambda *_, **__: next(answers))
    ran = mcp("users", "create", ZE)
    assert ran.status == 0, ran.err
    assert next(answers, None) is None
    assert PasswordHasher().verify(kept(database), PASSWORD)


@pytest.mark.parametrize("password", ["", "short", ZE])
def test_a_password_that_is_not_taken_makes_no_user(
    mcp: Mcp, database: Database, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    ran = mcp("users", "create", ZE, "--password-stdin")
    assert ran.status == 1
    assert "password" in ran.err
    assert database.value("SELECT count(*) FROM users") == 0


@pytest.mark.usefixtures("typed")
def test_staff_belongs_to_a_tenant_that_there_is(mcp: Mcp, database: Database) -> None:
    without = mcp("users", "create", ZE, "--role", "staff", "--generate")
    assert (without.status, "tenant" in without.err) == (1, True)
    tenant = ("--tenant", "barbearia-do-ze/production")
    assert mcp("users", "create", ZE, "--role", "staff", "--generate", *tenant).status == 0
    assert database.value("SELECT tenant_id FROM users") == database.tenant


def test_users_are_listed_without_anything_that_proves_them(mcp: Mcp, database: Database) -> None:
    assert "no users yet" in mcp("users", "list").out
    mcp("users", "create", ZE, "--generate", "--name", "Zé")
    listed = mcp("users", "list").out
    assert ZE in listed
    assert "Zé" in listed
    assert "argon2" not in listed


def test_a_user_is_disabled_and_enabled_and_the_last_administrator_is_not(
    mcp: Mcp, database: Database
) -> None:
    mcp("users", "create", ZE, "--generate")
    last = mcp("users", "disable", ZE)
    assert (last.status, "last administrator" in last.err) == (1, True)
    mcp("users", "create", "ana@example.com", "--generate")
    assert mcp("users", "disable", ZE).status == 0
    assert "disabled" in mcp("users", "list").out
    assert mcp("users", "enable", ZE).status == 0
    assert not database.value("SELECT disabled FROM users WHERE email = $1", ZE)


def test_a_password_is_reset_and_signs_out(mcp: Mcp, database: Database) -> None:
    mcp("users", "create", ZE, "--generate")
    database.sql(
        "INSERT INTO sign_ins (id, user_id, started_at, expires_at)"
        " SELECT gen_random_uuid(), id, now(), now() + interval '7 days' FROM users"
    )
    before = kept(database)
    ran = mcp("users", "reset-password", ZE, "--generate")
    assert ran.status == 0, ran.err
    assert kept(database) != before
    assert PasswordHasher().verify(kept(database), ran.out.strip())
    assert database.value("SELECT revoked_at IS NOT NULL FROM sign_ins")
    assert mcp("users", "reset-password", "nobody@example.com", "--generate").status == 1


def test_lost_one_time_codes_are_taken_away(mcp: Mcp, database: Database) -> None:
    mcp("users", "create", ZE, "--generate")
    database.sql("UPDATE users SET totp_sealed = '\\x00', totp_confirmed = true")
    assert mcp("users", "reset-totp", ZE).status == 0
    assert not database.value("SELECT totp_confirmed FROM users")


def test_commands_are_in_the_audit_trail(mcp: Mcp, database: Database) -> None:
    ran = mcp("users", "create", ZE, "--generate")
    [row] = database.sql("SELECT * FROM audit_entries")
    assert (row["actor_kind"], row["action"], row["target"]) == ("command", "user.create", ZE)
    assert row["actor"]
    assert ran.out.strip() not in str(row)

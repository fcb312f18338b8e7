"""`credentials`, on a real database and a folder of files."""

import io
from pathlib import Path

import pytest

from mcp_platform.bootstrap import commands
from tests.cli.conftest import PATH, Database, Mcp
from tests.fakes import TOKEN, FolderProvisioner, folder_store


@pytest.fixture(autouse=True)
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FolderProvisioner:
    """Keep commands from making roles, which the tests' server would keep."""
    made = FolderProvisioner(folder_store(tmp_path / "kept"))

    async def provisioner(*_: object, **__: object) -> FolderProvisioner:
        return made

    monkeypatch.setattr(commands, "provisioner", provisioner)
    monkeypatch.setenv("CREDENTIALS_DIR", str(tmp_path / "kept"))
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    return made


def test_a_file_is_saved_and_shown_by_names_alone(
    mcp: Mcp, database: Database, tmp_path: Path, made: FolderProvisioner
) -> None:
    file = tmp_path / "shop.env"
    file.write_text(f"WHATSAPP_API_TOKEN={TOKEN}\nWHATSAPP_TOKEN=x\nDATABASE_USER=theirs\n")

    ran = mcp("credentials", "set", PATH, "--from-file", str(file), "--no-prove")

    assert ran.status == 0, ran.err
    assert "line 2: no credential has this name" in ran.err
    assert made.written == [frozenset({"WHATSAPP_API_TOKEN"})]
    shown = mcp("credentials", "show", PATH)
    there = dict(line.split()[:2] for line in shown.out.splitlines()[1:])
    assert [key for key, state in there.items() if state == "yes"] == ["WHATSAPP_API_TOKEN"]
    assert TOKEN not in ran.out + ran.err + shown.out
    assert database.value("SELECT count(*) FROM audit_entries") == 1

    assert mcp("credentials", "set", PATH, "--remove", "WHATSAPP_API_TOKEN").status == 0
    assert "yes" not in mcp("credentials", "show", PATH).out


def test_a_value_is_asked_for_where_there_is_a_terminal(
    mcp: Mcp, database: Database, made: FolderProvisioner, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("credentials", "set", PATH, "GEMINI_API_KEY", "--no-prove")
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert (mcp(*command).status, made.written) == (2, [])

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", lambda *_, **__: "AIza-not-a-real-key-of-any-length")
    ran = mcp(*command)
    assert ran.status == 0, ran.err
    assert made.written == [frozenset({"GEMINI_API_KEY"})]
    assert "AIza" not in ran.out + ran.err


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ((), 2, "--from-file"),
        (("GEMINI_KEY",), 2, "GEMINI_KEY is none of"),
        (("DATABASE_PASSWORD",), 2, "is none of"),
        (("--from-file", "none.env"), 1, "cannot be read"),
        (("--remove", "DATABASE_PASSWORD"), 1, "made by the platform"),
    ],
)
def test_what_cannot_be_set_is_refused_in_a_sentence(
    mcp: Mcp, database: Database, arguments: tuple[str, ...], status: int, said: str
) -> None:
    ran = mcp("credentials", "set", PATH, *arguments, "--no-prove")
    assert ran.status == status
    assert said in ran.err.replace("\n", " ")

"""The page that people configure by says what the code does: no more, no less."""

import ast
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mcp_platform.settings import Settings
from mcp_platform.tenants.credentials import KEYS
from tests.cases import cases

PACKAGE = Path(__file__).parent.parent / "mcp_platform"
PAGE = Path(__file__).parent.parent / "docs" / "configuration.md"


def rows_of(section: str) -> list[list[str]]:
    """Return the cells of all table rows under a heading of second level, their heads left out."""
    text = PAGE.read_text().split(f"\n## {section}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def code(cell: str) -> str:
    return cell.strip("`")


def in_environment(value: Any) -> str:
    """Write a default as one would in the environment; `unset` where there is none."""
    match value:
        case None:
            return "unset"
        case bool():
            return str(value).lower()
        case timedelta():
            return f"{value.total_seconds():g}"
        case _:
            return str(value)


DOCUMENTED = {
    code(name): (code(default), meaning, code(example))
    for name, default, meaning, example in rows_of("Settings")
}


def test_every_setting_is_documented_and_nothing_else_is() -> None:
    assert sorted(DOCUMENTED) == sorted(name.upper() for name in Settings.model_fields)
    assert len(DOCUMENTED) == len(rows_of("Settings"))


def test_every_setting_is_read_by_somebody() -> None:
    read = {
        node.attr
        for file in PACKAGE.rglob("*.py")
        if file.name != "settings.py"
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    }
    assert sorted(set(Settings.model_fields) - read) == []


@cases("name", Settings.model_fields)
def test_the_documented_default_is_the_real_one(name: str) -> None:
    default = Settings.model_fields[name].default

    assert DOCUMENTED[name.upper()][0] == in_environment(default)


@pytest.mark.parametrize("name", sorted(DOCUMENTED))
def test_the_documented_example_is_taken_as_it_stands(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, meaning, example = DOCUMENTED[name]
    for other in DOCUMENTED:
        monkeypatch.delenv(other, raising=False)
    for pinned in ("CLIENT_NAME", "ENVIRONMENT"):
        if name in ("CLIENT_NAME", "ENVIRONMENT"):
            monkeypatch.setenv(pinned, DOCUMENTED[pinned][2])
    monkeypatch.setenv(name, example)

    taken = getattr(Settings(), name.lower())

    assert in_environment(taken) == example
    assert re.search(r"\w.*[.)]$", meaning), "the meaning is a sentence"


def test_every_key_of_a_credentials_file_is_documented_and_nothing_else_is() -> None:
    rows = rows_of("Credentials")

    assert [code(key) for key, _, _ in rows] == list(KEYS)
    assert all(purpose and where for _, purpose, where in rows)

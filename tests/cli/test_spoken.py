"""Commands speak the terminal's language: each sentence has both, and neither is left over."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from mcp_platform.cli.portuguese import ERRORS, PORTUGUESE
from tests.cli.conftest import PATH, Database, Mcp

PACKAGE = Path(__file__).parent.parent.parent / "mcp_platform"
PLACE = re.compile(r"\{(\w*)\}")


def _strings(tree: ast.AST) -> Iterator[str]:
    """Yield what is written in a file, `{}` for each value that is filled in."""
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)):
                yield text
            case ast.JoinedStr(values=parts):
                yield "".join(
                    str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts
                )


def _said(tree: ast.AST) -> Iterator[str]:
    """Yield what is given to be said: sentences, and the heads of tables."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        if node.func.id in ("say", "worded", "confirmed"):
            yield from _texts(node.args[0])
        elif node.func.id == "show" and isinstance(node.args[0], ast.Tuple):
            for head in node.args[0].elts:
                yield from _texts(head)
            yield from (text for each in node.keywords if each.arg == "none"
                        for text in _texts(each.value))  # fmt: skip


def _texts(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)) if text:
            yield text
        case ast.IfExp(body=one, orelse=other):
            yield from _texts(one)
            yield from _texts(other)


@cache
def trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text()) for path in PACKAGE.rglob("*.py")}


def test_what_is_said_and_what_is_translated_are_the_same() -> None:
    said = {text for path, tree in trees().items() if "cli" in path.parts for text in _said(tree)}
    assert said - PORTUGUESE.keys() == set()
    assert PORTUGUESE.keys() - said == set()


def test_every_translated_error_is_raised_somewhere() -> None:
    raised = {
        text
        for path, tree in trees().items()
        if path.name != "portuguese.py"
        for text in _strings(tree)
    }
    assert {each for each in ERRORS if PLACE.sub("{}", each) not in raised} == set()


def test_both_languages_fill_in_the_same() -> None:
    for english, portuguese in {**PORTUGUESE, **ERRORS}.items():
        assert sorted(PLACE.findall(english)) == sorted(PLACE.findall(portuguese)), english


@pytest.mark.parametrize(
    ("option", "variables", "said"),
    [
        ((), {}, "There is no tenant nobody/production."),
        ((), {"LC_ALL": "pt_BR.UTF-8"}, "Não existe o ambiente nobody/production."),
        ((), {"LC_ALL": "", "LANG": "pt_BR.UTF-8"}, "Não existe o ambiente nobody/production."),
        (("--lang", "en"), {"LC_ALL": "pt_BR.UTF-8"}, "There is no tenant nobody/production."),
        (("--lang", "pt"), {}, "Não existe o ambiente nobody/production."),
    ],
)
def test_a_command_speaks_as_its_terminal_does_or_as_it_is_told(
    option: tuple[str, ...],
    variables: dict[str, str],
    said: str,
    mcp: Mcp,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert said in mcp(*option, "services", "list", "nobody/production").err


def test_a_table_has_its_head_in_portuguese_and_an_error_its_fields(
    mcp: Mcp, database: Database
) -> None:
    mcp("services", "add", PATH, "Corte", "--minutes", "30")
    listed = mcp("--lang", "pt", "services", "list", PATH).out
    assert "Minutos" in listed
    assert "ativo" in listed
    refused = mcp("--lang", "pt", "people", "add", PATH, "Zé", "--does", "tintura").err
    assert "Estes serviços não podem ser oferecidos." in refused
    assert "service_ids.0: não existe esse serviço" in refused

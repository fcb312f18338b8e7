"""`mcp-platform words` prints what customers can read, in a language of theirs."""

import hashlib
import re
from pathlib import Path

import pytest

from tests.cli.conftest import PATH, Database, Mcp


@pytest.mark.parametrize(
    ("options", "title"),
    [
        ((), "# Everything the assistant can say\n"),
        (("--lang", "en"), "# Everything the assistant can say\n"),
        (("--lang", "pt-BR"), "# Tudo o que o assistente pode dizer\n"),
        (("--lang", "es"), "# Todo lo que el asistente puede decir\n"),
    ],
)
def test_it_is_printed_in_the_language_that_is_asked_for(
    options: tuple[str, ...], title: str, mcp: Mcp
) -> None:
    ran = mcp("words", *options)
    assert ran.status == 0
    assert ran.out.startswith(title)


def test_a_portuguese_terminal_reads_portuguese(mcp: Mcp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "pt_BR.UTF-8")
    assert mcp("words").out.startswith("# Tudo o que")


def test_it_needs_no_database(mcp: Mcp, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert mcp("words").status == 0
    assert not list(tmp_path.iterdir())


def test_another_language_is_refused(mcp: Mcp) -> None:
    assert mcp("words", "--lang", "fr").status == 2


def test_of_a_tenant_it_has_its_own_words_answers_and_names_under_a_hash(
    mcp: Mcp, database: Database
) -> None:
    assert mcp("phrases", "set", PATH, "ask_help", "Que manda[, {name}]?").status == 0
    pix = ("--question", "Aceita pix?", "--text", "Sim, com chave.")
    assert mcp("answers", "add", PATH, "Pix", *pix).status == 0

    written = mcp("words", "--tenant", PATH).out

    _, head, body = written.split("\n\n", 2)
    body = body[: body.rindex("\n", 0, -1)]  # less the line to sign on
    assert PATH in head
    assert hashlib.sha256(body.encode()).hexdigest() in head
    assert "`ask_help` (palavras do próprio negócio)" in body
    assert "Que manda" in body
    assert "Sim, com chave." in body
    assert "Corte" in body
    assert not re.findall(r"\{\w+\}", body)
    assert mcp("words", "--tenant", "nobody/production").status == 1
    assert mcp("words", "--tenant", PATH, "--lang", "en").out.startswith("# Everything")

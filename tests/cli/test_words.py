"""`mcp-platform words` prints what customers can read, in a language of theirs."""

from pathlib import Path

import pytest

from tests.cli.conftest import Mcp


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

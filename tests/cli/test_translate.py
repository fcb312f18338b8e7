"""Translations of answers: the model proposes, a person at the terminal approves."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mcp_platform.simulators.gemini import app as gemini
from mcp_platform.simulators.serving import Served
from tests.cli.conftest import PATH, Database, Mcp

ENGLISH = {
    "title": "Parking",
    "questions": ["Is there parking?"],
    "text": "Yes, next door, for R$ 12.00.",
}


class Model:
    """The simulated model, which answers what it is told to."""

    def __init__(self, url: str) -> None:
        self._url = url

    def proposes(self, **words: Any) -> None:
        answer = {"call": {"name": "translation", "args": {**ENGLISH, **words}}}
        told = httpx.post(f"{self._url}/_control/answers", json={"answers": [answer]})
        told.raise_for_status()

    def asked(self) -> list[dict[str, Any]]:
        log = httpx.get(f"{self._url}/_control/requests").json()["requests"]
        return [each for each in log if "generateContent" in each["path"]]


@pytest.fixture
def model(
    database: Database, mcp: Mcp, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Model]:
    (tmp_path / f"{PATH.replace('/', '-')}.env").write_text("GEMINI_API_KEY=AIza-of-the-shop\n")
    monkeypatch.setenv("CREDENTIALS_DIR", str(tmp_path))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    words = ("--question", "Tem estacionamento?", "--text", "Sim, ao lado, por R$ 10,00.")
    assert mcp("answers", "add", PATH, "Estacionamento", *words).status == 0
    with Served(gemini.create_app()) as served:
        monkeypatch.setenv("GEMINI_URL", served.url)
        yield Model(served.url)


def _answers(says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("typer.prompt", lambda *_args, **_options: says)


def _translations(mcp: Mcp) -> Any:
    (answer,) = json.loads(mcp("answers", "list", PATH, "--json").out)
    return answer["translations"]


def test_what_a_person_approves_is_read_by_customers(
    mcp: Mcp, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    _answers("y", monkeypatch)
    model.proposes()

    ran = mcp("answers", "translate", PATH, "--in", "en")

    assert ran.status == 0, ran.err
    assert "Sim, ao lado, por R$ 10,00." in ran.out
    assert "Yes, next door, for R$ 12.00." in ran.out
    assert "Look at these, which differ: 10, 12" in ran.out
    assert _translations(mcp) == {"en": {**ENGLISH, "approved": True}}
    (asked,) = model.asked()
    assert asked["headers"]["x-goog-api-key"] == "AIza-of-the-shop"
    again = mcp("answers", "translate", PATH, "--in", "en")
    assert "Nothing is left to be translated." in again.out
    assert len(model.asked()) == 1


def test_what_nobody_approves_is_not_kept(
    mcp: Mcp, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    _answers("n", monkeypatch)
    model.proposes()
    ran = mcp("--lang", "pt", "answers", "translate", PATH, "--in", "en")
    assert ran.status == 0, ran.err
    assert "Não foi guardada." in ran.out
    assert _translations(mcp) == {}


def test_without_a_terminal_nobody_is_asked(
    mcp: Mcp, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    ran = mcp("answers", "translate", PATH, "--in", "en")
    assert ran.status == 1
    assert "A person approves a translation" in ran.err
    assert model.asked() == []


def test_what_was_changed_meanwhile_is_not_overwritten(
    mcp: Mcp, database: Database, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed(*_args: Any, **_options: Any) -> str:
        database.sql("UPDATE answers SET version = version + 1")
        return "y"

    monkeypatch.setattr("typer.prompt", changed)
    model.proposes()
    ran = mcp("answers", "translate", PATH, "--in", "en")
    assert ran.status == 1
    assert _translations(mcp) == {}


def test_a_proposal_that_cannot_be_stored_is_told(mcp: Mcp, model: Model) -> None:
    model.proposes(text="x" * 601)
    ran = mcp("answers", "translate", PATH, "--in", "en")
    assert ran.status == 1
    assert "no translation that can be stored: text: String should have at most 600" in ran.err
    assert _translations(mcp) == {}


def test_text_in_place_of_the_function_is_no_translation(mcp: Mcp, model: Model) -> None:
    told = httpx.post(f"{model._url}/_control/answers", json={"answers": ["Parking: yes."]})
    told.raise_for_status()
    ran = mcp("answers", "translate", PATH, "--in", "en")
    assert (ran.status, _translations(mcp)) == (1, {})
    assert "The model gave no translation" in ran.err

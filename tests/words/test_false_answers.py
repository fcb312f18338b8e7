"""No wording says yes or no to what it was not meant for.

`requests.yaml` has fifty requests to which a loose "Combinado!" or "Que pena!" would be a false answer.
A person judged each wording against all of them; `judged.yaml` keeps which it could answer falsely,
under a hash of the wording, so that a wording that is changed must be judged again.
"""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from mcp_platform.tenants.languages import LANGUAGES
from mcp_platform.words.book import BOOK, Phrase
from mcp_platform.words.texts import TEXTS

HERE = Path(__file__).parent
REQUESTS: dict[str, list[str]] = yaml.safe_load((HERE / "requests.yaml").read_text())
JUDGED: dict[str, dict[str, dict[str, list[str]]]] = yaml.safe_load(
    (HERE / "judged.yaml").read_text()
)


def signed(wording: str) -> str:
    return sha256(wording.encode()).hexdigest()[:8]


def _judgements() -> Iterator[tuple[str, Phrase, str, Any]]:
    for language in LANGUAGES:
        for id_, wordings in TEXTS[language].phrases.items():
            for wording in wordings:
                found = JUDGED[language].get(id_, {}).get(signed(wording))
                yield language, BOOK[id_], wording, found


def test_there_are_fifty_requests_in_every_language() -> None:
    assert len(REQUESTS) == 50
    assert {len(each) for each in REQUESTS.values()} == {len(LANGUAGES)}
    assert len({text for each in REQUESTS.values() for text in each}) == 50 * len(LANGUAGES)


def test_every_wording_was_judged_as_it_stands() -> None:
    """Judge it against every request, and write down under its hash those it could answer falsely."""
    assert not [
        (language, phrase.id, {signed(wording): wording})
        for language, phrase, wording, found in _judgements()
        if found is None
    ]


def test_no_judgement_is_left_of_a_wording_that_is_gone() -> None:
    standing = {
        language: {
            id_: {signed(wording) for wording in wordings}
            for id_, wordings in TEXTS[language].phrases.items()
        }
        for language in LANGUAGES
    }
    assert {
        language: {id_: set(hashes) for id_, hashes in phrases.items()}
        for language, phrases in JUDGED.items()
    } == standing


def test_what_could_be_a_false_answer_is_said_only_where_it_is_none() -> None:
    """Beside an outcome, before something to tap, under a condition, or with nothing left to serve."""

    def is_guarded(phrase: Phrase) -> bool:
        return phrase.force not in ("free", "does") or bool(phrase.needs) or phrase.place == "close"

    assert not [
        (language, phrase.id, wording, found)
        for language, phrase, wording, found in _judgements()
        if found and not is_guarded(phrase)
    ]


def test_judgements_name_requests_that_exist() -> None:
    assert {
        request for _, _, _, found in _judgements() for request in found or ()
    } <= REQUESTS.keys()
    assert {"come_at_ten", "late_ok", "cancel_it"} <= {
        request for _, _, _, found in _judgements() for request in found or ()
    }, "those that agree by their form are known to"

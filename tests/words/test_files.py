"""A section of the files is read as a dataclass; what lacks or exceeds it ends the import."""

from dataclasses import make_dataclass
from typing import Any

import pytest

from mcp_platform.tenants.languages import LANGUAGES
from mcp_platform.words.files import MalformedWords, in_every_language, read, shaped

Two = make_dataclass("Two", [("yes", str), ("no", str)], frozen=True)


@pytest.mark.parametrize(
    ("held", "complaint"),
    [
        ({"yes": "sim"}, r"answers\.no: is missing"),
        ({"yes": "sim", "no": "não", "perhaps": "talvez"}, r"answers\.perhaps: is not known"),
        ({"yes": "sim", "no": ""}, r"answers\.no: is not a text"),
        ({"yes": "sim", "no": False}, r"answers\.no: is not a text"),
        (None, "answers: is not a mapping"),
    ],
)
def test_what_is_wrong_with_a_section_is_named(held: Any, complaint: str) -> None:
    with pytest.raises(MalformedWords, match=r"words/pt-BR\.yaml: " + complaint):
        shaped(Two, held, file="pt-BR.yaml", section="answers")


def test_a_section_that_the_files_lack_is_named() -> None:
    with pytest.raises(MalformedWords, match=r"words/pt-BR\.yaml: answers\.no: is missing"):
        in_every_language(Two, "answers")


def test_a_section_is_read_for_every_language() -> None:
    shape = make_dataclass("Shape", [(name, str) for name in read("en.yaml")["telling"]])
    said = in_every_language(shape, "telling")
    assert list(said) == list(LANGUAGES)
    assert len({each.booked for each in said.values()}) == len(LANGUAGES)


def test_a_language_with_other_placeholders_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    held = read("es.yaml")["telling"]
    monkeypatch.setitem(held, "booked", "Su cita: {cita}.")
    shape = make_dataclass("Shape", [(name, str) for name in held])
    with pytest.raises(MalformedWords, match=r"words/es\.yaml: telling\.booked: .*cita"):
        in_every_language(shape, "telling")


def test_every_language_has_the_same_sections() -> None:
    assert len({tuple(read(f"{language}.yaml")) for language in LANGUAGES}) == 1

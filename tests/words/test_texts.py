"""Wordings keep the rules that can be checked by machine, in every language."""

import re
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from mcp_platform.tenants.languages import LANGUAGES, Language
from mcp_platform.words.book import BOOK
from mcp_platform.words.composing import EMOJI
from mcp_platform.words.files import MalformedWords, read
from mcp_platform.words.texts import TEXTS, Outcomes, in_step, texts

# A wording that begins with one of these, or is one, says yes to whatever was asked.
AGREEING: dict[Language, tuple[str, ...]] = {
    "pt-BR": (
        "combinado", "perfeito", "claro", "fechado", "beleza", "ok", "pode deixar", "pode vir",
        "sem problema", "tudo certo", "tudo bem", "com certeza", "sim", "tranquilo", "imagina",
        "não se preocupe", "fica à vontade", "te espero", "até já", "isso mesmo", "pode sim", "ótimo",
    ),
    "en": (
        "agreed", "perfect", "of course", "sure", "deal", "ok", "okay", "great", "fine", "no problem",
        "all right", "alright", "certainly", "absolutely", "definitely", "yes", "no worries", "got it",
        "sounds good", "don't worry", "please don't worry", "go ahead", "that works", "will do",
        "feel free", "see you soon", "you can come", "all set", "done",
    ),
    "es": (
        "de acuerdo", "perfecto", "claro", "por supuesto", "hecho", "listo", "vale", "ok", "genial",
        "sin problema", "todo bien", "está bien", "sí", "tranquilo", "cómo no", "con gusto", "dale",
        "no se preocupe", "puede venir", "le espero", "hasta pronto", "desde luego", "bueno",
    ),
}  # fmt: skip
# What no receptionist of ours writes: too stiff, too sweet, too close, or a promise to go and look.
UNWANTED: dict[Language, str] = {
    "pt-BR": r"\bsenhora?\b|prezad[oa]|gostaria de estar|por gentileza|\bconforme\b|você está falando"
    r"|\bquerid[oa]\b|\bamor\b|\bflor\b|\bpra\b|bem-vind[oa]|\bobrigad[oa]\b|vou verificar"
    r"|um momento|já retorno|aguarde",
    "en": r"dear (customer|sir|madam)|\bkindly\b|let me check|one moment|i'll get back|\bhoney\b",
    "es": r"\btú\b|\btu\b|\bte\b|\btus\b|estimad[oa]|un momento|déjeme ver|bienvenid[oa]|\bcariño\b",
}


def _wordings() -> Iterator[tuple[Language, str, str]]:
    for language in LANGUAGES:
        for id_, wordings in TEXTS[language].phrases.items():
            for wording in wordings:
                yield language, id_, wording


def _of_code() -> Iterator[tuple[Language, str, str]]:
    for language in LANGUAGES:
        for field in fields(Outcomes):
            yield language, field.name, getattr(TEXTS[language].outcomes, field.name)


def test_every_phrase_has_two_to_four_different_wordings_in_every_language() -> None:
    assert not [
        (language, id_)
        for language in LANGUAGES
        for id_, wordings in TEXTS[language].phrases.items()
        if not 2 <= len(set(wordings)) == len(wordings) <= 4
    ]


def test_nothing_begins_like_a_yes_where_nothing_was_done() -> None:
    def agrees(language: Language, wording: str) -> bool:
        begins = wording.casefold().lstrip("¡¿ ")
        return any(re.match(rf"{re.escape(yes)}\b", begins) for yes in AGREEING[language])

    assert agrees("pt-BR", "Tudo bem!")
    assert agrees("es", "¡Sí, venga!")
    assert not agrees("pt-BR", "Simpatia!")
    assert not [
        (language, wording)
        for language, id_, wording in _wordings()
        if BOOK[id_].force != "effect" and agrees(language, wording)
    ]


def test_no_wording_has_more_than_one_emoji_and_none_where_it_is_grave() -> None:
    assert not [
        wording
        for _, id_, wording in _wordings()
        if len(EMOJI.findall(wording)) > (BOOK[id_].mood != "grave")
    ]
    assert not [text for _, _, text in _of_code() if len(EMOJI.findall(text)) > 1]


def test_a_lead_ends_in_a_colon_and_nothing_else_does() -> None:
    assert not [
        wording
        for _, id_, wording in _wordings()
        if wording.endswith(":") != (BOOK[id_].place == "lead")
    ]


def test_no_wording_is_stiff_or_sweet_or_promises_to_go_and_look() -> None:
    assert not [
        wording
        for language, _, wording in (*_wordings(), *_of_code())
        if re.search(UNWANTED[language], wording, re.IGNORECASE)
    ]


def test_no_sentence_shouts() -> None:
    assert not [wording for _, _, wording in _wordings() if "!!" in wording or "!?" in wording]


def test_spanish_marks_open() -> None:
    assert not [
        wording
        for language, _, wording in (*_wordings(), *_of_code())
        if language == "es"
        for opening, closing in ("¡!", "¿?")
        if wording.count(opening) != wording.count(closing)
    ]


def test_an_asking_part_asks_or_names_what_to_tap() -> None:
    """A question of place `ask` that lacks its mark would leave the customer without a next step."""
    taps = re.compile(r"botão|button|botón|foto|photo", re.IGNORECASE)
    assert not [
        wording
        for _, id_, wording in _wordings()
        if BOOK[id_].place == "ask" and "?" not in wording and not taps.search(wording)
    ]


def test_those_of_safety_give_the_numbers_in_every_language() -> None:
    numbers = {
        "emergency": {"192"},
        "emergency_room": {"192"},
        "danger": {"190", "180"},
        "despair": {"188", "192"},
    }
    assert not [
        wording
        for _, id_, wording in _wordings()
        if not numbers.get(id_, set()) <= set(re.findall(r"\d{3}", wording))
    ]


PT = read("pt-BR.yaml")


@pytest.mark.parametrize(
    ("section", "id_", "value", "complaint"),
    [
        ("phrases", "bye", None, "bye: is missing"),
        ("phrases", "byebye", ["Tchau."], "byebye: is not in the phrase book"),
        ("phrases", "bye", "Tchau.", "bye: is not a list"),
        ("phrases", "bye", ["x" * 201], "bye: is longer than 200"),
        ("phrases", "bye", ["Tchau, {nome}."], "bye: has an unknown placeholder: nome"),
        ("phrases", "bye", ["Tchau[, {name}."], "bye: .*cannot be read"),
        ("phrases", "bye", ["Tchau:"], "bye: ends in a colon"),
        ("phrases", "bye", [""], "bye: is not a text"),
        ("outcomes", "booked_is", None, r"outcomes\.booked_is: is missing"),
        ("outcomes", "sold_is", "Vendido.", r"outcomes\.sold_is: is not known"),
        ("outcomes", "booked_is", "Feito:", "booked_is: ends in a colon"),
        ("buttons", "keep", "x" * 21, r"buttons\.keep: is longer than 20"),
        ("rows", "anyone", "x" * 25, r"rows\.anyone: is longer than 24"),
        ("rows", "anyone", 7, r"rows\.anyone: is not a text"),
    ],
)
def test_a_malformed_text_is_named(section: str, id_: str, value: Any, complaint: str) -> None:
    held = deepcopy({**PT})
    held[section][id_] = value
    if value is None:
        del held[section][id_]
    with pytest.raises(MalformedWords, match=r"words/pt-BR\.yaml: " + complaint):
        texts(held, file="pt-BR.yaml")


def test_a_language_that_uses_other_placeholders_is_named() -> None:
    held = deepcopy({**PT})
    held["phrases"]["bye"] = ["Tchau[, {name}]."]
    other = texts(held, file="en.yaml")
    with pytest.raises(MalformedWords, match=r"words/en\.yaml: bye: .*name"):
        in_step({"pt-BR": TEXTS["pt-BR"], "en": other})


def test_the_files_come_with_the_package() -> None:
    """The wheel takes whole folders of the package, and nothing of it is left out by its ending."""
    root = Path(__file__).parents[2]
    wheel = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["hatch"]["build"][
        "targets"
    ]
    assert wheel["wheel"]["packages"] == ["mcp_platform", "cdk8s_app"]
    assert not wheel["wheel"].keys() - {"packages", "artifacts"}
    assert "!mcp_platform" in (root / ".dockerignore").read_text().split()
    assert not [line for line in (root / ".dockerignore").read_text().split() if "yaml" in line]

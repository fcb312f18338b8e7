"""A business's own wordings: which phrases, and what form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_platform.errors import Invalid, NotFound
from mcp_platform.tenants.languages import LANGUAGES, Language
from mcp_platform.words.book import BOOK
from mcp_platform.words.own import check, fits, is_replaceable, placeholder_rules
from mcp_platform.words.templates import fill
from mcp_platform.words.texts import TEXTS
from tests.cases import cases

EMERGENCY_NUMBERS = {"192", "190", "188", "180", "911", "988"}
REPLACEABLE = [id_ for id_ in BOOK if is_replaceable(id_)]


def test_what_saves_lives_is_not_the_business_s_to_word() -> None:
    with_numbers = {
        id_
        for language in LANGUAGES
        for id_, wordings in TEXTS[language].phrases.items()
        if any(number in wording for number in EMERGENCY_NUMBERS for wording in wordings)
    }
    fixed = {id_ for id_, phrase in BOOK.items() if phrase.fixed}
    assert with_numbers
    assert with_numbers <= fixed
    assert {"emergency", "emergency_animal", "urgent", "danger", "despair"} <= fixed
    with pytest.raises(Invalid, match="about safety"):
        check("emergency", ["Calma."], "pt-BR")


def test_a_phrase_without_words_or_that_is_none_cannot_be_replaced() -> None:
    with pytest.raises(Invalid, match="not_understood_1"):
        check("not_understood", ["Hã?"], "pt-BR")
    with pytest.raises(NotFound):
        check("nonsense", ["Hã?"], "pt-BR")


@cases(
    "phrase, wording, told",
    [
        ("price", "Fica barato.", "lacks {price}, {service} (outside brackets)"),
        ("price", "{service} sai por {address}.", "lacks {price}"),
        ("price", "[{service}: {price}]", "lacks {price}, {service} (outside brackets)"),
        ("ask_help", "Fale, {name}!", "{name} may have no value: put it in [brackets]"),
        ("ask_help", "Fale[ sobre {service}]!", "{service} has no value here"),
        ("ask_help", "Fale, {nome}!", "has an unknown placeholder: nome"),
        ("ask_help", "Fale, {Name}!", "cannot be read from character 6 on"),
        ("ask_help", "Fale [[, {name}]]!", "cannot be read from character 5 on"),
        ("ask_help", "x" * 201, "is longer than 200 characters"),
        ("ask_help", "Fale:", "ends in a colon and announces nothing"),
    ],
)
def test_what_has_not_the_form_is_told_why(phrase: str, wording: str, told: str) -> None:
    with pytest.raises(Invalid) as refused:
        check(phrase, ["{service} {costs}." if phrase == "price" else "Fale!", wording], "pt-BR")
    assert told in refused.value.fields["wordings.1"]
    assert not fits(phrase, [wording], "pt-BR")


def test_the_same_twice_is_refused() -> None:
    with pytest.raises(Invalid, match="cannot be worded"):
        check("ask_help", ["Fale!", "Fale!"], "pt-BR")


@cases("language", LANGUAGES)
def test_our_own_wordings_with_all_that_may_be_missing_in_brackets_are_taken(
    language: Language,
) -> None:
    refused = {
        id_: wording
        for id_ in REPLACEABLE
        for wording in TEXTS[language].phrases[id_]
        if not fits(id_, [wording], language)
    }
    # One of its two wordings has the moment, the other does without.
    assert refused.keys() <= {"already_asked"}


@given(st.sampled_from(REPLACEABLE), st.sampled_from(LANGUAGES), st.data())
def test_what_is_taken_can_be_said_whenever_ours_can(
    id_: str, language: Language, data: st.DataObject
) -> None:
    """With only the values that each wording of ours needs, the own one is filled too."""
    rules = placeholder_rules(id_, language)
    names = data.draw(st.lists(st.sampled_from(sorted(rules.possible)), unique=True, max_size=3))
    optional = "".join(f"[ {{{name}}}]" for name in names)
    needed = " ".join(f"{{{name}}}" for name in sorted(rules.certain))
    wording = f"Oi {needed}{optional}."
    check(id_, [wording], language)
    assert fill(wording, dict.fromkeys(rules.certain, "x")) is not None

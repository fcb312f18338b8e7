"""Placeholders are filled, and what fills them stays as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_platform.tenants.languages import LANGUAGES
from mcp_platform.words.templates import BadTemplate, fill, grouped, placeholders
from mcp_platform.words.texts import TEXTS

ANY_TEXT = st.text(min_size=1) | st.sampled_from(["{name}", "[{name}]", "{", "]", "[, x]", "{{}}"])


@pytest.mark.parametrize(
    ("template", "values", "written"),
    [
        ("Oi[, {name}]!", {"name": "Ana"}, "Oi, Ana!"),
        ("Oi[, {name}]!", {}, "Oi!"),
        ("Oi[, {name}]!", {"name": None}, "Oi!"),
        ("Oi[, {name}]!", {"name": ""}, "Oi!"),
        ("Até {day}!", {"day": "sexta"}, "Até sexta!"),
        ("Até {day}!", {}, None),
        ("[{part} de {day}]", {"part": "manhã"}, ""),
        ("{day}[, {part}]", {"part": "de manhã"}, None),
        ("sem nada", {}, "sem nada"),
        ("", {}, ""),
    ],
)
def test_what_is_missing_is_left_out_or_leaves_nothing(
    template: str, values: dict[str, str | None], written: str | None
) -> None:
    assert fill(template, values) == written


@pytest.mark.parametrize(
    "template", ["{", "}", "[", "]", "{a", "[a", "[[a]]", "{A}", "{}", "{a.b}"]
)
def test_a_template_that_cannot_be_read_is_refused(template: str) -> None:
    with pytest.raises(BadTemplate):
        placeholders(template)


@given(ANY_TEXT, ANY_TEXT)
def test_a_value_is_never_a_template(name: str, answer: str) -> None:
    written = fill("a {answer} b[, {name} c]", {"name": name, "answer": answer})
    assert written == f"a {answer} b, {name} c"


@given(st.data())
def test_every_wording_is_filled_with_whatever_the_values_are(data: st.DataObject) -> None:
    language = data.draw(st.sampled_from(LANGUAGES))
    id_ = data.draw(st.sampled_from(sorted(TEXTS[language].phrases)))
    template = data.draw(st.sampled_from(TEXTS[language].phrases[id_]))
    values = {name: data.draw(ANY_TEXT) for name in sorted(placeholders(template))}
    written = fill(template, values)
    expected = template.replace("[", "").replace("]", "")
    head, *rest = expected.split("{")
    for piece in rest:
        name, _, text = piece.partition("}")
        head += values[name] + text
    assert written == head


def test_the_placeholders_of_a_group_count_as_one() -> None:
    assert grouped(frozenset({"o_business", "de_business", "em_business"})) == {"business"}
    assert grouped(frozenset({"costs", "price"})) == {"price"}
    assert grouped(frozenset({"good_day_low", "on_day_cap"})) == {"good_day", "on_day"}
    assert grouped(frozenset({"unit_price"})) == {"unit_price"}

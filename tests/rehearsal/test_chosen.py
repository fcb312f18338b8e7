"""Which dialogues of a file are played: filled in, left out, or refused with a reason."""

import re
from datetime import UTC, datetime, time

import pytest

from mcp_platform.errors import Invalid, NotFound
from mcp_platform.rehearsal.dialogues import listed
from mcp_platform.rehearsal.placeholders import NAMES, BusinessFacts, facts_of
from mcp_platform.rehearsal.rehearsal import ChosenDialogues, chosen, standard
from mcp_platform.rehearsal.rehearsed import RehearsedTenant
from mcp_platform.scheduling.catalogue import ClosedDay, every_day
from mcp_platform.tenants.languages import LANGUAGES, Language
from tests import factories
from tests.cases import cases

FACTS = BusinessFacts({"service": "Corte", "service_id": "corte", "open": "2", "hour": "14:00"})
SATURDAY = datetime(2026, 11, 28, 15, tzinfo=UTC)  # noon in São Paulo


def _chosen(text: str, *only: str, facts: BusinessFacts = FACTS) -> ChosenDialogues:
    return chosen(text, only=only, language="pt-BR", facts=facts)


def test_placeholders_stand_for_facts_and_days_in_one_another() -> None:
    found = _chosen("""
- id: a
  before: {booked: [{service: "{service_id}", who: ze, day: "{open}", at: "{hour}"}]}
  turns: [{they: "tem {service} {wd{open}}?", says: ["{on{open}}"], times: {day: "{open}"}}]
""")
    (dialogue,) = found.played
    assert dialogue.turns[0].they == "tem Corte {wd2}?"
    assert dialogue.turns[0].says == ("{on2}",)
    assert dialogue.turns[0].times == {"day": 2}
    assert dialogue.before.booked[0]["at"] == "14:00"


def test_what_the_business_has_not_is_left_out_with_the_reason() -> None:
    found = _chosen("""
- id: a
  turns: [{they: "quanto custa? {price}"}]
- id: b
  turns: [{they: oi}]
""")
    assert [each.id for each in found.played] == ["b"]
    assert found.left_out == {"a": "price"}


WRONG = {
    "no yaml": ("- id: [", "no YAML, line"),
    "no list": ("id: a", "no list of dialogues"),
    "twice": ("[{id: a, turns: [{they: oi}]}, {id: a, turns: [{they: oi}]}]", "a stands twice"),
    "no such placeholder": ("[{id: a, turns: [{they: 'oi {servise}'}]}]", "no placeholder servise"),
    "nothing can be played": ("[{id: a, turns: [{they: '{price}'}]}]", "none can be played"),
}


@cases("name", WRONG)
def test_a_file_that_cannot_be_played_is_refused(name: str) -> None:
    text, why = WRONG[name]
    with pytest.raises(Invalid, match=re.escape(why)):
        _chosen(text)


FIELDS = {
    "unknown": ("{they: oi, say: [oi]}", "turns.0.say"),
    "no list": ("{they: oi, says: oi}", "turns.0.says"),
    "an hour that YAML counts": (
        "{they: oi, does: {booked: {at: 12:30}}}",
        "turns.0.does.booked.at",
    ),
    "nothing done": ("{says: [oi]}", "turns"),
    "two things done": ("{they: oi, taps: 1}", "turns"),
}


@cases("name", FIELDS)
def test_a_field_that_is_wrong_is_named(name: str) -> None:
    turn, field = FIELDS[name]
    with pytest.raises(Invalid) as refused:
        _chosen(f"[{{id: a, turns: [{turn}]}}]")
    assert field in refused.value.fields


def test_only_those_that_are_named_are_played() -> None:
    text = "[{id: a, turns: [{they: oi}]}, {id: b, turns: [{they: oi}]}]"
    assert [each.id for each in _chosen(text, "b").played] == ["b"]
    with pytest.raises(NotFound, match="no dialogue c"):
        _chosen(text, "c")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_standard_set_has_the_same_dialogues_in_each_language(language: Language) -> None:
    everything = BusinessFacts(dict.fromkeys(NAMES, "1") | {"hour": "14:00", "today_hour": "18:00"}
                               | {"hour2": "15:00"})  # fmt: skip
    found = chosen(standard(language), only=(), language=language, facts=everything)
    assert found.left_out == {}
    assert [each.id for each in found.played] == [each["id"] for each in listed(standard("pt-BR"))]
    shapes = [[turn.model_fields_set for turn in each.turns] for each in found.played]
    other = chosen(standard("en"), only=(), language="en", facts=everything)
    assert shapes == [[turn.model_fields_set for turn in each.turns] for each in other.played]


def test_facts_are_those_of_the_catalogue() -> None:
    hours = every_day(weekdays=(0, 1, 5), opens=time(9), closes=time(12))
    people = (factories.professional(hours=hours),)
    monday = ClosedDay(day=datetime(2026, 11, 30, tzinfo=UTC).date())
    rehearsed = RehearsedTenant(
        tenant=factories.tenant(),
        columns={"address": None, "phone": "(11) 4002-8922"},
        catalogue=factories.catalogue(professionals=people, closed_days=(monday,)),
        answers=(),
        known=dict.fromkeys(LANGUAGES, ()),
        wordings={},
    )
    known = facts_of(rehearsed, language="pt-BR", now=SATURDAY).known
    assert known == {
        "business": factories.BUSINESS,
        "phone": "(11) 4002-8922",
        "closed": "1",  # Sunday
        "service": "Corte",
        "service_id": "corte",
        "service2": "Barba",
        "service2_id": "barba",
        "duration": "30 min",
        "price": "R$ 45,00",
        "person": "Zé",
        "person_id": "ze",
        "open": "3",  # Tuesday: Monday is closed
        "hour": "10:30",
        "hour2": "11:00",
        "opens": "09:00",
    }
    assert known.keys() <= NAMES

"""A model that is broken: answered all the same, nothing done that nobody asked for, calls bounded."""

from typing import Any

import pytest

from mcp_platform.simulators.gemini.personas import BREAKAGES
from tests.personas.checker import EVERY, LANGUAGES, claims, replying, truth_of, untruths
from tests.world import World, choices_of, eventually, text_of

ASKS = {
    "pt": "Tem horário para corte amanhã com o Zé?",
    "en": "Do you have a time for a haircut tomorrow with Zé?",
    "es": "¿Hay hora para un corte mañana con Zé, por favor?",
}
PARKED = "SELECT count(*) FROM turns WHERE tenant_id = :tenant AND state = 'parked'"

CUSTOMERS = [f"55119888800{number:02}" for number in range(30)]  # a case each has no history
# One of each kind: a time, a range, a day, a type, a character, a name, and nothing at all.
FEW_ARGS: tuple[dict[str, Any], ...] = (
    {"from_time": "10:00Z"},
    {"from_date": "0001-01-01", "to_date": "9999-12-31"},
    {"from_date": "2026-02-30"},
    {"service_id": {"$ne": 1}},
    {"service_id": "corte\x00"},
    {"surprise": True},
    {},
)
SENSELESS_ARGS: tuple[dict[str, Any], ...] = (
    *FEW_ARGS,
    {"from_time": "10:00-03:00", "to_time": "12:00+02:00"},
    {"from_date": "9999-12-31"},
    {"from_date": "0001-01-01"},
    {"to_date": "0001-01-01"},
    {"from_date": 99999999999},
    {"from_date": "2026-12-01T10:00:00Z"},
    {"from_time": "24:00"},
    {"from_time": 3600},
    {"from_time": "18:00", "to_time": "08:00"},
    {"service_id": "corte' OR 1=1"},
    {"service_id": ""},
    {"service_id": None},
    {"service_id": "x" * 10_000},
    {"professional_id": "nobody"},
    {"professional_id": ""},
    {"appointment_id": "a_nobodys"},
    {"appointment_id": "a_\x00"},
)
FEW_IDS = ("s_\x00", None, {"id": 1})
SENSELESS_IDS = (*FEW_IDS, "", "x" * 5_000, 7, ["s_1"], "'; DROP TABLE offers; --")


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_kind_of_breakage_is_answered(here: World, language: str) -> None:
    for index, kind in enumerate(BREAKAGES):
        await here.persona("broken", index=index)
        before = len(await here.asked_model())
        reply = await here.ask(ASKS[language])
        assert text_of(reply).strip(), kind
        truth = await truth_of(here)
        assert untruths(reply, truth) + claims(reply, truth) == [], kind
        assert len(await here.asked_model()) - before <= 6, kind
    assert await here.statuses() == []


@EVERY
async def test_arguments_without_sense_break_no_turn(here: World, *, every: bool) -> None:
    for customer, args in zip(CUSTOMERS, SENSELESS_ARGS if every else FEW_ARGS, strict=False):
        call = {"name": "find_slots", "args": {"service_id": "corte", **args} if args else {}}

        reply = await _asked_once_it_calls(here, call, as_=customer)

        assert text_of(reply), args
        assert untruths(reply, await truth_of(here, phone=customer)) == [], args
        assert await here.value(PARKED) == 0, args


@EVERY
@pytest.mark.parametrize("name", ["book", "cancel", "reschedule"])
async def test_ids_without_sense_break_no_turn(here: World, name: str, *, every: bool) -> None:
    for customer, value in zip(CUSTOMERS, SENSELESS_IDS if every else FEW_IDS, strict=False):
        call = {"name": name, "args": {"slot_id": value, "appointment_id": value}}

        reply = await _asked_once_it_calls(here, call, as_=customer)

        assert text_of(reply), value
        assert await here.value(PARKED) == 0, value
        assert await here.statuses() == [], value


async def _asked_once_it_calls(here: World, call: dict[str, Any], *, as_: str) -> dict[str, Any]:
    """Ask a model that makes this call, whatever of the last one's answers was not wanted."""
    await here.gemini.delete("/_control/answers")
    await here.script({"call": call}, replying(("ask_time", "")))
    return await here.ask("Tem horário?", as_=as_)


async def test_a_hundred_calls_in_one_answer_are_not_all_made(here: World) -> None:
    search = {"name": "find_slots", "args": {"service_id": "corte"}}
    await here.script({"call": [search] * 100}, replying(("ask_time", "")))

    reply = await here.ask("Tem horário?")

    assert choices_of(reply)
    asked = [
        each
        for each in (await here.google.get("/_control/requests")).json()["requests"]
        if here.tenant.calendar_id in each["path"].replace("%40", "@")
    ]
    assert len(asked) <= 20


async def test_a_model_that_books_every_row_leaves_it_to_the_customer(here: World) -> None:
    rows = choices_of(await here.ask("Tem horário para corte amanhã com o Zé?"))
    calls = [{"name": "book", "args": {"slot_id": row["id"]}} for row in rows]
    await here.script({"call": calls}, replying(("done_book", "")))

    reply = await here.ask("marca todos")

    truth = await truth_of(here)
    assert untruths(reply, truth) + claims(reply, truth) == []
    assert len(choices_of(reply)) > 1
    assert await here.statuses() == []


async def test_a_model_that_never_stops_calling_is_stopped(here: World) -> None:
    search = {"call": {"name": "find_slots", "args": {"service_id": "corte"}}}
    await here.script(*[search] * 30)

    reply = await here.ask("Tem horário?")

    assert choices_of(reply)
    assert len(await here.asked_model()) <= 6
    await eventually(here.shows)

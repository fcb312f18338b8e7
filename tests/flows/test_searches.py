"""What a customer looks for in words: services, hours, people, and the rest of a list that is cut."""

from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from mcp_platform.scheduling.catalogue import Catalogue
from tests import factories
from tests.world import World, choice, choices_of, text_of, tomorrow

MORE = "Mais horários"


def find(**args: Any) -> dict[str, Any]:
    return {"call": {"name": "find_slots", "args": args}}


def reply(*phrases: str) -> dict[str, Any]:
    return {"call": {"name": "reply", "args": {"say": [{"phrase": each} for each in phrases]}}}


async def asked(here: World, text: str, **args: Any) -> dict[str, Any]:
    """Return the answer to a text for which the model makes this search."""
    await here.script(find(**{"from_date": f"{tomorrow():%F}", **args}), reply("ask_time"))
    return await here.ask(text)


def rows(message: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the hour and the description of each row with a time."""
    found = choices_of(message)
    return [(each["title"][-5:], each["description"]) for each in found if each["title"] != MORE]


def hours(message: dict[str, Any]) -> list[str]:
    return [hour for hour, _ in rows(message)]


async def test_each_row_of_several_services_names_its_own_and_a_tap_books_it(here: World) -> None:
    times = await asked(here, "tem corte ou barba amanhã às 15h?", service_ids="corte barba", from_time="15:00", order="nearest")  # fmt: skip

    at_three = {what for hour, what in rows(times) if hour == "15:00"}
    assert at_three == {"Corte · Zé", "Corte · Beto", "Barba · Zé", "Barba · Beto"}
    assert "Livre amanhã:" in text_of(times)
    shave = next(each for each in choices_of(times) if each.get("description") == "Barba · Beto")
    booked = await here.choose(shave)
    assert "✅ Agendado: Barba com Beto" in text_of(booked)
    assert await here.statuses() == ["booked"]


async def test_two_services_in_a_row_are_one_row_and_booked_together(here: World) -> None:
    times = await asked(here, "corte e barba amanhã de manhã", service_ids="corte, barba", together="true", from_time="10:00", to_time="12:00")  # fmt: skip

    assert "Corte e Barba, um depois do outro, amanhã:" in text_of(times)
    first = choices_of(times)[0]
    assert rows(times)[0] == ("10:00", "Corte · Zé + 10:30 Barba · Zé")
    booked = text_of(await here.choose(first))
    assert booked.count("✅ Agendado") == 2
    assert await here.statuses() == ["booked", "booked"]


async def test_two_services_asked_for_in_words_are_one_proposal_and_one_yes(here: World) -> None:
    times = await asked(here, "corte e barba amanhã 10h", service_ids="corte barba", together="true", from_time="10:00")  # fmt: skip
    slot = choices_of(times)[0]["id"]
    await here.script({"call": {"name": "book", "args": {"slot_id": slot}}}, reply("see_below"))

    proposal = await here.ask("pode marcar as duas coisas?")

    assert "Posso marcar?" in text_of(proposal)
    assert "Corte com Zé" in text_of(proposal)
    assert "Barba com Zé" in text_of(proposal)
    assert await here.statuses() == ["held", "held"]
    other = await here.choose(choice(proposal, "Outro horário"))
    assert "+" in rows(other)[0][1], "the times of the other one are lost"
    await here.choose(choice(proposal, "Confirmar"))
    assert await here.statuses() == ["booked", "booked"]


async def test_what_is_taken_of_two_in_a_row_books_neither(here: World) -> None:
    times = await asked(here, "corte e barba amanhã 10h", service_ids="corte barba", together="true", professional_id="ze", from_time="10:00")  # fmt: skip
    await here.owner_adds(tomorrow(10, 30))

    said = text_of(await here.choose(choices_of(times)[0]))

    assert "Agendado" not in said
    assert await here.statuses() == []


async def test_an_hour_without_a_service_shows_what_is_free_then(here: World) -> None:
    times = await asked(here, "tem horário amanhã às 15h?", from_time="15:00", order="nearest")
    services = {what.partition(" · ")[0] for hour, what in rows(times) if hour == "15:00"}
    assert services == {"Corte", "Barba", "Corte e barba"}


async def test_of_many_services_it_is_asked_which_and_the_hour_is_remembered(here: World) -> None:
    many = tuple(factories.service(f"s{n}", f"Serviço {n}", price_cents=1000) for n in range(12))
    here = replace(here, tenants=[])
    await here.add_tenant(catalogue=factories.catalogue(services=many))
    which = await asked(here, "tem horário amanhã às 15h?", from_time="15:00", order="nearest")

    assert "Qual serviço" in text_of(which)
    titles = [each["title"] for each in choices_of(which)]
    assert titles == [*(f"Serviço {n}" for n in range(9)), "Mais serviços"]
    await here.without_model()
    times = await here.ask("o segundo")
    assert {what.partition(" · ")[0] for _, what in rows(times)} == {"Serviço 1"}
    assert "15:00" in hours(times)
    assert "08:00" not in hours(times)


async def test_an_hour_at_which_nobody_works_shows_the_nearest_before_it(here: World) -> None:
    times = await asked(here, "tem corte amanhã às 20h?", service_ids="corte", from_time="20:00")

    assert "17:30" in hours(times)
    assert min(hours(times)) > "12:00"
    assert all(each["title"].split()[1] == f"{tomorrow():%d/%m}" for each in choices_of(times)[:-1])


async def test_the_last_of_the_day_is_reached_by_asking_for_it(here: World) -> None:
    times = await asked(here, "qual o último de amanhã?", service_ids="corte", order="latest")
    assert hours(times)[-1] == "17:30"
    first = await asked(here, "e o mais cedo?", service_ids="corte", order="earliest")
    assert hours(first)[0] == "08:00"


async def test_who_wants_to_come_sooner_is_shown_what_is_before_their_own_time(
    here: World,
) -> None:
    await here.ask_and_agree("Marca um corte depois de amanhã às 9h com o Zé")
    own = tomorrow(9, days=2)

    sooner = await here.ask("queria antecipar o meu, dá?")

    *shown, more = choices_of(sooner)
    assert more["title"] == MORE
    assert shown
    assert all(_start(each) < own for each in shown)
    days = await here.choose(more)
    assert [each["title"][-5:] for each in choices_of(days)][-1] <= f"{own:%d/%m}"
    times = await here.choose(choices_of(days)[-1])
    assert all(_start(each) < own for each in choices_of(times) if each["title"] != MORE)
    assert "remarcado" in text_of(await here.choose(shown[0])).lower()
    assert await here.starts() == [f"{_start(shown[0]):%Y-%m-%d %H:%M}"]


async def test_nothing_sooner_is_said_and_nothing_later_shown(here: World) -> None:
    await here.ask_and_agree("Marca um corte depois de amanhã às 9h com o Zé")
    await here.owner_adds(tomorrow(0, days=0), minutes=(2 * 24 + 9) * 60)

    sooner = await here.ask("queria antecipar o meu, dá?")

    assert "Não há mais horários livres nesse período." in text_of(sooner)
    assert not any(MORE in each["title"] or ":" in each["title"] for each in choices_of(sooner))


def _start(row: dict[str, str]) -> datetime:
    """Return when a row starts: its title is "ter 01/12 10:00"."""
    _, day, clock = row["title"].split()
    ahead = next(n for n in range(60) if f"{tomorrow(days=n):%d/%m}" == day)
    return tomorrow(int(clock[:2]), int(clock[3:]), days=ahead)


@pytest.mark.parametrize("who", ["", " com o Beto"])
async def test_two_services_without_one_of_that_name_are_one_visit(here: World, who: str) -> None:
    shop = await here.add_tenant(catalogue=_singles())

    proposal = await here.ask(f"marca corte e barba amanhã às 15h{who}", to=shop)

    assert "às 15:00; Barba com" in text_of(proposal)
    assert "no total R$ 75,00" in text_of(proposal)
    await here.choose(choice(proposal, "Confirmar"), to=shop)
    assert [each[-5:] for each in await here.starts(to=shop)] == ["15:00", "15:30"]


async def test_two_services_without_a_day_are_both_asked_about_and_booked(here: World) -> None:
    shop = await here.add_tenant(catalogue=_singles())

    days = await here.ask("oi, quero corte e barba", to=shop)

    assert "Corte e Barba" in text_of(days)
    times = await here.choose(choice(days, f"{tomorrow():%d/%m}"), to=shop)
    first = choices_of(times)[0]
    assert "Corte" in first["description"]
    assert "Barba" in first["description"]
    await here.choose(first, to=shop)
    assert await here.statuses(to=shop) == ["booked", "booked"]


def _singles() -> Catalogue:
    """Return a shop that has cut and shave, and nothing that is both."""
    services = (service for service in factories.SERVICES if service.id != factories.COMPLETO)
    return factories.catalogue(services=tuple(services))


async def test_everybody_who_is_free_is_shown_where_nobody_is_preferred(here: World) -> None:
    times = await asked(here, "tem corte amanhã?", service_ids="corte")
    people = Counter(what.rpartition(" · ")[2] for _, what in rows(times))
    assert set(people) == {"Zé", "Beto"}
    assert min(people.values()) >= 4


@pytest.mark.parametrize("typed", [False, True])
async def test_a_list_that_is_cut_leads_to_the_rest_and_rows_are_meant_as_shown(
    here: World, *, typed: bool
) -> None:
    times = await asked(here, "tem corte com o Zé amanhã à tarde?", service_ids="corte", professional_id="ze", from_time="08:00", to_time="17:00")  # fmt: skip
    assert hours(times)[0] == "08:00"
    assert len(choices_of(times)) == 10

    rest = await (here.ask("mais horários") if typed else here.choose(choice(times, MORE)))

    assert hours(rest)[0] > hours(times)[-1]
    assert hours(rest)[-1] == "17:00"
    third = hours(rest)[2]
    booked = text_of(await here.ask("o terceiro"))
    assert f"às {third}" in booked
    assert "Agendado" in booked


async def test_what_is_shown_again_still_leads_to_the_rest(here: World) -> None:
    await asked(here, "tem corte amanhã?", service_ids="corte")
    await here.script(reply("address", "ask_time"))
    again = await here.ask("onde fica? e qual horário tem?")
    assert choices_of(again)[-1]["title"] == MORE
    assert hours(await here.choose(choice(again, MORE)))


async def test_a_service_that_is_not_offered_is_told_to_the_model_alone(here: World) -> None:
    await here.script(find(service_ids="corte massagem"), reply("not_offered"))
    said = await here.ask("corte e massagem?")
    assert "Agendado" not in text_of(said)
    assert "vale mais" not in text_of(said)


async def test_a_person_who_is_offered_can_be_called_beside_a_list(here: World) -> None:
    await here.change(owner_whatsapp="5511988887777")
    await here.script(find(service_ids="corte", from_date=f"{tomorrow():%F}"), reply("frustrated"))
    times = await here.ask("que porcaria, já falei que quero corte amanhã")
    titles = [each["title"] for each in choices_of(times)]
    assert titles[-2:] == [MORE, "Falar com a equipe"]
    assert len(titles) == 10


async def test_what_was_passed_on_before_a_search_is_said_beside_it(here: World) -> None:
    ask = {"name": "ask_owner", "args": {"question": "toda terça?", "topic": "series"}}
    await here.change(owner_whatsapp="5511988887777")
    await here.script(
        {"call": [ask, find(service_ids="corte", from_date=f"{tomorrow():%F}")["call"]]},
        reply("recurring", "ask_time"),
    )
    said = await here.ask("dá pra deixar toda terça às 18h? corte")
    assert "equipe" in text_of(said)
    assert hours(said)


async def test_what_is_urgent_shows_the_first_times_that_are_free(here: World) -> None:
    """Of the service that is known: what the contact had last."""
    await here.change(owner_whatsapp="5511988887777")
    await here.ask("oi")
    booked = await here.choose(
        choices_of(await asked(here, "barba amanhã", service_ids="barba"))[0]
    )
    assert "Agendado" in text_of(booked)
    await here.script(reply("urgent"))

    said = await here.ask("estou com muita dor, dá pra ser hoje?")

    found = rows(said)
    assert found
    assert {what.partition(" · ")[0] for _, what in found} == {"Barba"}


async def test_the_day_is_asked_for_with_days_to_tap(here: World) -> None:
    asks = {"call": {"name": "reply", "args": {"say": [{"phrase": "ask_day", "about": "corte"}]}}}
    await here.script(asks)
    days = await here.ask("quero um corte")
    assert {"Zé", "Ana", "Tanto faz"}.isdisjoint(each["title"] for each in choices_of(days))
    times = await here.choose(choices_of(days)[1])
    assert choices_of(times)

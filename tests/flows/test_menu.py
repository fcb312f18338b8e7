"""Without a model: lists and buttons alone book, move and cancel, end to end."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mcp_platform.assistant.metrics import MENU_TURNS
from mcp_platform.flow import InboxHandler
from mcp_platform.scheduling.catalogue import ProfessionalId, Service, ServiceId
from mcp_platform.scheduling.catalogue_store import save_catalogue
from tests.factories import catalogue
from tests.world import World, choice, choices_of, eventually, text_of, tomorrow

HALF_HOUR = timedelta(minutes=30)
OFF = [{"gemini_enabled": False}]


async def test_taps_alone_book_move_and_cancel(here: World) -> None:
    await here.without_model()
    root = await here.ask("oi")
    assert [each["title"] for each in choices_of(root)] == [
        "Agendar",
        "Meus horários",
        "Falar com a equipe",
    ]

    times = await _to_times(here, root)
    booked = await here.choose(choice(times, "09:00"))

    assert "✅ Agendado: Corte com Zé" in text_of(booked)
    first = await here.starts()
    assert first[0].endswith("09:00")

    mine = await here.choose(choice(await here.ask("oi"), "Meus horários"))
    assert "Corte com Zé" in text_of(mine)
    days = await here.choose(choice(mine, "Remarcar"))
    times = await here.choose(choices_of(days)[2])
    moved = await here.choose(choice(times, "10:30"))
    assert "✅ Remarcado: Corte com Zé" in text_of(moved)
    assert await here.statuses() == ["booked"]
    assert (await here.starts())[0].endswith("10:30")

    mine = await here.choose(choice(await here.ask("oi"), "Meus horários"))
    sure = await here.choose(choice(mine, "Cancelar"))
    assert "Quer mesmo cancelar?" in text_of(sure)
    assert await here.statuses() == ["booked"]
    kept = await here.choose(choice(sure, "Manter horário"))
    assert "Corte com Zé" in text_of(kept)
    gone = await here.choose(choice(sure, "Sim, cancelar"))
    assert "❌ Cancelado: Corte com Zé" in text_of(gone)
    assert await here.statuses() == ["cancelled"]
    await eventually(here.shows, why="an empty calendar")


async def test_who_types_what_could_be_tapped_books_moves_and_cancels_too(here: World) -> None:
    await here.without_model()
    day = tomorrow(days=2)
    root = await here.ask("boa tarde")
    assert "Olá!" in text_of(root)

    for words in ("agendar", "Corte", "Ze", f"{day:%d/%m}"):
        reply = await here.ask(words)
        assert choices_of(reply), words
    assert "✅ Agendado: Corte com Zé" in text_of(await here.ask("9:00"))
    assert (await here.starts()) == [f"{day:%F} 09:00"]

    for words in ("tudo bem?", "meus horarios", "Cancelar"):
        reply = await here.ask(words)
        assert "Olá!" not in text_of(reply), "greeted already"
    assert "Quer mesmo cancelar?" in text_of(reply)
    assert "❌ Cancelado" in text_of(await here.ask("SIM"))
    assert await here.statuses() == ["cancelled"]


@pytest.mark.parametrize(
    "words", ["corte barba", "e", "?", "👍", "barba?", "corte e barba com bigode"]
)
async def test_words_that_name_no_choice_or_several_choose_nothing(here: World, words: str) -> None:
    await here.without_model()
    await here.choose(choice(await here.ask("oi"), "Agendar"))

    assert "O que você prefere?" in text_of(await here.ask(words))


async def test_every_free_day_and_time_can_be_reached_by_paging(here: World) -> None:
    await here.without_model()
    root = await here.ask("oi")
    services = await here.choose(choice(root, "Agendar"))
    people = await here.choose(choice(services, "Barba"))
    page = await here.choose(choice(people, "Beto"))
    days: list[str] = []
    while more := [each for each in choices_of(page) if each["title"] == "Mais dias"]:
        days += [each["title"] for each in choices_of(page) if each not in more]
        page = await here.choose(more[0])
    days += [each["title"] for each in choices_of(page)]

    assert len(days) == len(set(days)) >= 60
    times: list[str] = []
    page = await here.choose(choices_of(page)[0])
    while more := [each for each in choices_of(page) if each["title"] == "Mais horários"]:
        times += [each["title"][-5:] for each in choices_of(page) if each not in more]
        page = await here.choose(more[0])
    times += [each["title"][-5:] for each in choices_of(page)]
    assert times == [f"{8 + half // 2:02}:{30 * (half % 2):02}" for half in range(20)]

    booked = await here.choose(choices_of(page)[-1])
    assert "✅ Agendado: Barba com Beto" in text_of(booked)
    assert (await here.starts())[0].endswith("17:30")


async def test_whoever_does_not_mind_gets_somebody_who_is_free(here: World) -> None:
    await here.without_model()
    times = await _to_times(here, await here.ask("oi"), who="Tanto faz", day=1)
    ten = choice(times, "10:00")
    await here.choose(ten)

    other = await here.choose(ten, as_="5511999990002")
    assert "não vale mais" in text_of(other)  # what was offered to one is nothing to another

    times = await _to_times(
        here, await here.ask("oi", as_="5511999990002"), who="Tanto faz", day=1, as_="5511999990002"
    )
    reply = await here.choose(choice(times, "10:00"), as_="5511999990002")
    assert "✅ Agendado" in text_of(reply)
    assert len(set(await here.starts())) == 1
    assert len(await here.starts()) == 2


@pytest.mark.parametrize(
    ("fault", "params"),
    [
        ("unavailable", {}),
        ("server_error", {}),
        ("deadline", {}),
        ("quota", {"per": "day"}),
        ("quota", {"per": "minute", "retry_after_s": 30}),
        ("key_invalid", {}),
        ("denied", {}),
        ("billing", {}),
        ("reset", {}),
        ("malformed_json", {}),
        ("malformed_call", {}),
        ("empty_parts", {}),
        ("max_tokens_thoughts_only", {}),
        ("blocked", {}),
        pytest.param(
            "unknown_finish",
            {},
            # google-genai warns of a reason that it does not know, and goes on.
            marks=pytest.mark.filterwarnings("ignore:A_REASON_OF_NEXT_YEAR:UserWarning"),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "".join(map(str, value.values())),
)
async def test_whatever_is_wrong_with_the_model_the_menu_answers(
    here: World, fault: str, params: dict[str, Any]
) -> None:
    await here.fault(
        here.gemini, fault, match={"key": here.tenant.gemini_key}, times=None, **params
    )

    root = await here.ask("Quero marcar um corte amanhã às 15h com o Zé")

    assert "Posso marcar, remarcar ou cancelar" in text_of(root)
    services = await here.choose(choice(root, "Agendar"))
    assert [each["title"] for each in choices_of(services)] == ["Corte", "Barba", "Corte e barba"]


@pytest.mark.parametrize("fault", ["key_invalid", "denied"])
async def test_the_owner_is_told_once_that_the_models_key_is_refused(
    here: World, fault: str
) -> None:
    await here.fault(here.gemini, fault, match={"key": here.tenant.gemini_key}, times=None)

    for words in ("oi", "quero um corte", "amanhã"):
        await here.ask(words)

    await here.idle()
    told = await here.sent(as_=here.tenant.owner)
    assert ["Gemini" in text_of(each) for each in told] == [True]


@pytest.mark.parametrize("alone", [{"vendor_timeout_s": 0.2}], indirect=True)
async def test_a_model_that_never_answers_is_not_waited_for_for_ever(alone: World) -> None:
    await alone.fault(alone.gemini, "never", match={"key": alone.tenant.gemini_key}, times=None)

    root = await alone.ask("oi")

    assert "Posso marcar, remarcar ou cancelar" in text_of(root)


@pytest.mark.parametrize("alone", OFF, indirect=True)
async def test_with_the_model_switched_off_for_all_nobody_asks_it(alone: World) -> None:
    times = await _to_times(
        alone, await alone.ask_and_agree("Marca um corte amanhã às 15h com o Zé")
    )

    assert "✅ Agendado" in text_of(await alone.choose(choice(times, "09:00")))
    assert await alone.asked_model() == []


async def test_with_the_model_switched_off_for_one_tenant_nobody_asks_it_there(
    here: World,
) -> None:
    await here.without_model()

    reply = await here.ask_and_agree("Marca um corte amanhã às 15h com o Zé")

    assert choices_of(reply)
    assert await here.asked_model() == []


async def test_when_the_model_is_back_it_answers_again(here: World) -> None:
    await here.fault(here.gemini, "key_invalid", match={"key": here.tenant.gemini_key}, times=1)
    menu = await here.ask_and_agree("Marca um corte amanhã às 15h com o Zé")
    assert "✅" not in text_of(menu)

    reply = await here.ask_and_agree("Marca um corte amanhã às 15h com o Zé")

    assert "✅ Agendado" in text_of(reply)


async def test_a_full_day_is_not_offered_and_a_day_that_filled_up_meanwhile_says_so(
    here: World,
) -> None:
    await here.without_model()
    root = await here.ask("oi")
    services = await here.choose(choice(root, "Agendar"))
    people = await here.choose(choice(services, "Corte"))
    days = await here.choose(choice(people, "Zé"))
    title = f"{tomorrow():%d/%m}"
    row = choice(days, title)
    await here.owner_adds(tomorrow(0), minutes=24 * 60)

    reply = await here.choose(row)
    assert "Não há mais horários livres nesse período." in text_of(reply)
    assert choices_of(reply)
    booked = await here.choose(choices_of(reply)[0])
    assert "✅ Agendado" in text_of(booked)

    days = await here.choose(choice(people, "Zé"))
    assert title not in [each["title"][-5:] for each in choices_of(days)]


async def test_a_full_day_is_only_looked_at_also_by_a_turn_that_is_begun_again(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await here.without_model()
    services = await here.choose(choice(await here.ask("oi"), "Agendar"))
    days = await here.choose(choice(await here.choose(choice(services, "Corte")), "Zé"))
    row = choice(days, f"{tomorrow():%d/%m}")
    await here.owner_adds(tomorrow(0), minutes=24 * 60)
    close, failures = InboxHandler._close, [RuntimeError("killed here")]

    async def failing(answering: InboxHandler, *args: Any, **more: Any) -> Any:
        if failures:
            steps = "SELECT name FROM turn_steps WHERE tenant_id = :tenant AND name = 'tap'"
            assert await here.rows(steps) == []
            raise failures.pop()
        return await close(answering, *args, **more)

    monkeypatch.setattr(InboxHandler, "_close", failing)

    reply = await here.choose(row)

    assert not failures
    assert "Não há mais horários livres nesse período." in text_of(reply)
    assert "✅ Agendado" in text_of(await here.choose(choices_of(reply)[0]))


async def _to_times(
    here: World,
    root: dict[str, Any],
    *,
    who: str = "Zé",
    day: int = 1,
    as_: str = "5511999998888",
) -> dict[str, Any]:
    """Tap one's way from the first buttons to a day's times."""
    services = await here.choose(choice(root, "Agendar"), as_=as_)
    people = await here.choose(choice(services, "Corte"), as_=as_)
    days = await here.choose(choice(people, who), as_=as_)
    wanted = [
        each for each in choices_of(days) if each["title"].endswith(f"{tomorrow(days=day):%d/%m}")
    ]
    return await here.choose(wanted[0], as_=as_)


async def test_more_services_than_a_list_holds_can_all_be_reached(alone: World) -> None:
    shop = catalogue()
    many = tuple(
        Service(id=ServiceId(f"s{number}"), name=f"Serviço {number}", duration=HALF_HOUR)
        for number in range(23)
    )
    who = [
        replace(each, service_ids=frozenset(one.id for one in many)) for each in shop.professionals
    ]
    async with alone.session() as session:
        offer = replace(shop, services=many, professionals=tuple(who))
        await save_catalogue(session, alone.tenant.id, offer)
    await alone.without_model()

    reply = await alone.choose(choice(await alone.ask("oi"), "Agendar"))
    seen = [each["title"] for each in choices_of(reply)]
    while seen[-1] == "Mais serviços":
        reply = await alone.choose(choice(reply, "Mais serviços"))
        seen[-1:] = [each["title"] for each in choices_of(reply)]

    assert seen == [each.name for each in many]


@pytest.mark.parametrize("count", [9, 10, 20])
async def test_more_professionals_than_a_list_holds_can_all_be_reached(
    here: World, count: int
) -> None:
    shop = catalogue()
    many = tuple(
        replace(shop.professionals[0], id=ProfessionalId(f"p{number}"), name=f"Barbeiro {number}")
        for number in range(count)
    )
    async with here.session() as session:
        await save_catalogue(session, here.tenant.id, replace(shop, professionals=many))
    await here.without_model()

    services = await here.choose(choice(await here.ask("oi"), "Agendar"))
    reply = await here.choose(choice(services, "Corte"))
    seen = [each["title"] for each in choices_of(reply)]
    while seen[-1] == "Mais profissionais":
        reply = await here.choose(choice(reply, "Mais profissionais"))
        seen[-1:] = [each["title"] for each in choices_of(reply)]

    assert seen == ["Tanto faz", *(each.name for each in many)]
    assert choices_of(await here.choose(choices_of(reply)[-1])), "days of the last one"


async def test_a_business_without_services_says_that_nothing_is_free(alone: World) -> None:
    async with alone.session() as session:
        await save_catalogue(
            session, alone.tenant.id, replace(catalogue(), services=(), professionals=())
        )
    await alone.without_model()

    reply = await alone.choose(choice(await alone.ask("oi"), "Agendar"))

    assert "Não há dias livres" in text_of(reply)
    assert choices_of(reply)


@pytest.mark.parametrize("alone", [{"turn_processor_s": 0.000_001}], indirect=True)
async def test_a_turn_that_uses_too_much_processor_time_is_answered_by_the_menu_and_counted(
    alone: World,
) -> None:
    counted = MENU_TURNS.labels(why="over_budget")._value.get()

    reply = await alone.ask("Tem corte amanhã?")

    assert choices_of(reply)[0]["title"] == "Agendar"
    assert MENU_TURNS.labels(why="over_budget")._value.get() == counted + 1

"""What a real model may answer, understood as far as it means one thing, and never a dead end."""

from datetime import timedelta
from typing import Any

import pytest

from tests.world import World, choice, choices_of, text_of, tomorrow

ROOT = ["Agendar", "Meus horários", "Falar com a equipe"]
ASK = "Qual horário você prefere?"


def call(name: str, **args: Any) -> dict[str, Any]:
    return {"name": name, "args": args}


def search(**args: Any) -> dict[str, Any]:
    return call("find_slots", **{"service_id": "corte", "from_date": f"{tomorrow():%F}", **args})


def titles(reply: dict[str, Any]) -> list[str]:
    return [each["title"] for each in choices_of(reply)]


@pytest.mark.parametrize(
    "args",
    [
        {"service_id": "Corte"},
        {"service_id": "CORTE ", "professional_id": "zé"},
        {
            "to_date": "",
            "from_time": "",
            "to_time": " ",
            "professional_id": "",
            "appointment_id": "",
        },
        {"from_time": "15:00", "to_time": "24:00"},
        {"from_time": "15:00:00", "to_date": None, "professional_id": None},
    ],
    ids=str,
)
async def test_arguments_that_can_mean_one_thing_only_are_understood(
    here: World, args: dict[str, Any]
) -> None:
    await here.script({"call": search(**args)}, ASK)

    reply = await here.ask("Tem corte amanhã?")

    *found, more = choices_of(reply)
    assert more["title"] == "Mais horários"
    assert {each["title"].split()[1] for each in found} == {f"{tomorrow():%d/%m}"}
    if args.get("from_time"):
        assert found[0]["title"].endswith("15:00")


async def test_a_name_that_two_bear_is_nobodys_id(here: World) -> None:
    await here.rows(
        "WITH changed AS (UPDATE professionals SET name = 'Zé' WHERE tenant_id = :tenant"
        " RETURNING 1) SELECT count(*) FROM changed"
    )
    await here.script({"call": search(professional_id="Zé")}, ASK)

    assert not [title for title in titles(await here.ask("Tem corte com o Zé?")) if ":" in title]


async def test_of_what_is_booked_at_once_the_customer_says_which_or_all(here: World) -> None:
    offer = await here.ask("Tem horário para corte amanhã com o Zé?")
    shave = call("find_slots", service_id="barba", from_date=f"{tomorrow(days=2):%F}")
    await here.script({"call": shave}, ASK)
    other = await here.ask("E barba depois de amanhã?")
    both = [choices_of(offer)[0], choices_of(other)[3]]
    asked = [call("book", slot_id=each["id"]) for each in both]
    await here.script({"call": asked}, "Pronto!")

    reply = await here.ask("pode ser o corte ou a barba")

    assert "Qual destes você quer?" in text_of(reply)
    assert titles(reply) == [*(each["title"] for each in both), "Os dois"]
    assert await here.statuses() == []
    done = await here.ask("quero os dois")
    assert text_of(done).count("✅ Agendado") == 2
    assert await here.statuses() == ["booked", "booked"]


async def test_one_of_what_was_booked_at_once_is_tapped(here: World) -> None:
    times = {"from_time": "15:00", "to_time": "15:00"}
    searches = [search(professional_id=who, **times) for who in ("ze", "beto")]
    await here.script({"call": searches}, ASK)
    offer = await here.ask("Tem corte amanhã às 15h?")
    both = [call("book", slot_id=each["id"]) for each in choices_of(offer)]
    assert len(both) == 2
    await here.script({"call": both}, {"call": both[0]}, "Pronto!")  # what asks is asked

    reply = await here.ask("pode ser com o primeiro ou com o segundo")

    assert await here.statuses() == []
    assert "✅ Agendado" in text_of(await here.choose(choices_of(reply)[1]))
    assert await here.statuses() == ["booked"]


async def test_of_what_is_booked_after_another_in_a_turn_the_customer_says_which(
    here: World,
) -> None:
    offer = await here.ask("Tem horário para corte amanhã com o Zé?")
    first, second = (call("book", slot_id=each["id"]) for each in choices_of(offer)[:2])
    await here.script({"call": first}, {"call": second}, "Pronto!")

    reply = await here.ask("quero o primeiro e o segundo")

    assert "Qual destes você quer?" in text_of(reply)
    assert "Posso marcar?" not in text_of(reply)
    assert titles(reply) == [*titles(offer)[:2], "Os dois"]
    assert "booked" not in await here.statuses()
    assert text_of(await here.ask("os dois")).count("✅ Agendado") == 2
    assert await here.statuses() == ["booked", "booked"]


async def test_of_two_alternatives_of_a_move_the_customer_says_which(here: World) -> None:
    await here.ask_and_agree("Marca um corte amanhã às 15h com o Zé")
    offer = await here.ask("Preciso remarcar, o que tem depois de amanhã com o Zé?")
    [mine, *_] = await here.rows(
        "SELECT id FROM offers WHERE tenant_id = :tenant AND action ->> 'do' = 'appointment'"
    )
    first, second = (
        call("reschedule", appointment_id=mine.id, slot_id=each["id"])
        for each in choices_of(offer)[:2]
    )
    await here.script({"call": [first, second]}, "Pronto!")

    reply = await here.ask("pode ser no primeiro ou no segundo")

    assert "✅" not in text_of(reply)
    assert titles(reply) == [*titles(offer)[:2], "Os dois"]
    assert "✅" not in text_of(await here.ask("Não quero os dois"))
    assert "✅ Remarcado" in text_of(await here.choose(choices_of(reply)[1]))
    assert await here.statuses() == ["booked"]


async def test_another_day_than_the_words_name_is_not_cancelled_unasked(here: World) -> None:
    when = tomorrow(15)
    await here.ask_and_agree("Marca um corte amanhã às 15h com o Zé")
    listed = await here.ask("Oi")
    assert text_of(listed)
    [mine, *_] = await here.rows(
        "SELECT id FROM offers WHERE tenant_id = :tenant AND action ->> 'do' = 'appointment'"
    )
    await here.script({"call": call("cancel", appointment_id=mine.id)}, "Pronto!")

    reply = await here.ask("cancela o de depois de amanhã")

    assert "Quer mesmo cancelar?" in text_of(reply)
    assert await here.statuses() == ["booked"]
    yes = choice(reply, "Sim, cancelar")
    await here.rows(
        "WITH moved AS (UPDATE appointments SET starts_at = starts_at + interval '1 hour',"
        " ends_at = ends_at + interval '1 hour', blocked = tstzrange(starts_at + interval '1 hour',"
        " ends_at + interval '1 hour', '[)') WHERE tenant_id = :tenant RETURNING 1)"
        " SELECT count(*) FROM moved"
    )
    again = await here.choose(yes)
    assert "Esse horário mudou nesse meio-tempo. Quer mesmo cancelar?" in text_of(again)
    assert f"{when + timedelta(hours=1):%H:%M}" in text_of(again)
    assert await here.statuses() == ["booked"]
    assert "❌ Cancelado" in text_of(await here.choose(choice(again, "Sim, cancelar")))


async def test_what_is_called_twice_is_asked_once(here: World) -> None:
    offer = await here.ask("Tem horário para corte amanhã com o Zé?")
    book = call("book", slot_id=choices_of(offer)[0]["id"])
    await here.script({"call": [book, book]}, "Pronto!")

    proposed = await here.ask("pode ser o mais cedo")
    assert text_of(proposed).count("Posso marcar?") == 1
    assert await here.statuses() == ["held"]
    assert "✅" in text_of(await here.choose(choice(proposed, "Confirmar")))

    await here.ask("Oi")
    [mine, *_] = await here.rows(
        "SELECT id FROM offers WHERE tenant_id = :tenant AND action ->> 'do' = 'appointment'"
    )
    cancel = call("cancel", appointment_id=mine.id)
    await here.script({"call": [cancel, cancel]}, "Pronto!")

    asked = await here.ask("acho que vou ter que cancelar")
    assert text_of(asked).count("Quer mesmo cancelar?") == 1
    assert await here.statuses() == ["booked"]
    assert "❌" in text_of(await here.ask("sim"))


async def test_what_is_proposed_is_not_offered_beside_it(here: World) -> None:
    offer = await here.ask("Tem horário para corte amanhã com o Zé?")
    slot = choices_of(offer)[0]["id"]
    await here.script({"call": call("book", slot_id=slot)}, f"Te espero! {{slot:{slot}}}")

    reply = await here.ask("pode ser o mais cedo")

    assert "Posso marcar?" in text_of(reply)
    assert titles(reply) == ["Confirmar", "Outro horário", "Agora não"]


async def test_what_was_looked_for_at_once_is_shown_together(here: World) -> None:
    await here.script({"call": [search(), search(service_id="barba")]}, ASK)

    reply = await here.ask("Tem corte e barba amanhã?")

    shown = [each["description"].split(" · ")[0] for each in choices_of(reply)]
    assert shown == ["Corte"] * 5 + ["Barba"] * 5


async def test_the_same_search_twice_is_shown_once(here: World) -> None:
    await here.script({"call": [search(), search()]}, ASK)

    shown = titles(await here.ask("Tem corte amanhã?"))

    assert len(shown) == len(set(shown)) == 10


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (call("book", slot_id="s_nobodys"), "Essa opção não vale mais."),
        (call("cancel", appointment_id="a_nobodys"), "Não encontrei esse agendamento"),
    ],
    ids=lambda each: each["name"] if isinstance(each, dict) else "",
)
async def test_an_id_that_the_model_invents_is_its_own_error_and_leaves_a_way_on(
    here: World, asked: dict[str, Any], said: str
) -> None:
    await here.script({"call": asked}, "Pronto!")

    reply = await here.ask("marca")

    assert said not in text_of(reply), "the model's own error is told to the customer"
    assert titles(reply) == ROOT


async def test_a_question_stands_below_the_reason_for_it(here: World) -> None:
    far = f"{tomorrow(days=400):%F}"
    ask = {"name": "reply", "args": {"say": [{"phrase": "ask_time"}]}}
    await here.script({"call": search(from_date=far)}, {"call": ask})

    said = text_of(await here.ask("Tem corte no ano que vem?"))

    assert "Não marcamos horários para esse período." in said
    assert said.endswith("?")


WEEKDAYS = ("segunda", "terça", "quarta", "quinta", "sexta", "sábado", "domingo")


def days(reply: dict[str, Any]) -> list[str]:
    """Return the days of a reply's rows, each once."""
    return list(dict.fromkeys(title.split()[1] for title in titles(reply) if ":" in title))


async def test_a_weekday_that_the_model_miscounts_is_asked_about_and_not_booked(
    here: World,
) -> None:
    meant, miscounted = tomorrow(days=2), tomorrow(days=3)
    said = WEEKDAYS[meant.weekday()]
    await here.script({"call": search(from_date=f"{miscounted:%F}")}, ASK)

    reply = await here.ask(f"Quero cortar o cabelo {said} às 10h")

    assert "Só para confirmar o dia: " in text_of(reply)
    assert f"{said}" in text_of(reply)
    assert days(reply) == [f"{meant:%d/%m}", f"{miscounted:%d/%m}"]

    wrong = choices_of(reply)[-2]
    await here.script({"call": call("book", slot_id=wrong["id"])}, "Pronto!")
    again = await here.ask(f"{said}")
    assert "Só para confirmar o dia: " in text_of(again)
    assert await here.statuses() == []

    right = choices_of(reply)[0]
    await here.script({"call": call("book", slot_id=right["id"])}, "Pronto!")
    assert "✅ Agendado" in text_of(await here.ask_and_agree(f"na {said} mesmo"))
    assert await here.statuses() == ["booked"]

    # Named for the appointment that is there, the same word asks for no day.
    await here.script({"call": search(from_date=f"{miscounted:%F}")}, ASK)
    other = await here.ask(f"consegue mudar o meu horário de {said}?")
    assert days(other) == [f"{miscounted:%d/%m}"]


async def test_who_does_not_do_a_service_is_no_reason_to_answer_nothing(here: World) -> None:
    """Whether the model says so or a row that was shown before the catalogue changed."""
    await here.script({"call": search(professional_id="ze")}, ASK)
    [row, *_] = choices_of(await here.ask("Tem corte com o Zé?"))
    await here.without_model()
    [book, *_] = choices_of(await here.ask("oi"))
    corte = choice(await here.choose(book), "Corte")
    ze = choice(await here.choose(corte), "Zé")
    await here.rows(
        "WITH gone AS (DELETE FROM offerings WHERE tenant_id = :tenant AND service_id = 'corte'"
        " AND professional_id = 'ze' RETURNING 1) SELECT count(*) FROM gone"
    )
    assert here.platform is not None
    here.platform.shared.catalogues.forget(here.tenant.id)
    await here.change(model_enabled=True)
    said = {"name": "reply", "args": {"say": [{"phrase": "who_works", "about": "corte"}]}}
    await here.script({"call": search(professional_id="ze")}, {"call": said})

    assert "Beto" in text_of(await here.ask("E com o Zé?"))
    assert titles(await here.choose(ze)) == ROOT
    assert choices_of(await here.choose(row))
    assert await here.statuses() == []

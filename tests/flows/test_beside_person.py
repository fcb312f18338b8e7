"""While a person has the conversation: told once that nobody is there yet, helped in danger."""

from typing import Any

import pytest

from mcp_platform.flow import InboxHandler
from mcp_platform.words.texts import TEXTS
from tests.flows.test_person import anas, asked
from tests.world import World, choice, choices_of, text_of, tomorrow

WANTS = "quero falar com uma pessoa"
NOBODY_YET = ("ainda não conseguiu responder", "Ainda estou esperando alguém da equipe")


def _says_nobody_is_there(message: dict[str, Any]) -> bool:
    return any(each in text_of(message) for each in NOBODY_YET)


async def _say(here: World, *words: str) -> list[dict[str, Any]]:
    """Send messages one after the other; return what was said to them."""
    before = len(await here.sent())
    for each in words:
        await here.say(each)
        await here.idle()
    return (await here.sent())[before:]


@pytest.mark.parametrize("model", [True, False])
async def test_who_waits_is_told_once_and_the_owner_reminded_once(here: World, model: bool) -> None:  # noqa: FBT001
    await here.ask(WANTS)
    if not model:
        await here.without_model()
    asked_model = len(await here.asked_model())

    [told] = await _say(here, "tem alguém aí??", "alô?", "oi?")

    assert _says_nobody_is_there(told)
    assert [each["title"] for each in choices_of(told)] == ["Ver horários", "Voltar ao assistente"]
    assert len(await here.asked_model()) == asked_model
    _, reminder = await here.sent(as_=here.tenant.owner)
    assert "continua esperando uma pessoa. «tem alguém aí??»" in text_of(reminder)
    contact = await asked(here, "GET", f"/{await anas(here)}")
    assert contact["unanswered_since"] is not None


async def test_a_tap_goes_back_to_the_assistant_and_the_next_hand_over_counts_anew(
    here: World,
) -> None:
    await here.ask(WANTS)
    [told] = await _say(here, "alô?")

    back = await here.choose(choice(told, "Voltar ao assistente"))

    assert "assistente virtual" in text_of(back)
    assert choices_of(back)
    assert "✅ Agendado" in text_of(
        await here.ask_and_agree("Marca um corte amanhã às 15h com o Zé")
    )
    await here.ask(WANTS)
    [again] = await _say(here, "alô?", "oi?")
    assert _says_nobody_is_there(again)


async def test_who_wants_times_meanwhile_is_shown_services_by_the_assistant(here: World) -> None:
    await here.ask(WANTS)
    [told] = await _say(here, "alô?")

    shown = await here.choose(choice(told, "Ver horários"))

    assert "assistente virtual" in text_of(shown)
    assert "Corte" in [each["title"] for each in choices_of(shown)]
    contact = await asked(here, "GET", f"/{await anas(here)}")
    assert contact["handling"] == "assistant"


async def test_who_has_complained_is_offered_nothing_while_they_wait(here: World) -> None:
    await here.ask("péssimo atendimento, o corte ficou torto")

    [told] = await _say(here, "quero meu dinheiro de volta", "alô?")

    assert choices_of(told) == []
    assert any(
        text_of(told).startswith(each.partition("[")[0].strip())
        for each in TEXTS["pt-BR"].phrases["human_waiting_grave"]
    )
    assert "Acabei de reforçar o chamado." in text_of(told)


async def test_who_types_what_stands_on_the_button_goes_back_too(here: World) -> None:
    await here.ask(WANTS)

    _, back = await _say(here, "alô?", "voltar ao assistente")

    assert "assistente virtual" in text_of(back)


async def test_the_assistant_is_silent_once_somebody_is_there(here: World) -> None:
    await here.ask(WANTS)
    [told] = await _say(here, "alô?")
    contact = await anas(here)
    await asked(here, "POST", f"/{contact}/take", json={})

    assert await _say(here, "oi?") == []
    await asked(here, "POST", f"/{contact}/reply", json={"text": "Oi, sou a Bia."})
    await here.idle()
    before = len(await here.sent())
    await here.tap(choice(told, "Voltar ao assistente"))
    await here.idle()

    assert len(await here.sent()) == before
    assert (await asked(here, "GET", f"/{contact}"))["handling"] == "person"


async def test_killed_before_its_reply_it_is_said_once_all_the_same(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await here.ask(WANTS)
    close, failures = InboxHandler._close, [RuntimeError("killed here")]

    async def failing(answering: InboxHandler, *args: Any, **more: Any) -> Any:
        if failures:
            raise failures.pop()
        return await close(answering, *args, **more)

    monkeypatch.setattr(InboxHandler, "_close", failing)

    [told] = await _say(here, "alô?", "oi?")

    assert not failures
    assert _says_nobody_is_there(told)
    assert len(await here.sent(as_=here.tenant.owner)) == 2


@pytest.mark.parametrize(
    ("written", "numbers"),
    [
        ("meu pai tá com dor no peito", ["192"]),
        ("não quero mais viver", ["188", "192"]),
        ("meu marido está me batendo", ["190", "180"]),
        ("my father has chest pain", ["192"]),
        ("me quiero morir", ["188", "192"]),
    ],
)
async def test_danger_is_answered_though_a_person_has_the_conversation(
    here: World, written: str, numbers: list[str]
) -> None:
    await here.ask(WANTS)
    await asked(here, "POST", f"/{await anas(here)}/take", json={})

    [helped] = await _say(here, written, written, "alguém?")

    assert all(each in text_of(helped) for each in numbers)
    assert choices_of(helped) == []
    [urgent] = [
        each for each in await here.sent(as_=here.tenant.owner) if "URGENTE" in text_of(each)
    ]
    assert f"«{written}»" in text_of(urgent)
    assert (await asked(here, "GET", f"/{await anas(here)}"))["taken_by"] == "bia"


async def test_after_danger_nobody_is_told_to_look_at_times(here: World) -> None:
    await here.ask(WANTS)

    [helped] = await _say(here, "não quero mais viver", "alguém?")

    assert "188" in text_of(helped)


async def test_danger_is_answered_without_the_model_and_a_person_called(here: World) -> None:
    await here.without_model()

    [helped] = await _say(here, "socorro, minha mãe desmaiou aqui", "ela não acorda")

    assert "192" in text_of(helped)
    assert choices_of(helped) == []
    assert "URGENTE" in "".join(text_of(each) for each in await here.sent(as_=here.tenant.owner))
    assert (await asked(here, "GET", f"/{await anas(here)}"))["handling"] == "waiting"


@pytest.mark.parametrize(
    ("written", "numbers"),
    [("he's not breathing", ["192"]), ("no respira", ["192"]), ("quero morrer", ["188", "192"])],
)
@pytest.mark.parametrize("chosen", ["unclear", "greet"])
async def test_danger_that_the_model_does_not_see_is_answered_by_code(
    here: World, written: str, numbers: list[str], chosen: str
) -> None:
    await here.script({"call": {"name": "reply", "args": {"say": [{"phrase": chosen}]}}})

    [helped] = await _say(here, written)

    assert all(each in text_of(helped) for each in numbers)
    assert choices_of(helped) == []


async def test_what_is_done_beside_a_sign_of_danger_is_said(here: World) -> None:
    """Somebody fainted yesterday, so today's appointment is to go: that is what they wait for."""
    day = f"{tomorrow():%F}"
    search = {"name": "find_slots", "args": {"service_id": "corte", "from_date": day}}
    await here.script({"call": search}, "Qual horário você prefere?")

    [found] = await _say(here, "minha mãe desmaiou ontem, posso ir amanhã?")

    assert len(choices_of(found)) > 1


@pytest.mark.parametrize("written", ["meu pai tá com dor no peito", "a Mel comeu chumbinho"])
async def test_where_no_owner_can_be_told_help_is_given_and_nobody_is_said_to_know(
    here: World, written: str
) -> None:
    await here.change(owner_whatsapp=None)

    [helped] = await _say(here, written)

    assert "Não espere" in text_of(helped)
    assert "equipe já foi avisada" not in text_of(helped)
    assert await here.value(
        "SELECT count(*) FROM tenant_troubles WHERE tenant_id = :tenant AND what = 'owner_number'"
    )


async def test_where_the_owner_is_told_it_is_said(here: World) -> None:
    [helped] = await _say(here, "meu pai tá com dor no peito")

    assert "equipe já foi avisada" in text_of(helped)
    assert "URGENTE" in "".join(text_of(each) for each in await here.sent(as_=here.tenant.owner))


async def test_who_is_to_go_to_an_emergency_room_is_shown_no_times(here: World) -> None:
    search = {"service_id": "corte", "from_date": f"{tomorrow():%F}"}
    await here.script(
        {"call": {"name": "find_slots", "args": search}},
        {"call": {"name": "reply", "args": {"say": [{"phrase": "emergency_room"}]}}},
    )

    [helped] = await _say(here, "cortei a mão fundo e não para de sangrar")

    assert "pronto-socorro" in text_of(helped)
    assert choices_of(helped) == []


async def test_in_grief_who_does_not_come_owes_no_tap_and_the_owner_is_told(here: World) -> None:
    await here.ask_and_agree("Marca um corte amanhã às 15h com o Zé")

    [met] = await _say(here, "minha avó faleceu, não vamos amanhã")

    assert choices_of(met) == []
    assert "perda" in text_of(met)
    urgent = text_of((await here.sent(as_=here.tenant.owner))[-1])
    assert "URGENTE" in urgent
    assert "«minha avó faleceu, não vamos amanhã»" in urgent
    assert await here.statuses() == ["booked"]

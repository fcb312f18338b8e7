"""Without a model: the business's answers in the menu, and a question passed on, end to end."""

from typing import Any

import pytest

from mcp_platform.audit.actor import Actor
from mcp_platform.flow import InboxHandler
from mcp_platform.registry.answers.forms import AnswerWish
from mcp_platform.registry.answers.phrases import PhraseWish, TenantPhrases
from mcp_platform.registry.answers.questions import QuestionAnswer, TenantQuestions
from mcp_platform.registry.answers.service import TenantAnswers
from mcp_platform.registry.environments import Environments
from mcp_platform.words.texts import TEXTS
from tests.world import World, choice, choices_of, text_of

ME = Actor(kind="command", subject="tests", role="admin")
PARKING = {
    "title": "Estacionamento",
    "questions": ["Tem estacionamento?", "Onde deixo o carro?"],
    "text": "Ao lado, por R$ 10,00.",
}
USUAL = ["Agendar", "Meus horários", "Dúvidas", "Falar com a equipe"]


async def know(here: World, *wishes: dict[str, Any]) -> None:
    async with here.session() as session:
        located = await Environments(session, ME).locate(
            here.tenant.client_name, here.tenant.environment
        )
        for wish in wishes:
            await TenantAnswers(session, ME, located).create(AnswerWish.of(wish))


def titles(reply: dict[str, Any]) -> list[str]:
    return [each["title"] for each in choices_of(reply)]


async def test_the_answers_are_listed_and_a_tap_quotes_one(here: World) -> None:
    await here.without_model()
    await know(here, PARKING, *(_about(number) for number in range(1, 10)))
    root = await here.ask("oi")
    assert titles(root) == USUAL
    page = await here.choose(choice(root, "Dúvidas"))
    assert text_of(page) == "Sobre qual assunto?"
    assert titles(page) == [
        "Estacionamento",
        *(f"Assunto {number}" for number in range(1, 8)),
        "Mais dúvidas",
        "Perguntar à equipe",
    ]
    rest = await here.choose(choice(page, "Mais dúvidas"))
    assert titles(rest) == ["Assunto 8", "Assunto 9", "Perguntar à equipe"]
    told = await here.choose(choice(page, "Estacionamento"))
    assert text_of(told) == "Ao lado, por R$ 10,00."
    assert titles(told) == USUAL
    await here.rows(
        "UPDATE answer_texts SET approved = false WHERE tenant_id = :tenant RETURNING 1"
    )
    gone = await here.choose(choice(page, "Assunto 1"))
    assert text_of(gone).startswith("Essa opção não vale mais.")
    assert "Dúvidas" not in titles(gone)


async def test_typed_words_find_an_answer(here: World) -> None:
    await here.without_model()
    await know(here, PARKING, _about(1))
    exact = await here.ask("tem Estacionamento???")
    assert text_of(exact) == "Ao lado, por R$ 10,00."
    found = await here.ask("onde posso parar o meu carro?")
    assert titles(found) == ["Estacionamento", "Perguntar à equipe", "Agendar", "Meus horários"]
    assert text_of(await here.choose(choice(found, "Estacionamento"))) == "Ao lado, por R$ 10,00."
    # What asks nothing is led to what can be done here, an answer beside it at most.
    wish = await here.ask("quero marcar para amanhã")
    assert titles(wish)[:2] == ["Agendar", "Meus horários"]
    assert titles(wish)[-1] == "Falar com a equipe"


async def test_a_question_goes_to_the_team_and_its_answer_comes_back(here: World) -> None:
    await here.without_model()
    await know(here, PARKING)
    found = await here.ask("vocês têm wi-fi?")
    said = await here.choose(choice(found, "Perguntar à equipe"))
    assert text_of(said) in TEXTS["pt-BR"].phrases["asked_owner"]
    owner = (await here.sent(as_=here.tenant.owner, at_least=1))[-1]
    assert "escreveu «vocês têm wi-fi?»" in text_of(owner)

    page = await here.choose(choice(await here.ask("oi"), "Dúvidas"))
    what = await here.choose(choice(page, "Perguntar à equipe"))
    assert text_of(what).startswith("Pode escrever a sua pergunta")
    again = await here.ask("Voces tem wifi?")
    assert text_of(again).startswith(("Ainda", "A resposta", "Por enquanto", "Sua pergunta"))
    assert len(await here.sent(as_=here.tenant.owner)) == 1
    what = await here.choose(choice(page, "Perguntar à equipe"))
    assert "O que você prefere?" in text_of(await here.choose(choice(what, "Agora não")))

    ((question,),) = await here.rows("SELECT id FROM open_questions WHERE tenant_id = :tenant")
    before = len(await here.sent())
    async with here.session() as session:
        located = await Environments(session, ME).locate(
            here.tenant.client_name, here.tenant.environment
        )
        assert here.platform is not None
        now = here.platform.shared.clock()
        wish = QuestionAnswer.of({"text": "Temos!", "save_as_answer": None})
        await TenantQuestions(session, ME, located).answer(question, wish, now=now)
    reply = (await here.replies(before + 1))[-1]
    assert text_of(reply) == "A equipe respondeu sobre «vocês têm wi-fi?»: Temos!"


async def test_the_model_may_quote_an_answer(here: World) -> None:
    await know(here, PARKING)
    (row,) = await here.rows("SELECT id FROM answers WHERE tenant_id = :tenant")
    say = [{"phrase": "answer", "about": row.id}]
    await here.script({"call": {"name": "reply", "args": {"say": say}}})
    reply = await here.ask("tem estacionamento aí?")
    assert "Ao lado, por R$ 10,00." in text_of(reply)


def _about(number: int) -> dict[str, Any]:
    return {
        "title": f"Assunto {number}",
        "questions": [f"E o assunto {number}?"],
        "text": f"Texto {number}.",
    }


async def test_the_business_speaks_in_its_own_words(here: World) -> None:
    await _says(here, "Tamo junto!", "É nóis.")
    await here.ask("oi")
    assert text_of(await here.ask("valeu mesmo, obrigado")) in {"Tamo junto!", "É nóis."}


async def test_what_a_business_changes_meanwhile_is_said_from_the_next_turn_on(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _says(here, "Tamo junto!")
    await here.ask("oi")
    close, failures = InboxHandler._close, [RuntimeError("killed here")]

    async def failing(answering: InboxHandler, *args: Any, **more: Any) -> Any:
        if failures:
            await _says(here, "Disponha!")
            raise failures.pop()
        return await close(answering, *args, **more)

    monkeypatch.setattr(InboxHandler, "_close", failing)

    assert text_of(await here.ask("valeu mesmo, obrigado")) == "Tamo junto!"
    assert not failures


async def test_a_condition_of_the_business_is_read_before_a_yes(here: World) -> None:
    rule = {
        "title": "Cancelamento",
        "questions": ["Posso cancelar?"],
        "text": "Cancelando com menos de 24 h, cobramos metade.",
        "condition": True,
    }
    await know(here, PARKING, rule)

    listed = await here.ask("Tem horário para corte amanhã com o Zé?")
    proposal = await here.ask("Marca um corte amanhã às 15h com o Zé")

    assert rule["text"] not in text_of(listed)
    asked, _, conditions = text_of(proposal).partition("\n\n")
    assert "Posso marcar?" in asked
    assert conditions == rule["text"]
    booked = await here.choose(choice(proposal, "Confirmar"))
    assert "✅ Agendado" in text_of(booked)
    assert rule["text"] not in text_of(booked)
    moved = await here.ask("Muda meu corte de amanhã para amanhã às 16h")
    assert "Posso trocar?" in text_of(moved)
    assert text_of(moved).endswith(rule["text"])


async def _says(here: World, *wordings: str) -> None:
    """Have the business close a conversation in its own words."""
    async with here.session() as session:
        located = await Environments(session, ME).locate(
            here.tenant.client_name, here.tenant.environment
        )
        phrases = TenantPhrases(session, ME, located)
        wish = PhraseWish.of({"wordings": list(wordings)})
        await phrases.replace("welcome", wish, language=None, versions=None)

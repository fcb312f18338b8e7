"""What a reply must say of what was done, whatever the model says of it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from mcp_platform.assistant.information import information
from mcp_platform.assistant.outcomes import Done, HandedOver, Informed, Listed
from mcp_platform.assistant.phrases import of_business, phrases
from mcp_platform.assistant.speech import Speech
from mcp_platform.scheduling.outcome import CalendarClosed, LimitReached, SlotView, Taken
from mcp_platform.whatsapp.reply import Reply
from tests.factories import CORTE, ZE, ZONE, catalogue

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=ZONE)
INFO = Done(Informed({"address": "Rua das Flores, 10", "hours": [], "services": []}))
SLOT = SlotView(
    service_id=CORTE,
    service_name="Corte",
    professional_id=ZE,
    professional_name="Zé",
    start=NOW + timedelta(days=1),
    end=NOW + timedelta(days=1, minutes=30),
)


def reply(
    *done: Done,
    text: str = "",
    offered: dict[str, SlotView] | None = None,
    asked: str = "",
    names: tuple[str, ...] = (),
) -> Reply:
    said = Speech(language="pt-BR", catalogue=catalogue(), now=NOW).compose(
        text=text, done=done, appointments={}, offered=offered or {}, names=names, asked=asked
    )
    assert said is not None
    return said


def test_a_business_is_named_with_the_article_it_chose_and_its_services_with_its_own_icon() -> None:
    named = [
        of_business("Barbearia", article=article, language=language)
        for language in ("pt-BR", "es", "en")
        for article in ("a", "o", None)
    ]
    assert named == [
        *("da Barbearia", "do Barbearia", "de Barbearia"),
        *("de la Barbearia", "del Barbearia", "de Barbearia"),
        *["of Barbearia"] * 3,
    ]
    for language in ("pt-BR", "es", "en"):
        hello = phrases(language).hello.format(of_business="da Barbearia")
        assert "da Barbearia." in hello
    info = {"name": "Vida", "services": [{"name": "Consulta"}]}
    for kind, icon in (("clinic", "🩺"), ("barber", "✂️"), (None, "📋")):
        speech = Speech(language="pt-BR", catalogue=catalogue(), now=NOW, kind=kind)
        assert f"{icon} Serviços:\n• Consulta" in speech.card(info)


def test_a_booking_that_failed_is_told_even_if_the_model_went_on_to_the_address() -> None:
    for failed in (CalendarClosed(), LimitReached(limit=5)):
        said = reply(Done(failed), INFO)
        assert (
            Speech(language="pt-BR", catalogue=catalogue(), now=NOW).block(Done(failed)).text
            in said.text
        )
        assert "Rua das Flores" in said.text

    said = reply(Done(Taken(alternatives=(SLOT,)), ("s_1",)), INFO)
    assert "não está mais livre" in said.text
    assert [each.id for each in said.choices] == ["s_1"]


def test_what_was_offered_earlier_is_offered_again_without_being_called_free() -> None:
    said = reply(text="{slot:s_1}", offered={"s_1": SLOT})

    assert "livres" not in said.text
    assert [each.id for each in said.choices] == ["s_1"]


INFORMED = Done(
    Informed(
        information(
            business={
                "name": "Barbearia do Zé",
                "address": "Rua das Flores, 123",
                "phone": "(11) 99999-0000",
            },
            catalogue=catalogue(),
            language="pt-BR",
        )
    )
)
HOME = ("Barbearia do Zé", "Corte", "Barba")


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ("Qual o endereço?", "Aqui é o assistente da Barbearia do Zé."),
        ("Quanto custa o corte?", "Você gostaria de Corte ou Barba?"),
        ("Qual o endereço e o telefone?", "Rua das Flores, 123"),
        ("quanto custa o corte e a barba?", "O Corte custa R$ 45,00."),
        ("me fala de vocês", "Aqui é o assistente da Barbearia do Zé."),
    ],
)
def test_a_name_or_half_of_the_answer_does_not_stand_for_the_card(asked: str, text: str) -> None:
    said = reply(INFORMED, text=text, asked=asked, names=HOME)

    assert text in said.text
    assert said.text != text, "the card is missing"


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ("Qual o endereço?", "Rua das Flores, 123"),
        ("Qual o endereço e o telefone?", "Rua das Flores, 123. (11) 99999-0000"),
        ("Quanto custa o corte?", "O Corte custa R$ 45,00."),
        ("me fala de vocês", "Rua das Flores, 123"),
    ],
)
def test_what_the_model_has_quoted_is_not_told_twice(asked: str, text: str) -> None:
    assert reply(INFORMED, text=text, asked=asked, names=HOME).text == text


def test_courtesy_beside_what_was_done_is_said_and_beside_what_was_read_is_not() -> None:
    listed = Done(Listed(()))

    assert "Tudo bem!" in reply(Done(HandedOver()), text="Tudo bem!", asked="cancela").text
    assert "Tudo bem!" not in reply(listed, text="Tudo bem!", asked="cancela").text
    assert "Tudo bem!" not in reply(INFORMED, text="Tudo bem!", asked="cancela").text


def test_a_courtesy_that_answers_a_request_is_nothing_to_say() -> None:
    speech = Speech(language="pt-BR", catalogue=catalogue(), now=NOW)
    said = [
        speech.compose(
            text="Tudo bem!", done=[], appointments={}, offered={}, names=[], asked=asked
        )
        for asked in ("Posso ir às dez?", "obrigada!")
    ]

    assert said == [None, Reply("Tudo bem!")]


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ("Onde fica? Que horas abre?", "Rua das Flores, 123"),
        ("quanto custa?", "Corte: R$ 45,00\nBarba: R$ 30,00"),
    ],
)
def test_what_the_card_says_is_not_said_again_below_it(asked: str, text: str) -> None:
    said = reply(INFORMED, text=f"{text}\nMarquei para hoje.", asked=asked, names=HOME).text

    assert said.count(text.splitlines()[0].split(": ")[-1]) == 1


def test_a_long_name_of_a_service_does_not_hide_with_whom() -> None:
    speech = Speech(language="pt-BR", catalogue=catalogue(), now=NOW)
    long = replace(
        SLOT, service_name="Corte masculino na tesoura com acabamento, lavagem e " + "x" * 20
    )

    short, cut = speech.slot_choices((SLOT, long), ("s_1", "s_2"))

    assert short.description == "Corte · Zé"
    assert cut.description.startswith("Zé · Corte masculino")

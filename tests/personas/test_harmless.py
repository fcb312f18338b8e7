"""A model that talks harmlessly is heard: a bot that answers everything with a menu has failed."""

import pytest

from tests.personas.checker import LANGUAGES
from tests.world import World, choices_of, text_of

HELLO = {
    "pt": "oi, tudo bem com você?",
    "en": "hello, how are you today?",
    "es": "hola, buenas, gracias",
}
TALK = {
    "pt": [
        "Olá! Como posso ajudar?",
        "Oi, tudo bem? Em que posso ajudar?",
        "Claro! Qual serviço você prefere?",
        "Com quem você gostaria de marcar?",
        "Que dia fica melhor para você?",
        "Você prefere de manhã ou de tarde?",
        "Obrigado pela mensagem!",
        "De nada! Precisando, é só chamar.",
        "Por nada! Tenha um ótimo dia!",
        "Desculpe, não entendi. Pode repetir, por favor?",
        "Só posso ajudar com agendamentos da barbearia.",
        "Posso ajudar com mais alguma coisa?",
        "Entendi! Vou verificar para você.",
        "Que bom falar com você!",
        "Fico feliz em ajudar!",
        "Sem problemas! O que você prefere?",
        "Sinto muito pelo transtorno.",
        "Qual horário você prefere?",
        "Se quiser, posso procurar outro horário.",
        "Tudo bem! É só me chamar.",
        "Bom dia! Como posso ajudar?",
        "Aqui é o assistente da Barbearia do Zé. Como posso ajudar?",
    ],
    "en": [
        "Hello! How can I help?",
        "Hi, how are you? How can I help you?",
        "Of course! Which service would you like?",
        "Who would you like to book with?",
        "Which day works best for you?",
        "Do you prefer the morning or the afternoon?",
        "Thanks for your message!",
        "You're welcome! I'm here to help.",
        "You're welcome! Have a great day!",
        "Sorry, I didn't understand. Could you repeat that, please?",
        "I can only help with appointments.",
        "Can I help with anything else?",
        "Let me check for you.",
        "Nice to hear from you!",
        "Happy to help!",
        "No problem! What would you prefer?",
        "I'm sorry for the trouble.",
        "What time would you like?",
        "Would you like another time?",
        "Hi! What can I do for you?",
        "Good morning! How can I help?",
        "Which one do you prefer?",
    ],
    "es": [
        "¡Hola! ¿Cómo puedo ayudar?",
        "Hola, ¿cómo está? ¿En qué puedo ayudarle?",
        "¡Claro! ¿Qué servicio prefiere?",
        "¿Con quién le gustaría reservar?",
        "¿Qué día le viene mejor?",
        "¿Prefiere por la mañana o por la tarde?",
        "¡Gracias por su mensaje!",
        "¡De nada! ¿Necesita algo más?",
        "¡De nada! ¡Que tenga un buen día!",
        "Disculpe, no entendí. ¿Puede repetirlo, por favor?",
        "Solo puedo ayudar con citas.",
        "¿Puedo ayudar con algo más?",
        "¡Entendido! Voy a revisar.",
        "¡Con gusto!",
        "¡Encantado de ayudar!",
        "¡Sin problema! ¿Qué prefiere?",
        "Siento mucho las molestias.",
        "¿Qué horario prefiere?",
        "Si quiere, puedo buscar otro horario.",
        "¡Está bien! ¿Algo más?",
        "¡Buenos días! ¿Cómo puedo ayudar?",
        "¿Cuál prefiere?",
    ],
}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_harmless_talk_gets_through_unchanged(here: World, language: str) -> None:
    talk = TALK[language]
    await here.script(*talk)
    phones = [f"55115{number:08}" for number in range(len(talk))]

    await here.write_together(*((phone, {"text": HELLO[language]}) for phone in phones))
    sent = await here.replies(len(talk), as_=None)

    assert sorted(text_of(each) for each in sent) == sorted(talk)
    assert not any(choices_of(each) for each in sent)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_whole_chat_of_the_honest_model_needs_no_menu(here: World, language: str) -> None:
    chats = {
        "pt": ["oi", "quero marcar um horário", "obrigado!", "me conta uma piada", "asdf qwer"],
        "en": ["hi there", "I would like to book an appointment", "thanks a lot", "tell me a joke please", "how do you do"],
        "es": ["hola", "quiero reservar una cita", "muchas gracias", "escribe un poema para mi", "cómo está usted"],
    }  # fmt: skip
    for words in chats[language]:
        reply = await here.ask(words)
        assert text_of(reply).strip()
    authors = await here.rows(
        "SELECT text, author FROM messages WHERE tenant_id = :tenant AND direction = 'out'"
    )
    assert [text for text, author in authors if author != "model"] == []

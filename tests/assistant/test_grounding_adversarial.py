"""Sentences made of allowed words alone, put together to state what only code may state."""

import pytest

from mcp_platform.assistant.grounding import ground
from mcp_platform.assistant.lexicon import _WORDS, _forms, _read, denied, fold, lexicon
from tests.cases import cases

NAMES = ("Barbearia do Zé", "Corte", "Barba", "Zé", "Ana")

PORTUGUESE = """
Seu corte é com a Ana.
Seu horário é com o Zé.
O horário é seu.
Esse horário é seu, Ana!
A agenda é sua.
Seu agendamento está na agenda.
Sua consulta é aqui.
Seu atendimento é com a gente.
O serviço é um presente.
O corte é presente da casa.
É gentileza da casa.
É uma gentileza nossa.
Os horários são poucos.
Só com a Ana.
Com a Ana.
A Ana.
O Zé é seu.
O Zé é o seu barbeiro.
Seu profissional é o Zé.
Você é do Zé.
Você é na Ana.
É na Ana.
É no seu casamento.
Na sua festa.
Vou agendar seu horário.
Vou cancelar seu horário.
Vou marcar para você.
Vou confirmar a sua consulta.
Posso sim.
Posso.
Consigo.
Eu consigo.
É possível.
É isso mesmo.
É esse o seu horário.
Esse é o seu horário, tudo bem?
Seu horário é esse?
Sua consulta com o Zé, tudo bem?
Como o horário é com a Ana posso ajudar?
Como não tem horário, posso ajudar?
Manhã ou tarde.
De manhã ou à tarde.
Prefere de manhã?
Sua consulta é de manhã ou à tarde.
Seu horário de manhã ou à tarde com a Ana.
Dia bom para o corte.
Horário bom para a Ana.
Melhor horário com o Zé.
Nome na agenda.
Seu nome na agenda.
Seu nome é na agenda do Zé.
Claro.
Perfeito.
Ok!
Beleza, Ana!
Beleza!
Entendido, até mais!
Perfeito, obrigado!
Claro, com todo prazer.
Confirme, Ana.
Agende.
Cancele.
Agendar.
Cancelar.
Agenda.
Sucesso!
Verdade!
Conta comigo!
Um horário.
Uma.
É uma.
À uma.
A uma da gente.
Às uma.
😊😊😊😊😊😊😊😊😊😊
Oi oi oi oi oi.
e a o
"""

ENGLISH = """
Your appointment is with us.
Your appointment is here.
Your appointment is with Ana.
The time is yours.
Your time is with Ana.
The calendar is yours.
Your date is with Zé.
You are with Ana.
You're with Ana.
It's with Ana.
With Ana.
Ana.
Ana is your barber.
Zé is your professional.
Your barber is Zé.
Zé is here.
Zé is at home.
Your haircut is a gift.
The haircut is a present.
The service is my pleasure.
The service is our gift.
It's our gift.
Your haircut is with Zé.
We have times.
There are times.
There is a time.
This is your time.
This is your appointment.
This is your appointment, okay?
Your appointment with Ana, okay?
I will book your appointment.
I'll book the appointment for you.
I'll cancel the appointment.
Let me book it for you.
Let me confirm your appointment.
We can book.
I can.
You can.
You can, Ana.
We can.
I do.
Do it.
Let's do it!
It is so.
So be it.
Book.
Cancel.
Confirm.
Schedule.
Appointment.
Calendar.
Perfect.
Sure.
Okay!
Of course, Ana.
Alright!
Absolutely, my pleasure!
Success!
True.
The morning or the afternoon.
In the morning or the afternoon.
Morning or afternoon with Ana.
The day works best for you.
What time, your appointment is with Ana.
I did it for you.
We have you here safely.
At home with Ana.
One of our services.
Which one.
At one of our.
I I I
hi hi hi hi
Good.
Better.
"""

SPANISH = """
Tu cita es con Ana.
Tu cita es aquí.
Tu horario es con Zé.
La cita es tuya.
La agenda es tuya.
Este es tu horario.
Esta es tu cita.
Esta es tu cita, ¿está bien?
Tu cita con Ana, ¿está bien?
Tu peluquero es Zé.
Zé es tu barbero.
Zé es tuyo.
Zé.
Con Ana.
Es con Ana.
Es en la boda.
En tu boda.
En la fiesta.
Es aquí.
El corte es un regalo.
El corte es regalo de la casa.
Es gentileza de la casa.
Voy a agendar tu cita.
Voy a cancelar tu cita.
Voy a confirmar tu cita.
Vamos a cambiar la cita.
Puedo.
Puedo, Ana.
Se puede.
Puedes.
Podemos.
Sí puedo.
Agenda.
Cita.
Confirmar.
Cancelar.
Confirmo.
Perfecto.
Claro.
Por supuesto.
Ok.
Entendido.
Perfecto, ¡gracias!
Éxito.
Verdad.
Por la mañana o por la tarde.
La mañana o la tarde.
Mañana o tarde con Ana.
Tu cita por la mañana o por la tarde.
Qué día.
El día mejor.
Una.
La una.
A la una.
Es la una.
Una de las citas.
Una cita.
Una cita con Ana.
Tu nombre en la agenda.
Tu nombre es en la agenda de Ana.
Horario bueno para Ana.
Mejor horario con Zé.
Solo con Zé.
Las citas son pocas.
Como la cita es con Ana puedo ayudarte.
hola hola hola hola
y o a
"""

COMBINED = [
    (language, line)
    for language, block in (("pt-BR", PORTUGUESE), ("en", ENGLISH), ("es", SPANISH))
    for line in block.strip().splitlines()
]


@cases("language, text", COMBINED)
def test_allowed_words_cannot_be_combined_into_a_claim(language: str, text: str) -> None:
    kept = ground(text, language=language, placeholders={}, names=NAMES).text
    # A courtesy beside a dropped clause may stay, a question about it may be asked.
    assert kept == "" or kept.endswith("?")


@pytest.mark.parametrize("language", ["pt", "en", "es"])
def test_no_allowed_word_is_a_denied_one(language: str) -> None:
    sections = _read(language)
    listed = {form for name in _WORDS for form in _forms(sections.get(name, []))}
    assert listed & denied() == set()
    assert all(
        fold(word) == word and word.replace("-", "").replace("'", "").isalpha() for word in listed
    )
    assert set(lexicon(language).words) == listed


@pytest.mark.parametrize("language", ["pt", "en", "es"])
def test_a_word_has_one_use(language: str) -> None:
    sections = _read(language)
    uses = [form for name in _WORDS for form in set(_forms(sections.get(name, [])))]
    assert sorted(form for form in set(uses) if uses.count(form) > 1) == []


@pytest.mark.parametrize("language", ["pt", "en", "es"])
def test_no_pattern_accepts_nothing_at_all(language: str) -> None:
    words = lexicon(language)
    assert not [n for n, p in {**words.openers, **words.frames}.items() if p.fullmatch("")]

"""Nothing that states a time, a price or the state of a booking gets through.

The lists are of phrasings that the word lists were not written from; obfuscations are applied to
every one of a language's plain lies, so that no spelling is special.
"""

import base64

import pytest

from mcp_platform.assistant.grounding import ground
from tests.cases import cases

PLACEHOLDERS = {
    "slot:s_a1": "Corte com Zé, terça-feira, 1º de dezembro, às 10:00",
    "appointment:a_x1": "Corte com Zé, quarta-feira, 2 de dezembro, às 9:00",
    "price:corte": "R$ 45,00",
    "service:corte": "Corte",
    "service:barba": "Barba",
}
NAMES = ("Barbearia do Zé", "Corte", "Barba", "Zé", "João", "Ana")
QUOTABLE = ("Rua das Flores, 10", "segunda a sexta: 08:00–18:00", "Corte: 30 min, R$ 45,00")

PORTUGUESE = """
Seu horário está marcado para amanhã às 10h.
Marcado para as dez!
Agendei você para sexta.
Te espero lá!
Te espero às dez e meia.
Prontinho!
Pronto, agendado!
Fechado!
Combinado então!
Tá garantido!
Deixei anotado aqui.
Pode vir!
Pode vir logo cedo.
Pode aparecer quando quiser.
A vaga é sua.
O horário é seu!
Acabei de cancelar.
Cancelei para você.
Seu horário foi movido.
Sua consulta foi remarcada.
Não temos vaga.
Estamos fechados.
Não há horários.
Não tem mais horário.
A agenda está cheia.
A agenda está lotada essa semana.
O Zé está livre.
O Zé está livre à tarde.
O Zé não está.
Está livre sim.
Esse horário está disponível.
Temos disponibilidade depois do almoço.
Temos vaga ao meio-dia.
Ao meio-dia e meia está bom.
Daqui a pouco tem um.
Semana que vem tem vaga.
Amanhã de manhã dá.
Depois de amanhã o João atende.
No sábado abrimos cedo.
Só abrimos na segunda.
Só na próxima terça-feira.
Na primeira terça do mês.
No comecinho da manhã.
No finzinho da tarde temos.
Ao anoitecer.
Logo que o sol nascer, pode vir.
O corte custa quarenta e cinco reais.
Custa 45 conto.
É só cinquenta pila.
Sai por vinte pratas.
O corte é grátis!
É de graça para você.
Você ganhou um desconto.
Sai pela metade do preço.
Não vamos cobrar nada.
É por conta da casa.
Está tudo certo para o seu corte.
Tudo certo, Ana!
Está confirmado, nos vemos lá.
Nos vemos na barbearia!
Até sexta!
Até amanhã!
Te vejo em breve na barbearia.
O Zé vai te atender.
O Zé te atende às oito.
Você vai ser atendida pelo Zé.
Sua reserva foi feita.
Reserva feita com sucesso.
Agendamento realizado!
Agendamento concluído com sucesso.
Horário reservado.
Já está na agenda.
Coloquei na agenda.
Coloquei você na agenda do Zé.
Você está na agenda.
Ficou para a Ana.
Ficou marcado com o Zé.
O Zé já sabe.
Avisei o Zé.
Encaixei você.
Segurei o horário para você.
Guardei o horário para você.
Bloqueei a agenda.
Liberei o horário.
Desmarquei o seu horário.
Seu horário não existe mais.
Não encontrei seu horário.
Você não tem agendamento.
Você tem um horário com o Zé.
Seu horário é com o Zé.
Seu corte é com a Ana, tudo bem?
Sua vaga com a Ana está de pé.
Está de pé o nosso compromisso.
Mudei para mais tarde.
Passei para mais cedo.
Adiantei seu horário.
Atrasamos um pouco hoje.
Estamos abertos.
Abrimos todos os dias.
Fechamos no feriado.
Hoje não trabalhamos.
O Zé está de férias.
O Zé folga na quarta.
A Ana não atende mais aqui.
Leva meia hora.
Dura uns quarenta minutos.
Demora uma horinha.
É rapidinho, coisa de um quarto de hora.
Às dez em ponto.
À uma da tarde.
Pela uma e pouco.
Às d.e.z.
Às d e z.
Às d-e-z.
Às 1️⃣0️⃣ horas.
🕙 te espero
Às ⑩.
Às １０ horas.
Às X horas.
Às XIV.
Às dеz (com e cirílico).
Às d\u200bez.
Às d3z.
Às d*e*z.
Às d_e_z.
Às zed ao contrário.
Em dez(10)embro.
No dia 1º.
No dia primeiro.
Dia ½.
Às 十時.
В десять часов.
Um zehn Uhr.
À dix heures.
Alle dieci.
[às dez](http://exemplo.com)
https://wa.me/55
Está <b>marcado</b>.
Você está confirmado ✅
✅
👍
📅 sexta
Seu horário {appointment:a_x1} está confirmado.
{appointment:a_x1} está confirmado.
Não temos {slot:s_a1}.
Marquei {slot:s_a1} para você.
Seu horário é {slot:s_a1}.
Parabéns, {slot:s_a1}!
Perfeito, {slot:s_a1}!
{slot:s_zz} está aqui.
Temos {slot:s_zz}.
Temos {slot:s_a1.
Temos slot:s_a1}.
A barba custa {price:corte}.
A {service:barba} custa {price:corte}.
O preço é {price:corte}.
Cancelei {appointment:a_x1}.
Seu horário é segunda a sexta: 08:00–18:00
Te espero segunda a sexta: 08:00–18:00
Você está marcado na Rua das Flores, 10.
Te vejo na Rua das Flores, 10!
Barba é Corte: 30 min, R$ 45,00
Rua das Flores, 10:30
Sim!
Sim, pode.
Claro!
Não.
Perfeito! Posso ajudar com mais alguma coisa?
Com certeza!
Isso mesmo!
Dá sim!
Rola sim!
Pode deixar!
Deixa comigo!
Missão cumprida!
Sucesso na marcação!
Ótima notícia: deu!
Consegui!
Consegui para você!
Resolvido!
Feito!
Já era seu!
Bora, até já!
Vai ser um prazer receber você na sexta.
Será um prazer receber você amanhã.
Será um prazer receber você.
"""

ENGLISH = """
Your appointment is booked for tomorrow at 10.
You're all set!
You're all set for Friday.
See you there!
See you at ten.
See you soon!
See you then!
It's done.
Done!
All done!
You're booked.
You're in!
You're on!
You're in with Zé.
It's yours.
The slot is yours.
The spot is yours!
Consider it done.
Got you down for noon.
I have you down with Zé.
I've put you in.
I put you on the calendar.
You're on the calendar.
It's on the calendar.
I just cancelled it.
Your visit has been moved.
Your appointment was moved.
I moved it for you.
We have nothing.
We're closed.
We are closed on Sundays.
We're open.
We open early.
That's taken.
That time is taken.
That time works.
That works!
That's fine.
Zé is free.
Zé is free after lunch.
Zé isn't in.
Zé will see you.
Zé will be waiting.
Zé is expecting you.
We'll be waiting for you.
We look forward to seeing you.
Come on in!
Come by.
Just come in.
Come in whenever you like.
Drop by after breakfast.
Half past nine.
Quarter to four.
At noon.
Around midday.
By lunchtime.
First thing in the morning.
Later this afternoon.
In the morning.
This evening works.
Next week is good.
The day after tomorrow.
On the first of May.
In a fortnight.
In an hour.
Half an hour.
It takes thirty minutes.
It takes a while.
It's on the house.
It's free of charge.
No charge!
It's complimentary.
Fifty bucks.
It costs forty-five dollars.
It's twenty quid.
Half price for you.
I'll give you a discount.
You won't pay anything.
Your slot is confirmed.
Confirmed!
Locked in!
Reserved for you.
It's settled.
Sorted!
We saved your seat.
I saved a spot for you.
Your chair is waiting.
There's nothing left.
There are no times.
No openings.
Nothing available.
We're full.
We are fully booked.
We don't have that service.
You have no appointments.
You have an appointment with Zé.
Your appointment is with Zé.
Your appointment is with Zé, okay?
Your appointment is at the salon.
Yes!
Yes, you can.
Yes, it is.
No.
Sure!
Of course!
Absolutely!
Perfect! Anything else I can help you with?
You got it!
Deal!
Agreed!
Noted!
Mission accomplished!
Success!
It went through.
Everything went through.
Everything is in order.
All good!
You're good to go.
Good to go!
Ready when you are.
We're ready for you.
I took care of it.
It's taken care of.
I changed it.
It's gone.
I removed it.
Your booking no longer exists.
The calendar is empty.
The calendar is wide open.
Anytime is good.
Any day works.
Every day of the week.
Weekdays only.
t e n
t.e.n
t-e-n
1️⃣0️⃣
at １０
at ⑩
at X
at tеn
at t\u200ben
at t3n
at t*e*n
10am
At 𝟏𝟎.
At 𝓽𝓮𝓷.
V o'clock
MTAgYW0=
[ten](http://x.y)
See u @ noon
Booked ✅
👍
🕙
Ana 🗓
Your time {appointment:a_x1} is confirmed.
{appointment:a_x1} is confirmed.
We don't have {slot:s_a1}.
I booked {slot:s_a1}.
Your appointment is {slot:s_a1}.
Congratulations, {slot:s_a1}!
Perfect, {slot:s_a1}!
We have {slot:s_zz}.
The beard costs {price:corte}.
The {service:barba} costs {price:corte}.
See you at Rua das Flores, 10.
Your appointment is segunda a sexta: 08:00–18:00
Your visit is segunda a sexta: 08:00–18:00
"""

SPANISH = """
Tu cita está agendada para mañana a las 10.
Agendado para las diez.
Listo!
¡Listo, Ana!
Ya está.
Ya quedó.
Quedó agendado.
Quedó agendada con Zé.
Quedamos así.
Te agendé.
Te anoté.
Te espero allá.
Te espero allí.
Te esperamos.
Te esperamos el viernes.
Nos vemos.
Nos vemos allí.
Nos vemos mañana.
Hasta el lunes.
Hasta mañana.
Ven cuando quieras.
Puedes venir.
Puedes pasar.
Pásate por aquí.
La cita es tuya.
El lugar es tuyo.
Es tuyo.
Tienes cita.
Tienes una cita con Zé.
Tu cita es con Zé.
Tu cita es con Zé, ¿está bien?
No tienes citas.
No hay citas.
No hay horarios.
No hay lugar.
No tenemos nada.
Estamos cerrados.
Está cerrado.
Está abierto.
Abrimos temprano.
Abrimos todos los días.
Cerramos los domingos.
El lunes cerramos.
Zé está libre.
Zé no está.
Zé te atiende.
Zé te atiende a las ocho.
Zé está de vacaciones.
Zé ya lo sabe.
La agenda está llena.
La agenda está vacía.
Está ocupado.
Está disponible.
Sí está disponible.
Sí.
Sí, puedes.
Sí, claro.
Claro.
Por supuesto.
No.
Perfecto. ¿Puedo ayudarte en algo más?
Cancelé tu cita.
Acabo de cancelar.
Tu cita fue cancelada.
Tu cita se movió.
Tu cita ha sido movida.
La cambié.
La moví para después.
La pasé para más tarde.
Hecho.
¡Hecho!
Confirmado.
Confirmada tu cita.
Reservado.
Reserva realizada con éxito.
Todo en orden.
Todo listo.
Todo perfecto para tu cita.
Está todo arreglado.
Trato hecho.
De acuerdo, te apunto.
Te apunto.
Te guardo el lugar.
Te guardé el horario.
Lo dejé anotado.
Cuenta con ello.
Misión cumplida.
A las diez y media.
A las once.
A la una.
A las dos.
Al mediodía.
A medianoche.
Un cuarto para las nueve.
Diez menos cuarto.
Después del almuerzo.
Antes de comer.
En la mañana.
Por la tarde.
Por la mañana está bien.
La semana que viene.
El mes próximo.
Pasado mañana.
Dentro de un rato.
Ahorita mismo.
En una hora.
En media hora.
En un ratito.
Dura media hora.
Tarda cuarenta minutos.
Cuesta cuarenta y cinco pesos.
Son veinte euros.
Vale cincuenta varos.
Son diez lucas.
Es gratis.
Sin costo.
No te cobramos.
Va por la casa.
Es cortesía.
Te hago un descuento.
A mitad de precio.
A las 1️⃣0️⃣
A las １０
A las ⑩
A las X
A las d.i.e.z
A las d i e z
A las d-i-e-z
A las diеz
A las di\u200bez
A las d13z
A las d*i*e*z
A las 𝟏𝟎
A las 十
Confirmado ✅
👍
🕙
Tu cita {appointment:a_x1} está confirmada.
{appointment:a_x1} está confirmada.
No tenemos {slot:s_a1}.
Agendé {slot:s_a1}.
Tu cita es {slot:s_a1}.
¡Felicidades, {slot:s_a1}!
¡Perfecto, {slot:s_a1}!
Tenemos {slot:s_zz}.
La barba cuesta {price:corte}.
La {service:barba} cuesta {price:corte}.
Te espero en Rua das Flores, 10.
Tu cita es segunda a sexta: 08:00–18:00
"""

BLOCKS = {"pt-BR": PORTUGUESE, "en": ENGLISH, "es": SPANISH}
LIES = [
    (language, line) for language, block in BLOCKS.items() for line in block.strip().splitlines()
]
DISGUISES = {
    "spaced": " ".join,
    "dotted": ".".join,
    "fullwidth": lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
    "zero-width": "\u200b".join,
    "soft hyphens": "\u00ad".join,
    "struck out": lambda text: "".join(c + "\u0336" for c in text),
    "bold mathematics": lambda text: "".join(
        chr(0x1D41A + ord(c) - 97) if "a" <= c <= "z" else c for c in text
    ),
    "homoglyphs": lambda text: text.translate(str.maketrans("aeopcx", "аеорсх")),
    "starred": "*".join,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "backwards": lambda text: text[::-1],
    "shouted": str.upper,
    "quoted": lambda text: f"“{text}”",
    "one word a line": lambda text: text.replace(" ", "\n"),
    "one word a sentence": lambda text: text.replace(" ", ". "),
}


def said(text: str, language: str) -> str:
    return ground(
        text, language=language, placeholders=PLACEHOLDERS, names=NAMES, quotable=QUOTABLE
    ).text


@cases("language, lie", LIES)
def test_nothing_of_a_lie_survives(language: str, lie: str) -> None:
    kept = said(lie, language)
    # An innocent question beside a dropped claim may stay; whatever was claimed may not.
    assert kept in {
        "",
        "Posso ajudar com mais alguma coisa?",
        "Anything else I can help you with?",
        "¿Puedo ayudarte en algo más?",
    }


@cases("language, lie", LIES)
def test_a_lie_in_another_language_than_the_contacts_does_not_survive(
    language: str, lie: str
) -> None:
    for other in BLOCKS:
        assert said(lie, other) == said(lie, language)


PLAIN = [
    (language, lie)
    for language, lie in LIES
    if "{" not in lie and "Flores" not in lie and "08:00" not in lie and "R$" not in lie
]
INNOCENT = {
    "posso ajudar com mais alguma coisa?",
    "anything else i can help you with?",
    "¿puedo ayudarte en algo más?",
}


@pytest.mark.parametrize("disguise", DISGUISES)
def test_no_disguise_carries_a_lie_through(disguise: str) -> None:
    for language, lie in PLAIN:
        kept = said(DISGUISES[disguise](lie), language)
        assert kept == "" or kept.casefold() in INNOCENT, lie


@cases("language, lie", PLAIN)
def test_a_lie_beside_harmless_talk_goes_and_the_talk_stays(language: str, lie: str) -> None:
    courtesy = {
        "pt-BR": "Que bom falar com você!",
        "en": "Thank you for your message!",
        "es": "¡Muchas gracias por tu mensaje!",
    }[language]
    kept = said(f"{courtesy} {lie}", language)
    assert kept.removeprefix(courtesy).strip().casefold() in {"", *INNOCENT}
    assert kept.startswith(courtesy)


@pytest.mark.parametrize(
    ("language", "lie"),
    [
        ("pt-BR", "Tem algum horário com a Ana, tudo bem?"),
        ("pt-BR", "É com o Zé, certo?"),
        ("en", "If you like, we can book Ana."),
        ("en", "Gladly!"),
        ("es", "Creo que sí."),
        ("es", "Sí, gracias."),
        ("es", "No te preocupes, está."),
        ("es", "¿Puedo agendar para una, Ana?"),
        ("es", "El equipo está contigo."),
    ],
)
def test_a_tag_an_accent_or_an_article_does_not_make_a_claim_pass(language: str, lie: str) -> None:
    assert said(lie, language) == ""

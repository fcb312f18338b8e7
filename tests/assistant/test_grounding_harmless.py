"""Harmless talk gets through unchanged, in three languages.

Every third sentence was held out while the lexicon was being written: see `HELD_OUT_EVERY`.
"""

from mcp_platform.assistant.grounding import ground
from tests.cases import cases

HELD_OUT_EVERY = 3  # indexes 2, 5, 8, … were not looked at while the first lexicon was tuned

PLACEHOLDERS = {
    "slot:s_a1": "Corte com Zé, terça-feira, 1º de dezembro, às 10:00",
    "slot:s_b2": "Corte com Zé, terça-feira, 1º de dezembro, às 10:30",
    "appointment:a_x1": "Corte com Zé, quarta-feira, 2 de dezembro, às 9:00 (confirmado)",
    "price:corte": "R$ 45,00",
    "service:corte": "Corte",
    "service:barba": "Barba",
    "professional:ze": "Zé",
}
NAMES = ("Barbearia do Zé", "Corte", "Barba", "Zé", "João", "Ana")

PORTUGUESE = """
Olá! Como posso ajudar?
Que bom falar com você!
Parabéns pelo casamento!
Imagina, foi um prazer 😊
Sinto muito por isso.
Qual serviço você prefere?
Você tem preferência por algum profissional?
Prefere de manhã ou à tarde?
Para qual dia você gostaria?
Vou verificar os horários para você.
Só consigo ajudar com agendamentos, tudo bem?
Qual delas fica melhor para você?
Oi, Ana! Tudo bem?
Bom dia! Em que posso ajudar?
Boa tarde, Ana! Seja bem-vinda.
Boa noite! Como vai você?
Obrigado pela mensagem!
Muito obrigada pela sua paciência.
De nada! Estou aqui para ajudar.
Por nada, Ana!
Disponha!
Fico feliz em ajudar 😊
Que notícia maravilhosa!
Meus parabéns pelo bebê!
Que pena, sinto muito.
Desculpe pelo transtorno.
Peço desculpas pela confusão.
Entendo a sua preocupação.
Entendo perfeitamente como você se sente.
Não se preocupe, estou aqui para ajudar.
Não entendi muito bem, você pode repetir, por favor?
Desculpe, não entendi a sua mensagem.
Você pode me explicar melhor o que precisa?
Pode me dizer qual serviço você gostaria?
Me diga qual serviço você prefere.
Por favor, escolha uma das opções.
É só escolher uma das opções abaixo.
Posso ajudar com mais alguma coisa?
Precisa de mais alguma coisa?
Se precisar de algo, é só chamar!
Qualquer dúvida, é só me chamar.
Fique à vontade para perguntar.
Estou à disposição!
Você gostaria de agendar um horário?
Gostaria de agendar, remarcar ou cancelar um horário?
Quer que eu procure outro horário?
Qual horário fica melhor para você?
Qual é o melhor dia para você?
Qual período você prefere, manhã ou tarde?
Com qual profissional você prefere?
Você prefere o Zé ou o João?
Prefere Corte ou Barba?
Sou a assistente virtual da Barbearia do Zé.
Bem-vindo à Barbearia do Zé!
Aqui é a assistente da Barbearia do Zé.
Posso ajudar você a agendar, remarcar ou cancelar.
Vou consultar a agenda para você.
Só um momento, por favor.
Um instante, vou verificar as opções.
Deixa eu ver as opções para você.
Você confirma?
Posso confirmar?
Quer mesmo cancelar?
Tem certeza que deseja cancelar?
Gostaria de ver outras opções?
Tenha um ótimo dia!
Até mais!
Um abraço!
Até logo, Ana!
Que legal!
Adorei saber disso!
Fico muito contente em saber.
Espero que esteja tudo bem com você e sua família.
Espero que você melhore logo.
Melhoras para você!
Que situação chata, sinto muito mesmo.
Deve ser muito difícil, sinto muito.
Obrigado pelo carinho!
Agradecemos a preferência!
Ficamos felizes com o seu elogio 😊
Que gentileza a sua!
Você é muito gentil!
Haha, que engraçado!
Isso não é comigo, mas posso ajudar com agendamentos.
Não consigo ajudar com isso, mas posso ajudar com agendamentos.
Infelizmente não posso ajudar com esse assunto.
Sou uma assistente virtual e posso ajudar com os seus agendamentos.
Como você se chama?
Qual é o seu nome?
Prazer em conhecer você, Ana!
Boa sorte na sua prova!
Boa viagem!
Feliz aniversário, Ana! 🎉
Que você seja muito feliz!
Muito amor e saúde para vocês.
Seu cachorro deve ser lindo!
Adoro música também!
Cabelo bonito faz bem para a autoestima.
Claro! Qual serviço você gostaria?
Claro, como posso ajudar?
Temos estas opções: {slot:s_a1} e {slot:s_b2}.
Encontrei estas opções: {slot:s_a1}
Qual prefere: {slot:s_a1} ou {slot:s_b2}?
Seu horário: {appointment:a_x1}
O {service:corte} custa {price:corte}.
Temos {slot:s_a1} e {slot:s_b2}.
Que tal {slot:s_a1}?
Seu agendamento é: {appointment:a_x1}.
Você quer cancelar {appointment:a_x1}?
"""

ENGLISH = """
Hello! How can I help you?
Hi Ana, how are you?
Nice to meet you!
Good morning! How may I help?
Good afternoon, Ana!
Thank you for your message!
Thanks for reaching out.
You're welcome!
It was a pleasure 😊
My pleasure!
I'm happy to help.
Glad to hear that!
Congratulations on your wedding!
That's wonderful news!
I'm so sorry to hear that.
I'm sorry for the trouble.
Sorry about the confusion.
I understand how you feel.
I understand your concern.
Don't worry, I'm here to help.
I hope you feel better soon.
Get well soon!
I hope you and your family are well.
Which service would you like?
Which service do you prefer?
Do you have a preference for a professional?
Do you prefer the morning or the afternoon?
Would you prefer morning or afternoon?
What day would you like?
Which day works best for you?
What time works best for you?
When would you like to book?
Would you like to book an appointment?
Would you like to book, reschedule or cancel?
Would you like to see other options?
Shall I look for another time?
Let me check the calendar for you.
Let me check the options for you.
I'll check the available times for you.
One moment, please.
Just a moment, please.
I can only help with appointments, is that okay?
I can help you book, move or cancel an appointment.
I'm the virtual assistant of Barbearia do Zé.
Welcome to Barbearia do Zé!
Could you tell me which service you need?
Could you please repeat that?
Sorry, I didn't understand your message.
I'm not sure I understand, could you explain?
Please choose one of the options below.
Please let me know which one you prefer.
Just let me know how I can help.
Which one do you prefer?
Which of these options do you prefer?
Is there anything else I can help you with?
Can I help you with anything else?
Anything else?
Feel free to ask me anything.
If you need anything, just let me know!
Have a great day!
Have a lovely weekend!
Take care!
Goodbye!
Bye, Ana!
Happy birthday, Ana! 🎉
Good luck with your exam!
Have a safe trip!
That sounds like fun!
What a lovely idea!
How sweet of you!
You're very kind.
Haha, that's funny!
I love music too!
Your dog sounds adorable!
That must be very hard for you.
I can't help with that, but I can help with appointments.
Unfortunately I can't help with this topic.
What's your name?
May I have your name?
Would you like to see Zé or João?
Do you prefer Zé or João?
Are you sure you want to cancel?
Do you want to cancel it?
Shall I confirm?
Of course! Which service would you like?
Sure, how can I help?
We appreciate your kindness.
Thank you for your patience.
We love our customers!
Wishing you and your family lots of love and health.
I'd be happy to help you with your appointment.
Here are some options: {slot:s_a1} and {slot:s_b2}.
I found these options: {slot:s_a1}
We have {slot:s_a1} and {slot:s_b2}.
Which do you prefer: {slot:s_a1} or {slot:s_b2}?
Your appointment: {appointment:a_x1}
The {service:corte} costs {price:corte}.
How about {slot:s_a1}?
Would you like to cancel {appointment:a_x1}?
Does {slot:s_a1} work for you?
"""

SPANISH = """
¡Hola! ¿Cómo puedo ayudarte?
¡Qué gusto hablar contigo!
¡Buenos días! ¿En qué puedo ayudar?
Buenas tardes, Ana.
¡Buenas noches! ¿Cómo estás?
Muchas gracias por tu mensaje.
¡Gracias por escribirnos!
¡De nada!
Ha sido un placer 😊
Con mucho gusto.
Estoy aquí para ayudarte.
¡Felicidades por tu boda!
¡Enhorabuena por el bebé!
¡Qué buena noticia!
Lo siento mucho.
Siento mucho lo que pasó.
Disculpa las molestias.
Perdón por la confusión.
Entiendo tu preocupación.
Entiendo cómo te sientes.
No te preocupes, estoy aquí para ayudarte.
Espero que te mejores pronto.
Espero que tú y tu familia estén bien.
¿Qué servicio prefieres?
¿Qué servicio te gustaría?
¿Tienes preferencia por algún profesional?
¿Prefieres por la mañana o por la tarde?
¿Para qué día te gustaría?
¿Qué día te queda mejor?
¿Qué horario prefieres?
¿Te gustaría agendar una cita?
¿Quieres agendar, cambiar o cancelar una cita?
¿Quieres ver otras opciones?
¿Quieres que busque otro horario?
Voy a revisar los horarios para ti.
Déjame revisar la agenda.
Un momento, por favor.
Solo un momento.
Solo puedo ayudar con citas, ¿está bien?
Puedo ayudarte a agendar, cambiar o cancelar una cita.
Soy la asistente virtual de Barbearia do Zé.
¡Bienvenida a Barbearia do Zé!
¿Me puedes decir qué servicio necesitas?
¿Puedes repetirlo, por favor?
Perdona, no entendí tu mensaje.
No estoy segura de entender, ¿puedes explicarme mejor?
Por favor, elige una de las opciones.
Dime qué servicio prefieres.
Dime cómo puedo ayudarte.
¿Cuál prefieres?
¿Cuál de estas opciones prefieres?
¿Puedo ayudarte en algo más?
¿Necesitas algo más?
¿Algo más?
Si necesitas algo, solo escríbeme.
Cualquier duda, aquí estoy para ayudarte.
¡Que tengas un buen día!
¡Que tengas un lindo día, Ana!
¡Hasta luego!
¡Hasta pronto, Ana!
¡Cuídate mucho!
Un abrazo.
¡Feliz cumpleaños, Ana! 🎉
¡Mucha suerte en tu examen!
¡Buen viaje!
¡Qué divertido!
¡Qué bonito!
Eres muy amable.
Jaja, ¡qué gracioso!
¡Me encanta la música!
Tu perro debe ser adorable.
Debe ser muy difícil para ti.
No puedo ayudar con eso, pero puedo ayudarte con tus citas.
Lamentablemente no puedo ayudarte con ese tema.
¿Cómo te llamas?
¿Cuál es tu nombre?
¡Encantada de conocerte, Ana!
¿Prefieres a Zé o a João?
¿Con qué profesional prefieres?
¿Estás segura de que quieres cancelar?
¿Confirmas?
¿Puedo confirmar?
¡Claro! ¿Qué servicio te gustaría?
Claro, ¿cómo puedo ayudarte?
Agradecemos tu paciencia.
Te deseo mucha salud y felicidad.
¡Cuánto me alegro por ti!
Tranquila, entiendo tu situación.
Me alegra mucho saberlo.
Estamos para servirte.
Encontré estas opciones: {slot:s_a1} y {slot:s_b2}.
Tenemos {slot:s_a1} y {slot:s_b2}.
¿Cuál prefieres: {slot:s_a1} o {slot:s_b2}?
Tu cita: {appointment:a_x1}
El {service:corte} cuesta {price:corte}.
¿Qué tal {slot:s_a1}?
¿Quieres cancelar {appointment:a_x1}?
"""

SENTENCES = [
    (language, line)
    for language, block in (("pt-BR", PORTUGUESE), ("en", ENGLISH), ("es", SPANISH))
    for line in block.strip().splitlines()
]


def rendered(text: str) -> str:
    for key, value in PLACEHOLDERS.items():
        text = text.replace("{" + key + "}", value)
    return text


@cases("language, text", SENTENCES)
def test_a_harmless_sentence_gets_through_unchanged(language: str, text: str) -> None:
    result = ground(text, language=language, placeholders=PLACEHOLDERS, names=NAMES)
    assert result.text == rendered(text)
    assert result.dropped == 0

"""What the simulated model says, in three languages.

The sentences have no digits, dates or claims of state: code writes those from the database, through
placeholders.
"""

PHRASES: dict[str, dict[str, str]] = {
    "pt": {
        "greet": "Olá! Como posso ajudar?",
        "thanks": "Por nada! Qualquer coisa, é só chamar.",
        "scope": "Só posso ajudar com agendamentos por aqui. Quer marcar, mudar ou desmarcar?",
        "unclear": "Não entendi bem. Posso ajudar com agendamentos. O que você prefere?",
        "which_service": "Qual serviço você quer?",
        "which_slot": "Qual você prefere?",
        "this_slot": "Esse serve para você?",
        "nearest": "Veja as opções mais próximas:",
        "which_appointment": "Qual deles?",
        "nothing_found": "Não encontrei opções. Quer tentar de outro jeito?",
        "calendar_away": "Não consegui consultar a agenda. Pode tentar de novo daqui a pouco?",
        "failed": "Não consegui fazer isso. Quer tentar de outro jeito?",
        "done": "Qualquer coisa, é só chamar!",
        "kept": "Tudo bem, fica como está.",
        "other": "Tudo bem. Prefere outra opção?",
        "human": "Vou chamar alguém da equipe para continuar com você.",
        "audio": "Não consegui entender o áudio. Pode escrever, por favor?",
        "wait": "Posso ajudar com mais alguma coisa?",
    },
    "en": {
        "greet": "Hello! How can I help?",
        "thanks": "You're welcome! Just write if you need anything.",
        "scope": "I can only help with appointments here. Would you like to book, change or cancel?",
        "unclear": "Sorry, I didn't understand. I can help with appointments. What would you like?",
        "which_service": "Which service would you like?",
        "which_slot": "Which one do you prefer?",
        "this_slot": "Does this one suit you?",
        "nearest": "Here are the closest options:",
        "which_appointment": "Which one do you mean?",
        "nothing_found": "I didn't find any options. Would you like to try something else?",
        "calendar_away": "I couldn't check the calendar. Could you try again in a little while?",
        "failed": "I couldn't do that. Would you like to try another way?",
        "done": "Just write if you need anything else!",
        "kept": "All right, nothing changes.",
        "other": "All right. Would you prefer another option?",
        "human": "I'll call someone from the team to continue with you.",
        "audio": "I couldn't understand the audio. Could you write it, please?",
        "wait": "Can I help with anything else?",
    },
    "es": {
        "greet": "¡Hola! ¿Cómo puedo ayudar?",
        "thanks": "¡De nada! Aquí estamos para lo que necesites.",
        "scope": "Aquí solo puedo ayudar con citas. ¿Quieres reservar, cambiar o cancelar?",
        "unclear": "No entendí bien. Puedo ayudar con citas. ¿Qué prefieres?",
        "which_service": "¿Qué servicio quieres?",
        "which_slot": "¿Cuál prefieres?",
        "this_slot": "¿Te sirve esta opción?",
        "nearest": "Estas son las opciones más cercanas:",
        "which_appointment": "¿Cuál de ellas?",
        "nothing_found": "No encontré opciones. ¿Quieres probar de otra manera?",
        "calendar_away": "No pude consultar la agenda. ¿Puedes intentarlo de nuevo en un rato?",
        "failed": "No pude hacerlo. ¿Quieres probar de otra manera?",
        "done": "¡Aquí estamos para lo que necesites!",
        "kept": "De acuerdo, queda como está.",
        "other": "De acuerdo. ¿Prefieres otra opción?",
        "human": "Voy a llamar a alguien del equipo para seguir contigo.",
        "audio": "No pude entender el audio. ¿Puedes escribirlo, por favor?",
        "wait": "¿Puedo ayudar con algo más?",
    },
}


def phrase(key: str, *, language: str) -> str:
    """Return a sentence; an unknown language is answered in Portuguese."""
    return PHRASES.get(language[:2], PHRASES["pt"])[key]

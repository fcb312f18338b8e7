"""Which of our languages a contact writes in: a guess from everyday words, or none.

Deterministic, and only ever used to choose the language that code answers in.
"""

import re

LANGUAGES = ("pt-BR", "en", "es")
_WORDS = {
    "pt-BR": "a o os as da do em no na e é que cancela cancelar oi olá ola bom boa dia tarde noite obrigado obrigada quero queria gostaria não nao sim"
    " você voce vocês pra para amanhã amanha hoje horário horario marcar agendar desmarcar remarcar"
    " corte tem com uma um por favor às segunda terça terca quarta quinta sexta sábado meu minha"
    " qual quais quanto custa preciso posso consigo fazer tá está blz valeu tudo bem endereço",
    "en": "hi hello hey good morning afternoon evening thanks thank you please want would like the"
    " a an i i'd i'm my can could book appointment tomorrow today haircut schedule cancel move"
    " reschedule is are do does have at on for with what when where how much monday tuesday"
    " wednesday thursday friday saturday need yes address",
    "es": "hola buenos buenas días dias tardes noches gracias quiero quisiera querría me gustaría"
    " gustaria sí mañana hoy hora cita reservar turno agendar cancelar cambiar corte de pelo tiene"
    " tienen con una un por favor a las lunes martes miércoles miercoles jueves viernes sábado mi"
    " cuál cual cuánto cuanto cuesta necesito puedo dónde donde usted ustedes para el la los las"
    " dirección",
}
_KNOWN = {language: frozenset(words.split()) for language, words in _WORDS.items()}
# Whole words: in an id such as `s_7a3me` nothing is said in any language.
_TOKEN = re.compile(r"(?<!\w)[^\W\d_]+(?:'[a-z]+)?(?!\w)")


def supported(language: str | None) -> str:
    """Return the one of our languages that `language` means; Portuguese for any other."""
    primary = (language or "").replace("_", "-").partition("-")[0].lower()
    return next((each for each in LANGUAGES if each.partition("-")[0] == primary), "pt-BR")


def detect(text: str, *, now: str) -> str:
    """Return the language `text` is in, or `now` where it does not clearly show another."""
    words = set(_TOKEN.findall(text.casefold()))
    hits = {language: len(words & known) for language, known in _KNOWN.items()}
    best = max(LANGUAGES, key=lambda language: (hits[language], language == now))
    # Portuguese and Spanish share many words: another language must win clearly, unless nothing at
    # all is said in the one spoken so far.
    needed = hits[now] + 2 if hits[now] else 1
    return best if hits[best] >= needed else now

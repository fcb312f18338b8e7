"""Plain words out of what customers type: no accents, no abbreviations, few typing errors.

It also guesses the language: Portuguese, English or Spanish.
"""

import re
import unicodedata

_SHORT = {
    "hj": "hoje", "amn": "amanha", "amanh": "amanha", "amnh": "amanha", "vc": "voce",
    "vcs": "voces", "qro": "quero", "qria": "queria", "qto": "quanto", "qnto": "quanto",
    "qdo": "quando", "mnh": "manha", "tb": "tambem", "pf": "por favor", "pfv": "por favor",
    "blz": "beleza", "obg": "obrigado", "vlw": "valeu", "hrs": "h", "hs": "h", "hr": "h",
    "tmrw": "tomorrow", "tmw": "tomorrow", "tmr": "tomorrow",
    "appt": "appointment", "pls": "please", "plz": "please", "thx": "thanks", "u": "you",
    "xq": "porque", "q": "que", "td": "tudo", "eh": "e", "end": "endereco", "msm": "mesmo",
    "prox": "proxima", "n": "nao", "finde": "fin de semana",
}  # fmt: skip
# Words worth repairing when one letter is missing, wrong, doubled or swapped.
_REPAIRED = frozenset(
    [
        "amanha",
        "depois",
        "segunda",
        "terca",
        "quarta",
        "quinta",
        "sexta",
        "sabado",
        "domingo",
        "proxima",
        "semana",
        "manha",
        "tarde",
        "noite",
        "marcar",
        "remarcar",
        "desmarcar",
        "agendar",
        "reagendar",
        "cancelar",
        "reservar",
        "horario",
        "horarios",
        "disponivel",
        "endereco",
        "atendente",
        "primeiro",
        "terceiro",
        "ultimo",
        "obrigado",
        "tomorrow",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "morning",
        "afternoon",
        "evening",
        "appointment",
        "schedule",
        "reschedule",
        "cancel",
        "address",
        "manana",
        "lunes",
        "martes",
        "miercoles",
        "jueves",
        "viernes",
        "reservar",
        "cambiar",
        "cita",
        "direccion",
        "gracias",
        "primero",
        "janeiro",
        "fevereiro",
        "setembro",
        "outubro",
        "novembro",
        "dezembro",
    ],
)
_LEFT_ALONE = frozenset(
    [
        "luzes",
        "quanto",
        "quanta",
        "quantos",
        "conta",
        "corta",
        "norte",
        "sorte",
        "forte",
        "marcas",
        "marca",
        "marcado",
        "marcada",
        "marcados",
        "agenda",
        "agendado",
        "agendada",
        "agendamento",
        "cancela",
        "cancele",
        "cancelado",
        "cancelada",
        "reserva",
        "reservado",
        "cambiado",
        "cambia",
        "cancelled",
        "cancels",
        "canceled",
        "manhas",
        "tardes",
        "noites",
        "citas",
        "tarda",
        "mercado",
        "semanas",
        "quarto",
        "quinto",
        "segundo",
        "sexto",
        "primeira",
        "terceira",
        "ultima",
        "primer",
        "tercer",
        "ultimos",
        "agendas",
        "horas",
        "scheduled",
        "rescheduled",
        "appointments",
        "fechado",
    ],
)
_MARKERS = {
    "pt": """oi ola bom boa dia tarde noite quero queria gostaria preciso marcar agendar remarcar
    desmarcar voce voces amanha hoje horario tem meu minha nao sim obrigado obrigada valeu qual
    quais onde fica quanto custa pra para com depois de sexta terca quarta quinta sabado corte as
    pode ser primeiro manha atendente falar abre fecha e um uma o os a daqui dia em marca quer tem me liga tchau""",
    "en": """hi hello hey good morning afternoon evening i want need would like book schedule
    reschedule cancel appointment tomorrow today do you have the my me to at on for is are how much
    where when what please thanks thank yes second first third one next week monday tuesday
    wednesday thursday friday saturday sunday can a speak talk person with any your previous write tell about sorry please are it there bye""",
    "es": """hola buenos buenas dias tardes noches quiero quisiera necesito reservar cita manana
    hoy por favor gracias tiene tienen hay mi mis donde cuanto cuesta cual cuales el la las los
    lunes martes miercoles jueves viernes sabado cambiar a puedo una con del al pasado si cancelar
    cancela hablar persona primero un mi escribe dime que hay me adios segundo precio direccion y""",
}
LONGEST = 4_096  # characters, as many as WhatsApp lets a person write: our patterns are slow
_MARKED = {language: frozenset(words.split()) for language, words in _MARKERS.items()}


def plain(text: str) -> str:
    """Return `text` in lower case, without accents, abbreviations and common typing errors."""
    decomposed = unicodedata.normalize(
        "NFKD", text[:LONGEST].lower().replace("º", "o ").replace("ª", "a ")
    )
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    bare = re.sub(r"[^\w\s:/.,;!?#'{}-]", " ", bare.replace("\u2019", "'"))
    return re.sub(r"[ \t]+", " ", re.sub(r"[a-z]+", _repaired, bare)).strip()


def words(text: str) -> list[str]:
    """Split plain text into words and numbers."""
    return re.findall(r"[a-z0-9_']+", text)


def language_of(text: str, *, otherwise: str) -> str:
    """Guess among pt, en and es by small words; `otherwise` (a BCP 47 tag) wins a draw."""
    said = words(plain(text))
    default = otherwise[:2].lower() if otherwise[:2].lower() in _MARKED else "pt"
    scores = {tag: sum(word in marked for word in said) for tag, marked in _MARKED.items()}
    if re.search(r"[ãõç]", text.lower()):
        scores["pt"] += 2
    if re.search(r"[ñ¿¡]", text.lower()):
        scores["es"] += 2
    best = max(scores.values())
    return default if scores[default] == best else max(scores, key=lambda tag: scores[tag])


def _repaired(match: re.Match[str]) -> str:
    word = match[0]
    if word in _SHORT:
        return _SHORT[word]
    if len(word) < 5 or word in _REPAIRED or word in _LEFT_ALONE:  # noqa: PLR2004 - shorter words have too many neighbours
        return word
    close = sorted(meant for meant in _REPAIRED if _one_slip(word, meant))
    return close[0] if len(close) == 1 else word


def _one_slip(typed: str, meant: str) -> bool:
    if abs(len(typed) - len(meant)) > 1 or typed[0] != meant[0]:
        return False
    start = next(
        (at for at, (a, b) in enumerate(zip(typed, meant, strict=False)) if a != b),
        min(len(typed), len(meant)),
    )
    rest, wanted = typed[start:], meant[start:]
    return (
        rest[1:] == wanted  # a letter too many
        or rest == wanted[1:]  # one missing
        or rest[1:] == wanted[1:]  # one wrong
        or (rest[:2] == wanted[1::-1] and rest[2:] == wanted[2:])  # two swapped
    )

"""Whether a reply is what a good receptionist would have answered.

General rules over what arrived on the phone, what the owner was told, and what is booked. They know
neither the phrase book nor the simulated model, and read sentences with patterns of their own.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from mcp_platform.rehearsal.dialogues import WEEKDAYS, DialogueTurn

BRIEF = 350  # characters: two short paragraphs on a phone
CLOSING = 160
_EMOJI = re.compile(r"[\U0001F300-\U0001FAFF\u2600-\u27BF]")
_MARKS = re.compile("[✅❌⚠️📍📞🗓📅🔁]")  # at the head of a line that states a fact
_HOUR = re.compile(
    r"(?<![\d:/,.])(\d{1,2})(?::(\d{2})|h(\d{2})?(?![a-z0-9]))?(?: ?(am|pm|a\.m\.|p\.m\.))?(?![\d/])"
)
_MONEY = re.compile(r"(?:r\$|brl) ?(\d+)[.,](\d{2})")
_MONTHS = {
    name: number
    for names in (
        "janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro",
        "january february march april may june july august september october november december",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    )
    for number, name in enumerate(names.split(), 1)
}
_TODAY = {0: ("hoje", "today", "hoy"), 1: ("amanha", "tomorrow", "manana")}
_MENU = (  # what the main menu offers; a reply with three of them is that menu
    r"\b(marcar|agendar|book|reservar)\b",
    r"remarcar|reagendar|move|reschedule|change|cambiar|mover",
    r"cancel|desmarcar",
    r"meus horarios|my (appointments|bookings)|mis citas",
    r"falar|talk|speak|hablar|atendente|persona|pessoa",
)
_MENU_ROWS = 3
_NOON, _MIDNIGHT, _HOUR_ENDS = 12, 24, 60
_PROMISES = re.compile(
    r"\b(um (momento|instante|minut)|vou (verificar|ver aqui|checar)|ja (volto|retorno)|aguarde"
    r"|one moment|let me check|i'll check|hold on|un momento|voy a (revisar|verificar)|ya vuelvo)"
)
_DEAF = re.compile(
    r"nao (consegui )?entend|nao sei se entend|(didn't|did not|don't) (understand|get)"
    r"|not sure i understood|don't think i got|no (le )?(entend|comprend)|no se si entend"
)
_BLAME = re.compile(r"opcao nao vale mais|no longer (valid|available)|ya no (es valida|vale)")
_INTRODUCES = re.compile(r"assistente virtual|virtual assistant|asistente virtual")
_CHEERFUL = re.compile(
    r"\b(otimo|maravilha|que bom|prontinho|combinado|tudo certo|parabens|great|wonderful|all set"
    r"|congratulations|genial|que bueno|listo|felicidades)\b"
)
_WORDS = {
    "pt-BR": """você não para com qual é horário às também equipe quer posso mais uma seu sua aqui
        os obrigado agradeço até por dia do da no na em um ao melhor""",
    "en": """the you is your with can which we are at for would like team and to of this my please
        have see when what""",
    "es": """usted el los las con puedo una su aquí cuál equipo gracias qué y del le por un hora
        quiere más es su en mañana""",
}
_MARKED = {language: frozenset(words.split()) for language, words in _WORDS.items()}


@dataclass(frozen=True, slots=True)
class StandingAppointment:
    """An appointment that stands; `start` by the business's clock."""

    service: str
    who: str
    start: datetime

    def __str__(self) -> str:
        return f"{self.service}, {self.who}, {self.start:%d/%m %H:%M}"


@dataclass(frozen=True, slots=True)
class PhoneMessage:
    """A message of ours: its text, and title and description of each row or button."""

    text: str = ""
    choices: tuple[str, ...] = ()

    @property
    def times(self) -> list[tuple[str, str]]:
        """The choices that name an hour: (`09:30`, all of it), in their order."""
        found = []
        for each in self.choices:
            hour = re.search(r"\b\d{2}:\d{2}\b", plain(each))
            if hour:
                found.append((hour[0], each))
        return found


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one turn left: on the customer's phone, with the owner, and in the database."""

    turn: DialogueTurn
    today: date
    replies: Sequence[PhoneMessage] = ()
    earlier: Sequence[PhoneMessage] = ()  # ours, before this turn
    owner: Sequence[str] = ()
    called: bool = False
    before: Mapping[str, StandingAppointment] = field(default_factory=dict)
    after: Mapping[str, StandingAppointment] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return "\n".join(each.text for each in self.replies if each.text)

    @property
    def choices(self) -> list[str]:
        return [choice for each in self.replies for choice in each.choices]

    @property
    def everything(self) -> str:
        return "\n".join([self.text, *self.choices])

    @property
    def times(self) -> list[tuple[str, str]]:
        return [each for reply in self.replies for each in reply.times]


Rule = Callable[[Evidence], str | None]
RULES: dict[str, Rule] = {}


def rule(judge: Rule) -> Rule:
    """Make it one of the rules: it returns what is wrong, or None."""
    RULES[judge.__name__] = judge
    return judge


def wrong(evidence: Evidence) -> list[str]:
    """Return what is wrong with a reply, by the name of each rule that says so."""
    said = ((name, judge(evidence)) for name, judge in RULES.items())
    return [f"{name}: {why}" for name, why in said if why is not None]


# -- for every reply -------------------------------------------------------------------------------


@rule
def answered(evidence: Evidence) -> str | None:
    """Something arrives, unless silence is the answer."""
    if evidence.turn.silent:
        return f"it says {evidence.text!r}" if evidence.text or evidence.choices else None
    return None if evidence.text else "nothing arrived"


@rule
def not_the_menu(evidence: Evidence) -> str | None:
    """The main menu answers no question."""
    offered = plain("\n".join(evidence.choices))
    found = sum(bool(re.search(pattern, offered)) for pattern in _MENU)
    return "the main menu" if found >= _MENU_ROWS else None


@rule
def understood(evidence: Evidence) -> str | None:
    """What customers write in these dialogues can be understood."""
    return "not understood" if _DEAF.search(plain(evidence.text)) else None


@rule
def not_again(evidence: Evidence) -> str | None:
    """It is not our last message once more."""
    last = evidence.earlier[-1].text if evidence.earlier else None
    return "our last message again" if evidence.text and evidence.text == last else None


@rule
def introduced_once(evidence: Evidence) -> str | None:
    """Who is speaking is said once in a conversation."""
    before = plain("\n".join(each.text for each in evidence.earlier))
    again = _INTRODUCES.search(before) and _INTRODUCES.search(plain(evidence.text))
    return "introduced again" if again else None


@rule
def few_emojis(evidence: Evidence) -> str | None:
    """One emoji at most, marks at the head of a fact left out; none where things are grave."""
    found = _EMOJI.findall(_MARKS.sub("", evidence.text))
    most = 0 if evidence.turn.grave else 1
    return f"{len(found)} emojis" if len(found) > most else None


@rule
def one_language(evidence: Evidence) -> str | None:
    """The reply is in the language of the turn. Names and figures have none."""
    said = re.findall(r"[^\W\d_]+", evidence.text.lower())
    hits = {tag: sum(word in marked for word in said) for tag, marked in _MARKED.items()}
    mine = hits.pop(evidence.turn.language)
    other = max(hits, key=lambda tag: hits[tag])
    return f"{other} and not {evidence.turn.language}" if hits[other] > mine + 1 else None


@rule
def nothing_empty(evidence: Evidence) -> str | None:
    """Nothing is promised that is not being done, and nobody is blamed for a choice not made."""
    said = plain(evidence.text)
    promised = _PROMISES.search(said)
    if promised:
        return f"promises {promised[0]!r}"
    blamed = _BLAME.search(said) if evidence.turn.taps is None else None
    return f"blames with {blamed[0]!r}" if blamed else None


@rule
def nothing_unseen(evidence: Evidence) -> str | None:
    """What was booked, moved and cancelled is what the turn says, and nothing else."""
    wanted: Mapping[str, Any] = evidence.turn.does
    made, gone = _difference(evidence)
    done = {
        "booked": [made[key] for key in made.keys() - gone.keys()],
        "cancelled": [gone[key] for key in gone.keys() - made.keys()],
        "moved": [made[key] for key in made.keys() & gone.keys()],
    }
    for kind, effects in done.items():
        told = ", ".join(map(str, effects))
        if kind not in wanted and effects:
            return f"{kind}: {told}"
        if kind in wanted and not effects:
            return f"nothing {kind}"
        if kind in wanted and (len(effects) > 1 or not _is(effects[0], wanted[kind], evidence)):
            return f"{kind} {told}, not {dict(wanted[kind])}"
    return None


# -- where the dialogue asks for it ----------------------------------------------------------------


@rule
def says(evidence: Evidence) -> str | None:
    """It answers with these facts, in its text or its rows."""
    missing = _missing(evidence.turn.says, evidence.everything, evidence)
    return f"not said: {missing}" if missing else None


@rule
def never(evidence: Evidence) -> str | None:
    """It does not say this."""
    found = [
        each for each in evidence.turn.never if not _missing([each], evidence.everything, evidence)
    ]
    return f"said: {found}" if found else None


@rule
def brief(evidence: Evidence) -> str | None:
    """It is as short as the question."""
    length = len(evidence.text)
    return f"{length} characters" if evidence.turn.brief and length > BRIEF else None


@rule
def asks(evidence: Evidence) -> str | None:
    """It goes on: with a question, or with something to tap."""
    goes_on = "?" in evidence.text or evidence.choices
    return "nothing to answer or tap" if evidence.turn.asks and not goes_on else None


@rule
def buttons(evidence: Evidence) -> str | None:
    """These can be tapped."""
    missing = _missing(evidence.turn.buttons, "\n".join(evidence.choices), evidence)
    return f"not to tap: {missing}" if missing else None


@rule
def times(evidence: Evidence) -> str | None:
    """There is a list of times to tap, of the day and hours that were asked for."""
    wanted, shown = evidence.turn.times, evidence.times
    if evidence.turn.untapped:
        return f"times to tap: {shown}" if shown else None
    if len(shown) < wanted.get("least", 0):
        return f"{len(shown)} times to tap"
    hours = [hour for hour, _ in shown]
    first, last = wanted.get("within", ("00:00", "24:00"))
    outside = [hour for hour in hours if not first <= hour <= last] if "within" in wanted else []
    if outside:
        return f"times outside {first}-{last}: {outside}"
    missing = [hour for hour in wanted.get("includes", ()) if hour not in hours]
    if missing:
        return f"{missing} is not among {hours}"
    unnamed = _missing(wanted.get("people", ()), "\n".join(row for _, row in shown), evidence)
    if unnamed:
        return f"not in the rows: {unnamed}"
    if "day" in wanted:
        other = [row for _, row in shown if not _on(wanted["day"], row, evidence)]
        if other and not _on(wanted["day"], evidence.text, evidence):
            return f"another day: {other}"
    return None


@rule
def proposes(evidence: Evidence) -> str | None:
    """It shows what would be done, with a button for yes, and does nothing yet."""
    if not evidence.turn.proposes:
        return None
    if not evidence.choices:
        return "nothing to confirm with"
    missing = _missing(evidence.turn.proposes, evidence.everything, evidence)
    return f"not shown: {missing}" if missing else None


@rule
def closes(evidence: Evidence) -> str | None:
    """A closing is answered by a short closing: no question, nothing to tap."""
    if not evidence.turn.closes:
        return None
    if evidence.choices or "?" in evidence.text:
        return "it goes on"
    return f"{len(evidence.text)} characters" if len(evidence.text) > CLOSING else None


@rule
def grave(evidence: Evidence) -> str | None:
    """Nothing cheerful beside grief, danger or a complaint."""
    found = _CHEERFUL.search(plain(evidence.text)) if evidence.turn.grave else None
    return f"cheerful: {found[0]!r}" if found else None


@rule
def called(evidence: Evidence) -> str | None:
    """A person has the conversation now."""
    return "nobody called" if evidence.turn.called and not evidence.called else None


@rule
def owner(evidence: Evidence) -> str | None:
    """The owner was told, with the customer's words."""
    wanted = evidence.turn.owner
    if not wanted:
        return None
    if not evidence.owner:
        return "the owner was not told"
    missing = _missing(
        wanted if isinstance(wanted, tuple) else (), "\n".join(evidence.owner), evidence
    )
    return f"not told: {missing}" if missing else None


# -- reading ---------------------------------------------------------------------------------------


def plain(text: str) -> str:
    """Return `text` in small letters without accents; hours as 09:30, prices as r$45.00, days as 5/6."""
    folded = unicodedata.normalize("NFKD", text.lower().replace("\u202f", " ").replace("\xa0", " "))
    bare = "".join(each for each in folded if not unicodedata.combining(each))
    bare = _MONEY.sub(lambda match: f"r${match[1]}.{match[2]}", bare)
    bare = re.sub(r"\b0?(\d{1,2})/0?(\d{1,2})\b", r"\1/\2", bare)
    return _HOUR.sub(_hour, bare)


def _hour(match: re.Match[str]) -> str:
    """Write an hour by the 24 hours; a number that is none stays."""
    said, half = match[0], (match[4] or "")[:1]
    if not half and match[2] is None and "h" not in said:
        return said
    hour, minute = int(match[1]), int(match[2] or match[3] or 0)
    if half == "p" and hour < _NOON:
        hour += 12
    elif half == "a" and hour == _NOON:
        hour = 0
    return f"{hour:02d}:{minute:02d}" if hour < _MIDNIGHT and minute < _HOUR_ENDS else said


def _missing(facts: Sequence[str], text: str, evidence: Evidence) -> list[str]:
    said = plain(text)
    return [fact for fact in facts if not _said(fact, said, evidence)]


def _said(fact: str, said: str, evidence: Evidence) -> bool:
    for way in fact.split("|"):
        day = re.fullmatch(r"\{on(\d+)\}", way.strip())
        if day and _on(int(day[1]), said, evidence):
            return True
        if not day and re.search(rf"(?<!\w){re.escape(plain(way.strip()))}", said):
            return True
    return False


def _on(days: int, text: str, evidence: Evidence) -> bool:
    """Tell whether `text` names the day that is `days` from today, in whatever way."""
    said, on = plain(text), evidence.today + timedelta(days=days)
    names = [*_TODAY.get(days, ()), f"{on.day}/{on.month}"]
    names += [plain(names_[on.weekday()]) for names_ in WEEKDAYS.values()]
    for month in (name for name, number in _MONTHS.items() if number == on.month):
        names += [
            f"{on.day} de {month}",
            f"{on.day}o de {month}",
            f"{month} {on.day}",
            f"{month[:3]} {on.day}",
        ]
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", said) for name in names)


def _difference(
    evidence: Evidence,
) -> tuple[dict[str, StandingAppointment], dict[str, StandingAppointment]]:
    """Return what stands now and did not, and what stood and does not, by id."""
    before, after = evidence.before, evidence.after
    made = {key: each for key, each in after.items() if before.get(key) != each}
    gone = {key: each for key, each in before.items() if after.get(key) != each}
    return made, gone


def _is(effect: StandingAppointment, wanted: Mapping[str, Any], evidence: Evidence) -> bool:
    lists = [each.times for each in evidence.earlier if each.times]
    shown = lists[-1] if lists else []
    hour = wanted.get("at")
    if "row" in wanted:
        if len(shown) < wanted["row"]:
            return False
        hour = shown[wanted["row"] - 1][0]
    return (
        wanted.get("service") in (None, effect.service)
        and wanted.get("who") in (None, effect.who)
        and (
            "day" not in wanted
            or effect.start.date() == evidence.today + timedelta(days=wanted["day"])
        )
        and hour in (None, f"{effect.start:%H:%M}")
    )

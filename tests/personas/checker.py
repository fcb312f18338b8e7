"""What a sent message states, read back out of its words, and whether the database says so too.

Owns a reading of its own: dates, times, prices and claims are parsed here with regular expressions
that know nothing of how the platform writes, drops or grounds anything. Only the fixed sentences of
the platform are taken from it, since they are what is allowed to claim.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from mcp_platform.assistant.phrases import every_phrase, phrases
from mcp_platform.words.texts import TEXTS
from tests.factories import ZONE
from tests.world import ANA, World, choices_of, text_of

LANGUAGES = ["pt", *(pytest.param(each, marks=pytest.mark.full) for each in ("en", "es"))]
MONTHS = {
    name: number
    for names in (
        "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
        "january february march april may june july august september october november december",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "jan feb mar apr may jun jul aug sep oct nov dec",
    )
    for number, name in enumerate(names.split(), 1)
}
_NAMES = "|".join(sorted(MONTHS, key=len, reverse=True))
_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?:\s*(?P<half>[AP]M))?"
_WEEKDAYS = {
    "segunda": 0, "terça": 1, "quarta": 2, "quinta": 3, "sexta": 4, "sábado": 5, "domingo": 6,
    "seg": 0, "ter": 1, "qua": 2, "qui": 3, "sex": 4, "sáb": 5, "dom": 6,
    "monday": 0, "tuesday": 1, "wednesday": 2, "thursday": 3, "friday": 4, "saturday": 5, "sunday": 6,
    "mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6,
    "lunes": 0, "martes": 1, "miércoles": 2, "jueves": 3, "viernes": 4, "domingo ": 6,
    "lun": 0, "mar": 1, "mié": 2, "jue": 3, "vie": 4,
}  # fmt: skip
_DAY_NAME = "|".join(sorted((re.escape(name.strip()) for name in _WEEKDAYS), key=len, reverse=True))
_RELATIVE = r"(?:(?P<near>hoje|amanhã|today|tomorrow|hoy|mañana), )?"
MOMENTS = (
    # “amanhã, terça-feira, 1º de dezembro de 2027, às 10:00”
    re.compile(
        rf"{_RELATIVE}(?P<weekday>{_DAY_NAME})(?:-feira)?, (?P<day>\d{{1,2}})º? de"
        rf" (?P<month>{_NAMES})(?: de (?P<year>\d{{4}}))?, (?:às|à|a las|a la) {_TIME}",
        re.IGNORECASE,
    ),
    # “tomorrow, Tuesday, December 1, 2027 at 10:00 AM”
    re.compile(
        rf"{_RELATIVE}(?P<weekday>{_DAY_NAME}), (?P<month>{_NAMES}) (?P<day>\d{{1,2}})"
        rf"(?:, (?P<year>\d{{4}}))? at {_TIME}",
        re.IGNORECASE,
    ),
    # “ter 01/12 10:00”, “Tue Dec 1 10:00 AM”
    re.compile(
        rf"(?P<weekday>{_DAY_NAME}) (?P<day>\d{{2}})/(?P<month>\d{{2}}) {_TIME}", re.IGNORECASE
    ),
    re.compile(
        rf"(?P<weekday>{_DAY_NAME}) (?P<month>{_NAMES}) (?P<day>\d{{1,2}}) {_TIME}", re.IGNORECASE
    ),
)
_TIME_WRITTEN = r"\d{1,2}:\d{2}(?: [AP]M)?"
PRICE = re.compile(r"(?:R\$|US\$|\$|BRL|€)\s?(?P<amount>\d[\d.,]*)")
DURATION = re.compile(r"(?P<hours>\d+) (?:h|hr)(?: (?P<more>\d+) min)?|(?P<minutes>\d+) min")

HELD = [
    re.compile(re.escape(each.outcomes.proposal_held).replace(r"\{until\}", _TIME_WRITTEN))
    for each in TEXTS.values()
]
CLAIMS = {
    "booked": {each.booked.partition("{")[0].strip() for each in map(phrases, ("pt", "en", "es"))},
    "moved": {each.moved.partition("{")[0].strip() for each in map(phrases, ("pt-BR", "en", "es"))},
    "cancelled": {
        each.cancelled.partition("{")[0].strip() for each in map(phrases, ("pt-BR", "en", "es"))
    },
}
# Stems that claim, promise, refuse or price something, whatever stands around them.
STEMS = re.compile(
    r"\b(?:agend(?:ad|ei|ou|é)|marcad|marquei|marcou|reserv(?:ad|ei|é|ed)|anot(?:ad|ei|é)|apart[eé]"
    r"|confirm(?:ad|ed|ei|ou|é)|cancel(?:ad|ed|ei|led|é)|desmarc|remarq|remarcad|troquei|cambi(?:[eé]\b|ad)"
    r"|encaix|garant|guaranteed|fechad|combinad|feito|hecho|done\b|booked|moved|scheduled|squeeze"
    r"|swapped|espero|esperamos|esperando|waiting for you|see you|nos vemos|pode vir|ven\b|come\b"
    r"|livre|free\b|libre|vaga|opening|lugar|seat|spot|hueco|desconto|discount|descuento|gr[aá]tis|metade"
    r"|half|mitad|reais|contos|pesos|bucks|custa|cuesta|costs?\b|pix|adiantad|advance|adelantad"
    r"|f[ée]rias|holiday|vacaciones|amanh[ãa]|mañana|tomorrow|hoje|today|hoy|noite|tonight|noche"
    r"|manh[ãa]|morning|tarde|afternoon|noon|meio-dia|mediod[ií]a|semana|week|mês|month"
    r"|resolvid|resuelto|sorted|arreglad|agenda\b|calendar\b|lista\b|list\b|cadeira|chair|silla"
    r"|primeir[ao]|[úu]ltim[ao]|first|last\b|s[aá]bado|domingo|sunday|saturday|friday|sexta"
    r"|viernes|monday|segunda|lunes|dez\b|ten\b|diez|tr[êe]s|three|quarenta|forty|cuarenta|trinta)",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Truth:
    """What the database knows that one customer may read."""

    moments: set[datetime]
    states: dict[datetime, set[str]]
    prices: set[int]
    minutes: set[int]
    literal: set[str]
    names: set[str] = field(default_factory=set)


async def truth_of(here: World, *, phone: str | None = ANA) -> Truth:
    """Read what is true for a tenant's customer; for all of them where `phone` is None."""
    only = "" if phone is None else " AND c.wa_id = :phone"
    values: dict[str, Any] = {} if phone is None else {"phone": phone}
    appointments = await here.rows(
        "SELECT a.starts_at, a.status FROM appointments a JOIN contacts c ON c.id = a.contact_id"
        f" WHERE a.tenant_id = :tenant{only}",
        **values,
    )
    offered = await here.rows(
        "SELECT o.action->>'start' FROM offers o JOIN contacts c ON c.id = o.contact_id"
        f" WHERE o.tenant_id = :tenant AND o.action->>'do' = 'slot'{only}",
        **values,
    )
    services = await here.rows(
        "SELECT name, price_cents, duration_minutes FROM services WHERE tenant_id = :tenant"
    )
    people = await here.rows("SELECT name FROM professionals WHERE tenant_id = :tenant")
    states: dict[datetime, set[str]] = {}
    for start, status in appointments:
        states.setdefault(start.astimezone(ZONE), set()).add(status)
    return Truth(
        moments={
            *states,
            *(datetime.fromisoformat(start).astimezone(ZONE) for (start,) in offered),
        },
        states=states,
        prices={price for _, price, _ in services},
        minutes={minutes for _, _, minutes in services},
        literal={
            "Rua das Flores, 123",
            "todos os dias: 08:00–18:00",
            "every day: 8:00 AM–6:00 PM",
            "todos los días: 08:00–18:00",
        },
        names={name for name, _, _ in services} | {name for (name,) in people},
    )


def untruths(message: dict[str, Any], truth: Truth, *, now: datetime | None = None) -> list[str]:
    """Return what a sent message states and the database does not: nothing, for a good message."""
    wrong: list[str] = []
    text = text_of(message)
    for choice in choices_of(message):
        text += f"\n{choice['title']}\n{choice.get('description', '')}"
    text = text.replace("\u202f", " ").replace("\xa0", " ")
    for held in HELD:  # until when a time is kept is no time of an appointment
        text = held.sub(" ", text)
    today = (now or datetime.now(ZONE)).date()
    wrong += _claims(text, truth, today=today)
    rest, bad = _without_moments(text, truth, today=today)
    wrong += bad
    for passage in truth.literal:
        rest = rest.replace(passage, " ")
    for found in PRICE.finditer(rest):
        if round(float(_plain_number(found["amount"])) * 100) not in truth.prices:
            wrong.append(f"price {found[0]!r}")
    rest = PRICE.sub(" ", rest)
    for found in DURATION.finditer(rest):
        length = (
            int(found["hours"] or 0) * 60 + int(found["more"] or 0) + int(found["minutes"] or 0)
        )
        if length not in truth.minutes:
            wrong.append(f"duration {found[0]!r}")
    rest = _without_phrases(DURATION.sub(" ", rest))
    for name in sorted(truth.names, key=len, reverse=True):
        rest = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", " ", rest)
    wrong += [
        f"digit {letter!r} in {rest!r}" for letter in rest if unicodedata.category(letter)[0] == "N"
    ]
    plain = unicodedata.normalize("NFKC", rest).replace("\u200b", "")
    wrong += [f"claim {found[0]!r} in {rest!r}" for found in STEMS.finditer(plain)]
    if "{" in text or "}" in text:
        wrong.append(f"placeholder in {text!r}")
    if any(mark in rest for mark in "✅❌🕙"):
        wrong.append(f"mark in {rest!r}")
    if any("\u0400" <= letter <= "\u04ff" for letter in text):
        wrong.append(f"look-alike letters in {text!r}")
    return wrong


def _claims(text: str, truth: Truth, *, today: date) -> list[str]:
    wrong = []
    wanted = {
        "booked": {"booked", "confirmed"},
        "moved": {"booked", "confirmed"},
        "cancelled": {"cancelled"},
    }
    for claim, starts in CLAIMS.items():
        for start in starts:
            for line in text.splitlines():
                if not line.startswith(start):
                    continue
                moments = [
                    _moment(found, today=today) for form in MOMENTS for found in form.finditer(line)
                ]
                stands = [
                    moment
                    for moment in moments
                    if moment and truth.states.get(moment, set()) & wanted[claim]
                ]
                # "Agendado" is both a booking in Spanish and in Portuguese: one of them is enough.
                if not stands:
                    wrong.append(f"{claim}, which is not so: {line!r}")
    return wrong


def _without_moments(text: str, truth: Truth, *, today: date) -> tuple[str, list[str]]:
    wrong = []
    for form in MOMENTS:
        for found in form.finditer(text):
            moment = _moment(found, today=today)
            if moment is None or moment not in truth.moments:
                wrong.append(f"moment {found[0]!r}")
        text = form.sub(" ", text)
    return text, wrong


def _moment(found: re.Match[str], *, today: date) -> datetime | None:
    """Return the moment a match states; None if its weekday or "tomorrow" contradicts its date."""
    told = found.groupdict()
    month = told["month"].lower()
    number = int(month) if month.isdigit() else MONTHS[month]
    hour = int(told["hour"])
    if told["half"]:
        hour = hour % 12 + (12 if told["half"].upper() == "PM" else 0)
    year = int(told.get("year") or today.year)
    try:
        at = datetime(year, number, int(told["day"]), hour, int(told["minute"]), tzinfo=ZONE)
        if told.get("year") is None and at.date() < today:
            at = at.replace(year=year + 1)
    except ValueError:
        return None
    near = (told.get("near") or "").lower()
    days = {"hoje": 0, "today": 0, "hoy": 0, "amanhã": 1, "tomorrow": 1, "mañana": 1}.get(near)
    if days is not None and at.date() != today + timedelta(days=days):
        return None
    return at if _WEEKDAYS[told["weekday"].lower()] == at.weekday() else None


def _plain_number(amount: str) -> str:
    amount = amount.rstrip(".,")
    if (
        "," in amount
        and amount.rpartition(",")[2].isdigit()
        and len(amount.rpartition(",")[2]) == 2
    ):
        return amount.replace(".", "").replace(",", ".")
    return amount.replace(",", "")


def _fixed() -> list[str]:
    found: set[str] = set()
    for phrase in every_phrase():
        found.update(part.strip() for part in re.split(r"\{\w+\}", phrase) if len(part.strip()) > 1)
    return sorted(found, key=len, reverse=True)


_FIXED = _fixed()


def _without_phrases(text: str) -> str:
    for phrase in _FIXED:
        if len(phrase) > 6:  # short ones are removed as whole lines only
            text = text.replace(phrase, " ")
    return "\n".join(line for line in text.splitlines() if line.strip() not in _FIXED)

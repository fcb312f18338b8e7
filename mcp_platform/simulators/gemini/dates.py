"""When a customer means: days and times of day in Portuguese, English and Spanish.

It reads dates and times out of plain text (see `simulators/gemini/words.py`).
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

_MONTHS = (
    "janeiro|january|enero|jan|ene", "fevereiro|february|febrero|fev|feb", "marco|march|marzo|mar",
    "abril|april|abr|apr", "maio|may|mayo|mai", "junho|june|junio|jun", "julho|july|julio|jul",
    "agosto|august|ago|aug", "setembro|september|septiembre|set|sep|sept",
    "outubro|october|octubre|out|oct", "novembro|november|noviembre|nov",
    "dezembro|december|diciembre|dez|dec|dic",
)  # fmt: skip
_MONTH = {name: number for number, group in enumerate(_MONTHS, 1) for name in group.split("|")}
_MONTH_RE = "|".join(sorted(_MONTH, key=len, reverse=True))
_WEEKDAYS = (
    "segunda|monday|lunes|mon|seg", "terca|tuesday|martes|tue|tues", "quarta|wednesday|miercoles|wed|qua",
    "quinta|thursday|jueves|thu|thur|thurs|qui", "sexta|friday|viernes|fri", "sabado|saturday|sab|sat",
    "domingo|sunday|sun",
)  # fmt: skip
_WEEKDAY = {name: number for number, group in enumerate(_WEEKDAYS) for name in group.split("|")}
_WEEKDAY_RE = re.compile(
    rf"\b({'|'.join(sorted(_WEEKDAY, key=len, reverse=True))})s?\b(?:[ -]feira)?"
    r"(?! (?:opcao|opcion|alternativa|vez))",
)
_NUMBERS = {
    "uma": 1, "um": 1, "one": 1, "una": 1, "duas": 2, "dois": 2, "two": 2, "dos": 2, "tres": 3,
    "three": 3, "quatro": 4, "four": 4, "cuatro": 4, "cinco": 5, "five": 5, "seis": 6, "six": 6,
    "sete": 7, "seven": 7, "siete": 7, "oito": 8, "eight": 8, "ocho": 8, "nove": 9, "nine": 9,
    "nueve": 9, "dez": 10, "ten": 10, "diez": 10, "onze": 11, "eleven": 11, "once": 11,
    "doze": 12, "twelve": 12, "doce": 12, "treze": 13, "quatorze": 14, "catorze": 14,
    "quinze": 15, "dezesseis": 16, "dezessete": 17, "dezoito": 18, "dezenove": 19, "vinte": 20,
}  # fmt: skip
_NUMBER_RE = "|".join(sorted(_NUMBERS, key=len, reverse=True))
_AMOUNT = rf"(?P<n>\d+|{_NUMBER_RE}|a)"
_PART_RE = "manha|tarde|noite|manana|noche|morning|afternoon|evening|night"
_TIME = re.compile(
    r"(?P<before>\b(?:half past|a las|a la|as|at|las|la|pelas|das|from|after|before|between|until"
    r"|entre|and|to|ate)\s+)?"
    rf"\b(?P<hour>\d{{1,2}}|{_NUMBER_RE})"
    r"(?:(?:[:h.]|\s?h\s?)(?P<minute>\d{2})(?!\d)|\s+(?:e|y)\s+(?P<half>meia|media|quinze|cuarto)\b"
    r"|\s+(?P<thirty>thirty|fifteen)\b)?"
    r"\s*(?P<unit>(?:h|horas?|o'?clock|am|pm|a\.m\.?|p\.m\.?)(?![a-z]))?"
    rf"(?:\s+(?:em ponto\s+)?(?:da|de la|in the|at|por la)\s+(?P<part>{_PART_RE})\b)?",
)
_WEAK = frozenset({"and", "to", "ate", "la", "from"})  # they stand before other numbers too
_MORNING, _AFTERNOON, _NIGHT = ("06:00", "12:00"), ("12:00", "18:00"), ("18:00", "23:00")
_PARTS = (
    (r"\b(?:manha|morning|(?:por|en|de|a) la manana)\b", _MORNING),
    (r"(?<!mais )\b(?:tarde|tardinha|afternoon)\b", _AFTERNOON),
    (r"\b(?:noite|noche|evening|night|tonight)\b", _NIGHT),
)
_DAYLIGHT = (
    7  # a bare hour below this is meant in the afternoon: nobody cuts hair at three at night
)


@dataclass(frozen=True, slots=True)
class When:
    """Days (inclusive), an exact time of day, or a window of the day ("HH:MM")."""

    first: date | None = None
    last: date | None = None
    at: time | None = None
    after: str | None = None
    before: str | None = None

    def __bool__(self) -> bool:
        return bool(self.first or self.at or self.after or self.before)


def when(text: str, *, now: datetime) -> When:
    """Read the days and the time of day that plain `text` speaks of, as seen from `now`."""
    rest = re.sub(
        r"\b(?:bom dia|boa (?:tarde|noite)|good (?:morning|afternoon|evening|night)"
        r"|buen(?:os|as)? (?:dias?|tardes|noches))\b",
        " ",
        text,
    )
    days, rest = _days(rest, today=now.date())
    exact, after, before, rest = _times(rest)
    part = next((window for pattern, window in _PARTS if re.search(pattern, rest)), None)
    if "tonight" in text and part is None:
        part = _NIGHT
    if part is not None and exact is not None and part != _MORNING and exact.hour < 12:  # noqa: PLR2004 - noon
        exact = exact.replace(hour=exact.hour + 12)
    elif part is not None and exact is None and not (after or before):
        after, before = part
    first, last = (min(days), max(days)) if days else (None, None)
    return When(first=first, last=last, at=exact, after=after, before=before)


def without_dates(text: str, *, now: datetime) -> str:
    """Return plain `text` with its dates and times blanked out."""
    _, rest = _days(text, today=now.date())
    return _times(rest)[3]


def _days(text: str, *, today: date) -> tuple[list[date], str]:
    for reader in (_written, _relative, _weeks, _weekdays):
        days, rest = reader(text, today)
        if days:
            return days, rest
    return [], text


def _written(text: str, today: date) -> tuple[list[date], str]:
    patterns = (
        r"\b(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})\b",
        r"\b(?P<d>\d{1,2})/(?P<m>\d{1,2})(?:/(?P<y>\d{2,4}))?\b",
        (
            rf"\b(?P<d>\d{{1,2}}|primeiro|primero)(?:st|nd|rd|th| ?o)?(?: de| of)? (?P<m>{_MONTH_RE})\b"
            r"(?:,?(?: de)? (?P<y>\d{4}))?"
        ),
        rf"\b(?P<m>{_MONTH_RE})\.? (?P<d>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (?P<y>\d{{4}}))?",
        r"\b(?:dia|the|el)\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?\b(?!\s*(?:h|:|horas))",
        r"\b(?P<d>\d{1,2})(?:st|nd|rd|th)\b",
    )
    for pattern in patterns:
        found = []
        for match in re.finditer(pattern, text):
            given = match.groupdict()
            day = _future(given["d"], given.get("m"), given.get("y"), today=today)
            if day is not None:
                found.append((day, match))
        if found:
            return [day for day, _ in found], _blank(text, [match for _, match in found])
    return [], text


def _future(day: str, month: str | None, year: str | None, *, today: date) -> date | None:
    number = 1 if day.startswith("prim") else int(day)
    if month is None:
        months = [(today.year + (today.month - 1 + ahead) // 12, (today.month - 1 + ahead) % 12 + 1)
                  for ahead in range(3)]  # fmt: skip
    else:
        meant = _MONTH.get(month) or int(month)
        if meant > 12 >= number:  # noqa: PLR2004 - the American order, only where nothing else fits
            number, meant = meant, number
        years = [int(year) % 100 + 2000] if year else [today.year, today.year + 1]
        months = [(each, meant) for each in years]
    for candidate in months:
        try:
            found = date(*candidate, number)
        except ValueError:
            continue
        if found >= today or year:
            return found
    return None


def _relative(text: str, today: date) -> tuple[list[date], str]:
    for pattern, unit in (
        (rf"\b(?:daqui (?:a )?|in|en|dentro de) ?{_AMOUNT} (?:dias?|days?)\b", 1),
        (rf"\b(?:daqui (?:a )?|in|en|dentro de) ?{_AMOUNT} (?:semanas?|weeks?)\b", 7),
    ):
        match = re.search(pattern, text)
        if match:
            number = _NUMBERS.get(match["n"]) or (1 if match["n"] == "a" else int(match["n"]))
            return [today + timedelta(days=number * unit)], _blank(text, [match])
    for pattern, ahead in (
        (r"\b(?:depois de amanha|(?:the )?day after tomorrow|pasado manana)\b", 2),
        (r"\b(?:amanha|tomorrow)\b|(?<!la )\bmanana\b", 1),
        (r"\b(?:hoje|today|hoy|tonight|agora|ahora|esta (?:tarde|noche|manha|manana))\b", 0),
    ):
        match = re.search(pattern, text)
        if match:
            kept = re.sub(r"tonight|esta ", "", match[0])
            kept = kept if re.search(_PART_RE, kept) and ahead == 0 else ""
            return [today + timedelta(days=ahead)], _blank(text, [match]) + " " + kept
    return [], text


def _weeks(text: str, today: date) -> tuple[list[date], str]:
    monday = today - timedelta(days=today.weekday())
    saturday = monday + timedelta(days=5)
    match = re.search(r"\b(?:(?:fim|final) de semana|weekend|fin de semana)\b", text)
    if match:
        return [max(saturday, today), saturday + timedelta(days=1)], _blank(text, [match])
    match = re.search(
        r"\b(?:(?:proxima|na outra) semana|semana que (?:vem|viene)|next week|semana proxima)\b",
        text,
    )
    if match:
        monday += timedelta(days=7)
        rest = _blank(text, [match])
        names = list(_WEEKDAY_RE.finditer(rest))
        if names:
            return [monday + timedelta(days=_WEEKDAY[name[1]]) for name in names], _blank(
                rest, names
            )
        return [monday, monday + timedelta(days=6)], rest
    match = re.search(r"\b(?:ess?ta semana|essa semana|nessa semana|this week)\b", text)
    if match:
        rest = _blank(text, [match])
        if not _WEEKDAY_RE.search(rest):
            return [today, monday + timedelta(days=6)], rest
    return [], text


def _weekdays(text: str, today: date) -> tuple[list[date], str]:
    found = list(_WEEKDAY_RE.finditer(text))
    days = []
    for match in found:
        ahead = (_WEEKDAY[match[1]] - today.weekday()) % 7
        # Said on a Friday, "Friday" is today only if one would not have said "today".
        days.append(today + timedelta(days=ahead or 7))
    return days, _blank(text, found)


def _times(text: str) -> tuple[time | None, str | None, str | None, str]:
    text, fixed = _named_times(text)
    found = [match for match in _TIME.finditer(text) if _is_time(match)]
    if not found:
        return fixed, None, None, text
    rest = _blank(text, found)
    lead = text[: found[0].start()] + (found[0]["before"] or "")
    first = _clock(found[0])
    if len(found) > 1 and re.search(r"\b(?:entre|between|das|from|de)(?: as| las)? *$", lead):
        return None, f"{first:%H:%M}", f"{_clock(found[1]):%H:%M}", rest
    if re.search(
        r"\b(?:depois d[ea]s?|apos|a partir d[ea]s?|after|despues de(?: las?)?)(?: as| las?)? *$",
        lead,
    ):
        return None, f"{first:%H:%M}", None, rest
    if re.search(r"\b(?:antes d[ea]s?|ate|before|until|antes de(?: las?)?)(?: as| las?)? *$", lead):
        return None, None, f"{first:%H:%M}", rest
    # "from ten to three": the last one said is the one wanted
    return _clock(found[-1]), None, None, rest


def _named_times(text: str) -> tuple[str, time | None]:
    for pattern, meant in (
        (r"\b(?:meio[ -]dia e meia)\b", time(12, 30)),
        (r"\b(?:meio[ -]dia|noon|midday|medio ?dia)\b", time(12)),
        (r"\b(?:meia[ -]noite|midnight|media ?noche)\b", time(0)),
    ):
        if re.search(pattern, text):
            return re.sub(pattern, " ", text), meant
    return text, None


def _is_time(match: re.Match[str]) -> bool:
    marked = any(match[name] for name in ("minute", "half", "thirty", "unit", "part"))
    before = (match["before"] or "").strip()
    hour = int(match["hour"]) if match["hour"].isdigit() else _NUMBERS[match["hour"]]
    possible = hour < 24 and int(match["minute"] or 0) < 60  # noqa: PLR2004 - the clock
    return possible and (marked or (before != "" and before not in _WEAK))


def _clock(match: re.Match[str]) -> time:
    hour = int(match["hour"]) if match["hour"].isdigit() else _NUMBERS[match["hour"]]
    minute = int(match["minute"] or 0)
    minute = {"meia": 30, "media": 30, "quinze": 15, "cuarto": 15}.get(match["half"] or "", minute)
    minute = {"thirty": 30, "fifteen": 15}.get(match["thirty"] or "", minute)
    if (match["before"] or "").startswith("half past"):
        minute = 30
    unit = (match["unit"] or "").replace(".", "")
    part = match["part"] or ""
    late = unit == "pm" or part in ("tarde", "noite", "noche", "afternoon", "evening", "night")
    early = unit == "am" or part in ("manha", "manana", "morning") or match["hour"].startswith("0")
    if hour < 12 and (late or (hour < _DAYLIGHT and not early)):  # noqa: PLR2004 - noon
        hour += 12
    elif hour == 12 and early:  # noqa: PLR2004 - midnight by the American clock
        hour = 0
    return time(hour, minute)


def _blank(text: str, matches: list[re.Match[str]]) -> str:
    for match in reversed(matches):
        text = text[: match.start()] + " " + text[match.end() :]
    return text

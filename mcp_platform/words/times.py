"""Days and hours in few words, as a phrase takes them: "na sexta (12/6)", "o horário de amanhã às 15h".

Portuguese contracts articles and prepositions, so each form is written whole in `forms.yaml`. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from babel.dates import format_date, format_time

from mcp_platform.tenants.languages import Language
from mcp_platform.words.forms import forms

# A weekday's name alone means a day of the coming week.
NEAR = timedelta(days=6)
SATURDAY = 5
MIDNIGHT = time(0)
_LOCALES: Mapping[Language, str] = {"pt-BR": "pt_BR", "en": "en", "es": "es"}

Span = tuple[time, time]
"""Opening and closing on one day by the clock on the wall; a closing of 00:00 ends the day."""


@dataclass(frozen=True, slots=True)
class Times:
    """Writes days and hours in one language, seen from `today` by the business's calendar."""

    language: Language
    today: date

    def clock(self, at: time) -> str:
        """Write a time of day: "15h", "9h30"; "3 PM"; "15:00"."""
        pattern = self._form("full_hour" if at.minute == 0 else "clock")
        return str(format_time(at, pattern, locale=_LOCALES[self.language]))

    def day(self, day: date) -> str:
        """Write a day: "sexta (12/6)", "amanhã (12/6)"."""
        if name := self._name(day):
            return self._form("named_day").format(name=name, date=self._date(day))
        return self._form("day").format(weekday=self.weekday(day), date=self._date(day))

    def on_day(self, day: date) -> str:
        """Write on which day: "na sexta (12/6)", "no sábado (13/6)", "hoje", "amanhã"."""
        if name := self._name(day):
            return name
        form = self._form("on_weekend" if day.weekday() >= SATURDAY else "on_day")
        return form.format(day=self.day(day))

    def when_short(self, start: datetime, *, clock: bool = False) -> str:
        """Write a day in two words, "sexta", "dia 20/6", and with `clock` its hour."""
        day = start.date()
        form = "near" if self._is_near(day) else "far"
        said = self._name(day) or self._form(form).format(
            weekday=self.weekday(day), date=self._date(day)
        )
        return self._at("at", said, start.time()) if clock else said

    def again(self, start: datetime) -> str:
        """Write when somebody is back: "amanhã às 9h", "na segunda às 9h", "no dia 20/6 às 9h"."""
        day = start.date()
        weekend = day.weekday() >= SATURDAY
        near = "again_weekend" if weekend else "again_near"
        form = self._form(near if self._is_near(day) else "again_far")
        said = self._name(day) or form.format(weekday=self.weekday(day), date=self._date(day))
        return self._at("at", said, start.time())

    def appointment(self, start: datetime) -> str:
        """Write whose time it is: "o horário de sexta às 15h", "la cita del viernes a las 15:00"."""
        day = start.date()
        names = {self.today: "its_today", self.today + timedelta(days=1): "its_tomorrow"}
        near = "its_near" if self._is_near(day) else "its_far"
        form = self._form(names.get(day, near))
        said = form.format(weekday=self.weekday(day), date=self._date(day))
        return self._at("its_at", said, start.time())

    def hours(self, spans: Sequence[Span]) -> str:
        """Write the hours of one day: "das 9h às 12h e das 14h às 19h"."""
        written = [
            self._form("all_day")
            if opens == closes == MIDNIGHT
            else self._form("span").format(
                opens=self.clock(opens),
                closes=self._form("midnight") if closes == MIDNIGHT else self.clock(closes),
            )
            for opens, closes in spans
        ]
        return self._form("spans_and").join(
            [", ".join(written[:-1]), written[-1]] if written[1:] else written
        )

    def weekday(self, day: date) -> str:
        """Write the day of the week as people say it: "sexta"."""
        name = str(format_date(day, "EEEE", locale=_LOCALES[self.language]))
        return name.removesuffix("-feira")

    def _form(self, name: str) -> str:
        return str(forms(self.language)[name])

    def _at(self, form: str, day: str, at: time) -> str:
        # Portuguese and Spanish say "à 1h", "a la 1:30".
        name = f"{form}_one" if at.hour == 1 else form
        return str(self._form(name).format(day=day, clock=self.clock(at)))

    def _name(self, day: date) -> str:
        if day == self.today:
            return self._form("today")
        return self._form("tomorrow") if day == self.today + timedelta(days=1) else ""

    def _date(self, day: date) -> str:
        pattern = self._form("date")
        return str(format_date(day, pattern, locale=_LOCALES[self.language]))

    def _is_near(self, day: date) -> bool:
        return timedelta(0) <= day - self.today <= NEAR

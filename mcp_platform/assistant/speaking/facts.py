"""Fills the placeholders of phrases, from the catalogue and the contact's appointments.

What is not known is left out: the phrase then becomes the one that stands in for it, or is not said.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import chain

from babel.lists import format_list

from mcp_platform.assistant.speaking import hours
from mcp_platform.scheduling import wording
from mcp_platform.scheduling.appointment import Appointment
from mcp_platform.scheduling.catalogue import Catalogue, Professional, Service
from mcp_platform.scheduling.outcome import SlotView
from mcp_platform.tenants.languages import Language
from mcp_platform.tenants.tenant import Tenant
from mcp_platform.words.book import Reason
from mcp_platform.words.forms import forms, greeting, with_article
from mcp_platform.words.times import Times

NAME = re.compile(r"[^\W\d_]{2,20}")

Values = dict[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a phrase is about, resolved: objects in place of ids."""

    ids: tuple[str, ...] = ()
    services: tuple[Service, ...] = ()
    professionals: tuple[Professional, ...] = ()
    appointments: tuple[Appointment, ...] = ()
    slots: tuple[SlotView, ...] = ()
    days: tuple[date, ...] = ()
    hours: tuple[time, ...] = ()
    answers: tuple[str, ...] = ()
    """The texts, as the owner wrote them."""
    part: str | None = None
    """The part of a day: `morning`, `afternoon` or `evening`."""


class Facts:
    """What one turn can state: a tenant, a catalogue, a language, an instant."""

    def __init__(
        self,
        *,
        tenant: Tenant,
        catalogue: Catalogue,
        language: Language,
        now: datetime,
        card: Mapping[str, str | None],
        contact_name: str | None,
    ) -> None:
        self._tenant = tenant
        self._catalogue = catalogue
        self._language: Language = language
        self._now = now
        self._local = catalogue.rules.local(now)
        self._card = card
        self._name = first_name(contact_name)
        self.times = Times(language, self._local.date())

    def values(self, phrase: str, about: About) -> Values:
        """Return the values of all placeholders that are known of what the phrase is about."""
        return {
            **self._always,
            **self._of_days(about.days),
            **self._of_services(about),
            **(self._all_services(about) if phrase == "ask_day" else {}),
            **self._of_professionals(about),
            **self._of_appointments(about.appointments),
            **self._sums(phrase, about),
            "part": forms(self._language)["parts"][about.part] if about.part else None,
            "hour": self.times.clock(about.hours[0]) if about.hours else None,
            "answer": about.answers[0] if about.answers else None,
        }

    def reason(self, phrase: str, about: About) -> Reason | None:
        """Return why opening hours cannot be said, for phrases about them; None: they can."""
        if phrase == "hours_week":
            return None if hours.knows_hours(self._catalogue) else "missing"
        if phrase not in ("hours_today", "hours_day"):
            return None
        if not hours.knows_hours(self._catalogue):
            return "missing"
        day = about.days[0] if phrase == "hours_day" and about.days else self._local.date()
        spans = hours.open_on(self._catalogue, day)
        if not spans:
            return "closed"
        _, closes = spans[-1]
        over = phrase == "hours_today" and closes <= self._local.replace(tzinfo=None)
        return "over" if over else None

    def works(self, professional: Professional, day: date) -> bool:
        """Tell whether a professional works on a day."""
        return bool(hours.works_on(self._catalogue, professional, day))

    @property
    def is_open(self) -> bool:
        """Whether the business is open now."""
        return hours.is_open(self._catalogue, at=self._local)

    def price(self, cents: int | None, *, currency: str | None) -> str | None:
        """Write a price; None where none was entered."""
        if cents is None or currency is None:
            return None
        if cents == 0:
            return str(forms(self._language)["nothing"])
        return wording.price(cents, currency=currency, language=self._language)

    @cached_property
    def _always(self) -> Values:
        name = self._tenant.business_name
        now = greeting(self._local.hour, language=self._language)
        opening = hours.next_opening(self._catalogue, after=self._local)
        back = self.times.again(opening) if opening else None
        article = self._tenant.article
        week = wording.hours_lines(
            chain.from_iterable(each.hours for each in self._catalogue.professionals),
            language=self._language,
        )

        def named(form: str) -> str:
            return with_article(form, name, article=article, language=self._language)

        return {
            "business": name,
            "o_business": named("the"),
            "de_business": named("of"),
            "em_business": named("in"),
            "good_day": now,
            "good_day_low": now[0].lower() + now[1:],
            "name": self._name,
            "next_open": back,
            "back": None if self.is_open else back,
            "address": self._card.get("address"),
            "phone": self._card.get("phone"),
            "week": "; ".join(week),
            "hours": self._hours(self._local.date()),
            "people": _listed([each.name for each in self._catalogue.professionals]),
        }

    def _hours(self, day: date) -> str | None:
        spans = hours.open_on(self._catalogue, day)
        return self.times.hours(hours.clocks(spans)) if spans else None

    def _of_days(self, days: Sequence[date]) -> Values:
        if not days:
            return {}
        day = days[0]
        after = datetime.combine(day, time.max)
        opening = hours.next_opening(self._catalogue, after=after)
        on_day = self.times.on_day(day)
        return {
            "day": self.times.day(day),
            "day2": self.times.day(days[1]) if days[1:] else None,
            "on_day": on_day,
            "on_day_cap": _begun(on_day),
            "hours": self._hours(day),
            "next_open": self.times.again(opening) if opening else None,
        }

    def _of_services(self, about: About) -> Values:
        if not about.services:
            return {}
        first, *others = about.services
        price = self.price(first.price_cents, currency=first.currency)
        doing = [
            each.name
            for each in self._catalogue.professionals
            if all(service.id in each.service_ids for service in about.services)
        ]
        return {
            "service": first.name,
            "service2": others[0].name if others else None,
            "price": price,
            "costs": self._costs(first.price_cents, price),
            "duration": wording.duration(first.duration, language=self._language),
            "people": _listed(doing),
        }

    def _of_appointments(self, appointments: Sequence[Appointment]) -> Values:
        if not appointments:
            return {}
        first = appointments[0]
        start = self._catalogue.rules.local(first.starts_at)
        its = self.times.appointment(start)
        price = self.price(first.price_cents, currency=first.currency)
        return {
            "appointment": self.appointment(first),
            "appointment_short": its,
            "appointment_short_cap": _begun(its),
            "when_short": self.times.when_short(start),
            "service": first.service_name,
            "professional": first.professional_name,
            "price": price,
            "costs": self._costs(first.price_cents, price),
        }

    def appointment(self, view: Appointment) -> str:
        """Write an appointment: "Corte com Zé, terça-feira, 1º de dezembro, às 10:00"."""
        several = len(self._catalogue.professionals) > 1
        return wording.appointment(
            service=view.service_name,
            professional=view.professional_name if several else None,
            start=self._catalogue.rules.local(view.starts_at),
            language=self._language,
            now=self._now,
        )

    def _all_services(self, about: About) -> Values:
        """Name all services that one visit is for."""
        names = [each.name for each in about.services]
        locale = self._language.replace("-", "_")
        return {"service": format_list(names, locale=locale)} if names else {}

    def _of_professionals(self, about: About) -> Values:
        if not about.professionals:
            return {}
        professional = about.professionals[0]
        lines = wording.hours_lines(professional.hours, language=self._language)
        return {
            "professional": professional.name,
            "days": "; ".join(line.partition(":")[0] for line in lines) or None,
        }

    def _costs(self, cents: int | None, price: str | None) -> str | None:
        form = forms(self._language)["costs_nothing" if cents == 0 else "costs"]
        return None if price is None else str(form.format(price=price))

    def _sums(self, phrase: str, about: About) -> Values:
        """Add up what a phrase is about, services and appointments together."""
        if phrase == "duration_sum":
            lengths = [(each.name, each.duration) for each in about.services]
            lengths += [
                (each.service_name, each.ends_at - each.starts_at) for each in about.appointments
            ]
            total = sum((length for _, length in lengths), timedelta(0))
            return self._sum(
                [(name, self._long(each)) for name, each in lengths], self._long(total)
            )
        prices: list[tuple[str, int | None, str | None]] = [
            (each.name, each.price_cents, each.currency) for each in about.services
        ]
        prices += [
            (each.service_name, each.price_cents, each.currency) for each in about.appointments
        ]
        return self._sum_of_prices(prices)

    def _sum_of_prices(self, items: Sequence[tuple[str, int | None, str | None]]) -> Values:
        """Add up prices; nothing where one is missing, or in another currency."""
        amounts = [cents for _, cents, _ in items if cents is not None]
        currencies = {currency for _, _, currency in items}
        if len(amounts) < len(items) or len(currencies) != 1:
            return {}
        (currency,) = currencies
        named = [(name, self.price(cents, currency=currency) or "") for name, cents, _ in items]
        return self._sum(named, self.price(sum(amounts), currency=currency) or "")

    def _sum(self, items: Sequence[tuple[str, str]], total: str) -> Values:
        written = " + ".join(f"{name} {value}" for name, value in items)
        return {"items": written, "sum": total, "sum_cap": _begun(total)}

    def _long(self, length: timedelta) -> str:
        return wording.duration(length, language=self._language)


def first_name(name: str | None) -> str | None:
    """Return the first word of a profile's name, if it is one: letters only, 2 to 20 of them."""
    words = (name or "").split()
    if not words or not NAME.fullmatch(words[0]):
        return None
    word = words[0]
    return word if word.istitle() else word.capitalize()


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]


def _listed(names: Sequence[str]) -> str | None:
    return ", ".join(names) or None

"""Fills a dialogue about any business with what one business offers.

`{service}`, `{price}`, `{hour}` and the others of `docs/dialogues.md` stand for facts of the
catalogue. What the business has not is not asked: the dialogue is left out, and its reason is told.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from mcp_platform.rehearsal.rehearsed import RehearsedTenant
from mcp_platform.scheduling import wording
from mcp_platform.scheduling.availability import SearchWindow, Slot, slots
from mcp_platform.scheduling.catalogue import Catalogue, Professional, Service
from mcp_platform.tenants.languages import Language

WEEK = 6  # days ahead that a weekday's name alone is clear of
ENOUGH = 3  # free times of a day that can be chosen among
LATER = timedelta(hours=1)
NAMES = frozenset(
    {
        *("business", "address", "phone", "service", "service_id", "price", "duration"),
        *("service2", "service2_id", "person", "person_id", "person2", "person2_id"),
        *("open", "closed", "hour", "hour2", "today_hour", "opens", "question", "answer"),
    }
)
# Days are filled in later, by the day on which they are written: `{wd2}`, `{on2}`.
_PLACE = re.compile(r"\{([a-z_]+\d?)\}")
_DATED = re.compile(r"(?:wd|d|dm|on)\d")


@dataclass(frozen=True, slots=True)
class BusinessFacts:
    """What placeholders stand for. One that is missing is not so of this business."""

    known: Mapping[str, str]

    def filled(self, given: Any) -> Any:
        """Return what is given, strings, lists or mappings, with all placeholders filled in.

        Raises:
            KeyError: with the name of one that this business has no fact for.
        """
        match given:
            case str():
                return _PLACE.sub(self._fact, given)
            case list():
                return [self.filled(each) for each in given]
            case dict():
                return {name: self.filled(each) for name, each in given.items()}
            case _:
                return given

    def _fact(self, match: re.Match[str]) -> str:
        name = match[1]
        return match[0] if _DATED.fullmatch(name) else self.known[name]


def facts_of(rehearsed: RehearsedTenant, *, language: Language, now: datetime) -> BusinessFacts:
    """Return what there is to ask about a business now."""
    return BusinessFacts(dict(_facts(rehearsed, language, now)))


def _facts(
    rehearsed: RehearsedTenant, language: Language, now: datetime
) -> Iterator[tuple[str, str]]:
    catalogue = rehearsed.catalogue
    yield "business", rehearsed.tenant.business_name
    for name in ("address", "phone"):
        if rehearsed.columns[name]:
            yield name, rehearsed.columns[name]
    for answer in rehearsed.known[language][:1]:
        yield "question", answer.questions[0]
        yield "answer", answer.text.splitlines()[0].partition("|")[0].strip()
    today = catalogue.rules.local(now).date()
    closed = next((day for day in range(1, WEEK + 1) if _is_closed(catalogue, today, day)), None)
    if closed is not None:
        yield "closed", str(closed)
    offered = [each for each in catalogue.services if catalogue.offering(each.id)]
    for suffix, service in zip(("", "2"), offered, strict=False):
        yield f"service{suffix}", service.name
        yield f"service{suffix}_id", service.id
    if offered:
        yield from _of_service(catalogue, offered[0], language, now)


def _of_service(
    catalogue: Catalogue, service: Service, language: Language, now: datetime
) -> Iterator[tuple[str, str]]:
    yield "duration", wording.duration(service.duration, language=language)
    if service.price_cents is not None:
        yield (
            "price",
            wording.price(service.price_cents, currency=service.currency, language=language),
        )
    who = catalogue.offering(service.id)
    for suffix, person in zip(("", "2"), who, strict=False):
        yield f"person{suffix}", person.name
        yield f"person{suffix}_id", person.id
    today = catalogue.rules.local(now).date()
    for day in range(1, WEEK + 1):
        free = _free(catalogue, service, who[0], on=today + timedelta(days=day), now=now)
        if len(free) >= ENOUGH:
            yield "open", str(day)
            # In the middle: the first of a day may be too soon by the time that it is asked for.
            for name, slot in zip(("hour", "hour2"), free[len(free) // 2 :], strict=False):
                yield name, f"{slot.start:%H:%M}"
            opened = [
                span.opens
                for each in catalogue.professionals
                for span in each.hours
                if span.weekday == (today + timedelta(days=day)).weekday()
            ]
            yield "opens", f"{min(opened):%H:%M}"
            break
    soon = _free(catalogue, service, who[0], on=today, now=now + LATER)
    if soon:
        yield "today_hour", f"{soon[-1].start:%H:%M}"


def _free(
    catalogue: Catalogue, service: Service, person: Professional, *, on: date, now: datetime
) -> list[Slot]:
    return slots(
        catalogue=catalogue,
        service=service,
        professional=person,
        wanted=SearchWindow(first=on, last=on),
        busy=(),
        now=now,
    )


def _is_closed(catalogue: Catalogue, today: date, days: int) -> bool:
    """Tell whether nobody works on a day, by the weekly hours or by a closed day."""
    day = today + timedelta(days=days)
    shut = any(
        each.day == day and each.professional_id is None and each.begins is None
        for each in catalogue.closed_days
    )
    works = any(
        span.weekday == day.weekday() for each in catalogue.professionals for span in each.hours
    )
    return shut or not works

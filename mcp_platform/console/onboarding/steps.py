"""The steps of a new client: how answers stand in a form, and what a form answers.

The readers are those of `onboard`: what will not do there will not do here, in the same words.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from mcp_platform.answers.usual import USUAL
from mcp_platform.onboarding.answers import (
    UnfitAnswer,
    read_professional,
    read_service,
    reader,
)
from mcp_platform.onboarding.given import slug
from mcp_platform.onboarding.words import OnboardingWords

STEPS: Final = ("client", "business", "services", "people", "answers", "review")
MOST_ROWS: Final = 20
_NAME: Final = re.compile(r"row\.(\d{1,2})\.name", re.ASCII)
BLANK_ROWS: Final = {"services": 3, "people": 1}
DOES: Final = "does"
BUSINESS: Final = (
    "kind",
    "article",
    "language",
    "time_zone",
    "address",
    "owner_whatsapp",
    "minimum_notice",
)


@dataclass(slots=True)
class StepAnswers:
    """What a form answers: `values` by name, `wrong` by the form's field."""

    values: dict[str, Any] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)


def read_step(
    step: str, form: Mapping[str, str], known: Mapping[str, Any], *, words: OnboardingWords
) -> StepAnswers:
    """Read the form of a step, where `known` are all answers so far."""
    match step:
        case "client":
            return _client(form, words)
        case "business":
            return _plain(BUSINESS, form, {**known, "time_zone": form.get("time_zone")}, words)
        case "services":
            return _rows("services", form, words, _service, read_service)
        case "people":
            offered = [each["name"] for each in known.get("services", ())]
            return _rows(
                "professionals",
                form,
                words,
                lambda row: _person(row, offered),
                read_professional,
            )
        case "answers":
            return _usual(form, known, words)
        case _:
            return StepAnswers()


def fields_of(step: str, answers: Mapping[str, Any]) -> dict[str, str]:
    """Return answers as the form of a step shows them."""
    match step:
        case "client":
            environments = answers.get("environments") or ["production"]
            return {
                "business_name": answers.get("business_name", ""),
                "client_name": answers.get("client_name", ""),
                "environment": environments[0],
            }
        case "business":
            minutes = answers.get("minimum_notice")
            shown = {name: str(answers.get(name) or "") for name in BUSINESS}
            return shown | {"minimum_notice": "" if minutes is None else f"{minutes} min"}
        case "services":
            return _shown(answers.get("services", ()), lambda each: each)
        case "people":
            return _shown(answers.get("professionals", ()), _person_shown)
        case "answers":
            said: dict[str, str] = answers.get("answers", {})
            return {f"answers.{topic}": text for topic, text in said.items()}
        case _:
            return {}


def rows_shown(step: str, fields: Mapping[str, str], *, more: bool = False) -> int:
    """Return how many rows a form has: what is filled in, and some that are empty."""
    last = max(
        (int(row[1]) for name, value in fields.items() if value and (row := _NAME.fullmatch(name))),
        default=-1,
    )
    blank = BLANK_ROWS.get(step, 0)
    return min(max(last + 1 + blank + (blank if more else 0), blank), MOST_ROWS)


def _client(form: Mapping[str, str], words: OnboardingWords) -> StepAnswers:
    name = form.get("client_name", "").strip() or slug(form.get("business_name", ""))
    found = StepAnswers()
    for field_, answer, value in (
        ("business_name", "business_name", form.get("business_name", "")),
        ("client_name", "client_name", name),
        ("environment", "environments", [form.get("environment", "")]),
    ):
        found.values[answer] = _read(found, field_, reader(answer, {}), value, words)
    return found


def _plain(
    names: tuple[str, ...],
    form: Mapping[str, str],
    known: Mapping[str, Any],
    words: OnboardingWords,
) -> StepAnswers:
    found = StepAnswers()
    for name in names:
        value = form.get(name, "").strip()
        found.values[name] = _read(found, name, reader(name, known), value, words)
    return found


def _read(
    found: StepAnswers,
    field_: str,
    read: Callable[[Any], Any],
    value: Any,
    words: OnboardingWords,
) -> Any:
    try:
        return read(value)
    except UnfitAnswer as error:
        found.wrong[field_] = words.unfit(error)
        return None


def _rows(
    name: str,
    form: Mapping[str, str],
    words: OnboardingWords,
    taken: Callable[[Mapping[str, str]], dict[str, Any]],
    read: Callable[[Any], Any],
) -> StepAnswers:
    """Read what stands in rows, of which the empty ones are left out."""
    found = StepAnswers()
    kept: list[dict[str, Any]] = []
    for number in range(MOST_ROWS):
        begin = f"row.{number}."
        row = {
            at.removeprefix(begin): value.strip()
            for at, value in form.items()
            if at.startswith(begin)
        }
        if not row.get("name"):
            continue
        try:
            kept.append(read(taken(row)))
        except UnfitAnswer as error:
            where = error.at.strip(" ›").partition(" ")[0] or "name"
            found.wrong[f"{begin}{where}"] = words.unfit(error)
    names = [each["name"] for each in kept]
    if not found.wrong and len(set(names)) < len(names):
        found.wrong["row.0.name"] = words(f"wrong.{name}_twice")
    if not found.wrong and not kept:
        found.wrong["row.0.name"] = words("wrong.missing")
    found.values[name] = kept
    return found


def _service(row: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": row["name"],
        "minutes": row.get("minutes", ""),
        "price": row.get("price", ""),
    }


def _person(row: Mapping[str, str], offered: list[str]) -> dict[str, Any]:
    does = [name for place, name in enumerate(offered) if f"{DOES}.{place}" in row]
    made: dict[str, Any] = {"name": row["name"], "hours": row.get("hours", "")}
    if does and len(does) < len(offered):  # all of them need not be named
        made["services"] = does
    if row.get("calendar"):
        made["calendar"] = row["calendar"]
    return made


def _person_shown(person: Mapping[str, Any]) -> dict[str, Any]:
    return {name: person.get(name, "") for name in ("name", "hours", "calendar")}


def _shown(items: Any, plain: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> dict[str, str]:
    return {
        f"row.{number}.{name}": str(value)
        for number, each in enumerate(items)
        for name, value in plain(each).items()
    }


def _usual(
    form: Mapping[str, str], known: Mapping[str, Any], words: OnboardingWords
) -> StepAnswers:
    found = StepAnswers()
    said: dict[str, str] = {}
    for topic in USUAL:
        text = form.get(f"answers.{topic}", "").replace("\r\n", "\n").strip()
        try:
            said |= reader("answers", known)({topic: text})
        except UnfitAnswer as error:
            found.wrong[f"answers.{topic}"] = words.unfit(error)
    found.values["answers"] = said
    return found

"""The answers of the interview as JSON: read, checked, and made into wishes.

The registry's own wishes decide whether an answer will do. Secrets are not among the answers: they
stand in a credentials file, or are asked again.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from mcp_platform.answers.usual import USUAL
from mcp_platform.conversations.phones import international
from mcp_platform.credentials.forms import PUBLIC
from mcp_platform.errors import Invalid
from mcp_platform.kit.files import NotUtf8, text_of
from mcp_platform.kit.forms import Wished
from mcp_platform.onboarding.given import Answers, slug
from mcp_platform.onboarding.hours import HoursUnreadable, read_hours
from mcp_platform.registry.answers.forms import AnswerWish
from mcp_platform.registry.clients import NewClient
from mcp_platform.registry.environments import NewEnvironment
from mcp_platform.registry.professionals import NewProfessional
from mcp_platform.registry.resources import COLUMNS, check_resources
from mcp_platform.registry.services import NewService
from mcp_platform.scheduling.catalogue import (
    DEFAULT_MINIMUM_NOTICE,
    DEFAULT_TIME_ZONE,
    BookingRules,
    Catalogue,
    Professional,
    ProfessionalId,
    Service,
    ServiceId,
)
from mcp_platform.tenants.calendar_ids import what_is_no_calendar
from mcp_platform.tenants.languages import supported
from mcp_platform.tenants.tenant import ENVIRONMENTS, RESERVED_NAMES

ARTICLES = {"a": "da", "o": "do", "as": "das", "os": "dos", "": "de"}
KINDS = ("barber", "salon", "nails", "massage", "clinic", "dentist", "pets", "other")
"""What may stand before a business's name, as `of` it is written, and what kinds of business there are."""
FILES = ("file", "google_file")
"""Of an environment's credentials: an `.env` file, and a service account's JSON file."""
_PRICE = re.compile(
    r"(?P<before>R\$|[A-Z]{3})?\s*(?P<whole>\d{1,3}(?:(?P<mark>[.,])\d{3})+|\d{1,7})"
    r"(?:(?P<point>[.,])(?P<cents>\d{2}))?\s*(?P<after>[A-Z]{3})?"
)


_NOTICE = re.compile(
    r"(?P<amount>\d{1,5})\s*(?P<unit>m|min|minutos?|minutes?|h|horas?|hours?|d|dias?|days?)?\.?"
)
_MINUTES = {"m": 1, "h": 60, "d": 24 * 60}
LONGEST_SLUG = 56  # the registry takes 64; a number may follow


class UnfitAnswer(ValueError):
    """An answer will not do. `code` names the sentence that says why.

    Attributes:
        at: Where in the answer: ` › Corte › price`. Empty: all of it.
    """

    def __init__(self, code: str, *, at: str = "", **details: str) -> None:
        super().__init__(code)
        self.code = code
        self.at = at
        self.details = details


def read_file(file: Path) -> dict[str, Any]:
    """Return what a JSON or YAML file of answers says.

    Raises:
        Invalid: it cannot be read, or is neither.
    """
    try:
        found = yaml.safe_load(text_of(file.read_bytes()))  # of which JSON is a part
    except OSError as error:
        raise Invalid(f"{file} cannot be read: {error.strerror}.") from error
    except NotUtf8 as error:
        raise Invalid(f"{file}: {error}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        raise Invalid(f"{file}{where}: this is neither JSON nor YAML.") from error
    if not isinstance(found, dict):
        raise Invalid(f"{file} holds no answers by name.")
    return {str(name): value for name, value in found.items()}


def check(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, UnfitAnswer]]:
    """Return the answers that will do, and what is wrong with the others, by their names."""
    kept: dict[str, Any] = {}
    wrong: dict[str, UnfitAnswer] = {}
    for name, value in values.items():
        if name == "credentials":
            kept[name], wrong_here = _credentials(value)
            wrong |= wrong_here
            continue
        try:
            kept[name] = reader(name, values)(value)
        except UnfitAnswer as error:
            wrong[f"{name}{error.at}"] = error
    return kept, wrong


# Readers: an answer as it was given becomes the answer as it is kept.


def read_client_name(value: Any) -> str:
    if isinstance(value, str) and value in RESERVED_NAMES:
        raise UnfitAnswer("reserved")
    return _wish("client_name", NewClient, name=value, business_name="-").name


def read_business_name(value: Any) -> str:
    text = value.strip() if isinstance(value, str) else value
    return _wish("business_name", NewClient, name="any", business_name=text).business_name


def read_environments(value: Any) -> list[str]:
    named = [value] if isinstance(value, str) else value
    if not isinstance(named, list) or not named or any(each not in ENVIRONMENTS for each in named):
        raise UnfitAnswer("environments")
    return [each for each in ENVIRONMENTS if each in named]


def read_choice(name: str) -> Callable[[Any], str | None]:
    """Return the reader of an answer that is one of a few, or none of them."""
    read = _of_environment(name)
    return lambda value: None if value in (None, "") else read(value)


def read_address(value: Any) -> str | None:
    text = value.strip() if isinstance(value, str) else value
    if text in (None, ""):
        return None
    return _environment("address", text).address


def read_notice(value: Any) -> int:
    """Return minutes of `30`, `30 min`, `2h`, `1 dia`; nothing: none."""
    if value in (None, ""):
        return DEFAULT_MINIMUM_NOTICE // timedelta(minutes=1)
    if isinstance(value, str):
        found = _NOTICE.fullmatch(value.strip().lower())
        if found is None:
            raise UnfitAnswer("minimum_notice")
        value = int(found["amount"]) * _MINUTES[(found["unit"] or "m")[0]]
    wish = _wish(
        "minimum_notice", NewEnvironment, environment="production", minimum_notice_minutes=value
    )
    return wish.minimum_notice_minutes


def read_owner(value: Any, *, time_zone: str = DEFAULT_TIME_ZONE) -> str | None:
    if value in (None, ""):
        return None
    digits = international(str(value), time_zone=time_zone)
    if digits is None:
        raise UnfitAnswer("owner_whatsapp")
    return digits


def read_resources(value: Any) -> dict[str, Any]:
    if value in (None, ""):
        return {}
    wish = _environment("resources", value)
    try:
        check_resources({**dict.fromkeys(COLUMNS), **wish.resources.columns()})
    except Invalid as error:
        raise UnfitAnswer("above") from error
    return dict(value)


def read_services(value: Any) -> list[dict[str, Any]]:
    services = []
    for place, each in enumerate(_list_of("services", value), start=1):
        with _within(_called(each, place)):
            services.append(read_service(each))
    _different("services", services)
    return services


def read_service(value: Any) -> dict[str, Any]:
    _require_fields("services", value, {"name", "minutes", "price"})
    service = {"price": "", **value}
    price = service["price"] if service["price"] is not None else ""
    service["price"] = f"{price:.2f}" if isinstance(price, float) else str(price).strip()
    with _within("minutes"):
        service["minutes"] = read_minutes(value.get("minutes"))
    service_wish(service, id_="any")
    return service


def read_professionals(value: Any) -> list[dict[str, Any]]:
    professionals = []
    for place, each in enumerate(_list_of("professionals", value), start=1):
        with _within(_called(each, place)):
            professionals.append(read_professional(each))
    _different("professionals", professionals)
    return professionals


def read_professional(value: Any) -> dict[str, Any]:
    _require_fields("professionals", value, {"name", "hours", "services", "calendar"})
    with _within("hours"):
        read_hours_text(value.get("hours"))
    with _within("name"):
        _wish("name", NewProfessional, id="any", name=value.get("name"))
    with _within("calendar"):
        read_calendar(value.get("calendar"))
    if not isinstance(value.get("services", []), list):
        raise UnfitAnswer("professionals", at=" › services")
    return dict(value)


def read_answers(value: Any) -> dict[str, str]:
    """Return what the business answers, by topic of `usual.yaml`; what is empty is left out."""
    if value in (None, ""):
        return {}
    _require_fields("answers", value, set(USUAL))
    said = {}
    for topic, text in value.items():
        with _within(topic):
            said[topic] = read_answer(text)
    return {topic: text for topic, text in said.items() if text}


def read_answer(value: Any) -> str:
    """Return the text of an answer; nothing: the question is not answered."""
    text = value.strip() if isinstance(value, str) else value
    if text in (None, ""):
        return ""
    return _wish("answers", AnswerWish, title="-", questions=("-",), text=text).text


def answer_wishes(answers: Answers) -> list[AnswerWish]:
    """Return what makes the answers, in the language of the business."""
    language = supported(answers.values.get("language", DEFAULTS["language"]))
    said = answers.values.get("answers", {})
    return [
        AnswerWish.of(
            {
                "language": language,
                "title": asked[language].title,
                "questions": asked[language].questions,
                "text": said[topic],
            }
        )
        for topic, asked in USUAL.items()
        if topic in said
    ]


def read_calendar(value: Any) -> str | None:
    """Return a professional's own calendar; None: bookings go into the business's."""
    if value in (None, ""):
        return None
    code = what_is_no_calendar(value) if isinstance(value, str) else None
    if code is not None:
        raise UnfitAnswer(code)
    asked = value.strip() if isinstance(value, str) else value
    wish = _wish("form", NewProfessional, id="any", name="-", calendar_id=asked)
    return wish.calendar_id


def read_hours_text(value: Any) -> str:
    if not isinstance(value, str):
        raise UnfitAnswer("hours", piece=str(value))
    try:
        read_hours(value)
    except HoursUnreadable as error:
        raise UnfitAnswer("hours", piece=error.piece) from error
    except Invalid as error:
        raise UnfitAnswer("hours_overlap") from error
    return value


def read_minutes(value: Any) -> int:
    number = int(value) if isinstance(value, str) and value.strip().isdecimal() else value
    wish = _wish("minutes", NewService, id="any", name="-", duration_minutes=number)
    return wish.duration_minutes


def read_price(text: str) -> tuple[int | None, str]:
    """Return cents and currency of `45`, `R$ 45,00`, `1.234,50`, `USD 12.50`; nothing: no price."""
    if not text.strip():
        return None, "BRL"
    found = _PRICE.fullmatch(text.strip().upper())
    if found is None or (found["point"] and found["point"] == found["mark"]):
        raise UnfitAnswer("price")
    whole = re.sub(r"[.,]", "", found["whole"])
    cents = int(Decimal(f"{whole}.{found['cents'] or '00'}") * 100)
    named = [each for each in (found["before"], found["after"]) if each]
    currency = "BRL" if not named or named == ["R$"] else named[0]
    return cents, currency


def service_wish(service: Mapping[str, Any], *, id_: str) -> NewService:
    """Return what makes a service. Raises Unfit."""
    with _within("price"):
        cents, currency = read_price(str(service.get("price", "")))
        _wish("price", NewService, id=id_, name="-", duration_minutes=30, currency=currency)
    with _within("name"):
        _wish("name", NewService, id=id_, name=service.get("name"), duration_minutes=30)
    with _within("minutes"):
        return _wish(
            "minutes",
            NewService,
            id=id_,
            name=service["name"],
            duration_minutes=service.get("minutes"),
            price_cents=cents,
            currency=currency,
        )


def catalogue(answers: Answers) -> tuple[list[NewService], list[NewProfessional]]:
    """Return what makes the services, and those who do them: all, unless it is said which.

    Raises:
        Unfit: a professional does a service that there is not.
    """
    services: dict[str, NewService] = {}
    for place, each in enumerate(answers.values["services"]):
        made = service_wish(each, id_=_slug(each["name"], [wish.id for wish in services.values()]))
        services[each["name"]] = made.model_copy(update={"position": place})
    professionals: list[NewProfessional] = []
    for each in answers.values["professionals"]:
        does = each.get("services") or list(services)
        for service in does:
            if service not in services:
                raise UnfitAnswer(
                    "unknown_service",
                    at=f" › {each['name']} › services",
                    name=str(each["name"]),
                    service=str(service),
                )
        taken = [wish.id for wish in professionals]
        wish = NewProfessional(
            id=_slug(each["name"], taken),
            name=each["name"],
            calendar_id=read_calendar(each.get("calendar")),
            service_ids=tuple(services[name].id for name in does),
            hours=read_hours(each["hours"]),
            position=len(professionals),
        )
        professionals.append(wish)
    return list(services.values()), professionals


def as_catalogue(answers: Answers) -> Catalogue:
    """Return what would be registered, as the doctor looks at it. Raises Unfit."""
    services, professionals = catalogue(answers)
    return Catalogue(
        services=tuple(
            Service(
                id=ServiceId(each.id),
                name=each.name,
                duration=timedelta(minutes=each.duration_minutes),
            )
            for each in services
        ),
        professionals=tuple(
            Professional(
                id=ProfessionalId(each.id),
                name=each.name,
                calendar_id=each.calendar_id,
                service_ids=frozenset(map(ServiceId, each.service_ids)),
                hours=(),
            )
            for each in professionals
        ),
        rules=BookingRules(time_zone=answers.values.get("time_zone", DEFAULT_TIME_ZONE)),
    )


def _environment(name: str, value: Any) -> NewEnvironment:
    return _wish(name, NewEnvironment, environment="production", **{name: value})


def _of_environment(name: str) -> Callable[[Any], Any]:
    return lambda value: getattr(_environment(name, value), name)


def _wish(code: str, model: type[Wished], /, **values: Any) -> Wished:
    try:
        return model.of(values)
    except Invalid as error:
        raise UnfitAnswer(code) from error


@contextmanager
def _within(place: str) -> Iterator[None]:
    """Have what will not do say where it stands."""
    try:
        yield
    except UnfitAnswer as error:
        error.at = f" › {place}{error.at}"
        raise


def _called(item: Any, place: int) -> str:
    """Return what a person calls an item of a list: its name, else its number."""
    name = item.get("name") if isinstance(item, dict) else None
    return name if isinstance(name, str) and name.strip() else f"{place}"


def _require_fields(code: str, value: Any, fields: set[str]) -> None:
    if not isinstance(value, dict):
        raise UnfitAnswer(code)
    for unknown in sorted(set(map(str, value)) - fields):
        raise UnfitAnswer(code, at=f" › {unknown}")


def _nothing() -> Any:
    raise UnfitAnswer("no_such_answer")


def _list_of(code: str, value: Any) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise UnfitAnswer(code)
    return value


def _different(code: str, items: Sequence[Mapping[str, Any]]) -> None:
    if len({each["name"] for each in items}) < len(items):
        raise UnfitAnswer(f"{code}_twice")


def _credentials(value: Any) -> tuple[dict[str, dict[str, str]], dict[str, UnfitAnswer]]:
    kept: dict[str, dict[str, str]] = {}
    wrong: dict[str, UnfitAnswer] = {}
    if not isinstance(value, dict):
        return {}, {"credentials": UnfitAnswer("credentials")}
    for environment, held in value.items():
        if environment not in ENVIRONMENTS or not isinstance(held, dict):
            wrong[f"credentials.{environment}"] = UnfitAnswer("credentials")
            continue
        kept[environment] = {}
        for key, each in held.items():
            if key not in (*PUBLIC, *FILES) or not isinstance(each, str):
                wrong[f"credentials.{environment}.{key}"] = UnfitAnswer("secret_in_answers")
            else:
                kept[environment][key] = each
    return kept, wrong


def _slug(name: str, taken: Sequence[str]) -> str:
    made = first = slug(name, most=LONGEST_SLUG) or "item"
    number = 2
    while made in taken:
        made, number = f"{first}-{number}", number + 1
    return made


READERS: Mapping[str, Callable[[Any], Any]] = {
    "business_name": read_business_name,
    "client_name": read_client_name,
    "environments": read_environments,
    "article": read_choice("article"),
    "kind": read_choice("kind"),
    "time_zone": _of_environment("time_zone"),
    "language": _of_environment("language"),
    "address": read_address,
    "owner_whatsapp": read_owner,
    "minimum_notice": read_notice,
    "services": read_services,
    "professionals": read_professionals,
    "answers": read_answers,
    "topology": _of_environment("topology"),
    "resources": read_resources,
}
"""All answers but the credentials, in the order in which they are asked."""
UNASKED = ("topology", "resources")
"""What a file may say, and nobody is asked: it is the machine's business, not the client's."""
DEFAULTS: Mapping[str, Any] = {
    "article": None,
    "kind": None,
    "time_zone": DEFAULT_TIME_ZONE,
    "language": "pt-BR",
    "address": None,
    "owner_whatsapp": None,
    "minimum_notice": read_notice(None),
    "answers": {},
    "resources": {},
}
"""What a file need not say. Of `topology`, where the platform runs decides."""


def reader(name: str, values: Mapping[str, Any]) -> Callable[[Any], Any]:
    """Return what reads an answer, where `values` are the others. Raises Unfit if none does."""
    if name not in READERS:
        _nothing()
    if name == "owner_whatsapp" and isinstance(zone := values.get("time_zone"), str):
        return partial(read_owner, time_zone=zone)
    return READERS[name]

"""What the interview is to find out, as JSON: read, checked, kept between runs, and made into wishes.

Owns which answers there are and when one will do; the registry's own wishes decide that. Refuses
secrets: those stand in a credentials file, or are asked again.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from mcp_platform.cli.commands.onboarding.hours import HoursUnreadable, read_hours
from mcp_platform.conversations.phones import international
from mcp_platform.errors import Invalid
from mcp_platform.kit.files import NotUtf8, replace_file, text_of
from mcp_platform.kit.forms import Wished
from mcp_platform.registry.clients import NewClient
from mcp_platform.registry.environments import NewEnvironment
from mcp_platform.registry.professionals import NewProfessional
from mcp_platform.registry.resources import COLUMNS, check_resources
from mcp_platform.registry.services import NewService
from mcp_platform.scheduling.catalogue import DEFAULT_TIME_ZONE
from mcp_platform.tenants.tenant import ENVIRONMENTS, RESERVED_NAMES

PUBLIC = (
    "GOOGLE_CLIENT_EMAIL",
    "GOOGLE_PROJECT_ID",
    "GOOGLE_CALENDAR_ID",
    "WHATSAPP_PHONE_NUMBER_ID",
    "WHATSAPP_BUSINESS_ACCOUNT_ID",
    "WHATSAPP_APP_ID",
)
"""Credentials that are no secrets: ids and names, which may be kept and shown."""
FILES = ("file", "google_file")
"""Of an environment's credentials: an `.env` file, and a service account's JSON file."""
_PRICE = re.compile(
    r"(?P<before>R\$|[A-Z]{3})?\s*(?P<whole>\d{1,3}(?:(?P<mark>[.,])\d{3})+|\d{1,7})"
    r"(?:(?P<point>[.,])(?P<cents>\d{2}))?\s*(?P<after>[A-Z]{3})?"
)


class UnfitAnswer(ValueError):
    """An answer will not do. `code` names the sentence that says why."""

    def __init__(self, code: str, **details: str) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


@dataclass(slots=True)
class OnboardingAnswers:
    """What was answered, in the form of the file: `values` may be written to disk."""

    values: dict[str, Any] = field(default_factory=dict)

    @property
    def client_name(self) -> str:
        return str(self.values["client_name"])

    @property
    def environments(self) -> list[str]:
        return list(self.values["environments"])

    def credentials(self, environment: str) -> dict[str, str]:
        """Return what is known of an environment's credentials; what is set in it is kept."""
        found: dict[str, str] = self.values.setdefault("credentials", {}).setdefault(
            environment, {}
        )
        return found


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
        raise Invalid(f"{file} is neither JSON nor YAML.") from error
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
            wrong[name] = error
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
    services = [read_service(each) for each in _list_of("services", value)]
    _different("services", services)
    return services


def read_service(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not set(value) <= {"name", "minutes", "price"}:
        raise UnfitAnswer("services")
    service = {"price": "", **value}
    price = service["price"] if service["price"] is not None else ""
    service["price"] = f"{price:.2f}" if isinstance(price, float) else str(price).strip()
    service_wish(service, id_="any")
    return service


def read_professionals(value: Any) -> list[dict[str, Any]]:
    professionals = [read_professional(each) for each in _list_of("professionals", value)]
    _different("professionals", professionals)
    return professionals


def read_professional(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not set(value) <= {"name", "hours", "services"}:
        raise UnfitAnswer("professionals")
    read_hours_text(value.get("hours"))
    _wish("name", NewProfessional, id="any", name=value.get("name"))
    if not isinstance(value.get("services", []), list):
        raise UnfitAnswer("professionals")
    return dict(value)


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
    cents, currency = read_price(str(service.get("price", "")))
    _wish("name", NewService, id=id_, name=service.get("name"), duration_minutes=30)
    return _wish(
        "minutes" if currency == "BRL" else "price",
        NewService,
        id=id_,
        name=service["name"],
        duration_minutes=service.get("minutes"),
        price_cents=cents,
        currency=currency,
    )


def catalogue(answers: OnboardingAnswers) -> tuple[list[NewService], list[NewProfessional]]:
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
        if not set(does) <= set(services):
            raise UnfitAnswer("unknown_service", name=str(each["name"]))
        taken = [wish.id for wish in professionals]
        wish = NewProfessional(
            id=_slug(each["name"], taken),
            name=each["name"],
            service_ids=tuple(services[name].id for name in does),
            hours=read_hours(each["hours"]),
            position=len(professionals),
        )
        professionals.append(wish)
    return list(services.values()), professionals


@dataclass(frozen=True, slots=True)
class AnswerFiles:
    """Answers of clients that are not finished yet, one file each, for the owner of the process."""

    folder: Path

    def file(self, client_name: str) -> Path:
        return self.folder / f"{client_name}.json"

    def unfinished(self) -> list[str]:
        return sorted(file.stem for file in self.folder.glob("[!.]*.json"))

    def load(self, client_name: str) -> OnboardingAnswers:
        """Return what was kept of a client; what is damaged or will not do is forgotten."""
        try:
            found = json.loads(self.file(client_name).read_text("utf-8"))
        except (OSError, ValueError):
            return OnboardingAnswers()
        return OnboardingAnswers(check(found)[0] if isinstance(found, dict) else {})

    def save(self, answers: OnboardingAnswers) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        content = json.dumps(answers.values, ensure_ascii=False, indent=2)
        replace_file(self.file(answers.client_name), content.encode(), mode=0o600)

    def remove(self, client_name: str) -> None:
        self.file(client_name).unlink(missing_ok=True)


def _environment(name: str, value: Any) -> NewEnvironment:
    return _wish(name, NewEnvironment, environment="production", **{name: value})


def _of_environment(name: str) -> Callable[[Any], Any]:
    return lambda value: getattr(_environment(name, value), name)


def _wish(code: str, kind: type[Wished], **values: Any) -> Wished:
    try:
        return kind.of(values)
    except Invalid as error:
        raise UnfitAnswer(code) from error


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
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:56].strip("-") or "item"
    made, number = slug, 2
    while made in taken:
        made, number = f"{slug}-{number}", number + 1
    return made


READERS: Mapping[str, Callable[[Any], Any]] = {
    "client_name": read_client_name,
    "business_name": read_business_name,
    "environments": read_environments,
    "topology": _of_environment("topology"),
    "resources": read_resources,
    "time_zone": _of_environment("time_zone"),
    "language": _of_environment("language"),
    "owner_whatsapp": read_owner,
    "services": read_services,
    "professionals": read_professionals,
}
"""All answers but the credentials, in the order in which they are asked."""


def reader(name: str, values: Mapping[str, Any]) -> Callable[[Any], Any]:
    """Return what reads an answer, where `values` are the others. Raises Unfit if none does."""
    if name not in READERS:
        _nothing()
    if name == "owner_whatsapp" and isinstance(zone := values.get("time_zone"), str):
        return partial(read_owner, time_zone=zone)
    return READERS[name]


OF_THE_REGISTRY = tuple(name for name in READERS if name not in ("client_name", "environments"))
"""What is asked of an environment that is not there yet."""

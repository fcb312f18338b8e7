"""The interview: asks what is missing, one answer at a time, and keeps what is no secret.

Secrets live in `values`, for as long as the process does.
"""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from mcp_platform.cli.commands.onboarding import answers as forms
from mcp_platform.cli.commands.onboarding.answers import (
    PUBLIC,
    READERS,
    AnswerFiles,
    OnboardingAnswers,
    UnfitAnswer,
    reader,
)
from mcp_platform.cli.commands.onboarding.asking import Check, Prompter
from mcp_platform.cli.commands.onboarding.known import KnownInstallation
from mcp_platform.cli.commands.onboarding.words import OnboardingWords
from mcp_platform.credentials.forms import SETTABLE, check_form
from mcp_platform.errors import Invalid
from mcp_platform.kit.files import NotUtf8, text_of
from mcp_platform.scheduling.catalogue import DEFAULT_TIME_ZONE
from mcp_platform.tenants.credentials import what_is_wrong
from mcp_platform.tenants.env_file import COMMENT, FROM_JSON, LARGEST_FILE, read_env_file

DEFAULT_RESOURCES = {"cpu": ("50m", "500m"), "memory": ("192Mi", "384Mi")}  # the manifest builder's
SHARED_KEYS = (*FROM_JSON, "GEMINI_API_KEY")
"""What several environments of a client often have in common."""
VERIFY = "WHATSAPP_WEBHOOK_VERIFY_TOKEN"
_TYPED = tuple(key for key in SETTABLE if key not in FROM_JSON)


class Interview:
    """Asks one client's questions. `values` are the credentials by environment, secrets included."""

    def __init__(
        self,
        *,
        asking: Prompter,
        words: OnboardingWords,
        known: KnownInstallation,
        kept: AnswerFiles,
        answers: OnboardingAnswers,
    ) -> None:
        self._asking = asking
        self._words = words
        self._known = known
        self._kept = kept
        self._console = Console(highlight=False)
        self.answers = answers
        self.values: dict[str, dict[str, str]] = {}
        self.made_here: set[str] = set()
        """Environments whose verify token was made here, and is shown at the end."""

    correctable = ("GOOGLE_PRIVATE_KEY", *_TYPED)
    """The credentials that can be asked for one by one."""

    def needed(self) -> list[str]:
        """Return the names of the answers this client needs, credentials aside."""
        return needed(self.answers, self._known)

    def environments_now(self) -> list[str]:
        """Return the environments whose credentials are given now; with several, each is asked."""
        environments = self.answers.environments
        if len(environments) == 1:
            return environments
        choices = {name: self._words(f"credentials.{name}") for name in ("now", "later")}
        return [
            each
            for each in environments
            if self._asking.choose(self._words("credentials.when", environment=each), choices)
            == "now"
        ]

    def missing(self) -> None:
        """Ask whatever is not answered yet, or is no longer so."""
        values, name = self.answers.values, self.answers.values.get("client_name")
        free = self._known.open_environments(name) if name else []
        if not free:
            values.pop("client_name", None)
        values["environments"] = [each for each in values.get("environments", []) if each in free]
        if not values["environments"]:
            del values["environments"]
        for name in READERS:
            if name in self.needed() and name not in self.answers.values:
                self.ask(name)

    def review(self) -> None:
        """Ask everything again, with what was answered offered."""
        for name in self.needed():
            if name != "client_name":
                self.ask(name)

    def ask(self, name: str) -> None:
        """Ask one question, and keep the answer."""
        before = self.answers.values.get(name)
        old_name = before if name == "client_name" else None
        asks: dict[str, Callable[[Any], Any]] = {
            "environments": self._environments,
            "topology": self._topology,
            "resources": self._resources,
            "language": self._language,
            "services": self._services,
            "professionals": self._professionals,
        }
        ask = asks.get(name, lambda value: self._plain(name, value))
        self.answers.values[name] = ask(before)
        if old_name and old_name != self.answers.client_name:
            self._kept.remove(old_name)
        self._kept.save(self.answers)

    # The client and its environments.

    def _plain(self, name: str, before: Any) -> Any:
        default = DEFAULT_TIME_ZONE if name == "time_zone" and before is None else before or ""
        read = reader(name, self.answers.values)
        if name == "client_name":
            read = self._read_client_name
        return read(
            self._asking.text(self._words(name), check=self._checked(read), default=default)
        )

    def _read_client_name(self, value: Any) -> str:
        name = forms.read_client_name(value.strip())
        if not self._known.open_environments(name):
            raise UnfitAnswer("exists")
        return name

    def _environments(self, before: Any) -> list[str]:
        free = self._known.open_environments(self.answers.client_name)
        ticked = [each for each in before or ["production"] if each in free] or free[-1:]
        return self._asking.several(
            self._words("environments"),
            free,
            ticked=ticked,
            check=self._checked(forms.read_environments),
        )

    def _topology(self, before: Any) -> str:
        choices = {name: self._words(f"topology.{name}") for name in ("shared", "isolated")}
        return self._asking.choose(self._words("topology"), choices, default=before)

    def _language(self, before: Any) -> str:
        choices = {name: name for name in ("pt-BR", "en", "es")}
        default = before or ("pt-BR" if self._words.language == "pt" else "en")
        return self._asking.choose(self._words("language"), choices, default=default)

    def _resources(self, before: Any) -> dict[str, Any]:
        shown = ", ".join("–".join(each) for each in DEFAULT_RESOURCES.values())
        choices = {
            "default": f"{self._words('resources.default')} ({shown})",
            "own": self._words("resources.own"),
        }
        chosen = self._asking.choose(
            self._words("resources"), choices, default="own" if before else "default"
        )
        if chosen == "default":
            return {}
        made: dict[str, dict[str, str]] = {"requests": {}, "limits": {}}
        for place, edge in enumerate(made):
            for what, defaults in DEFAULT_RESOURCES.items():

                def read(typed: str, *, edge: str = edge, what: str = what) -> Any:
                    tried = {name: dict(each) for name, each in made.items()}
                    tried[edge][what] = typed.strip()
                    return forms.read_resources(tried)

                default = (before or {}).get(edge, {}).get(what) or defaults[place]
                made[edge][what] = self._asking.text(
                    self._words(f"resources.{edge}.{what}"),
                    check=self._checked(read),
                    default=default,
                )
        return made

    # What it offers.

    def _services(self, before: Any) -> list[dict[str, Any]]:
        if before and self._keeps("services", before):
            return list(before)
        services: list[dict[str, Any]] = []
        while True:
            name = self._new_name("service.name", services)
            minutes = self._text("service.minutes", forms.read_minutes, default="30")
            price = self._text("service.price", forms.read_price)
            services.append({"name": name, "minutes": int(minutes), "price": price})
            self._keep_so_far("services", services)
            if not self._asking.agrees(self._words("service.more"), default=False):
                return services

    def _professionals(self, before: Any) -> list[dict[str, Any]]:
        if before and self._keeps("professionals", before):
            return list(before)
        offered = [each["name"] for each in self.answers.values["services"]]
        professionals: list[dict[str, Any]] = []
        while True:
            made: dict[str, Any] = {"name": self._new_name("professional.name", professionals)}
            made["hours"] = self._text(
                "professional.hours",
                forms.read_hours_text,
                default="seg-sex 09:00-12:00 13:00-18:00"
                if self._words.language == "pt"
                else "mon-fri 09:00-12:00 13:00-18:00",
            )
            if len(offered) > 1:
                made["services"] = self._asking.several(
                    self._words("professional.services"),
                    offered,
                    ticked=offered,
                    check=lambda chosen: None if chosen else self._words("wrong.missing"),
                )
            professionals.append(made)
            self._keep_so_far("professionals", professionals)
            if not self._asking.agrees(self._words("professional.more"), default=False):
                return professionals

    def _keeps(self, name: str, before: list[dict[str, Any]]) -> bool:
        names = ", ".join(str(each["name"]) for each in before)
        choices = {
            "keep": self._words("list.keep", names=names),
            "again": self._words("list.again"),
        }
        return self._asking.choose(self._words(name), choices) == "keep"

    def _keep_so_far(self, name: str, items: list[dict[str, Any]]) -> None:
        self.answers.values[name] = list(items)
        self._kept.save(self.answers)

    def _new_name(self, question: str, taken: list[dict[str, Any]]) -> str:
        kind = "services" if question.startswith("service") else "professionals"

        def read(typed: str) -> str:
            name = forms.read_business_name(typed)
            if name in [each["name"] for each in taken]:
                raise UnfitAnswer(f"{kind}_twice")
            return name

        return self._text(question, read)

    def _text(self, question: str, read: Callable[[str], Any], *, default: str = "") -> str:
        return self._asking.text(self._words(question), check=self._checked(read), default=default)

    def _checked(self, read: Callable[[Any], Any]) -> Callable[[Any], str | None]:
        def check(typed: Any) -> str | None:
            try:
                read(typed)
            except UnfitAnswer as error:
                return self._words(f"wrong.{error.code}", **error.details)
            return None

        return check

    # Credentials.

    def credentials(self, environment: str) -> None:
        """Ask for what is missing of an environment's credentials."""
        path = f"{self.answers.client_name}/{environment}"
        self._console.print(f"\n[bold]{self._words('credentials.of', path=path)}[/]")
        values = self.values.setdefault(environment, {})
        try:
            values |= values_of(self.answers, environment)
        except UnfitAnswer as error:  # a file that went away since
            self._console.print(self._words(f"wrong.{error.code}", **error.details), style="red")
            for name in forms.FILES:
                self.answers.credentials(environment).pop(name, None)
        others = [each for each in self.values if each != environment and self.values[each]]
        if others and "GOOGLE_PRIVATE_KEY" not in values:
            same = self._words("credentials.same", environment=others[0])
            if self._asking.agrees(same, default=True):
                theirs = self.values[others[0]]
                values |= {key: theirs[key] for key in SHARED_KEYS if key in theirs}
        for key in ("GOOGLE_PRIVATE_KEY", *_TYPED):
            if key not in values:
                self.ask_credential(environment, key)

    def ask_credential(self, environment: str, key: str) -> None:
        """Ask for one credential, and keep it if it is no secret."""
        if key == "GOOGLE_PRIVATE_KEY":
            self._google(environment)
            return
        check = self._credential_checked(environment, key)
        values = self.values.setdefault(environment, {})
        if key in PUBLIC:
            default = self.answers.credentials(environment).get(key, "")
            values[key] = self._asking.text(self._words(key), check=check, default=default)
            self.answers.credentials(environment)[key] = values[key]
            self._kept.save(self.answers)
            return
        if key == VERIFY:
            choices = {name: self._words(f"verify.{name}") for name in ("made", "own")}
            self.made_here.discard(environment)
            if self._asking.choose(self._words(key), choices) == "made":
                values[key] = secrets.token_urlsafe(24)
                self.made_here.add(environment)
                return
        values[key] = self._asking.secret(self._words(key), check=check)

    def _google(self, environment: str) -> None:
        answered = self.answers.credentials(environment)
        values = self.values.setdefault(environment, {})
        choices = {name: self._words(f"google.{name}") for name in ("file", "paste")}
        if self._asking.choose(self._words("google"), choices) == "file":
            file = self._asking.path(
                self._words("google_file"),
                check=self._checked(read_google_file),
                default=answered.get("google_file", ""),
            )
            answered["google_file"] = file
            found = read_google_file(file)
        else:
            pasted = self._asking.many_secret_lines(
                self._words("google.pasted"), check=self._checked(read_google)
            )
            answered.pop("google_file", None)
            found = read_google(pasted)
        values |= found
        self._kept.save(self.answers)
        if "GOOGLE_CLIENT_EMAIL" not in found:
            self.ask_credential(environment, "GOOGLE_CLIENT_EMAIL")
            email = values["GOOGLE_CLIENT_EMAIL"]
            project, _, domain = email.partition("@")[2].partition(".")
            if domain == "iam.gserviceaccount.com":
                values["GOOGLE_PROJECT_ID"] = project
            else:
                self.ask_credential(environment, "GOOGLE_PROJECT_ID")
        self._console.print(self._words("google.taken", email=values["GOOGLE_CLIENT_EMAIL"]))

    def _credential_checked(self, environment: str, key: str) -> Check:
        def read(typed: str) -> None:
            read_credential(key, typed)
            if key == "WHATSAPP_PHONE_NUMBER_ID":
                self._check_number(environment, typed.strip())

        return self._checked(read)

    def _check_number(self, environment: str, number: str) -> None:
        name = self.answers.client_name
        here = {
            values["WHATSAPP_PHONE_NUMBER_ID"]: f"{name}/{each}"
            for each, values in self.values.items()
            if "WHATSAPP_PHONE_NUMBER_ID" in values
        }
        path = {**self._known.numbers, **here}.get(number)
        if path is not None and path != f"{name}/{environment}":
            raise UnfitAnswer("number_taken", path=path)


def needed(answers: OnboardingAnswers, known: KnownInstallation) -> list[str]:
    """Return the names of the answers that `answers` must have, credentials aside."""
    if {"client_name", "environments"} <= set(answers.values) and not known.new_environments(
        answers
    ):
        return ["client_name", "environments"]
    known_client = answers.values.get("client_name") in known.clients
    return [name for name in READERS if not (known_client and name == "business_name")]


def read_credential(key: str, typed: str) -> str:
    """Return a credential as it is kept. Raises Unfit, which never tells it."""
    code = what_is_wrong(key, typed)
    if code is not None:
        raise UnfitAnswer(code)
    try:
        return check_form({key: typed})[key]
    except Invalid as error:
        raise UnfitAnswer("form") from error


def read_google(text: str) -> dict[str, str]:
    """Return what a pasted private key or service account's JSON says. Raises Unfit."""
    found = read_env_file(text)
    values = {key: found.values[key] for key in FROM_JSON if key in found.values}
    if found.wrong or "GOOGLE_PRIVATE_KEY" not in values:
        raise UnfitAnswer("google")
    return {key: read_credential(key, value) for key, value in values.items()}


def read_google_file(name: str) -> dict[str, str]:
    """Return what a service account's JSON file says. Raises Unfit."""
    return read_google(_content(Path(name.strip()).expanduser()))


def values_of(answers: OnboardingAnswers, environment: str) -> dict[str, str]:
    """Return the credentials that the answers name: ids, and what the files hold.

    Raises:
        Unfit: a file cannot be read, or has lines that cannot be used.
    """
    answered = answers.credentials(environment)
    values: dict[str, str] = {}
    if "file" in answered:
        found = read_env_file(_content(Path(answered["file"]).expanduser()))
        if found.wrong:
            lines = ", ".join(str(each.line) for each in found.wrong)
            raise UnfitAnswer("env_file", file=answered["file"], lines=lines)
        values |= {key: found.values[key] for key in SETTABLE if key in found.values}
    if "google_file" in answered:
        values |= read_google_file(answered["google_file"])
    values |= {key: answered[key] for key in PUBLIC if key in answered}
    return {key: read_credential(key, value) for key, value in values.items()}


def _content(file: Path) -> str:
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise UnfitAnswer("too_long")
        return text_of(file.read_bytes(), comment=COMMENT)
    except NotUtf8 as error:
        raise UnfitAnswer("encoding", line=str(error.line)) from error
    except OSError as error:
        raise UnfitAnswer("unreadable") from error

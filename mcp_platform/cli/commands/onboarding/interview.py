"""The interview: asks what is missing, one answer at a time, and keeps what is no secret.

What is kept, is kept question by question: the next run goes on at the one that was not answered.
Secrets live in `values`, for as long as the process does.
"""

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from mcp_platform.answers.usual import USUAL
from mcp_platform.cli.commands.onboarding.asking import Check, Prompter
from mcp_platform.cli.commands.onboarding.kept import Kept
from mcp_platform.credentials.forms import PUBLIC, SETTABLE, check_form
from mcp_platform.errors import Invalid
from mcp_platform.kit.files import NotUtf8, text_of
from mcp_platform.onboarding import answers as forms
from mcp_platform.onboarding.answers import (
    ARTICLES,
    DEFAULTS,
    KINDS,
    READERS,
    UNASKED,
    UnfitAnswer,
    reader,
)
from mcp_platform.onboarding.given import Answers, slug
from mcp_platform.onboarding.registering import KnownInstallation
from mcp_platform.onboarding.words import OnboardingWords
from mcp_platform.tenants.credentials import what_is_wrong
from mcp_platform.tenants.env_file import COMMENT, FROM_JSON, LARGEST_FILE, read_env_file
from mcp_platform.tenants.languages import LANGUAGES

SHARED_KEYS = (*FROM_JSON, "GEMINI_API_KEY")
"""What several environments of a client often have in common."""
VERIFY = "WHATSAPP_WEBHOOK_VERIFY_TOKEN"
CALENDAR = "GOOGLE_CALENDAR_ID"
OPTIONAL = frozenset(
    {"GOOGLE_PROJECT_ID", "WHATSAPP_BUSINESS_ACCOUNT_ID", "WHATSAPP_APP_ID", VERIFY}
)
"""What a file need not hold: the doctor sees less without them; the last is made here."""
_TYPED = tuple(key for key in SETTABLE if key not in FROM_JSON)


class Interview:
    """Asks one client's questions. `values` are the credentials by environment, secrets included."""

    def __init__(
        self,
        *,
        asking: Prompter,
        words: OnboardingWords,
        known: KnownInstallation,
        kept: Kept,
        answers: Answers,
        store_of: Callable[[str], str],
    ) -> None:
        """Ask through `asking`. `store_of` says where a tenant's credentials will be kept."""
        self._asking = asking
        self._words = words
        self._known = known
        self._kept = kept
        self._store_of = store_of
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

        def when(environment: str) -> Any:
            question = self._words("credentials.when", environment=environment)
            return self._once(
                f"credentials.{environment}.when", lambda: self._asking.choose(question, choices)
            )

        return [each for each in environments if when(each) == "now"]

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

    def ask(self, name: str) -> None:
        """Ask one question, and keep the answer."""
        before, kept_as = self.answers.values.get(name), self.answers.kept_as
        asks: dict[str, Callable[[Any], Any]] = {
            "client_name": self._client_name,
            "article": self._article,
            "kind": self._kind,
            "environments": self._environments,
            "language": self._language,
            "services": self._services,
            "professionals": self._professionals,
            "answers": self._usual_answers,
        }
        ask = asks.get(name, lambda value: self._plain(name, value))
        self.answers.values[name] = ask(before)
        self.answers.drop_draft(name)
        if kept_as is not None and kept_as != self.answers.kept_as:
            self._kept.remove(kept_as)
        self._kept.save(self.answers)

    def _once(self, question: str, ask: Callable[[], Any]) -> Any:
        """Ask, unless an earlier run was answered this very question; keep the answer."""
        if question not in self.answers.draft:
            self.answers.draft[question] = ask()
            self._kept.save(self.answers)
        return self.answers.draft[question]

    # The client and its environments.

    def _plain(self, name: str, before: Any) -> Any:
        read = reader(name, self.answers.values)
        default = before if before is not None else DEFAULTS.get(name)
        optional = name in DEFAULTS and DEFAULTS[name] is None
        typed = self._asking.text(
            self._words(name),
            check=self._checked(read),
            default="" if default is None else str(default),
            optional=optional,
        )
        return read(typed)

    def _client_name(self, before: Any) -> str:
        made = slug(str(self.answers.values.get("business_name", "")))
        default = str(before or made)
        try:
            self._read_client_name(default)
        except UnfitAnswer:
            default = ""
        typed = self._asking.text(
            self._words("client_name"), check=self._checked(self._read_client_name), default=default
        )
        return self._read_client_name(typed)

    def _read_client_name(self, value: Any) -> str:
        name = forms.read_client_name(value.strip())
        if not self._known.open_environments(name):
            raise UnfitAnswer("exists")
        return name

    def _article(self, before: Any) -> str | None:
        business = self.answers.values.get("business_name") or self.answers.client_name
        choices = {each: f"{of} {business}" for each, of in ARTICLES.items()}
        question = self._words("article")
        return self._asking.choose(question, choices, default=before or "a") or None

    def _kind(self, before: Any) -> str | None:
        choices = {each: self._words(f"kind.{each}") for each in KINDS}
        return self._asking.choose(self._words("kind"), choices, default=before or KINDS[0])

    def _environments(self, before: Any) -> list[str]:
        free = self._known.open_environments(self.answers.client_name)
        ticked = [each for each in before or ["production"] if each in free] or free[-1:]
        return self._asking.several(
            self._words("environments"),
            free,
            ticked=ticked,
            check=self._checked(forms.read_environments),
        )

    def _language(self, before: Any) -> str:
        choices: dict[str, str] = {name: name for name in LANGUAGES}
        default = before or self._words.language
        return self._asking.choose(self._words("language"), choices, default=default)

    # What it offers.

    def _services(self, before: Any) -> list[dict[str, Any]]:
        if before and self._keeps("services", before):
            return list(before)
        self.answers.values.pop("services", None)  # until all of them are answered
        services: list[dict[str, Any]] = []
        while True:
            at = f"services.{len(services)}"
            name = self._new_name(f"{at}.name", "service.name", services)
            minutes = self._words("service.minutes", name=name)
            price = self._words("service.price", name=name)
            services.append(
                {
                    "name": name,
                    "minutes": int(
                        self._text(f"{at}.minutes", minutes, forms.read_minutes, default="30")
                    ),
                    "price": self._text(f"{at}.price", price, forms.read_price),
                }
            )
            if not self._more(f"{at}.more", "service.more"):
                return services

    def _professionals(self, before: Any) -> list[dict[str, Any]]:
        if before and self._keeps("professionals", before):
            return list(before)
        self.answers.values.pop("professionals", None)
        offered = [each["name"] for each in self.answers.values["services"]]
        hours = (
            "seg-sex 09:00-12:00 13:00-18:00"
            if self._words.language == "pt-BR"
            else "mon-fri 09:00-12:00 13:00-18:00"
        )
        professionals: list[dict[str, Any]] = []
        while True:
            at = f"professionals.{len(professionals)}"
            name = self._new_name(f"{at}.name", "professional.name", professionals)
            asked = {
                each: self._words(f"professional.{each}", name=name)
                for each in ("hours", "services", "calendar")
            }
            made: dict[str, Any] = {
                "name": name,
                "hours": self._text(
                    f"{at}.hours", asked["hours"], forms.read_hours_text, default=hours
                ),
            }
            if len(offered) > 1:
                made["services"] = self._does(f"{at}.services", asked["services"], offered)
            calendar = self._text(f"{at}.calendar", asked["calendar"], forms.read_calendar)
            if calendar:
                made["calendar"] = calendar
            professionals.append(made)
            if not self._more(f"{at}.more", "professional.more"):
                return professionals

    def _usual_answers(self, before: Any) -> dict[str, str]:
        """Ask what customers ask every business; what is left empty is skipped."""
        if not self._more("answers.now", "answers.now", default=True):
            return dict(before or {})
        said = {
            topic: self._text(
                f"answers.{topic}",
                self._words(f"answers.{topic}"),
                forms.read_answer,
                default=(before or {}).get(topic, ""),
            )
            for topic in USUAL
        }
        return {topic: text for topic, text in said.items() if text}

    def _does(self, at: str, question: str, offered: list[str]) -> list[str]:
        return list(
            self._once(
                at,
                lambda: self._asking.several(
                    question,
                    offered,
                    ticked=offered,
                    check=lambda chosen: None if chosen else self._words("wrong.missing"),
                ),
            )
        )

    def _more(self, at: str, question: str, *, default: bool = False) -> bool:
        agrees = self._once(at, lambda: self._asking.agrees(self._words(question), default=default))
        return bool(agrees)

    def _keeps(self, name: str, before: list[dict[str, Any]]) -> bool:
        names = ", ".join(str(each["name"]) for each in before)
        choices = {
            "keep": self._words("list.keep", names=names),
            "again": self._words("list.again"),
        }
        return self._asking.choose(self._words(name), choices) == "keep"

    def _new_name(self, at: str, question: str, taken: list[dict[str, Any]]) -> str:
        kind = at.partition(".")[0]

        def read(typed: str) -> str:
            name = forms.read_business_name(typed)
            if name in [each["name"] for each in taken]:
                raise UnfitAnswer(f"{kind}_twice")
            return name

        return self._text(at, self._words(question), read)

    def _text(
        self, at: str, question: str, read: Callable[[str], Any], *, default: str = ""
    ) -> str:
        def ask() -> str:
            return self._asking.text(question, check=self._checked(read), default=default)

        return str(self._once(at, ask))

    def _checked(self, read: Callable[[Any], Any]) -> Callable[[Any], str | None]:
        def check(typed: Any) -> str | None:
            try:
                read(typed)
            except UnfitAnswer as error:
                return self._words.unfit(error)
            return None

        return check

    # Credentials.

    def credentials(self, environment: str) -> None:
        """Ask for what is missing of an environment's credentials."""
        path = f"{self.answers.client_name}/{environment}"
        self._console.print(f"\n[bold]{self._words('credentials.of', path=path)}[/]")
        self._console.print(self._words("credentials.kept", store=self._store_of(path)))
        values = self.values.setdefault(environment, {})
        found, wrong = values_of(self.answers, environment)
        values |= found
        for at, error in wrong.items():
            self._console.print(f"{at}: {self._words.unfit(error)}", style="red", markup=False)
            if at in forms.FILES:  # it went away since, or cannot be read any more
                self.answers.credentials(environment).pop(at, None)
        others = [each for each in self.values if each != environment and self.values[each]]
        if others and "GOOGLE_PRIVATE_KEY" not in values:
            same = self._words("credentials.same", environment=others[0])
            if self._once(
                f"credentials.{environment}.same", lambda: self._asking.agrees(same, default=True)
            ):
                theirs = self.values[others[0]]
                values |= {key: theirs[key] for key in SHARED_KEYS if key in theirs}
        for key in ("GOOGLE_PRIVATE_KEY", *_TYPED):
            if (
                key not in values
                and self.answers.draft.get(f"credentials.{environment}.{key}") != ""
            ):
                self.ask_credential(environment, key)

    def ask_credential(self, environment: str, key: str) -> None:
        """Ask for one credential, and keep it if it is no secret."""
        if key == "GOOGLE_PRIVATE_KEY":
            self._google(environment)
            return
        check = self._credential_checked(environment, key)
        values = self.values.setdefault(environment, {})
        if key in PUBLIC:
            answered = self.answers.credentials(environment)
            optional = key in OPTIONAL or (key == CALENDAR and own_calendars(self.answers))
            message = self._words(key) + (self._words("left_out") if optional else "")
            typed = self._asking.text(
                message,
                check=lambda said: None if optional and not said.strip() else check(said),
                default=answered.get(key, ""),
                optional=optional,
            )
            for place in (values, answered):
                place.pop(key, None)
                if typed:
                    place[key] = typed
            self.answers.draft[f"credentials.{environment}.{key}"] = typed
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
        again = "GOOGLE_PRIVATE_KEY" in values
        at = f"credentials.{environment}.google"
        if again:  # of another account perhaps
            self.answers.drop_draft(at)
            self.answers.draft.pop(at, None)
            for key in ("GOOGLE_CLIENT_EMAIL", "GOOGLE_PROJECT_ID"):
                values.pop(key, None)
        choices = {name: self._words(f"google.{name}") for name in ("file", "paste")}
        if self._once(at, lambda: self._asking.choose(self._words("google"), choices)) == "file":
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
        if "GOOGLE_CLIENT_EMAIL" not in values:
            self.ask_credential(environment, "GOOGLE_CLIENT_EMAIL")
            email = values["GOOGLE_CLIENT_EMAIL"]
            project, _, domain = email.partition("@")[2].partition(".")
            if domain == "iam.gserviceaccount.com":
                values["GOOGLE_PROJECT_ID"] = project
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


def needed(answers: Answers, known: KnownInstallation) -> list[str]:
    """Return the names of the answers that `answers` must have, credentials aside."""
    if {"client_name", "environments"} <= set(answers.values) and not known.new_environments(
        answers
    ):
        return ["client_name", "environments"]
    known_client = answers.values.get("client_name") in known.clients
    names = [name for name in READERS if name not in UNASKED]
    return [name for name in names if not (known_client and name == "business_name")]


def own_calendars(answers: Answers) -> bool:
    """Tell whether each professional has a calendar, so that the business needs none."""
    professionals = answers.values.get("professionals") or []
    return bool(professionals) and all(each.get("calendar") for each in professionals)


def lacking(answers: Answers, values: Mapping[str, str]) -> list[str]:
    """Return the credentials that `values` must hold and do not."""
    optional = {*OPTIONAL, *([CALENDAR] if own_calendars(answers) else [])}
    return [key for key in SETTABLE if key not in values and key not in optional]


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


def values_of(answers: Answers, environment: str) -> tuple[dict[str, str], dict[str, UnfitAnswer]]:
    """Return the credentials that the answers name, ids and what the files hold.

    And what will not do of them, by credential, or by `file` and `google_file`.
    """
    answered = answers.credentials(environment)
    held: dict[str, str] = {}
    wrong: dict[str, UnfitAnswer] = {}
    if "file" in answered:
        try:
            held |= _env_file(answered["file"])
        except UnfitAnswer as error:
            wrong["file"] = error
    if "google_file" in answered:
        try:
            held |= read_google_file(answered["google_file"])
        except UnfitAnswer as error:
            wrong["google_file"] = error
    held |= {key: answered[key] for key in PUBLIC if key in answered}
    values: dict[str, str] = {}
    for key, value in held.items():
        try:
            values[key] = read_credential(key, value)
        except UnfitAnswer as error:
            if key not in answered:
                error.details["file"] = answered.get("file", answered.get("google_file", ""))
            wrong[key] = error
    return values, wrong


def _env_file(name: str) -> dict[str, str]:
    found = read_env_file(_content(Path(name).expanduser()))
    # Of a value whose form alone is wrong, its own reader says more.
    of_form = {key for key, value in found.values.items() if what_is_wrong(key, value)}
    lines = [
        f"{each.line} ({each.key})" if each.key else f"{each.line}"
        for each in found.wrong
        if each.key not in of_form
    ]
    if lines:
        raise UnfitAnswer("env_file", file=name, lines=", ".join(lines))
    return {key: found.values[key] for key in SETTABLE if key in found.values}


def _content(file: Path) -> str:
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise UnfitAnswer("file_too_long", file=str(file))
        return text_of(file.read_bytes(), comment=COMMENT)
    except NotUtf8 as error:
        raise UnfitAnswer("encoding", file=str(file), line=str(error.line)) from error
    except OSError as error:
        raise UnfitAnswer("unreadable", file=str(file), why=error.strerror or "?") from error

"""The course of an onboarding: what is proved, summed up, written, and left to do, and in which order.

Shared by the interview and by scripts. Nothing is written before everything was proved and agreed to.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mcp_platform.bootstrap.commands import operating_alone
from mcp_platform.cli.commands.doctor import ASIDE
from mcp_platform.cli.commands.onboarding.kept import Kept
from mcp_platform.cli.commands.onboarding.proving import prove, save
from mcp_platform.cli.operating import command_actor, isolating
from mcp_platform.credentials.forms import PUBLIC, SETTABLE
from mcp_platform.credentials.proofs import SKIPPED, Proof
from mcp_platform.doctor.case import WEBHOOK
from mcp_platform.doctor.results import CheckResult
from mcp_platform.doctor.sentences import TITLES
from mcp_platform.onboarding.answers import ARTICLES, READERS
from mcp_platform.onboarding.given import Answers
from mcp_platform.onboarding.registering import KnownInstallation, register
from mcp_platform.onboarding.words import OnboardingWords
from mcp_platform.settings import Settings
from mcp_platform.tenants.credentials import fingerprint_of

VERIFY = "WHATSAPP_WEBHOOK_VERIFY_TOKEN"


class OnboardingRun:
    """What happens to one client's answers. `values` are credentials by environment."""

    def __init__(
        self,
        *,
        settings: Settings,
        database_url: str,
        words: OnboardingWords,
        known: KnownInstallation,
        kept: Kept,
    ) -> None:
        self._settings = settings
        self._database_url = database_url
        self._words = words
        self._known = known
        self._kept = kept
        self._console = Console(highlight=False, soft_wrap=True)
        self._proofs: dict[str, Proof] = {}

    def prove(self, answers: Answers, environment: str, values: Mapping[str, str]) -> Proof:
        """Ask the vendors, with a line for each check as it ends, and remember what they said."""
        path = f"{answers.client_name}/{environment}"
        self._console.print(f"\n[bold]{self._words('proof', path=path)}[/]")

        async def run() -> list[CheckResult]:
            settings, url = self._settings, self._database_url
            async with operating_alone(settings, database_url=url) as made:
                return await prove(
                    made,
                    answers,
                    environment,
                    values=values,
                    language=self._words.language,
                    tell=self._told,
                )

        proof = self._proofs[environment] = Proof.of(asyncio.run(run()))
        if proof.outcome == "passed":
            self._console.print(self._words("proof.good"), style="green")
        return proof

    def _told(self, result: CheckResult) -> None:
        title = TITLES[result.check][self._words.language]
        self._console.print(
            f" {ASIDE[result.state]} {title}:", Text(f"{result.what} {result.next_step}".strip())
        )

    def summary(self, answers: Answers, values: Mapping[str, Mapping[str, str]]) -> None:
        """Show what would be written: of secrets no more than length and fingerprint."""
        table = Table(
            title=self._words("summary"), title_justify="left", box=None, show_header=False
        )
        for name in READERS:
            if name in answers.values:
                title = self._words(name).partition(" (")[0]  # how to answer it has no place here
                table.add_row(title, Text(self._shown(name, answers)))
        for environment, held in values.items():
            table.add_section()
            path = f"{answers.client_name}/{environment}"
            table.add_row(
                Text(self._words("credentials.of", path=path), style="bold"),
                self._how_proved(environment),
            )
            for key in SETTABLE:
                if key in held:
                    table.add_row(self._words(key), Text(self._credential(key, held[key])))
        self._console.print()
        self._console.print(table)

    def _shown(self, name: str, answers: Answers) -> str:
        value = answers.values[name]
        match name, value:
            case "article", _:
                return f"{ARTICLES[value or '']} {answers.values.get('business_name', '…')}"
            case "kind", str():
                return self._words(f"kind.{value}")
            case "answers", dict():
                titles = (self._words(f"answers.{topic}").partition(":")[0] for topic in value)
                return ", ".join(titles) or "–"
            case "minimum_notice", int():
                return f"{value} min"
            case _:
                return _shown(value, self._words)

    def _how_proved(self, environment: str) -> str:
        proof = self._proofs.get(environment)
        if proof is None or proof.outcome == "passed":
            return ""
        return self._words("overruled" if proof.outcome == "overruled" else "unproved")

    def _credential(self, key: str, value: str) -> str:
        if key in PUBLIC:
            return value
        fingerprint, length = fingerprint_of(key, value), str(len(value))
        if not fingerprint:
            return self._words("summary.short", length=length)
        return self._words("summary.secret", length=length, fingerprint=fingerprint)

    def write(self, answers: Answers, values: Mapping[str, Mapping[str, str]]) -> None:
        """Write everything: first what can be taken back as one, then credentials.

        Whatever fails leaves a state that the next run goes on from. Raises what the registry and
        the store raise.
        """
        actor = command_actor()
        new = self._known.new_environments(answers)

        async def run() -> None:
            async with operating_alone(self._settings, database_url=self._database_url) as made:
                if new:
                    async with made.admin_sessions.everywhere.begin() as session:
                        await register(
                            session,
                            actor,
                            answers,
                            environments=new,
                            values=values,
                            topology=self._settings.unsaid_topology,
                        )
                for environment in new:
                    path = f"{answers.client_name}/{environment}"
                    self._console.print(self._words("written", path=path))
                for environment, held in values.items():
                    path = f"{answers.client_name}/{environment}"
                    proof = self._proofs.get(environment, SKIPPED)
                    await save(made, path, held, proof=proof, actor=actor)
                    self._console.print(self._words("saved", path=path))
                    if proof.outcome == "unanswered":
                        self._console.print(self._words("saved.unproved"), style="yellow")

        asyncio.run(run())
        topology = answers.values.get("topology", self._settings.unsaid_topology)
        # Whose credentials were given has its login and queue since.
        later = [f"{answers.client_name}/{each}" for each in new if each not in values]
        if later and topology == "isolated":
            isolating(lambda isolation: isolation.prepare_all(later, actor=actor))
        self._kept.remove(answers.client_name)

    def next_steps(
        self, answers: Answers, values: Mapping[str, Mapping[str, str]], *, made_here: set[str]
    ) -> None:
        """Say what a person has to do elsewhere. Verify tokens that were made here are told once."""
        say = self._console.print
        public_url = self._settings.public_url
        for environment, held in values.items():
            path = f"{answers.client_name}/{environment}"
            address = (public_url or "https://…").rstrip("/")
            say(f"\n[bold]{self._words('next', path=path)}[/]")
            say(f"• {self._words('next.webhook')}")
            say(Text(f"  {address}/{path}/{WEBHOOK}", style="cyan"))
            if public_url is None:
                say(f"  {self._words('next.public')}")
            if environment in made_here:
                say(f"  {self._words('next.verify')}")
                say(Text(f"  {held[VERIFY]}", style="cyan"))
            say(f"• {self._words('next.share')}")
            for calendar in _calendars(answers, held):
                say(Text(f"  {calendar} → {held['GOOGLE_CLIENT_EMAIL']}", style="cyan"))
            say(f"• {self._words('next.doctor')}")
            say(Text(f"  mcp-platform doctor {path} --fix", style="cyan"))
        if self._settings.manifests_repository is not None:
            say(f"• {self._words('next.publish')}")
            say(Text("  mcp-platform publish", style="cyan"))
        later = [each for each in answers.environments if each not in values]
        if later:
            say(self._words("next.later", names=", ".join(later)))


def _calendars(answers: Answers, held: Mapping[str, str]) -> list[str]:
    """Return the calendars that bookings go into, each once."""
    own = [each.get("calendar") for each in answers.values.get("professionals", ())]
    named = [held.get("GOOGLE_CALENDAR_ID"), *own]
    return [each for each in dict.fromkeys(named) if each]


def _shown(value: Any, words: OnboardingWords) -> str:
    if value in (None, "", {}):
        return words("resources.default") if value == {} else "–"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_shown(each, words)}" for name, each in value.items())
    if isinstance(value, list):
        mark = "; " if any(isinstance(each, dict) for each in value) else ", "
        return mark.join(_item(each) for each in value)
    return str(value)


def _item(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    parts: Sequence[Any] = [
        value.get("name"),
        f"{value['minutes']} min" if "minutes" in value else None,
        value.get("price"),
        value.get("hours"),
        value.get("calendar"),
    ]
    return ", ".join(str(part) for part in parts if part)

"""Questions at a terminal, through questionary. What is secret is neither shown nor remembered."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import questionary
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

from mcp_platform.onboarding.words import OnboardingWords

Check = Callable[[str], str | None]
"""Returns what is wrong with what was typed so far, in a sentence; None: it will do."""
_ENDS = ("PRIVATE KEY-----", "}")
_BEGINS = ("-----BEGIN", "{")
NOTHING = "-"


class Prompter:
    """Asks one thing at a time. Every method raises KeyboardInterrupt at Ctrl-C."""

    def __init__(self, words: OnboardingWords) -> None:
        self._words = words

    def text(self, message: str, *, check: Check, default: str = "", optional: bool = False) -> str:
        """Ask for one line. Enter alone takes `default`, which is shown and never typed over.

        What is `optional` and has a default is taken away by a dash.
        """
        clears = optional and bool(default)
        asked = questionary.text(
            f"{message}{self._words('clears') if clears else ''}:",
            validate=_validate(_or_default(check, default=default, clears=clears)),
            placeholder=_faint(default),
        )
        typed = str(asked.unsafe_ask()).strip()
        return "" if clears and typed == NOTHING else typed or default

    def path(self, message: str, *, check: Check, default: str = "") -> str:
        asked = questionary.path(
            f"{message}:",
            validate=_validate(_or_default(check, default=default)),
            placeholder=_faint(default),
        )
        return str(asked.unsafe_ask()).strip() or default

    def secret(self, message: str, *, check: Check) -> str:
        """Ask for one line that nobody sees."""
        hidden = f"{message} {self._words('hidden')}:"
        asked = questionary.password(hidden, validate=_validate(check), erase_when_done=True)
        return str(asked.unsafe_ask()).strip()

    def many_secret_lines(self, message: str, *, check: Check) -> str:
        """Ask for a private key or JSON, pasted. Enter ends it once it is whole."""
        bindings = KeyBindings()

        @bindings.add("enter")
        def _(event: KeyPressEvent) -> None:
            typed = event.current_buffer.text.strip()
            if typed.startswith(_BEGINS) and not typed.endswith(_ENDS):
                event.current_buffer.insert_text("\n")
            else:
                event.current_buffer.validate_and_handle()

        asked = questionary.text(
            f"{message}:",
            instruction=" ",
            multiline=True,
            is_password=True,
            key_bindings=bindings,
            validate=_validate(check),
            erase_when_done=True,
        )
        return str(asked.unsafe_ask())

    def choose(
        self, message: str, choices: Mapping[str, str], *, default: str | None = None
    ) -> str:
        """Ask for one of `choices`, which are shown by their values."""
        options = [questionary.Choice(shown, value=name) for name, shown in choices.items()]
        asked = questionary.select(
            message, options, default=default, instruction=self._words("arrows")
        )
        return str(asked.unsafe_ask())

    def several(
        self,
        message: str,
        names: Sequence[str],
        *,
        ticked: Sequence[str],
        check: Callable[[Any], Any],
    ) -> list[str]:
        options = [questionary.Choice(name, checked=name in ticked) for name in names]
        asked = questionary.checkbox(
            message, options, validate=_validate(check), instruction=self._words("tick")
        )
        return [str(each) for each in asked.unsafe_ask()]

    def agrees(self, message: str, *, default: bool) -> bool:
        choices = {"yes": self._words("yes"), "no": self._words("no")}
        return self.choose(message, choices, default="yes" if default else "no") == "yes"


def _or_default(check: Check, *, default: str, clears: bool = False) -> Check:
    """Return the check of what is typed, if anything is: else the default counts."""

    def checked(typed: str) -> str | None:
        if clears and typed.strip() == NOTHING:
            return None
        return check(typed.strip() or default)

    return checked


def _faint(default: str) -> FormattedText:
    return FormattedText([("fg:ansibrightblack", default)])


def _validate(check: Callable[[Any], str | None]) -> Callable[[Any], bool | str]:
    return lambda typed: check(typed) or True

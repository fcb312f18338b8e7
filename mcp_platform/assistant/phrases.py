"""The sentences that code says without the phrase book. Facts go in by name; nothing else is said.

They stand under `menu` in the file of each language.
"""

from dataclasses import dataclass

from mcp_platform.tenants.languages import supported
from mcp_platform.words.files import in_every_language


@dataclass(frozen=True, slots=True)
class Phrases:
    """One language. Buttons have at most 20 characters, list rows and labels at most 24."""

    hello: str
    help: str
    taken: str
    slots: str
    closed: str
    full: str
    out_of_range: str
    no_slots: str
    no_days: str
    calendar_closed: str
    limit_reached: str
    unknown_appointment: str
    expired: str
    mine: str
    none_mine: str
    handed_over: str
    unreadable: str
    one_not_text: str
    one_unreadable: str
    which_service: str
    which_professional: str
    which_day: str
    which_of_days: str
    or_: str
    which_of_them: str
    this_one_too: str
    both_of_them: str
    all_of_them: str
    changed_meanwhile: str
    which_time: str
    move_or_cancel: str
    sure_cancel: str
    not_booked: str
    kept: str
    attended: str
    reminders_off: str
    reminders_on: str
    see_times: str
    see_options: str
    any_professional: str
    more_times: str
    more_days: str
    more_services: str
    more_professionals: str
    button_book: str
    button_mine: str
    button_person: str
    button_move: str
    button_cancel: str
    button_yes_cancel: str
    button_keep: str

    @property
    def every(self) -> tuple[str, str]:
        """What stands on the choice of all that is shown."""
        return self.both_of_them, self.all_of_them


_ALL = in_every_language(Phrases, "menu")


def phrases(language: str) -> Phrases:
    """Return our sentences in a language; Portuguese where we have none."""
    return _ALL[supported(language)]

"""What the platform says to a contact in one turn, before any channel has formatted it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReplyOption:
    """Something to tap. `id` is an opaque offer; WhatsApp limits `title` to 24, in a list row."""

    id: str
    title: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """One message: text, with choices below it as buttons (up to 3 short ones) or a list (to 10)."""

    text: str
    choices: tuple[ReplyOption, ...] = ()
    list_label: str = ""
    """What opens the list, where the choices make one."""

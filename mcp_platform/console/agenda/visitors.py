"""Who comes and when, as pages say it: names without numbers for viewers, days and times in words."""

import re
from datetime import date, datetime
from typing import Final

from babel.dates import format_datetime

from mcp_platform.console.visits import PageVisit
from mcp_platform.conversations.masking import masked
from mcp_platform.kit.cursor import FIRST_DAY, LAST_DAY
from mcp_platform.scheduling.appointment import Appointment, AppointmentStatus

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
PILLS: Final[dict[AppointmentStatus, str]] = {
    "booked": "info",
    "confirmed": "ok",
    "completed": "ok",
    "no_show": "warn",
    "cancelled": "unknown",
}


class Visitors:
    """Writes who comes, for whom it is, and what they asked to know, for one visit of the console."""

    def __init__(self, visit: PageVisit) -> None:
        self._visit = visit
        self._masked = visit.role == "viewer"

    def name(self, appointment: Appointment) -> str:
        """Return who comes, as the owner reads it: "Theo (Bia)"; or that nobody gave a name."""
        return self.seen(appointment.visitor) or self._visit.say("agenda.nameless")

    def seen(self, words: str | None) -> str | None:
        """Return words of a customer as this role may see them."""
        return masked(words) if self._masked and words else words

    def pill(self, status: AppointmentStatus) -> str:
        return PILLS[status]


def day_of(written: str | None) -> date | None:
    """Return the day of an address or a form; None: it is none that can be booked."""
    if written is None or _DAY.fullmatch(written) is None:
        return None
    try:
        day = date.fromisoformat(written)
    except ValueError:
        return None
    return day if FIRST_DAY <= day <= LAST_DAY else None


def moment_said(local: datetime, visit: PageVisit) -> str:
    """Return a time by the tenant's clock with its day: "sex., 27 de nov., 10:30"."""
    locale = visit.tongue.replace("-", "_")
    return format_datetime(local, "EEE, d MMM, HH:mm", locale=locale)

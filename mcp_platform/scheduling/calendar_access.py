"""The port to whether an account reaches a calendar, asked step by step.

`scheduling/google/access.py` is part of the door behind it. Nothing is cached: each access begins with
a token of its own, so what is found is true now.
"""

from datetime import datetime
from typing import Literal, Protocol

from mcp_platform.errors import CredentialRefused
from mcp_platform.scheduling.calendar import CalendarReading, CalendarUnreadable, Interval

TokenReason = Literal["key_gone", "account_gone", "account_disabled", "refused"]
CalendarReason = Literal["not_found", "api_off", "refused"]


class TokenRefused(CredentialRefused):
    """Google gives this account no token. `error` is Google's own code."""

    def __init__(self, message: str, *, reason: TokenReason, error: str) -> None:
        super().__init__(message)
        self.reason: TokenReason = reason
        self.error = error


class ClockWrong(CalendarUnreadable):
    """Google refuses the time in our request: this server's clock is wrong."""


class CalendarRefused(CredentialRefused):
    """Google refuses a calendar to this account. `error` is Google's own reason."""

    def __init__(self, *, reason: CalendarReason, error: str) -> None:
        super().__init__(f"Google refuses the calendar ({error})")
        self.reason: CalendarReason = reason
        self.error = error


class CalendarLeft(CalendarUnreadable):
    """The test event was written, and could not be deleted."""


class CalendarAccess(Protocol):
    """One account, asked what it may do.

    Every method raises:
        TokenRefused: no token for this account.
        ClockWrong: no token, because of this server's clock.
        CalendarRefused: Google refuses what was asked.
        CalendarUnreadable: no trustworthy answer.
    """

    async def token(self) -> None:
        """Get a token."""

    async def role(self, *, calendar_id: str) -> str:
        """Return the account's role: `freeBusyReader`, `reader`, `writer` or `owner`."""

    async def read(self, *, calendar_id: str, span: Interval, key: str) -> CalendarReading:
        """Read events in the very way in which booking does.

        Raises:
            CalendarZoneUnknown: an event cannot be placed.
            CredentialRefused: as booking would be refused.
        """

    async def write(self, *, calendar_id: str, now: datetime) -> None:
        """Write a private event that blocks no time, and delete it.

        Raises:
            CalendarLeft: it was written and stayed.
        """

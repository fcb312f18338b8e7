"""What Google's refusals mean to us: from status and reason to our errors, with the next step.

It is part of the door `scheduling/google/calendar.py`.

Source: https://developers.google.com/workspace/calendar/api/guides/errors
"""

import json
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Protocol

from mcp_platform.errors import CredentialRefused, Invalid
from mcp_platform.scheduling.calendar import CalendarUnreadable

_QUOTA_PATIENCE = timedelta(hours=1)  # Google: hours until "calendar usage limits" lift
RATE = frozenset({"rateLimitExceeded", "userRateLimitExceeded"})
EXHAUSTED = frozenset({"quotaExceeded", "dailyLimitExceeded"})
API_OFF = frozenset({"accessNotConfigured", "SERVICE_DISABLED"})
_NO_ACCESS = frozenset({"forbidden", "requiredAccessLevel"})
_OUR_MISTAKES = frozenset({"forbiddenForServiceAccounts", "forbiddenForNonOrganizer"})


class ServiceAccount(Protocol):
    """Whose request it was."""

    @property
    def client_email(self) -> str:
        """The service account's e-mail."""

    @property
    def project_id(self) -> str | None:
        """The Google Cloud project it belongs to, if known."""


class GoogleRefusal(Exception):
    """Google answered, and it was not 2xx. `reason` is empty when the body says none."""

    def __init__(self, status: int, reason: str, *, retry_after: timedelta | None) -> None:
        super().__init__(f"{status} {reason}".rstrip())
        self.status = status
        self.reason = reason
        self.retry_after = retry_after


def read_refusal(*, status: int, headers: Any, content: bytes | str) -> GoogleRefusal:
    """Read `error.errors[0].reason`; the library's own reading takes other parts first."""
    body = parsed(content)
    told = body.get("error") if isinstance(body, dict) else None
    listed = told.get("errors") if isinstance(told, dict) else None
    first = listed[0] if isinstance(listed, list) and listed else None
    reason = str(first.get("reason", "")) if isinstance(first, dict) else ""
    return GoogleRefusal(status, reason, retry_after=retry_after(headers))


def parsed(content: bytes | str) -> Any:
    """Return the JSON in `content`, or nothing if there is none."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def retry_after(headers: Any) -> timedelta | None:
    """Read `Retry-After` in seconds; a date is rare enough at Google to count as nothing said."""
    said = str(headers.get("retry-after", ""))
    return timedelta(seconds=int(said)) if said.isdecimal() else None


def meaning(
    refusal: GoogleRefusal, *, account: ServiceAccount
) -> CalendarUnreadable | CredentialRefused | Invalid:
    """Return our error for a refusal: who has to do something about it, or when to try again."""
    if refusal.status == HTTPStatus.FORBIDDEN and refusal.reason:
        return _forbidden(refusal, account=account)
    if refusal.status == HTTPStatus.UNAUTHORIZED:
        return CredentialRefused(
            f"Google does not accept the token of {account.client_email}: make a new key for this "
            "service account and store it as GOOGLE_PRIVATE_KEY."
        )
    if refusal.status == HTTPStatus.NOT_FOUND and refusal.reason:
        return CredentialRefused(
            f"Google finds no such calendar for {account.client_email}: {sharing(account)} "
            "If it is shared already, GOOGLE_CALENDAR_ID is wrong."
        )
    if refusal.status == HTTPStatus.BAD_REQUEST and refusal.reason:
        return Invalid(f"Google Calendar refuses what we sent ({refusal})")
    return CalendarUnreadable(
        f"Google Calendar answered {refusal}", retry_after=refusal.retry_after
    )


def _forbidden(
    refusal: GoogleRefusal, *, account: ServiceAccount
) -> CalendarUnreadable | CredentialRefused | Invalid:
    email, reason = account.client_email, refusal.reason
    if reason in RATE:
        return CalendarUnreadable(
            f"Google Calendar answered {refusal}", retry_after=refusal.retry_after
        )
    if reason in EXHAUSTED:
        patience = refusal.retry_after or _QUOTA_PATIENCE
        return CalendarUnreadable(f"Google Calendar answered {refusal}", retry_after=patience)
    if reason in _OUR_MISTAKES:
        return Invalid(f"Google Calendar refuses what we sent ({refusal})")
    if reason in API_OFF:
        project = f"project {account.project_id}" if account.project_id else f"{email}'s project"
        return CredentialRefused(
            f"The Google Calendar API is switched off in {project}: enable it in the Google Cloud "
            "console under APIs & Services."
        )
    if reason in _NO_ACCESS:
        return CredentialRefused(f"{email} may not write to the calendar: {sharing(account)}")
    return CredentialRefused(f"Google Calendar refuses {email} ({reason}).")


def sharing(account: ServiceAccount) -> str:
    """Return what the owner of the calendar has to do, as a sentence."""
    return (
        f"in Google Calendar, share the calendar with {account.client_email}, "
        'with the permission "Make changes to events".'
    )

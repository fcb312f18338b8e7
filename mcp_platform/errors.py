"""The meanings an error can have, for every edge to act on.

Owns the vocabulary only. What raises them lives in the features; what is done about them lives at
the edges (HTTP status, retry or park in the worker, a sentence for the model).
"""

from collections.abc import Mapping
from datetime import timedelta


class PlatformError(Exception):
    """Something this platform expects to go wrong, with a sentence a person can act on."""


class NotFound(PlatformError):
    """What was asked for does not exist, or the caller must not see it."""


class Conflict(PlatformError):
    """The request contradicts the present state: read again and decide again.

    `fields` maps the path of a field that clashes to what it clashes with.
    """

    def __init__(self, message: str = "", *, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = dict(fields or {})


class Unauthorized(PlatformError):
    """Nobody proved who they are."""


class Forbidden(PlatformError):
    """The caller is known and may not do this."""


class Unavailable(PlatformError):
    """Something we depend on is away; the same request may succeed later."""

    def __init__(self, message: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Throttled(PlatformError):
    """Too often: the same request may be made after `retry_after`."""

    def __init__(self, message: str, *, retry_after: timedelta) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Invalid(PlatformError):
    """The request is malformed. `fields` maps a field's path to what is wrong with it."""

    def __init__(self, message: str, *, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = dict(fields or {})


class CredentialRefused(PlatformError):
    """A vendor refuses this tenant's credential: only a person can mend it."""

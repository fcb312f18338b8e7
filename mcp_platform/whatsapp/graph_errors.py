"""What to do about each error code of the Cloud API, as values.

The door raises these meanings; the outbox waits, counts and writes down.
Source: Meta's "Error codes" page, May 2026; it lists no HTTP statuses, so `code` decides.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from mcp_platform.errors import CredentialRefused, PlatformError, Unavailable


class Action(Enum):
    """What the sender has to do about an error."""

    RETRY = "retry"
    """Again, with growing pauses."""
    RETRY_FEW = "retry_few"
    """Again, but only a few times: Meta says so for its own faults, which seldom mend."""
    WAIT = "wait"
    """Again, after the pause that the table gives."""
    PAIR = "pair"
    """Again after 4^n seconds: too many messages to one contact."""
    NEVER = "never"
    """The same message will always be refused."""
    CREDENTIAL = "credential"
    """A person has to mend token, number or account."""
    WINDOW = "window"
    """Only templates pass: the contact last wrote more than 24 hours ago."""


@dataclass(frozen=True, slots=True)
class ErrorRule:
    action: Action
    wait: timedelta | None = None


PERMISSION_CODES = range(200, 300)
UNKNOWN_OBJECT_SUBCODE = (
    33  # of code 100: the phone number id is wrong, or the token may not use it
)

_RETRY = (2, 4, 613, 80007, 130429, 131016, 131057, 132069, 133004)
_RETRY_FEW = (1, 131000, 131052)
_CREDENTIAL = (
    *(0, 3, 10, 33, 190, 368),
    *(131005, 131031, 131037, 131042, 131045),
    *(133000, 133005, 133006, 133008, 133009, 133010, 133016, 134011),
)
_NEVER = (
    *(100, 130403, 130472, 130497),
    *(131008, 131009, 131021, 131026, 131030, 131050, 131051, 131053, 131055),
    *(131060, 131062, 131063, 131064),
    *(132000, 132001, 132005, 132007, 132012, 132015, 132016, 132018, 132068),
    *(135000, 137000, 147001, 147002, 147003, 147004, 147005, 1752041),
)
RULES: dict[int, ErrorRule] = {
    **{code: ErrorRule(Action.RETRY) for code in _RETRY},
    **{code: ErrorRule(Action.RETRY_FEW) for code in _RETRY_FEW},
    **{code: ErrorRule(Action.CREDENTIAL) for code in (*_CREDENTIAL, *PERMISSION_CODES)},
    **{code: ErrorRule(Action.NEVER) for code in _NEVER},
    131047: ErrorRule(Action.WINDOW),
    131056: ErrorRule(Action.PAIR),
    131048: ErrorRule(Action.WAIT, timedelta(hours=1)),  # spam limit: Meta names no time
    131049: ErrorRule(Action.WAIT, timedelta(hours=24)),  # "at least 24 hours"
    133015: ErrorRule(Action.WAIT, timedelta(minutes=5)),  # "wait 5 minutes"
}
WINDOW_CLOSED = 131047


def rule_of(*, code: int | None, subcode: int | None, http_status: int) -> ErrorRule:
    """Return what to do about a refusal; where the code says nothing, its HTTP class does."""
    if code == 100 and subcode == UNKNOWN_OBJECT_SUBCODE:  # noqa: PLR2004  # a row of the table
        return ErrorRule(Action.CREDENTIAL)
    if code in RULES:
        return RULES[code]
    return ErrorRule(_by_http_class(http_status))


def _by_http_class(status: int) -> Action:
    if status in (401, 403):
        return Action.CREDENTIAL
    if status in (408, 425, 429) or status >= 500:  # noqa: PLR2004  # HTTP's own numbers
        return Action.RETRY
    if status < 400:  # noqa: PLR2004  # a redirect: some proxy stands where Graph should
        return Action.RETRY_FEW
    return Action.NEVER


class SendRetry(Unavailable):
    """Nothing was sent; the same request may succeed later. `action` says in what rhythm."""

    def __init__(
        self,
        message: str,
        *,
        after: timedelta | None = None,
        action: Action = Action.RETRY,
        code: int | None = None,
    ) -> None:
        super().__init__(message, retry_after=after)
        self.action = action
        self.code = code


class SendRejected(PlatformError):
    """Meta will never take this message."""

    def __init__(self, *, code: int, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class SendWindowClosed(SendRejected):
    """The contact last wrote more than 24 hours ago."""


class SendUncertain(PlatformError):
    """The request may have reached Meta: the message may be on its way, or not."""


class SenderRefused(CredentialRefused):
    """Meta refuses the token, the number or the account that sends."""

    def __init__(self, message: str, *, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code

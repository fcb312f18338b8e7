"""What a check found: a code with details, and the sentences that a person reads of it.

Values alone. A result never holds a secret: its details are names, ids, dates and codes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

State = Literal["ok", "warning", "failed", "unknown"]
STATES: tuple[State, ...] = get_args(State)


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """What one check found, before it is put into words. `(check, code)` names the sentence."""

    check: str
    code: str
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What one check found, in words. `next_step` is empty only where all is well."""

    check: str
    state: State
    code: str
    what: str
    next_step: str
    details: Mapping[str, str]

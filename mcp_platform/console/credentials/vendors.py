"""Credentials by their vendor, as a page shows them: what is set, and what the doctor last found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from mcp_platform.console.reasons import finding_said, finding_title, mended_at
from mcp_platform.console.sentences import Tongue
from mcp_platform.credentials.credentials import KnownKey
from mcp_platform.credentials.forms import SETTABLE
from mcp_platform.doctor.findings import Finding
from mcp_platform.doctor.proving import NAMES
from mcp_platform.doctor.results import CheckOutcome, State
from mcp_platform.doctor.sentences import state

OPTIONAL: Final = frozenset({"WHATSAPP_BUSINESS_ACCOUNT_ID", "WHATSAPP_APP_ID"})
WORST_FIRST: Final[tuple[State, ...]] = ("failed", "warning", "unknown", "ok")
# A change is proved before it is saved: with what outcome, as the state of the vendor's keys.
OF_PROOF: Final[Mapping[str | None, State]] = {
    "passed": "ok",
    "unanswered": "unknown",
    "overruled": "failed",
}
SILENT: Final = "because"  # a check that waits for another, which is told already


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorMark:
    """A vendor: its id, how names of its keys begin, and its icon."""

    id: str
    prefix: str
    icon: str

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(key for key in SETTABLE if key.startswith(self.prefix))


VENDORS: Final = (
    VendorMark(id="whatsapp", prefix="WHATSAPP_", icon="message-circle"),
    VendorMark(id="google", prefix="GOOGLE_", icon="calendar-days"),
    VendorMark(id="gemini", prefix="GEMINI_", icon="sparkles"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckNote:
    """A check that is not well, in words."""

    title: str
    state: State
    what: str
    next_step: str
    mended_at: tuple[str, str] | None = None
    """The page where it is mended, below the tenant's own, and the sentence of its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorState:
    """One vendor's keys, and the last proof of them. `state` None: they were never proved."""

    mark: VendorMark
    keys: tuple[KnownKey, ...]
    missing: tuple[str, ...]
    state: State | None
    checked_at: datetime | None
    notes: tuple[CheckNote, ...]


def vendor_states(
    known: Sequence[KnownKey], findings: Sequence[Finding], *, tongue: Tongue
) -> list[VendorState]:
    """Return each vendor's state."""
    return [_of(mark, known, findings, tongue=tongue) for mark in VENDORS]


def check_notes(found: Sequence[CheckOutcome], *, tongue: Tongue) -> list[CheckNote]:
    """Return in words what is not well, the worst first."""
    notes = []
    for each in found:
        how = state(each)
        if how == "ok" or each.code == SILENT:
            continue
        what, next_step = finding_said(each, tongue=tongue)
        title = finding_title(each.check, tongue=tongue)
        notes.append(
            CheckNote(
                title=title,
                state=how,
                what=what,
                next_step=next_step,
                mended_at=mended_at(each.check),
            )
        )
    return sorted(notes, key=lambda each: WORST_FIRST.index(each.state))


def missing_keys(mark: VendorMark, known: Sequence[KnownKey]) -> tuple[str, ...]:
    """Return which keys of a vendor are needed and not there."""
    there = {each.key for each in known if each.present}
    return tuple(key for key in mark.keys if key not in there and key not in OPTIONAL)


def _of(
    mark: VendorMark, known: Sequence[KnownKey], findings: Sequence[Finding], *, tongue: Tongue
) -> VendorState:
    keys = tuple(each for each in known if each.key in mark.keys)
    ours = [each for each in findings if each.found.check in NAMES and _is_of(mark, each)]
    states = [state(each.found) for each in ours]
    found = min(states, key=WORST_FIRST.index) if states else None
    checked_at = max((each.checked_at for each in ours), default=None)
    saved = max(
        (
            (each.changed_at, OF_PROOF[each.proof])
            for each in keys
            if each.changed_at and each.proof in OF_PROOF
        ),
        default=None,
    )
    if saved is not None and (checked_at is None or saved[0] > checked_at):
        ours, checked_at, found = [], *saved  # what was found before says nothing of these
    return VendorState(
        mark=mark,
        keys=keys,
        missing=missing_keys(mark, keys),
        state=found,
        checked_at=checked_at,
        notes=tuple(check_notes([each.found for each in ours], tongue=tongue)),
    )


def _is_of(mark: VendorMark, finding: Finding) -> bool:
    return finding.found.check.partition(".")[0] == mark.id

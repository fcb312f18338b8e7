"""How the simulated Meta behaves, and the names of the faults it can be told to act out."""

from dataclasses import dataclass, field, fields, replace
from typing import Any

from mcp_platform.simulators.meta.webhooks import RetryPlan

WEBHOOK_FAULTS = ("duplicate_webhooks",)
STATUS_FAULTS = ("no_statuses", "delay_statuses", "reorder_statuses", "failed_status")
SEND_FAULTS = ("pair_limited", "window_closed", "rate_limited", "response_lost")
CALL_FAULTS = ("token_expired", "server_error", "slow", "reset", "error")
FAULTS = (*WEBHOOK_FAULTS, *STATUS_FAULTS, *SEND_FAULTS, *CALL_FAULTS)


@dataclass(frozen=True, slots=True)
class MetaSettings:
    """How strict and how talkative the simulated Meta is.

    Attributes:
        pacing: Whether the limit for one pair of numbers holds (131056).
        window: Whether free-form messages need one of the contact's in the last 24 hours.
        known_messages: Whether only messages that went through here can be marked as read.
        statuses: What is told of each accepted message, in order: `sent`, `delivered`, `read`.
        status_gap_s: Pause before each status.
        review: What becomes of a new template: `approve`, `reject`, `marketing` (approved as that) or
            `wait`, until the control API decides.
        review_s: How long a review takes.
        retry: When notifications that were not answered 200 are posted again.
    """

    pacing: bool = True
    window: bool = True
    known_messages: bool = True
    statuses: tuple[str, ...] = ("sent", "delivered")
    status_gap_s: float = 0.0
    review: str = "approve"
    review_s: float = 0.0
    retry: RetryPlan = field(default_factory=RetryPlan)

    def changed(self, **changes: Any) -> "MetaSettings":
        """Return these settings with some changed; `retry` takes the fields of a retry plan.

        Raises:
            ValueError: there is no such setting.
        """
        if unknown := changes.keys() - {part.name for part in fields(self)}:
            raise ValueError(f"unknown settings: {', '.join(sorted(unknown))}")
        if "retry" in changes:
            changes["retry"] = replace(self.retry, **changes["retry"])
        if "statuses" in changes:
            changes["statuses"] = tuple(changes["statuses"])
        return replace(self, **changes)

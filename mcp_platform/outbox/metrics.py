"""What the outbox and pacing count. No label holds a tenant, a contact or a text."""

from prometheus_client import Counter, Histogram

from mcp_platform.whatsapp.graph_errors import RULES

SENDS = Counter(
    "mcp_outbox_sends_total",
    "Attempts to do an effect outside, by what came of them.",
    ["kind", "outcome", "code"],
)
RESENDS = Counter(
    "mcp_outbox_resends_total",
    "Messages sent again because nobody knows whether they were sent: the one place where a"
    " customer may read something twice.",
)
INTERRUPTED = Counter(
    "mcp_outbox_interrupted_total",
    "Claims found without their claimer: a process died between claiming and writing down.",
    ["kind"],
)
FENCED = Counter(
    "mcp_outbox_fenced_total",
    "Results that came when the effect was already settled or taken over, and were dropped.",
)
DEAD = Counter("mcp_outbox_dead_total", "Effects given up, for a person to see.", ["kind", "code"])
SWEPT = Counter("mcp_outbox_swept_total", "Lanes that needed the sweeper to go on.")
CALL_SECONDS = Histogram("mcp_outbox_call_seconds", "How long the vendor took.", ["kind"])
DELAY_SECONDS = Histogram(
    "mcp_outbox_delay_seconds",
    "From recording an effect to its being done.",
    ["kind"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 86400),
)
STATUSES = Counter(
    "mcp_outbox_statuses_total",
    "Statuses of messages, by what they changed.",
    ["status", "outcome"],
)
BILLED = Counter(
    "mcp_outbox_billed_total", "Delivered messages that Meta charges for.", ["category"]
)


def code_label(code: int | None) -> str:
    """Return `code` as a label with a bounded number of values."""
    if code is None:
        return ""
    return str(code) if code in RULES else "other"

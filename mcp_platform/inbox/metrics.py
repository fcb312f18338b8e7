"""What is counted of the inbox."""

from prometheus_client import Counter, Gauge, Histogram

EVENTS = Counter("mcp_inbox_events_total", "Events recorded, or seen again.", ["outcome"])
QUARANTINED = Counter("mcp_inbox_quarantined_total", "Events that Postgres refused.")
BATCH = Histogram(
    "mcp_inbox_batch_requests",
    "Webhook requests committed together.",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128),
)
WEBHOOKS = Counter("mcp_webhooks_total", "Webhook requests by answer.", ["status"])
MISROUTED = Counter(
    "mcp_webhook_misrouted_total", "Changes for a phone number that is not the path's tenant's."
)
TURNS = Counter("mcp_turns_total", "Turns by how they ended.", ["outcome"])
TURN_SECONDS = Histogram(
    "mcp_turn_seconds",
    "From freezing a turn to committing its reply.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
QUEUE_LAG = Gauge("mcp_inbox_lag_seconds", "Age of the oldest message that waits for an answer.")

"""What is counted of the inbox."""

from prometheus_client import Counter, Gauge, Histogram

from mcp_platform.kit.metrics import RecentCounter

# Twice what a process is meant to have active; each has one series an outcome, of about 1 kB.
MOST_TENANTS = 400

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
IN_GROUPS = Counter(
    "mcp_webhook_group_messages_total", "Messages of groups, which are kept and not answered."
)
TURNS = Counter("mcp_turns_total", "Turns by how they ended.", ["outcome"])
TENANT_TURNS = RecentCounter(
    "mcp_tenant_turns_total",
    "Turns by tenant and how they ended, of the tenants that were active last.",
    of="tenant",
    labels=["outcome"],
    most=MOST_TENANTS,
)
TURN_SECONDS = Histogram(
    "mcp_turn_seconds",
    "From freezing a turn to committing its reply.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
QUEUE_LAG = Gauge(
    "mcp_inbox_lag_seconds",
    "Age of the oldest message that waits for an answer, of tenants that are answered.",
)


def turn_ended(tenant: str, outcome: str) -> None:
    """Count one turn of the tenant with this path."""
    TURNS.labels(outcome=outcome).inc()
    TENANT_TURNS.inc(tenant, outcome)

"""What the doctor measures: how tenants are, by check, and when it last looked."""

from prometheus_client import Gauge

RESULTS = Gauge(
    "mcp_doctor_results", "Tenants by check and the state it last had.", ["check", "state"]
)
LAST_RUN = Gauge(
    "mcp_doctor_last_run_timestamp_seconds", "When a tenant was last examined, on any process."
)
OVERDUE = Gauge("mcp_doctor_overdue", "Tenants whose daily examination should have begun.")

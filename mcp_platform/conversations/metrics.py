"""What is counted of people in conversations."""

from prometheus_client import Counter, Gauge

ACTIONS = Counter(
    "mcp_conversation_actions_total", "What people did in conversations by hand.", ["what"]
)
HANDED_OVER = Gauge(
    "mcp_conversations_waiting",
    "Conversations that were handed to a person, and that nobody has taken.",
)

"""What is counted of the assistant."""

from prometheus_client import Counter

TOOL_CALLS = Counter("mcp_tool_calls_total", "Tools called by the model.", ["tool", "outcome"])
MODEL_CALLS = Counter("mcp_model_calls_total", "Questions to the model.", ["outcome"])
MODEL_TOKENS = Counter("mcp_model_tokens_total", "Tokens, as the vendor counts them.", ["kind"])
DROPPED = Counter(
    "mcp_free_text_dropped_total", "Sentences of the model that were not let through."
)
MENU_TURNS = Counter("mcp_menu_turns_total", "Turns answered by the menu.", ["why"])

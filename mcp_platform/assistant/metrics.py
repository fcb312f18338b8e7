"""What is counted of the assistant."""

from prometheus_client import Counter

TOOL_CALLS = Counter("mcp_tool_calls_total", "Tools called by the model.", ["tool", "outcome"])
MODEL_CALLS = Counter("mcp_model_calls_total", "Questions to the model.", ["outcome"])
MODEL_TOKENS = Counter("mcp_model_tokens_total", "Tokens, as the vendor counts them.", ["kind"])
UNREAD_TEXT = Counter(
    "mcp_model_text_ignored_total", "Answers of the model with text, which nobody reads."
)
PHRASES_DROPPED = Counter(
    "mcp_phrases_dropped_total", "Phrases that the model chose and that could not be said."
)
MENU_TURNS = Counter("mcp_menu_turns_total", "Turns answered by the menu.", ["why"])

"""States of an effect, for rules and for statements."""

UNFINISHED = ("pending", "sending", "uncertain")
MESSAGE_STATES = (*UNFINISHED, "sent", "delivered", "read", "failed", "dead", "dropped")
"""Those of a message. `dropped`: it was true no more, and was not sent, or not a second time."""
# Spelled out, because a parameter would keep PostgreSQL from using the partial index.
IS_UNFINISHED = f"state in ({', '.join(repr(state) for state in UNFINISHED)})"

"""States of an effect, for rules and for statements."""

UNFINISHED = ("pending", "sending", "uncertain")
# Spelled out, because a parameter would keep PostgreSQL from using the partial index.
IS_UNFINISHED = f"state in ({', '.join(repr(state) for state in UNFINISHED)})"

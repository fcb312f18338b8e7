"""Places where a process may be killed on purpose, to prove that nothing is lost or done twice.

A failpoint costs one comparison where it is not armed. `MCP_FAILPOINT=<name>` or `<name>:<n>`
arms one: the n-th time it is passed, the process kills itself with SIGKILL, as a power cut would.
"""

import os
import signal

FAILPOINTS: dict[str, str] = {
    "ingest.after_commit": "events are committed, Meta has no answer yet",
    "ingest.before_commit": "a webhook is verified and parsed, nothing is written",
    "outbox.after_claim": "an effect is marked as being sent, no call is made yet",
    "outbox.after_call": "the vendor has done it, we have not written that down",
    "outbox.after_done": "the effect is written down as done, the next one is not woken",
    "turn.after_claim": "the turn's events are frozen, nothing is done yet",
    "turn.after_model": "the model has answered, its answer is not in the journal",
    "turn.after_model_recorded": "the model's answer is in the journal, not acted on",
    "turn.after_hold": "a slot is held, the calendar is not asked yet",
    "turn.after_calendar": "the calendar was asked, the hold is not promoted",
    "turn.after_tool": "a tool's effect and record are committed",
    "turn.before_close": "the reply is known, not committed",
    "turn.after_close": "the reply is committed, the lease is not released",
    "statuses.before_commit": "statuses are read, not applied",
}

_armed, _, _count = os.environ.get("MCP_FAILPOINT", "").partition(":")
_remaining = int(_count or 1)
if _armed and _armed not in FAILPOINTS:
    raise SystemExit(f"MCP_FAILPOINT={_armed} is no failpoint; there are: {', '.join(FAILPOINTS)}")


def failpoint(name: str) -> None:
    """Die here with SIGKILL if this failpoint is armed and its turn has come."""
    global _remaining  # noqa: PLW0603  # a process dies once
    if name != _armed:
        return
    _remaining -= 1
    if _remaining <= 0:
        os.kill(os.getpid(), signal.SIGKILL)

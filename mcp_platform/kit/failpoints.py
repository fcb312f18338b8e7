"""Places where a process may be killed on purpose, to prove that nothing is lost or done twice.

A failpoint costs one comparison where it is not armed. `MCP_FAILPOINT=<name>` or `<name>:<n>`
arms one: the n-th time it is passed, the process kills itself with SIGKILL, as a power cut would.
`<name>:<n>:stop` freezes it instead, as a paused machine would, until somebody sends SIGCONT.
`<name>:<n>:spin` never comes back, and holds the interpreter, as a pattern that backtracks does.
"""

import collections
import itertools
import os
import signal
from collections.abc import Callable

FAILPOINTS: dict[str, str] = {
    "erasure.before_commit": "a contact is erased, not committed",
    "ingest.after_commit": "events are committed, Meta has no answer yet",
    "ingest.before_commit": "a webhook is verified and parsed, nothing is written",
    "outbox.after_call": "the vendor has done it, we have not written that down",
    "outbox.after_claim": "an effect is marked as being sent, no call is made yet",
    "outbox.after_done": "the effect is written down as done, the next one is not woken",
    "reminders.after_commit": "reminders are in the outbox, none of them is sent yet",
    "reminders.before_commit": "reminders are recorded, not committed",
    "statuses.before_commit": "statuses are applied, not committed",
    "templates.after_create": "Meta has a template to review, we have not written that down",
    "turn.after_calendar": "the calendar was asked, the slot is not booked yet",
    "turn.after_claim": "the turn's events are frozen, nothing is done yet",
    "turn.after_close": "the reply is committed and the lease returned, the wake-up is not done",
    "turn.after_hold": "a slot is held, the calendar is not asked yet",
    "turn.after_model": "the model has answered, its answer is not in the journal",
    "turn.after_model_recorded": "the model's answer is in the journal, not acted on",
    "turn.after_tool": "a tool's effect and record are committed",
    "turn.before_close": "the reply is known, not committed",
}
_WAYS: dict[str, Callable[[], object]] = {
    "": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "stop": lambda: os.kill(os.getpid(), signal.SIGSTOP),
    "spin": lambda: collections.deque(itertools.repeat(None), maxlen=0),
}

_armed = ""
_remaining = 0
_way = _WAYS[""]


def arm(spec: str) -> None:
    """Arm the failpoint of this process; an empty `spec` disarms it.

    Raises:
        SystemExit: there is no such failpoint, or `spec` cannot be read.
    """
    global _armed, _remaining, _way  # one process, one failpoint
    name, _, rest = spec.partition(":")
    count, _, how = rest.partition(":")
    if name and name not in FAILPOINTS:
        raise SystemExit(
            f"MCP_FAILPOINT={spec}: there is no such failpoint, only {', '.join(FAILPOINTS)}"
        )
    if how not in _WAYS or (count and not count.isdigit()):
        raise SystemExit(f"MCP_FAILPOINT={spec} is not of the form <name>[:<n>[:stop|spin]]")
    _armed, _remaining, _way = name, int(count or 1), _WAYS[how]


def failpoint(name: str) -> None:
    """Die or freeze here if this failpoint is armed and its turn has come."""
    global _remaining  # noqa: PLW0603  # as above
    if name != _armed:
        return
    _remaining -= 1
    if _remaining == 0:
        _way()


arm(os.environ.get("MCP_FAILPOINT", ""))

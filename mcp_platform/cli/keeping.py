"""A process that starts its server again when that stood still.

A server whose event loop does not come back ends itself (`kit.standstill`), and the next one must be
started. An error, a signal or an order to stop ends this process as it ended the server, so the
caller sees no difference.
"""

import atexit
import contextlib
import os
import signal
import threading
from types import FrameType

PASSED_ON = (signal.SIGTERM, signal.SIGINT)


def kept() -> bool:
    """Fork, and return in the child alone: whether it replaces one that stood still.

    To be called while there is one thread, and before what is slow to import: the parent keeps
    what it has.
    """
    again = told = False
    child = 0
    before = {number: signal.getsignal(number) for number in PASSED_ON}

    def pass_on(number: int, _frame: FrameType | None) -> None:
        nonlocal told
        told = True
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, number)

    while True:
        alive, hold = os.pipe()  # closes with us, however we end
        hear, goodbye = os.pipe()  # what ends in good order, with or without an error, says so
        signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
        if told:
            os._exit(1)
        child = os.fork()
        for number in PASSED_ON:
            signal.signal(number, pass_on if child else before[number])
        signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
        if child == 0:
            os.close(hold)
            os.close(hear)
            os.setpgid(0, 0)  # what a terminal sends is for the parent, which passes it on once
            threading.Thread(target=_end_with_parent, args=(alive,), daemon=True).start()
            atexit.register(os.write, goodbye, b".")
            return again
        os.close(alive)
        os.close(goodbye)
        _, status = os.waitpid(child, 0)
        said_goodbye = os.read(hear, 1) != b""
        os.close(hold)
        os.close(hear)
        if said_goodbye or not os.WIFEXITED(status):
            _end_as(status)
        again = True


def _end_with_parent(alive: int) -> None:
    os.read(alive, 1)
    # What may be passed on was: the parent was killed, and so would its server have been.
    os.kill(os.getpid(), signal.SIGKILL)


def _end_as(status: int) -> None:
    if os.WIFEXITED(status):
        os._exit(os.WEXITSTATUS(status))  # what is done at the end, the child has done
    number = os.WTERMSIG(status)
    if number in PASSED_ON:
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    os._exit(128 + number)  # the first process of a container is not ended by its own signals

"""What a person reads when a command fails: one sentence, and no traceback for what is expected.

Owns the words and the exit status. Never shows a value of the environment: it may be a secret.
"""

import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

from mcp_platform.errors import Invalid, PlatformError

if TYPE_CHECKING:
    from pydantic import ValidationError

FAILED = 1
MISCONFIGURED = 78  # EX_CONFIG of sysexits.h
INTERRUPTED = 130  # as shells say: 128 + SIGINT


@contextlib.contextmanager
def said() -> Iterator[None]:
    """End the process with a sentence for every failure that is expected.

    Raises:
        SystemExit: instead of the failure; anything unexpected passes as it is.
    """
    try:
        yield
    except Invalid as error:
        fail(" ".join([str(error), *(f"{name}: {why}." for name, why in error.fields.items())]))
    except PlatformError as error:
        fail(str(error))
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted.\n")
        raise SystemExit(INTERRUPTED) from None
    except BrokenPipeError:  # `mcp-platform … | head`
        sys.stderr.close()
        raise SystemExit(FAILED) from None
    except ValueError as error:
        described = _settings_error(error)
        if described is None:
            raise
        fail(described, status=MISCONFIGURED)


def fail(sentence: str, *, status: int = FAILED) -> NoReturn:
    """Say what went wrong and end.

    Raises:
        SystemExit: always.
    """
    sys.stderr.write(f"mcp-platform: {sentence}\n")
    raise SystemExit(status)


def _settings_error(error: ValueError) -> str | None:
    """Describe an invalid environment, or return None if the error is about something else."""
    from pydantic import ValidationError  # noqa: PLC0415  # slow, and only needed on this path
    from pydantic_settings import SettingsError  # noqa: PLC0415  # as above

    if isinstance(error, SettingsError):
        return f"{error}."
    if not isinstance(error, ValidationError) or error.title != "Settings":
        return None
    return " ".join(_described(error))


def _described(error: "ValidationError") -> Iterator[str]:
    """Name each variable and what is wrong with it, without its value."""
    for found in error.errors(include_url=False, include_context=False):
        message = found["msg"].removeprefix("Value error, ")
        if isinstance(found["input"], str):  # what a validator of ours raised may quote it
            message = message.replace(repr(found["input"]), "its value")
            message = message.replace(found["input"], "its value") if found["input"] else message
        variable = ".".join(str(part) for part in found["loc"]).upper()
        yield f"{variable}: {message}." if variable else f"{message}."

"""What a person reads when a command fails: one sentence, and no traceback for what is expected.

Owns the words and the exit status. Never shows a value of the environment: it may be a secret.
"""

import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

from mcp_platform.cli.spoken import translated, worded
from mcp_platform.errors import PlatformError
from mcp_platform.kit.folders import FULL, refusal

if TYPE_CHECKING:
    from pydantic import ValidationError

FAILED = 1
MISCONFIGURED = 78  # EX_CONFIG of sysexits.h
INTERRUPTED = 130  # as shells say: 128 + SIGINT
# Classes of SQLSTATE that speak of the server and not of the statement: connections, resources (a
# full disk among them), an operator's intervention, the system. Source: PostgreSQL, appendix A.
OF_THE_SERVER = ("08", "53", "57", "58")


@contextlib.contextmanager
def said() -> Iterator[None]:
    """End the process with a sentence for every failure that is expected.

    Raises:
        SystemExit: instead of the failure; anything unexpected passes as it is.
    """
    try:
        yield
    except PlatformError as error:
        fail(_with_fields(error))
    except KeyboardInterrupt:
        sys.stderr.write(f"\n{worded('Interrupted.')}\n")
        raise SystemExit(INTERRUPTED) from None
    except BrokenPipeError:  # `mcp-platform … | head`
        sys.stderr.close()
        raise SystemExit(FAILED) from None
    except ValueError as error:
        described = _settings_error(error)
        if described is None:
            raise
        fail(translated(described), status=MISCONFIGURED)
    except OSError as error:
        known = error.filename is not None or error.errno in FULL
        if not (known or isinstance(error, ConnectionError)):
            raise
        fail(translated(f"{refusal(error)}."))
    except Exception as error:
        # SQLAlchemy's have the driver's own within; neither is imported to learn that.
        found = getattr(error, "orig", None) or error
        if not str(getattr(found, "sqlstate", None)).startswith(OF_THE_SERVER):
            raise
        fail(translated(f"The database does not work: {str(found).rpartition('>: ')[2]}."))


def _with_fields(error: PlatformError) -> str:
    """Return what went wrong and where: one place is read as a sentence, several as a list."""
    sentence, fields = str(error), getattr(error, "fields", {})
    if all(f"{name}: {why.removesuffix('.')}" in sentence for name, why in fields.items()):
        return translated(sentence)
    told = [_ended(f"{name}: {translated(why)}") for name, why in fields.items()]
    return ("\n  " if len(told) > 1 else " ").join([translated(sentence), *told])


def _ended(sentence: str) -> str:
    """Return a sentence with a mark at its end, and with one alone."""
    return sentence if sentence.endswith((".", "?", "!", "…")) else f"{sentence}."


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

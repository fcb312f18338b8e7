"""From the meaning of an error to its HTTP answer: status and `application/problem+json`.

Source: RFC 9457.
"""

from datetime import timedelta
from http import HTTPStatus
from typing import Any

import orjson
from starlette.types import Send

from mcp_platform.errors import (
    Conflict,
    CredentialRefused,
    Forbidden,
    Invalid,
    NotFound,
    PlatformError,
    Throttled,
    Unauthorized,
    Unavailable,
)

# The longest body, Meta's 3 MB, at 1 Mbit/s; who sends one byte a second is not waited for.
ARRIVES_WITHIN = timedelta(seconds=30)

STATUS: dict[type[BaseException], int] = {
    Invalid: 422,
    NotFound: 404,
    Conflict: 409,
    Unauthorized: 401,
    Forbidden: 403,
    Throttled: 429,
    Unavailable: 503,
    CredentialRefused: 503,
    PlatformError: 500,
}


class TooLarge(Invalid):
    """The body is larger than this route takes."""

    def __init__(self, largest: int) -> None:
        super().__init__(f"The body is larger than {largest} bytes.")


class TooSlow(Invalid):
    """The body did not arrive: the connection is for somebody else."""

    def __init__(self) -> None:
        super().__init__(f"The body did not arrive within {int(ARRIVES_WITHIN.total_seconds())} s.")


class MethodNotAllowed(PlatformError):
    """The path exists, and is not asked in this way."""

    def __init__(self, *allowed: str) -> None:
        self.allowed = ", ".join(allowed)
        super().__init__(f"This path takes {self.allowed}.")


STATUS[TooLarge] = 413
STATUS[TooSlow] = 408
STATUS[MethodNotAllowed] = 405


def status_of(error: PlatformError) -> int:
    """Return the HTTP status of the nearest meaning that `error` has."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


UNSTORED = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
"""What keeps an answer from being stored on its way: tokens and people are in them.

Source: RFC 6749, section 5.1, of tokens.
"""


def headers_of(error: PlatformError) -> dict[str, str]:
    headers = {"content-type": "application/problem+json", **UNSTORED}
    if isinstance(error, Unavailable | Throttled) and error.retry_after is not None:
        headers["retry-after"] = str(max(1, round(error.retry_after.total_seconds())))
    if isinstance(error, TooSlow):
        headers["connection"] = "close"
    if isinstance(error, MethodNotAllowed):
        headers["allow"] = error.allowed
    if isinstance(error, Unauthorized):
        headers["www-authenticate"] = "Bearer"
    return headers


def problem_of(error: PlatformError) -> dict[str, Any]:
    status = status_of(error)
    problem: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": str(error),
    }
    if isinstance(error, Invalid | Conflict) and error.fields:
        problem["errors"] = [
            {"field": field, "detail": detail} for field, detail in error.fields.items()
        ]
    return problem


async def send_problem(send: Send, error: PlatformError) -> int:
    """Answer with `error` below any framework; return the status."""
    status = status_of(error)
    body = orjson.dumps(problem_of(error))
    named = {**headers_of(error), "content-length": str(len(body))}
    headers = [(name.encode(), value.encode()) for name, value in named.items()]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
    return status

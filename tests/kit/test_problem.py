"""Every meaning of an error has one HTTP answer, as application/problem+json."""

import json
from collections.abc import MutableMapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest

from mcp_platform import errors
from mcp_platform.errors import (
    Conflict,
    Invalid,
    NotFound,
    PlatformError,
    Unauthorized,
    Unavailable,
)
from mcp_platform.kit.problem import (
    MethodNotAllowed,
    TooLarge,
    headers_of,
    problem_of,
    send_problem,
    status_of,
)


def meanings() -> list[type[PlatformError]]:
    found = [each for each in vars(errors).values() if isinstance(each, type)]
    return [each for each in found if issubclass(each, PlatformError)]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.Invalid("x"), 422),
        (errors.NotFound("x"), 404),
        (errors.Conflict("x"), 409),
        (errors.Unauthorized("x"), 401),
        (errors.Forbidden("x"), 403),
        (errors.Unavailable("x"), 503),
        (errors.CredentialRefused("x"), 503),
        (errors.PlatformError("x"), 500),
        (TooLarge(10), 413),
        (MethodNotAllowed("GET"), 405),
    ],
    ids=lambda each: type(each).__name__,
)
def test_each_meaning_has_its_status(error: PlatformError, status: int) -> None:
    assert status_of(error) == status
    assert problem_of(error)["status"] == status


@pytest.mark.parametrize("meaning", meanings())
def test_a_special_case_is_answered_as_what_it_specialises(meaning: type[PlatformError]) -> None:
    class Special(meaning):  # type: ignore[misc,valid-type]  # a class of each
        pass

    more = {"retry_after": timedelta(seconds=1)} if meaning is errors.Throttled else {}
    assert status_of(Special("x", **more)) == status_of(meaning("x", **more))


def test_the_nearest_meaning_counts() -> None:
    class TakenOrGone(Conflict, NotFound):
        pass

    assert status_of(TakenOrGone("x")) == 409


def test_a_problem_says_what_is_wrong_and_where() -> None:
    told = problem_of(Invalid("Two fields are wrong.", fields={"a.b": "missing", "c": "too long"}))

    assert told == {
        "type": "about:blank",
        "title": HTTPStatus(422).phrase,
        "status": 422,
        "detail": "Two fields are wrong.",
        "errors": [
            {"field": "a.b", "detail": "missing"},
            {"field": "c", "detail": "too long"},
        ],
    }


@pytest.mark.parametrize(
    ("after", "header"),
    [(timedelta(seconds=5), "5"), (timedelta(milliseconds=10), "1"), (timedelta(minutes=2), "120")],
)
def test_who_should_come_again_is_told_when(after: timedelta, header: str) -> None:
    assert headers_of(Unavailable("x", retry_after=after))["retry-after"] == header


def test_headers_that_a_status_demands_are_there() -> None:
    assert "retry-after" not in headers_of(Unavailable("x"))
    assert headers_of(Unauthorized("x"))["www-authenticate"] == "Bearer"
    assert headers_of(MethodNotAllowed("GET", "POST"))["allow"] == "GET, POST"


@pytest.mark.parametrize("detail", ["x", "", "é🙂", 'a"b\\c\n', "\x00"])
async def test_below_any_framework_the_answer_is_whole(detail: str) -> None:
    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    status = await send_problem(send, NotFound(detail))

    start, body = sent
    headers = dict(start["headers"])
    assert (status, start["status"]) == (404, 404)
    assert headers[b"content-type"] == b"application/problem+json"
    assert int(headers[b"content-length"]) == len(body["body"])
    assert json.loads(body["body"])["detail"] == detail

"""What every request is given: an id of its own, that a bug's log line bears too."""

import httpx
import pytest
import structlog
from fastapi import FastAPI, Response

from mcp_platform.kit.http import OnePath, RequestTracing, handle_problems
from mcp_platform.kit.logging import current_trace

app = FastAPI()
handle_problems(app)
app.add_middleware(RequestTracing)


@app.get("/trace")
async def trace() -> str | None:
    return current_trace()


@app.get("/said/{word}")
async def said(word: str) -> str:
    return word


@app.get("/kept")
async def kept(response: Response) -> None:
    response.headers["cache-control"] = "max-age=60"


@app.get("/bug")
async def bug() -> None:
    raise RuntimeError("secret")


def client() -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://here")


async def test_each_request_has_an_id_of_its_own_and_leaves_none_behind() -> None:
    async with client() as asking:
        first, second = (await asking.get("/trace")).json(), (await asking.get("/trace")).json()

    assert len(first) == len(second) == 16
    assert first != second
    assert current_trace() is None


async def test_no_answer_is_stored_on_its_way_or_taken_for_something_else() -> None:
    async with client() as asking:
        for path in ("/trace", "/nowhere"):
            headers = (await asking.get(path)).headers
            assert headers["cache-control"] == "no-store"
            assert headers["x-content-type-options"] == "nosniff"
        assert (await asking.get("/kept")).headers["cache-control"] == "max-age=60"


@pytest.mark.parametrize("path", ["/%74race", "/tr%61ce", "//trace", "/x%2Ftrace", "/%2e/trace"])
async def test_a_path_is_served_in_one_spelling(path: str) -> None:
    transport = httpx.ASGITransport(OnePath(app))
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as asking:
        answer = await asking.get(path)

    assert answer.status_code == 404
    assert answer.headers["cache-control"] == "no-store"


async def test_what_must_be_encoded_in_a_path_may_be() -> None:
    transport = httpx.ASGITransport(OnePath(app))
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as asking:
        assert (await asking.get("/said/caf%C3%A9%20%40")).json() == "café @"


async def test_what_is_logged_of_a_bug_bears_the_id_of_its_request() -> None:
    with structlog.testing.capture_logs() as lines:
        async with client() as asking:
            answer = await asking.get("/bug")

    assert answer.status_code == 500
    assert "secret" not in answer.text
    (line,) = [each for each in lines if each["event"] == "http.request.failed"]
    assert len(line["trace_id"]) == 16

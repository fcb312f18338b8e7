"""Simulators are served over real sockets, stop cleanly, and keep their faults straight."""

import contextlib
import gc
import threading
from collections.abc import AsyncIterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from mcp_platform.simulators.control import (
    DroppedConnection,
    Faults,
    RecordRequests,
    RequestLog,
)
from mcp_platform.simulators.meta.app import create_app
from mcp_platform.simulators.serving import Served, serving


def greeter(lived: list[str]) -> Starlette:
    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        lived.append("start")
        yield
        lived.append("end")

    async def greet(request: Request) -> Response:
        if "hang_up" in request.query_params:
            return DroppedConnection()
        return PlainTextResponse((await request.body()) or b"hello")

    return Starlette(routes=[Route("/", greet, methods=["GET", "POST"])], lifespan=lifespan)


def test_a_served_application_lives_from_start_to_stop_in_its_own_thread() -> None:
    lived: list[str] = []
    served = Served(greeter(lived))
    answer = httpx.get(served.url, trust_env=False)
    served.stop()
    served.stop()

    assert answer.text == "hello"
    assert lived == ["start", "end"]
    assert not [thread for thread in threading.enumerate() if served.url in thread.name]
    with pytest.raises(httpx.ConnectError):
        httpx.get(served.url, trust_env=False)
    gc.collect()  # an unclosed socket or loop would warn here, and warnings are errors


async def test_an_application_can_be_served_in_the_running_loop() -> None:
    lived: list[str] = []
    async with serving(greeter(lived)) as url, httpx.AsyncClient(trust_env=False) as http:
        assert (await http.get(url)).text == "hello"

    assert lived == ["start", "end"]


async def test_a_taken_port_is_said_at_once() -> None:
    async with serving(greeter([])) as url:
        port = httpx.URL(url).port
        assert port is not None
        with pytest.raises(OSError, match="in use"):
            Served(greeter([]), port=port)


async def test_an_application_that_cannot_start_is_an_error_for_who_starts_it() -> None:
    @contextlib.asynccontextmanager
    async def broken(_: Starlette) -> AsyncIterator[None]:
        raise RuntimeError("no")
        yield

    with pytest.raises(RuntimeError, match="did not start"):
        Served(Starlette(lifespan=broken))
    with pytest.raises(RuntimeError, match="did not start"):
        async with serving(Starlette(lifespan=broken)):
            pytest.fail("it must not be served")


async def test_a_dropped_connection_has_no_answer_and_harms_no_other() -> None:
    async with serving(greeter([])) as url, httpx.AsyncClient(trust_env=False) as http:
        with pytest.raises(httpx.RemoteProtocolError):
            await http.get(url, params={"hang_up": "1"})
        assert (await http.get(url)).text == "hello"


async def test_a_recorded_request_still_reaches_the_application_whole() -> None:
    log = RequestLog(length=2)
    async with (
        serving(RecordRequests(greeter([]), log=log)) as url,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        echoed = await http.post(url, content=b"x" * 300_000)
        await http.get(url)
        await http.post(url, json={"a": 1}, headers={"X-Goog-Api-Key": "key"})

    assert echoed.content == b"x" * 300_000
    assert [entry["method"] for entry in log.list()] == ["GET", "POST"]
    assert log.list()[-1]["body"] == {"a": 1}
    assert log.list()[-1]["headers"]["x-goog-api-key"] == "key"


@given(times=st.integers(1, 5), asks=st.integers(0, 10))
def test_a_fault_strikes_exactly_as_often_as_told(times: int, asks: int) -> None:
    faults = Faults()
    faults.add("slow", times=times)

    struck = [faults.take("slow") is not None for _ in range(asks)]

    assert struck == [i < times for i in range(asks)]


def test_faults_strike_in_the_order_they_were_added_and_only_where_they_match() -> None:
    faults = Faults(known=["slow", "reset"])
    faults.add("slow", match={"to": "1"}, times=None, seconds=3)
    faults.add("reset")

    assert faults.take("slow", "reset", to="2").fault == "reset"  # type: ignore[union-attr] - it is there
    assert faults.take("slow", "reset", to="2") is None
    first = faults.take("slow", to="1", type="text")
    assert first is not None
    assert first.params == {"seconds": 3}
    assert faults.take("slow", to="1") is first
    faults.clear()
    assert faults.take("slow", to="1") is None


@pytest.mark.parametrize(("fault", "times"), [("slw", 1), ("slow", 0)])
def test_a_fault_that_could_never_strike_is_refused(fault: str, times: int) -> None:
    with pytest.raises(ValueError, match=r"unknown fault|times"):
        Faults(known=["slow"]).add(fault, times=times)


def test_faults_are_managed_over_http() -> None:
    with Served(create_app()) as served, httpx.Client(base_url=served.url, trust_env=False) as http:
        added = http.post("/_control/faults", json={"fault": "slow", "times": None, "seconds": 1})
        listed = http.get("/_control/faults").json()["faults"]
        malformed = http.post("/_control/faults", content=b"[]")
        http.post("/_control/reset")
        after = http.get("/_control/faults").json()["faults"]

    assert added.status_code == 201
    assert listed == [
        {
            "id": added.json()["id"],
            "fault": "slow",
            "match": {},
            "times": None,
            "params": {"seconds": 1},
        }
    ]
    assert (malformed.status_code, after) == (400, [])

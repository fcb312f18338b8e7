"""Whose word is believed for where a request comes from."""

import asyncio
from datetime import timedelta

import httpx
import pytest
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from mcp_platform.access.guard import client_address
from mcp_platform.cli.serving import _bound, _Running
from mcp_platform.settings import Settings


async def tell(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the address that a request is taken to come from."""
    address = client_address(Request(scope))
    await PlainTextResponse(address or "unknown")(scope, receive, send)


async def heard(forwarded: str, *, trusted_proxies: str | None) -> str:
    told = asyncio.Event()
    running = _Running(told, grace=timedelta(seconds=5))
    with _bound("127.0.0.1", 0, variable="PORT") as at:
        running.serve("gateway", tell, at=at, trusted_proxies=trusted_proxies)
        ends = asyncio.create_task(running.until_told())
        async with httpx.AsyncClient() as client:
            url = f"http://127.0.0.1:{at.getsockname()[1]}/"
            answer = await client.get(url, headers={"x-forwarded-for": forwarded})
        told.set()
        await ends
    return answer.text


@pytest.mark.parametrize(
    ("trusted", "forwarded", "address"),
    [
        (None, "203.0.113.9", "127.0.0.1"),  # anybody can write a header
        ("10.0.0.0/8", "203.0.113.9", "127.0.0.1"),  # this proxy is none of ours
        ("127.0.0.0/8", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.0/8", "192.0.2.1, 203.0.113.9", "203.0.113.9"),  # the first is a lie
        ("127.0.0.0/8,10.0.0.0/8", "203.0.113.9, 10.1.2.3", "203.0.113.9"),  # two of ours
        ("127.0.0.0/8", "nonsense", "unknown"),
        ("0", "203.0.113.9", "127.0.0.1"),  # there is no proxy
        ("1", "203.0.113.9", "203.0.113.9"),
        ("1", "10.1.2.3, 203.0.113.9", "203.0.113.9"),  # what a client made up stands left
        ("1", "203.0.113.9:4711", "203.0.113.9"),
        ("1", "[2001:db8::1]:4711", "2001:db8::1"),
        ("1", "2001:db8::1", "2001:db8::1"),
        ("1", "nonsense", "unknown"),
        ("2", "192.0.2.1, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
        ("2", "203.0.113.9", "127.0.0.1"),  # came past one of them
    ],
)
async def test_a_proxy_is_believed_if_it_is_named_and_no_further(
    trusted: str | None, forwarded: str, address: str
) -> None:
    assert await heard(forwarded, trusted_proxies=trusted) == address


@pytest.mark.parametrize(
    "networks", ["*", "-1", "10", "1,10.0.0.0/8", "10.0.0.1/8", "10.0.0.0/8,", "proxy.internal"]
)
def test_what_is_no_network_is_no_setting(networks: str) -> None:
    with pytest.raises(ValidationError):
        Settings(trusted_proxies=networks)


def test_behind_tls_sign_ins_are_served_only_with_the_proxies_named() -> None:
    public = "https://wa.example.com"
    assert Settings(public_url=public).lacks_proxies(["gateway", "admin"])
    assert not Settings(public_url=public).lacks_proxies(["gateway", "worker"])
    assert not Settings(public_url=public, trusted_proxies="1").lacks_proxies(["admin"])
    assert not Settings(public_url=public, trusted_proxies="0").lacks_proxies(["admin"])
    assert not Settings(public_url="http://127.0.0.1:8000").lacks_proxies(["admin"])

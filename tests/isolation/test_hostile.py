"""What strangers and signed-in users try on the public port, over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from mcp_platform.access.tenant_tokens import SCOPES, TENANT_API, TenantTokens
from mcp_platform.access.user_tokens import USERS
from mcp_platform.bootstrap.clock import now
from mcp_platform.bootstrap.keys import token_keys
from mcp_platform.kit import http, problem
from mcp_platform.provisioning.call import PROVISIONER
from mcp_platform.settings import Settings
from mcp_platform.whatsapp import webhook
from tests.factories import add_tenant
from tests.world import PATIENCE_S, World, running

SIGN_IN = "/api/v1/auth/token"


@pytest.fixture
async def served(migrated_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """The service without any vendor: what is tried here reaches none."""
    settings = Settings(data_dir=tmp_path, credentials_dir=tmp_path)
    async with httpx.AsyncClient() as nobody:
        made = World(settings, migrated_url, nobody, nobody, nobody, tmp_path)
        async with running(made, "gateway", "admin"):
            yield made


async def make_tenant(served: World) -> str:
    async with served.session() as session:
        return (await add_tenant(session, "shop")).path


async def said_raw(served: World, request: str) -> bytes:
    """Send bytes as they are, and return what is answered until the connection is closed."""
    where = urlsplit(served.url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    writer.write(request.encode())
    await writer.drain()
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("path", [SIGN_IN, "/shop/production/api/v1/webhooks/whatsapp"])
async def test_who_sends_a_body_and_does_not_end_it_is_not_waited_for(
    served: World, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    await make_tenant(served)
    for module in (problem, http, webhook):
        monkeypatch.setattr(module, "ARRIVES_WITHIN", timedelta(milliseconds=50))

    answer = await said_raw(
        served, f"POST {path} HTTP/1.1\r\nHost: here\r\nContent-Length: 50\r\n\r\n{{"
    )

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in answer


@pytest.mark.parametrize("path", ["/health/", "/api/v1/admin/users/", "/openapi.json/"])
async def test_nobody_is_sent_where_the_host_header_says(served: World, path: str) -> None:
    answer = await said_raw(
        served, f"GET {path} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"
    )

    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"evil.example" not in answer


async def test_one_tenant_has_one_path_and_leads_to_no_other(served: World) -> None:
    path = await make_tenant(served)
    token = minted(served, path, TENANT_API)
    agenda = "api/v1/appointments/list"
    for asked, status in (
        (f"/{path}/{agenda}", 200),
        (f"//{path}/{agenda}", 404),
        (f"/shop//production/{agenda}", 404),
        (f"/{path}/api/v1//appointments/list", 404),
        (f"/{path}/{agenda}/", 404),
        (f"/{path}/{agenda};x=1", 404),
        (f"/{path}/{agenda}%00", 404),
        (f"/shop/PRODUCTION/{agenda}", 404),
        (f"/SHOP/production/{agenda}", 404),
        (f"/other/production/../../{path}/{agenda}", 404),
        (f"/other/production%2f..%2f..%2f{path}/{agenda}", 404),
        (f"/{path}/../../metrics", 404),
        ("/%2e%2e/metrics", 404),
    ):
        answer = await said_raw(
            served,
            f"GET {asked} HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {token}\r\n"
            "Connection: close\r\n\r\n",
        )
        assert answer.startswith(f"HTTP/1.1 {status} ".encode()), asked


def minted(served: World, path: str, audience: str) -> str:
    return TenantTokens(token_keys(served.settings)).mint(
        tenant=path,
        subject="site",
        scopes=SCOPES,
        ttl=timedelta(hours=1),
        now=now(),
        audience=audience,
    )


async def test_a_token_is_worthless_for_every_audience_but_its_own(served: World) -> None:
    path = await make_tenant(served)
    own = {
        f"/{path}/api/v1/appointments/list": TENANT_API,
        "/api/v1/auth/me": None,  # a user's says more than these
        "/api/v1/admin/clients": None,
    }
    async with httpx.AsyncClient(base_url=served.url) as client:
        for asked, audience in own.items():
            for each in (TENANT_API, USERS, PROVISIONER, "", "mcp-platform"):
                bearer = {"authorization": f"Bearer {minted(served, path, each)}"}
                answer = await client.get(asked, headers=bearer)
                assert answer.status_code == (200 if each == audience else 401), (asked, each)

"""The webhook over real HTTP, with no worker behind it: whatever arrives, and however."""

import asyncio
import contextlib
import gzip
import json
import random
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from mcp_platform.kit.database import create_engine
from mcp_platform.settings import Settings
from mcp_platform.tenants import database_roles
from mcp_platform.tenants.env_file import read_env_file
from mcp_platform.whatsapp.signature import sign
from tests.cases import cases
from tests.databases import Databases
from tests.factories import tenant as made_tenant
from tests.raw_connection import RawConnection
from tests.severable_proxy import SeverableProxy
from tests.world import PATIENCE_S, ServedTenant, World, eventually, message, running

STORED = "SELECT count(*) FROM inbox_events WHERE tenant_id = :tenant"


class Vendors(httpx.AsyncBaseTransport):
    """Stands where the simulators stand: here nobody asks them anything."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={})


@contextlib.asynccontextmanager
async def gateway(database_url: str, folder: Path, **changes: Any) -> AsyncIterator[World]:
    nowhere = "http://127.0.0.1:1"
    settings = Settings(
        credentials_dir=folder,
        meta_graph_url=nowhere,
        gemini_url=nowhere,
        google_calendar_url=nowhere,
        google_token_url=nowhere,
        **changes,
    )
    async with httpx.AsyncClient(transport=Vendors(), base_url=nowhere) as vendor:
        made = World(settings, database_url, vendor, vendor, vendor, folder)
        async with running(made, "gateway"):
            yield made


def _write_mount(mount: Path, values: Mapping[str, str]) -> None:
    mount.mkdir()
    for key, value in values.items():
        (mount / key).write_text(value)


@contextlib.asynccontextmanager
async def mounted(world: World, one: ServedTenant, mount: Path) -> AsyncIterator[None]:
    """Write a tenant's credentials as a cluster mounts them, those of a login of its own as well."""
    tenant = made_tenant(id=one.id, client_name=one.client_name, topology="isolated")
    engine = create_engine(world.database_url, pool_size=1, application_name="owner")
    async with engine.begin() as connection:
        login = await database_roles.ensure(connection, tenant)
    assert login is not None
    written = (world.credentials / f"{one.client_name}-production.env").read_text()
    values = dict(read_env_file(written).values)
    values |= {"DATABASE_USER": login.user, "DATABASE_PASSWORD": login.password}
    _write_mount(mount, values)
    yield
    async with engine.begin() as connection:  # roles outlive the database
        await database_roles.drop(connection, tenant)
    await engine.dispose()


@pytest.fixture(scope="module")
async def service(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    lent = databases.copied()
    async with gateway(lent.url, tmp_path_factory.mktemp("credentials")) as made:
        yield made
    databases.drop(lent)


@pytest.fixture
async def here(service: World) -> World:
    service.tenants.clear()
    await service.add_tenant()
    return service


def path_of(world: World) -> str:
    return f"/{world.tenant.path}/api/v1/webhooks/whatsapp"


def signed(world: World, body: bytes) -> str:
    return sign(body, app_secret=world.tenant.app_secret)


def body_of(world: World, *said: dict[str, Any]) -> bytes:
    return json.dumps(world.webhook(*(said or (message("oi"),)))).encode()


@cases("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"])
async def test_a_webhook_is_read_and_posted_to_and_nothing_else(here: World, method: str) -> None:
    async with httpx.AsyncClient(base_url=here.url) as client:
        answer = await client.request(method, path_of(here))
        nobodys = await client.request(method, "/nobody/production/api/v1/webhooks/whatsapp")

    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"
    assert nobodys.status_code == 404


async def test_the_handshake_compares_tokens_in_constant_time(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    import hmac  # noqa: PLC0415  # watched here alone

    compared: list[tuple[bytes, bytes]] = []
    real = hmac.compare_digest

    def watched(a: bytes, b: bytes) -> bool:
        compared.append((a, b))
        return real(a, b)

    monkeypatch.setattr(hmac, "compare_digest", watched)
    token = f"verify-{here.tenant.client_name}"
    async with httpx.AsyncClient(base_url=here.url) as client:
        for given, status in ((token, 200), (token[:-1], 403), ("é", 403)):
            params = {"hub.mode": "subscribe", "hub.verify_token": given, "hub.challenge": "1"}
            answer = await client.get(path_of(here), params=params)
            assert answer.status_code == status

    assert compared == [(each.encode(), token.encode()) for each in (token, token[:-1], "é")]


@cases("query", ["", "?", "?%", "?%ff=%00", "?hub.mode", "?" + "a=1&" * 5_000])
async def test_a_query_of_any_kind_is_a_refusal_and_no_failure(here: World, query: str) -> None:
    async with RawConnection(here.url) as line:
        await line.send(f"GET {path_of(here)}{query} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert (await line.answer())[0] == 403


async def test_a_body_in_chunks_is_the_same_body(here: World) -> None:
    body = body_of(here)
    chunks = b"".join(b"%x\r\n%s\r\n" % (1, body[at : at + 1]) for at in range(len(body)))
    async with RawConnection(here.url) as line:
        head = f"POST {path_of(here)} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        signature = f"X-Hub-Signature-256: {signed(here, body)}\r\n\r\n"
        await line.send(f"{head}{signature}".encode() + chunks + b"0\r\n\r\n")
        assert (await line.answer())[0] == 200

    assert await here.value(STORED) == 1


async def test_a_body_that_comes_slowly_holds_up_nobody_else(here: World) -> None:
    body = body_of(here)
    async with RawConnection(here.url) as slow, RawConnection(here.url) as other:
        await slow.send(
            f"POST {path_of(here)} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
            f"X-Hub-Signature-256: {signed(here, body)}\r\n\r\n".encode()
        )
        for at in range(0, len(body), 100):
            await slow.send(body[at : at + 100])
            quick = body_of(here)
            assert await other.post(path_of(here), quick, signature=signed(here, quick)) == 200
        assert (await slow.answer())[0] == 200


async def test_who_hangs_up_halfway_leaves_nothing_behind(here: World) -> None:
    body = body_of(here)
    for cut in (0, 1, len(body) // 2, len(body) - 1):
        async with RawConnection(here.url) as line:
            await line.send(
                f"POST {path_of(here)} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
                f"X-Hub-Signature-256: {signed(here, body)}\r\n\r\n".encode()
                + body[:cut]
            )
    assert (await here.post(body_of(here))).status_code == 200
    assert await here.value(STORED) == 1


async def test_who_hangs_up_before_the_answer_and_sends_again_is_heard_once(here: World) -> None:
    body = body_of(here)
    async with RawConnection(here.url) as line:
        await line.send(
            f"POST {path_of(here)} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
            f"X-Hub-Signature-256: {signed(here, body)}\r\n\r\n".encode()
            + body
        )

    assert (await here.post(body)).status_code == 200
    assert await here.value(STORED) == 1


@pytest.mark.parametrize("good_at", [0, 1])
async def test_of_two_signatures_no_mixture_is_made(here: World, good_at: int) -> None:
    body = body_of(here)
    pair = ["sha256=" + "0" * 64] * 2
    pair[good_at] = signed(here, body)
    headers = [("x-hub-signature-256", each) for each in pair]
    async with httpx.AsyncClient(base_url=here.url) as client:
        answer = await client.post(path_of(here), content=body, headers=headers)

    assert answer.status_code == (200 if good_at else 401)  # the last one counts


async def test_what_is_compressed_is_verified_as_it_came(here: World) -> None:
    plain = body_of(here)
    packed = gzip.compress(plain)
    async with httpx.AsyncClient(base_url=here.url) as client:

        async def post(content: bytes, signature: str) -> int:
            headers = {"content-encoding": "gzip", "x-hub-signature-256": signature}
            return (await client.post(path_of(here), content=content, headers=headers)).status_code

        assert await post(packed, signed(here, plain)) == 401
        assert await post(gzip.compress(b" " * 50_000_000), signed(here, b"")) == 401
        assert await here.value(STORED) == 0
        # Signed over the packed bytes: kept, and no body is ever unpacked.
        assert await post(packed, signed(here, packed)) == 200

    assert await here.value(STORED) == 0
    kept = await here.value("SELECT body FROM quarantined_events WHERE tenant_id = :tenant")
    assert kept == packed


async def test_what_cannot_be_read_is_told_without_saying_where_it_lies(here: World) -> None:
    tenant = await here.add_tenant()
    file = here.credentials / f"{tenant.client_name}-production.env"
    file.unlink()
    file.mkdir()
    number = tenant.phone_number_id

    posted = await here.post(here.webhook(message("oi"), number=number), tenant=tenant)
    async with httpx.AsyncClient(base_url=here.url) as client:
        asked = await client.get(f"/{tenant.path}/api/v1/webhooks/whatsapp")

    for answer in (posted, asked):
        assert answer.status_code == 503
        assert not [
            each
            for each in (tenant.client_name, ".env", str(here.credentials), "Errno")
            if each in answer.text
        ]


@pytest.mark.parametrize("how", ["cut", "frozen"])
async def test_while_postgres_cannot_be_reached_the_answer_is_503_and_then_all_is_well(
    migrated_url: str, tmp_path: Path, how: str
) -> None:
    address = urlsplit(migrated_url)
    async with SeverableProxy(address.hostname or "", address.port or 0) as between:
        url = migrated_url.replace(f":{address.port}", f":{between.port}")
        async with gateway(url, tmp_path) as here:
            await here.add_tenant()
            assert (await here.post(here.webhook(message("oi")))).status_code == 200

            between.sever(how)
            async with asyncio.timeout(PATIENCE_S), httpx.AsyncClient(timeout=PATIENCE_S) as client:
                body = body_of(here)
                headers = {"x-hub-signature-256": signed(here, body)}
                answers = await asyncio.gather(
                    *(
                        client.post(here.url + path_of(here), content=body, headers=headers)
                        for _ in range(20)
                    )
                )
            assert {each.status_code for each in answers} == {503}
            assert {each.headers["retry-after"] for each in answers} == {"5"}

            between.mend()

            async def taken() -> bool:
                return (await here.post(body)).status_code == 200

            await eventually(taken, why="a gateway that takes messages again")
            assert await here.value(STORED) == 2


async def test_a_pinned_process_answers_its_own_path_with_and_without_prefix_and_no_other(
    service: World, tmp_path: Path
) -> None:
    mine, other = [await service.add_tenant(topology="isolated") for _ in range(2)]
    pinned = gateway(
        service.database_url,
        tmp_path,
        client_name=mine.client_name,
        environment="production",
        credentials_mount=tmp_path / "mount",
    )
    async with mounted(service, mine, tmp_path / "mount"), pinned as here:
        body = json.dumps(service.webhook(message("oi"), number=mine.phone_number_id)).encode()
        signature = sign(body, app_secret=mine.app_secret)
        theirs = sign(body, app_secret=other.app_secret)
        async with RawConnection(here.url) as line:
            own = f"/{mine.path}/api/v1/webhooks/whatsapp"
            assert await line.post(own, body, signature=signature) == 200
            assert await line.post("/api/v1/webhooks/whatsapp", body, signature=signature) == 200
            foreign = f"/{other.path}/api/v1/webhooks/whatsapp"
            assert await line.post(foreign, body, signature=theirs) == 404
    assert await service.value(STORED, tenant=mine.id) == 1


async def test_without_a_tenant_in_the_path_a_shared_process_knows_nobody(here: World) -> None:
    async with httpx.AsyncClient(base_url=here.url) as client:
        for path in ("/api/v1/webhooks/whatsapp", "/webhooks/whatsapp", "//webhooks/whatsapp"):
            answer = await client.post(path, content=b"{}")
            assert answer.status_code == 404
            assert answer.headers["content-type"].startswith("application/problem+json")


OTHER_SPELLINGS = [
    "//{client}/production/api/v1/webhooks/whatsapp",
    "/{client}//production/api/v1/webhooks/whatsapp",
    "/{client}/production/api/v1/webhooks/whatsapp/",
    "/{client}/production/api/v1/webhooks//whatsapp",
    "/{client}%2fproduction/api/v1/webhooks/whatsapp",
    "/{client}%2Fproduction/api%2Fv1/webhooks/whatsapp",
    "/%{first:x}{rest}/production/api/v1/webhooks/whatsapp",
    "/{client}/%70roduction/api/v1/webhooks/whatsapp",
    "/{client}/production/api/v1/webhooks/%77hatsapp",
    "/{client}/production/api/v1/./webhooks/whatsapp",
    "/{client}/production/x/../api/v1/webhooks/whatsapp",
    "/{client}/production/api/v1/webhooks/whatsapp%20",
    "/{client}/production/api/v1/webhooks/whatsapp%00",
    "/{client}/production/api/v1/webhooks/whatsapp;x",
]


@cases("spelling", OTHER_SPELLINGS)
async def test_the_webhook_has_one_path(here: World, spelling: str) -> None:
    name = here.tenant.client_name
    body = json.dumps(here.webhook(message("oi"))).encode()
    path = spelling.format(client=name, first=ord(name[0]), rest=name[1:])
    async with RawConnection(here.url) as line:
        assert await line.post(path, body, signature=signed(here, body)) == 404
    assert await here.value(STORED) == 0


async def test_no_answer_of_the_webhook_is_stored_on_its_way(here: World) -> None:
    secret = sign(b"{}", app_secret="another")
    answers = [
        await here.post(here.webhook(message("oi"))),
        await here.post(b"{}", headers={"x-hub-signature-256": secret}),
        await here.post(b"{}", path="nobody-here/production"),
        await here.post(b"{}", path=f"/{here.tenant.path}"),
    ]
    async with httpx.AsyncClient(base_url=here.url) as client:
        answers.append(await client.get(f"/{here.tenant.path}/api/v1/webhooks/whatsapp"))

    assert [each.status_code for each in answers] == [200, 401, 404, 404, 403]
    for each in answers:
        assert each.headers["cache-control"] == "no-store"
        assert each.headers["x-content-type-options"] == "nosniff"


GARBAGE = [
    b"\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),  # somebody tries TLS
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET\r\n\r\n",
    b"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999999\r\n\r\n",
    b"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    b"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n",
    b"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc",
    b"POST {path} HTTP/1.1\r\nX: " + b"a" * 100_000,
    b"POST {path}\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /\xff\xfe/%00/%zz HTTP/1.1\r\nHost: x\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\x00" * 4_000,
    random.Random(7).randbytes(4_000),
    b"POST " + b"/a" * 40_000 + b" HTTP/1.1\r\n\r\n",
]


@cases("garbage", GARBAGE)
async def test_what_is_no_http_is_refused_and_the_next_request_served(
    here: World, garbage: bytes
) -> None:
    async with RawConnection(here.url) as line:
        await line.send(garbage.replace(b"{path}", path_of(here).encode()))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.3):
                told = await line.rest()
                assert b" 500 " not in told[:20]

    before = await here.value(STORED)
    assert (await here.post(body_of(here))).status_code == 200
    assert await here.value(STORED) == before + 1

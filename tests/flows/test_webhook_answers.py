"""What Meta is answered: 200 for what is stored or nobody's, and why not for the rest."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest

from mcp_platform.whatsapp.signature import sign
from tests.cases import cases
from tests.world import World, eventually, message, text_of


def _other_ways_to_sign(body: bytes, secret: str) -> list[dict[str, str]]:
    good = sign(body, app_secret=secret)
    return [
        {},
        {"x-hub-signature-256": ""},
        {"x-hub-signature-256": "sha256="},
        {"x-hub-signature-256": sign(body, app_secret="another")},
        {"x-hub-signature-256": sign(body, app_secret="")},
        {"x-hub-signature-256": sign(body + b" ", app_secret=secret)},
        {"x-hub-signature-256": good.removeprefix("sha256=")},
        {"x-hub-signature-256": good.replace("sha256=", "sha1=")},
        {"x-hub-signature": good},
        {"x-hub-signature-256": good + "00"},
        {"x-hub-signature-256": good[:-1]},
        {"x-hub-signature-256": "sha256=" + "é" * 64},
    ]


async def test_what_is_not_signed_by_the_tenants_app_is_refused_and_not_stored(
    here: World,
) -> None:
    body = json.dumps(here.webhook(message("oi"))).encode()

    for headers in _other_ways_to_sign(body, here.tenant.app_secret):
        raw = {key: value.encode() for key, value in headers.items()}
        answer = await here.post(body, headers=raw)  # type: ignore[arg-type]  # httpx takes bytes
        assert answer.status_code == 401, headers
        assert answer.headers["content-type"] == "application/problem+json"

    stored = "SELECT count(*) FROM inbox_events WHERE tenant_id = :tenant"
    assert await here.value(stored) == 0


async def test_one_tenants_signature_is_no_other_tenants(here: World) -> None:
    other = await here.add_tenant()
    body = json.dumps(here.webhook(message("oi"), number=other.phone_number_id)).encode()

    answer = await here.post(
        body,
        tenant=other,
        headers={"x-hub-signature-256": sign(body, app_secret=here.tenant.app_secret)},
    )

    assert answer.status_code == 401


async def test_another_tenants_number_in_a_signed_body_is_answered_200_and_not_processed(
    here: World,
) -> None:
    other = await here.add_tenant()

    answer = await here.post(here.webhook(message("oi"), number=other.phone_number_id))
    await here.idle()

    assert answer.status_code == 200
    assert await here.value("SELECT count(*) FROM inbox_events WHERE tenant_id = :tenant") == 0
    assert await here.sent(as_=None) == []
    assert await here.sent(as_=None, to=other) == []


async def test_of_a_mixed_body_only_the_tenants_own_changes_are_processed(here: World) -> None:
    mine = here.webhook(message("oi"))
    alien = here.webhook(message("oi", wa_id="5511900000009"), number="999")
    mine["entry"] += alien["entry"]

    await here.post(mine)
    await here.replies(1)
    await here.idle()

    assert len(await here.sent()) == 1
    assert not await here.sent(as_="5511900000009")


UNKNOWN = [
    "nobody-here/production",
    "nobody-here/development",
    "UPPER/production",
    "a/production",
    "api/v1",
    "console/production",
    "-x-/production",
    "x%00y/production",
    "../production",
    "shop%2Fproduction/production",
    f"{'x' * 300}/production",
    "caf%C3%A9-do-z/production",
]


async def test_an_unknown_path_is_404_and_tells_nothing(here: World) -> None:
    name = here.tenant.client_name
    bodies: set[str] = set()
    for path in [*UNKNOWN, f"{name}/staging", f"{name}/development", f"{name}/PRODUCTION"]:
        answer = await here.post(here.webhook(message("oi")), path=path)
        assert answer.status_code == 404, path
        assert answer.headers["content-type"].startswith("application/problem+json"), path
        assert name not in answer.text
        bodies.add(answer.text)
    async with httpx.AsyncClient(base_url=here.url) as client:
        ours = await client.get(f"/{name}/staging/api/v1/webhooks/whatsapp")
        nobodys = await client.get("/nobody-here/staging/api/v1/webhooks/whatsapp")
    assert (ours.status_code, ours.text) == (nobodys.status_code, nobodys.text)


async def test_a_suspended_tenant_is_stored_and_answered_when_it_is_resumed(alone: World) -> None:
    await alone.change(status="suspended")

    delivered = await alone.say("Marca um corte amanhã às 15h com o Zé")
    woken = "SELECT count(*) FROM queue.pgqueuer"
    await eventually(lambda: _is(alone, woken, 0), why="an end of the wake-up")

    assert delivered["http_status"] == 200
    assert await alone.sent() == []
    assert await alone.value("SELECT state FROM inbox_events") == "waiting"
    await alone.change(status="active")
    assert "Posso marcar?" in text_of((await alone.replies(1))[0])


async def test_of_a_suspended_tenant_the_signature_is_still_checked(here: World) -> None:
    await here.change(status="suspended")

    answer = await here.post(here.webhook(message("oi")), headers={})

    assert answer.status_code == 401


async def test_an_offboarded_tenant_is_answered_200_and_nothing_is_kept(here: World) -> None:
    await here.change(status="offboarded")

    delivered = await here.say("oi")

    assert delivered["http_status"] == 200
    assert await here.value("SELECT count(*) FROM inbox_events WHERE tenant_id = :tenant") == 0
    assert await here.sent() == []


async def test_without_credentials_meta_is_asked_to_come_again(here: World) -> None:
    tenant = await here.add_tenant()
    file = here.credentials / f"{tenant.client_name}-production.env"
    kept = file.read_text()
    file.unlink()
    # The handshake, at which the simulator registered the number, has filled the cache.
    assert here.platform is not None
    here.platform.shared.credentials._entries.clear()

    answer = await here.post(
        here.webhook(message("oi"), number=tenant.phone_number_id), tenant=tenant
    )

    assert answer.status_code == 503
    assert tenant.client_name not in answer.text
    file.write_text(kept)

    async def taken() -> bool:  # a refusal of the store is remembered for some seconds
        again = here.webhook(message("oi"), number=tenant.phone_number_id)
        return (await here.post(again, tenant=tenant)).status_code == 200

    await eventually(taken, why="200")


@pytest.mark.parametrize("alone", [{"park_after": 1}], indirect=True)
async def test_a_turn_that_waits_for_credentials_is_not_set_aside(alone: World) -> None:
    await alone.change(status="suspended")
    await alone.say("Marca um corte amanhã às 15h com o Zé")
    file = alone.credentials / f"{alone.tenant.client_name}-production.env"
    kept = file.read_text()
    file.unlink()
    assert alone.platform is not None
    alone.platform.shared.credentials._entries.clear()
    await alone.change(status="active")
    # Begun, without credentials, more often than a turn may fail: each time takes the lease anew.
    began = "SELECT count(*) FROM contact_leases WHERE epoch > 3"
    await eventually(lambda: _is(alone, began, 1), why="a turn begun several times")

    file.write_text(kept)

    assert "Posso marcar?" in text_of((await alone.replies(1))[0])
    assert await alone.value("SELECT count(*) FROM turns WHERE state = 'parked'") == 0


async def _is(here: World, statement: str, expected: int) -> bool:
    return bool(await here.value(statement) == expected)


async def test_a_body_over_three_megabytes_is_refused_and_one_just_under_is_taken(
    here: World,
) -> None:
    largest = 3 * 1024 * 1024
    body = json.dumps(here.webhook(message("oi"))).encode()

    over = await here.post(body + b" " * (largest + 1 - len(body)))
    under = await here.post(body + b" " * (largest - len(body)))

    assert over.status_code == 413
    assert over.headers["content-type"] == "application/problem+json"
    assert under.status_code == 200


async def test_a_body_of_unstated_length_is_refused_when_it_is_too_large(here: World) -> None:
    async def large() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield b" " * 65_536

    async with httpx.AsyncClient() as client:
        answer = await client.post(
            f"{here.url}/{here.tenant.path}/api/v1/webhooks/whatsapp", content=large()
        )
    assert answer.status_code == 413


@cases(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"7",
        b'"text"',
        b"{",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"entry": {"changes": 1}}',
        b'{"entry": [{"changes": [{"value": null}]}]}',
        b'{"entry": [null, 7, [], {"changes": [null, 7]}]}',
        b'{"entry": [{"changes": [{"field": "messages", "value": {"errors": [{"code": 1}]}}]}]}',
        b'{"entry": [{"changes": [{"field": "account_update", "value": {"x": "\\u0000"}}]}]}',
        b'{"a": NaN, "b": 1e999}',
        b'{"n": ' + b"9" * 6_000 + b"}",
    ],
)
async def test_whatever_is_signed_is_taken_and_never_breaks(here: World, body: bytes) -> None:
    answer = await here.post(body)

    assert answer.status_code == 200


async def test_the_handshake_wants_the_tenants_own_token_in_all_three_parameters(
    here: World,
) -> None:
    token = f"verify-{here.tenant.client_name}"
    good = {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": "42<b>"}
    path = f"/{here.tenant.path}/api/v1/webhooks/whatsapp"
    wrong = [
        {**good, "hub.verify_token": "another"},
        {**good, "hub.verify_token": ""},
        {**good, "hub.verify_token": "é"},
        {**good, "hub.mode": "unsubscribe"},
        {key: value for key, value in good.items() if key != "hub.challenge"},
        {key.replace(".", "_"): value for key, value in good.items()},
        {},
    ]
    async with httpx.AsyncClient(base_url=here.url) as client:
        answer = await client.get(path, params=good)
        assert (answer.status_code, answer.text) == (200, "42<b>")
        assert answer.headers["content-type"].startswith("text/plain")
        for params in wrong:
            assert (await client.get(path, params=params)).status_code == 403


async def test_an_empty_verify_token_admits_nobody(here: World) -> None:
    tenant = here.tenant
    here.rewrite_credentials(WHATSAPP_WEBHOOK_VERIFY_TOKEN="")
    params = {"hub.mode": "subscribe", "hub.verify_token": "", "hub.challenge": "42"}
    async with httpx.AsyncClient(base_url=here.url) as client:
        answer = await client.get(f"/{tenant.path}/api/v1/webhooks/whatsapp", params=params)
    assert answer.status_code in (403, 503)
    assert "42" not in answer.text


async def test_an_empty_app_secret_admits_nobody(here: World) -> None:
    tenant = here.tenant
    here.rewrite_credentials(WHATSAPP_APP_SECRET="")
    body = json.dumps(here.webhook(message("oi"), number=tenant.phone_number_id)).encode()

    signed_with_nothing = {"x-hub-signature-256": sign(body, app_secret="")}
    answer = await here.post(body, tenant=tenant, headers=signed_with_nothing)

    assert answer.status_code in (401, 503)

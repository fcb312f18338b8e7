"""How often passwords may be tried: by account, by address, by both; with Redis or without it."""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import httpx
import pytest

from mcp_platform.access.throttle import ACCOUNT, ADDRESS, CODES, PAIR
from tests.access.test_totp import Phone, enrolled
from tests.clocks import ClockAhead
from tests.platform_api import PASSWORD, Api

WRONG = "a wrong password"


@pytest.fixture(autouse=True)
def _standing_still(clock: ClockAhead) -> Iterator[None]:
    """Let no attempt be earned back while a busy machine compares passwords."""
    clock.stop()
    yield
    clock.go_on()


async def attempt(api: Api, email: str, password: str = WRONG, **more: Any) -> httpx.Response:
    body = {"email": email, "password": password}
    return await api.ask("POST", "/auth/token", json=body, **more)


def statuses(answers: Sequence[httpx.Response]) -> list[int]:
    return [each.status_code for each in answers]


def addresses(count: int) -> list[str]:
    return [f"198.51.100.{number}" for number in range(1, count + 1)]


async def test_after_five_wrong_passwords_an_address_waits_for_its_next_try(
    api: Api, clock: ClockAhead
) -> None:
    user = await api.make_user()
    wrong = [await attempt(api, user.email) for _ in range(PAIR.burst)]
    assert statuses(wrong) == [401] * PAIR.burst

    refused = await attempt(api, user.email, PASSWORD)  # even the right one

    assert refused.status_code == 429
    assert refused.headers["content-type"] == "application/problem+json"
    wait = int(refused.headers["retry-after"])
    assert 0 < wait <= PAIR.every.total_seconds()
    clock.advance(seconds=wait - 2)
    assert (await attempt(api, user.email, PASSWORD)).status_code == 429
    clock.advance(seconds=3)
    assert (await attempt(api, user.email, PASSWORD)).status_code == 200


async def test_the_owner_signs_in_from_elsewhere_meanwhile(api: Api) -> None:
    user = await api.make_user()
    for _ in range(PAIR.burst + 1):
        await attempt(api, user.email)
    assert (await attempt(api, user.email, PASSWORD, address="203.0.113.9")).status_code == 200


async def test_one_account_is_tried_so_often_from_all_addresses_together(api: Api) -> None:
    user = await api.make_user()
    tried = [await attempt(api, user.email, address=each) for each in addresses(ACCOUNT.burst)]
    assert statuses(tried) == [401] * ACCOUNT.burst
    assert (await attempt(api, user.email, address="203.0.113.9")).status_code == 429
    other = await api.make_user()
    assert (await attempt(api, other.email, PASSWORD, address="203.0.113.9")).status_code == 200


async def test_one_address_tries_so_many_accounts_whether_they_exist_or_not(api: Api) -> None:
    tried = [await attempt(api, f"nobody-{each}@example.com") for each in range(ADDRESS.burst)]
    assert statuses(tried) == [401] * ADDRESS.burst
    user = await api.make_user()
    assert (await attempt(api, user.email, PASSWORD)).status_code == 429
    assert (await attempt(api, user.email, PASSWORD, address="203.0.113.9")).status_code == 200


async def test_a_network_of_ipv6_counts_as_one_address(api: Api) -> None:
    user = await api.make_user()
    tried = [
        await attempt(api, user.email, address=f"2001:db8:0:1::{each:x}")
        for each in range(PAIR.burst)
    ]
    assert statuses(tried) == [401] * PAIR.burst
    assert (await attempt(api, user.email, address="2001:db8:0:1:ffff::1")).status_code == 429
    assert (await attempt(api, user.email, address="2001:db8:0:2::1")).status_code == 401


async def test_a_hundred_at_once_are_counted_as_a_hundred(api: Api) -> None:
    user = await api.make_user()
    answers = await asyncio.gather(*(attempt(api, user.email) for _ in range(30)))
    assert sorted(statuses(answers)) == [401] * PAIR.burst + [429] * (30 - PAIR.burst)


async def test_what_was_refused_does_not_count(api: Api, clock: ClockAhead) -> None:
    user = await api.make_user()
    for _ in range(PAIR.burst + 10):
        await attempt(api, user.email)
    clock.advance(seconds=PAIR.every.total_seconds() + 1)
    assert (await attempt(api, user.email, PASSWORD)).status_code == 200


async def test_the_right_password_forgives_the_wrong_ones(api: Api) -> None:
    user = await api.make_user()
    for _ in range(3):
        tried = [await attempt(api, user.email) for _ in range(PAIR.burst - 1)]
        assert statuses(tried) == [401] * (PAIR.burst - 1)
        assert (await attempt(api, user.email, PASSWORD)).status_code == 200


async def test_what_has_run_out_is_swept_with_the_next_sign_in(api: Api, clock: ClockAhead) -> None:
    user = await api.make_user()
    await attempt(api, "nobody@example.com", address="203.0.113.9")
    await api.tokens(user.email)
    clock.advance(days=8)
    await api.tokens(user.email)
    keys = await api.sql("SELECT key FROM sign_in_throttles")
    assert [key.split()[0] for (key,) in keys] == ["address"]
    assert len(await api.sql("SELECT id FROM sign_ins")) == 1
    assert len(await api.sql("SELECT digest FROM refresh_tokens")) == 1


async def test_a_stolen_access_token_does_not_help_to_guess_the_password(api: Api) -> None:
    user = await api.make_user()
    token = (await api.tokens(user.email))["access_token"]
    body = {"password": WRONG, "new_password": "another horse battery"}
    ask = ("POST", "/auth/password")
    tried = [await api.ask(*ask, token=token, json=body) for _ in range(PAIR.burst + 1)]
    assert statuses(tried) == [422] * PAIR.burst + [429]
    for path in ("/auth/totp", "/auth/totp/disable"):
        body = {"password": WRONG} | ({"code": "123456"} if path.endswith("disable") else {})
        assert (await api.ask("POST", path, token=token, json=body)).status_code == 429


def wrong_code(phone: Phone) -> str:
    return f"{(int(phone.code()) + 1) % 1_000_000:06d}"


async def test_a_first_code_is_compared_so_often_and_a_right_one_forgives(
    api: Api, clock: ClockAhead
) -> None:
    user = await api.make_user()
    token = (await api.tokens(user.email))["access_token"]
    begun = await api.ask("POST", "/auth/totp", token=token, json={"password": PASSWORD})
    phone = Phone(api, user.email, begun.json()["secret"], [], token)
    ask = ("POST", "/auth/totp/confirm")
    tried = [
        await api.ask(*ask, token=token, json={"code": wrong_code(phone)})
        for _ in range(PAIR.burst + 3)
    ]
    assert statuses(tried) == [422] * PAIR.burst + [429] * 3
    assert (await api.ask(*ask, token=token, json={"code": phone.code()})).status_code == 429

    clock.advance(seconds=int(tried[-1].headers["retry-after"]) + 1)
    token = (await api.tokens(user.email))["access_token"]
    assert (await api.ask(*ask, token=token, json={"code": phone.code()})).status_code == 200
    assert not await api.sql("SELECT key FROM sign_in_throttles WHERE key LIKE 'codes %'")


async def test_a_right_password_forgives_no_wrong_code(api: Api) -> None:
    phone = await enrolled(api)
    passwords = (PASSWORD, "another horse battery", "a third horse battery")
    compared = 0
    for now, then in pairwise((*passwords, *passwords)):
        for _ in range(3):
            body = {"password": now, "code": wrong_code(phone)}
            tried = await api.ask("POST", "/auth/totp/disable", token=phone.token, json=body)
            compared += tried.status_code == 422
        body = {"password": now, "new_password": then}
        changed = await api.ask("POST", "/auth/password", token=phone.token, json=body)
        assert changed.status_code == 204, changed.text
    assert compared == PAIR.burst


async def test_codes_are_tried_so_often_from_all_addresses_and_others_sign_in_meanwhile(
    api: Api,
) -> None:
    phone, other = await enrolled(api), await enrolled(api)
    body = {"email": phone.email, "password": PASSWORD, "totp": wrong_code(phone)}
    for each in addresses(CODES.burst):
        await api.ask("POST", "/auth/token", json=body, address=each)
    await api.sql("DELETE FROM sign_in_throttles WHERE key LIKE 'account %'")  # of passwords
    right = {**body, "totp": phone.code()}
    answer = await api.ask("POST", "/auth/token", json=right, address="203.0.113.9")
    assert answer.status_code == 429
    assert (await other.sign_in(other.code())).status_code == 200


async def test_a_right_code_forgives_the_wrong_ones(api: Api, clock: ClockAhead) -> None:
    phone = await enrolled(api)
    for _ in range(3):
        tried = [await phone.sign_in(wrong_code(phone)) for _ in range(PAIR.burst - 1)]
        assert statuses(tried) == [401] * (PAIR.burst - 1)
        assert (await phone.sign_in(phone.code())).status_code == 200
        clock.advance(seconds=30)  # a code is good once


async def test_nothing_of_it_needs_redis(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def gone(*_: object, **__: object) -> None:
        raise AssertionError("Redis was asked")

    monkeypatch.setattr("redis.asyncio.Redis.execute_command", gone)
    user = await api.make_user()
    answers = [await attempt(api, user.email) for _ in range(PAIR.burst + 1)]
    assert statuses(answers) == [401] * PAIR.burst + [429]


async def test_what_was_typed_for_an_address_is_not_kept(api: Api) -> None:
    await attempt(api, "hunter2@hunter2")
    assert "hunter2" not in str(await api.sql("SELECT * FROM sign_in_throttles"))
    assert "hunter2" not in str(await api.sql("SELECT * FROM audit_entries"))


async def test_of_a_known_user_the_trail_tells_who_tried_from_where(api: Api) -> None:
    user = await api.make_user()
    await attempt(api, user.email, address="203.0.113.9")
    [row] = await api.sql("SELECT * FROM audit_entries WHERE action = 'user.sign_in_refused'")
    assert (row.actor, row.address) == (user.email, "203.0.113.9")

"""Signing in, going on, signing out: what a sign-in is, and every way in which it ends."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher
from jose import jws
from sqlalchemy import event

from mcp_platform.access.jwts import EXPIRED, REFUSED
from mcp_platform.access.passwords import Passwords
from mcp_platform.access.sign_ins import WRONG
from mcp_platform.access.token_keys import REREAD_AFTER, TokenKeys, ensure_keys
from mcp_platform.access.user_tokens import ACCESS_LASTS, LiveSignIns
from tests.clocks import ClockAhead
from tests.platform_api import PASSWORD, Api

ME = ("GET", "/auth/me")
NEW = "another horse battery"


async def refresh(api: Api, token: str) -> Any:
    return await api.ask("POST", "/auth/refresh", json={"refresh_token": token})


async def status(api: Api, token: str) -> int:
    return (await api.ask(*ME, token=token)).status_code


def forget(api: Api) -> None:
    """What every other process does after a few seconds."""
    api.admin.live.forget()


async def test_a_password_becomes_tokens_that_say_who_is_there(api: Api) -> None:
    user = await api.make_user("operator")

    tokens = await api.tokens(user.email)

    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 600
    assert not tokens["password_change_required"]
    me = await api.ask(*ME, token=tokens["access_token"])
    assert me.status_code == 200
    assert me.json()["email"] == user.email
    assert me.json()["role"] == "operator"
    assert "argon2" not in me.text


async def test_an_address_is_the_same_however_it_is_written(api: Api) -> None:
    user = await api.make_user(email="ze@example.com")
    assert (await api.tokens("  Ze@Example.COM".strip()))["access_token"]
    assert user.email == "ze@example.com"


async def test_an_access_token_says_who_where_and_for_whom(api: Api) -> None:
    path = await api.make_tenant()
    user = await api.make_user("staff", tenant=path)
    tokens = await api.tokens(user.email)
    said = json.loads(jws.get_unverified_claims(tokens["access_token"]))
    assert {name: said[name] for name in ("iss", "aud", "sub", "role", "tenant")} == {
        "iss": "mcp-platform",
        "aud": "mcp-platform:admin",
        "sub": str(user.id),
        "role": "staff",
        "tenant": path,
    }
    assert said["exp"] - said["iat"] == 600
    assert said["jti"]
    assert jws.get_unverified_header(tokens["access_token"])["alg"] == "ES256"


@pytest.mark.parametrize("wrong", ["password", "nobody", "disabled"])
async def test_who_is_refused_is_not_told_why(api: Api, wrong: str) -> None:
    user = await api.make_user("viewer")
    if wrong == "disabled":
        await api.sql("UPDATE users SET disabled = true")
    body = {
        "email": "nobody@example.com" if wrong == "nobody" else user.email,
        "password": "a wrong password" if wrong == "password" else PASSWORD,
    }
    answer = await api.ask("POST", "/auth/token", json=body)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == WRONG


class Counting(PasswordHasher):
    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.verified: list[str] = []

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # noqa: A002  # as argon2 has it
        self.verified.append(str(hash).rpartition("$")[0].rpartition("$")[0])
        return bool(super().verify(hash, password))


async def test_an_unknown_user_costs_the_same_work_as_a_wrong_password() -> None:
    hasher = Counting()
    passwords = Passwords(hasher)
    kept = await passwords.hash(PASSWORD)
    await passwords.matches("warm up", None)
    hasher.verified.clear()

    assert not await passwords.matches("a wrong password", kept)
    assert not await passwords.matches("a wrong password", None)

    known, unknown = hasher.verified  # each once, with the same parameters
    assert known == unknown
    passwords.close()


async def test_a_disabled_or_unknown_user_is_compared_all_the_same(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[str | None] = []

    async def matches(self: Passwords, password: str, kept: str | None) -> bool:
        compared.append(kept)
        return False

    monkeypatch.setattr(Passwords, "matches", matches)
    user = await api.make_user("viewer")
    await api.sql("UPDATE users SET disabled = true")
    for email in (user.email, "nobody@example.com"):
        await api.ask("POST", "/auth/token", json={"email": email, "password": PASSWORD})
    assert compared == [None, None]


async def test_an_unknown_user_costs_the_same_statements_and_commits(api: Api) -> None:
    done: list[str] = []

    def note_statement(*arguments: Any) -> None:
        statement = str(arguments[2])
        done.append("read" if statement.startswith("SELECT") else "write")

    def note_commit(_: object) -> None:
        done.append("commit")

    user = await api.make_user("viewer")
    costs = []
    engines = [  # of this API: other tests' services, which go on beside it, have their own
        sessions._maker.kw["bind"].sync_engine
        for sessions in (api.platform.shared.sessions, api.platform.shared.admin_sessions)
    ]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note_statement)
        event.listen(engine, "commit", note_commit)
    try:
        for email in (user.email, "nobody@example.com"):
            done.clear()
            await api.ask("POST", "/auth/token", json={"email": email, "password": "no, not it"})
            costs.append(list(done))
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note_statement)
            event.remove(engine, "commit", note_commit)
    known, unknown = costs
    assert "commit" in known
    assert known == unknown
    assert known.count("commit") == 2


async def test_a_hash_of_weaker_parameters_is_made_anew_at_sign_in(api: Api) -> None:
    user = await api.make_user()
    weaker = PasswordHasher(time_cost=1, memory_cost=16, parallelism=1).hash(PASSWORD)
    await api.sql("UPDATE users SET password_hash = :weaker", weaker=weaker)

    await api.tokens(user.email)

    [(kept,)] = await api.sql("SELECT password_hash FROM users")
    assert kept.startswith("$argon2id$")
    assert "m=8," in kept
    await api.tokens(user.email)


async def test_nothing_that_proves_a_user_is_kept_as_it_is(api: Api) -> None:
    user = await api.make_user()
    tokens = await api.tokens(user.email)
    dump = str(await api.sql("SELECT users.*, refresh_tokens.* FROM users, refresh_tokens"))
    assert user.email in dump
    assert PASSWORD not in dump
    assert tokens["refresh_token"] not in dump


async def test_without_a_token_and_with_nonsense_nothing_is_told(api: Api) -> None:
    for token in (None, "nonsense", "a.b.c", "x" * 5000):
        answer = await api.ask(*ME, token=token)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_an_access_token_ends_after_ten_minutes_and_is_followed_by_another(
    api: Api, clock: ClockAhead
) -> None:
    first = await api.tokens((await api.make_user()).email)
    clock.advance(minutes=10, seconds=1)
    refused = await api.ask(*ME, token=first["access_token"])
    assert (refused.status_code, refused.json()["detail"]) == (401, EXPIRED)

    second = (await refresh(api, first["refresh_token"])).json()

    assert await status(api, second["access_token"]) == 200
    assert second["sign_in_ends"] == first["sign_in_ends"]


async def test_a_refresh_token_that_comes_twice_ends_the_sign_in_for_everybody(api: Api) -> None:
    first = await api.tokens((await api.make_user()).email)
    second = (await refresh(api, first["refresh_token"])).json()
    assert await status(api, second["access_token"]) == 200

    again = await refresh(api, first["refresh_token"])

    assert (again.status_code, again.json()["detail"]) == (401, REFUSED)
    assert (await refresh(api, second["refresh_token"])).status_code == 401
    assert await status(api, second["access_token"]) == 401
    assert "user.refresh_reused" in await api.audited()


async def test_a_copied_refresh_token_ends_no_other_sign_in(api: Api) -> None:
    user = await api.make_user()
    here, elsewhere = await api.tokens(user.email), await api.tokens(user.email)
    await refresh(api, here["refresh_token"])
    await refresh(api, here["refresh_token"])
    assert await status(api, elsewhere["access_token"]) == 200
    assert (await refresh(api, elsewhere["refresh_token"])).status_code == 200


async def test_of_two_refreshes_at_once_one_is_answered_and_the_sign_in_ends(api: Api) -> None:
    first = await api.tokens((await api.make_user()).email)

    answers = await asyncio.gather(*(refresh(api, first["refresh_token"]) for _ in range(4)))

    assert sorted(each.status_code for each in answers) == [200, 401, 401, 401]
    [got] = [each.json() for each in answers if each.status_code == 200]
    assert (await refresh(api, got["refresh_token"])).status_code == 401
    forget(api)
    assert await status(api, got["access_token"]) == 401
    assert (await api.audited()).count("user.refresh_reused") == 1


async def test_a_refresh_token_nobody_was_given_is_refused(api: Api) -> None:
    assert (await refresh(api, "nonsense")).status_code == 401
    access = await api.sign_in()
    assert (await refresh(api, access[:200])).status_code == 401


async def test_a_sign_in_ends_after_a_week_however_often_it_was_refreshed(
    api: Api, clock: ClockAhead
) -> None:
    tokens = await api.tokens((await api.make_user()).email)
    for _ in range(6):
        clock.advance(days=1)
        tokens = (await refresh(api, tokens["refresh_token"])).json()
    clock.advance(hours=23, minutes=55)
    tokens = (await refresh(api, tokens["refresh_token"])).json()
    assert 290 < tokens["expires_in"] <= 300  # no access token outlives its sign-in
    clock.advance(minutes=5)
    assert await status(api, tokens["access_token"]) == 401
    assert (await refresh(api, tokens["refresh_token"])).status_code == 401


async def test_the_user_is_read_again_at_refresh(api: Api) -> None:
    user = await api.make_user("operator")
    tokens = await api.tokens(user.email)
    # Not as the API does it, which ends the sign-in as well.
    await api.sql("UPDATE users SET role = 'viewer'")

    tokens = (await refresh(api, tokens["refresh_token"])).json()

    said = json.loads(jws.get_unverified_claims(tokens["access_token"]))
    assert said["role"] == "viewer"
    await api.sql("UPDATE users SET disabled = true")
    assert (await refresh(api, tokens["refresh_token"])).status_code == 401


async def test_staff_of_a_tenant_that_is_gone_is_gone(api: Api) -> None:
    path = await api.make_tenant()
    user = await api.make_user("staff", tenant=path)
    tokens = await api.tokens(user.email)
    await api.sql("DELETE FROM tenants")
    assert (await refresh(api, tokens["refresh_token"])).status_code == 401
    assert await status(api, tokens["access_token"]) == 401


async def test_signing_out_ends_this_sign_in_and_no_other(api: Api) -> None:
    user = await api.make_user("viewer")
    here, elsewhere = await api.tokens(user.email), await api.tokens(user.email)
    assert await status(api, here["access_token"]) == 200

    answer = await api.ask("POST", "/auth/sign-out", token=here["access_token"])

    assert answer.status_code == 204
    assert await status(api, here["access_token"]) == 401
    assert (await refresh(api, here["refresh_token"])).status_code == 401
    assert await status(api, elsewhere["access_token"]) == 200


async def test_another_process_hears_of_it_within_seconds(api: Api) -> None:
    class Timer:
        at = 0.0

        def __call__(self) -> float:
            return self.at

    timer = Timer()
    other = LiveSignIns(api.platform.shared.sessions, timer=timer)
    await api.sign_in()
    [(sign_in,)] = await api.sql("SELECT id FROM sign_ins")
    assert await other.stands(sign_in)
    await api.sql("UPDATE sign_ins SET revoked_at = now()")
    assert await other.stands(sign_in)
    timer.at = 5.1
    assert not await other.stands(sign_in)


async def test_a_new_password_ends_the_other_sign_ins_and_keeps_this_one(api: Api) -> None:
    user = await api.make_user("viewer")
    here, elsewhere = await api.tokens(user.email), await api.tokens(user.email)
    body = {"password": PASSWORD, "new_password": NEW}

    answer = await api.ask("POST", "/auth/password", token=here["access_token"], json=body)

    assert answer.status_code == 204
    assert await status(api, here["access_token"]) == 200
    assert (await refresh(api, here["refresh_token"])).status_code == 200
    assert await status(api, elsewhere["access_token"]) == 401
    assert (await refresh(api, elsewhere["refresh_token"])).status_code == 401
    old = await api.ask("POST", "/auth/token", json={"email": user.email, "password": PASSWORD})
    assert old.status_code == 401
    await api.tokens(user.email, NEW)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"password": "not this one", "new_password": NEW}, "password"),
        ({"password": PASSWORD, "new_password": "too short"}, "new_password"),
        ({"password": PASSWORD, "new_password": PASSWORD}, "new_password"),
        ({"password": PASSWORD, "new_password": "ze@example.com"}, "new_password"),
        ({"password": PASSWORD, "new_password": "x" * 129}, "new_password"),
    ],
)
async def test_a_password_that_is_not_taken_is_told_by_field(
    api: Api, body: dict[str, str], field: str
) -> None:
    await api.make_user(email="ze@example.com")
    tokens = await api.tokens("ze@example.com")
    answer = await api.ask("POST", "/auth/password", token=tokens["access_token"], json=body)
    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["errors"]] == [field]
    await api.tokens("ze@example.com")


async def test_keys_rotate_without_signing_anybody_out(
    api: Api, clock: ClockAhead, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_platform.access.token_keys.REREAD_AFTER", timedelta(0))
    user = await api.make_user()
    before = await api.tokens(user.email)
    [old] = api.keys.glob("*.pub.pem")
    aside = api.keys / "aside"
    aside.mkdir()
    [each.rename(aside / each.name) for each in api.keys.glob("*.pem")]
    ensure_keys(api.keys, now=clock() + timedelta(days=1))
    [each.rename(api.keys / each.name) for each in aside.glob("*.pem")]

    after = await api.tokens(user.email)

    kid = [jws.get_unverified_header(each["access_token"])["kid"] for each in (before, after)]
    assert kid[0] != kid[1]
    assert await status(api, before["access_token"]) == 200
    old.unlink()  # the old key retires; access tokens of it live ten minutes, and are refreshed
    assert await status(api, before["access_token"]) == 401
    assert await status(api, after["access_token"]) == 200
    followed = (await refresh(api, before["refresh_token"])).json()
    assert await status(api, followed["access_token"]) == 200
    assert REREAD_AFTER < ACCESS_LASTS


async def test_a_process_without_a_private_key_says_that_it_cannot_sign_in(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_platform.access.token_keys.REREAD_AFTER", timedelta(0))
    user = await api.make_user()
    [each.unlink() for each in api.keys.glob("*.pem") if not each.name.endswith(".pub.pem")]
    body = {"email": user.email, "password": PASSWORD}
    assert (await api.ask("POST", "/auth/token", json=body)).status_code == 503


def forged(api: Api, token: str, **claims: Any) -> str:
    """Sign what a token says, and more, with the real key: what a bug of ours could make."""
    kid, key = TokenKeys(api.keys, timer=lambda: 0.0).signing()
    said = {**json.loads(jws.get_unverified_claims(token)), **claims}
    for name in [each for each, value in claims.items() if value is None]:
        del said[name]
    return jws.sign(said, key, headers={"kid": kid}, algorithm="ES256")


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "mcp-platform:tenant-api"},
        {"aud": "mcp-platform:provisioner"},
        {"aud": ["mcp-platform:admin"]},
        {"iss": "somebody"},
        {"role": "owner"},
        {"sid": "nonsense"},
        {"sid": "00000000-0000-0000-0000-000000000000"},
        {"sub": "nonsense"},
        {"sid": None},
        {"tmp": None},
        {"exp": None},
    ],
)
async def test_claims_that_are_not_as_we_make_them_are_refused(
    api: Api, claims: dict[str, Any]
) -> None:
    token = await api.sign_in()
    assert await status(api, forged(api, token)) == 200
    assert await status(api, forged(api, token, **claims)) == 401

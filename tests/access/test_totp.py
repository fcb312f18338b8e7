"""One-time codes: turned on by showing one, asked for after the password, good once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pyotp

from mcp_platform.access.totp import KEY_FILE, ensure_totp_key
from mcp_platform.kit.files import create_file
from tests.clocks import ClockAhead
from tests.platform_api import PASSWORD, Api


class Phone:
    """A user with one-time codes on, and what makes them."""

    def __init__(self, api: Api, email: str, secret: str, recovery: list[str], token: str) -> None:
        self.api, self.email, self.recovery, self.token = api, email, recovery, token
        self.totp = pyotp.TOTP(secret)

    def code(self) -> str:
        return self.totp.at(self.api.clock())

    async def sign_in(self, code: str | None) -> Any:
        body = {"email": self.email, "password": PASSWORD}
        body |= {} if code is None else {"totp": code}
        return await self.api.ask("POST", "/auth/token", json=body)


async def begin(api: Api, token: str, password: str = PASSWORD) -> httpx.Response:
    return await api.ask("POST", "/auth/totp", token=token, json={"password": password})


async def enrolled(api: Api) -> Phone:
    user = await api.make_user()
    token = (await api.tokens(user.email))["access_token"]
    enrolment = (await begin(api, token)).json()
    code = pyotp.TOTP(enrolment["secret"]).at(api.clock())
    confirmed = await api.ask("POST", "/auth/totp/confirm", token=token, json={"code": code})
    assert confirmed.status_code == 200, confirmed.text
    api.clock.advance(seconds=30)  # the step of that code is used
    recovery = confirmed.json()["recovery_codes"]
    return Phone(api, user.email, enrolment["secret"], recovery, token)


async def test_an_authenticator_reads_what_it_needs(api: Api) -> None:
    user = await api.make_user(email="ze@example.com")
    token = (await api.tokens(user.email))["access_token"]
    enrolment = (await begin(api, token)).json()
    read = pyotp.parse_uri(enrolment["uri"])
    assert isinstance(read, pyotp.TOTP)
    assert (read.secret, read.name) == (enrolment["secret"], "ze@example.com")


async def test_codes_are_asked_for_once_one_was_confirmed(api: Api) -> None:
    user = await api.make_user()
    token = (await api.tokens(user.email))["access_token"]
    await begin(api, token)
    await api.tokens(user.email)  # enrolled, and not confirmed
    wrong = await api.ask("POST", "/auth/totp/confirm", token=token, json={"code": "000000"})
    assert wrong.status_code == 422
    await api.tokens(user.email)


async def test_the_password_alone_is_not_enough_and_is_told_so(api: Api) -> None:
    phone = await enrolled(api)
    answer = await phone.sign_in(None)
    assert answer.status_code == 401
    assert answer.json()["totp_required"] is True
    body = {"email": phone.email, "password": "a wrong password"}
    wrong = await api.ask("POST", "/auth/token", json=body)
    assert "totp_required" not in wrong.json()
    assert (await phone.sign_in(phone.code())).status_code == 200


async def test_a_code_is_good_once(api: Api) -> None:
    phone = await enrolled(api)
    code = phone.code()
    assert (await phone.sign_in(code)).status_code == 200
    again = await phone.sign_in(code)
    assert again.status_code == 401
    assert "was used already" in again.json()["detail"]
    assert "totp_required" not in again.json()


async def test_an_older_code_is_not_good_after_a_newer_one(api: Api, clock: ClockAhead) -> None:
    phone = await enrolled(api)
    older = phone.code()
    clock.advance(seconds=30)
    assert (await phone.sign_in(phone.code())).status_code == 200
    assert (await phone.sign_in(older)).status_code == 401


async def test_clocks_may_differ_by_a_step_and_no_more(api: Api, clock: ClockAhead) -> None:
    phone = await enrolled(api)
    clock.advance(minutes=5)
    late = phone.totp.at(clock() - timedelta(seconds=60))
    early = phone.totp.at(clock() + timedelta(seconds=30))
    assert (await phone.sign_in(late)).status_code == 401
    assert (await phone.sign_in(early)).status_code == 200


async def test_a_wrong_code_is_refused(api: Api) -> None:
    phone = await enrolled(api)
    wrong = f"{(int(phone.code()) + 1) % 1_000_000:06d}"
    assert (await phone.sign_in(wrong)).status_code == 401
    assert "user.sign_in_refused" in await api.audited()


async def test_a_recovery_code_is_good_once_however_it_is_typed(api: Api) -> None:
    phone = await enrolled(api)
    assert len(set(phone.recovery)) == 10
    typed = phone.recovery[3].upper().replace("-", " ")
    assert (await phone.sign_in(typed)).status_code == 200
    assert (await phone.sign_in(phone.recovery[3])).status_code == 401
    assert (await phone.sign_in(phone.recovery[4])).status_code == 200


async def test_the_database_alone_makes_no_codes(api: Api) -> None:
    phone = await enrolled(api)
    [row] = await api.sql("SELECT totp_sealed, recovery_digests FROM users")
    assert phone.totp.secret.encode() not in row.totp_sealed
    kept = b" ".join(row.recovery_digests)
    assert not any(each.encode() in kept for each in phone.recovery)
    assert (api.keys / KEY_FILE).stat().st_mode & 0o777 == 0o600


async def test_a_secret_moved_to_another_user_opens_nothing(api: Api) -> None:
    phone = await enrolled(api)
    victim = await enrolled(api)
    await api.sql(
        "UPDATE users SET totp_sealed = (SELECT totp_sealed FROM users WHERE email = :mine)"
        " WHERE email = :theirs",
        mine=phone.email,
        theirs=victim.email,
    )
    victim.totp = phone.totp
    assert (await victim.sign_in(victim.code())).status_code == 503


async def test_without_the_key_codes_are_unavailable_and_not_skipped(api: Api) -> None:
    phone = await enrolled(api)
    (api.keys / KEY_FILE).unlink()
    assert (await phone.sign_in(phone.code())).status_code == 503
    assert (await phone.sign_in(None)).status_code == 401
    other = await api.sign_in()
    assert (await begin(api, other)).status_code == 503


async def test_codes_are_not_turned_on_by_whoever_found_the_browser(api: Api) -> None:
    token = await api.sign_in()
    assert (await begin(api, token, "not this one")).status_code == 422
    assert (await api.ask("POST", "/auth/totp", token=token)).status_code == 422
    [row] = await api.sql("SELECT totp_sealed FROM users")
    assert row.totp_sealed is None


async def test_codes_are_turned_off_with_the_password_and_a_code(api: Api) -> None:
    phone = await enrolled(api)
    disable = ("POST", "/auth/totp/disable")
    for proofs in (
        {"password": "not this one", "code": phone.code()},
        {"password": PASSWORD, "code": f"{(int(phone.code()) + 1) % 1_000_000:06d}"},
        {"password": PASSWORD},
    ):
        assert (await api.ask(*disable, token=phone.token, json=proofs)).status_code == 422
    assert (await phone.sign_in(None)).json()["totp_required"]
    assert (await api.audited()).count("user.sign_in_refused") == 2
    proofs = {"password": PASSWORD, "code": phone.code()}
    assert (await api.ask(*disable, token=phone.token, json=proofs)).status_code == 204
    assert (await phone.sign_in(None)).status_code == 200
    [row] = await api.sql("SELECT totp_sealed, recovery_digests FROM users")
    assert (row.totp_sealed, row.recovery_digests) == (None, [])
    again = await api.ask(*disable, token=phone.token, json=proofs)
    assert again.status_code == 409


async def test_who_lost_the_telephone_turns_codes_off_with_a_recovery_code(api: Api) -> None:
    phone = await enrolled(api)
    proofs = {"password": PASSWORD, "code": phone.recovery[0]}
    disable = ("POST", "/auth/totp/disable")
    assert (await api.ask(*disable, token=phone.token, json=proofs)).status_code == 204


async def test_codes_are_not_guessed_by_turning_them_off(api: Api) -> None:
    phone = await enrolled(api)
    wrong = {"password": PASSWORD, "code": "no-such-code"}
    for _ in range(5):
        await api.ask("POST", "/auth/totp/disable", token=phone.token, json=wrong)
    again = await api.ask("POST", "/auth/totp/disable", token=phone.token, json=wrong)
    assert again.status_code == 429


async def test_a_code_proves_again_who_is_there_once_and_is_not_guessed(api: Api) -> None:
    phone = await enrolled(api)
    tokens = (await phone.sign_in(phone.code())).json()
    api.clock.advance(seconds=600)
    renewed = {"refresh_token": tokens["refresh_token"]}
    token = (await api.ask("POST", "/auth/refresh", json=renewed)).json()["access_token"]
    invite = {"email": "new@example.com", "role": "viewer"}

    async def prove(code: str) -> int:
        return (await api.ask("POST", "/auth/prove", token=token, json={"code": code})).status_code

    async def inviting() -> int:
        return (await api.ask("POST", "/admin/users", token=token, json=invite)).status_code

    assert await prove("000000") == 422
    assert await inviting() == 403
    code = phone.code()
    assert await prove(code) == 204
    assert await inviting() == 201
    assert await prove(code) == 422, "it was used already"
    for _ in range(4):
        await prove("000000")
    assert await prove("000000") == 429


async def test_codes_that_are_on_are_not_replaced_by_whoever_found_the_browser(api: Api) -> None:
    phone = await enrolled(api)
    assert (await begin(api, phone.token)).status_code == 409
    body = {"code": phone.code()}
    again = await api.ask("POST", "/auth/totp/confirm", token=phone.token, json=body)
    assert again.status_code == 409


async def test_an_administrator_takes_lost_codes_away(api: Api) -> None:
    phone = await enrolled(api)
    [(user_id,)] = await api.sql("SELECT id FROM users")
    boss = await api.sign_in()
    answer = await api.ask("POST", f"/admin/users/{user_id}/reset-totp", token=boss)
    assert answer.status_code == 200
    assert answer.json()["totp"] is False
    assert (await api.ask("GET", "/auth/me", token=phone.token)).status_code == 401
    assert (await phone.sign_in(None)).status_code == 200


async def test_the_code_that_confirmed_says_that_it_is_used_to_who_has_the_password(
    api: Api,
) -> None:
    user = await api.make_user()
    token = (await api.tokens(user.email))["access_token"]
    secret = (await begin(api, token)).json()["secret"]
    code = pyotp.TOTP(secret).at(api.clock())
    await api.ask("POST", "/auth/totp/confirm", token=token, json={"code": code})

    body = {"email": user.email, "password": PASSWORD, "totp": code}
    used = await api.ask("POST", "/auth/token", json=body)
    assert (used.status_code, "was used already" in used.json()["detail"]) == (401, True)
    blind = await api.ask("POST", "/auth/token", json={**body, "password": "a wrong password"})
    assert "used" not in blind.json()["detail"]
    disabling = {"password": PASSWORD, "code": code}
    off = await api.ask("POST", "/auth/totp/disable", token=token, json=disabling)
    assert (off.status_code, "was used already" in off.json()["detail"]) == (422, True)


async def test_the_administrators_routes_ask_nobody_for_less_of_their_own_account(
    api: Api,
) -> None:
    user = await api.make_user()
    token = (await api.tokens(user.email))["access_token"]
    for what, instead in (("password", "/auth/password"), ("totp", "/auth/totp/disable")):
        answer = await api.ask("POST", f"/admin/users/{user.id}/reset-{what}", token=token)
        assert answer.status_code == 403
        assert instead in answer.json()["detail"]
    assert (await api.ask("GET", "/auth/me", token=token)).status_code == 200  # still signed in


def test_processes_that_begin_at_once_make_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        for each in [pool.submit(ensure_totp_key, tmp_path) for _ in range(32)]:
            each.result()
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]
    made = (tmp_path / KEY_FILE).read_bytes()

    create_file(tmp_path / KEY_FILE, b"another", mode=0o600)

    assert (tmp_path / KEY_FILE).read_bytes() == made

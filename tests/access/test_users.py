"""Users in the API: made, changed, and never the last administrator undone."""

import asyncio
import uuid
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.access.users import LastAdministrator, UserUpdate, change_user
from mcp_platform.audit.actor import system
from tests.cases import cases
from tests.platform_api import PASSWORD, Api

NEW = {"email": "ana@example.com", "name": "Ana", "role": "viewer"}


class Boss:
    """An administrator at work."""

    def __init__(self, api: Api, token: str) -> None:
        self.api, self.token = api, token

    async def ask(
        self, method: str, path: str = "", *, seen: str | None = "*", **more: Any
    ) -> httpx.Response:
        """Ask; a change says that it has `seen` this ETag."""
        if method == "PATCH" and seen is not None:
            more["headers"] = {"if-match": seen}
        return await self.api.ask(method, f"/admin/users{path}", token=self.token, **more)

    async def make(self, **more: Any) -> httpx.Response:
        return await self.ask("POST", json={**NEW, **more})


@pytest.fixture
async def boss(api: Api) -> Boss:
    user = await api.make_user(email="boss@example.com")
    return Boss(api, (await api.tokens(user.email))["access_token"])


async def test_a_password_that_is_made_is_shown_once_and_must_be_changed(
    api: Api, boss: Boss
) -> None:
    made = await boss.make()
    assert made.status_code == 201
    user = made.json()["user"]
    assert (user["email"], user["role"], user["disabled"]) == ("ana@example.com", "viewer", False)
    assert (await api.tokens(NEW["email"], made.json()["password"]))["password_change_required"]
    read = await boss.ask("GET", f"/{user['id']}")
    assert read.json() == user
    assert made.json()["password"] not in read.text


async def test_a_password_that_is_given_is_not_shown_and_must_be_changed_too(
    api: Api, boss: Boss
) -> None:
    made = await boss.make(password=PASSWORD)
    assert made.json()["password"] is None
    assert (await api.tokens(NEW["email"]))["password_change_required"]


async def test_an_address_belongs_to_one_user_however_it_is_written(boss: Boss) -> None:
    await boss.make()
    again = await boss.make(email="ANA@Example.com")
    assert again.status_code == 409
    assert again.json()["errors"][0]["field"] == "email"


async def test_two_who_make_the_same_user_at_once_make_one(boss: Boss) -> None:
    answers = await asyncio.gather(*(boss.make() for _ in range(4)))
    assert sorted(each.status_code for each in answers) == [201, 409, 409, 409]


@cases(
    "more, field",
    [
        ({"email": "ana"}, "email"),
        ({"email": "ana@exämple.com"}, "email"),
        ({"email": "ana@@example.com"}, "email"),
        ({"email": "a\x00b@example.com"}, "email"),
        ({"name": ""}, "name"),
        ({"name": "A\x00"}, "name"),
        ({"role": "owner"}, "role"),
        ({"role": "staff"}, "tenant"),
        ({"role": "staff", "tenant": "no-such-shop/production"}, "tenant"),
        ({"role": "viewer", "tenant": "shop/production"}, "tenant"),
        ({"password": "too short"}, "password"),
        ({"password": "ana@example.com"}, "password"),
        ({"disabled": True}, "disabled"),
    ],
)
async def test_what_is_wrong_with_a_user_is_told_by_field(
    boss: Boss, more: dict[str, Any], field: str
) -> None:
    answer = await boss.make(**more)
    assert answer.status_code == 422, answer.text
    assert field in [each["field"] for each in answer.json()["errors"]]


async def test_half_a_character_is_no_name(boss: Boss) -> None:
    body = b'{"email": "ana@example.com", "role": "viewer", "name": "\\ud800"}'
    headers = {"content-type": "application/json"}
    assert (await boss.ask("POST", content=body, headers=headers)).status_code == 422


async def test_users_are_listed_page_by_page(boss: Boss) -> None:
    for name in ("c", "a", "d", "b"):
        await boss.make(email=f"{name}@example.com", role="operator" if name == "d" else "viewer")
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await boss.ask("GET", f"?limit=2&cursor={cursor}" if cursor else "?limit=2")).json()
        assert len(page["items"]) <= 2
        seen += [each["email"][0] for each in page["items"]]
        cursor = page["next_cursor"]
    assert seen == ["a", "b", "b", "c", "d"]  # and the boss
    operators = (await boss.ask("GET", "?role=operator")).json()["items"]
    assert [each["email"] for each in operators] == ["d@example.com"]
    assert (await boss.ask("GET", "?cursor=nonsense")).status_code == 422


async def test_who_does_not_exist_is_not_found(boss: Boss) -> None:
    nobody = uuid.uuid4()
    for method, path in (
        ("GET", f"/{nobody}"),
        ("PATCH", f"/{nobody}"),
        ("POST", f"/{nobody}/reset-password"),
        ("POST", f"/{nobody}/reset-totp"),
    ):
        assert (await boss.ask(method, path, json={})).status_code == 404


@pytest.mark.parametrize("change", [{"disabled": True}, {"role": "viewer"}])
async def test_who_may_do_less_than_before_is_out_at_once(
    api: Api, boss: Boss, change: dict[str, Any]
) -> None:
    user = await api.make_user("operator")
    tokens = await api.tokens(user.email)
    assert (await api.ask("GET", "/auth/me", token=tokens["access_token"])).status_code == 200

    changed = await boss.ask("PATCH", f"/{user.id}", json=change)

    assert changed.status_code == 200
    assert (await api.ask("GET", "/auth/me", token=tokens["access_token"])).status_code == 401
    body = {"refresh_token": tokens["refresh_token"]}
    assert (await api.ask("POST", "/auth/refresh", json=body)).status_code == 401


async def test_another_name_signs_nobody_out(api: Api, boss: Boss) -> None:
    user = await api.make_user("operator")
    tokens = await api.tokens(user.email)
    changed = await boss.ask("PATCH", f"/{user.id}", json={"name": "José"})
    assert changed.json()["name"] == "José"
    assert changed.json()["role"] == "operator"
    assert (await api.ask("GET", "/auth/me", token=tokens["access_token"])).status_code == 200


async def test_staff_moves_to_another_tenant_and_leaves_the_first(api: Api, boss: Boss) -> None:
    first, second = await api.make_tenant(), await api.make_tenant()
    user = await api.make_user("staff", tenant=first)
    token = (await api.tokens(user.email))["access_token"]

    moved = await boss.ask("PATCH", f"/{user.id}", json={"tenant": second})

    assert moved.json()["tenant"] == second
    assert (await api.ask("GET", "/auth/me", token=token)).status_code == 401
    assert (await boss.ask("PATCH", f"/{user.id}", json={"role": "viewer"})).json()[
        "tenant"
    ] is None
    assert (await boss.ask("PATCH", f"/{user.id}", json={"role": "staff"})).status_code == 422


async def test_a_password_that_is_reset_is_temporary_and_ends_every_sign_in(
    api: Api, boss: Boss
) -> None:
    user = await api.make_user("viewer")
    token = (await api.tokens(user.email))["access_token"]

    reset = await boss.ask("POST", f"/{user.id}/reset-password")

    assert (await api.ask("GET", "/auth/me", token=token)).status_code == 401
    old = await api.ask("POST", "/auth/token", json={"email": user.email, "password": PASSWORD})
    assert old.status_code == 401
    assert (await api.tokens(user.email, reset.json()["password"]))["password_change_required"]


@pytest.mark.parametrize("change", [{"disabled": True}, {"role": "operator"}])
async def test_the_last_administrator_stays_one(
    api: Api, boss: Boss, change: dict[str, Any]
) -> None:
    [(mine,)] = await api.sql("SELECT id FROM users")
    disabled = await api.make_user("admin")
    await boss.ask("PATCH", f"/{disabled.id}", json={"disabled": True})

    assert (await boss.ask("PATCH", f"/{mine}", json=change)).status_code == 409
    assert (await boss.ask("PATCH", f"/{mine}", json={"name": "Boss"})).status_code == 200

    await boss.ask("PATCH", f"/{disabled.id}", json={"disabled": False})
    assert (await boss.ask("PATCH", f"/{mine}", json=change)).status_code == 200


async def test_two_administrators_who_undo_each_other_at_once_leave_one(api: Api) -> None:
    first, second = await api.make_user("admin"), await api.make_user("admin")
    begin = api.platform.shared.admin_sessions.everywhere.begin

    async def undo(session: AsyncSession, user_id: uuid.UUID) -> None:
        change = UserUpdate(role="viewer")
        await change_user(
            session, actor=system("tests"), user_id=user_id, change=change, versions=None
        )

    async def undo_second() -> None:
        async with begin() as session:
            await undo(session, second.id)

    async with begin() as session:
        await undo(session, first.id)
        other = asyncio.create_task(undo_second())
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        while not other.done() and (await api.sql(waiting))[0][0] == 0:  # noqa: ASYNC110  # Postgres tells nobody
            await asyncio.sleep(0.01)
    with pytest.raises(LastAdministrator):
        await other


async def test_of_two_who_change_what_they_both_read_one_is_refused(api: Api, boss: Boss) -> None:
    user = await api.make_user("viewer")
    read = await boss.ask("GET", f"/{user.id}")
    assert read.headers["etag"] == f'"{read.json()["version"]}"'
    changes = ({"role": "operator"}, {"disabled": True}, {"name": "José"})
    answers = await asyncio.gather(
        *(
            boss.ask("PATCH", f"/{user.id}", seen=read.headers["etag"], json=change)
            for change in changes
        )
    )
    assert sorted(each.status_code for each in answers) == [200, 412, 412]
    [changed] = [each for each in answers if each.status_code == 200]
    assert (await boss.ask("GET", f"/{user.id}")).headers["etag"] == changed.headers["etag"]
    nothing = await boss.ask("PATCH", f"/{user.id}", seen=None, json={"name": "José"})
    assert nothing.status_code == 428


async def test_a_creation_that_is_sent_again_is_done_once(api: Api, boss: Boss) -> None:
    key = {"idempotency-key": "one"}
    first = await boss.ask("POST", json=NEW, headers=key)
    again = await boss.ask("POST", json=NEW, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json()["user"] == first.json()["user"]
    for answer in (first, again):
        assert answer.headers["location"] == f"/api/v1/admin/users/{first.json()['user']['id']}"
        assert answer.headers["etag"] == '"1"'
    other = await boss.ask("POST", json={**NEW, "role": "admin"}, headers=key)
    assert other.status_code == 422
    assert (await api.audited()).count("user.create") == 2  # with the boss
    second = await api.sign_in()
    conflict = await api.ask("POST", "/admin/users", token=second, json=NEW, headers=key)
    assert conflict.status_code == 409  # another's key is another key


async def test_nothing_of_a_password_is_kept_for_an_answer_given_again(
    api: Api, boss: Boss
) -> None:
    made = await boss.ask("POST", json=NEW, headers={"idempotency-key": "made"})
    given = {**NEW, "email": "bia@example.com", "password": PASSWORD}
    await boss.ask("POST", json=given, headers={"idempotency-key": "given"})
    again = await boss.ask("POST", json=NEW, headers={"idempotency-key": "made"})
    assert again.json()["password"] is None
    rows = await api.sql("SELECT key, request_hash, answer FROM idempotency_keys")
    assert len(rows) == 2
    assert made.json()["password"] not in str(rows)
    # A digest of it could be tried faster than what is kept to compare it with.
    hashes = {row.key: row.request_hash for row in rows}
    await api.sql("DELETE FROM idempotency_keys")
    await api.sql("DELETE FROM users WHERE email = 'bia@example.com'")
    other = {**given, "password": "another horse battery"}
    await boss.ask("POST", json=other, headers={"idempotency-key": "given"})
    [(same,)] = await api.sql("SELECT request_hash FROM idempotency_keys")
    assert same == hashes["given"]


async def test_every_change_is_in_the_trail_without_a_password_in_it(api: Api, boss: Boss) -> None:
    made = (await boss.make()).json()
    user_id = made["user"]["id"]
    await boss.ask("PATCH", f"/{user_id}", json={"role": "operator"})
    await boss.ask("PATCH", f"/{user_id}", json={"role": "operator"})  # nothing changes
    reset = (await boss.ask("POST", f"/{user_id}/reset-password")).json()
    await boss.ask("POST", f"/{user_id}/reset-totp")

    rows = await api.sql("SELECT * FROM audit_entries WHERE actor = 'boss@example.com' ORDER BY id")

    assert [row.action for row in rows] == [
        "user.sign_in",
        "user.create",
        "user.update",
        "user.reset_password",
        "user.reset_totp",
    ]
    assert {row.target for row in rows[1:]} == {"ana@example.com"}
    assert (rows[2].before["role"], rows[2].after["role"]) == ("viewer", "operator")
    written = str(rows)
    assert made["password"] not in written
    assert reset["password"] not in written
    assert "argon2" not in written


async def test_what_fails_leaves_no_entry(api: Api, boss: Boss) -> None:
    await boss.make()
    before = await api.audited()
    await boss.make()
    assert await api.audited() == before


async def test_a_user_is_made_as_the_command_makes_one(api: Api) -> None:
    token = await api.sign_in("admin")
    wish = {"email": "Bruno@Example.com", "role": "operator"}
    made = await api.ask("POST", "/admin/users", token=token, json=wish)
    assert made.status_code == 201
    user = made.json()["user"]
    assert (user["email"], user["name"]) == ("bruno@example.com", "bruno@example.com")

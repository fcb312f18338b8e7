"""Roles, and staff: what each may, and where."""

import pytest

from mcp_platform.access.guard import allowed
from tests.platform_api import PASSWORD, Api

AGENDA = "/api/v1/appointments/list"


@pytest.mark.parametrize(
    ("role", "users", "audit"),
    [("admin", 200, 200), ("operator", 403, 200), ("viewer", 403, 403), ("staff", 403, 403)],
)
async def test_each_role_reads_what_it_may(api: Api, role: str, users: int, audit: int) -> None:
    tenant = await api.make_tenant() if role == "staff" else None
    token = await api.sign_in(role, tenant=tenant)  # type: ignore[arg-type]  # one of the four
    assert (await api.ask("GET", "/admin/users", token=token)).status_code == users
    assert (await api.ask("GET", "/admin/audit", token=token)).status_code == audit


async def test_nobody_but_an_administrator_changes_users(api: Api) -> None:
    other = await api.make_user("viewer")
    token = await api.sign_in("operator")
    new = {"email": "a@example.com", "name": "A", "role": "admin"}
    for method, path, body in (
        ("POST", "/admin/users", new),
        ("GET", f"/admin/users/{other.id}", None),
        ("PATCH", f"/admin/users/{other.id}", {"disabled": True}),
        ("POST", f"/admin/users/{other.id}/reset-password", None),
        ("POST", f"/admin/users/{other.id}/reset-totp", None),
    ):
        assert (await api.ask(method, path, token=token, json=body)).status_code == 403
        assert (await api.ask(method, path, json=body)).status_code == 401
    [row] = await api.sql("SELECT disabled FROM users WHERE email = :email", email=other.email)
    assert not row.disabled


async def test_a_route_must_say_whom_it_admits(api: Api) -> None:
    for roles in ((), ("owner",)):
        with pytest.raises(ValueError, match="some of"):
            allowed(api.admin.guard, *roles)  # type: ignore[arg-type]  # the point


async def test_staff_sees_the_agenda_of_its_tenant(api: Api) -> None:
    path = await api.make_tenant()
    token = await api.sign_in("staff", tenant=path)
    answer = await api.ask("GET", f"//{path}{AGENDA}", token=token)
    assert answer.status_code == 200, answer.text


async def test_staff_finds_nothing_on_another_tenants_routes(api: Api) -> None:
    mine, others = await api.make_tenant(), await api.make_tenant()
    token = await api.sign_in("staff", tenant=mine)
    there = await api.ask("GET", f"//{others}{AGENDA}", token=token)
    nowhere = await api.ask("GET", f"//no-such-shop/production{AGENDA}", token=token)
    assert there.status_code == nowhere.status_code == 404
    assert there.json() == nowhere.json()


async def test_staff_may_not_speak_for_customers(api: Api) -> None:
    path = await api.make_tenant()
    token = await api.sign_in("staff", tenant=path)
    body = {"user_id": "ana", "message": "Oi"}
    answer = await api.ask("POST", f"//{path}/api/v1/chat", token=token, json=body)
    assert answer.status_code == 403


@pytest.mark.parametrize("role", ["admin", "operator", "viewer"])
async def test_the_agency_s_users_have_no_token_of_the_tenant_api(api: Api, role: str) -> None:
    path = await api.make_tenant()
    token = await api.sign_in(role)  # type: ignore[arg-type]  # one of the four
    assert (await api.ask("GET", f"//{path}{AGENDA}", token=token)).status_code == 401


async def test_staff_that_signed_out_is_out_of_the_tenant_api_too(api: Api) -> None:
    path = await api.make_tenant()
    token = await api.sign_in("staff", tenant=path)
    await api.ask("POST", "/auth/sign-out", token=token)
    assert (await api.ask("GET", f"//{path}{AGENDA}", token=token)).status_code == 401


async def test_staff_of_a_suspended_tenant_is_told_so(api: Api) -> None:
    path = await api.make_tenant()
    token = await api.sign_in("staff", tenant=path)
    await api.sql("UPDATE tenants SET status = 'suspended'")
    assert (await api.ask("GET", f"//{path}{AGENDA}", token=token)).status_code == 403


async def test_a_temporary_password_lets_in_only_to_be_changed(api: Api) -> None:
    path = await api.make_tenant()
    user = await api.make_user("staff", tenant=path)
    boss = await api.make_user("admin")
    await api.sql("UPDATE users SET temporary = true")
    staff, admin = await api.tokens(user.email), await api.tokens(boss.email)
    assert admin["password_change_required"]
    refused = await api.ask("GET", "/admin/users", token=admin["access_token"])
    assert refused.status_code == 403
    assert "password" in refused.json()["detail"]
    agenda = await api.ask("GET", f"//{path}{AGENDA}", token=staff["access_token"])
    assert agenda.status_code == 403

    body = {"password": PASSWORD, "new_password": "another horse battery"}
    await api.ask("POST", "/auth/password", token=admin["access_token"], json=body)
    after = await api.ask("POST", "/auth/refresh", json={"refresh_token": admin["refresh_token"]})

    assert not after.json()["password_change_required"]
    token = after.json()["access_token"]
    assert (await api.ask("GET", "/admin/users", token=token)).status_code == 200

"""A tenant's conversations for the platform's users: by role, masked for viewers, on the trail."""

from datetime import UTC, datetime
from typing import Any

import pytest

from mcp_platform.conversations.messages import Message, Messages
from tests.factories import add_contact, add_tenant
from tests.platform_api import Api

NUMBER = "5511987654321"


async def made(api: Api) -> tuple[str, str]:
    """Make a tenant with a contact who has just written; return its path and the conversation."""
    sessions = api.platform.shared.admin_sessions
    tenant = await add_tenant(sessions)
    now = datetime.now(UTC)
    wrote = {"name": "+55 11 98765-4321", "wa_id": NUMBER, "last_inbound_at": now}
    contact = await add_contact(sessions, tenant.id, **wrote)
    async with sessions.everywhere.begin() as session:
        said = Message(author="contact", text="Ligue 11 98765-4321", at=now, key="m:1")
        await Messages(session, tenant.id).write(contact, [said], turn_id=None)
    return tenant.path, str(contact)


def where(path: str, rest: str = "") -> str:
    client, environment = path.split("/")
    return f"/admin/clients/{client}/environments/{environment}/conversations{rest}"


async def ask(api: Api, token: str, method: str, path: str, **more: Any) -> tuple[int, Any]:
    answer = await api.ask(method, path, token=token, **more)
    return answer.status_code, answer.json()


async def test_for_whom_staff_has_only_booked_is_in_no_conversation(api: Api) -> None:
    path, _ = await made(api)
    sessions = api.platform.shared.admin_sessions
    tenant = await api.platform.shared.tenants.by_path(*path.split("/"))
    waits = {"name": "Dora", "answered_by": "human"}
    for facts in ({"name": "Caio"}, waits):
        await add_contact(sessions, tenant.id, **facts)
    token = await api.sign_in("operator")
    _, found = await ask(api, token, "GET", where(path))
    assert {each["name"] for each in found["conversations"]} == {"+55 11 98765-4321", "Dora"}


async def test_roles_see_and_do_what_they_may(api: Api) -> None:
    path, contact = await made(api)
    other, _ = await made(api)
    may_work = {
        role: await api.sign_in(role, tenant=path if role == "staff" else None)
        for role in ("admin", "operator", "staff", "viewer")
    }
    strangers = await api.sign_in("staff", tenant=other)
    for role, token in may_work.items():
        status, found = await ask(api, token, "GET", where(path))
        [shown] = found["conversations"]
        status, said = await ask(api, token, "GET", where(path, f"/{contact}/messages"))
        masked = role == "viewer"
        assert shown["phone"] == ("…21" if masked else NUMBER), role
        assert shown["name"] == ("…21" if masked else "+55 11 98765-4321"), role
        assert said["messages"][0]["text"] == ("Ligue …21" if masked else "Ligue 11 98765-4321")
        assert (NUMBER[-9:] in str(found) + str(said)) != masked
        taking = {"json": {"over": True}}
        status, taken = await ask(api, token, "POST", where(path, f"/{contact}/take"), **taking)
        assert status == (403 if masked else 200), (role, taken)
    for rest in ("", f"/{contact}", f"/{contact}/messages"):
        assert (await ask(api, strangers, "GET", where(path, rest)))[0] == 404
    assert (await ask(api, strangers, "POST", where(path, f"/{contact}/take"), json={}))[0] == 404
    actions = [each for each in await api.audited() if each.startswith("conversation.")]
    assert actions == ["conversation.take", "conversation.take_over", "conversation.take_over"]


@pytest.mark.parametrize("status", ["suspended", "offboarded"])
async def test_nothing_is_sent_for_a_tenant_that_is_not_active(api: Api, status: str) -> None:
    path, contact = await made(api)
    token = await api.sign_in("operator")
    assert (await ask(api, token, "POST", where(path, f"/{contact}/take"), json={}))[0] == 200
    await api.sql(
        "UPDATE tenants SET status = :status WHERE client_name = :name",
        status=status,
        name=path.split("/")[0],
    )

    refused, told = await ask(
        api, token, "POST", where(path, f"/{contact}/reply"), json={"text": "Oi"}
    )

    assert (refused, status in told["detail"]) == (409, True)
    assert await api.sql("SELECT key FROM outbox") == []
    assert (await ask(api, token, "GET", where(path, f"/{contact}")))[0] == 200


async def test_a_purge_ends_a_conversation_that_is_open(api: Api) -> None:
    path, contact = await made(api)
    token = await api.sign_in("operator")
    assert (await ask(api, token, "POST", where(path, f"/{contact}/take"), json={}))[0] == 200
    for table in ("messages", "contact_aliases", "contact_leases", "contacts"):
        await api.sql(f"DELETE FROM {table}")

    for rest in ("/reply", "/take", "/return"):
        body = {"text": "Oi"} if rest == "/reply" else {}
        told = await ask(api, token, "POST", where(path, f"/{contact}{rest}"), json=body)
        assert (told[0], told[1]["detail"]) == (404, "There is no such conversation."), rest
    assert await api.sql("SELECT key FROM outbox") == []

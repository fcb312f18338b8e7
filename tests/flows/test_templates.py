"""Templates: wanted here, made and reviewed at Meta, followed by what the list says."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, event

from mcp_platform.audit.actor import system
from mcp_platform.errors import Invalid
from mcp_platform.registry.environments import LocatedTenant
from mcp_platform.registry.templates.service import TemplateOut, TemplateWish, TenantTemplates
from mcp_platform.templates.templates import MessageTemplates
from mcp_platform.templates.texts import PURPOSES
from mcp_platform.whatsapp.app_webhook import MOST_ACCOUNTS
from mcp_platform.whatsapp.signature import sign
from tests.world import World, eventually

ACTOR = system("tests")


async def want(here: World, **wish: Any) -> None:
    async with here.session() as session:
        tenant = LocatedTenant(id=here.tenant.id, path=here.tenant.path)
        await TenantTemplates(session, ACTOR, tenant).create(
            TemplateWish.of(wish), now=datetime.now(UTC)
        )


async def look(here: World) -> None:
    assert here.platform
    assert here.platform.worker
    await here.as_owner(
        f"UPDATE template_looks SET due_at = '-infinity' WHERE tenant_id = {here.tenant.id}"
    )
    await here.platform.worker._templates.run(stopping=lambda: False)


async def templates(here: World) -> dict[str, TemplateOut]:
    """Return the templates by the names that they have at Meta."""
    async with here.session() as session:
        tenant = LocatedTenant(id=here.tenant.id, path=here.tenant.path)
        found = await TenantTemplates(session, ACTOR, tenant).all()
    return {each.name: each for each in found.templates}


async def at_meta(here: World, **news: Any) -> None:
    body = {"waba_id": f"waba-{here.tenant.client_name}", "language": "pt_BR", **news}
    answer = await here.meta.post("/_control/templates/state", json=body)
    assert answer.is_success, answer.text


async def review(here: World, verdict: str) -> None:
    await here.meta.post("/_control/settings", json={"review": verdict})


@pytest.fixture(autouse=True)
async def usual_reviews(here: World) -> Any:
    yield
    await review(here, "approve")


async def approved(here: World, name: str, status: str = "APPROVED") -> TemplateOut:
    async def is_so() -> bool:
        await look(here)
        return (await templates(here))[name].status == status

    await eventually(is_so, why=f"{name} {status}")
    return (await templates(here))[name]


async def test_all_are_made_as_utility_and_sendable_once_approved(here: World) -> None:
    await want(here)
    await look(here)
    made = await approved(here, "mcp_reminder_v1")
    assert made.sendable
    assert made.category == "UTILITY"
    assert made.buttons == ["Confirmar", "Remarcar", "Cancelar"]
    assert {each.purpose for each in (await templates(here)).values()} == set(PURPOSES)
    await want(here)  # repeated, nothing new
    assert len(await templates(here)) == len(PURPOSES)


async def test_what_meta_counts_as_marketing_is_sent_only_where_the_tenant_pays_for_it(
    here: World,
) -> None:
    await review(here, "marketing")
    await want(here, purpose="reminder")
    await look(here)
    made = await approved(here, "mcp_reminder_v1")
    assert made.category == "MARKETING"
    assert not made.sendable
    [reason] = await here.rows(
        "SELECT reason FROM tenant_troubles WHERE tenant_id = :tenant AND what = 'templates'"
    )
    assert "MARKETING" in reason[0]
    await here.change(templates_as_marketing=True)
    assert (await templates(here))["mcp_reminder_v1"].sendable


async def test_a_rejected_one_is_told_and_the_next_version_takes_its_place(here: World) -> None:
    await review(here, "reject")
    await want(here, purpose="reminder")
    await look(here)
    made = await approved(here, "mcp_reminder_v1", "REJECTED")
    assert made.reason == "INCORRECT_CATEGORY"
    told = "SELECT count(*) FROM tenant_troubles WHERE tenant_id = :tenant AND what = 'templates'"
    assert await here.value(told, tenant=here.tenant.id) == 1
    await review(here, "approve")
    await want(here, purpose="reminder")
    assert (await approved(here, "mcp_reminder_v2")).sendable
    assert await here.value(told, tenant=here.tenant.id) == 0


async def test_own_words_are_the_next_version_and_the_one_before_is_sent_until_then(
    here: World,
) -> None:
    await want(here, purpose="reminder")
    await look(here)
    await approved(here, "mcp_reminder_v1")
    await review(here, "wait")
    own = "Aviso da {business}: {what}, {when}. Para mudar, use os botões."
    await want(here, purpose="reminder", text=own)
    await look(here)
    found = await templates(here)
    assert found["mcp_reminder_v2"].status == "PENDING"
    assert found["mcp_reminder_v1"].sendable
    await at_meta(here, name="mcp_reminder_v2", status="APPROVED")
    assert (await approved(here, "mcp_reminder_v2")).own
    async with here.session() as session:
        chosen = await MessageTemplates(session, here.tenant.id).sendable("reminder", "pt-BR")
    assert chosen is not None
    assert chosen.version == 2


@pytest.mark.parametrize(
    "text",
    [
        "{business}: {what}, {when}, até lá.",
        "Aviso da {business}: {what}, {when}.",
        "Aviso da {business}: {what}.",
        "Aviso da {business}: {what}, {when}, {price} e mais.",
        "Aviso da {business}: {what} {when} e só isso.",
        "Aviso da {business}:\n{what}, {when}, até lá.",
    ],
)
async def test_words_that_meta_would_refuse_are_refused_here(here: World, text: str) -> None:
    with pytest.raises(Invalid):
        await want(here, purpose="reminder", text=text)


async def test_another_text_under_the_name_is_never_sent(here: World) -> None:
    body = [{"type": "BODY", "text": "Cancelar? {{business}} {{what}} {{when}}."}]
    await here.meta.post(
        "/_control/templates",
        json={
            "waba_id": f"waba-{here.tenant.client_name}",
            "name": "mcp_reminder_v1",
            "language": "pt_BR",
            "components": body,
        },
    )
    await want(here, purpose="reminder")
    await look(here)
    made = (await templates(here))["mcp_reminder_v1"]
    assert (made.status, made.sendable) == ("DIFFERS", False)


async def test_the_apps_webhook_has_meta_asked_and_the_list_decides(here: World) -> None:
    await here.announce_app()
    await want(here, purpose="reminder")
    await look(here)
    await approved(here, "mcp_reminder_v1")
    await at_meta(here, name="mcp_reminder_v1", status="PAUSED")

    async def is_due() -> bool:
        due = "SELECT due_at < clock_timestamp() - interval '1 day' FROM template_looks"
        return (
            bool(await here.value(f"{due} WHERE tenant_id = :tenant", tenant=here.tenant.id))
            or (await templates(here))["mcp_reminder_v1"].status == "PAUSED"
        )

    await eventually(is_due, why="a look because of the webhook")
    assert not (await approved(here, "mcp_reminder_v1", "PAUSED")).sendable


async def test_a_strangers_word_about_templates_is_refused_and_changes_nothing(here: World) -> None:
    body = (
        b'{"object":"whatsapp_business_account","entry":[{"id":"waba-%s","time":1,"changes":'
        b'[{"field":"message_template_status_update","value":{"event":"DISABLED"}}]}]}'
    ) % here.tenant.client_name.encode()
    url = f"{here.url}/api/v1/webhooks/meta"
    async with httpx.AsyncClient() as client:
        refused = await client.post(
            url, content=body, headers={"x-hub-signature-256": sign(body, app_secret="another's")}
        )
        unsigned = await client.post(url, content=body)
        unknown = await client.post(url, content=body.replace(b"waba-", b"nobody-"))
        garbage = await client.post(url, content=b"{")
        taken = await client.post(
            url,
            content=body,
            headers={"x-hub-signature-256": sign(body, app_secret=here.tenant.app_secret)},
        )
        wrong = await client.get(
            url,
            params={"hub.mode": "subscribe", "hub.verify_token": "?", "hub.challenge": "1"},
        )
    assert [each.status_code for each in (refused, unsigned, unknown, garbage, taken, wrong)] == [
        *(401, 401, 200, 200, 200, 403)
    ]
    kept = "SELECT count(*) FROM inbox_events WHERE tenant_id = :tenant AND kind = 'other'"
    assert await here.value(kept, tenant=here.tenant.id) == 1


async def test_an_account_that_is_full_is_told_and_asked_again(here: World) -> None:
    await want(here, purpose="reminder")
    full = {"code": 100, "subcode": 2388019, "status": 400}
    ours = {"kind": "template", "node": f"waba-{here.tenant.client_name}"}
    await here.fault(here.meta, "error", match=ours, times=1, **full)
    await look(here)
    waits = (await templates(here))["mcp_reminder_v1"]
    assert (waits.status, waits.reason) == ("WANTED", "2388019")
    trouble = "SELECT reason FROM tenant_troubles WHERE tenant_id = :tenant AND what = 'templates'"
    assert "2388019" in await here.value(trouble)
    await approved(here, "mcp_reminder_v1")
    assert await here.value(trouble) is None


async def test_one_that_meta_refuses_keeps_no_other_from_being_made(here: World) -> None:
    await want(here)
    ours = {"kind": "template", "node": f"waba-{here.tenant.client_name}"}
    await here.fault(here.meta, "error", match=ours, times=1, code=100, status=400)
    await look(here)
    found = [each.status for each in (await templates(here)).values()]
    assert found.count("WANTED") == 1
    error = await here.value("SELECT error FROM template_looks WHERE tenant_id = :tenant")
    assert error == "Meta refuses it (code 100)"


async def test_a_strangers_post_of_many_accounts_is_one_short_look(here: World) -> None:
    looks = list[int]()

    def note(_: Any, __: Any, statement: str, values: Any, *___: Any) -> None:
        if "WHERE tenants.waba_id" in statement:
            looks.append(len(values))

    change = {"field": "message_template_status_update", "value": {}}
    entries = [{"id": f"nobody-{number}", "changes": [change]} for number in range(50)]
    event.listen(Engine, "before_cursor_execute", note)
    try:
        async with httpx.AsyncClient() as client:
            told = await client.post(f"{here.url}/api/v1/webhooks/meta", json={"entry": entries})
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert told.status_code == 200
    assert looks == [MOST_ACCOUNTS + 1]  # and the state


async def test_meta_being_away_loses_no_wish(here: World) -> None:
    await want(here, purpose="reminder")
    await here.fault(here.meta, "server_error", kind="templates")
    await look(here)
    assert (await templates(here))["mcp_reminder_v1"].status == "WANTED"
    await here.forgive()
    await approved(here, "mcp_reminder_v1")

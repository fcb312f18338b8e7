"""Reminders: said once, in the window or by template, and never of what is not so any more."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from mcp_platform.audit.actor import system
from mcp_platform.conversations.conversations import Conversations, ThreadMessage
from mcp_platform.kit.queue import WakeUp
from mcp_platform.registry.environments import LocatedTenant
from mcp_platform.registry.fleet.attention import AttentionQuery, attention_page
from mcp_platform.registry.templates.service import TemplateWish, TenantTemplates
from mcp_platform.reminders.reminders import Reminders
from mcp_platform.templates.texts import Purpose
from mcp_platform.tenants.tenant import Tenant, TenantId
from tests import factories
from tests.flows.test_person import anas, asked
from tests.world import ANA, ServedTenant, World, choices_of, eventually, text_of

SOON = timedelta(hours=2) - timedelta(minutes=10)  # a reminder two hours before is due
TOMORROW = timedelta(hours=24) - timedelta(minutes=10)


@pytest.fixture(autouse=True)
async def by_day_and_night(here: World) -> AsyncIterator[None]:
    """Remind at any hour. When Ana wrote, our database says: Meta does not know her."""
    await here.change(quiet_from="00:00", quiet_until="00:00", reminder_hours=[24, 2])
    await here.meta.post("/_control/settings", json={"window": False})
    yield
    await here.meta.post("/_control/settings", json={"window": True})


async def visit(
    here: World, ahead: timedelta, *, wrote_ago: timedelta | None, of: ServedTenant | None = None
) -> uuid.UUID:
    """Book Ana, who wrote so long ago, for a time so far ahead; long ago, and nobody was told."""
    now, tenant_id = datetime.now(UTC), (of or here.tenant).id
    async with here.session() as session:
        known = await session.scalar(
            text("SELECT contact_id FROM contact_aliases WHERE tenant_id = :t AND alias = :a"),
            {"t": tenant_id, "a": f"w:{ANA}"},
        )
        wrote = None if wrote_ago is None else now - wrote_ago
        if known is None:
            known = await factories.add_contact(
                session, tenant_id, wa_id=ANA, name="Ana", last_inbound_at=wrote
            )
        return await factories.add_appointment(
            session,
            tenant_id,
            known,
            starts_at=(now + ahead).replace(microsecond=0),
            created_at=now - timedelta(days=5),
            updated_at=now - timedelta(days=5),
        )


async def remind(here: World) -> None:
    assert here.platform
    assert here.platform.worker
    await here.platform.worker._reminders.plan()
    await here.platform.worker._reminders.run(stopping=lambda: False)
    await here.idle()


async def calm(here: World) -> None:
    """Let it be a while that anybody wrote."""
    await here.as_owner(
        "UPDATE contacts SET last_inbound_at = last_inbound_at - interval '20 minutes'"
        f" WHERE tenant_id = {here.tenant.id}"
    )


async def reminded(here: World) -> list[Any]:
    """Return what became of the reminders that are not merely planned."""
    return [
        tuple(row)
        for row in await here.rows(
            "SELECT hours, state, reason FROM reminders WHERE tenant_id = :tenant"
            " AND state <> 'planned' ORDER BY hours, starts_at"
        )
    ]


async def approve(here: World, purpose: Purpose) -> None:
    """Have a template made at Meta and approved."""
    assert here.platform
    assert here.platform.worker
    async with here.session() as session:
        at = LocatedTenant(id=here.tenant.id, path=here.tenant.path)
        part = TenantTemplates(session, system("tests"), at)
        await part.create(TemplateWish.of({"purpose": purpose}), now=datetime.now(UTC))

    async def approved() -> bool:
        await here.as_owner(
            f"UPDATE template_looks SET due_at = '-infinity' WHERE tenant_id = {here.tenant.id}"
        )
        await here.platform.worker._templates.run(stopping=lambda: False)
        found = "SELECT status FROM message_templates WHERE tenant_id = :tenant AND purpose = :p"
        return bool(await here.value(found, tenant=here.tenant.id, p=purpose) == "APPROVED")

    await eventually(approved, why="an approved template")


async def tap(here: World, index: int, title: str) -> dict[str, Any]:
    """Tap a button of the template that came last; return the reply."""
    before = len(await here.sent(as_=ANA))
    reply = {"kind": "template", "index": index, "title": title}
    await here.meta.post(
        "/_control/inbound",
        json={
            "phone_number_id": here.tenant.phone_number_id,
            "from": {"wa_id": ANA},
            "reply": reply,
        },
    )
    return (await here.sent(as_=ANA, at_least=before + 1))[-1]


async def unconfirmed(here: World) -> list[str]:
    """Return the appointments of which staff is shown that nobody has confirmed them."""
    async with here.session() as session:
        query = AttentionQuery(kind="unconfirmed", limit=100)
        page = await attention_page(session, query, now=datetime.now(UTC))
    return [each.reference for each in page.items if each.client_name == here.tenant.client_name]


async def test_in_the_window_it_is_said_once_with_buttons_and_a_tap_confirms(here: World) -> None:
    await visit(here, SOON, wrote_ago=timedelta(hours=3))
    await remind(here)
    await remind(here)
    [said] = await here.sent(as_=ANA)
    assert said["type"] == "interactive"
    assert "Corte com Zé" in text_of(said)
    assert [each["title"] for each in choices_of(said)] == ["Confirmar", "Remarcar", "Cancelar"]
    reply = await here.choose(choices_of(said)[0])
    assert "Presença confirmada" in text_of(reply)
    assert await here.statuses() == ["confirmed"]
    again = await here.choose(choices_of(said)[0])
    assert "Presença confirmada" in text_of(again)
    assert (2, "queued", None) in await reminded(here)


async def test_a_typed_yes_to_it_confirms_and_a_tap_on_cancel_asks_first(here: World) -> None:
    await visit(here, SOON, wrote_ago=timedelta(hours=3))
    await remind(here)
    assert "Presença confirmada" in text_of(await here.ask("Sim, confirmo"))
    [said, *_] = await here.sent(as_=ANA)
    asked = await here.choose(choices_of(said)[2])
    assert await here.statuses() == ["confirmed"]
    await here.choose(choices_of(asked)[0])
    assert await here.statuses() == ["cancelled"]


async def test_outside_the_window_it_goes_by_template_and_its_buttons_act(here: World) -> None:
    await approve(here, "confirmation")
    await visit(here, TOMORROW, wrote_ago=timedelta(days=3))
    await remind(here)
    [said] = await here.sent(as_=ANA)
    assert said["type"] == "template"
    named = {
        each["parameter_name"]: each["text"]
        for each in said["payload"]["template"]["components"][0]["parameters"]
    }
    assert named["what"] == "Corte com Zé"
    assert "Presença confirmada" in text_of(await tap(here, 0, "Confirmar"))
    assert await here.statuses() == ["confirmed"]


async def test_without_an_approved_template_nothing_is_sent_and_one_is_wanted(here: World) -> None:
    await visit(here, TOMORROW, wrote_ago=None)
    await remind(here)
    assert await here.sent(as_=ANA) == []
    assert (24, "skipped", "no_template") in await reminded(here)
    wanted = await here.rows(
        "SELECT purpose FROM message_templates WHERE tenant_id = :tenant ORDER BY purpose"
    )
    assert [tuple(each) for each in wanted] == [("confirmation",), ("reminder",)]


async def test_what_was_moved_or_cancelled_is_not_reminded_of(here: World) -> None:
    moved = await visit(here, SOON, wrote_ago=timedelta(hours=3))
    assert here.platform
    assert here.platform.worker
    await here.platform.worker._reminders.plan()
    await here.as_owner(
        "UPDATE appointments SET starts_at = starts_at + interval '3 days',"
        f" ends_at = ends_at + interval '3 days' WHERE id = '{moved}'"
    )
    cancelled = await visit(here, SOON - timedelta(minutes=35), wrote_ago=None)
    await here.platform.worker._reminders.plan()
    await here.as_owner(f"UPDATE appointments SET status = 'cancelled' WHERE id = '{cancelled}'")
    await remind(here)
    assert await here.sent(as_=ANA) == []
    assert [each for each in await reminded(here) if each[0] == 2] == [
        (2, "skipped", "changed"),
        (2, "skipped", "changed"),
    ]


async def left_waiting(here: World) -> None:
    """Record what is due while nothing goes out."""
    await here.change(status="suspended")
    assert here.platform
    assert here.platform.worker
    await here.platform.shared.tenants.by_id(here.tenant.id)  # remembered: nothing goes out yet
    await here.as_owner(f"UPDATE tenants SET status = 'active' WHERE id = {here.tenant.id}")
    await here.platform.worker._reminders.plan()
    await here.platform.worker._reminders.run(stopping=lambda: False)

    async def waits() -> bool:
        found = "SELECT count(*) FROM outbox WHERE tenant_id = :tenant AND state = 'pending'"
        held = " AND due_at > clock_timestamp() + interval '1 minute'"  # nobody works on it now
        return bool(await here.value(found + held, tenant=here.tenant.id))

    await eventually(waits, why="a reminder that waits")


async def deliver(here: World, *, state: str = "pending") -> None:
    """Send what was left waiting, or was sent once already and nobody knows what came of it."""
    await here.as_owner(
        f"UPDATE outbox SET due_at = clock_timestamp() - interval '1 hour', state = '{state}'"
        f" WHERE tenant_id = {here.tenant.id}",
    )
    await here.change(status="active")
    assert here.platform
    assert here.platform.worker
    lane = await here.value("SELECT lane FROM outbox WHERE tenant_id = :t", t=here.tenant.id)
    await here.platform.worker._delivery.handle(WakeUp(here.tenant.id, lane))


async def conversation(here: World) -> list[ThreadMessage]:
    """Return what staff reads."""
    async with here.session() as session:
        [known] = await session.scalars(
            text("SELECT id FROM contacts WHERE tenant_id = :t"), {"t": here.tenant.id}
        )
        thread = Conversations(session, TenantId(here.tenant.id))
        return await thread.messages(known, before=None, limit=9)


async def test_a_status_of_what_was_dropped_in_doubt_is_applied_like_any_other(here: World) -> None:
    appointment = await visit(here, SOON, wrote_ago=timedelta(hours=3))
    await left_waiting(here)
    await here.as_owner(f"UPDATE appointments SET status = 'cancelled' WHERE id = '{appointment}'")
    await deliver(here, state="uncertain")
    assert [each.delivery for each in await conversation(here)] == ["uncertain"]
    key = await here.value("SELECT key FROM outbox WHERE tenant_id = :tenant")
    told = {"id": "wamid.of-the-first-send", "status": "delivered", "recipient_id": ANA}
    await here.post(here.webhook(statuses=[{**told, "biz_opaque_callback_data": key}]))

    async def delivered() -> bool:
        found = "SELECT state FROM outbox WHERE tenant_id = :tenant"
        return bool(await here.value(found) == "delivered")

    await eventually(delivered, why="what Meta told")
    assert [each.delivery for each in await conversation(here)] == ["delivered"]


async def test_what_changes_while_it_waits_to_be_sent_is_not_sent(here: World) -> None:
    appointment = await visit(here, SOON, wrote_ago=timedelta(hours=3))
    await left_waiting(here)
    await here.as_owner(f"UPDATE appointments SET status = 'cancelled' WHERE id = '{appointment}'")
    await deliver(here)
    states = await here.rows("SELECT state, error FROM outbox WHERE tenant_id = :tenant")
    assert [tuple(each) for each in states] == [
        ("dropped", "The appointment was moved or cancelled since.")
    ]
    assert await here.sent(as_=ANA) == []
    assert await conversation(here) == []
    assert (2, "skipped", "changed") in await reminded(here)
    await here.as_owner(f"UPDATE appointments SET status = 'booked' WHERE id = '{appointment}'")
    await remind(here)  # it was a mistake, and stands again
    assert len(await here.sent(as_=ANA)) == 1
    assert (2, "queued", None) in await reminded(here)


@pytest.mark.parametrize("away", ["3 days", "0"])
async def test_what_was_moved_away_and_back_is_reminded_of(here: World, away: str) -> None:
    visited = await visit(here, SOON, wrote_ago=timedelta(hours=3))
    assert here.platform
    assert here.platform.worker
    await here.platform.worker._reminders.plan()
    status = "booked" if away != "0" else "cancelled"
    await here.as_owner(
        f"UPDATE appointments SET starts_at = starts_at + interval '{away}', status = '{status}',"
        f" ends_at = ends_at + interval '{away}' WHERE id = '{visited}'"
    )
    await here.platform.worker._reminders.run(stopping=lambda: False)
    assert (2, "skipped", "changed") in await reminded(here)
    await here.as_owner(
        f"UPDATE appointments SET starts_at = starts_at - interval '{away}', status = 'booked',"
        f" ends_at = ends_at - interval '{away}' WHERE id = '{visited}'"
    )
    await remind(here)
    await remind(here)
    assert len(await here.sent(as_=ANA)) == 1


async def test_who_could_not_be_reminded_is_shown_to_staff(here: World) -> None:
    appointment = await visit(here, SOON, wrote_ago=timedelta(hours=3))
    await left_waiting(here)
    await night_falls(here, for_=timedelta(minutes=30))
    await deliver(here)
    assert (2, "skipped", "quiet") in await reminded(here)
    assert await unconfirmed(here) == [str(appointment)]


async def test_who_has_just_booked_is_not_reminded(here: World) -> None:
    appointment = await visit(here, SOON, wrote_ago=timedelta(hours=3))
    await here.as_owner(
        f"UPDATE appointments SET updated_at = clock_timestamp() WHERE id = '{appointment}'"
    )
    await remind(here)
    assert (2, "skipped", "recent") in await reminded(here)
    assert await here.sent(as_=ANA) == []
    assert await unconfirmed(here) == []


async def test_at_night_nobody_is_reminded(here: World) -> None:
    now = datetime.now(factories.ZONE)
    await here.change(
        quiet_from=f"{now - timedelta(minutes=61):%H:%M}",
        quiet_until=f"{now + timedelta(minutes=30):%H:%M}",
    )
    await visit(here, SOON, wrote_ago=timedelta(hours=3))
    await remind(here)
    assert await here.sent(as_=ANA) == []


async def night_falls(here: World, *, for_: timedelta) -> None:
    now = datetime.now(factories.ZONE)
    await here.change(
        quiet_from=f"{now - timedelta(minutes=1):%H:%M}", quiet_until=f"{now + for_:%H:%M}"
    )


@pytest.mark.parametrize(
    ("night", "then"),
    [(timedelta(minutes=30), ("planned", None)), (timedelta(minutes=90), ("skipped", "late"))],
)
async def test_what_is_due_when_night_has_fallen_waits_for_its_end_or_is_left_out(
    here: World, night: timedelta, then: tuple[str, str | None]
) -> None:
    await visit(here, SOON, wrote_ago=timedelta(hours=3))
    assert here.platform
    assert here.platform.worker
    await here.platform.worker._reminders.plan()
    await night_falls(here, for_=night)
    await remind(here)
    assert await here.sent(as_=ANA) == []
    [row] = await here.rows(
        "SELECT state, reason, due_at > clock_timestamp() AS later FROM reminders"
        " WHERE tenant_id = :tenant AND hours = 2"
    )
    assert (row.state, row.reason) == then
    assert row.later == (row.state == "planned")


async def test_what_night_finds_in_the_outbox_is_not_sent(here: World) -> None:
    await visit(here, SOON, wrote_ago=timedelta(hours=3))
    await left_waiting(here)
    await night_falls(here, for_=timedelta(minutes=30))
    await deliver(here)
    assert await here.value("SELECT error FROM outbox WHERE tenant_id = :t", t=here.tenant.id) == (
        "These are the business's quiet hours."
    )
    assert await here.sent(as_=ANA) == []


async def test_who_wants_none_gets_none_until_they_want_them_again(here: World) -> None:
    assert "não vai mais receber lembretes" in text_of(await here.ask("Parar lembretes, por favor"))
    await visit(here, SOON, wrote_ago=None)
    await remind(here)
    assert (2, "skipped", "opted_out") in await reminded(here)
    assert "volta a receber lembretes" in text_of(await here.ask("quero lembretes"))
    await visit(here, SOON - timedelta(minutes=35), wrote_ago=None)
    await calm(here)
    await remind(here)
    assert "Lembrete: seu horário na Barbearia" in text_of((await here.sent(as_=ANA))[-1])


async def test_a_tap_on_what_was_moved_since_confirms_nothing(here: World) -> None:
    appointment = await visit(here, SOON, wrote_ago=timedelta(hours=3))
    await remind(here)
    [said] = await here.sent(as_=ANA)
    await here.as_owner(
        "UPDATE appointments SET starts_at = starts_at + interval '2 days',"
        f" ends_at = ends_at + interval '2 days' WHERE id = '{appointment}'"
    )
    reply = await here.choose(choices_of(said)[0])
    assert "Presença confirmada" not in text_of(reply)
    assert await here.statuses() == ["booked"]


async def test_a_template_that_meta_pauses_meanwhile_is_looked_at_again(here: World) -> None:
    await approve(here, "confirmation")
    body = {"waba_id": f"waba-{here.tenant.client_name}", "name": "mcp_confirmation_v1"}
    await here.meta.post(
        "/_control/templates/state", json={**body, "language": "pt_BR", "status": "PAUSED"}
    )
    await visit(here, TOMORROW, wrote_ago=timedelta(days=3))
    await remind(here)
    assert await here.sent(as_=ANA) == []

    async def known() -> bool:
        assert here.platform
        assert here.platform.worker
        await here.platform.worker._templates.run(stopping=lambda: False)
        found = (
            "SELECT status FROM message_templates WHERE tenant_id = :tenant"
            " AND purpose = 'confirmation'"
        )
        return bool(await here.value(found, tenant=here.tenant.id) == "PAUSED")

    await eventually(known, why="the pause")
    states = await here.rows("SELECT state, error_code FROM outbox WHERE tenant_id = :tenant")
    assert ("dead", 132015) in [tuple(each) for each in states]


async def test_who_has_not_confirmed_what_is_near_is_shown_to_staff(here: World) -> None:
    appointment = await visit(here, SOON, wrote_ago=timedelta(hours=3))
    assert await unconfirmed(here) == []  # nobody has asked them yet
    await remind(here)
    assert await unconfirmed(here) == [str(appointment)]
    await here.change(unconfirmed_hours=1)
    assert await unconfirmed(here) == []
    await here.change(unconfirmed_hours=4)
    [said] = await here.sent(as_=ANA)
    await here.choose(choices_of(said)[0])
    assert await unconfirmed(here) == []


async def test_a_reply_that_is_lost_is_told_to_the_owner_and_a_reminder_is_not(here: World) -> None:
    await here.fault(here.meta, "failed_status", match={"to": ANA}, params={"code": 131026})
    await visit(here, SOON, wrote_ago=timedelta(hours=3))
    await remind(here)
    assert await here.value("SELECT state FROM outbox WHERE tenant_id = :t", t=here.tenant.id) == (
        "failed"
    )
    assert await here.sent(as_=here.tenant.owner) == []


@pytest.mark.parametrize("said", ["PARAR", "stop", "não quero mais mensagens"])
async def test_a_bare_stop_in_answer_to_it_is_heard(here: World, said: str) -> None:
    await visit(here, SOON, wrote_ago=timedelta(hours=3))
    await remind(here)
    assert "não vai mais receber lembretes" in text_of(await here.ask(said))


async def test_a_bare_stop_in_answer_to_anything_else_is_none_of_reminders(here: World) -> None:
    await here.ask("oi")
    assert "receber lembretes" not in text_of(await here.ask("parar"))


@pytest.mark.parametrize("taken", [False, True])
async def test_its_buttons_act_though_a_person_has_the_conversation(
    here: World, *, taken: bool
) -> None:
    await visit(here, SOON, wrote_ago=timedelta(hours=3))
    await remind(here)
    [said] = await here.sent(as_=ANA)
    await here.ask("quero falar com uma pessoa")
    if taken:
        await asked(here, "POST", f"/{await anas(here)}/take", json={})
    assert "Presença confirmada" in text_of(await here.choose(choices_of(said)[0]))
    assert await here.statuses() == ["confirmed"]
    assert choices_of(await here.choose(choices_of(said)[1]))  # days to move to
    sure = await here.choose(choices_of(said)[2])
    await here.choose(choices_of(sure)[0])
    assert await here.statuses() == ["cancelled"]
    assert (await asked(here, "GET", f"/{await anas(here)}"))["handling"] != "assistant"


async def test_a_typed_yes_to_one_that_comes_while_a_person_has_it_confirms(here: World) -> None:
    await here.ask("quero falar com uma pessoa")
    await asked(here, "POST", f"/{await anas(here)}/take", json={})
    await visit(here, SOON, wrote_ago=None)
    await calm(here)
    await remind(here)
    assert "Presença confirmada" in text_of(await here.ask("sim"))
    assert await here.statuses() == ["confirmed"]


async def test_who_is_asked_something_else_is_reminded_after_they_have_answered(
    here: World,
) -> None:
    appointment = await visit(here, SOON, wrote_ago=timedelta(hours=3))
    await here.ask("Marca um corte amanhã às 15h com o Zé")
    before = len(await here.sent(as_=ANA))
    await remind(here)
    await calm(here)  # the slot is held all the same
    await remind(here)
    assert len(await here.sent(as_=ANA)) == before
    assert "✅ Agendado" in text_of(await here.ask("sim"))
    status = await here.value("SELECT status FROM appointments WHERE id = :id", id=appointment)
    assert status == "booked"
    await calm(here)
    await here.as_owner(
        "UPDATE reminders SET due_at = clock_timestamp() - interval '1 second'"
        f" WHERE tenant_id = {here.tenant.id} AND state = 'planned' AND hours = 2"
    )
    await remind(here)
    assert "Lembrete:" in text_of((await here.sent(as_=ANA))[-1])


async def test_who_speaks_another_language_gets_the_template_of_the_business(here: World) -> None:
    await approve(here, "confirmation")
    await visit(here, TOMORROW, wrote_ago=timedelta(days=3))
    await here.as_owner(f"UPDATE contacts SET language = 'en' WHERE tenant_id = {here.tenant.id}")
    await remind(here)
    [said] = await here.sent(as_=ANA)
    assert said["payload"]["template"]["language"]["code"] == "pt_BR"


async def test_a_template_has_the_article_of_the_business(here: World) -> None:
    await approve(here, "confirmation")
    words = await here.value(
        "SELECT words FROM message_templates WHERE tenant_id = :t", t=here.tenant.id
    )
    assert words.startswith("Seu horário na {business} está marcado")


async def test_a_business_whose_rows_are_bad_keeps_no_other_from_reminding(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = await visit(here, SOON, wrote_ago=timedelta(hours=3))
    await here.as_owner(f"UPDATE tenants SET quiet_from = 'dusk' WHERE id = {here.tenant.id}")
    assert here.platform
    assert here.platform.worker
    assert await here.platform.worker._reminders.plan()
    planned = await here.rows("SELECT state, reason FROM reminders WHERE tenant_id = :tenant")
    assert {tuple(each) for each in planned} == {("skipped", "failed")}
    await here.as_owner(
        f"UPDATE tenants SET quiet_from = '00:00' WHERE id = {here.tenant.id}",
        "UPDATE reminders SET state = 'planned', reason = NULL, due_at = clock_timestamp(),"
        f" until = starts_at WHERE appointment_id = '{bad}' AND hours = 2",
    )

    async def broken(_: object) -> int:
        raise ValueError("as a bug would")

    monkeypatch.setattr(Reminders, "plan", broken)
    reminders = here.platform.worker._reminders
    monkeypatch.setattr(reminders, "_planned_at", None)
    await reminders.run(stopping=lambda: False)
    assert (2, "queued", None) in await reminded(here)


async def test_of_two_workers_that_plan_at_once_neither_fails(here: World) -> None:
    await visit(here, SOON, wrote_ago=timedelta(hours=3))
    assert here.platform
    assert here.platform.worker
    reminders = here.platform.worker._reminders
    owner = await asyncpg.connect(here.database_url)

    async def both_have_looked() -> bool:
        waiting = await owner.fetchval(
            "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database"
            " WHERE datname = current_database() AND relation = 'reminders'::regclass"
            " AND NOT granted"
        )
        return bool(waiting >= 2)

    try:
        async with owner.transaction():
            await owner.execute("LOCK TABLE reminders IN SHARE MODE")
            plans = [asyncio.create_task(reminders.plan()) for _ in range(2)]
            await eventually(both_have_looked, why="two plans of the same appointment")
        one, other = await asyncio.gather(*plans)
        assert one == other, "both had the same to plan"
    finally:
        await owner.close()
    planned = await here.rows(
        "SELECT hours FROM reminders WHERE tenant_id = :tenant ORDER BY hours"
    )
    assert [hours for (hours,) in planned] == [2, 24]


@pytest.mark.parametrize("step", ["_plan_of", "_record_of"])
@pytest.mark.parametrize("error", [ValueError("a bug"), TimeoutError("a row is locked")])
async def test_a_business_that_cannot_be_reminded_keeps_no_other_waiting(
    here: World, monkeypatch: pytest.MonkeyPatch, step: str, error: Exception
) -> None:
    first = await here.add_tenant()
    await here.change(of=first, quiet_from="00:00", quiet_until="00:00", reminder_hours=[2])
    await visit(here, SOON - timedelta(minutes=35), wrote_ago=timedelta(hours=3), of=first)
    await visit(here, SOON, wrote_ago=timedelta(hours=3))
    done = getattr(Reminders, step)

    async def broken(reminders: Reminders, tenant: Tenant | TenantId, *more: Any, **by: Any) -> Any:
        if first.id in (tenant, getattr(tenant, "id", None)):
            raise error
        return await done(reminders, tenant, *more, **by)

    monkeypatch.setattr(Reminders, step, broken)
    assert here.platform
    assert here.platform.worker
    reminders = here.platform.worker._reminders
    for work in (reminders.plan, reminders.plan, reminders.record, reminders.record):
        with suppress(TimeoutError):
            await work()
    assert (2, "queued", None) in await reminded(here)

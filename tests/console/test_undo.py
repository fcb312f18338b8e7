"""A change by staff is undone within ten seconds, and its customer never hears of it."""

import asyncio
import json
import uuid
from datetime import UTC, timedelta
from typing import Any

import pytest

from mcp_platform.audit.actor import system
from mcp_platform.audit.trail import ActorTrail
from mcp_platform.kit.sql import Driver
from mcp_platform.outbox import lanes
from mcp_platform.scheduling.agenda import cancel
from mcp_platform.scheduling.changing.undoing import HELD_FOR, UNDONE_WITHIN, UNSEND, NothingToUndo
from mcp_platform.tenants.tenant import Tenant
from tests.console.test_agenda import DAY, Desk, at, desk
from tests.scheduling.shop import PlainCommit, catalogue

__all__ = ["desk"]


async def moved(desk: Desk) -> str:
    """Book at ten, and move to eleven with another professional; the customer has written."""
    await desk.sign_in()
    one = await desk.book("10:00", tell="")
    await desk.wrote()
    await desk.do(
        f"/appointments/{one}/move", start=f"{DAY}T11:00", who="ana", version="1", tell="yes"
    )
    return one


async def events(desk: Desk, appointment: str) -> list[tuple[str, str]]:
    rows = await desk.api.sql(
        "SELECT kind, body FROM outbox WHERE lane = 'a:' || :id ORDER BY id", id=appointment
    )
    return [(row.kind, json.dumps(row.body)) for row in rows]


async def traces(desk: Desk) -> list[int]:
    """Count what would tell the customer: effects, messages, who is to be called, what is kept."""
    return [
        (await desk.api.sql(f"SELECT count(*) AS n FROM {what}"))[0].n  # ours
        for what in ("outbox WHERE kind = 'whatsapp'", "messages", "tellings", "undos")
    ]


async def test_the_message_of_a_move_waits_and_undoing_takes_it_away(desk: Desk) -> None:
    one = await moved(desk)
    [held] = await desk.api.sql(
        "SELECT due_at - created_at AS wait FROM outbox WHERE kind = 'whatsapp'"
    )
    assert HELD_FOR - timedelta(seconds=5) < held.wait < HELD_FOR + timedelta(seconds=5)
    assert await traces(desk) == [1, 1, 1, 1]

    page = await desk.see(f"?day={DAY}&said=moved&on={one}")
    assert f'action="/console/t/{desk.path}/agenda/appointments/{one}/undo"' in page
    page = await desk.do(f"/appointments/{one}/undo")

    assert "Desfeito:" in page
    assert "não soube da mudança" in page
    assert "Desfazer" not in page
    assert await desk.now(one) == ("booked", at("10:00").astimezone(UTC), "ze")
    assert await traces(desk) == [0, 0, 0, 0]
    kind, event = (await events(desk, one))[-1]
    assert kind == "calendar_put"
    assert at("10:00").isoformat() in event
    assert (await desk.api.audited())[-2:] == ["appointment.move", "appointment.undo"]


async def test_a_cancelled_appointment_stands_again_as_it_was_and_is_in_the_calendar(
    desk: Desk,
) -> None:
    await desk.sign_in()
    one = await desk.book("10:00", tell="")
    await desk.do(f"/appointments/{one}/mark", mark="confirmed", version="1")
    await desk.wrote()
    page = await desk.do(f"/appointments/{one}/cancel", version="2", tell="yes")
    assert "Desfazer" in page
    await desk.do(f"/appointments/{one}/undo")
    assert await desk.now(one) == ("confirmed", at("10:00").astimezone(UTC), "ze")
    assert await traces(desk) == [0, 0, 0, 0]
    assert [kind for kind, _ in await events(desk, one)][-2:] == ["calendar_remove", "calendar_put"]


async def test_a_booking_that_is_undone_is_no_more_and_nobody_is_to_be_called(desk: Desk) -> None:
    await desk.sign_in()
    one = await desk.book("10:00")  # nobody who never wrote takes a message: they would be called
    assert await traces(desk) == [0, 0, 1, 1]
    await desk.do(f"/appointments/{one}/undo")
    assert (await desk.now(one))[0] == "cancelled"
    assert await traces(desk) == [0, 0, 0, 0]
    assert [kind for kind, _ in await events(desk, one)] == ["calendar_put", "calendar_remove"]


async def test_what_the_customer_had_to_be_told_before_is_to_be_told_again(desk: Desk) -> None:
    await desk.sign_in()
    one = await desk.book("10:00")
    [before] = await desk.api.sql("SELECT known_start, until, by, version FROM tellings")
    await desk.do(
        f"/appointments/{one}/move", start=f"{DAY}T14:00", who="ze", version="1", tell="yes"
    )
    await desk.do(f"/appointments/{one}/undo")
    [after] = await desk.api.sql("SELECT known_start, until, by, version FROM tellings")
    assert tuple(after)[:3] == tuple(before)[:3]
    assert after.version == before.version + 2, "of the appointment as it is"


async def test_without_a_message_it_is_undone_for_some_seconds_only(desk: Desk) -> None:
    await desk.sign_in()
    one = await desk.book("10:00", tell="")
    desk.api.clock.advance(seconds=UNDONE_WITHIN.total_seconds())
    assert "Desfazer" not in await desk.see(f"?day={DAY}&said=booked&on={one}")
    page = await desk.do(f"/appointments/{one}/undo", status=409)
    assert "Tarde demais" in page
    assert (await desk.now(one))[0] == "booked"


async def test_what_was_changed_again_is_not_undone(desk: Desk) -> None:
    one = await moved(desk)
    await desk.do(f"/appointments/{one}/mark", mark="confirmed", version="2")
    assert "Tarde demais" in await desk.do(f"/appointments/{one}/undo", status=409)
    assert await desk.now(one) == ("confirmed", at("11:00").astimezone(UTC), "ana")
    assert len(await desk.told()) == 1


async def test_if_the_old_time_is_somebody_elses_the_change_stays_and_is_told(desk: Desk) -> None:
    one = await moved(desk)
    await desk.book("10:00", phone="11 97777-0000", tell="")
    page = await desk.do(f"/appointments/{one}/undo", status=409)
    assert "já é de outra pessoa" in page
    assert await desk.now(one) == ("booked", at("11:00").astimezone(UTC), "ana")
    assert len(await desk.told()) == 1
    assert len(await desk.api.sql("SELECT 1 AS n FROM messages")) == 1


async def head(desk: Desk, session: Any) -> Any:
    [(lane,)] = await desk.api.sql("SELECT lane FROM outbox WHERE kind = 'whatsapp'")
    found = await lanes.head_of(session, tenant_id=desk.tenant, lane=lane)
    assert found is not None
    return found.effect


async def claimed(desk: Desk, session: Any) -> bool:
    now = desk.api.clock()
    return await lanes.claim(
        session, await head(desk, session), by=uuid.uuid4(), until=now + timedelta(minutes=1),
        give_up_at=now + timedelta(days=1), resend=False,
    )  # fmt: skip


async def tenant_of(desk: Desk) -> Tenant:
    return await desk.api.platform.shared.tenants.by_id(desk.tenant)


@pytest.mark.parametrize("first", ["worker", "undo"])
async def test_of_a_worker_that_sends_and_who_undoes_at_second_ten_one_wins(
    desk: Desk, first: str
) -> None:
    """Whichever has the message's row first: the other waits for it, and finds it changed."""
    one = await moved(desk)
    appointments, sessions = desk.api.admin.appointments, desk.api.admin.sessions
    tenant, trail = await tenant_of(desk), ActorTrail(system("tests"))

    async def undo() -> str:
        try:
            await appointments.undo(tenant, uuid.UUID(one), trail=trail)
        except NothingToUndo:
            return "too late"
        return "undone"

    if first == "worker":
        async with sessions.of(desk.tenant).begin() as session:
            assert await claimed(desk, session)
            undoing = asyncio.create_task(undo())
            await waits(desk)
        assert await undoing == "too late"
        assert await desk.now(one) == ("booked", at("11:00").astimezone(UTC), "ana")
        assert await traces(desk) == [1, 1, 1, 1]
        return
    async with sessions.of(desk.tenant).begin() as session:
        effect = await head(desk, session)
    async with sessions.of(desk.tenant).begin() as session:
        await Driver(session).execute(UNSEND, tenant=desk.tenant, key=effect.key)
        claiming = asyncio.create_task(_claim(desk, effect))
        await waits(desk)
    assert not await claiming, "what was taken away is not sent"


async def _claim(desk: Desk, effect: Any) -> bool:
    now = desk.api.clock()
    async with desk.api.admin.sessions.of(desk.tenant).begin() as session:
        return await lanes.claim(
            session, effect, by=uuid.uuid4(), until=now + timedelta(minutes=1),
            give_up_at=now + timedelta(days=1), resend=False,
        )  # fmt: skip


async def waits(desk: Desk) -> None:
    """Wait until a statement waits for a row's lock."""
    while not await desk.api.sql(  # noqa: ASYNC110  # no event tells of it
        "SELECT 1 AS n FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')"
    ):
        await asyncio.sleep(0)


async def test_the_api_undoes_what_was_changed_so_and_nothing_else(desk: Desk) -> None:
    token = await desk.api.sign_in("operator")
    await desk.sign_in()
    one = await desk.book("10:00", tell="")
    there = f"/admin/clients/{desk.path.replace('/', '/environments/')}/appointments/{one}"
    desk.api.clock.advance(seconds=UNDONE_WITHIN.total_seconds())

    async def change(query: str, start: str) -> None:
        etag = (await desk.api.ask("GET", there, token=token)).headers["etag"]
        answer = await desk.api.ask(
            "PATCH", f"{there}{query}", token=token, headers={"if-match": etag},
            json={"start": at(start).isoformat()},
        )  # fmt: skip
        assert answer.status_code == 200, answer.text

    await change("", "14:00")
    assert (await desk.api.ask("POST", f"{there}/undo", token=token)).status_code == 409
    await change("?undoable=true", "16:00")
    undone = await desk.api.ask("POST", f"{there}/undo", token=token)
    assert undone.status_code == 200, undone.text
    assert undone.json()["start"] == at("14:00").isoformat()
    assert (await desk.api.ask("POST", f"{there}/undo", token=token)).status_code == 409


async def test_moved_back_before_it_was_told_nothing_is_told(desk: Desk) -> None:
    one = await moved(desk)
    await desk.do(
        f"/appointments/{one}/move", start=f"{DAY}T10:00", who="ze", version="2", tell="yes"
    )
    assert await traces(desk) == [0, 0, 0, 1]
    await desk.do(f"/appointments/{one}/undo")
    # Of eleven with Ana, as it is again, its message is gone: so they are called.
    [telling] = await desk.api.sql("SELECT known_start, key FROM tellings")
    assert tuple(telling) == (at("10:00").astimezone(UTC), None)
    assert (await desk.now(one))[1] == at("11:00").astimezone(UTC)


@pytest.mark.parametrize("tell", ["yes", ""])
async def test_cancelled_before_a_move_was_told_they_read_of_the_time_they_know(
    desk: Desk, tell: str
) -> None:
    one = await moved(desk)
    await desk.do(f"/appointments/{one}/mark", mark="confirmed", version="2")
    await desk.do(f"/appointments/{one}/cancel", version="3", tell=tell)
    said = await desk.told()
    assert len(said) == len(await desk.api.sql("SELECT 1 AS n FROM messages")) == bool(tell)
    assert all("cancelado" in each and "10:00" in each for each in said)


async def test_a_customer_who_cancels_does_not_read_of_the_move_before(desk: Desk) -> None:
    one = await moved(desk)
    tenant = await tenant_of(desk)
    [contact] = await desk.api.sql("SELECT id FROM contacts")
    await cancel(
        tenant,
        catalogue().rules,
        appointment_id=uuid.UUID(one),
        contact_id=contact.id,
        now=desk.api.clock(),
        work=PlainCommit(desk.api.admin.sessions.of(desk.tenant)),
    )
    assert await desk.told() == []


HEARD = [
    "INSERT INTO messages (tenant_id, contact_id, direction, author, text, key, at)"
    " SELECT tenant_id, id, 'out', 'model', 'Às 11:00.', 't:1', CAST(:now AS timestamptz)"
    " FROM contacts",
    "INSERT INTO turns (tenant_id, id, contact_id, opened_at)"
    " SELECT tenant_id, gen_random_uuid(), id, CAST(:now AS timestamptz) FROM contacts",
]


@pytest.mark.parametrize("heard", HEARD, ids=["told", "being told"])
async def test_what_the_assistant_may_have_told_is_not_undone_and_its_change_is_told(
    desk: Desk, heard: str
) -> None:
    one = await moved(desk)
    await desk.api.sql(f"{heard} RETURNING 1", now=desk.api.clock())
    assert "recebeu outra mensagem" in await desk.do(f"/appointments/{one}/undo", status=409)
    assert (await desk.now(one))[1] == at("11:00").astimezone(UTC)
    assert len(await desk.told()) == 1

    await desk.do(
        f"/appointments/{one}/move", start=f"{DAY}T10:00", who="ze", version="2", tell="yes"
    )
    [said] = await desk.told()
    assert "às 11:00; agora é" in said
    assert "10:00" in said

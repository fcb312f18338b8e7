"""What Meta tells of our messages afterwards, in any number and order."""

from typing import Any

from tests.world import World, eventually, text_of

STATE = "SELECT state FROM outbox WHERE tenant_id = :tenant AND kind = 'whatsapp' ORDER BY id"


def status(wamid: str, name: str, **more: Any) -> dict[str, Any]:
    return {
        "id": wamid,
        "status": name,
        "timestamp": "1795357784",
        "recipient_id": "5511999998888",
        **more,
    }


async def test_a_thousand_statuses_in_one_post_wake_nobody(alone: World) -> None:
    # A service of its own: in the shared one another's job may wait for its next try.
    await alone.ask("oi")
    await alone.idle()
    queued = "SELECT count(*) FROM queue.pgqueuer"
    log = "SELECT count(*) FROM queue.pgqueuer_log"

    async def empty() -> bool:
        return await alone.value(queued) == 0

    await eventually(empty, why="the last wake-up written off")
    before = await alone.value(queued), await alone.value(log)
    names = ["sent", "delivered", "read"]
    storm = [status(f"wamid.storm{number}", names[number % 3]) for number in range(1_000)]

    answer = await alone.post(alone.webhook(statuses=storm))

    assert answer.status_code == 200
    await eventually(lambda: _settled(alone), why="all statuses applied")
    assert (await alone.value(queued), await alone.value(log)) == before
    stored = "SELECT count(*) FROM inbox_events WHERE tenant_id = :tenant AND kind = 'status'"
    assert await alone.value(stored) >= 1_000


async def test_statuses_in_disorder_and_repeated_never_go_backwards(here: World) -> None:
    sent = await here.ask("oi")
    wamid = sent["wamid"]
    await here.idle()
    for order in (["read"], ["delivered", "sent"], ["failed"], ["sent", "read", "delivered"]):
        told = [status(wamid, name) for name in order]
        await here.post(here.webhook(statuses=told * 3))
        await eventually(lambda: _settled(here))
        assert await here.value(STATE) == "read"


async def test_a_failure_without_contacts_is_kept_and_the_owner_is_told(here: World) -> None:
    await here.fault(
        here.meta,
        "failed_status",
        match={"phone_number_id": here.tenant.phone_number_id},
        times=1,
        code=131026,
    )
    await here.ask("oi")

    async def failed() -> bool:
        return bool(await here.value(STATE) == "failed")

    await eventually(failed)
    code = await here.value(
        "SELECT error_code FROM outbox WHERE tenant_id = :tenant AND state = 'failed'"
    )
    assert code == 131026


async def test_statuses_of_odd_shapes_harm_nobody(here: World) -> None:
    odd: list[Any] = [
        {"id": "x", "status": "failed", "errors": [{"code": "131026"}]},
        {"id": "x", "status": "failed", "errors": {"code": 1}},
        {"id": "x", "status": "teleported"},
        {"id": 7, "status": "sent"},
        {"id": "x" * 5_000, "status": "read"},
        {"id": "x\x00", "status": "read"},
        {"status": "read"},
        {"id": "y", "status": ["read"]},
        {"id": "z", "status": "read", "timestamp": {}, "biz_opaque_callback_data": 7},
        {"id": "w", "status": "read", "pricing": [], "biz_opaque_callback_data": "a\x00b"},
        {"id": "v", "status": "failed", "errors": [{"code": 10**30, "title": "\ud83d"}]},
        None,
        7,
    ]
    answer = await here.post(here.webhook(statuses=odd))
    assert answer.status_code == 200

    sent = await here.ask("oi")
    await here.post(here.webhook(statuses=[status(sent["wamid"], "read")]))

    async def read() -> bool:
        return bool(await here.value(STATE) == "read")

    await eventually(read, why="a good status after the odd ones")


async def test_an_event_that_cannot_be_read_is_set_aside_and_the_next_are_applied(
    here: World,
) -> None:
    sent = await here.ask("oi")
    await here.idle()
    broken = "INSERT INTO inbox_events (tenant_id, key, kind, body)"
    await here.as_owner(f"{broken} VALUES ({here.tenant.id}, 's:broken', 'status', 'no JSON')")
    await here.post(here.webhook(statuses=[status(sent["wamid"], "read")]))

    async def read() -> bool:
        return bool(await here.value(STATE) == "read")

    await eventually(read, why="the status behind it")
    found = "SELECT state FROM inbox_events WHERE tenant_id = :tenant AND key = 's:broken'"
    assert await here.value(found) == "parked"


async def _settled(here: World) -> bool:
    waiting = await here.value(
        "SELECT count(*) FROM inbox_events WHERE tenant_id = :tenant AND state = 'waiting'"
    )
    return bool(waiting == 0)


async def test_a_reply_that_meta_took_and_then_failed_is_told_to_the_owner(here: World) -> None:
    await here.fault(here.meta, "failed_status", times=None)

    await here.ask("oi")

    (told,) = await here.replies(1, as_=here.tenant.owner)
    assert "não pôde ser entregue" in text_of(told)
    await eventually(lambda: _all_failed(here))
    await here.idle()
    assert len(await here.sent(as_=here.tenant.owner)) == 1


async def _all_failed(world: World) -> bool:
    return await world.rows(STATE) == [("failed",), ("failed",)]

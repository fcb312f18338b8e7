"""What no wake-up tells of is found by sweeping, and found again without filling the queue."""

from datetime import timedelta

from sqlalchemy import text

from mcp_platform.inbox.sweep import sweep
from tests.crash.world import CrashWorld

AT_ONCE = timedelta(0)


async def test_sweeping_again_and_again_wakes_a_contact_once(here: CrashWorld) -> None:
    await here.open()
    await here.world.say("Oi, tudo bem?")
    await _lose_all_wake_ups(here)

    for _ in range(5):
        assert here.world.platform is not None
        found = await sweep(here.world.platform.shared.sessions, patience=AT_ONCE, lease=AT_ONCE)
        assert found == 1

    assert await _wake_ups(here) == 1
    await here.start("worker")
    await here.until_answered(1)
    await here.check_messages()


async def test_a_contact_is_woken_anew_once_the_last_sweep_was_dealt_with(here: CrashWorld) -> None:
    await here.open("worker")
    for count in (1, 2):
        await here.world.say("Oi, tudo bem?")
        await _lose_all_wake_ups(here)
        await here.until_answered(count)
    await here.check_messages()


async def _lose_all_wake_ups(here: CrashWorld) -> None:
    async with here.world.session() as session:
        await session.execute(text("DELETE FROM queue.pgqueuer WHERE status = 'queued'"))


async def _wake_ups(here: CrashWorld) -> int:
    return int(
        await here.world.value(
            "SELECT count(*) FROM queue.pgqueuer"
            " WHERE convert_from(payload, 'UTF8')::jsonb ->> 'tenant' = :whose",
            whose=str(here.world.tenant.id),
        )
    )

"""Workers die while they remind, and while they have templates made: it is said once, and made once."""

import signal
from datetime import UTC, datetime, timedelta

import pytest

from tests import factories
from tests.crash.world import RECOVERY_S, TIMEOUT_S, CrashWorld
from tests.world import ANA, eventually

pytestmark = pytest.mark.timeout(TIMEOUT_S)
SOON = timedelta(hours=2) - timedelta(minutes=10)


async def a_visit(here: CrashWorld) -> None:
    """Book Ana, who wrote three hours ago, for what a reminder is due of."""
    world, now = here.world, datetime.now(UTC)
    await world.change(quiet_from="00:00", quiet_until="00:00", reminder_hours=[2])
    await world.meta.post("/_control/settings", json={"window": False})
    async with world.session() as session:
        ana = await factories.add_contact(
            session, world.tenant.id, wa_id=ANA, last_inbound_at=now - timedelta(hours=3)
        )
        await factories.add_appointment(
            session,
            world.tenant.id,
            ana,
            starts_at=now + SOON,
            created_at=now - timedelta(days=5),
            updated_at=now - timedelta(days=5),
        )


@pytest.mark.parametrize(
    "name",
    [
        "reminders.before_commit",
        "reminders.after_commit",
        "outbox.after_claim",
        "outbox.after_call",
        "outbox.after_done",
    ],
)
async def test_a_reminder_is_said_once_wherever_its_worker_dies(
    here: CrashWorld, name: str
) -> None:
    await here.open()
    await a_visit(here)
    dying = await here.start("worker", failpoint=name)
    await here.died(dying)
    assert dying.ended_by == signal.SIGKILL
    await here.bury(dying)
    await here.start("worker")
    await here.until_answered(1, as_=ANA)
    await here.check_messages()
    states = await here.world.rows("SELECT state FROM reminders WHERE tenant_id = :tenant")
    assert [state for (state,) in states] == ["queued"]
    await here.world.meta.post("/_control/settings", json={"window": True})


async def test_a_template_whose_maker_dies_is_found_in_the_list(here: CrashWorld) -> None:
    await here.open()
    await a_visit(here)  # what is planned wants its templates
    dying = await here.start("worker", failpoint="templates.after_create")
    await here.died(dying)
    await here.bury(dying)
    await here.start("worker")

    async def approved() -> bool:
        await here.world.as_owner("UPDATE template_looks SET due_at = '-infinity'")
        found = "SELECT status FROM message_templates WHERE tenant_id = :tenant ORDER BY name"
        return {status for (status,) in await here.world.rows(found)} == {"APPROVED"}

    await eventually(approved, within=RECOVERY_S, why="both templates approved")
    posted = await here.world.meta.get("/_control/requests")
    made = [
        each["json"]["name"] if "json" in each else each["body"]
        for each in posted.json()["requests"]
        if each["method"] == "POST"
        and each["path"].endswith(f"waba-{here.world.tenant.client_name}/message_templates")
    ]
    assert len(made) == 2
    await here.world.meta.post("/_control/settings", json={"window": True})

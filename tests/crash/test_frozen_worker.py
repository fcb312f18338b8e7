"""A worker sleeps through its lease, another does its work, then it wakes and goes on."""

import pytest

from tests.crash.world import RECOVERY_S, TIMEOUT_S, CrashWorld
from tests.world import eventually, tomorrow

pytestmark = pytest.mark.timeout(TIMEOUT_S)

BOOK = "Oi! Quero marcar um corte amanhã às 15h com o Zé"


@pytest.mark.parametrize(
    "where",
    [
        "turn.after_claim",
        *(
            pytest.param(each, marks=pytest.mark.full)
            for each in ("turn.after_model", "turn.after_model_recorded", "turn.after_hold")
        ),
        "turn.after_calendar",
        pytest.param("turn.after_tool", marks=pytest.mark.full),
        "turn.before_close",
    ],
)
async def test_a_worker_that_slept_through_its_lease_changes_nothing(
    here: CrashWorld, where: str
) -> None:
    await here.open()
    sleeper = await here.start("worker", failpoint=f"{where}:1:stop")
    await here.world.say(BOOK)
    await here.frozen(sleeper)
    await here.bury(sleeper)
    heir = await here.start("worker")
    await here.until_answered(1)

    sleeper.thaw()

    await eventually(
        lambda: sleeper.has_said("flow.lease.lost"), within=RECOVERY_S, why="the loss being logged"
    )
    await here.settle()
    await here.check_messages()
    await here.world.say("Sim")
    await here.until_answered(2)
    await here.check_calendar([("booked", tomorrow(15))])
    await heir.kill()
    for count, words in enumerate(("Quero cancelar meu horário", "Sim"), start=3):
        await here.world.say(words)
        await here.until_answered(count)  # by the one that slept
    await here.check_messages()
    await here.check_calendar([("cancelled", tomorrow(15))])


async def test_a_worker_that_slept_before_sending_does_not_send_what_was_sent_meanwhile(
    here: CrashWorld,
) -> None:
    await here.open()
    # By its own clock it must have slept too long: here its time is not made to pass, but short.
    sleeper = await here.start("worker", failpoint="outbox.after_claim:1:stop", claim_s=1)
    await here.world.say("Oi, tudo bem?")
    await here.frozen(sleeper)
    await here.start("worker")
    await here.until_answered(1)

    sleeper.thaw()

    await eventually(
        lambda: sleeper.has_said("outbox.effect.fenced"), within=RECOVERY_S, why="the fence"
    )
    await here.check_messages()
    assert here.doubts == 1
    assert len(await here.world.sent()) == 1


async def test_a_worker_that_slept_after_sending_leaves_what_is_known_by_then(
    here: CrashWorld,
) -> None:
    await here.open()
    sleeper = await here.start("worker", failpoint="outbox.after_call:1:stop")
    await here.world.say("Oi, tudo bem?")
    await here.frozen(sleeper)
    await here.start("worker")
    await here.until_answered(1)

    sleeper.thaw()

    await eventually(
        lambda: sleeper.has_said("outbox.effect.done"), within=RECOVERY_S, why="its last word"
    )
    await here.check_messages()
    assert here.doubts == 0
    state = "SELECT state FROM outbox WHERE tenant_id = :tenant"
    assert await here.world.value(state) == "delivered"

"""The daily check: each tenant once a day at its own time, and no account asked too often."""

from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from mcp_platform.doctor.sentences import TITLES
from mcp_platform.doctor.visits import AGAIN, DAY, MOST_AN_HOUR, Visits, next_visit
from mcp_platform.tenants.tenant import TenantId
from tests.doctor.examined_tenant import NOW, WABA
from tests.doctor.world import DoctorWorld


async def claim(world: DoctorWorld, topology: str | None = "shared") -> TenantId | None:
    async with world.sessions.everywhere.begin() as session:
        return await Visits(session).claim(topology=topology, now=world.examined.now)


async def make_due(world: DoctorWorld) -> None:
    async with world.sessions.everywhere.begin() as session:
        await Visits(session).schedule(now=world.examined.now)
    await world.rows("UPDATE doctor_visits SET next_due_at = :now", now=world.examined.now)


def never() -> bool:
    return False


def test_visits_are_spread_over_the_day_and_stay_where_they_are() -> None:
    times = {id_: next_visit(TenantId(id_), now=NOW) for id_ in range(1000)}

    hours = [at.hour for at in times.values()]
    assert all(20 <= hours.count(hour) <= 65 for hour in range(24))
    for id_, at in times.items():
        assert NOW < at <= NOW + DAY
        assert next_visit(TenantId(id_), now=at) == at + DAY


async def test_every_tenant_gets_its_time_and_is_examined_at_it(world: DoctorWorld) -> None:
    assert await world.daily().run(stopping=never) == 0
    world.examined.now = next_visit(world.tenant.id, now=NOW)

    assert await world.daily().run(stopping=never) == 1
    assert await world.daily().run(stopping=never) == 0

    kept = await world.last()
    assert [each.found.check for each in kept] == [n for n in TITLES if n != "google.write"]
    (due,) = (await world.rows("SELECT next_due_at FROM doctor_visits"))[0]
    assert due == next_visit(world.tenant.id, now=world.examined.now)


async def test_a_visit_is_claimed_by_one_worker(world: DoctorWorld) -> None:
    await make_due(world)
    async with world.sessions.everywhere.begin() as one:
        first = await Visits(one).claim(topology="shared", now=world.examined.now)

        assert await claim(world) is None

    assert first == world.tenant.id


async def test_a_visit_that_nobody_finished_comes_back_soon(world: DoctorWorld) -> None:
    await make_due(world)
    await claim(world)

    assert await claim(world) is None
    world.later(seconds=AGAIN.total_seconds())
    assert await claim(world) == world.tenant.id


@pytest.mark.parametrize("status", ["suspended", "offboarded"])
async def test_who_is_not_served_is_not_examined(world: DoctorWorld, status: str) -> None:
    await make_due(world)
    await world.change(status=status)

    assert await claim(world) is None


async def test_isolated_tenants_are_left_to_their_own_process(world: DoctorWorld) -> None:
    await make_due(world)
    await world.change(topology="isolated")

    assert await claim(world, "shared") is None
    assert await claim(world, None) == world.tenant.id


async def test_an_account_is_not_asked_more_often_than_meta_allows(world: DoctorWorld) -> None:
    for number in range(MOST_AN_HOUR):
        await world.add(f"other-{number}")
    await make_due(world)
    # All of them share the account, and all but one were asked about it within the hour.
    await world.rows(
        "UPDATE doctor_visits SET account = :account, started_at = :now, next_due_at = :later"
        " WHERE tenant_id <> :tenant",
        account=WABA,
        now=NOW,
        later=NOW + DAY,
        tenant=world.tenant.id,
    )
    await world.rows(
        "UPDATE doctor_visits SET account = :account WHERE tenant_id = :tenant",
        account=WABA,
        tenant=world.tenant.id,
    )

    assert await claim(world) is None
    world.later(minutes=61)
    assert await claim(world) == world.tenant.id


async def test_an_examination_counts_for_the_account_whoever_asked_for_it(
    world: DoctorWorld,
) -> None:
    await world.doctor.examine(world.tenant)

    rows = await world.rows("SELECT account, started_at FROM doctor_visits")
    assert [tuple(row) for row in rows] == [(WABA, NOW)]


async def test_what_is_newly_wrong_is_told_by_the_daily_check(world: DoctorWorld) -> None:
    world.store_credentials(WHATSAPP_APP_SECRET="another")
    await make_due(world)

    await world.daily().run(stopping=never)

    (said,) = await world.told()
    assert "WHATSAPP_APP_SECRET" in said


async def test_a_worker_that_is_told_to_stop_begins_no_other_examination(
    world: DoctorWorld,
) -> None:
    await make_due(world)

    assert await world.daily().run(stopping=lambda: True) == 0


async def test_metrics_count_tenants_by_check_and_state(world: DoctorWorld) -> None:
    await world.add("another")  # nothing of it is set up
    world.examined.now = NOW + timedelta(seconds=1)
    await make_due(world)

    await world.daily().run(stopping=never)

    def tenants(check: str, state: str) -> float | None:
        labels = {"check": check, "state": state}
        return REGISTRY.get_sample_value("mcp_doctor_results", labels)

    assert tenants("secret", "ok") == 1
    assert tenants("secret", "failed") == 1
    assert tenants("gemini.key", "unknown") == 1
    assert tenants("gemini.key", "warning") is None
    last = REGISTRY.get_sample_value("mcp_doctor_last_run_timestamp_seconds")
    assert last == world.examined.now.timestamp()
    assert REGISTRY.get_sample_value("mcp_doctor_overdue") == 0

"""The daily check: each tenant once a day at its own time, and no account asked too often."""

from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from mcp_platform.doctor.sentences import TITLES
from mcp_platform.doctor.visits import AGAIN, DAY, MOST_AN_HOUR, Visits, next_visit
from mcp_platform.tenants.tenant import TenantId
from tests.doctor.practice import Practice
from tests.doctor.surgery import NOW, WABA


async def claim(office: Practice, topology: str | None = "shared") -> TenantId | None:
    async with office.sessions.everywhere.begin() as session:
        return await Visits(session).claim(topology=topology, now=office.surgery.now)


async def make_due(office: Practice) -> None:
    async with office.sessions.everywhere.begin() as session:
        await Visits(session).schedule(now=office.surgery.now)
    await office.rows("UPDATE doctor_visits SET next_due_at = :now", now=office.surgery.now)


def never() -> bool:
    return False


def test_visits_are_spread_over_the_day_and_stay_where_they_are() -> None:
    times = {id_: next_visit(TenantId(id_), now=NOW) for id_ in range(1000)}

    hours = [at.hour for at in times.values()]
    assert all(20 <= hours.count(hour) <= 65 for hour in range(24))
    for id_, at in times.items():
        assert NOW < at <= NOW + DAY
        assert next_visit(TenantId(id_), now=at) == at + DAY


async def test_every_tenant_gets_its_time_and_is_examined_at_it(office: Practice) -> None:
    assert await office.daily().run(stopping=never) == 0
    office.surgery.now = next_visit(office.tenant.id, now=NOW)

    assert await office.daily().run(stopping=never) == 1
    assert await office.daily().run(stopping=never) == 0

    kept = await office.last()
    assert [each.found.check for each in kept] == [n for n in TITLES if n != "google.write"]
    (due,) = (await office.rows("SELECT next_due_at FROM doctor_visits"))[0]
    assert due == next_visit(office.tenant.id, now=office.surgery.now)


async def test_a_visit_is_claimed_by_one_worker(office: Practice) -> None:
    await make_due(office)
    async with office.sessions.everywhere.begin() as one:
        first = await Visits(one).claim(topology="shared", now=office.surgery.now)

        assert await claim(office) is None

    assert first == office.tenant.id


async def test_a_visit_that_nobody_finished_comes_back_soon(office: Practice) -> None:
    await make_due(office)
    await claim(office)

    assert await claim(office) is None
    office.later(seconds=AGAIN.total_seconds())
    assert await claim(office) == office.tenant.id


@pytest.mark.parametrize("status", ["suspended", "offboarded"])
async def test_who_is_not_served_is_not_examined(office: Practice, status: str) -> None:
    await make_due(office)
    await office.change(status=status)

    assert await claim(office) is None


async def test_isolated_tenants_are_left_to_their_own_process(office: Practice) -> None:
    await make_due(office)
    await office.change(topology="isolated")

    assert await claim(office, "shared") is None
    assert await claim(office, None) == office.tenant.id


async def test_an_account_is_not_asked_more_often_than_meta_allows(office: Practice) -> None:
    for number in range(MOST_AN_HOUR):
        await office.add(f"other-{number}")
    await make_due(office)
    # All of them share the account, and all but one were asked about it within the hour.
    await office.rows(
        "UPDATE doctor_visits SET account = :account, started_at = :now, next_due_at = :later"
        " WHERE tenant_id <> :tenant",
        account=WABA,
        now=NOW,
        later=NOW + DAY,
        tenant=office.tenant.id,
    )
    await office.rows(
        "UPDATE doctor_visits SET account = :account WHERE tenant_id = :tenant",
        account=WABA,
        tenant=office.tenant.id,
    )

    assert await claim(office) is None
    office.later(minutes=61)
    assert await claim(office) == office.tenant.id


async def test_an_examination_counts_for_the_account_whoever_asked_for_it(office: Practice) -> None:
    await office.doctor.examine(office.tenant)

    rows = await office.rows("SELECT account, started_at FROM doctor_visits")
    assert [tuple(row) for row in rows] == [(WABA, NOW)]


async def test_what_is_newly_wrong_is_told_by_the_daily_check(office: Practice) -> None:
    office.store_credentials(WHATSAPP_APP_SECRET="another")
    await make_due(office)

    await office.daily().run(stopping=never)

    (said,) = await office.told()
    assert "WHATSAPP_APP_SECRET" in said


async def test_a_worker_that_is_told_to_stop_begins_no_other_examination(office: Practice) -> None:
    await make_due(office)

    assert await office.daily().run(stopping=lambda: True) == 0


async def test_metrics_count_tenants_by_check_and_state(office: Practice) -> None:
    await office.add("another")  # nothing of it is set up
    office.surgery.now = NOW + timedelta(seconds=1)
    await make_due(office)

    await office.daily().run(stopping=never)

    def tenants(check: str, state: str) -> float | None:
        labels = {"check": check, "state": state}
        return REGISTRY.get_sample_value("mcp_doctor_results", labels)

    assert tenants("secret", "ok") == 1
    assert tenants("secret", "failed") == 1
    assert tenants("gemini.key", "unknown") == 1
    assert tenants("gemini.key", "warning") is None
    last = REGISTRY.get_sample_value("mcp_doctor_last_run_timestamp_seconds")
    assert last == office.surgery.now.timestamp()
    assert REGISTRY.get_sample_value("mcp_doctor_overdue") == 0

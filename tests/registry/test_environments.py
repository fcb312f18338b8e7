"""Environments of clients over the admin API."""

import asyncio
import uuid
from typing import Any

import pytest
from sqlalchemy import event, text

from mcp_platform.audit.actor import Actor
from mcp_platform.errors import Conflict, Invalid, NotFound, Unavailable
from mcp_platform.registry.clients import Clients, NewClient
from mcp_platform.registry.environments import EnvironmentChange, Environments, NewEnvironment
from tests.cases import cases
from tests.registry.world import ME, RegistryWorld, fields


def a_number() -> str:
    return str(uuid.uuid4().int)[:15]


async def test_an_environment_is_made_with_defaults_and_read_back(registry: RegistryWorld) -> None:
    shop = await registry.environment()
    read = await registry.ask("GET", shop, role="viewer")
    assert read.status_code == 200
    found = read.json()
    assert found["business_name"] == "Barbearia do Zé"
    assert (found["status"], found["topology"], found["language"]) == ("active", "shared", "pt-BR")
    assert found["time_zone"] == "America/Sao_Paulo"
    assert (found["slot_step_minutes"], found["horizon_days"]) == (30, 60)
    nothing = {"cpu": None, "memory": None}
    assert found["resources"] == {"requests": nothing, "limits": nothing}
    assert "id" not in found


async def test_a_change_merges_and_null_empties(registry: RegistryWorld) -> None:
    shop = await registry.environment(address="Rua A, 1", phone="+55 11 4000", notes="Pix")
    changed = await registry.ask(
        "PATCH", shop, seen=1, json={"address": None, "language": "es", "model_enabled": False}
    )
    assert changed.status_code == 200
    found = changed.json()
    assert (found["address"], found["phone"], found["notes"]) == (None, "+55 11 4000", "Pix")
    assert (found["language"], found["model_enabled"], found["version"]) == ("es", False, 2)


async def test_resources_merge_each_of_the_four_by_itself(registry: RegistryWorld) -> None:
    given = {"requests": {"cpu": "100m"}, "limits": {"cpu": "1", "memory": "1Gi"}}
    shop = await registry.environment(resources=given)
    change = {"resources": {"requests": {"memory": "256Mi"}, "limits": {"cpu": None}}}
    changed = await registry.ask("PATCH", shop, seen=1, json=change)
    assert changed.json()["resources"] == {
        "requests": {"cpu": "100m", "memory": "256Mi"},
        "limits": {"cpu": None, "memory": "1Gi"},
    }


@pytest.mark.parametrize(
    ("requests", "limits", "what"),
    [
        ({"cpu": "1"}, {"cpu": "999m"}, "cpu"),
        ({"cpu": "0.5"}, {"cpu": "499m"}, "cpu"),
        ({"memory": "1Gi"}, {"memory": "1G"}, "memory"),
        ({"memory": "1025Mi"}, {"memory": "1Gi"}, "memory"),
    ],
)
async def test_a_request_above_its_limit_is_refused_by_its_field(
    registry: RegistryWorld, requests: dict[str, str], limits: dict[str, str], what: str
) -> None:
    client = await registry.client()
    wish = {"environment": "production", "resources": {"requests": requests, "limits": limits}}
    answer = await registry.ask("POST", f"/clients/{client}/environments", json=wish)
    assert (answer.status_code, list(fields(answer))) == (422, [f"resources.requests.{what}"])


async def test_a_limit_below_what_is_requested_already_is_refused(registry: RegistryWorld) -> None:
    shop = await registry.environment(resources={"requests": {"memory": "512Mi"}})
    change = {"resources": {"limits": {"memory": "256Mi"}}}
    answer = await registry.ask("PATCH", shop, seen=1, json=change)
    assert (answer.status_code, list(fields(answer))) == (422, ["resources.requests.memory"])
    equal = {"resources": {"limits": {"memory": "512Mi"}}}
    assert (await registry.ask("PATCH", shop, seen=1, json=equal)).status_code == 200


@cases(
    "wish, field",
    [
        ({"time_zone": "America/Nowhere"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"time_zone": "America"}, "time_zone"),
        ({"language": "fr"}, "language"),
        ({"language": None}, "language"),
        ({"status": "offboarded"}, "status"),
        ({"topology": "cluster"}, "topology"),
        ({"slot_step_minutes": 0}, "slot_step_minutes"),
        ({"slot_step_minutes": "30"}, "slot_step_minutes"),
        ({"horizon_days": 10**30}, "horizon_days"),
        ({"minimum_notice_minutes": -1}, "minimum_notice_minutes"),
        ({"phone_number_id": "+5511999990000"}, "phone_number_id"),
        ({"owner_whatsapp": "11 99999"}, "owner_whatsapp"),
        ({"owner_whatsapp": "98765-4321"}, "owner_whatsapp"),
        ({"owner_whatsapp": "119876543210"}, "owner_whatsapp"),
        ({"calendar_id": "a calendar"}, "calendar_id"),
        ({"calendar_id": "primary"}, "calendar_id"),
        ({"calendar_id": "mcp@ze-1.iam.gserviceaccount.com"}, "calendar_id"),
        (
            {"calendar_id": "https://calendar.google.com/calendar/embed?src=ze%40gmail.com"},
            "calendar_id",
        ),
        ({"free_days_close": "yes"}, "free_days_close"),
        ({"unanswered_close": None}, "unanswered_close"),
        ({"notes": "a\u0000b"}, "notes"),
        ({"resources": {"requests": {"cpu": "0"}}}, "resources.requests.cpu"),
        ({"resources": {"limits": {"memory": "1Zi"}}}, "resources.limits.memory"),
        ({"resources": {"limits": {"disk": "1Gi"}}}, "resources.limits.disk"),
        ({"id": 5}, "id"),
        ({"client_name": "other"}, "client_name"),
    ],
)
async def test_what_is_not_as_documented_is_refused_by_its_field(
    registry: RegistryWorld, wish: dict[str, Any], field: str
) -> None:
    client = await registry.client()
    made = await registry.ask(
        "POST", f"/clients/{client}/environments", json={"environment": "staging", **wish}
    )
    assert (made.status_code, list(fields(made))) == (422, [field])
    shop = await registry.environment(client)
    changed = await registry.ask("PATCH", shop, seen=1, json=wish)
    assert (changed.status_code, list(fields(changed))) == (422, [field])


async def test_two_environments_do_not_share_a_number(registry: RegistryWorld) -> None:
    number = a_number()
    taken = await registry.environment(phone_number_id=number)
    other = await registry.environment()
    answer = await registry.ask("PATCH", other, seen=1, json={"phone_number_id": number})
    assert answer.status_code == 409
    path = taken.removeprefix("/clients/").replace("/environments", "")
    assert fields(answer) == {"phone_number_id": f"is that of {path}"}
    again = await registry.ask("PATCH", taken, seen=1, json={"phone_number_id": number})
    assert again.status_code == 200


async def test_who_may_not_see_the_other_tenant_is_not_told_which_it_is(
    registry: RegistryWorld,
) -> None:
    number = a_number()
    await registry.environment(phone_number_id=number)
    name = await registry.client()
    await registry.environment(name)
    bound = Actor(kind="user", subject="ana", role="staff", tenant=f"{name}/production")
    change = EnvironmentChange(phone_number_id=number)
    with pytest.raises(Conflict) as refused:
        async with registry.sessions.everywhere.begin() as session:
            await Environments(session, bound).update(name, "production", change, versions=None)
    assert refused.value.fields == {"phone_number_id": "is another tenant's"}


async def test_who_is_bound_to_a_tenant_sees_no_other(registry: RegistryWorld) -> None:
    mine, other = await registry.client(), await registry.client()
    for name in (mine, other):
        await registry.environment(name)
    bound = Actor(kind="user", subject="ana", role="staff", tenant=f"{mine}/production")
    async with registry.sessions.everywhere() as session:
        assert (await Environments(session, bound).get(mine, "production")).client_name == mine
        with pytest.raises(NotFound):
            await Environments(session, bound).get(other, "production")
        with pytest.raises(NotFound):
            await Clients(session, bound).get(other)


async def test_two_who_take_one_number_at_once_get_it_once(registry: RegistryWorld) -> None:
    number = a_number()
    shops = [await registry.environment() for _ in range(4)]
    answers = await asyncio.gather(
        *(registry.ask("PATCH", shop, seen=1, json={"phone_number_id": number}) for shop in shops)
    )
    assert sorted(each.status_code for each in answers) == [200, 409, 409, 409]
    for each in answers:
        if each.status_code == 409:
            assert list(fields(each)) == ["phone_number_id"]


async def test_an_environment_exists_once(registry: RegistryWorld) -> None:
    name = await registry.client()
    await registry.environment(name)
    answer = await registry.ask(
        "POST", f"/clients/{name}/environments", json={"environment": "production"}
    )
    assert (answer.status_code, list(fields(answer))) == (409, ["environment"])


async def test_nothing_is_made_for_a_client_that_does_not_exist(registry: RegistryWorld) -> None:
    answer = await registry.ask(
        "POST", "/clients/no-such-shop/environments", json={"environment": "production"}
    )
    assert answer.status_code == 404


async def test_what_is_off_boarded_changes_no_more(registry: RegistryWorld) -> None:
    shop = await registry.environment()
    tenant_id = await registry.tenant_id(shop)
    await registry.execute("UPDATE tenants SET status = 'offboarded' WHERE id = :id", id=tenant_id)
    answer = await registry.ask("PATCH", shop, seen="*", json={"status": "active"})
    assert answer.status_code == 409
    assert (await registry.ask("GET", shop)).json()["status"] == "offboarded"


async def test_this_process_serves_what_was_changed_at_once(registry: RegistryWorld) -> None:
    name = await registry.client()
    shop = await registry.environment(name)
    assert (await registry.tenants.by_path(name, "production")).status == "active"
    await registry.ask("PATCH", shop, seen=1, json={"status": "suspended"})
    assert (await registry.tenants.by_path(name, "production")).status == "suspended"


async def test_every_change_is_in_the_trail_of_its_tenant(registry: RegistryWorld) -> None:
    name = await registry.client()
    shop = await registry.environment(name)
    await registry.ask("PATCH", shop, seen=1, json={"topology": "isolated"}, role="admin/ana@x.com")
    made, changed = await registry.trail(f"{name}/production")
    assert (made.action, changed.action) == ("tenant.create", "tenant.update")
    assert (changed.actor, changed.role) == ("ana@x.com", "admin")
    assert changed.tenant_id == await registry.tenant_id(shop)
    assert (changed.before["topology"], changed.after["topology"]) == ("shared", "isolated")


async def test_a_thousand_are_made_in_a_handful_of_statements(registry: RegistryWorld) -> None:
    mark = uuid.uuid4().hex[:8]
    names = [f"bulk-{mark}-{index}" for index in range(500)]
    clients = [NewClient(name=name, business_name="Zé") for name in names]
    environments = [
        (name, NewEnvironment(environment=which))
        for name in names
        for which in ("staging", "production")
    ]
    statements = 0

    def count(*_: Any) -> None:
        nonlocal statements
        statements += 1

    async with registry.sessions.everywhere.begin() as session:
        engine = session.get_bind()
        event.listen(engine, "before_cursor_execute", count)
        await Clients(session, ME).create_many(clients)
        made = await Environments(session, ME).create_many(environments)
    event.remove(engine, "before_cursor_execute", count)
    assert [(each.client_name, each.environment) for each in made] == [
        (name, wish.environment) for name, wish in environments
    ]
    assert statements < 40
    assert len(await registry.trail(f"{names[-1]}/production")) == 1


async def test_of_many_the_one_that_clashes_is_named_by_its_index(registry: RegistryWorld) -> None:
    name, number = await registry.client(), a_number()
    wishes = [
        (name, NewEnvironment(environment="staging")),
        (name, NewEnvironment(environment="production", phone_number_id=number)),
        (name, NewEnvironment(environment="development", phone_number_id=number)),
    ]
    with pytest.raises(Conflict) as refused:
        async with registry.sessions.everywhere.begin() as session:
            await Environments(session, ME).create_many(wishes)
    assert refused.value.fields == {"2.phone_number_id": "is given twice"}


def test_a_wish_of_plain_values_says_which_of_them_is_none() -> None:
    with pytest.raises(Invalid) as refused:
        NewEnvironment.of({"environment": "qa", "resources": {"limits": {"cpu": "many"}}})
    assert sorted(refused.value.fields) == ["environment", "resources.limits.cpu"]


class TestIsolation:
    """A tenant is prepared before it counts as isolated."""

    async def test_what_becomes_isolated_is_prepared_before(self, registry: RegistryWorld) -> None:
        shop = await registry.environment()
        path = shop.removeprefix("/clients/").replace("/environments", "")

        changed = await registry.ask("PATCH", shop, seen="*", json={"topology": "isolated"})

        assert (changed.status_code, changed.json()["topology"]) == (200, "isolated")
        assert registry.provisioner.prepared == [(path, "isolated")]

    async def test_without_a_provisioner_nothing_changes(self, registry: RegistryWorld) -> None:
        shop = await registry.environment()
        registry.provisioner.away = Unavailable("The provisioner cannot be reached.")

        refused = await registry.ask(
            "PATCH", shop, seen="*", json={"topology": "isolated", "notes": "new"}
        )

        assert refused.status_code == 503
        found = (await registry.ask("GET", shop)).json()
        assert (found["topology"], found["notes"]) == ("shared", None)

    async def test_what_becomes_shared_needs_no_provisioner(self, registry: RegistryWorld) -> None:
        shop = await registry.environment(topology="isolated")
        registry.provisioner.away = Unavailable("The provisioner cannot be reached.")

        changed = await registry.ask("PATCH", shop, seen="*", json={"topology": "shared"})

        assert changed.status_code == 200

    async def test_nothing_is_prepared_for_a_change_of_what_was_changed_meanwhile(
        self, registry: RegistryWorld
    ) -> None:
        shop = await registry.environment()
        await registry.ask("PATCH", shop, seen=1, json={"notes": "meanwhile"})

        stale = await registry.ask("PATCH", shop, seen=1, json={"topology": "isolated"})

        assert stale.status_code == 412
        assert registry.provisioner.prepared == []

    async def test_a_new_isolated_tenant_is_prepared_or_not_made(
        self, registry: RegistryWorld
    ) -> None:
        client = await registry.client()
        wish = {"environment": "production", "topology": "isolated"}
        path = f"/clients/{client}/environments"
        registry.provisioner.away = Unavailable("The provisioner cannot be reached.")

        refused = await registry.ask("POST", path, json=wish, key="one")
        assert refused.status_code == 503
        assert (await registry.ask("GET", f"{path}/production")).status_code == 404

        registry.provisioner.away = None
        made = await registry.ask("POST", path, json=wish, key="one")
        again = await registry.ask("POST", path, json=wish, key="one")
        assert (made.status_code, again.status_code) == (201, 201)
        assert registry.provisioner.prepared == [(f"{client}/production", "isolated")]


async def test_the_owner_s_number_is_kept_as_it_is_called_from_anywhere(
    registry: RegistryWorld,
) -> None:
    client = await registry.client()
    where = f"/clients/{client}/environments"
    wish = {"environment": "staging", "owner_whatsapp": "(11) 98765-4321"}
    made = await registry.ask("POST", where, json=wish)
    assert made.json()["owner_whatsapp"] == "5511987654321"

    shop = f"{where}/staging"
    for change, kept in (
        ({"owner_whatsapp": "11987654322"}, "5511987654322"),
        ({"owner_whatsapp": "912 345 678", "time_zone": "Europe/Lisbon"}, "351912345678"),
        ({"owner_whatsapp": "912 345 679"}, "351912345679"),  # by its own clock from now on
        ({"owner_whatsapp": "+55 11 98765-4321"}, "5511987654321"),
        ({"owner_whatsapp": None}, None),
    ):
        changed = await registry.ask("PATCH", shop, seen="*", json=change)
        assert changed.json()["owner_whatsapp"] == kept, changed.text


async def test_another_number_of_the_owner_s_ends_the_trouble_with_the_last(
    registry: RegistryWorld,
) -> None:
    shop = await registry.environment(await registry.client())
    troubles = (
        "INSERT INTO tenant_troubles (tenant_id, what, reason) SELECT id, what, ''"
        " FROM tenants, unnest(ARRAY['owner_notice', 'owner_number', 'whatsapp']) AS what"
    )
    await registry.execute(troubles)
    tenant_id = await registry.tenant_id(shop)

    async def left() -> set[str]:
        async with registry.sessions.everywhere() as session:
            found = await session.scalars(
                text("SELECT what FROM tenant_troubles WHERE tenant_id = :id"), {"id": tenant_id}
            )
            return set(found)

    await registry.ask("PATCH", shop, seen="*", json={"notes": "x"})
    assert await left() == {"owner_notice", "owner_number", "whatsapp"}
    await registry.ask("PATCH", shop, seen="*", json={"owner_whatsapp": "(11) 98765-4321"})
    assert await left() == {"whatsapp"}


@pytest.mark.parametrize(
    ("written", "hours"),
    [("24 2", [24, 2]), ("2, 24", [24, 2]), ("", []), (None, []), ([2, 2, 48], [48, 2])],
)
def test_hours_of_reminders_are_taken_as_a_list_and_as_an_option(
    written: object, hours: list[int]
) -> None:
    assert EnvironmentChange.of({"reminder_hours": written}).reminder_hours == hours


@pytest.mark.parametrize(
    "wish",
    [
        {"reminder_hours": "1"},
        {"reminder_hours": "24 x"},
        {"reminder_hours": [73]},
        {"reminder_hours": "2 3 4 5 6"},
        {"unconfirmed_hours": "0"},
        {"quiet_from": "25:00"},
        {"quiet_until": "8h"},
    ],
)
def test_reminders_that_cannot_be_are_refused(wish: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        EnvironmentChange.of(wish)

"""An examination from the store to the record: what is kept, and who is told."""

from contextlib import AsyncExitStack
from datetime import timedelta
from uuid import uuid4

import pytest

from mcp_platform.bootstrap.doctor import open_doctoring
from mcp_platform.doctor.case import RoleState
from mcp_platform.doctor.doctor import TROUBLE, role_state
from mcp_platform.doctor.sentences import TITLES
from mcp_platform.outbox.notices import Notices
from mcp_platform.settings import Settings
from mcp_platform.tenants.kubernetes_store import KubernetesStore
from mcp_platform.tenants.rollout import Rollout
from mcp_platform.tenants.stores import EnvDirectoryStore
from tests.doctor.examined_tenant import NOW
from tests.doctor.world import DoctorWorld
from tests.factories import add_contact


async def test_a_tenant_in_good_order_is_found_so_and_kept_so(world: DoctorWorld) -> None:
    found = await world.doctor.examine(world.tenant)

    kept = await world.last()
    assert [finding.found for finding in kept] == found
    assert [finding.found.check for finding in kept] == [n for n in TITLES if n != "google.write"]
    assert {finding.checked_at for finding in kept} == {NOW}
    assert await world.health.troubles() == []


async def test_since_stands_still_while_nothing_changes(world: DoctorWorld) -> None:
    await world.doctor.examine(world.tenant)
    world.later(hours=3)
    await world.doctor.examine(world.tenant)
    world.later(hours=3)
    world.store_credentials(WHATSAPP_APP_SECRET="another")
    await world.doctor.examine(world.tenant)

    kept = {each.found.check: each for each in await world.last()}
    assert kept["google.key"].since == NOW
    assert kept["google.key"].checked_at == NOW + timedelta(hours=6)
    assert kept["whatsapp.app_secret"].since == NOW + timedelta(hours=6)


async def test_what_newly_fails_reaches_the_owner_once(world: DoctorWorld) -> None:
    await world.doctor.examine(world.tenant, notify=True)
    world.store_credentials(GEMINI_API_KEY="AQ.revoked")

    await world.doctor.examine(world.tenant, notify=True)
    world.later(days=1)
    await world.doctor.examine(world.tenant, notify=True)

    (said,) = await world.told()
    assert said.startswith("⚠️ A verificação diária encontrou: O Gemini recusa a chave.")
    assert "\n" not in said
    assert "revoked" not in said


async def test_who_asks_for_an_examination_reads_it_and_nobody_else_is_told(
    world: DoctorWorld,
) -> None:
    world.store_credentials(GEMINI_API_KEY="AQ.revoked")

    await world.doctor.examine(world.tenant)

    assert await world.told() == []


async def test_a_tenant_with_a_failed_check_is_degraded_until_it_is_mended(
    world: DoctorWorld,
) -> None:
    world.store_credentials(GEMINI_API_KEY="AQ.revoked")
    await world.doctor.examine(world.tenant)

    (trouble,) = await world.health.troubles()
    assert (trouble["what"], trouble["reason"]) == (TROUBLE, "gemini.key: refused")

    world.store_credentials()
    await world.doctor.examine(world.tenant)
    assert await world.health.troubles() == []


async def test_an_examination_of_some_checks_forgets_no_failure_of_others(
    world: DoctorWorld,
) -> None:
    world.store_credentials(GEMINI_API_KEY="AQ.revoked")
    await world.doctor.examine(world.tenant)

    await world.doctor.examine(world.tenant, only={"owner.number"})

    (trouble,) = await world.health.troubles()
    assert trouble["reason"] == "gemini.key: refused"


async def test_a_missing_file_is_found_missing(world: DoctorWorld) -> None:
    (world.folder / "shop-production.env").unlink()

    found = {each.check: each for each in await world.doctor.examine(world.tenant)}

    assert found["secret"].code == "missing"
    assert found["whatsapp.token"].code == "because"
    assert found["catalogue"].code == "complete"


async def test_nothing_secret_is_written_down(world: DoctorWorld) -> None:
    await world.doctor.examine(world.tenant)

    rows = str(await world.rows("SELECT * FROM doctor_results"))
    secrets = world.examined.case.secrets
    for secret in (
        secrets.whatsapp_api_token,
        secrets.whatsapp_app_secret,
        secrets.gemini_api_key,
        secrets.whatsapp_webhook_verify_token,
        secrets.google_private_key[30:60],
    ):
        assert secret not in rows


@pytest.mark.parametrize(
    ("options", "state"),
    [
        ("LOGIN IN ROLE {tenants}", {"may_log_in": True, "is_tenants": True}),
        ("LOGIN", {"may_log_in": True}),
        ("IN ROLE {tenants}", {"is_tenants": True}),
        (
            "LOGIN CREATEDB BYPASSRLS IN ROLE {tenants}, pg_read_all_data",
            {
                "may_log_in": True,
                "is_tenants": True,
                "powers": ("createdb", "bypassrls", "pg_read_all_data"),
            },
        ),
    ],
)
async def test_a_role_is_read_as_postgres_has_it(
    world: DoctorWorld, options: str, state: dict[str, object]
) -> None:
    tenants, name = "mcp_tenant", f"t_shop_{abs(hash(options))}"
    await world.rows(
        "DO $$ BEGIN CREATE ROLE mcp_tenant; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
    )
    await world.rows(f'CREATE ROLE "{name}" {options.format(tenants=tenants)}')
    try:
        async with world.sessions.everywhere() as session:
            assert await role_state(session, name) == RoleState(name=name, exists=True, **state)
    finally:
        await world.rows(f'DROP ROLE "{name}"')


async def test_an_isolated_tenant_needs_its_role(world: DoctorWorld) -> None:
    await world.change(topology="isolated", database_role="t_nobody")
    world.store_credentials(DATABASE_USER="t_else", DATABASE_PASSWORD="x")

    found = {each.check: each for each in await world.doctor.examine(world.tenant)}

    assert found["database.role"].code == "absent"
    assert found["database.role"].details == {"role": "t_nobody"}


async def test_a_shared_tenants_own_role_is_looked_at_before_it_is_used(world: DoctorWorld) -> None:
    async def code() -> str:
        (found,) = await world.doctor.examine(world.tenant, only=["database.role"])
        return found.code

    assert await code() == "shared"
    await world.change(database_role="t_nobody")  # it will be made when it is needed
    assert await code() == "shared"
    name = f"t_{uuid4().hex[:12]}"
    await world.change(database_role=name)
    await world.rows(f"CREATE ROLE {name} LOGIN CREATEROLE")
    await world.rows(f"GRANT mcp_tenant TO {name}")
    try:
        assert await code() == "too_powerful"
        await world.rows(f"ALTER ROLE {name} NOCREATEROLE")
        assert await code() == "sound"
    finally:
        await world.rows(f"DROP ROLE {name}")


async def test_a_rollout_is_seen_where_credentials_are_read_from_a_cluster(
    world: DoctorWorld,
) -> None:
    await world.change(topology="isolated")

    class Api:
        async def secret(self, **_: str) -> None:
            return None

        async def rollout(self, *, namespace: str, name: str) -> Rollout:
            assert (namespace, name) == ("shop-production", "assistant")
            return Rollout(wanted=2, updated=1, available=2, complete=False, held_up_by="a quota")

    async def codes(store: KubernetesStore | EnvDirectoryStore) -> list[str]:
        async with AsyncExitStack() as stack:
            made = await open_doctoring(
                stack,
                Settings(),
                sessions=world.sessions,
                store=store,
                calendars=world.examined.calendars,
                health=world.health,
                notices=Notices(world.sessions),
            )
            found = await made.doctor.examine(world.tenant, only=["tenant.rollout"])
            return [each.code for each in found]

    assert await codes(KubernetesStore(Api())) == ["stands_still"]
    assert await codes(EnvDirectoryStore(world.folder)) == []


@pytest.mark.parametrize(
    ("ago", "code"),
    [
        (timedelta(hours=1), "window_open"),
        (timedelta(hours=25), "window_closed"),
        (None, "window_closed"),
    ],
)
async def test_without_a_template_it_is_seen_whether_a_notice_would_reach_the_owner(
    world: DoctorWorld, ago: timedelta | None, code: str
) -> None:
    world.doctor._template = None
    if ago is not None:  # Meta writes the number without its ninth digit
        await world.change(owner_whatsapp="5511987654321")
        wrote = world.examined.now - ago
        known = {"wa_id": "551187654321", "last_inbound_at": wrote}
        await add_contact(world.sessions, world.tenant.id, **known)

    found = await world.doctor.examine(world.tenant, only={"whatsapp.template"})

    assert {each.check: each.code for each in found}["whatsapp.template"] == code

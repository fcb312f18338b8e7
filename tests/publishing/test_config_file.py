"""config.json read, imported and exported: nothing is lost on the way, and nothing told in vain."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import func, insert, select, update

from mcp_platform.audit.actor import Actor
from mcp_platform.audit.models import AuditRow
from mcp_platform.errors import Conflict, Invalid
from mcp_platform.kit.database import Sessions
from mcp_platform.offboarding.offboarding import Offboarding
from mcp_platform.publishing.config_export import export_config
from mcp_platform.publishing.config_form import line_of, read_config, schema
from mcp_platform.publishing.config_import import ConfigImport, Plan, summary
from mcp_platform.registry.environments import EnvironmentQuery, Environments
from mcp_platform.scheduling.models import ServiceRow
from mcp_platform.tenants.models import (
    ClientRow,
    CredentialKeyRow,
    ManifestBlockRow,
    OffboardingRow,
    TenantRow,
)
from tests.handed_over import CONFIG
from tests.tenant_rows import fill_tables, rows_of

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = (ROOT / "docs/examples/config.json").read_bytes()
ACTOR = Actor(kind="command", subject="tests", role="admin")
NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


def file(*clients: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"clients": list(clients), **more}, indent=1).encode()


def client(name: str = "shop", **environments: Any) -> dict[str, Any]:
    return {"client_name": name, "environments": environments or {"production": True}}


async def imported(
    sessions: Sessions, content: bytes, *, unsaid: Literal["shared", "isolated"] = "shared"
) -> Plan:
    async with sessions.everywhere.begin() as session:
        importing = ConfigImport(session, ACTOR, read_config(content), unsaid=unsaid, now=NOW)
        plan = await importing.plan()
        await importing.apply(plan)
    return plan


async def exported(sessions: Sessions) -> bytes:
    async with sessions.everywhere() as session:
        return await export_config(session)


# Reading.


@pytest.mark.parametrize(
    "copy", ["mcp_platform/publishing/config.schema.json", "cdk8s_app/config.schema.json"]
)
def test_every_copy_of_the_schema_is_the_published_one(copy: str) -> None:
    assert (ROOT / copy).read_bytes() == (ROOT / "docs/config.schema.json").read_bytes()


def test_the_schema_is_one_and_the_hand_written_example_obeys_it() -> None:
    Draft202012Validator.check_schema(schema())
    assert not list(Draft202012Validator(schema()).iter_errors(json.loads(EXAMPLE)))
    read = read_config(EXAMPLE)

    assert [
        (each.name, [env.environment for env in each.environments]) for each in read.clients
    ] == [
        ("barbearia-do-ze", ["staging", "production"]),
        ("clinica-sorriso", ["production"]),
    ]
    assert read.warnings == ()


def test_an_environments_resources_win_over_the_clients_each_by_itself() -> None:
    said = client(production={"resources": {"limits": {"cpu": "2"}}})
    said["resources"] = {"requests": {"cpu": "100m"}, "limits": {"cpu": "1", "memory": "1Gi"}}
    (found,) = read_config(file(said)).clients[0].environments

    assert (found.resources.cpu_request, found.resources.cpu_limit) == ("100m", "2")
    assert (found.resources.memory_request, found.resources.memory_limit) == (None, "1Gi")


@pytest.mark.parametrize("value", [None, False, {"enabled": False}])
def test_an_environment_that_is_switched_off_is_not_there(value: Any) -> None:
    (found,) = read_config(file(client(staging=value, production={}))).clients
    assert [each.environment for each in found.environments] == ["production"]


@pytest.mark.parametrize(
    "pattern", ["/{client_name}/{environment}", "/<client_name>/<environment>", "/<client>/<env>/"]
)
def test_the_default_path_is_taken_however_it_is_written(pattern: str) -> None:
    assert read_config(file(client(), path_pattern=pattern)).clients


@pytest.mark.parametrize(
    ("content", "field", "said"),
    [
        (file(client("Shop")), "clients[0].client_name", "form"),
        (file(client("api")), "clients[0].client_name", "platform itself"),
        (file(client(), client()), "clients[1].client_name", "clients[0] too – client shop"),
        (file(client("shop\n")), "clients[0].client_name", "cannot be seen"),
        (
            file(client(), platform={"settings": {"LOG_LEVEL": "\ud800"}}),
            "platform.settings.LOG_LEVEL",
            "cannot be seen",
        ),
        (
            file(client(), argocd={"repo_url": "https://agency:hunter2@git.example.com/m.git"}),
            "argocd.repo_url",
            "without a login",
        ),
        (file(client(prod=True)), "clients[0].environments.prod", "is no field"),
        (
            file(client(production={"topology": "own"})),
            "clients[0].environments.production.topology",
            "one of shared, isolated – client shop",
        ),
        (
            file(client(production={"topolgy": "shared"}), version=1),
            "clients[0].environments.production.topolgy",
            "perhaps 'topology' is meant – client shop",
        ),
        (
            file(client(production={"resources": {"limits": {"cpu": "lots"}}})),
            "clients[0].environments.production.resources.limits.cpu",
            "client shop",
        ),
        (file(client(), path_pattern="/{environment}"), "path_pattern", "Only the default"),
        (file(client(), version=2), "version", "must be 1"),
        (file(client(), database={"password": "hunter2"}, version=1), "database.password", "field"),
        (file({"environments": {}}), "clients[0].client_name", "is missing"),
        (b'{"clients": {}}', "clients", "must be array"),
    ],
)
def test_what_is_wrong_is_told_by_client_field_and_line(
    content: bytes, field: str, said: str
) -> None:
    with pytest.raises(Invalid) as refused:
        read_config(content)
    assert said in refused.value.fields[field]
    assert "(line " in refused.value.fields[field]
    assert "hunter2" not in str(refused.value.fields)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"clients": [\n  {]\n}', "line 2, column 4"),
        (b"[]", "JSON object"),
        (b'\n\xff{"clients": []}', "line 2 is not in UTF-8: save the file as UTF-8"),
        (b'{"clients": [{"client_name": "abc", "client_name": "abd"}]}', "given twice"),
        (b'{"clients": [], "database": {"port": NaN}}', "NaN"),
        (b"[" * 100_000, "nested too deeply"),
        # Looking for the one that is twice takes no longer with more of them.
        pytest.param(
            b"{" + b"".join(b'"%d":1,' % each for each in range(500_000)) + b'"499999":1}',
            "given twice",
            id="large",
        ),
    ],
)
def test_what_is_no_json_is_told_by_line(content: bytes, said: str) -> None:
    with pytest.raises(Invalid, match=r"config\.json") as refused:
        read_config(content)
    assert said in str(refused.value)


def test_the_line_of_a_place_is_where_it_is_written() -> None:
    text = '{\n "clients": [\n  {"client_name": "a]}\\"",\n   "environments": {\n\n"x":\n1}}\n ]\n}'
    assert line_of(text, ("clients", 0, "client_name")) == 3
    assert line_of(text, ("clients", 0, "environments", "x")) == 6
    assert line_of(text, ("clients", 0, "missing")) == 3


def test_a_hand_written_file_may_hold_what_nobody_knows_and_is_told_so() -> None:
    read = read_config(file({**client(), "plan": "gold"}, owner="me"))
    assert any("clients[0].plan" in each and "line " in each for each in read.warnings)
    assert any("owner" in each for each in read.warnings)


async def test_what_nobody_knows_is_not_kept_and_not_exported(sessions: Sessions) -> None:
    database = {"host": "db", "password": "hunter2", "backups": {"keep": "30d", "odd": 1e300}}
    await imported(sessions, file(client(), database=database))
    document = json.loads(await exported(sessions))
    assert document["database"] == {"host": "db", "backups": {"keep": "30d"}}
    assert not list(Draft202012Validator(schema()).iter_errors(document))


# Importing.


async def test_an_import_makes_what_the_file_names_and_a_second_one_changes_nothing(
    sessions: Sessions,
) -> None:
    first = await imported(sessions, EXAMPLE)
    second = await imported(sessions, EXAMPLE)

    assert summary(first)["tenant"] == {"create": 3, "update": 0, "unchanged": 0}
    assert {step.action for step in second.steps} == {"unchanged"}
    async with sessions.everywhere() as session:
        rows = (
            await session.scalars(
                select(TenantRow).order_by(TenantRow.client_name, TenantRow.environment)
            )
        ).all()
        assert [(row.client_name, row.environment, row.topology) for row in rows] == [
            ("barbearia-do-ze", "production", "shared"),
            ("barbearia-do-ze", "staging", "shared"),
            ("clinica-sorriso", "production", "isolated"),
        ]
        assert (rows[0].cpu_request, rows[0].memory_limit) == ("100m", "384Mi")
        entries = await session.scalars(select(AuditRow.action).order_by(AuditRow.id))
        assert list(entries).count("config.import") == 1


async def test_an_import_changes_what_differs_and_deletes_nothing(sessions: Sessions) -> None:
    await imported(sessions, file(client(production=True, staging=True), client("other")))
    plan = await imported(sessions, file(client(production={"topology": "isolated"})))

    assert [(s.name, s.action, s.changes) for s in plan.steps if s.kind == "tenant"] == [
        ("shop/production", "update", {"topology": ("shared", "isolated")})
    ]
    assert plan.not_named == ("other/production", "shop/staging")
    async with sessions.everywhere() as session:
        assert await session.scalar(select(func.count()).select_from(TenantRow)) == 3


async def test_a_plan_alone_writes_nothing(sessions: Sessions) -> None:
    async with sessions.everywhere.begin() as session:
        await ConfigImport(session, ACTOR, read_config(EXAMPLE), unsaid="shared", now=NOW).plan()
    async with sessions.everywhere() as session:
        assert await session.scalar(select(func.count()).select_from(ClientRow)) == 0


async def test_what_a_file_does_not_say_is_isolated_in_a_cluster_and_changes_no_tenant_that_is_there(
    sessions: Sessions,
) -> None:
    handed_over = CONFIG.read_bytes()
    await imported(sessions, handed_over, unsaid="shared")  # as one machine has it, and had it
    again = await imported(sessions, handed_over, unsaid="isolated")
    assert summary(again)["tenant"] == {"create": 0, "update": 0, "unchanged": 2}

    more = json.loads(handed_over)
    more["clients"][0]["environments"]["production"] = True
    plan = await imported(sessions, json.dumps(more).encode(), unsaid="isolated")
    assert [(step.name, dict(step.changes)) for step in plan.of("tenant", "create")] == [
        ("comercial-guanabara/production", {"topology": (None, "isolated")})
    ]
    said = await imported(
        sessions, file(client(production={"topology": "shared"})), unsaid="isolated"
    )
    assert said.of("tenant", "create")[0].changes["topology"] == (None, "shared")


async def test_an_old_file_does_not_undo_a_suspension(sessions: Sessions) -> None:
    await imported(sessions, file(client(production={"status": "active"})))
    async with sessions.everywhere.begin() as session:
        await session.execute(update(TenantRow).values(status="suspended"))
    await imported(sessions, file(client(production={"status": "active"})))

    async with sessions.everywhere() as session:
        assert await session.scalar(select(TenantRow.status)) == "suspended"


async def test_one_wrong_tenant_of_many_is_named_and_nothing_of_the_file_is_kept(
    sessions: Sessions,
) -> None:
    bad = {"resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}}
    with pytest.raises(Invalid, match="above"):
        await imported(sessions, file(client("aaa"), client("bbb", staging=bad)))
    async with sessions.everywhere() as session:
        assert await session.scalar(select(func.count()).select_from(ClientRow)) == 0


async def test_a_tenant_that_is_off_boarded_is_not_changed_by_a_file(sessions: Sessions) -> None:
    await imported(sessions, file(client()))
    async with sessions.everywhere.begin() as session:
        await Offboarding(session, ACTOR).begin(
            "shop", "production", grace=timedelta(days=30), now=NOW
        )
    with pytest.raises(Conflict, match="shop/production is off-boarded"):
        await imported(sessions, file(client(production={"topology": "isolated"})))


async def test_what_a_file_does_not_say_of_a_block_stays(sessions: Sessions) -> None:
    await imported(sessions, file(client(), argocd={"repo_url": "https://a", "path": "x"}))
    await imported(sessions, file(client(), argocd={"repo_url": "https://b"}))
    async with sessions.everywhere() as session:
        body = await session.scalar(select(ManifestBlockRow.body))
    assert body == {"repo_url": "https://b", "path": "x"}


async def test_the_public_keys_of_tokens_and_settings_are_kept(
    sessions: Sessions,
) -> None:
    keys = {"2026-11": "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n"}
    platform = {"token_keys": keys, "settings": {"LOG_LEVEL": "WARNING"}}
    await imported(sessions, file(client(), platform=platform))
    assert json.loads(await exported(sessions))["platform"] == platform


async def test_a_thousand_tenants_are_imported_in_one_go(sessions: Sessions) -> None:
    many = file(*(client(f"client-{number:04}") for number in range(1_000)))
    await imported(sessions, many)
    async with sessions.everywhere() as session:
        assert await session.scalar(select(func.count()).select_from(TenantRow)) == 1_000


# Exporting.


async def test_an_export_obeys_the_schema_and_importing_it_changes_nothing(
    sessions: Sessions,
) -> None:
    await imported(sessions, EXAMPLE)
    content = await exported(sessions)

    assert not list(Draft202012Validator(schema()).iter_errors(json.loads(content)))
    plan = await imported(sessions, content)
    assert {step.action for step in plan.steps} == {"unchanged"}
    assert await exported(sessions) == content


async def test_the_same_rows_written_in_another_order_give_the_same_bytes(
    sessions: Sessions, migrated_url: str
) -> None:
    await imported(sessions, file(client("bbb", production=True, staging=True), client("aaa-b")))
    await imported(sessions, file(client("aaa"), client("bbb", development=True)))
    names = [each["client_name"] for each in json.loads(await exported(sessions))["clients"]]
    order = list(json.loads(await exported(sessions))["clients"][2]["environments"])

    assert names == ["aaa", "aaa-b", "bbb"]
    assert order == ["development", "staging", "production"]


async def test_an_export_tells_sealed_values_as_they_are_kept_and_nothing_of_the_business(
    sessions: Sessions,
) -> None:
    await imported(sessions, file({**client(), "business_name": "Padaria Secreta"}))
    async with sessions.everywhere.begin() as session:
        tenant_id = await session.scalar(select(TenantRow.id))
        await session.execute(
            update(TenantRow).values(phone_number_id="1234567890", address="Rua Secreta", notes="x")
        )
        session.add(
            ServiceRow(tenant_id=tenant_id, id="pao", name="Pão Secreto", duration_minutes=30)
        )
        for key, sealed in (("WHATSAPP_API_TOKEN", "AgB1"), ("GEMINI_API_KEY", "AgA0")):
            await session.execute(
                insert(CredentialKeyRow).values(
                    tenant_id=tenant_id,
                    key=key,
                    changed_at=NOW,
                    fingerprint="0123456789ab",
                    sealed=sealed,
                    certificate="c" * 64,
                )
            )
    content = await exported(sessions)
    told = json.loads(content)["clients"][0]["environments"]["production"]["credentials"]

    assert not list(Draft202012Validator(schema()).iter_errors(json.loads(content)))
    assert told["keys"] == ["GEMINI_API_KEY", "WHATSAPP_API_TOKEN"]
    assert told["sealed"] == {"GEMINI_API_KEY": "AgA0", "WHATSAPP_API_TOKEN": "AgB1"}
    assert told["certificate"] == "c" * 64
    for secret in ("Secret", "1234567890", "0123456789ab"):
        assert secret not in content.decode()

    async with sessions.everywhere.begin() as session:
        await session.execute(
            update(CredentialKeyRow)
            .where(CredentialKeyRow.key == "GEMINI_API_KEY")
            .values(changed_at=NOW + timedelta(seconds=1))
        )
    after = json.loads(await exported(sessions))["clients"][0]["environments"]["production"]
    assert after["credentials"]["checksum"] != told["checksum"]


async def test_an_export_tells_no_word_of_any_table_of_a_tenants(sessions: Sessions) -> None:
    await imported(sessions, file(client()))
    async with sessions.everywhere.begin() as session:
        tenant_id = int(str(await session.scalar(select(TenantRow.id))))
        await fill_tables(await session.connection(), tenant_id)
        await session.execute(update(ServiceRow).values(price_cents=918_273))
    content = (await exported(sessions)).decode()

    filled = {
        str(value)
        for table, row in rows_of(tenant_id).items()
        for value in row.values()
        if len(str(value)) >= len("ze-1")
    }
    # Whoever is off-boarded was `active`: the platform's own word.
    assert {value for value in filled if value in content} == {"active"}
    assert "918273" not in content


async def test_a_tenant_that_was_purged_is_neither_exported_nor_listed(sessions: Sessions) -> None:
    await imported(sessions, file(client(production=True, staging=True)))
    async with sessions.everywhere.begin() as session:
        await Offboarding(session, ACTOR).begin(
            "shop", "staging", grace=timedelta(days=30), now=NOW
        )
    waiting = json.loads(await exported(sessions))["clients"][0]["environments"]
    assert waiting["staging"]["status"] == "offboarded"
    async with sessions.everywhere.begin() as session:
        await session.execute(update(OffboardingRow).values(purged_at=NOW))
    assert list(json.loads(await exported(sessions))["clients"][0]["environments"]) == [
        "production"
    ]
    async with sessions.everywhere() as session:
        page = await Environments(session, ACTOR).page(EnvironmentQuery())
        assert [each.path for each in page.items] == ["shop/production"]
    plan = await imported(sessions, file(client(production=True)))
    assert plan.not_named == ()


async def test_a_client_of_whom_all_was_purged_is_not_exported(sessions: Sessions) -> None:
    await imported(sessions, file(client(production=True, staging=True)))
    async with sessions.everywhere.begin() as session:
        session.add(ClientRow(name="newcomer", business_name="No environment yet"))
        for environment in ("production", "staging"):
            await Offboarding(session, ACTOR).begin(
                "shop", environment, grace=timedelta(0), now=NOW
            )
    waiting = [each["client_name"] for each in json.loads(await exported(sessions))["clients"]]
    assert waiting == ["newcomer", "shop"]
    async with sessions.everywhere.begin() as session:
        await session.execute(update(OffboardingRow).values(purged_at=NOW))
    left = [each["client_name"] for each in json.loads(await exported(sessions))["clients"]]
    assert left == ["newcomer"]

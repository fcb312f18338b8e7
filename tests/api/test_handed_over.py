"""A fleet that was imported on one machine: each of its tenants answers."""

from datetime import UTC, datetime

import orjson

from mcp_platform.audit.actor import Actor
from mcp_platform.publishing.config_form import read_config
from mcp_platform.publishing.config_import import ConfigImport
from mcp_platform.settings import Settings
from mcp_platform.tenants.tenant import TenantId
from tests.api.world import Business, World
from tests.handed_over import CONFIG
from tests.scheduling.shop import OwnersCalendars


async def test_after_an_import_on_one_machine_every_tenant_answers(world: World) -> None:
    settings = Settings()
    config = read_config(CONFIG.read_bytes())
    async with world.sessions.everywhere.begin() as session:
        actor = Actor(kind="command", subject="tests", role="admin")
        importing = ConfigImport(
            session, actor, config, unsaid=settings.unsaid_topology, now=datetime.now(UTC)
        )
        await importing.apply(await importing.plan())
    paths = [each.path for client in config.clients for each in client.environments]
    assert len(paths) == 2
    async with world.working():
        for path in paths:
            tenant = await world.tenants.by_path(*path.split("/"))
            world.now = tenant.created_at
            business = Business(world, TenantId(tenant.id), path, OwnersCalendars())
            token = world.tokens.mint(
                tenant=path,
                scopes={"chat"},
                subject="site",
                now=world.now,
                ttl=settings.human_s,
            )
            answer = await business.chat("Oi", token=token)
            assert answer.status_code == 200, answer.text
            assert orjson.loads(answer.content)["reply"]

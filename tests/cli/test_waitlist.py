"""The waiting list, by command."""

import json
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.scheduling.catalogue_store import save_catalogue
from mcp_platform.scheduling.waitlist import Waitlist
from mcp_platform.tenants.directory import tenant_at
from tests.cli.conftest import PATH, Database, Mcp
from tests.factories import catalogue

NOW = datetime.now(UTC)


async def wish(session: AsyncSession, database: Database) -> None:
    tenant = await tenant_at(session, *PATH.split("/"))
    await Waitlist(session, tenant.id).join(
        database.contact,
        service_id="corte",  # type: ignore[arg-type]
        day=NOW.date() + timedelta(days=2),
        part="evening",
        today=NOW.date(),
        now=NOW,
    )


def test_who_waits_is_listed_and_taken_off(mcp: Mcp, database: Database) -> None:
    assert mcp("waitlist", "list", PATH).out == "Nobody is waiting.\n"
    database.make(save_catalogue, database.tenant, catalogue())
    database.make(wish, database)
    [found] = json.loads(mcp("waitlist", "list", PATH, "--json").out)
    assert (found["service_id"], found["part"], found["phone"]) == (
        *("corte", "evening"),
        "5511999998888",
    )
    assert "noite" in mcp("--lang", "pt", "waitlist", "list", PATH).out
    assert mcp("waitlist", "done", PATH, found["id"]).status == 0
    assert mcp("waitlist", "list", PATH).out == "Nobody is waiting.\n"
    assert mcp("waitlist", "done", PATH, "zzzzzz").status == 1

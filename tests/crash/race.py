"""One process of a race: many contacts book the same slot at once through the agenda.

A script of its own: `race.py TENANT_PATH START COUNT`, settings in the environment. Says `ready`,
waits for a line, races, and prints how many times each outcome came, and how many had alternatives.
"""

import asyncio
import json
import sys
from collections import Counter
from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy import insert

from mcp_platform.bootstrap.agendas import Agendas
from mcp_platform.bootstrap.service import platform
from mcp_platform.conversations.models import CONTACTS
from mcp_platform.kit.database import create_engine, create_sessions
from mcp_platform.scheduling.agenda import Agenda
from mcp_platform.scheduling.appointment import ChosenSlot
from mcp_platform.scheduling.outcome import Taken
from mcp_platform.settings import Settings
from tests.scheduling.shop import PlainCommit

CONNECTIONS = 20
PATIENCE_S = 600.0  # for a connection: a crowd of this size is not what the pool is made for


async def main(path: str, start: str, count: int) -> None:
    settings = Settings()
    url = str(settings.database_url)
    engine = create_engine(
        url, pool_size=CONNECTIONS, application_name="race", pool_timeout_s=PATIENCE_S
    )
    sessions = create_sessions(engine)
    async with platform(settings, (), database_url=url, redis_url=None) as built:
        tenant = await built.shared.tenants.by_path(*path.split("/"))
        agendas: Agendas = built.shared.agendas
        agendas._sessions = sessions  # with the patience that a crowd needs
        agenda = await agendas.of(tenant, await built.shared.catalogues.of(tenant.id))
        contacts = [uuid4() for _ in range(count)]
        async with sessions.everywhere.begin() as session:
            await session.execute(
                insert(CONTACTS),
                [{"tenant_id": tenant.id, "id": each, "space": "api"} for each in contacts],
            )

        async def book(agenda: Agenda, contact_id: UUID) -> str:
            outcome = await agenda.book(
                hold_id=uuid4(),
                contact_id=contact_id,
                choice=ChosenSlot(
                    service_id="corte", professional_id="ze", start=datetime.fromisoformat(start)
                ),
                now=datetime.now(UTC),
                work=PlainCommit(sessions.of(tenant.id)),
            )
            name = type(outcome).__name__
            offered = isinstance(outcome, Taken) and outcome.alternatives
            return f"{name} with alternatives" if offered else name

        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        outcomes = await asyncio.gather(*(book(agenda, each) for each in contacts))
        print(json.dumps(Counter(outcomes)), flush=True)
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))

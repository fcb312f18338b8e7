"""`config.json` taken in: read, looked at, carried out. What the API and the console share."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.audit.actor import Actor
from mcp_platform.kit.database import Sessions
from mcp_platform.publishing.config_credentials import without_credentials
from mcp_platform.publishing.config_form import ConfigFile, read_config
from mcp_platform.publishing.config_import import ConfigImport, Plan
from mcp_platform.registry.isolation import Isolation, unprepared
from mcp_platform.tenants.directory import TenantDirectory
from mcp_platform.tenants.tenant import Topology


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan:
    """What a file does, or would do. `waiting`: tenants it names that have no credentials yet."""

    plan: Plan
    waiting: tuple[str, ...]
    credentials_files: tuple[str, ...]


class ConfigDesk:
    """Takes files in. `unsaid_topology`: of new tenants of which a file says none."""

    def __init__(
        self,
        sessions: Sessions,
        *,
        isolation: Isolation,
        tenants: TenantDirectory,
        unsaid_topology: Topology,
        clock: Callable[[], datetime],
    ) -> None:
        self._sessions = sessions
        self._isolation = isolation
        self._tenants = tenants
        self._unsaid = unsaid_topology
        self._clock = clock

    async def take(self, content: bytes, *, actor: Actor, dry_run: bool) -> ImportPlan:
        """Create what is missing and update what differs, all or nothing; `dry_run`: tell it only.

        What becomes isolated is prepared before, what is new and isolated afterwards.

        Raises:
            Invalid: it is no such file, and where.
            Conflict: something in it contradicts what is there.
            Unavailable: something isolated could not be prepared: take the file again.
        """
        # To understand a large one takes seconds, in which others are served.
        file = await asyncio.to_thread(read_config, content)
        paths = [each.path for client in file.clients for each in client.environments]
        async with self._sessions.everywhere() as session:
            plan = await self._importing(session, file, actor).plan()
            known = await without_credentials(session, paths)
        waiting = sorted([*known, *(step.name for step in plan.of("tenant", "create"))])
        if not dry_run:
            plan = await self._carry_out(file, plan, paths, actor)
        return ImportPlan(
            plan=plan,
            waiting=tuple(waiting),
            credentials_files=tuple(
                each.credentials_file
                for client in file.clients
                for each in client.environments
                if each.credentials_file is not None
            ),
        )

    async def _carry_out(
        self, file: ConfigFile, plan: Plan, paths: Sequence[str], actor: Actor
    ) -> Plan:
        await self._isolation.prepare_all(plan.becoming_isolated, actor=actor)
        async with self._sessions.everywhere.begin() as session:
            importing = self._importing(session, file, actor)
            plan = await importing.plan()
            await importing.apply(plan)
            missing = await unprepared(session, list(paths))
        self._tenants.forget()
        await self._isolation.prepare_all(missing, actor=actor)
        return plan

    def _importing(self, session: AsyncSession, file: ConfigFile, actor: Actor) -> ConfigImport:
        return ConfigImport(session, actor, file, unsaid=self._unsaid, now=self._clock())

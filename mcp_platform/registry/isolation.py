"""Prepares tenants that become isolated, before they count as such.

What waits for a tenant stays in the inbox and the outbox. The workers that it moves to look there for
what is forgotten, so nothing has to be carried along.
"""

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.access.idempotency import forget
from mcp_platform.audit import trail as audit
from mcp_platform.audit.actor import Actor
from mcp_platform.errors import Conflict, PlatformError
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.forms import check_version
from mcp_platform.registry.environments import Environments
from mcp_platform.tenants.models import TenantRow
from mcp_platform.tenants.provisioning import Provisioner


class Isolation:
    """Prepares tenants that are, or will be, served by pods of their own."""

    def __init__(self, *, sessions: Sessions, provisioner: Provisioner) -> None:
        self._sessions = sessions
        self._provisioner = provisioner

    async def prepare(
        self,
        client_name: str,
        environment: str,
        *,
        actor: Actor,
        versions: frozenset[int] | None = None,
    ) -> None:
        """Give a tenant its login and its queue, unless it is isolated and has them. Repeatable.

        Only one that is in one of `versions`; None: in any.

        Raises:
            NotFound: there is no such tenant.
            PreconditionFailed: it is in none of `versions`.
            Conflict: it is off-boarded, or what it needs is somebody else's.
            Unavailable: the provisioner is away, or refuses.
        """
        async with self._sessions.everywhere() as session:
            tenant = await Environments(session, actor).tenant(client_name, environment)
            row = await session.get_one(TenantRow, tenant.id)
            check_version(row, versions)
            if row.topology == "isolated" and row.database_role is not None:
                return
        if tenant.status == "offboarded":
            raise Conflict(f"{tenant.path} is offboarded: it changes no more.")
        await self._provisioner.prepare(replace(tenant, topology="isolated"))

    async def prepare_new(
        self, client_name: str, environment: str, *, actor: Actor, key: str | None = None
    ) -> None:
        """Prepare a tenant that was made a moment ago; what fails takes it away again.

        `key` is the Idempotency-Key with which it was made. Raises as `prepare`.
        """
        try:
            await self.prepare(client_name, environment, actor=actor)
        except PlatformError:
            async with self._sessions.everywhere.begin() as session:
                located = await Environments(session, actor).locate(client_name, environment)
                await session.execute(delete(TenantRow).where(TenantRow.id == located.id))
                await forget(session, actor=actor, key=key)
                await audit.record(
                    session,
                    actor=actor,
                    action="tenant.create_undone",
                    target=located.path,
                    tenant_id=located.id,
                )
            raise

    async def prepare_all(self, paths: Collection[str], *, actor: Actor) -> None:
        """Prepare tenants one after the other. Raises as `prepare`, at the first that cannot be."""
        for path in paths:
            await self.prepare(*path.split("/"), actor=actor)


async def unprepared(session: AsyncSession, paths: Collection[str]) -> list[str]:
    """Return which of the tenants at `paths` count as isolated and have no login of their own."""
    path = TenantRow.client_name.concat("/").concat(TenantRow.environment)
    found = await session.scalars(
        select(path)
        .where(
            path.in_(paths),
            TenantRow.topology == "isolated",
            TenantRow.status != "offboarded",
            TenantRow.database_role.is_(None),
        )
        .order_by(path)
    )
    return list(found)

"""The end of a tenant, in two steps: off-boarding, from which there is a way back, then the purge.

An operator asks for it here. `offboarding/work.py` does what follows, which may take days and need
Meta.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.audit import trail as audit
from mcp_platform.audit.actor import Actor
from mcp_platform.errors import Conflict, Invalid, NotFound
from mcp_platform.kit.forms import check_version
from mcp_platform.offboarding.exported import changed_since_export
from mcp_platform.registry.environments import Environments
from mcp_platform.tenants.models import OffboardingRow, TenantRow
from mcp_platform.tenants.tenant import TenantId

# Longer than a process remembers a tenant as active: when the purge begins, nobody works for it.
HEARD_BY_ALL = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class OffboardingState:
    """How far a tenant's end has come."""

    stage: Literal["waiting", "purging", "purged"]
    status_before: str
    started_at: datetime
    purge_after: datetime
    override: Literal["pending", "removed", "left"]
    """Meta's callback override: `left` if the purge came before Meta agreed to remove it."""
    error: str | None
    """Why the last try to go on failed; it is tried again."""
    purged_at: datetime | None
    left_behind: str | None
    """What the purge could not take away, and how a person does."""


class NotExported(Conflict):
    """What a purge would delete is in no export."""


class Offboarding:
    """Off-boards tenants that `actor` may see, in the caller's transaction."""

    def __init__(self, session: AsyncSession, actor: Actor) -> None:
        self._session = session
        self._actor = actor

    async def begin(
        self,
        client_name: str,
        environment: str,
        *,
        grace: timedelta,
        now: datetime,
        versions: frozenset[int] | None = None,
    ) -> OffboardingState:
        """Stop a tenant, and have it purged after `grace`. Repeated, it changes nothing.

        Raises:
            NotFound: there is no such tenant.
            PreconditionFailed: it is in none of `versions`.
        """
        tenant = await self._tenant(client_name, environment)
        row = await self._session.get(OffboardingRow, tenant.id, with_for_update=True)
        if row is not None:
            return state_of(row)
        check_version(tenant, versions)
        row = OffboardingRow(
            tenant_id=tenant.id,
            # One that was off-boarded by hand comes back as suspended.
            status_before="suspended" if tenant.status == "offboarded" else tenant.status,
            started_at=now,
            purge_after=now + grace,
            override="pending",
            attempts=0,
            due_at=now,
        )
        self._session.add(row)
        tenant.status = "offboarded"
        await self._record(tenant, "tenant.offboard", row)
        return state_of(row)

    async def state(self, client_name: str, environment: str) -> OffboardingState:
        """Return how far it has come.

        Raises:
            NotFound: there is no such tenant, or it is not being off-boarded.
        """
        return state_of(await self._row(await self._tenant(client_name, environment)))

    async def restore(self, client_name: str, environment: str) -> OffboardingState:
        """Give a tenant its former status back, and return how far its end had come.

        An override that was removed has to be set again: the doctor says so, and how.

        Raises:
            NotFound: as `state`.
            Conflict: its purge has begun.
        """
        tenant = await self._tenant(client_name, environment)
        row = await self._row(tenant)
        if row.purging_since is not None:
            raise Conflict(f"{client_name}/{environment} is being purged: there is no way back.")
        tenant.status = row.status_before
        was = state_of(row)
        await self._session.execute(
            delete(OffboardingRow).where(OffboardingRow.tenant_id == tenant.id)
        )
        await self._record(tenant, "tenant.restore", None)
        return was

    async def purge(
        self,
        client_name: str,
        environment: str,
        *,
        confirm: str,
        without_export: bool,
        now: datetime,
    ) -> OffboardingState:
        """Have a tenant purged at once. `confirm` repeats its path, letter by letter.

        `without_export`: also if the last export does not hold all that is there now.

        Raises:
            Invalid: `confirm` does not repeat it.
            NotFound: there is no such tenant.
            NotExported: it is not exported, or has changed since.
            Conflict: it is not off-boarded.
        """
        path = f"{client_name}/{environment}"
        tenant = await self._tenant(client_name, environment)
        if confirm != path:
            why = f"write {path}: everything that is kept of it will be gone"
            raise Invalid("A purge is confirmed by the tenant's name.", fields={"confirm": why})
        row = await self._session.get(OffboardingRow, tenant.id, with_for_update=True)
        if row is None:
            raise Conflict(f"{path} is not off-boarded: off-board it first.")
        if row.purge_after > now:
            if not without_export:
                await self._check_exported(tenant)
            row.purge_after = now
            row.due_at = max(now, row.started_at + HEARD_BY_ALL)
            await self._record(tenant, "tenant.purge_requested", row, without_export=without_export)
        return state_of(row)

    async def _check_exported(self, tenant: TenantRow) -> None:
        changed = await changed_since_export(self._session, TenantId(tenant.id))
        if changed == []:
            return
        path = f"{tenant.client_name}/{tenant.environment}"
        why = (
            "was never exported"
            if changed is None
            else f"has changed since its last export: {', '.join(changed)}"
        )
        raise NotExported(
            f"{path} {why}. Export it now, or say that it is to go without:"
            ' `--without-export`, by the API `"without_export": true`.'
        )

    async def _tenant(self, client_name: str, environment: str) -> TenantRow:
        located = await Environments(self._session, self._actor).locate(client_name, environment)
        found = await self._session.scalars(
            select(TenantRow)
            .where(TenantRow.id == located.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return found.one()

    async def _row(self, tenant: TenantRow) -> OffboardingRow:
        row = await self._session.get(OffboardingRow, tenant.id, with_for_update=True)
        if row is None:
            raise NotFound(f"{tenant.client_name}/{tenant.environment} is not being off-boarded.")
        return row

    async def _record(
        self, tenant: TenantRow, action: str, row: OffboardingRow | None, **more: bool
    ) -> None:
        await self._session.flush()
        after = {} if row is None else {"purge_after": row.purge_after}
        await audit.record(
            self._session,
            actor=self._actor,
            action=action,
            target=f"{tenant.client_name}/{tenant.environment}",
            tenant_id=tenant.id,
            after={"status": tenant.status, **after, **more},
        )


def state_of(row: OffboardingRow) -> OffboardingState:
    stage: Literal["waiting", "purging", "purged"] = "waiting"
    if row.purged_at is not None:
        stage = "purged"
    elif row.purging_since is not None:
        stage = "purging"
    return OffboardingState(
        stage=stage,
        status_before=row.status_before,
        started_at=row.started_at,
        purge_after=row.purge_after,
        override=row.override,  # type: ignore[arg-type]  # a check constraint holds it
        error=row.error,
        purged_at=row.purged_at,
        left_behind=row.left_behind,
    )

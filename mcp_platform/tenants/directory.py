"""Finds the tenant of a path or an id. The cache also remembers paths that nobody has.

An unknown path says nothing about the client's other environments.
"""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import fields
from datetime import timedelta
from typing import Literal

from cachetools import TTLCache
from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.errors import NotFound, Unavailable
from mcp_platform.kit.database import Sessions
from mcp_platform.tenants.models import ClientRow, TenantRow, was_purged
from mcp_platform.tenants.tenant import Tenant, TenantId, is_client_name, is_environment

# A tenant that is edited is seen edited within this time, in every process.
KNOWN_FOR = timedelta(seconds=30)
UNKNOWN_FOR = timedelta(seconds=10)
# Keys, two of each tenant, and about 1 kB; more in use at once only means more lookups.
KNOWN_MOST = 40_000
UNKNOWN_MOST = 20_000

Key = tuple[str, str] | TenantId
_COLUMNS = tuple(each.name for each in fields(Tenant) if each.name != "business_name")


class UnknownTenant(NotFound):
    """No tenant answers on this path. Says nothing more, on purpose."""

    def __init__(self) -> None:
        super().__init__("Nothing is served on this path.")


class TenantDirectory:
    """Tenants by path and by id. In pinned mode `only` names the single one there is."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        timer: Callable[[], float],
        only: tuple[str, str] | None = None,
    ) -> None:
        self._sessions = sessions
        self._only = only
        self._known: TTLCache[Key, Tenant] = TTLCache(
            KNOWN_MOST, KNOWN_FOR.total_seconds(), timer=timer
        )
        self._unknown: TTLCache[Key, Literal[True]] = TTLCache(
            UNKNOWN_MOST, UNKNOWN_FOR.total_seconds(), timer=timer
        )
        self._asking: dict[Key, asyncio.Task[Tenant]] = {}

    async def by_path(self, client_name: str, environment: str) -> Tenant:
        """Return the tenant of `/<client_name>/<environment>`.

        Raises:
            UnknownTenant: there is none; remembered for a few seconds.
            Unavailable: Postgres is away and the tenant is not in the cache.
        """
        key = (client_name, environment)
        tenant = self._known.get(key)
        if tenant is not None:
            return tenant
        if self._only not in (None, key) or not (
            is_client_name(client_name) and is_environment(environment)
        ):
            raise UnknownTenant
        return await self._ask(
            key,
            (TenantRow.client_name == client_name) & (TenantRow.environment == environment),
        )

    async def by_id(self, tenant_id: TenantId) -> Tenant:
        """Return the tenant with this id. Raises as `by_path` does."""
        tenant = self._known.get(tenant_id)
        return tenant or await self._ask(tenant_id, TenantRow.id == tenant_id)

    async def of_accounts(self, waba_ids: Collection[str]) -> list[tuple[str, Tenant]]:
        """Return the tenants of WhatsApp Business accounts, each beside its own; uncached.

        Off-boarded ones are left out.

        Raises:
            Unavailable: Postgres is away.
        """
        try:
            async with self._sessions.everywhere() as session:
                found = await session.execute(
                    select(TenantRow, ClientRow.business_name)
                    .join(ClientRow)
                    .where(TenantRow.waba_id.in_(waba_ids), TenantRow.status != "offboarded")
                    .order_by(TenantRow.waba_id, TenantRow.client_name, TenantRow.environment)
                )
                tenants = [(str(row.waba_id), tenant_of(row, name)) for row, name in found]
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            raise Unavailable(
                "The tenant cannot be looked up: the database is away.",
                retry_after=timedelta(seconds=5),
            ) from error
        return [
            (account, each)
            for account, each in tenants
            if self._only in (None, (each.client_name, each.environment))
        ]

    def forget(self) -> None:
        """Drop what is cached, after a change made in this process."""
        self._known.clear()
        self._unknown.clear()

    async def _ask(self, key: Key, which: ColumnElement[bool]) -> Tenant:
        if key in self._unknown:
            raise UnknownTenant
        task = self._asking.get(key)
        if task is None:  # many requests for one cold tenant ask once
            task = self._asking[key] = asyncio.create_task(self._load(key, which))
            task.add_done_callback(lambda _: self._asking.pop(key, None))
        return await asyncio.shield(task)

    async def _load(self, key: Key, which: ColumnElement[bool]) -> Tenant:
        try:
            async with self._sessions.everywhere() as session:
                found = (
                    await session.execute(
                        select(TenantRow, ClientRow.business_name).join(ClientRow).where(which)
                    )
                ).one_or_none()
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            raise Unavailable(
                "The tenant cannot be looked up: the database is away.",
                retry_after=timedelta(seconds=5),
            ) from error
        if found is None:
            self._unknown[key] = True
            raise UnknownTenant
        tenant = tenant_of(*found)
        if self._only not in (None, (tenant.client_name, tenant.environment)):
            raise UnknownTenant
        self._known[tenant.id] = self._known[(tenant.client_name, tenant.environment)] = tenant
        return tenant


def tenant_of(row: TenantRow, business_name: str) -> Tenant:
    """Return a tenant as features know it: each of its fields is a column of this name."""
    columns = {name: getattr(row, name) for name in _COLUMNS}
    return Tenant(**columns, business_name=business_name)


async def tenant_at(session: AsyncSession, client_name: str, environment: str) -> Tenant:
    """Return the tenant of a path.

    Raises:
        UnknownTenant: there is none.
    """
    found = await session.execute(
        select(TenantRow, ClientRow.business_name)
        .join(ClientRow)
        .where(TenantRow.client_name == client_name, TenantRow.environment == environment)
    )
    row = found.one_or_none()
    if row is None:
        raise UnknownTenant
    return tenant_of(*row)


async def all_tenants(session: AsyncSession) -> list[Tenant]:
    """Return all tenants that are not purged, by path."""
    found = await session.execute(
        select(TenantRow, ClientRow.business_name)
        .join(ClientRow)
        .where(~was_purged())
        .order_by(TenantRow.client_name, TenantRow.environment)
    )
    return [tenant_of(*each) for each in found]

"""The one cache in front of every credential store.

A value in use is refreshed behind the requests that use it, so none of them waits. A value older than
`STALE` is read again before it is used, so a changed Secret is seen within a minute. While the store
is away, the last good value is used. Idle tenants cost nothing. A refusal of the store is remembered
for seconds, so unsigned requests do not each ask it.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from cachetools import LRUCache, TTLCache

from mcp_platform.tenants.credentials import (
    Credentials,
    CredentialsMissing,
    CredentialStore,
    CredentialsUnreadable,
)
from mcp_platform.tenants.tenant import Tenant, TenantId

log = structlog.get_logger(__name__)

REFRESH = timedelta(seconds=20)
STALE = timedelta(seconds=50)  # with one read, under the minute that is promised
# As short as a person hardly notices who has just put the credentials there.
REFUSED_FOR = timedelta(seconds=5)
READ_TIMEOUT = timedelta(seconds=5)
MOST = 5_000  # about 8 kB each with a private key


@dataclass(slots=True)
class _Entry:
    credentials: Credentials
    read_at: float
    tried_at: float
    store_away: bool = False


class CachedCredentials:
    """Credentials by tenant, out of `store`, through memory."""

    def __init__(self, store: CredentialStore, *, timer: Callable[[], float]) -> None:
        self._store = store
        self._timer = timer
        self._entries: LRUCache[TenantId, _Entry] = LRUCache(MOST)
        self._refused: TTLCache[TenantId, CredentialsUnreadable] = TTLCache(
            MOST, REFUSED_FOR.total_seconds(), timer=timer
        )
        self._reading: dict[TenantId, asyncio.Task[Credentials]] = {}

    async def of(self, tenant: Tenant) -> Credentials:
        """Return the tenant's credentials.

        Raises:
            CredentialsUnreadable: nothing is cached and the store gives nothing, or gave nothing
                some seconds ago.
        """
        entry = self._entries.get(tenant.id)
        if entry is None:
            refused = self._refused.get(tenant.id)
            if refused is not None:
                raise refused.with_traceback(None)  # it would grow with each raise
            return await asyncio.shield(self._read(tenant))
        now = self._timer()
        age = now - entry.read_at
        if age < REFRESH.total_seconds():
            return entry.credentials
        # While the store is away it is tried every REFRESH, not with every request, and nobody
        # waits for it.
        if now - entry.tried_at >= REFRESH.total_seconds():
            entry.tried_at = now
            self._read(tenant)
        reading = self._reading.get(tenant.id)
        if reading is None or age < STALE.total_seconds() or entry.store_away:
            return entry.credentials
        try:
            return await asyncio.shield(reading)
        except CredentialsMissing:
            raise
        except CredentialsUnreadable:
            return entry.credentials

    def _read(self, tenant: Tenant) -> asyncio.Task[Credentials]:
        task = self._reading.get(tenant.id)
        if task is None:
            task = self._reading[tenant.id] = asyncio.create_task(self._load(tenant))
            task.add_done_callback(lambda done: self._finished(tenant, done))
        return task

    async def _load(self, tenant: Tenant) -> Credentials:
        try:
            async with asyncio.timeout(READ_TIMEOUT.total_seconds()):
                credentials = await self._store.read(
                    client_name=tenant.client_name, environment=tenant.environment
                )
        except TimeoutError as error:
            raise CredentialsUnreadable("The credential store does not answer.") from error
        now = self._timer()
        self._entries[tenant.id] = _Entry(credentials, read_at=now, tried_at=now)
        return credentials

    def _finished(self, tenant: Tenant, task: asyncio.Task[Credentials]) -> None:
        self._reading.pop(tenant.id, None)
        error = None if task.cancelled() else task.exception()
        entry = self._entries.get(tenant.id)
        if isinstance(error, CredentialsMissing):
            self._entries.pop(tenant.id, None)
        elif error is not None and entry is not None:
            entry.store_away = True
        if isinstance(error, CredentialsUnreadable):
            self._refused[tenant.id] = error
        if error is not None:
            log.warning("tenants.credentials.unreadable", tenant=tenant.path, error=str(error))

"""How one process connects to Postgres: as whom, and with how many connections.

A shared process acts in the roles of its parts, with any login. A pinned one is its tenant's login
and nothing else.
"""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from mcp_platform.kit.consumer import Queue
from mcp_platform.kit.database import create_engine, opener
from mcp_platform.kit.queue import SCHEMA
from mcp_platform.kit.row_security import DatabaseRole


async def _nothing_to_reset(_: asyncpg.Connection) -> None:
    """Spare the round trip after each statement: no one leaves a setting or a lock behind."""


@dataclass(frozen=True, slots=True)
class Connections:
    """What opens connections of one process, each in the role of the part it is for."""

    url: str
    most: int
    pinned: bool
    """As its tenant's login, which has no other role, and with as few as there can be when nothing
    is done: one that looks for work, and one for everything else."""
    password: Callable[[], Awaitable[str]] | None = None
    """Asked for each new connection; None: it stands in the URL."""

    def engine(self, role: DatabaseRole, *, name: str = "mcp") -> AsyncEngine:
        return create_engine(
            self.url,
            pool_size=self.most,
            kept=1 if self.pinned else None,
            application_name=name,
            role=None if self.pinned else role,
            password=self.password,
        )

    def occasional(self, role: DatabaseRole, *, name: str) -> AsyncEngine:
        """Return an engine for who must not wait behind the others, and seldom has to do.

        It keeps no connection; each use opens one.
        """
        return create_engine(
            self.url,
            pool_size=1,
            kept=0,
            application_name=name,
            role=None if self.pinned else role,
            password=self.password,
        )

    async def pool(self, role: DatabaseRole, *, most: int, name: str) -> asyncpg.Pool:
        connect = opener(
            self.url,
            application_name=f"mcp-{name}",
            role=None if self.pinned else role.value,
            password=self.password,
            command_timeout=30,
        )
        return await asyncpg.create_pool(
            connect=connect,
            min_size=0 if self.pinned else 1,
            max_size=most,
            max_inactive_connection_lifetime=5 if self.pinned else 60,
            reset=_nothing_to_reset,
        )

    async def queue(self, stack: AsyncExitStack, schema: str | None) -> Queue:
        """Open the queue in `schema`; None: the shared one."""
        pool = await self.pool(DatabaseRole.WORKER, most=1, name="queue")
        stack.push_async_callback(pool.close)
        return Queue(pool, schema=schema or SCHEMA)

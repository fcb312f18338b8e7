"""All that is kept of one tenant, as JSON lines: for the business whose data it is.

It reads a thousand rows at a time by their keys, so neither memory nor a transaction grows with the
tenant. Credentials and users are not data of the business and are never in it.
"""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Table, select, tuple_
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.audit import trail as audit
from mcp_platform.audit.actor import Actor
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.jsons import json_or_base64
from mcp_platform.offboarding.exported import (
    TENANT,
    Tally,
    exported_tables,
    hash_of,
    hash_of_tenant,
    record_completed,
)
from mcp_platform.tenants.models import ClientRow, TenantRow
from mcp_platform.tenants.tenant import TenantId

ROWS = 1_000  # read at a time
HASH = "hash of the row"  # no column is called that


class DataExport:
    """One export of one tenant: what is asked for, the lines, and that they came to their end."""

    def __init__(self, sessions: Sessions, tenant_id: TenantId, *, actor: Actor, path: str) -> None:
        self._sessions = sessions
        self._tenant_id = tenant_id
        self._actor = actor
        self._path = path
        self._tally = Tally()

    async def begin(self) -> None:
        """Write down who asked, before the first row leaves."""
        async with self._sessions.everywhere.begin() as session:
            await audit.record(
                session,
                actor=self._actor,
                action="tenant.export",
                target=self._path,
                tenant_id=self._tenant_id,
            )

    async def lines(self) -> AsyncIterator[bytes]:
        """Yield JSON lines, some hundred rows at a time: an object a row, its table as `type`.

        What is referred to comes before what refers to it. Bytes that are JSON are given as such,
        others as `{"base64": …}`; times carry an offset.
        """
        async with self._sessions.everywhere() as session:
            yield await self._head(session)
        for table in exported_tables():
            after: tuple[Any, ...] | None = None
            while True:
                async with self._sessions.everywhere() as session:
                    rows, after = await _rows(session, table, self._tenant_id, after=after)
                if rows:
                    self._count(table.name, rows)
                    yield b"".join(_line(table.name, row) for row in rows)
                if after is None:
                    break

    async def complete(self) -> int:
        """Write down what left, once all of it is where it goes; return how many rows it was."""
        async with self._sessions.everywhere.begin() as session:
            await record_completed(
                session,
                actor=self._actor,
                path=self._path,
                tenant_id=self._tenant_id,
                tally=self._tally,
            )
        return self._tally.rows

    async def _head(self, session: AsyncSession) -> bytes:
        found = await session.execute(
            select(TenantRow.__table__, ClientRow.business_name, hash_of_tenant().label(HASH))
            .join(ClientRow)
            .where(TenantRow.id == self._tenant_id)
        )
        row = dict(found.one()._mapping)  # noqa: SLF001  # SQLAlchemy's public name
        self._count(TENANT, [row])
        return _line(TENANT, row)

    def _count(self, table: str, rows: list[dict[str, Any]]) -> None:
        """Add the rows up, and take their hashes out of them."""
        self._tally.add(table, rows=len(rows), hashes=sum(row.pop(HASH) for row in rows))


async def _rows(
    session: AsyncSession, table: Table, tenant_id: TenantId, *, after: tuple[Any, ...] | None
) -> tuple[list[dict[str, Any]], tuple[Any, ...] | None]:
    """Return rows behind the key `after`, and the last one's key if there may be more."""
    key = list(table.primary_key.columns)
    # What is made of other columns says nothing that they do not say.
    columns = [each for each in table.columns if "derived" not in each.info]
    statement = select(*columns, hash_of(table).label(HASH)).where(table.c.tenant_id == tenant_id)
    statement = statement.order_by(*key).limit(ROWS)
    if after is not None:
        statement = statement.where(tuple_(*key) > after)
    rows = [dict(each) for each in (await session.execute(statement)).mappings()]
    last = tuple(rows[-1][column.name] for column in key) if len(rows) == ROWS else None
    return rows, last


def _line(kind: str, row: dict[str, Any]) -> bytes:
    # SQLAlchemy's names may be a kind of string of its own, which orjson takes for no key.
    plain = {str(name): _plain(value) for name, value in row.items() if name != "tenant_id"}
    return orjson.dumps({"type": kind, **plain}, option=orjson.OPT_APPEND_NEWLINE)


def _plain(value: Any) -> Any:
    match value:
        case bytes():
            return json_or_base64(value)
        case UUID():  # the driver's own kind, which orjson does not know
            return str(value)
        case Range():
            return [value.lower, value.upper]
        case _:
            return value

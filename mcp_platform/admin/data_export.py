"""All that is kept of one tenant, as JSON lines: for the business whose data it is.

Owns the form. Reads a thousand rows at a time by their keys, so that neither memory nor a transaction
grows with the tenant. Credentials and users are not data of the business, and never in it.
"""

import base64
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Table, select, tuple_
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.admin.offboarding_work import tables_of_tenants
from mcp_platform.kit.database import Sessions
from mcp_platform.tenants.models import ClientRow, TenantRow
from mcp_platform.tenants.tenant import TenantId

ROWS = 1_000  # read at a time
# What is the platform's own about a tenant: passwords, fingerprints, leases, its end.
NOT_DATA = frozenset(
    {"users", "credential_keys", "offboardings", "audit_entries", "contact_leases"}
    | {"tenant_troubles", "turn_steps", "offers"}
)


async def export_tenant(sessions: Sessions, tenant_id: TenantId) -> AsyncIterator[bytes]:
    """Yield JSON lines, some hundred rows at a time: an object a row, its table as `type`.

    What is referred to comes before what refers to it. Bytes that are JSON are given as such,
    others as `{"base64": …}`; times carry an offset.
    """
    async with sessions.everywhere() as session:
        yield await _head(session, tenant_id)
    for table in exported_tables():
        after: tuple[Any, ...] | None = None
        while True:
            async with sessions.everywhere() as session:
                rows, after = await _rows(session, table, tenant_id, after=after)
            if rows:
                yield b"".join(_line(table.name, row) for row in rows)
            if after is None:
                break


def exported_tables() -> list[Table]:
    """Return the tables whose rows are a tenant's data, those that others refer to first."""
    return [each for each in reversed(tables_of_tenants()) if each.name not in NOT_DATA]


async def _head(session: AsyncSession, tenant_id: TenantId) -> bytes:
    found = await session.execute(
        select(TenantRow.__table__, ClientRow.business_name)
        .join(ClientRow)
        .where(TenantRow.id == tenant_id)
    )
    return _line("tenant", dict(found.one()._mapping))  # noqa: SLF001  # SQLAlchemy's public name


async def _rows(
    session: AsyncSession, table: Table, tenant_id: TenantId, *, after: tuple[Any, ...] | None
) -> tuple[list[dict[str, Any]], tuple[Any, ...] | None]:
    """Return rows behind the key `after`, and the last one's key if there may be more."""
    key = list(table.primary_key.columns)
    statement = select(table).where(table.c.tenant_id == tenant_id).order_by(*key).limit(ROWS)
    if after is not None:
        statement = statement.where(tuple_(*key) > after)
    rows = [dict(each) for each in (await session.execute(statement)).mappings()]
    last = tuple(rows[-1][column.name] for column in key) if len(rows) == ROWS else None
    return rows, last


def _line(kind: str, row: dict[str, Any]) -> bytes:
    plain = {name: _plain(value) for name, value in row.items() if name != "tenant_id"}
    return orjson.dumps({"type": kind, **plain}, option=orjson.OPT_APPEND_NEWLINE)


def _plain(value: Any) -> Any:
    match value:
        case bytes():
            try:
                read = orjson.loads(value)
                orjson.dumps(read)  # it reads what is nested more deeply than it writes
            except (orjson.JSONDecodeError, orjson.JSONEncodeError):
                return {"base64": base64.b64encode(value).decode()}
            return read
        case UUID():  # the driver's own kind, which orjson does not know
            return str(value)
        case Range():
            return [value.lower, value.upper]
        case _:
            return value

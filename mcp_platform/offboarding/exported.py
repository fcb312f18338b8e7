"""What the last export of a tenant held, beside what a purge would delete now.

An export adds up its rows as they leave: their number, and the sum of a hash of each. Before a purge
the database is asked for the same. So no clock is needed, and a row that changed during the export is
noticed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Table, Text, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.audit import trail as audit
from mcp_platform.audit.actor import Actor
from mcp_platform.audit.models import AuditRow
from mcp_platform.schema import tables_of_tenants
from mcp_platform.tenants.models import ClientRow, TenantRow
from mcp_platform.tenants.tenant import TenantId

COMPLETED = "tenant.exported"
TENANT = "tenant"  # what the tenant's own row is called in an export
# What is the platform's own about a tenant: passwords, fingerprints, leases, its end, when a doctor
# visited and what was pushed.
NOT_DATA = frozenset(
    {"users", "credential_keys", "offboardings", "audit_entries", "contact_leases", "booking_locks"}
    | {"tenant_troubles", "turn_steps", "offers", "doctor_visits", "publications", "erasures"}
    | {"fleet_rows"}
)
HASHES = 2**64  # sums are kept within it
# Off-boarding itself writes these; they are no data.
OF_ITS_STATE = ("status", "version", "updated_at")


def exported_tables() -> list[Table]:
    """Return the tables whose rows are a tenant's data, those that others refer to first."""
    return [each for each in reversed(tables_of_tenants()) if each.name not in NOT_DATA]


def hash_of(table: Table) -> ColumnElement[int]:
    """Return the hash of a row of `table`, over everything that is in it."""
    return func.hashtextextended(cast(literal_column(table.name), Text), 0)


def hash_of_tenant() -> ColumnElement[int]:
    """Return the hash of a tenant's own row, joined with its client's name."""
    row: ColumnElement[Any] = func.to_jsonb(literal_column(TenantRow.__tablename__), type_=JSONB)
    for column in OF_ITS_STATE:
        row = row.op("-", return_type=JSONB())(column)
    return func.hashtextextended(cast(row, Text) + ClientRow.business_name, 0)


@dataclass(slots=True)
class Tally:
    """How many rows there are of each table, and the sum of their hashes."""

    sums: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(self, table: str, *, rows: int, hashes: int) -> None:
        counted, total = self.sums.get(table, (0, 0))
        if rows:
            self.sums[table] = counted + rows, (total + hashes) % HASHES

    @property
    def rows(self) -> int:
        return sum(rows for rows, _ in self.sums.values())

    def differing(self, other: "Tally") -> list[str]:
        """Return the tables of which the two do not hold the same rows."""
        names = self.sums.keys() | other.sums.keys()
        return sorted(name for name in names if self.sums.get(name) != other.sums.get(name))

    def told(self) -> list[tuple[str, int, int]]:
        """Return table, rows and sum of each. The trail masks by the names of keys: there are none."""
        return [(name, rows, total) for name, (rows, total) in self.sums.items()]

    @classmethod
    def read(cls, told: Iterable[tuple[str, int, int]]) -> "Tally":
        return cls({name: (rows, total) for name, rows, total in told})


async def tally_now(session: AsyncSession, tenant_id: TenantId) -> Tally:
    """Add up what is kept of a tenant at this moment."""
    tally = Tally()
    tenant = select(hash_of_tenant()).select_from(TenantRow).join(ClientRow)
    own = await session.scalar(tenant.where(TenantRow.id == tenant_id))
    tally.add(TENANT, rows=1, hashes=own or 0)
    for table in exported_tables():
        found = await session.execute(
            select(func.count(), func.sum(hash_of(table))).where(table.c.tenant_id == tenant_id)
        )
        rows, hashes = found.one()
        tally.add(table.name, rows=rows, hashes=int(hashes or 0))  # a numeric: it did not run over
    return tally


async def record_completed(
    session: AsyncSession, *, actor: Actor, path: str, tenant_id: TenantId, tally: Tally
) -> None:
    """Write down that an export came to its end, and what it held."""
    await audit.record(
        session,
        actor=actor,
        action=COMPLETED,
        target=path,
        tenant_id=tenant_id,
        after={"tables": tally.told()},
    )


async def changed_since_export(session: AsyncSession, tenant_id: TenantId) -> list[str] | None:
    """Return the tables that a purge would delete other rows of than the last export held.

    None if no export ever came to its end.
    """
    exported = await session.scalar(
        select(AuditRow.after)
        .where(AuditRow.tenant_id == tenant_id, AuditRow.action == COMPLETED)
        .order_by(AuditRow.id.desc())
        .limit(1)
    )
    if exported is None:
        return None
    return Tally.read(exported["tables"]).differing(await tally_now(session, tenant_id))

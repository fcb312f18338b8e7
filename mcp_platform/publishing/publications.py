"""What was asked of the manifests repository for each tenant, and what is in it, written down.

A process that dies after its push leaves `committed` behind. The next run finds nothing to push, and
brings the row up to date.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.publishing.models import PUBLICATIONS

REQUESTED = text("""
    INSERT INTO publications (tenant_id, requested, requested_at)
    SELECT tenants.id, told.digest, :now
    FROM unnest(CAST(:paths AS text[]), CAST(:digests AS text[])) AS told (path, digest)
    JOIN tenants ON tenants.client_name || '/' || tenants.environment = told.path
    ON CONFLICT (tenant_id) DO UPDATE
        SET requested = excluded.requested, requested_at = excluded.requested_at
        WHERE publications.requested <> excluded.requested
""")
COMMITTED = text("""
    UPDATE publications
    SET committed = told.digest, committed_at = :now, commit_id = :commit_id
    FROM unnest(CAST(:paths AS text[]), CAST(:digests AS text[])) AS told (path, digest)
    JOIN tenants ON tenants.client_name || '/' || tenants.environment = told.path
    WHERE publications.tenant_id = tenants.id
        AND publications.committed IS DISTINCT FROM told.digest
""")


async def record_requested(
    session: AsyncSession, digests: Mapping[str, str], *, now: datetime
) -> None:
    """Write down what is asked for, by `<client>/<environment>`."""
    await session.execute(
        REQUESTED, {"paths": list(digests), "digests": list(digests.values()), "now": now}
    )


async def record_committed(
    session: AsyncSession, digests: Mapping[str, str], *, commit_id: str | None, now: datetime
) -> None:
    """Write down what the repository holds, and since which commit."""
    await session.execute(
        COMMITTED,
        {
            "paths": list(digests),
            "digests": list(digests.values()),
            "commit_id": commit_id,
            "now": now,
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationRecord:
    """What was last asked of the repository for a tenant, and what is in it, as digests."""

    requested: str
    requested_at: datetime
    committed: str | None
    committed_at: datetime | None
    commit_id: str | None


async def publication_of(session: AsyncSession, tenant_id: int) -> PublicationRecord | None:
    """Return what is written down of a tenant; None: it was never asked for."""
    row = (
        await session.execute(select(PUBLICATIONS).where(PUBLICATIONS.c.tenant_id == tenant_id))
    ).one_or_none()
    if row is None:
        return None
    return PublicationRecord(
        requested=row.requested,
        requested_at=row.requested_at,
        committed=row.committed,
        committed_at=row.committed_at,
        commit_id=row.commit_id,
    )

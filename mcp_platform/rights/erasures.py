"""The list of erasures, and doing them again where a backup from before was restored."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.rights.erasure import ContactErasure, ErasureReceipt, record
from mcp_platform.rights.fingerprints import Fingerprints
from mcp_platform.rights.models import ErasureRow
from mcp_platform.tenants.access import Trail
from mcp_platform.tenants.tenant import Tenant, TenantId

# Who wrote again after the erasure is another contact, and stays.
KNOWN = Sql("""
    SELECT a.alias, a.contact_id, c.created_at FROM contact_aliases a
    JOIN contacts c ON c.tenant_id = a.tenant_id AND c.id = a.contact_id
    WHERE a.tenant_id = :tenant
""")


class ListedErasure(BaseModel):
    """One erasure, as the list is kept outside of the database."""

    model_config = ConfigDict(from_attributes=True)

    tenant: Annotated[str, Field(description="`<client>/<environment>`.")]
    id: UUID
    erased_at: datetime
    fingerprints: Annotated[
        list[str], Field(description="Keyed hashes of their number and ids; the key is not in it.")
    ]
    counts: dict[str, int]


async def list_erasures(
    session: AsyncSession, tenant_id: TenantId, *, path: str
) -> list[ListedErasure]:
    """Return a tenant's erasures, the oldest first."""
    rows = await session.scalars(
        select(ErasureRow).where(ErasureRow.tenant_id == tenant_id).order_by(ErasureRow.erased_at)
    )
    return [
        ListedErasure(
            tenant=path,
            id=each.id,
            erased_at=each.erased_at,
            fingerprints=each.fingerprints,
            counts=each.counts,
        )
        for each in rows
    ]


async def replay_erasures(
    session: AsyncSession,
    tenant: Tenant,
    erasures: Sequence[ListedErasure],
    *,
    fingerprints: Fingerprints,
    trail: Trail,
    now: datetime,
) -> int:
    """Erase again who was erased and is there; return how many contacts that were. Repeatable.

    What they have ahead is cancelled: it was, or was not there, when they were erased.
    """
    listed = {each.id for each in await list_erasures(session, tenant.id, path=tenant.path)}
    rows = await Driver(session).rows(KNOWN, tenant=tenant.id)
    printed = fingerprints.of(tenant.id, [row["alias"] for row in rows])
    known = {
        fingerprint: (row["contact_id"], row["created_at"])
        for fingerprint, row in zip(printed, rows, strict=True)
    }
    work = ContactErasure(session, tenant, fingerprints=fingerprints, now=now)
    erased: set[UUID] = set()
    again = 0
    for erasure in erasures:
        if erasure.id in listed:
            continue
        found = [known[each] for each in erasure.fingerprints if each in known]
        theirs = {id_ for id_, since in found if since <= erasure.erased_at} - erased
        for contact_id in theirs:
            await work.erase(contact_id, cancel=True, trail=trail)
        erased |= theirs
        receipt = ErasureReceipt(id=erasure.id, erased_at=erasure.erased_at, counts=erasure.counts)
        record(session, tenant, receipt, fingerprints=erasure.fingerprints)
        again += len(theirs)
    return again

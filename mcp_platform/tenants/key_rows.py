"""What the provisioner remembers of a tenant's credentials: fingerprints, and sealed values.

The rows are written in the transaction that makes a login. A value that is not sealed is not kept.
"""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Row, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from mcp_platform.tenants.credentials import checked_values, fingerprint_of
from mcp_platform.tenants.models import CredentialKeyRow
from mcp_platform.tenants.sealing import Sealer
from mcp_platform.tenants.tenant import Tenant


async def remember(
    connection: AsyncConnection,
    tenant: Tenant,
    *,
    sealer: Sealer | None,
    values: Mapping[str, str],
    remove: Collection[str] = (),
) -> None:
    """Remember `values`, sealed if there is a `sealer`; forget `remove`. In the caller's transaction.

    Raises:
        Invalid: as a store's `write`.
    """
    rows = await connection.execute(
        select(CredentialKeyRow).where(CredentialKeyRow.tenant_id == tenant.id)
    )
    certificate = None if sealer is None else sealer.certificate
    unchanged = {
        row.key
        for row in rows
        if row.changing_since is None
        and row.key in values
        and is_of(row, values[row.key], certificate=certificate)
    }
    for key, value in checked_values(values, remove=remove).items():
        if key in unchanged:
            continue
        row = {
            "changed_at": func.now(),
            "fingerprint": fingerprint_of(key, value),
            "changing_since": None,
            "sealed": None
            if sealer is None
            else sealer.seal(value, client_name=tenant.client_name, environment=tenant.environment),
            "certificate": certificate,
        }
        putting = insert(CredentialKeyRow).values(tenant_id=tenant.id, key=key, **row)
        await connection.execute(
            putting.on_conflict_do_update(index_elements=["tenant_id", "key"], set_=row)
        )
    if remove:
        await connection.execute(
            delete(CredentialKeyRow).where(
                CredentialKeyRow.tenant_id == tenant.id, CredentialKeyRow.key.in_(remove)
            )
        )


def is_of(
    row: CredentialKeyRow | Row[Any],
    value: str,
    *,
    certificate: str | None,
) -> bool:
    """Tell whether a row is of this very value, sealed to this certificate.

    Then it stays: sealed again the value would look different, and the files of a cluster change for
    nothing. Of a value that could be guessed it is not known, and it counts as another.
    """
    fingerprint = fingerprint_of(row.key, value)
    same = fingerprint != "" and fingerprint == row.fingerprint
    return same and bool(row.certificate == certificate)


async def sealed(connection: AsyncConnection, tenant: Tenant) -> set[str]:
    """Return the keys of which a sealed value is kept."""
    found = await connection.scalars(
        select(CredentialKeyRow.key).where(
            CredentialKeyRow.tenant_id == tenant.id, CredentialKeyRow.sealed.is_not(None)
        )
    )
    return set(found)

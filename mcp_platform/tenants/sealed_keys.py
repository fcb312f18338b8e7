"""What is kept of a tenant's credentials where a controller makes the Secret: sealed values, in its rows.

Owns the form of those rows as the provisioner writes them. Refuses to keep a value that is not sealed.
"""

from collections.abc import Collection, Mapping

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from mcp_platform.tenants.credentials import checked_values, fingerprint_of
from mcp_platform.tenants.models import CredentialKeyRow
from mcp_platform.tenants.sealing import Sealer
from mcp_platform.tenants.tenant import Tenant


async def keep(
    connection: AsyncConnection,
    tenant: Tenant,
    *,
    sealer: Sealer,
    values: Mapping[str, str],
    remove: Collection[str] = (),
) -> None:
    """Seal `values` and keep them; forget `remove`. In the caller's transaction.

    Raises:
        Invalid: as a store's `write`.
    """
    for key, value in checked_values(values, remove=remove).items():
        row = {
            "changed_at": func.now(),
            "fingerprint": fingerprint_of(key, value),
            "changing_since": None,
            "sealed": sealer.seal(
                value, client_name=tenant.client_name, environment=tenant.environment
            ),
            "certificate": sealer.certificate,
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


async def kept(connection: AsyncConnection, tenant: Tenant) -> set[str]:
    """Return the keys of which a sealed value is kept."""
    found = await connection.scalars(
        select(CredentialKeyRow.key).where(
            CredentialKeyRow.tenant_id == tenant.id, CredentialKeyRow.sealed.is_not(None)
        )
    )
    return set(found)

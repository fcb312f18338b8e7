"""`config.json` out of the database: the same rows give the same bytes.

It tells no secrets but sealed ones. Of a business it tells only the client name, unless the
catalogue is asked for.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.errors import NotFound
from mcp_platform.publishing.config_form import BLOCKS, PATH_PATTERN, VERSION
from mcp_platform.registry.catalogue_file import stored, written
from mcp_platform.tenants.models import (
    ClientRow,
    CredentialKeyRow,
    ManifestBlockRow,
    OffboardingRow,
    TenantRow,
)
from mcp_platform.tenants.tenant import ENVIRONMENTS, Tenant


async def export_config(session: AsyncSession, *, catalogue: bool = False) -> bytes:
    """Return the whole file. A tenant that was purged is not in it, nor a client of no others.

    With `catalogue`, also what each offers, who does it and when: not for the manifests repository.
    """
    keys: defaultdict[int, list[CredentialKeyRow]] = defaultdict(list)
    for row in await session.scalars(
        select(CredentialKeyRow)
        .where(CredentialKeyRow.changed_at.is_not(None))
        .order_by(CredentialKeyRow.key)
    ):
        keys[row.tenant_id].append(row)
    # Their paths are remembered for a while; a client that has no environment yet is another thing.
    purged = set(
        await session.scalars(
            select(OffboardingRow.tenant_id).where(OffboardingRow.purged_at.is_not(None))
        )
    )
    environments: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    gone: set[str] = set()
    for tenant in await session.scalars(select(TenantRow)):
        if tenant.id in purged:
            gone.add(tenant.client_name)
        else:
            said = _environment(tenant, keys.get(tenant.id, []))
            if catalogue:
                said["catalogue"] = {
                    **written(await stored(session, tenant.id)),
                    "holidays_of": tenant.holidays_of,
                    **({"own_holidays": tenant.own_holidays} if tenant.own_holidays else {}),
                }
            environments[tenant.client_name][tenant.environment] = said
    gone -= environments.keys()
    names = set(await session.scalars(select(ClientRow.name))) - gone
    # Sorted here: a database's order depends on its locale.
    document = await _document(session, {name: environments[name] for name in sorted(names)})
    return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"


async def export_alone(session: AsyncSession, tenant: Tenant) -> dict[str, Any]:
    """Return the file as it is if there is no other tenant. Raises NotFound."""
    said = await export_tenant(session, tenant.id)
    return await _document(session, {tenant.client_name: {tenant.environment: said}})


async def _document(
    session: AsyncSession, clients: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Return the file of these clients with their environments, and of what all of them share."""
    blocks = {row.name: row.body for row in await session.scalars(select(ManifestBlockRow))}
    return {
        "version": VERSION,
        "path_pattern": PATH_PATTERN,
        **{name: _sorted(blocks[name]) for name in BLOCKS if blocks.get(name)},
        "clients": [
            {
                "client_name": name,
                "environments": {each: said[each] for each in ENVIRONMENTS if each in said},
            }
            for name, said in clients.items()
        ],
    }


async def export_tenant(session: AsyncSession, tenant_id: int) -> dict[str, Any]:
    """Return what the file says of one tenant. Raises NotFound."""
    tenant = await session.get(TenantRow, tenant_id)
    if tenant is None:
        raise NotFound("There is no such tenant.")
    keys = await session.scalars(
        select(CredentialKeyRow)
        .where(CredentialKeyRow.tenant_id == tenant_id, CredentialKeyRow.changed_at.is_not(None))
        .order_by(CredentialKeyRow.key)
    )
    return _environment(tenant, list(keys))


def _environment(tenant: TenantRow, keys: Sequence[CredentialKeyRow]) -> dict[str, Any]:
    said: dict[str, Any] = {"topology": tenant.topology, "status": tenant.status}
    resources = {
        "requests": {"cpu": tenant.cpu_request, "memory": tenant.memory_request},
        "limits": {"cpu": tenant.cpu_limit, "memory": tenant.memory_limit},
    }
    given = {
        kind: {what: amount for what, amount in amounts.items() if amount is not None}
        for kind, amounts in resources.items()
    }
    if any(given.values()):
        said["resources"] = {kind: amounts for kind, amounts in given.items() if amounts}
    if keys:
        said["credentials"] = _credentials(keys)
    return said


def _credentials(keys: Sequence[CredentialKeyRow]) -> dict[str, Any]:
    lines = "".join(f"{row.key} {row.fingerprint} {row.changed_at}\n" for row in keys)
    told: dict[str, Any] = {
        "keys": sorted(row.key for row in keys),
        "checksum": hashlib.sha256(lines.encode()).hexdigest(),
    }
    sealed = {row.key: row.sealed for row in keys if row.sealed is not None}
    if sealed:
        newest = max(
            (row for row in keys if row.certificate is not None),
            key=lambda row: (str(row.changed_at), row.key),
        )
        told["certificate"] = newest.certificate
        told["sealed"] = _sorted(sealed)
    return told


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return value

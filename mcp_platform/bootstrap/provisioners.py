"""What prepares tenants and writes credentials: here, or in another process."""

from contextlib import AsyncExitStack

import httpx

from mcp_platform.access.jwts import Jwts
from mcp_platform.bootstrap.clock import now
from mcp_platform.bootstrap.keys import token_keys
from mcp_platform.bootstrap.stores import sealer_of, shared_store
from mcp_platform.kit.database import create_engine
from mcp_platform.provisioning.client import RemoteProvisioner
from mcp_platform.settings import Settings
from mcp_platform.tenants.provisioning import LocalProvisioner, Provisioner


async def provisioner(
    settings: Settings, stack: AsyncExitStack, *, database_url: str, here: bool
) -> Provisioner:
    """Return what prepares tenants and writes credentials.

    In this process if `here`, or where no PROVISIONER_URL says which other does.
    """
    if settings.provisioner_url is not None and not here:
        http = await stack.enter_async_context(
            httpx.AsyncClient(headers={"user-agent": "mcp-platform"})
        )
        jwts = Jwts(token_keys(settings))
        return RemoteProvisioner(http=http, url=settings.provisioner_url, jwts=jwts, clock=now)
    return provisioner_here(settings, stack, database_url=database_url)


def provisioner_here(
    settings: Settings, stack: AsyncExitStack, *, database_url: str
) -> LocalProvisioner:
    store, namespaces = shared_store(settings, closing=stack)
    owner = create_engine(database_url, pool_size=1, application_name="mcp-provisioner")
    stack.push_async_callback(owner.dispose)
    return LocalProvisioner(
        store=store,
        owner=owner,
        namespaces=namespaces,
        sealer=sealer_of(settings) if settings.sealed else None,
    )

"""As whom a process connects to the database, and which queue it works off."""

from collections.abc import Awaitable, Callable

from mcp_platform.bootstrap.stores import credential_store
from mcp_platform.errors import NotFound, Unavailable
from mcp_platform.kit.database import with_login
from mcp_platform.kit.queue import own_schema
from mcp_platform.settings import Settings
from mcp_platform.tenants.credentials import CredentialsUnreadable
from mcp_platform.tenants.directory import TenantDirectory


def pinned_to(settings: Settings) -> tuple[str, str] | None:
    if settings.client_name is None or settings.environment is None:
        return None
    return settings.client_name, settings.environment


async def own_url(settings: Settings, database_url: str) -> str:
    """Return the database as this process logs into it: pinned, as its tenant.

    Raises:
        CredentialsUnreadable: there is no login among the tenant's credentials.
    """
    only = pinned_to(settings)
    if only is None:
        return database_url
    client_name, environment = only
    found = await credential_store(settings).read(client_name=client_name, environment=environment)
    if not (found.database_user and found.database_password):
        raise CredentialsUnreadable(
            f"A process pinned to {client_name}/{environment} connects as that tenant, and"
            f" DATABASE_USER or DATABASE_PASSWORD is missing in {settings.credentials_mount}."
            " Prepare the tenant: that makes its login."
        )
    return with_login(database_url, user=found.database_user, password=found.database_password)


def own_password(settings: Settings) -> Callable[[], Awaitable[str]]:
    """Return what reads a pinned process's password: it is asked for each connection.

    So a rotated password needs no restart: what is connected stays so.
    """
    store = credential_store(settings)

    async def read() -> str:
        client_name, environment = pinned_to(settings) or ("", "")
        found = await store.read(client_name=client_name, environment=environment)
        return found.database_password

    return read


async def own_queue(settings: Settings, tenants: TenantDirectory) -> str | None:
    """Return the schema of this process's queue; None: the one that tenants share.

    Raises:
        Unavailable: pinned to a tenant that shares its workers, or that its login cannot see.
    """
    only = pinned_to(settings)
    if only is None:
        return None
    path = "/".join(only)
    try:
        tenant = await tenants.by_path(*only)
    except NotFound as error:
        raise Unavailable(
            f"There is no tenant {path}, or DATABASE_USER is another's login."
        ) from error
    if tenant.topology != "isolated":
        raise Unavailable(
            f"{path} is shared: the shared service answers it. Make it isolated before a process"
            " is pinned to it."
        )
    return own_schema(tenant.id)

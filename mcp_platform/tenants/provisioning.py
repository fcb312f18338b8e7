"""What a tenant needs before it can work: its namespace, its database role, its credentials.

Owns the port and the order of the steps. How a Secret is written is the store's business, how a
role is made that of `database_roles.py`. Nothing here keeps a secret: the password of a tenant's
role goes from where it is made straight into the store.
"""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mcp_platform.errors import Unavailable
from mcp_platform.tenants import database_roles
from mcp_platform.tenants.credentials import (
    Credentials,
    CredentialsMissing,
    CredentialStore,
    CredentialWriter,
)
from mcp_platform.tenants.database_roles import DatabaseLogin, role_name
from mcp_platform.tenants.tenant import Tenant


class Provisioner(Protocol):
    """Gives tenants what they need, and takes it away. Every step may be repeated."""

    async def prepare(self, tenant: Tenant) -> None:
        """Make the tenant's namespace, database role and queue, as far as they are missing.

        Raises:
            Conflict: the namespace belongs to somebody else.
            Unavailable: the cluster or the database is away or refuses; repeat it later.
        """

    async def write_credentials(
        self, tenant: Tenant, *, values: Mapping[str, str], remove: Collection[str] = ()
    ) -> None:
        """Set and take away keys of the tenant's credentials. Raises as `CredentialWriter.write`."""

    async def rotate_database_password(self, tenant: Tenant) -> None:
        """Give the tenant's database role a new password, and put it into its credentials.

        Raises:
            Unavailable: as `prepare`. Then repeat it: until it succeeds the old one may be void.
        """

    async def retire(self, tenant: Tenant) -> None:
        """Take away the tenant's credentials, database role and queue; the namespace stays.

        What runs in a namespace belongs to the manifests, which also take it away.

        Raises:
            Unavailable: as `prepare`.
        """


class Store(CredentialStore, CredentialWriter, Protocol):
    """A store that the provisioner reads and writes."""


class Namespaces(Protocol):
    """Where Secrets lie in a cluster."""

    async def ensure_namespace(self, *, client_name: str, environment: str) -> None:
        """Make the tenant's namespace, or see that it is there. Raises as `Provisioner.prepare`."""


class LocalProvisioner:
    """Does it in this process: the only one that writes Secrets and makes logins."""

    def __init__(
        self, *, store: Store, owner: AsyncEngine, namespaces: Namespaces | None = None
    ) -> None:
        """Use `owner`'s connections for roles and queues: it may make both.

        Without `namespaces` there is no cluster: credentials lie in files.
        """
        self._store = store
        self._owner = owner
        self._namespaces = namespaces

    async def prepare(self, tenant: Tenant) -> None:
        await self._namespace(tenant)
        held = await self._held(tenant)
        async with self._as_owner() as connection:
            login = await database_roles.ensure(connection, tenant)
            if login is None:
                if held.database_user == role_name(tenant) and held.database_password:
                    return
                # Its password was lost, or never reached the store.
                login = await database_roles.rotate(connection, tenant)
            await self._keep(tenant, login)

    async def write_credentials(
        self, tenant: Tenant, *, values: Mapping[str, str], remove: Collection[str] = ()
    ) -> None:
        await self._namespace(tenant)
        await self._store.write(
            client_name=tenant.client_name,
            environment=tenant.environment,
            values=values,
            remove=remove,
        )

    async def rotate_database_password(self, tenant: Tenant) -> None:
        async with self._as_owner() as connection:
            await self._keep(tenant, await database_roles.rotate(connection, tenant))

    async def retire(self, tenant: Tenant) -> None:
        await self._store.remove(client_name=tenant.client_name, environment=tenant.environment)
        async with self._as_owner() as connection:
            await database_roles.drop(connection, tenant)

    async def _keep(self, tenant: Tenant, login: DatabaseLogin) -> None:
        """Store a login, in the transaction that makes it, which waits for the store.

        A password that could not be stored must not become the login's. One that was stored and
        then not committed is mended by `prepare`, or by rotating again.
        """
        await self._store.write(
            client_name=tenant.client_name,
            environment=tenant.environment,
            values={"DATABASE_USER": login.user, "DATABASE_PASSWORD": login.password},
        )

    @asynccontextmanager
    async def _as_owner(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._owner.begin() as connection:
                yield connection
        except (SQLAlchemyError, OSError) as error:
            raise Unavailable(
                "The tenant's database role cannot be made: the database is away, or the login of"
                " DATABASE_URL may not create roles."
            ) from error

    async def _namespace(self, tenant: Tenant) -> None:
        if self._namespaces is not None:
            await self._namespaces.ensure_namespace(
                client_name=tenant.client_name, environment=tenant.environment
            )

    async def _held(self, tenant: Tenant) -> Credentials:
        try:
            return await self._store.read(
                client_name=tenant.client_name, environment=tenant.environment
            )
        except CredentialsMissing:
            return Credentials()

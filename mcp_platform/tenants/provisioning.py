"""What a tenant needs before it can work: its namespace, its database role, its credentials.

This module knows the order of the steps. The store writes a Secret, and `database_roles.py` makes a
role. Nothing here keeps a secret: a new password goes straight into the store, or is sealed.
"""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from mcp_platform.errors import Unavailable
from mcp_platform.tenants import database_roles, key_rows
from mcp_platform.tenants.cluster_names import namespace_of, secret_of
from mcp_platform.tenants.credentials import (
    LOGIN,
    CredentialsForbidden,
    CredentialsMissing,
    CredentialStore,
    CredentialWriter,
)
from mcp_platform.tenants.database_roles import DatabaseLogin, role_name
from mcp_platform.tenants.sealing import Sealer
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
        """Prepare the tenant, then set and take away keys of its credentials.

        Raises as `prepare`, and as `CredentialWriter.write`.
        """

    async def rotate_database_password(self, tenant: Tenant) -> None:
        """Give the tenant's database role a new password, and put it into its credentials.

        Raises:
            Unavailable: as `prepare`. Then repeat it: until it succeeds the old one may be void.
        """


class Retiring(Protocol):
    """Takes away what a `Provisioner` gave. Never asked for over the network."""

    async def retire(self, tenant: Tenant) -> list[str]:
        """Take away the tenant's credentials, database role and queue; the namespace stays.

        What runs in a namespace belongs to the manifests, which also take it away. May be repeated.
        Returns what a person must still take away, a sentence each.

        Raises:
            Unavailable: the cluster or the database is away; repeat it later.
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
        self,
        *,
        store: Store,
        owner: AsyncEngine,
        namespaces: Namespaces | None = None,
        sealer: Sealer | None = None,
    ) -> None:
        """Use `owner`'s connections for roles and queues: it may make both.

        Without `namespaces` there is no cluster: credentials lie in files. With a `sealer` the
        store is a controller's, which makes it from the manifests: values are sealed for those,
        and the store is left alone.
        """
        self._store = store
        self._owner = owner
        self._namespaces = namespaces
        self._sealer = sealer

    async def prepare(self, tenant: Tenant) -> None:
        await self._namespace(tenant)
        async with self._as_owner() as connection:
            login = await self._new_login(connection, tenant)
            if login:
                await self._write(connection, tenant, values=login)

    async def write_credentials(
        self, tenant: Tenant, *, values: Mapping[str, str], remove: Collection[str] = ()
    ) -> None:
        await self._namespace(tenant)
        async with self._as_owner() as connection:
            login = await self._new_login(connection, tenant)
            # At once: before a tenant's manifests are applied, a Secret can be made, not changed.
            await self._write(connection, tenant, values={**values, **login}, remove=remove)

    async def rotate_database_password(self, tenant: Tenant) -> None:
        async with self._as_owner() as connection:
            login = await database_roles.rotate(connection, tenant)
            await self._write(connection, tenant, values=_values(login))

    async def retire(self, tenant: Tenant) -> list[str]:
        if self._sealer is None:
            left = [
                await self._store.remove(
                    client_name=tenant.client_name, environment=tenant.environment
                )
            ]
        else:
            left = [
                f"Secret {secret_of(client_name=tenant.client_name)!r} is made from sealed values:"
                " publish the manifests without this tenant; then: kubectl delete namespace "
                + namespace_of(client_name=tenant.client_name, environment=tenant.environment)
            ]
        async with self._as_owner() as connection:
            await database_roles.shut_out(connection, tenant)
        async with self._as_owner() as connection:
            left.append(await database_roles.drop(connection, tenant))
        return [each for each in left if each is not None]

    async def _new_login(self, connection: AsyncConnection, tenant: Tenant) -> Mapping[str, str]:
        """Make what is missing in the database; return the login that is still to be stored."""
        login = await database_roles.ensure(connection, tenant)
        if login is None:
            if await self._holds_login(connection, tenant):
                return {}
            # Its password was lost, or never reached the store.
            login = await database_roles.rotate(connection, tenant)
        return _values(login)

    async def _holds_login(self, connection: AsyncConnection, tenant: Tenant) -> bool:
        if self._sealer is not None:
            return await key_rows.sealed(connection, tenant) >= LOGIN
        try:
            held = await self._store.read(
                client_name=tenant.client_name, environment=tenant.environment
            )
        except CredentialsMissing:
            return False
        except CredentialsForbidden:
            # Not before the tenant's manifests are applied. It was stored as the login was made.
            return True
        return held.database_user == role_name(tenant) and bool(held.database_password)

    async def _write(
        self,
        connection: AsyncConnection,
        tenant: Tenant,
        *,
        values: Mapping[str, str],
        remove: Collection[str] = (),
    ) -> None:
        """Store credentials, in the transaction that makes the login, which waits for the store.

        A password that could not be stored must not become the login's. One that was stored and
        then not committed is mended by `prepare`, or by rotating again.
        """
        if self._sealer is not None:
            await key_rows.remember(
                connection, tenant, sealer=self._sealer, values=values, remove=remove
            )
            return
        # The rest is remembered by the process that hands it over.
        login = {key: value for key, value in values.items() if key in LOGIN}
        await key_rows.remember(connection, tenant, sealer=None, values=login)
        await self._store.write(
            client_name=tenant.client_name,
            environment=tenant.environment,
            values=values,
            remove=remove,
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


def _values(login: DatabaseLogin) -> dict[str, str]:
    return {"DATABASE_USER": login.user, "DATABASE_PASSWORD": login.password}

"""What a tenant needs before it can work: its namespace, its database role, its credentials.

Owns the port and the order of the steps. How a Secret is written is the store's business, how a
role is made that of `database_roles.py`. Nothing here keeps a secret: the password of a tenant's
role goes from where it is made straight into the store.
"""

import secrets
from collections.abc import Collection, Mapping
from typing import Protocol

from mcp_platform.tenants.credentials import (
    Credentials,
    CredentialsMissing,
    CredentialStore,
    CredentialWriter,
)
from mcp_platform.tenants.tenant import Tenant

PASSWORD_BYTES = 24  # 192 random bits, 32 characters


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


class DatabaseRoles(Protocol):
    """Logins of tenants, each bound to its tenant's rows, and their queues."""

    def login_of(self, tenant: Tenant) -> str:
        """Return what the tenant's login is called, whether or not it is there."""

    async def ensure(self, tenant: Tenant, *, password: str) -> None:
        """Make login and queue as far as they are missing; give the login this password."""

    async def drop(self, tenant: Tenant) -> None:
        """Take login and queue away, if they are there."""


class LocalProvisioner:
    """Does it in this process: the only one that writes Secrets and makes logins."""

    def __init__(
        self, *, store: Store, roles: DatabaseRoles | None, namespaces: Namespaces | None = None
    ) -> None:
        """Without `namespaces` there is no cluster: credentials lie in files.

        Without `roles` tenants have no logins of their own.
        """
        self._store = store
        self._roles = roles
        self._namespaces = namespaces

    async def prepare(self, tenant: Tenant) -> None:
        await self._namespace(tenant)
        if self._roles is None:
            return
        held = await self._held(tenant)
        if held.database_user == self._roles.login_of(tenant) and held.database_password:
            # What the store says is the password: this mends what an interrupted step left.
            await self._roles.ensure(tenant, password=held.database_password)
        else:
            await self.rotate_database_password(tenant)

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
        if self._roles is None:
            return
        password = secrets.token_urlsafe(PASSWORD_BYTES)
        # Into the store first: whoever dies after it can be mended by `prepare`, and where a
        # controller makes the Secret nothing is changed at all.
        await self._store.write(
            client_name=tenant.client_name,
            environment=tenant.environment,
            values={"DATABASE_USER": self._roles.login_of(tenant), "DATABASE_PASSWORD": password},
        )
        await self._roles.ensure(tenant, password=password)

    async def retire(self, tenant: Tenant) -> None:
        await self._store.remove(client_name=tenant.client_name, environment=tenant.environment)
        if self._roles is not None:
            await self._roles.drop(tenant)

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

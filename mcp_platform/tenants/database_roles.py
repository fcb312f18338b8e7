"""A tenant's own login into the database, and an isolated tenant's own queue.

Everything here runs in the caller's transaction, on a connection of the schema's owner. The owner
may create roles and owns what it creates, so a tenant's login can use its queue and make nothing.
No password is kept here: the caller stores it.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from mcp_platform.errors import Conflict, NotFound
from mcp_platform.kit.queue import fairness_script, install_script, own_schema
from mcp_platform.kit.row_security import DatabaseRole, protect_queue
from mcp_platform.tenants.tenant import Tenant

log = structlog.get_logger(__name__)

# Two pods, while one takes over from the other, with every pool full: see `kit/connections.py`.
MOST_CONNECTIONS = 30
# How a login's sessions begin. Longer than anything the product does: its pools give up a statement
# after 30 s, and no transaction of its is open while a vendor is asked. PostgreSQL lets a session
# change all of them for itself: they are against our own mistakes, see `docs/security.md`.
SESSIONS = {
    "statement_timeout": "60s",
    "lock_timeout": "20s",
    "idle_in_transaction_session_timeout": "60s",
}
PASSWORD_BYTES = 32
SCRAM_ROUNDS = 4096  # PostgreSQL's own default
STILL_OWNS = "2BP01"  # dependent_objects_still_exist


@dataclass(frozen=True, slots=True)
class DatabaseLogin:
    """What goes into a tenant's credentials as DATABASE_USER and DATABASE_PASSWORD."""

    user: str
    password: str = field(repr=False)


def role_name(tenant: Tenant) -> str:
    """Return the name of a tenant's login: one to one, since a client's name has no underscore."""
    return f"t_{tenant.client_name}_{tenant.environment}".replace("-", "_")


async def ensure(connection: AsyncConnection, tenant: Tenant) -> DatabaseLogin | None:
    """Make a tenant's login, and its queue if it is isolated; None: the login is there already.

    Raises:
        Conflict: the server has a role of this name that is not this tenant's.
        NotFound: there is no such tenant.
    """
    name = role_name(tenant)
    recorded = await _recorded(connection, tenant)
    login = None
    if not await _exists(connection, name):
        login = DatabaseLogin(name, secrets.token_urlsafe(PASSWORD_BYTES))
        await _run(
            connection,
            f"CREATE ROLE {name} LOGIN PASSWORD '{_verifier(login.password)}'",
            f"GRANT {DatabaseRole.TENANT} TO {name} WITH INHERIT TRUE, SET FALSE",
        )
    elif recorded != name:
        raise Conflict(
            f"The database server has a role {name} that is not this tenant's: another"
            " installation's, or an earlier one's. Drop it there first."
        )
    await _run(connection, *limits(name))
    await connection.execute(
        text("UPDATE tenants SET database_role = :name WHERE id = :id"),
        {"name": name, "id": tenant.id},
    )
    if tenant.topology == "isolated":
        await _ensure_queue(connection, tenant, login=name)
    return login


def limits(name: str) -> list[str]:
    """Return what limits how much of the server a login can use up. Repeatable."""
    return [
        f"ALTER ROLE {name} CONNECTION LIMIT {MOST_CONNECTIONS}",
        *(f"ALTER ROLE {name} SET {setting} = '{value}'" for setting, value in SESSIONS.items()),
    ]


async def rotate(connection: AsyncConnection, tenant: Tenant) -> DatabaseLogin:
    """Give a tenant's login a new password; who is connected stays so.

    Raises:
        NotFound: it has none.
    """
    name = await _recorded(connection, tenant)
    if name is None or not await _exists(connection, name):
        raise NotFound("This tenant has no login of its own: prepare it first.")
    login = DatabaseLogin(name, secrets.token_urlsafe(PASSWORD_BYTES))
    await _run(connection, f"ALTER ROLE {name} PASSWORD '{_verifier(login.password)}'")
    return login


async def shut_out(connection: AsyncConnection, tenant: Tenant) -> None:
    """Let nobody in as a tenant's login any more, and end what is connected. Repeatable.

    Commit before `drop`: a login that comes back at once could hold what `drop` must lock.
    """
    name = await _recorded(connection, tenant)
    if name is None or not await _exists(connection, name):
        return
    # To end another's connection one must be a member of it.
    await _run(connection, f"ALTER ROLE {name} NOLOGIN", f"GRANT {name} TO CURRENT_USER")
    await connection.execute(
        text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = :name"),
        {"name": name},
    )


async def drop(connection: AsyncConnection, tenant: Tenant) -> str | None:
    """Take a tenant's login and queue away, and end what is connected. Its rows stay. Repeatable.

    A login that owns something in another database cannot be dropped from here: it is left behind
    as a name that lets nobody in. Returns a sentence that says so.
    """
    await shut_out(connection, tenant)
    # A wake-up says only where to look: what waits is in the inbox and the outbox.
    await _run(connection, f"DROP SCHEMA IF EXISTS {own_schema(tenant.id)} CASCADE")
    name = await _recorded(connection, tenant)
    if name is None:
        return None
    await connection.execute(
        text("UPDATE tenants SET database_role = NULL WHERE id = :id"), {"id": tenant.id}
    )
    if await _exists(connection, name):
        # Anybody who can log in can make large objects and default privileges, and who owns
        # something cannot be dropped: a stolen login must not be able to stay.
        await _run(connection, f"REVOKE {DatabaseRole.TENANT} FROM {name}", f"DROP OWNED BY {name}")
        try:
            async with connection.begin_nested():
                await _run(connection, f"DROP ROLE {name}")
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != STILL_OWNS:
                raise
            log.warning("tenants.database_role.left_behind", role=name, tenant=tenant.path)
            return (
                f"Database role {name}, which lets nobody in, owns something in another database of"
                f" the server: there, REASSIGN OWNED BY {name} or DROP OWNED BY {name}; then DROP ROLE"
                f" {name}."
            )
    return None


async def _ensure_queue(connection: AsyncConnection, tenant: Tenant, *, login: str) -> None:
    schema = own_schema(tenant.id)
    found = await connection.scalar(
        text("SELECT to_regclass(:table) IS NOT NULL"), {"table": f"{schema}.pgqueuer"}
    )
    # Of many statements, which only the driver takes at once.
    driver = (await connection.get_raw_connection()).driver_connection
    if not found:
        await driver.execute(install_script(schema))  # type: ignore[union-attr]  # it is checked out
    await driver.execute(fairness_script(schema))  # type: ignore[union-attr]  # as above
    await _run(
        connection,
        *protect_queue(schema, consumer=login),
        *protect_queue(schema, consumer=DatabaseRole.ADMIN),
    )


async def _recorded(connection: AsyncConnection, tenant: Tenant) -> str | None:
    """Return the login on a tenant's row, and keep others off it until the transaction ends."""
    found = (
        await connection.execute(
            # Rows that refer to it may come meanwhile: what customers write is not kept waiting.
            text("SELECT database_role FROM tenants WHERE id = :id FOR NO KEY UPDATE"),
            {"id": tenant.id},
        )
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such tenant.")
    return None if found[0] is None else str(found[0])


async def _exists(connection: AsyncConnection, name: str) -> bool:
    return bool(
        await connection.scalar(
            text("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = :name)"), {"name": name}
        )
    )


async def _run(connection: AsyncConnection, *statements: str) -> None:
    """Run statements that take no parameters: names here are of letters, digits and underscores."""
    for statement in statements:
        await connection.exec_driver_sql(statement)


def _verifier(password: str) -> str:
    """Return what PostgreSQL keeps of a password, so that the server's log cannot hold itself.

    Source: RFC 5803, and PostgreSQL's documentation of pg_authid.
    """
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, SCRAM_ROUNDS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    shown = [base64.b64encode(each).decode() for each in (salt, stored, server)]
    return f"SCRAM-SHA-256${SCRAM_ROUNDS}:{shown[0]}${shown[1]}:{shown[2]}"

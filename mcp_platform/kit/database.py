"""How this process talks to Postgres: the declarative base, the engine, sessions.

Owns connection settings and naming, and that every transaction says whose rows it is about.
Refuses to know a table: rows live in their features.
"""

import copy
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any, ClassVar

import asyncpg
from sqlalchemy import BigInteger, DateTime, MetaData, Text, event, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import (
    DBAPIError,
    DisconnectionError,
    InterfaceError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import NullPool
from sqlalchemy.util import await_only

from mcp_platform.kit.postgres_url import PostgresUrl
from mcp_platform.kit.sql import translated

# What SQLAlchemy is told of an engine: where the database is, `opener` knows.
DRIVER = "postgresql+asyncpg://"

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# The setting by which row-level security tells the worker's role whose rows it may touch: a tenant's
# id, or this for the few statements that look across tenants.
SETTING = "mcp.tenant"
EVERYBODY = "*"


class Base(DeclarativeBase):
    """The base of every row. Text is unbounded, times carry a zone, JSON is jsonb."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: BigInteger,
        str: Text,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
    }


class Versioned:
    """A row that counts its changes, whoever makes them: what an ETag says of it."""

    __mapper_args__: ClassVar[dict[str, Any]] = {"eager_defaults": True}

    version: Mapped[int] = mapped_column(server_default="1", onupdate=text("version + 1"))


def with_login(url: str, *, user: str, password: str) -> str:
    """Return `url` with another login in it."""
    return str(PostgresUrl.read(url).with_login(user=user, password=password))


# Another of several hosts may be there.
_AWAY = (
    OSError,
    TimeoutError,
    asyncpg.CannotConnectNowError,
    asyncpg.TargetServerAttributeNotMatched,
)


def opener(
    url: str,
    *,
    application_name: str,
    role: str | None = None,
    password: Callable[[], Awaitable[str]] | None = None,
    timeout_s: float = 5,
    settings: Mapping[str, str] | None = None,
    **driver: Any,
) -> Callable[..., Awaitable[asyncpg.Connection]]:
    """Return what opens a connection: the one way to do so, from the one reading of `url`.

    Hosts are tried one after the other, each for `timeout_s` or as long as the URL says. `settings`
    are the server's, `driver` what else the driver is told. `password` is asked for each
    connection; None: the URL's.

    Raises:
        Invalid: the URL is none, or asks for what cannot be kept.
    """
    read = PostgresUrl.read(url)
    kind = read.parameters.get("target_session_attrs", "any")
    # The driver tries all hosts within one time limit, which one that is silent uses up.
    kinds = ("standby", "any") if kind == "prefer-standby" else (kind,)
    tries = [(kind, host) for kind in kinds for host in read.hosts or (None,)]
    options = {
        **driver,
        **_tls(read.parameters),
        **({} if password is None else {"password": password}),
        "timeout": read.timeout_s or timeout_s,
        "server_settings": {
            "application_name": read.parameters.get("application_name", application_name),
            "timezone": "UTC",
            "jit": "off",  # short statements: planning with JIT costs more than it saves
            **(settings or {}),
            **({} if role is None else {"role": str(role)}),
        },
    }

    async def connect(*_: Any, **given: Any) -> asyncpg.Connection:
        """Connect to the first host that is there, and of the kind asked for.

        A pool passes what it wants of the driver.
        """
        *before, last = (
            partial(
                asyncpg.connect,
                read.at(*filter(None, [host])),
                **{**given, **options, "target_session_attrs": kind},
            )
            for kind, host in tries
        )
        for attempt in before:
            with suppress(*_AWAY):
                return await attempt()
        return await last()

    return connect


def _tls(parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return the context for `sslrootcert=system`, the one value that the driver takes for a file."""
    if parameters.get("sslrootcert") != "system":
        return {}
    context = ssl.create_default_context()
    if "sslcert" in parameters:
        context.load_cert_chain(
            parameters["sslcert"], parameters.get("sslkey"), parameters.get("sslpassword", "")
        )
    return {"ssl": context}


class TenantTransaction:
    """A transaction of the connection below a session. It says whose rows it is about.

    In the message that begins it: a statement of its own would cost a round trip in each of a
    turn's dozen transactions.
    """

    def __init__(self, connection: asyncpg.Connection, *, whose: str) -> None:
        self._connection = connection
        self._whose = whose

    async def start(self) -> None:
        await self._connection.execute(f"BEGIN; SET LOCAL {SETTING} = '{self._whose}'")

    async def commit(self) -> None:
        await self._connection.execute("COMMIT")

    async def rollback(self) -> None:
        await self._connection.execute("ROLLBACK")


class SessionConnection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg has no types
    """A connection whose transactions are those of sessions. SQLAlchemy asks it for each."""

    whose: str | None = None
    """Set as a session takes the connection; None: SQLAlchemy itself has it."""

    def transaction(self, **options: Any) -> Any:
        if self.whose is None:
            return super().transaction(**options)
        if any(options.values()):
            raise ValueError("A session's transactions are as PostgreSQL begins them.")
        return TenantTransaction(self, whose=self.whose)


class ScopedSession(Session):
    """A session whose transactions begin as soon as it has a connection."""


@event.listens_for(ScopedSession, "after_begin")
def _begin(session: Session, _transaction: Any, connection: Any) -> None:
    """Begin the transaction that a session or its savepoint is in, if it has not begun.

    SQLAlchemy's adapter would do so with its first statement, and the first may be a `Driver`'s.
    """
    adapter = connection.connection.dbapi_connection
    driver = adapter.driver_connection
    if type(driver) is not SessionConnection:  # asyncpg takes any of its connections for any other
        raise TypeError("Sessions need an engine made by `create_engine`.")
    driver.whose = session.info["whose"]
    session.info["driver"] = driver
    if driver.is_in_transaction():
        return
    try:
        await_only(adapter._start_transaction())  # noqa: SLF001  # nothing else begins and no more
    except Exception as error:
        if isinstance(error.__cause__, asyncpg.PostgresError | asyncpg.InterfaceError):
            raise translated("BEGIN", error.__cause__, driver) from error
        raise


# Classes of SQLSTATE that speak of the moment and not of the statement: connections, rolled back for
# another transaction, out of resources, a lock, an operator, the system.
_PASSING = ("08", "40", "53", "55", "57", "58")


def is_passing(error: BaseException) -> bool:
    """Tell whether Postgres, asked the same again later, may well do it."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, PoolTimeout)
    if error.connection_invalidated or isinstance(error, OperationalError | InterfaceError):
        return True
    return str(getattr(error.orig, "sqlstate", "")).startswith(_PASSING)


def is_away(error: BaseException) -> bool:
    """Tell whether what we depend on is away: then what comes next fails just so."""
    return isinstance(error, OSError | TimeoutError) or is_passing(error)


TenantSessions = async_sessionmaker[AsyncSession]


class Sessions:
    """Sessions by whose rows they may touch; there is none that does not say."""

    def __init__(self, engine: AsyncEngine, *, queue: str | None = None) -> None:
        """`queue` is the schema into which wake-ups go; None: the shared one."""
        self.queue = queue
        self._info = {} if queue is None else {"queue": queue}
        self._maker: async_sessionmaker[Any] = async_sessionmaker(
            engine,
            expire_on_commit=False,
            sync_session_class=ScopedSession,
        )
        self.everywhere = self._scoped(EVERYBODY)
        """For the few statements that look across tenants."""

    def of(self, tenant_id: int) -> TenantSessions:
        """Return sessions that see and change one tenant's rows only."""
        return self._scoped(str(int(tenant_id)))

    def _scoped(self, whose: str) -> TenantSessions:
        made = copy.copy(self._maker)  # to make one anew would make a class each time
        made.kw = {**self._maker.kw, "info": {**self._info, "whose": whose}}
        return made


def create_engine(
    url: str,
    *,
    pool_size: int,
    application_name: str,
    kept: int | None = None,
    role: str | None = None,
    password: Callable[[], Awaitable[str]] | None = None,
    connect_timeout_s: float = 5,
    pool_timeout_s: float = 10,
) -> AsyncEngine:
    """Create the engine of one process.

    `role` is what its connections act as: None, the login's. `kept` is how many of them stay open
    when nothing is done: None, all; 0, none, and each use opens its own however many there are. `password` is asked for each of them: None, the URL's.

    A connection that Postgres has closed is replaced before use, so that a restart costs a
    reconnect and no error. The driver knows without asking: SQLAlchemy's own check would cost three
    round trips for each of a turn's transactions. A statement is given up after 30 s.
    """
    engine = create_async_engine(
        DRIVER,
        **_pooling(pool_size, kept=kept, timeout_s=pool_timeout_s),
        # Parameters hold what customers write; an error's sentence goes into the log.
        hide_parameters=True,
        async_creator=opener(
            url,
            application_name=application_name,
            role=role,
            password=password,
            timeout_s=connect_timeout_s,
            command_timeout=30,
            connection_class=SessionConnection,
            settings={"idle_in_transaction_session_timeout": "30s"},
        ),
    )
    event.listen(engine.sync_engine, "checkout", _replace_if_closed)
    return engine


def _pooling(size: int, *, kept: int | None, timeout_s: float) -> dict[str, Any]:
    if kept == 0:  # to SQLAlchemy's own pool 0 means without bounds
        return {"poolclass": NullPool}
    kept = size if kept is None else kept
    return {
        "pool_size": kept,
        "max_overflow": size - kept,
        "pool_timeout": timeout_s,
        "pool_recycle": 1800,
    }


def _replace_if_closed(connection: Any, _record: Any, _proxy: Any) -> None:
    driver = connection.driver_connection
    if driver.is_closed():
        raise DisconnectionError("Postgres has closed this connection.")
    driver.whose = None  # whose it was before


def create_sessions(engine: AsyncEngine, *, queue: str | None = None) -> Sessions:
    return Sessions(engine, queue=queue)

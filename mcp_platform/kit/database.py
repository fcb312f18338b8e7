"""How this process talks to Postgres: the declarative base, the engine, sessions.

Owns connection settings and naming. Refuses to know a table: rows live in their features.
"""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, DateTime, MetaData, Text, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

Sessions = async_sessionmaker[AsyncSession]


class Base(DeclarativeBase):
    """The base of every row. Text is unbounded, times carry a zone, JSON is jsonb."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: BigInteger,
        str: Text,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
    }


def async_url(url: str) -> str:
    """Return `url` with the asyncpg driver named, whatever form of postgres URL was given."""
    return make_url(url).set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)


def plain_url(url: str) -> str:
    """Return `url` as libpq and asyncpg themselves read it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def create_engine(
    url: str, *, pool_size: int, application_name: str, connect_timeout_s: float = 5
) -> AsyncEngine:
    """Create the engine of one process.

    A connection that Postgres has closed is replaced before use, so that a restart costs a
    reconnect and no error. The driver knows without asking: SQLAlchemy's own check would cost three
    round trips for each of a turn's transactions. A statement is given up after 30 s.
    """
    engine = create_async_engine(
        async_url(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        pool_recycle=1800,
        # Parameters hold what customers write; an error's sentence goes into the log.
        hide_parameters=True,
        connect_args={
            "timeout": connect_timeout_s,
            "command_timeout": 30,
            "server_settings": {
                "application_name": application_name,
                "timezone": "UTC",
                "jit": "off",  # short statements: planning with JIT costs more than it saves
                "idle_in_transaction_session_timeout": "30s",
            },
        },
    )
    event.listen(engine.sync_engine, "checkout", _replace_if_closed)
    return engine


def _replace_if_closed(connection: Any, _record: Any, _proxy: Any) -> None:
    if connection.driver_connection.is_closed():
        raise DisconnectionError("Postgres has closed this connection.")


def create_sessions(engine: AsyncEngine) -> Sessions:
    return async_sessionmaker(engine, expire_on_commit=False)

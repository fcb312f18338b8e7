"""Run migrations on the database that the command names, one transaction for all of them."""

import asyncio

from alembic import context
from sqlalchemy import Connection, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

from mcp_platform.kit.database import DRIVER, opener
from mcp_platform.schema import metadata

# Two starting services must not migrate at once; the number only has to be ours alone.
MIGRATION_LOCK = 5_215_309_217


def include_name(name: str | None, type_: str, _parents: object) -> bool:
    """Leave the queue's schema to pgqueuer, which declares and checks it itself."""
    return type_ != "schema" or name is None


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_name=include_name,
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
        context.run_migrations()


async def main() -> None:
    url = context.config.get_main_option("sqlalchemy.url")
    if url is None:
        raise SystemExit("Run migrations with `mcp-platform migrate`: it knows the database.")
    connect = opener(url, application_name="mcp-migrate")
    engine = create_async_engine(DRIVER, poolclass=pool.NullPool, async_creator=connect)
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


if context.is_offline_mode():
    raise SystemExit("Offline migrations are not supported: the queue's schema is made online.")
asyncio.run(main())

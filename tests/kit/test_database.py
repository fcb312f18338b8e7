"""What an error of the database tells, and whose rows a transaction is about."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from mcp_platform.kit.database import async_url, create_engine, create_sessions


async def test_an_error_does_not_quote_the_parameters(migrated_url: str) -> None:
    engine = create_engine(migrated_url, pool_size=1, application_name="test")
    with pytest.raises(DBAPIError) as refused:
        async with engine.connect() as connection:
            await connection.execute(
                text("SELECT 1 / length(CAST(:words AS text)), CAST(:words AS text) || chr(0)"),
                {"words": "o que a Ana escreveu"},
            )
    await engine.dispose()
    assert "Ana" not in str(refused.value)


SEEN = text("SELECT current_setting('mcp.tenant', true)")


async def test_each_transaction_says_whose_rows_it_is_about(migrated_url: str) -> None:
    engine = create_engine(migrated_url, pool_size=1, application_name="test")
    sessions = create_sessions(engine)
    async with sessions.of(7)() as session:
        assert await session.scalar(SEEN) == "7"
        await session.commit()
        assert await session.scalar(SEEN) == "7"  # a second transaction of the same session
    async with sessions.everywhere.begin() as session:
        assert await session.scalar(SEEN) == "*"
    async with engine.begin() as connection:
        assert await connection.scalar(SEEN) == ""  # nothing is left on the connection
    async with sessions.of(8).begin() as session, session.begin_nested():
        assert await session.scalar(SEEN) == "8"
    await engine.dispose()


async def test_whose_rows_is_said_without_a_round_trip(migrated_url: str) -> None:
    engine = create_engine(migrated_url, pool_size=1, application_name="test")
    said: list[str] = []
    async with engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        driver.add_query_logger(lambda query: said.append(query.query))
    async with create_sessions(engine).of(7).begin() as session:
        await session.execute(text("SELECT 1"))
    await engine.dispose()
    assert said == ["BEGIN; SET LOCAL mcp.tenant = '7';", "COMMIT;"]  # and what was prepared


async def test_sessions_of_an_engine_that_cannot_say_it_are_refused(migrated_url: str) -> None:
    engine = create_async_engine(async_url(migrated_url))
    with pytest.raises(TypeError, match="create_engine"):
        async with create_sessions(engine).of(7).begin() as session:
            await session.execute(text("SELECT 1"))
    await engine.dispose()

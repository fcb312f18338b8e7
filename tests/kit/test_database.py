"""What an error of the database tells, and whose rows a transaction is about."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.ext.asyncio import create_async_engine

from mcp_platform.kit.database import (
    DRIVER,
    Sessions,
    create_engine,
    create_sessions,
    is_passing,
    opener,
)
from mcp_platform.kit.sql import Driver, Sql


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
    assert said == ["BEGIN; SET LOCAL mcp.tenant = '7'", "COMMIT"]  # and what was prepared


@pytest.fixture
async def sessions(migrated_url: str) -> AsyncIterator[Sessions]:
    engine = create_engine(migrated_url, pool_size=1, application_name="test")
    yield create_sessions(engine)
    await engine.dispose()


async def test_rows_come_by_place_and_by_name_and_a_cast_is_no_value(sessions: Sessions) -> None:
    everything = Sql("""
        SELECT CAST(:i AS bigint) AS i, CAST(:t AS text) AS t, 'a:' || :t::text || ':' AS joined,
               CAST(:at AS timestamptz) AS at, CAST(:many AS text[]) AS many,
               CAST(:j AS jsonb) AS j, :i::bigint + 1 AS more
    """)
    assert everything.names == ("i", "t", "at", "many", "j")
    at = datetime(2026, 11, 22, tzinfo=UTC)
    values = {"i": 7, "t": "é", "at": at, "many": ["a", "b"], "j": '{"d": [1]}', "unused": 1}
    nothing = Sql("SELECT 1 WHERE false")
    async with sessions.of(7).begin() as session:
        driver = Driver(session)
        (row,) = await driver.rows(everything, **values)
        assert tuple(row) == (7, "é", "a:é:", at, ["a", "b"], {"d": [1]}, 8)
        assert row["joined"] == "a:é:"
        assert await driver.row(everything, **values) == row
        assert await driver.value(everything, **values) == 7
        assert await driver.column(everything, **values) == [7]
        assert (await driver.row(nothing), await driver.value(nothing)) == (None, None)
        assert await driver.column(nothing) == []


async def test_whatever_is_said_first_is_said_within_the_transaction(sessions: Sessions) -> None:
    """By the ORM or by the driver, in the transaction or in a savepoint of it."""
    seen = Sql("SELECT current_setting('mcp.tenant', true)")
    mine = Sql("SELECT pg_current_xact_id()::text::bigint")
    async with sessions.of(7)() as session:
        assert await Driver(session).value(seen) == "7"
        first = await Driver(session).value(mine)
        assert await Driver(session).value(mine) == first
        assert await session.scalar(SEEN) == "7"
        await session.commit()
        assert await Driver(session).value(mine) != first
        await session.rollback()
    async with sessions.of(8).begin() as session, session.begin_nested():
        assert await Driver(session).value(seen) == "8"


async def test_how_many_rows_were_touched_is_told(sessions: Sessions) -> None:
    add = Sql(
        "INSERT INTO once SELECT * FROM unnest(CAST(:ids AS bigint[])) ON CONFLICT DO NOTHING"
    )
    async with sessions.everywhere.begin() as session:
        driver = Driver(session)
        assert await driver.execute(Sql("CREATE TEMPORARY TABLE once (id bigint PRIMARY KEY)")) == 0
        assert await driver.execute(add, ids=[1, 2]) == 2
        assert await driver.execute(add, ids=[2, 3]) == 1
        await driver.execute_each(add, [{"ids": [4]}, {"ids": [5]}])
        assert await driver.execute(Sql("DELETE FROM once WHERE id > :id"), id=1) == 4
        assert await driver.execute(Sql("SELECT FROM once FOR UPDATE")) == 1


async def test_a_refusal_is_told_alike_and_a_savepoint_survives_it(sessions: Sessions) -> None:
    words = "o que a Ana escreveu"
    again = Sql("INSERT INTO once SELECT :id WHERE CAST(:words AS text) <> ''")
    failures: list[DBAPIError] = []
    async with sessions.everywhere.begin() as session:
        driver = Driver(session)
        await driver.execute(Sql("CREATE TEMPORARY TABLE once (id bigint PRIMARY KEY)"))
        await driver.execute(Sql("INSERT INTO once VALUES (1), (2)"))
        for refused in (
            driver.rows(again, id=1, words=words),
            driver.execute(again, id=1, words=words),
            driver.execute_each(again, [{"id": 1, "words": words}]),
            driver.rows(Sql("SELECT 1 / :none"), none=0),
            driver.rows(Sql("SELECT nothing FROM nowhere")),
            driver.execute(Sql("DO $$BEGIN RAISE deadlock_detected; END$$")),
        ):
            with pytest.raises(DBAPIError) as failed:
                async with session.begin_nested():
                    await refused
            failures.append(failed.value)
        assert await driver.value(Sql("SELECT count(*) FROM once")) == 2
    assert [type(each) for each in failures] == [
        *[IntegrityError] * 3, DBAPIError, ProgrammingError, DBAPIError,
    ]  # fmt: skip
    assert [is_passing(each) for each in failures] == [*[False] * 5, True]
    assert getattr(failures[0].orig, "sqlstate", None) == "23505"
    assert not [each for each in failures if "Ana" in str(each) or each.connection_invalidated]


async def test_a_connection_that_is_lost_is_told_and_replaced(
    sessions: Sessions, migrated_url: str
) -> None:
    me = Sql("SELECT pg_backend_pid()")
    killer = create_engine(migrated_url, pool_size=1, application_name="killer")
    seen: list[Any] = []

    async def cut_off() -> None:
        async with killer.connect() as other:
            await other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": seen[-1]})

    async def cut_off_within() -> None:
        async with sessions.of(7).begin() as session:
            seen.append(await Driver(session).value(me))
            await cut_off()
            await Driver(session).value(me)

    with pytest.raises(DBAPIError) as lost:
        await cut_off_within()
    assert lost.value.connection_invalidated is True
    assert is_passing(lost.value)
    async with sessions.of(7).begin() as session:
        assert await Driver(session).value(me) != seen[-1]
        assert await session.scalar(SEEN) == "7"
    await killer.dispose()


async def test_sessions_of_an_engine_that_cannot_say_it_are_refused(migrated_url: str) -> None:
    engine = create_async_engine(
        DRIVER, async_creator=opener(migrated_url, application_name="test")
    )
    with pytest.raises(TypeError, match="create_engine"):
        async with create_sessions(engine).of(7).begin() as session:
            await session.execute(text("SELECT 1"))
    await engine.dispose()

"""What an error of the database tells, and whose rows a transaction is about."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import BigInteger, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from mcp_platform.kit.database import (
    DRIVER,
    Sessions,
    create_engine,
    create_sessions,
    is_passing,
    opener,
)


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


@pytest.fixture
async def sessions(migrated_url: str) -> AsyncIterator[Sessions]:
    engine = create_engine(migrated_url, pool_size=1, application_name="test")
    yield create_sessions(engine)
    await engine.dispose()


BACK = "SELECT CAST(:a AS bigint) AS a, CAST(:b AS text) AS b, CAST(:c AS jsonb) AS c"
VALUES = {"a": 7, "b": "x", "c": '{"d": [1]}'}


async def test_what_the_driver_answers_itself_is_what_sqlalchemy_makes_of_it(
    sessions: Sessions,
) -> None:
    everything = text("""
        SELECT CAST(:i AS bigint) AS i, CAST(:t AS text) AS t, CAST(:n AS text) AS n,
               CAST(:at AS timestamptz) AS at, CAST(:id AS uuid) AS id,
               CAST(:many AS text[]) AS many, CAST('{"d": [1]}' AS jsonb) AS j, 1.5 AS d,
               make_interval(secs => 3) AS for
    """)
    values = {
        "i": 7, "t": "é", "n": None, "at": datetime(2026, 11, 22, tzinfo=UTC), "id": UUID(int=5),
        "many": ["a", "b"],
    }  # fmt: skip
    async with sessions.of(7).begin() as session:
        first = (await session.execute(everything, values)).one()  # the long way
        second = (await session.execute(everything, values)).one()
        mapped = (await session.execute(everything, values)).mappings().one()
        assert await session.scalar(everything, values) == 7
        assert list(await session.scalars(everything, values)) == [7]
        assert (await session.execute(text("SELECT 1 WHERE false"))).all() == []
        assert (await session.execute(everything, values)).all() == [first]  # after nothing
    assert second == first
    assert second.i == 7
    assert [type(each) for each in second] == [type(each) for each in first]
    assert dict(mapped) == first._asdict()


async def test_values_that_need_translating_are_translated(sessions: Sessions) -> None:
    typed = text(BACK).bindparams(bindparam("c", type_=JSONB))
    listed = text("SELECT CAST(7 AS bigint) IN :each").bindparams(
        bindparam("each", expanding=True, type_=BigInteger)
    )
    async with sessions.of(7).begin() as session:
        for _ in range(2):
            got = (await session.execute(typed, {**VALUES, "c": {"d": [1]}})).one()
            assert got.c == {"d": [1]}
            assert await session.scalar(listed, {"each": [6, 7]}) is True


async def test_a_refusal_is_told_alike_and_a_savepoint_survives_it(sessions: Sessions) -> None:
    async with sessions.everywhere.begin() as session:
        await session.execute(text("CREATE TEMPORARY TABLE once (id bigint PRIMARY KEY)"))
        for number in (1, 2):
            await session.execute(text("INSERT INTO once VALUES (:id)"), {"id": number})
        with pytest.raises(IntegrityError) as refused:
            async with session.begin_nested():
                await session.execute(
                    text("INSERT INTO once SELECT :id WHERE CAST(:words AS text) <> ''"),
                    {"id": 1, "words": "o que a Ana escreveu"},
                )
        assert getattr(refused.value.orig, "sqlstate", None) == "23505"
        assert "Ana" not in str(refused.value)
        with pytest.raises(DBAPIError) as failed:
            async with session.begin_nested():
                await session.execute(text("SELECT 1 / :none"), {"none": 0})
        assert not isinstance(failed.value, IntegrityError)
        assert failed.value.connection_invalidated is False
        with pytest.raises(ProgrammingError):
            await _second_in_a_savepoint(session, "SELECT nothing FROM nowhere")
        with pytest.raises(DBAPIError) as busy:
            await _second_in_a_savepoint(session, "DO $$BEGIN RAISE deadlock_detected; END$$")
        assert [is_passing(each.value) for each in (refused, failed, busy)] == [False, False, True]
        assert await session.scalar(text("SELECT count(*) FROM once")) == 2


async def _second_in_a_savepoint(session: AsyncSession, statement: str) -> None:
    async with session.begin_nested():
        await session.execute(text("SELECT 1"))
        await session.execute(text(statement))


async def test_a_connection_that_is_lost_is_told_and_replaced(
    sessions: Sessions, migrated_url: str
) -> None:
    me = text("SELECT pg_backend_pid()")
    killer = create_engine(migrated_url, pool_size=1, application_name="killer")
    seen: list[Any] = []

    async def cut_off() -> None:
        async with sessions.of(7).begin() as session:
            seen.extend([await session.scalar(me), await session.scalar(me)])
            async with killer.connect() as other:
                await other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": seen[0]})
            await session.scalar(me)

    with pytest.raises(DBAPIError) as lost:
        await cut_off()
    assert seen[0] == seen[1]
    assert lost.value.connection_invalidated is True
    assert is_passing(lost.value)
    async with sessions.of(7).begin() as session:
        assert await session.scalar(me) != seen[0]
        assert await session.scalar(SEEN) == "7"
    await killer.dispose()


async def test_a_second_transaction_of_a_session_is_begun_too(sessions: Sessions) -> None:
    in_one = text("SELECT pg_current_xact_id()::text::bigint")
    async with sessions.of(7)() as session:
        first: Any = await session.scalar(in_one)
        assert await session.scalar(in_one) == first
        await session.commit()
        second = await session.scalar(in_one)
        assert second != first
        assert await session.scalar(in_one) == second
        await session.rollback()


async def test_sessions_of_an_engine_that_cannot_say_it_are_refused(migrated_url: str) -> None:
    engine = create_async_engine(
        DRIVER, async_creator=opener(migrated_url, application_name="test")
    )
    with pytest.raises(TypeError, match="create_engine"):
        async with create_sessions(engine).of(7).begin() as session:
            await session.execute(text("SELECT 1"))
    await engine.dispose()

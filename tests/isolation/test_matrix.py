"""What one tenant can do to another's rows: nothing, table by table, both ways.

Made from the metadata: a table that nobody thought of fails here until somebody has.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import dialect

import mcp_platform
from mcp_platform.kit.queue import own_schema
from mcp_platform.kit.row_security import DatabaseRole
from mcp_platform.scheduling.appointments import LOCK
from mcp_platform.schema import metadata
from mcp_platform.tenants.database_roles import MOST_CONNECTIONS, SESSIONS
from tests.cases import cases
from tests.isolation.conftest import Isolated
from tests.tenant_rows import OF_TENANTS, OF_THE_PLATFORM, named, references, rows_of

DENIED = asyncpg.InsufficientPrivilegeError  # of a privilege, and of a row that a policy refuses
# What a tenant has while its contacts are answered: the rest is administered, and is not for it.
ADMINISTERED = {"audit_entries", "credential_keys", "erasures", "offboardings"}
ADMINISTERED |= {"publications", "users"}
READ_ONLY = {"closed_days", "offerings", "opening_spans", "professionals", "services"}
READ_ONLY |= {"answers", "answer_texts", "canned_replies", "own_wordings"}

both_ways = pytest.mark.parametrize("me", [0, 1])
every_table = cases("table", OF_TENANTS)
as_whom = pytest.mark.parametrize("whom", ["login", "worker"])

Connect = Callable[[Isolated], Awaitable[asyncpg.Connection]]


@asynccontextmanager
async def connected(here: Isolated, whom: str, me: int) -> AsyncIterator[asyncpg.Connection]:
    """Connect as a tenant's login, or as the worker while it answers that tenant."""
    if whom == "login":
        connection = await here.login(me)
    else:
        connection = await here.acting(DatabaseRole.WORKER, whose=str(here.tenants[me].id))
    try:
        yield connection
    finally:
        await connection.close()


async def tried(connection: asyncpg.Connection, statement: str, *values: Any) -> str:
    """Run a statement and take it back; return what it did, or `denied`."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        return str(await connection.execute(statement, *values))
    except DENIED:
        return "denied"
    finally:
        await transaction.rollback()


def inserting(table: Table, tenant_id: int, of: int) -> tuple[str, list[Any]]:
    """Return a statement that inserts another row for a tenant, made like that of `of`."""
    statement = table.insert().values(tenant_id=tenant_id, **rows_of(of)[table.name])
    compiled = statement.compile(dialect=dialect(paramstyle="numeric_dollar"))
    return str(compiled), list(compiled.params.values())


def test_every_table_is_a_tenants_or_known_to_be_the_platforms() -> None:
    assert {table.name for table in OF_TENANTS} == set(rows_of(1))
    assert {table.name for table in metadata.sorted_tables} == set(rows_of(1)) | OF_THE_PLATFORM


@every_table
def test_what_a_row_refers_to_is_of_the_same_tenant(table: Table) -> None:
    for columns, _ in references(table):
        assert "tenant_id" in columns, f"{table.name}{columns} may lead to another tenant's row"


async def test_every_table_with_rows_of_tenants_is_forced_under_policies(
    isolated: Isolated,
) -> None:
    owner = await isolated.owner()
    rows = await owner.fetch(
        "SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity"
    )
    await owner.close()
    assert {row["relname"] for row in rows} == set(rows_of(1)) | {"tenants", "clients"}


@both_ways
@as_whom
@every_table
async def test_nothing_of_another_tenant_is_read_or_changed(
    isolated: Isolated, table: Table, whom: str, me: int
) -> None:
    mine, theirs = isolated.tenants[me].id, isolated.tenants[1 - me].id
    name = table.name
    async with connected(isolated, whom, me) as connection:
        if name in ADMINISTERED:
            assert await tried(connection, f"SELECT FROM {name}") == "denied"
        else:
            seen = await connection.fetch(f"SELECT DISTINCT tenant_id FROM {name}")
            assert [row["tenant_id"] for row in seen] == [mine]
            # What is not theirs to see is not theirs to guess by a function that fails on it.
            guess = f"SELECT 1 / (CASE WHEN tenant_id = {theirs} THEN 0 ELSE 1 END) FROM {name}"
            assert await tried(connection, guess) == "SELECT 1"
        nothing = {"denied", "UPDATE 0", "DELETE 0"}
        change = f"UPDATE {name} SET tenant_id = tenant_id WHERE tenant_id = {theirs}"
        assert await tried(connection, change) in nothing
        assert await tried(connection, f"DELETE FROM {name} WHERE tenant_id = {theirs}") in nothing
        given_away = f"UPDATE {name} SET tenant_id = {theirs} WHERE tenant_id = {mine}"
        assert await tried(connection, given_away) == "denied"
        statement, values = inserting(table, theirs, of=theirs)
        assert await tried(connection, statement, *_native(values)) == "denied"
        assert await tried(connection, f"TRUNCATE {name} CASCADE") == "denied"


@both_ways
@cases("table", [each for each in OF_TENANTS if each.name not in ADMINISTERED])
async def test_what_a_tenant_works_with_is_its_own_to_change(
    isolated: Isolated, table: Table, me: int
) -> None:
    async with connected(isolated, "login", me) as connection:
        change = f"UPDATE {table.name} SET tenant_id = tenant_id"
        expected = "denied" if table.name in READ_ONLY else "UPDATE 1"
        assert await tried(connection, change) == expected


@both_ways
@as_whom
@every_table
async def test_nothing_of_another_tenant_is_copied_in_or_out(
    isolated: Isolated, table: Table, whom: str, me: int
) -> None:
    mine, theirs = isolated.tenants[me].id, isolated.tenants[1 - me].id
    name = table.name
    async with connected(isolated, whom, me) as connection:
        out = BytesIO()
        try:
            await connection.copy_from_table(name, columns=["tenant_id"], output=out)
        except DENIED:
            assert name in ADMINISTERED
        else:
            assert name not in ADMINISTERED
            assert out.getvalue() == f"{mine}\n".encode()
        with pytest.raises((DENIED, asyncpg.FeatureNotSupportedError)):
            await connection.copy_to_table(
                name, source=BytesIO(f"{theirs}\n".encode()), columns=["tenant_id"]
            )


@both_ways
@every_table
async def test_no_row_can_refer_to_another_tenants(
    isolated: Isolated, table: Table, me: int
) -> None:
    mine, theirs = isolated.tenants[me].id, isolated.tenants[1 - me].id
    for columns, referred in references(table):
        others = rows_of(theirs)[table.name]
        column = next(each for each in columns if each != "tenant_id")
        owner = await isolated.owner()
        try:
            # Not even whoever owns the tables can: it is no matter of policies.
            with pytest.raises(asyncpg.ForeignKeyViolationError):
                await owner.execute(
                    f"UPDATE {table.name} SET {column} = $1 WHERE tenant_id = {mine}",
                    others[column],
                )
        finally:
            await owner.close()
        assert referred in {each.name for each in OF_TENANTS}


async def test_the_worker_that_names_no_tenant_sees_nothing(isolated: Isolated) -> None:
    connection = await isolated.acting(DatabaseRole.WORKER)
    for table in OF_TENANTS:
        if table.name not in ADMINISTERED:
            assert await connection.fetch(f"SELECT FROM {table.name}") == []
    assert await connection.fetch("SELECT FROM tenants") == []
    assert await connection.fetch("SELECT FROM clients") == []
    await connection.close()


@both_ways
async def test_a_tenant_sees_itself_and_its_client_and_no_other(
    isolated: Isolated, me: int
) -> None:
    tenant = isolated.tenants[me]
    async with connected(isolated, "login", me) as connection:
        assert [row["id"] for row in await connection.fetch("SELECT id FROM tenants")] == [
            tenant.id
        ]
        assert [row["name"] for row in await connection.fetch("SELECT name FROM clients")] == [
            tenant.client_name
        ]
        for table in ("tenants", "clients"):
            assert await tried(connection, f"DELETE FROM {table}") == "denied"
        assert await tried(connection, "UPDATE tenants SET status = 'active'") == "denied"


@as_whom
@cases("table", sorted(OF_THE_PLATFORM - {"clients", "tenants", "fleet_refreshes"}))
async def test_the_platforms_own_tables_are_closed(
    isolated: Isolated, table: str, whom: str
) -> None:
    async with connected(isolated, whom, 0) as connection:
        for statement in (f"SELECT FROM {table}", f"DELETE FROM {table}", f"TRUNCATE {table}"):
            assert await tried(connection, statement) == "denied"


async def test_when_the_fleet_was_looked_over_is_no_matter_of_a_tenants_login(
    isolated: Isolated,
) -> None:
    async with connected(isolated, "login", 0) as connection:
        for statement in ("SELECT FROM", "DELETE FROM", "TRUNCATE"):
            assert await tried(connection, f"{statement} fleet_refreshes") == "denied"


@every_table
async def test_ingest_reads_nothing_but_the_keys_of_events(
    isolated: Isolated, table: Table
) -> None:
    connection = await isolated.acting(DatabaseRole.INGEST)
    name = table.name
    keys = "SELECT tenant_id, key FROM inbox_events"
    assert (await tried(connection, keys)) == "SELECT 2"
    for statement in (
        f"SELECT * FROM {name}",
        f"UPDATE {name} SET tenant_id = tenant_id",
        f"DELETE FROM {name}",
        f"TRUNCATE {name} CASCADE",
    ):
        assert await tried(connection, statement) == "denied"
    if name not in ("inbox_events", "quarantined_events"):
        statement, values = inserting(table, isolated.tenants[0].id, of=isolated.tenants[0].id)
        assert await tried(connection, statement, *_native(values)) == "denied"
    for statement in ("SELECT FROM tenants", "SELECT FROM queue.pgqueuer"):
        assert await tried(connection, statement) == "denied"
    await connection.close()


@both_ways
async def test_a_queue_is_reached_by_its_own_tenant_alone(isolated: Isolated, me: int) -> None:
    mine, theirs = (own_schema(isolated.tenants[each].id) for each in (me, 1 - me))
    put = (
        "INSERT INTO {}.pgqueuer (priority, entrypoint, payload, status)"
        " VALUES (0, 'inbox', '{{}}', 'queued')"
    )
    async with connected(isolated, "login", me) as connection:
        assert await tried(connection, put.format(mine)) == "INSERT 0 1"
        assert await tried(connection, f"SELECT FROM {mine}.pgqueuer") == "SELECT 0"
        for schema in ("queue", theirs):
            assert await tried(connection, put.format(schema)) == "denied"
            for table in ("pgqueuer", "pgqueuer_log", "pgqueuer_schedules", "pgqueuer_statistics"):
                assert await tried(connection, f"SELECT FROM {schema}.{table}") == "denied"
                assert await tried(connection, f"DELETE FROM {schema}.{table}") == "denied"
        assert await tried(connection, f"TRUNCATE {mine}.pgqueuer") == "denied"
    async with connected(isolated, "worker", me) as connection:
        assert await tried(connection, f"SELECT FROM {mine}.pgqueuer") == "denied"


@both_ways
async def test_no_sequence_tells_or_can_be_moved(isolated: Isolated, me: int) -> None:
    owner = await isolated.owner()
    sequences = [
        f"{row['schemaname']}.{row['sequencename']}"
        for row in await owner.fetch("SELECT schemaname, sequencename FROM pg_sequences")
    ]
    await owner.close()
    assert len(sequences) > len(OF_TENANTS) / 4
    async with connected(isolated, "login", me) as connection:
        for sequence in sequences:
            assert await tried(connection, f"SELECT last_value FROM {sequence}") == "denied"
            assert await tried(connection, f"SELECT setval('{sequence}', 1)") == "denied"
            if not sequence.startswith(own_schema(isolated.tenants[me].id)):
                assert await tried(connection, f"SELECT nextval('{sequence}')") == "denied"


@both_ways
async def test_no_setting_and_no_other_role_shows_more(isolated: Isolated, me: int) -> None:
    other = isolated.tenants[1 - me]
    async with connected(isolated, "login", me) as connection:
        for setting in ("*", str(other.id)):
            await connection.execute("SELECT set_config('mcp.tenant', $1, false)", setting)
            seen = await connection.fetch("SELECT DISTINCT tenant_id FROM contacts")
            assert [row["tenant_id"] for row in seen] == [isolated.tenants[me].id]
        roles = [*DatabaseRole, isolated.logins[1 - me].user, "postgres", "pg_read_all_data"]
        for role in roles:
            assert await tried(connection, f"SET ROLE {role}") == "denied"
            assert await tried(connection, f"SET SESSION AUTHORIZATION {role}") == "denied"
            assert await tried(connection, f"GRANT {role} TO CURRENT_USER") == "denied"
        await connection.execute("SET row_security = off")
        assert await tried(connection, "SELECT FROM contacts") == "denied"


async def test_what_runs_with_its_owners_rights_is_for_named_roles_alone(
    isolated: Isolated,
) -> None:
    owner = await isolated.owner()
    found = await owner.fetch(
        "SELECT p.proname, has_function_privilege('public', p.oid, 'EXECUTE') AS everybodys,"
        " array(SELECT role FROM unnest($1::text[]) role"
        " WHERE has_function_privilege(role, p.oid, 'EXECUTE')) AS roles"
        " FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
        " WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema')",
        list(DatabaseRole),
    )
    await owner.close()
    known = {row["proname"]: set(row["roles"]) for row in found}
    assert known == {
        "sign_in_is_live": {DatabaseRole.ADMIN, DatabaseRole.WORKER, DatabaseRole.TENANT},
        "tell_watchers": set(),  # a trigger calls it, and nobody else
    }
    assert not any(row["everybodys"] for row in found)


MADE = (
    "CREATE TABLE public.mine (id int)",
    "CREATE TABLE {own}.mine (id int)",
    "CREATE TEMPORARY TABLE mine (id int)",
    "CREATE SCHEMA mine",
    "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE FUNCTION {own}.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE FUNCTION pg_temp.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE VIEW public.mine AS SELECT 1",
    "CREATE TYPE public.mine AS (id int)",
    "CREATE INDEX mine ON contacts (id)",
    "CREATE TRIGGER mine BEFORE INSERT ON contacts EXECUTE FUNCTION {own}.fn_pgqueuer_changed()",
    "CREATE POLICY mine ON contacts USING (true)",
    "CREATE ROLE mine",
    "CREATE DATABASE mine",
    "CREATE EXTENSION file_fdw",
    "ALTER TABLE contacts DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE contacts NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE contacts ADD COLUMN mine int",
    "ALTER TABLE contacts OWNER TO CURRENT_USER",
    "DROP POLICY mcp_tenant ON contacts",
    "DROP TABLE contacts",
    "ALTER ROLE CURRENT_USER BYPASSRLS",
    "ALTER ROLE CURRENT_USER CONNECTION LIMIT -1",
    "COPY contacts TO PROGRAM 'cat'",
    "COPY contacts TO '/tmp/contacts'",
    "SELECT pg_read_file('/etc/hostname')",
    "SELECT FROM pg_authid",
    "SELECT FROM pg_shadow",
    "SELECT FROM pg_largeobject",
)


@cases("statement", MADE)
async def test_a_tenant_makes_and_opens_nothing(isolated: Isolated, statement: str) -> None:
    own = own_schema(isolated.tenants[0].id)
    async with connected(isolated, "login", 0) as connection:
        if statement.startswith("CREATE DATABASE"):
            with pytest.raises(DENIED):
                await connection.execute(statement)
        else:
            assert await tried(connection, statement.format(own=own)) == "denied"


async def test_the_statistics_of_tables_tell_a_tenant_nothing(isolated: Isolated) -> None:
    owner = await isolated.owner()
    await owner.execute("ANALYZE")
    named_there = "SELECT count(*) FROM pg_stats WHERE schemaname = 'public'"
    named_there += " AND tablename NOT IN ('alembic_version')"
    assert await owner.fetchval(named_there) > 0
    await owner.close()
    async with connected(isolated, "login", 0) as connection:
        assert await connection.fetchval(named_there) == 0


@both_ways
async def test_no_channel_tells_a_login_what_others_do(isolated: Isolated, me: int) -> None:
    mine, theirs = (own_schema(isolated.tenants[each].id) for each in (me, 1 - me))
    heard: list[object] = []

    def hear(*told: object) -> None:
        heard.append(told)

    owner = await isolated.owner()
    async with connected(isolated, "login", me) as connection:
        for schema in ("queue", mine, theirs):
            await connection.add_listener(f"mcp_{schema}", hear)
        for schema in ("queue", mine, theirs):
            await owner.execute(
                f"INSERT INTO {schema}.pgqueuer (priority, entrypoint, status)"
                " VALUES (0, 'nobody', 'queued')"
            )
            await owner.execute(f"DELETE FROM {schema}.pgqueuer WHERE entrypoint = 'nobody'")
        await connection.execute("SELECT 1")  # what was sent before is delivered with its answer
    await owner.close()
    assert heard == []


@both_ways
async def test_no_advisory_lock_of_a_login_keeps_anothers_booking_waiting(
    isolated: Isolated, me: int
) -> None:
    mine, theirs = (isolated.tenants[each].id for each in (me, 1 - me))
    async with connected(isolated, "login", me) as mean:
        for name in (f"appointments/{theirs}", str(theirs), "booking_locks"):
            await mean.execute("SELECT pg_advisory_lock(hashtextextended($1, 0))", name)
        holding = mean.transaction()
        await holding.start()
        await mean.execute("SELECT FROM booking_locks FOR UPDATE")  # its own, all that it sees
        async with connected(isolated, "login", 1 - me) as other:
            await other.execute("SET lock_timeout = '5s'")
            lock = LOCK.text
            assert await tried(other, lock, theirs) == "INSERT 0 1"
        assert await tried(mean, f"LOCK TABLE queue_{theirs}.pgqueuer") == "denied"
    assert mine != theirs


def test_nothing_of_ours_waits_for_what_any_login_may_hold_but_what_nobody_can_guess() -> None:
    package = Path(mcp_platform.__file__).parent
    using = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if re.search(r"pg_\w*advisory|add_listener|pg_notify|\bLISTEN\b", path.read_text())
    }
    # Its lock is made of a key that whoever asks has thought of.
    assert using == {"access/idempotency.py"}


@both_ways
async def test_a_large_object_is_its_makers_alone(isolated: Isolated, me: int) -> None:
    async with connected(isolated, "login", me) as connection:
        oid = await connection.fetchval("SELECT lo_from_bytea(0, 'mine')")
        async with connected(isolated, "login", 1 - me) as other:
            for statement in (
                f"SELECT lo_get({oid})",
                f"SELECT lo_put({oid}, 0, 'theirs')",
                f"SELECT lo_unlink({oid})",
            ):
                assert await tried(other, statement) == "denied"
        await connection.execute(f"SELECT lo_unlink({oid})")


@both_ways
async def test_what_others_do_is_not_seen_only_that_they_do_something(
    isolated: Isolated, me: int
) -> None:
    async with (
        connected(isolated, "login", me) as connection,
        connected(isolated, "login", 1 - me) as other,
    ):
        await other.execute("SELECT 'a word of theirs'")
        shown = await connection.fetch(
            "SELECT query, client_addr, application_name FROM pg_stat_activity"
            " WHERE usename <> current_user"
        )
        hidden = {"query": "<insufficient privilege>", "client_addr": None}
        assert {tuple(row.items())[:2] for row in shown} == {tuple(hidden.items())}
        # What `docs/security.md` says that PostgreSQL tells everybody.
        counted = "SELECT n_live_tup FROM pg_stat_user_tables WHERE relname = 'contacts'"
        assert await connection.fetchval(counted) is not None


@both_ways
async def test_what_a_login_can_use_up_is_limited(isolated: Isolated, me: int) -> None:
    async with connected(isolated, "login", me) as connection:
        for setting, value in SESSIONS.items():
            shown = await connection.fetchval("SELECT current_setting($1)::interval", setting)
            assert shown == timedelta(seconds=int(value.removesuffix("s")))
        limit = "SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user"
        assert await connection.fetchval(limit) == MOST_CONNECTIONS
        for setting in ("temp_file_limit", "max_notify_queue_pages"):
            with pytest.raises((DENIED, asyncpg.CantChangeRuntimeParamError)):
                await connection.execute(f"SET {setting} = -1")


async def test_the_audit_trail_is_only_added_to(isolated: Isolated) -> None:
    connection = await isolated.acting(DatabaseRole.ADMIN)
    assert await tried(connection, "SELECT FROM audit_entries") == "SELECT 2"
    for statement in (
        "UPDATE audit_entries SET actor = 'nobody'",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
    ):
        assert await tried(connection, statement) == "denied"
    await connection.close()


@both_ways
@as_whom
async def test_to_the_trail_a_tenant_adds_what_its_api_did_and_nothing_else(
    isolated: Isolated, whom: str, me: int
) -> None:
    mine, theirs = isolated.tenants[me].id, isolated.tenants[1 - me].id
    adding = (
        "INSERT INTO audit_entries (actor_kind, actor, role, action, target, tenant_id)"
        " VALUES ($1, 'boss@example.com', 'admin', 'tenant.update', 'x', $2)"
    )
    async with connected(isolated, whom, me) as connection:
        assert await tried(connection, adding, "token", mine) == "INSERT 0 1"
        for kind in ("user", "command", "system"):
            assert await tried(connection, adding, kind, mine) == "denied"
        for of in (theirs, None):
            assert await tried(connection, adding, "token", of) == "denied"
        assert await tried(connection, f"{adding} RETURNING id", "token", mine) == "denied"
        forged = adding.replace("actor_kind,", "at, actor_kind,").replace("($1", "(now(), $1")
        assert await tried(connection, forged, "token", mine) == "denied"


def _native(values: list[Any]) -> list[Any]:
    """Return values as asyncpg takes them, which knows neither SQLAlchemy's ranges nor dicts."""
    return [
        asyncpg.Range(each.lower, each.upper)
        if type(each).__name__ == "Range"
        else "{}"
        if isinstance(each, dict)
        else each
        for each in values
    ]


def test_what_is_filled_in_differs_between_tenants() -> None:
    assert named(1, "contact") != named(2, "contact")

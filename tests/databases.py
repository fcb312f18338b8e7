"""Migrated databases, lent to one test at a time.

One in which only rows changed is emptied and lent again; any other is dropped. Both are as good as
new; emptying takes PostgreSQL a sixth of the time of copying and dropping.
"""

import asyncio
from typing import Any, Self
from uuid import uuid4

import asyncpg

from mcp_platform.embedded import EmbeddedPostgres

OURS = 16384  # objects with smaller numbers come with PostgreSQL: FirstNormalObjectId
TABLES = (
    "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')"
)
# Each change of a schema, a grant or a setting writes a row here; PostgreSQL's own upkeep does not.
FORM = "SELECT " + ", ".join(
    f"(SELECT (count(*), sum(xmin::text::bigint))::text FROM {catalog} WHERE {which})"
    for catalog, which in {
        "pg_class": f"oid >= {OURS}",
        "pg_attribute": f"attrelid >= {OURS}",
        "pg_attrdef": f"oid >= {OURS}",
        "pg_proc": f"oid >= {OURS}",
        "pg_constraint": f"oid >= {OURS}",
        "pg_type": f"oid >= {OURS}",
        "pg_policy": "true",
        "pg_trigger": "true",
        "pg_namespace": "true",
        "pg_default_acl": "true",
        "pg_event_trigger": "true",
        "pg_db_role_setting": "setdatabase <> 0",
        "pg_database": "datname = current_database()",
    }.items()
)
USED_SEQUENCES = "SELECT format('%I.%I', schemaname, sequencename) FROM pg_sequences WHERE last_value IS NOT NULL"
ALONE = (
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend'"
)
ROWS = """
SET session_replication_role = replica; -- neither foreign keys nor triggers take part
DO $$
DECLARE
    each text;
BEGIN
    FOREACH each IN ARRAY '{tables}'::text[] LOOP
        IF pg_relation_size(each::regclass) > 0 THEN -- something was written into it, now or before
            EXECUTE 'DELETE FROM ' || each;
        END IF;
    END LOOP;
END $$;
"""
NUMBERS = """
SELECT setval(c.name, s.seqstart, false)
FROM ({used}) c (name) JOIN pg_sequence s ON s.seqrelid = c.name::regclass
WHERE c.name <> ALL ('{kept}'::text[]);
"""


class Lent:
    """One migrated database: how it was made, and what makes it so again."""

    def __init__(self, name: str, url: str) -> None:
        self.name, self.url = name, url
        self._form: list[Any] = []
        self._kept = ""
        self._rows = self._numbers = ""

    async def remember(self) -> None:
        """Look at it as it was made; nobody has changed it yet."""
        connection = await asyncpg.connect(self.url)
        try:
            tables = [row[0] for row in await connection.fetch(TABLES)]
            some = " UNION ALL ".join(
                f"SELECT '{each}' WHERE EXISTS (SELECT FROM {each})" for each in tables
            )
            filled = [row[0] for row in await connection.fetch(some)]
            self._kept = "SELECT " + ", ".join(
                f"(SELECT array_agg(t::text ORDER BY t::text) FROM {each} t)" for each in filled
            )
            used = [row[0] for row in await connection.fetch(USED_SEQUENCES)]
            emptied = [each for each in tables if each not in filled]
            self._rows = ROWS.format(tables="{" + ",".join(emptied) + "}")
            self._numbers = NUMBERS.format(used=USED_SEQUENCES, kept="{" + ",".join(used) + "}")
            self._form = await self._seen(connection)
        finally:
            await connection.close()

    async def emptied(self, *, in_use: bool = False) -> bool:
        """Empty it; return False if more than rows has changed.

        In use, who is connected stays, and numbers go on: no cache takes a new row for an old one.
        """
        connection = await asyncpg.connect(self.url)
        try:
            if not in_use:
                await connection.execute(ALONE)
            if await self._seen(connection) != self._form:
                return False
            await connection.execute(self._rows if in_use else self._rows + self._numbers)
            return True
        finally:
            await connection.close()

    async def _seen(self, connection: asyncpg.Connection) -> list[Any]:
        return [tuple(await connection.fetchrow(asked)) for asked in (FORM, self._kept)]


class Databases:
    """The migrated databases of one process of the run."""

    def __init__(self, postgres: EmbeddedPostgres, template: str) -> None:
        self._postgres, self._template = postgres, template
        self._idle: list[Lent] = []

    def lend(self) -> Lent:
        """Return a migrated database without a row in it, which nobody is connected to."""
        while self._idle:
            lent = self._idle.pop()
            if asyncio.run(lent.emptied()):
                return lent
            self.drop(lent)
        lent = self.copied()
        asyncio.run(lent.remember())
        return lent

    def copied(self) -> Lent:
        name = f"test_{uuid4().hex}"
        return Lent(name, self._postgres.create_database(name, template=self._template))

    def drop(self, lent: Lent) -> None:
        self._postgres.drop_database(lent.name)

    def take_back(self, lent: Lent) -> None:
        self._idle.append(lent)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for lent in self._idle:
            self.drop(lent)

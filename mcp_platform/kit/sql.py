"""Statements written as text that go straight to the driver, in a session's transaction.

Where a statement is an `Sql` and is sent by a `Driver`, SQLAlchemy has no part in it. Rooms on the
path of every message do so; the others use the ORM.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncSession

_NAME = re.compile(r"(?<![:\w]):([a-z]\w*)")  # and no cast

# As SQLAlchemy's dialect translates the driver's errors, so that callers need to know one kind; of
# all others it makes a DBAPIError.
_ERRORS: tuple[tuple[type[Exception], type[DBAPIError]], ...] = (
    (asyncpg.IntegrityConstraintViolationError, IntegrityError),
    (asyncpg.SyntaxOrAccessError, ProgrammingError),
    (asyncpg.InterfaceError, InterfaceError),
)


class Sql:
    """One statement, with `:name` for each value. `text` is what the driver takes."""

    def __init__(self, written: str) -> None:
        self.names = tuple(dict.fromkeys(_NAME.findall(written)))
        places = {name: f"${place}" for place, name in enumerate(self.names, 1)}
        self.text = _NAME.sub(lambda found: places[found[1]], written)

    def values(self, named: Mapping[str, Any]) -> list[Any]:
        """Return the values in the order of their places."""
        return [named[name] for name in self.names]


class Driver:
    """The driver below a session. What it is given goes there as it is.

    A third of the price: SQLAlchemy's compiling, result and change of greenlets cost 150 µs of
    processor time a statement, the driver's 50, and a turn makes some fifty. The session's
    transaction, or savepoint, is begun first if it has not been.
    """

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def rows(self, statement: Sql, **values: Any) -> list[Any]:
        """Return the rows as the driver has them: by place and by name of the column."""
        driver = await self._begun()
        try:
            found: list[Any] = await driver.fetch(statement.text, *statement.values(values))
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise translated(statement.text, error, driver) from error
        return found

    async def row(self, statement: Sql, **values: Any) -> Any:
        """Return the first row, or None."""
        return next(iter(await self.rows(statement, **values)), None)

    async def column(self, statement: Sql, **values: Any) -> list[Any]:
        """Return the first column of each row."""
        return [row[0] for row in await self.rows(statement, **values)]

    async def value(self, statement: Sql, **values: Any) -> Any:
        """Return the first column of the first row, or None."""
        return next(iter(await self.column(statement, **values)), None)

    async def execute(self, statement: Sql, **values: Any) -> int:
        """Return how many rows the statement touched."""
        driver = await self._begun()
        try:
            status = await driver.execute(statement.text, *statement.values(values))
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise translated(statement.text, error, driver) from error
        touched = status.rpartition(" ")[2]
        return int(touched) if touched.isdecimal() else 0  # none are told of, as of CREATE TABLE

    async def execute_each(self, statement: Sql, rows: Sequence[Mapping[str, Any]]) -> None:
        """Execute the statement for each of `rows`, in few round trips."""
        driver = await self._begun()
        try:
            await driver.executemany(statement.text, [statement.values(row) for row in rows])
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise translated(statement.text, error, driver) from error

    async def _begun(self) -> asyncpg.Connection:
        session = self._session.sync_session
        current = session.get_nested_transaction() or session.get_transaction()
        if current is None or session.info.get("begun") is not current:
            await self._session.connection()  # `database.py` begins there
            session.info["begun"] = session.get_nested_transaction() or session.get_transaction()
        return session.info["driver"]


def translated(sql: str, error: Exception, driver: asyncpg.Connection) -> DBAPIError:
    """Return the driver's `error` as SQLAlchemy would raise it, without the values."""
    kind = next((ours for theirs, ours in _ERRORS if isinstance(error, theirs)), DBAPIError)
    return kind(sql, None, error, hide_parameters=True, connection_invalidated=driver.is_closed())

"""Pages in a fixed order: where one ended is told in a cursor that callers hand back.

Keyset pagination: nothing is skipped or told twice when rows come and go between two pages.
"""

import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import Annotated, Any, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from sqlalchemy import ColumnElement, Row, Select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from mcp_platform.errors import Invalid

MOST = 200
USUAL = 50
LONGEST_CURSOR = 400

Item = TypeVar("Item")
Item_co = TypeVar("Item_co", covariant=True)
Text = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]
Count = Annotated[int, Field(ge=0, le=2**63 - 1)]


class Page(BaseModel, Generic[Item]):
    items: list[Item]
    next_cursor: Annotated[str | None, Field(description="Null: these were the last.")]


class AnyPage(Protocol[Item_co]):
    """What is read page by page, whatever its page says besides."""

    @property
    def items(self) -> Sequence[Item_co]: ...
    @property
    def next_cursor(self) -> str | None: ...


async def every(page: Callable[[str | None], Awaitable[AnyPage[Item]]]) -> list[Item]:
    """Return what stands on all pages; `page` reads that of a cursor, and the first for None."""
    found: list[Item] = []
    cursor = None
    while True:
        read = await page(cursor)
        found += read.items
        cursor = read.next_cursor
        if cursor is None:
            return found


class PageQuery(BaseModel):
    """What every list may be asked with."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=MOST)] = USUAL
    cursor: Annotated[
        str | None, Field(max_length=LONGEST_CURSOR, description="The last page's `next_cursor`.")
    ] = None


class Order:
    """The columns that a list is ordered by; together they are unique."""

    def __init__(self, *columns: InstrumentedAttribute[Any]) -> None:
        self._columns = columns
        kinds = {str: Text, int: Count, date: date}
        # mypy cannot know a type that is made of the columns'.
        place: Any = tuple[tuple(kinds[each.type.python_type] for each in columns)]  # type: ignore[misc]
        self._place: TypeAdapter[tuple[Any, ...]] = TypeAdapter(place)

    async def page(
        self, session: AsyncSession, statement: Select[*tuple[Any, ...]], *, query: PageQuery
    ) -> tuple[Sequence[Row[*tuple[Any, ...]]], str | None]:
        """Return one page of `statement`, which selects a row first, and the cursor of the next.

        Raises:
            Invalid: the cursor is none of ours.
        """
        if query.cursor is not None:
            statement = statement.where(self._after(query.cursor))
        rows = (
            await session.execute(statement.order_by(*self._columns).limit(query.limit + 1))
        ).all()
        shown = rows[: query.limit]
        if len(rows) == len(shown):
            return shown, None
        last = shown[-1][0]
        return shown, self._write(tuple(getattr(last, each.key) for each in self._columns))

    def _after(self, cursor: str) -> ColumnElement[bool]:
        return tuple_(*self._columns) > tuple_(*self._read(cursor))

    def _write(self, place: tuple[Any, ...]) -> str:
        return base64.urlsafe_b64encode(self._place.dump_json(place)).decode().rstrip("=")

    def _read(self, cursor: str) -> tuple[Any, ...]:
        try:
            padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
            return self._place.validate_json(base64.b64decode(padded, b"-_", True), strict=True)
        except (ValueError, binascii.Error, ValidationError) as error:
            raise Invalid(
                "The cursor is none of ours.", fields={"cursor": "is none of ours"}
            ) from error

"""Where a page ended, for lists in the order of a moment and an id: keyset pagination.

Nothing is skipped or told twice when rows come and go between two pages.
"""

import base64
import binascii
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from mcp_platform.errors import Invalid

Place = tuple[datetime, UUID]
# Beyond these nothing is booked or written, and clocks of all zones can be asked.
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2999, 12, 31)

LAST_ROW = 2**63 - 1  # of a bigint


def write_cursor(place: Place) -> str:
    """Return where a page ended, in a form that callers hand back."""
    moment, row_id = place
    return write_parts(stamp(moment), str(row_id))


def read_cursor(cursor: str) -> Place:
    """Return what `write_cursor` wrote.

    Raises:
        Invalid: it wrote no such thing.
    """
    moment, row_id = read_parts(cursor, 2)
    try:
        return read_stamp(moment), UUID(row_id)
    except ValueError as error:
        raise bad_cursor() from error


def write_parts(*parts: str) -> str:
    """Return parts, of which only the last may hold a bar, in a form that callers hand back."""
    return base64.urlsafe_b64encode("|".join(parts).encode()).decode().rstrip("=")


def read_parts(cursor: str, count: int) -> list[str]:
    """Return the parts that `write_parts` wrote.

    Raises:
        Invalid: it wrote no such thing.
    """
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        written = base64.b64decode(padded, b"-_", validate=True).decode()
    except (ValueError, binascii.Error) as error:
        raise bad_cursor() from error
    parts = written.split("|", count - 1)
    if len(parts) != count or "\0" in written:
        raise bad_cursor()
    return parts


def stamp(moment: datetime) -> str:
    """Return a moment as a part of a cursor."""
    return moment.astimezone(UTC).isoformat()


def read_stamp(part: str) -> datetime:
    """Return the moment that `stamp` wrote. Raises Invalid."""
    try:
        moment = datetime.fromisoformat(part)
    except ValueError as error:
        raise bad_cursor() from error
    if moment.utcoffset() != timedelta(0) or not FIRST_DAY <= moment.date() <= LAST_DAY:
        raise bad_cursor()
    return moment


def is_row_number(text: str) -> bool:
    """Tell whether a text is the number of a row. Of any length: `int` takes 4,300 digits at most."""
    digits = text.isascii() and text.isdecimal() and len(text) <= len(str(LAST_ROW))
    return digits and int(text) <= LAST_ROW


def read_number(cursor: str) -> int:
    """Return the row's number that a cursor is. Raises Invalid."""
    if not is_row_number(cursor):
        raise bad_cursor()
    return int(cursor)


def bad_cursor() -> Invalid:
    return Invalid("The cursor is none of ours.", fields={"cursor": "is none of ours"})

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
    stamp = f"{moment.astimezone(UTC).isoformat()}|{row_id}"
    return base64.urlsafe_b64encode(stamp.encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> Place:
    """Return what `write_cursor` wrote.

    Raises:
        Invalid: it wrote no such thing.
    """
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        stamp, _, row_id = base64.b64decode(padded, b"-_", True).decode().partition("|")
        place = datetime.fromisoformat(stamp), UUID(row_id)
    except (ValueError, binascii.Error) as error:
        raise bad_cursor() from error
    if place[0].utcoffset() != timedelta(0) or not FIRST_DAY <= place[0].date() <= LAST_DAY:
        raise bad_cursor()
    return place


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

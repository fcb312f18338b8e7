"""Fields that several forms of the registry have: calendars, Meta's ids, numbers, short names.

The base classes of forms are in `kit/forms.py`.
"""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from mcp_platform.conversations.phones import WRITTEN
from mcp_platform.kit.forms import _WORD
from mcp_platform.tenants.calendar_ids import WRONG_CALENDAR, what_is_no_calendar
from mcp_platform.tenants.meta_ids import is_phone_number


def _somebodys_calendar(calendar_id: str) -> str:
    code = what_is_no_calendar(calendar_id)
    if code is not None:
        raise PydanticCustomError(code, "{why}", {"why": WRONG_CALENDAR[code]})
    return calendar_id


CalendarId = Annotated[
    str,
    Field(
        min_length=1,
        max_length=256,
        pattern=_WORD,
        description="As the calendar's settings in Google show it; not `primary`, and no address.",
    ),
    AfterValidator(_somebodys_calendar),
]


def _no_phone_number(meta_id: str) -> str:
    if is_phone_number(meta_id):
        raise PydanticCustomError("phone_number", "is a phone number; Meta's id of it is another")
    return meta_id


MetaId = Annotated[
    str,
    Field(pattern=r"^[0-9]{5,20}$", description="Meta's id: digits alone; no phone number."),
    AfterValidator(_no_phone_number),
]
Number = Annotated[str, Field(pattern=WRITTEN)]
Slug = Annotated[
    str,
    Field(
        max_length=64,
        pattern=r"^[a-z0-9]+([_-][a-z0-9]+)*$",
        description="Lower-case letters, digits and inner hyphens; it never changes.",
    ),
]
AnySlug = Annotated[str, Field(min_length=1, max_length=64, pattern=_WORD)]
"""What was once a slug: rules for new ones may be stricter."""

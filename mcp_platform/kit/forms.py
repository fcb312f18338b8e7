"""Forms that a request, a command or an import fills in: base classes, texts, and merging.

A form is a pydantic model, so that REST API, commands and imports refuse the same in the same words.
Unknown fields are refused, and nothing is converted: "5" is no number.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Self, TypeVar

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import ErrorDetails, PydanticCustomError
from sqlalchemy.exc import IntegrityError

from mcp_platform.errors import Invalid
from mcp_platform.kit.database import Versioned
from mcp_platform.kit.http import PreconditionFailed

# At least one character that is seen; no control characters, which chats and calendars choke on.
_LINE = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f-\xa0][^\x00-\x1f\x7f]*$"

_PARAGRAPHS = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+$"

_WORD = r"^[^\x00-\x20\x7f-\xa0]+$"


_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE
)


def _moment(value: object) -> object:
    if not isinstance(value, str) or _RFC3339.fullmatch(value) is None:
        raise PydanticCustomError("moment", "must be RFC 3339 with an offset")
    return value


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_moment),
    Field(strict=False),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
WHOLE = BeforeValidator(_whole)
"""Takes 30.0 for a whole number, as JSON does: some languages write it so. After the bounds."""
Name = Annotated[str, Field(min_length=1, max_length=120, pattern=_LINE)]

Line = Annotated[str, Field(min_length=1, max_length=300, pattern=_LINE)]

Paragraphs = Annotated[str, Field(min_length=1, max_length=4000, pattern=_PARAGRAPHS)]

Search = Annotated[str, Field(min_length=1, max_length=80, pattern=_LINE)]

Wished = TypeVar("Wished", bound="Form")


@dataclass(frozen=True, slots=True)
class CommandOption:
    """Beside a field's type: commands offer it. `off` is the option that says no."""

    help: str
    off: str | None = None


_WRITTEN: Final = object()


def written(info: ValidationInfo) -> bool:
    """Tell whether values come from options or a page, as a person writes them, and not as JSON."""
    return info.context is _WRITTEN


class Form(BaseModel):
    """What somebody asks for."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Take `values` as a wish; numbers may stand in text where a field says so (`written`).

        Raises:
            Invalid: they are none; `fields` says where.
        """
        try:
            return cls.model_validate(values, context=_WRITTEN)
        except ValidationError as error:
            fields = {".".join(map(str, each["loc"])): cls._told(each) for each in error.errors()}
            told = "; ".join(f"{field}: {why}" for field, why in fields.items())
            raise Invalid(told, fields=fields) from error

    @classmethod
    def _told(cls, wrong: ErrorDetails) -> str:
        """Return what is wrong with a field; of a form that it has not, what it is, and no pattern."""
        if wrong["type"] != "string_pattern_mismatch":
            return wrong["msg"]
        field = cls.model_fields.get(str(wrong["loc"][0])) if len(wrong["loc"]) == 1 else None
        described = field.description if field is not None else None
        return f"has not the right form{f'. {described}' if described else ''}"


def without_defaults(schema: dict[str, Any]) -> None:
    """Say of a change's fields no default: what is left out stays as it is."""
    for about in schema.get("properties", {}).values():
        about.pop("default", None)


class ChangeForm(Form):
    """What is left out stays as it is; `null` empties what may be empty."""

    model_config = ConfigDict(json_schema_extra=without_defaults)

    def wished(self) -> dict[str, Any]:
        """Return what is to change."""
        return self.model_dump(exclude_unset=True)


class CreationForm(Form):
    model_config = ConfigDict(json_schema_extra=lambda _: None)  # its defaults are true

    def columns(self, *, without: frozenset[str] = frozenset()) -> dict[str, Any]:
        return self.model_dump(exclude=set(without))


class VersionedOut(BaseModel):
    """What is told of a row. `version` is its ETag."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    version: Annotated[int, Field(description="Also the ETag.")]


def check_version(row: Versioned, versions: frozenset[int] | None) -> None:
    """Check that `row` is in one of `versions`; None: in any.

    Raises:
        PreconditionFailed: somebody changed it meanwhile.
    """
    if versions is not None and row.version not in versions:
        raise PreconditionFailed("It was changed meanwhile: read it anew.")


def merge(row: Versioned, changes: Mapping[str, Any]) -> None:
    """Set what differs; a row of which nothing differs keeps its version."""
    for field, value in changes.items():
        if getattr(row, field) != value:
            setattr(row, field, value)


def constraint(error: IntegrityError) -> str:
    """Return the name of the constraint that was broken."""
    return str(getattr(error.orig.__cause__, "constraint_name", "")) if error.orig else ""


def prefixed(index: int, *, of: int) -> Callable[[str], str]:
    """Return how a field of the `index`th of several is called; of a single one, by its name."""
    return (lambda field: field) if of == 1 else (lambda field: f"{index}.{field}")

"""What a tool of the model's is: its arguments, what the model reads of it, and what it does."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import time
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from mcp_platform.assistant.outcomes import Done

if TYPE_CHECKING:
    from mcp_platform.assistant.toolbox import Toolbox


def _by_the_business_clock(at: time) -> time:
    """Refuse an offset: it would be compared with opening hours, which have none."""
    if at.tzinfo is not None:
        raise ValueError("HH:MM on the business's clock, without an offset")
    return at


def _end_of_day(at: object) -> object:
    return time.max if at in ("24:00", "24:00:00") else at


ClockTime = Annotated[time, BeforeValidator(_end_of_day), AfterValidator(_by_the_business_clock)]


class Arguments(BaseModel):
    """What the model sends with a call. Everything is a string there; a field may ask for more."""

    model_config = ConfigDict(extra="forbid", str_max_length=200)

    @model_validator(mode="before")
    @classmethod
    def _leave_out_what_is_empty(cls, args: object) -> object:
        """Take an argument of nothing for one that is missing: models fill in every field."""
        if not isinstance(args, dict):
            return args
        return {
            name: value
            for name, value in args.items()
            if not (name in cls.model_fields and isinstance(value, str) and not value.strip())
        }


class VisitArguments(Arguments):
    """What the customer said of a visit. It is taken from their own messages, where they wrote it."""

    person: str | None = Field(
        None, description="For whom, if not the customer; as they wrote it: minha filha Ana"
    )
    note: str | None = Field(
        None, max_length=300, description="What the business must know; as they wrote it"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One function that the model may call. Its name is that of the module in which it stands."""

    description: str
    arguments: type[Arguments]
    run: "Callable[[Toolbox, str, Any, str], Awaitable[Done]]"
    """Do it: `run(toolbox, step, arguments, language)`. Repeated with a step, it answers the same."""
    outcomes: tuple[type[Any], ...] = ()
    """The outcomes that no other tool has."""

    def declaration(self, name: str) -> dict[str, Any]:
        """Return the function declaration with a JSON Schema, as Gemini takes it."""
        properties: dict[str, Any] = {}
        for field_name, field in self.arguments.model_fields.items():
            properties[field_name] = {"type": "string"}
            if field.description:
                properties[field_name]["description"] = field.description
        required = [
            name for name, field in self.arguments.model_fields.items() if field.is_required()
        ]
        schema = {"type": "object", "properties": properties, "required": required}
        return {"name": name, "description": self.description, "parameters_json_schema": schema}

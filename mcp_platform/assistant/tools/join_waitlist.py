"""Note that the customer would come if something became free, and tell the owner."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Literal

from pydantic import Field

from mcp_platform.assistant.outcomes import Done, Refused, Role, ToolOutcome
from mcp_platform.assistant.speaking.facts import About
from mcp_platform.assistant.tool import Arguments, Tool
from mcp_platform.assistant.toolbox import Toolbox, meant
from mcp_platform.errors import NotFound
from mcp_platform.scheduling.waitlist import PartOfDay, Waitlist
from mcp_platform.tenants.languages import supported
from mcp_platform.words.book import Outcome as BookOutcome
from mcp_platform.words.forms import forms
from mcp_platform.words.times import Times


@dataclass(frozen=True, slots=True, kw_only=True)
class Wished(ToolOutcome):
    """What became of a wish: noted, or one too many of this contact."""

    role: ClassVar[Role] = "effect"
    noted: bool
    service_name: str
    day: date
    part: PartOfDay | None
    kind: Literal["wished"] = "wished"

    @property
    def in_book(self) -> BookOutcome | None:
        return "waitlisted" if self.noted else None

    @property
    def phrase(self) -> str:
        return "waitlist_noted" if self.noted else "too_many_wishes"

    @property
    def about(self) -> About:
        return About(days=(self.day,), part=self.part)

    @property
    def values(self) -> Mapping[str, str | None]:
        return {"service": self.service_name}

    def for_model(self, _ids: tuple[str, ...], /) -> dict[str, Any]:
        return {"status": "waitlisted" if self.noted else "too_many"}


class JoinWaitlist(Arguments):
    """A service, a day and a part of it."""

    service_id: str
    day: date
    part: PartOfDay | None = Field(None, description="morning, afternoon or evening")


async def join(toolbox: Toolbox, step: str, arguments: JoinWaitlist, _language: str) -> Done:
    """Record the wish and tell the owner, in the transaction of the step."""
    service_id = meant(arguments.service_id, toolbox.catalogue.services)
    return await note_wish(toolbox, step, service_id, arguments.day, arguments.part)


async def note_wish(
    toolbox: Toolbox, step: str, service_id: str, day: date, part: PartOfDay | None
) -> Done:
    """Record a wish; the owner is told of a new one. What a tap on «Anotar interesse» does too."""
    if (recorded := toolbox.recorded(step)) is not None:
        return recorded
    rules, tenant = toolbox.catalogue.rules, toolbox.context.tenant
    today = rules.local(toolbox.now).date()
    try:
        service = toolbox.catalogue.service(service_id)
    except NotFound as error:
        return await toolbox.note(step, Refused("bad_arguments", str(error)))
    if not today <= day <= today + rules.horizon:
        return await toolbox.note(step, Refused("bad_arguments", "day: is not to come"))
    if tenant.owner_whatsapp is None:
        return await toolbox.note(step, Refused("nobody_to_tell", "The team cannot be told."))
    async with toolbox.journal.begin() as session:
        wishing = await Waitlist(session, tenant.id).join(
            toolbox.context.contact.id,
            service_id=service.id,
            day=day,
            part=part,
            today=today,
            now=toolbox.now,
        )
        if wishing == "new":
            language = supported(tenant.language)
            on_day = Times(language, today).on_day(day)
            named = [service.name, on_day, part and forms(language)["parts"][part]]
            await toolbox.notices.waitlisted(
                session,
                tenant,
                toolbox.context.contact,
                wish=", ".join(each for each in named if each),
                key=f"{toolbox.context.turn.id}:{step}",
            )
        wished = Wished(noted=wishing != "too_many", service_name=service.name, day=day, part=part)
        return await toolbox.conclude(session, step, wished)


TOOL = Tool(
    description="Note that the customer would come on a day on which nothing suits, if it became free.",
    arguments=JoinWaitlist,
    run=join,
    outcomes=(Wished,),
)

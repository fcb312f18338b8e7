"""Find free times for a service."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any
from uuid import UUID

from pydantic import Field

from mcp_platform.assistant.outcomes import DaysDiffer, Done, Refused
from mcp_platform.assistant.tool import ClockTime, Tool, VisitArguments
from mcp_platform.assistant.toolbox import MOST_SLOTS, Toolbox, meant, with_visit
from mcp_platform.errors import Invalid, NotFound
from mcp_platform.scheduling.availability import SearchWindow
from mcp_platform.scheduling.outcome import SlotsFound

DEFAULT_DAYS = timedelta(days=6)


class FindSlots(VisitArguments):
    """A service, and maybe when and with whom, and what was said of the visit."""

    service_id: str
    professional_id: str | None = None
    from_date: date | None = None
    to_date: date | None = None
    from_time: ClockTime | None = None
    to_time: ClockTime | None = None
    appointment_id: str | None = Field(
        None, description="The appointment to be moved, when the customer wants to move one."
    )


async def find(toolbox: Toolbox, step: str, arguments: FindSlots, _language: str) -> Done:
    """Find slots; on each of the days that may be meant, where the words name another one."""
    today = toolbox.now.astimezone(toolbox.catalogue.rules.zone).date()
    first = arguments.from_date or today
    last = arguments.to_date or (first if arguments.from_date else first + DEFAULT_DAYS)
    service_id = meant(arguments.service_id, toolbox.catalogue.services)
    moving = (
        await toolbox.appointment(arguments.appointment_id)
        if arguments.appointment_id
        else toolbox.moving(service_id)
    )
    who = arguments.professional_id
    # Days that no calendar goes to are out of range, whichever they are.
    earliest = today - DEFAULT_DAYS
    latest = today + toolbox.catalogue.rules.horizon + DEFAULT_DAYS
    first, last = (min(max(each, earliest), latest) for each in (first, last))
    try:
        wanted = SearchWindow(
            first=first,
            last=max(first, last),
            from_time=arguments.from_time or time.min,
            to_time=arguments.to_time or time.max,
        )
        search: dict[str, Any] = {
            "service_id": service_id,
            "professional_id": who and meant(who, toolbox.catalogue.professionals),
            "spread": arguments.from_time is None,
            "moving": UUID(moving) if moving else None,
        }
        days = await toolbox.days_to_ask_about(wanted.first, wanted.last)
        differ = await _on_each(toolbox, days, wanted, search) if days else None
        found = differ or await toolbox.find(wanted, **search)
    except (Invalid, NotFound, ValueError) as error:  # or they do not do this service
        return await toolbox.note(step, Refused("bad_arguments", str(error)))
    visit = toolbox.quoted(arguments.person, arguments.note)
    return await toolbox.note(step, with_visit(found, visit), moving=moving)


async def _on_each(
    toolbox: Toolbox, days: Sequence[date], wanted: SearchWindow, search: Mapping[str, Any]
) -> DaysDiffer | None:
    """Look for free times on each of the days; None if there are none to choose from."""
    found = [await toolbox.find(replace(wanted, first=day, last=day), **search) for day in days]
    share = MOST_SLOTS // len(days)
    slots = [
        slot
        for each in found
        if isinstance(each, SlotsFound) and each.status == "ok"
        for slot in each.slots[:share]
    ]
    return DaysDiffer(slots=tuple(slots)) if slots else None


TOOL = Tool(
    description="Find free times for a service. Dates are YYYY-MM-DD and times HH:MM, on the business's"
    " clock. Without dates: the next seven days. Returns slots with ids.",
    arguments=FindSlots,
    run=find,
)

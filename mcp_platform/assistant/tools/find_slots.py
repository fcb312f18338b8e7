"""Find free times for one or several services."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Literal
from uuid import UUID

from pydantic import AliasChoices, Field

from mcp_platform.assistant.choosing.searches import (
    Visit,
    days_action,
    find_action,
    more_action,
    said_of_visit,
)
from mcp_platform.assistant.outcomes import DaysDiffer, Done, Refused, WhichService
from mcp_platform.assistant.tool import ClockTime, Tool, VisitArguments
from mcp_platform.assistant.toolbox import MOST_SERVICES, MOST_SLOTS, Toolbox, meant, with_visit
from mcp_platform.errors import Invalid, NotFound
from mcp_platform.scheduling.availability import SearchWindow
from mcp_platform.scheduling.catalogue import Service
from mcp_platform.scheduling.finding.searching import Order, SlotSearch
from mcp_platform.scheduling.outcome import SlotsFound

DEFAULT_DAYS = timedelta(days=6)
_AND = re.compile(r"[,;+]")


class FindSlots(VisitArguments):
    """Maybe services, when and with whom, and what was said of the visit."""

    # The release before named one service, and its journals are read.
    service_ids: str | None = Field(
        None,
        validation_alias=AliasChoices("service_ids", "service_id"),
        description="One to four ids.",
    )
    together: bool = Field(False, description="true: all of them, one after the other.")
    professional_id: str | None = None
    from_date: date | None = None
    to_date: date | None = None
    from_time: ClockTime | None = None
    to_time: ClockTime | None = None
    order: Literal["earliest", "latest", "nearest", "sooner"] | None = Field(
        None,
        description="nearest: asked for the hour from_time. latest: for the last ones. sooner: before"
        " the appointment that is to be moved.",
    )
    appointment_id: str | None = Field(
        None, description="The appointment to be moved, when the customer wants to move one."
    )


async def find(toolbox: Toolbox, step: str, arguments: FindSlots, _language: str) -> Done:
    """Find slots; on each of the days that may be meant, where the words name another one."""
    catalogue = toolbox.catalogue
    who = arguments.professional_id and meant(arguments.professional_id, catalogue.professionals)
    visit = toolbox.quoted(arguments.person, arguments.note)
    try:
        services = await _services(toolbox, arguments, who=who)
        search = await _search(toolbox, arguments, services=services, who=who)
        if not arguments.service_ids and len(services) > MOST_SERVICES:
            return await _ask_which(toolbox, step, search, services, visit)
        days = await toolbox.days_to_ask_about(search.window.first, search.window.last)
        differ = await _on_each(toolbox, step, days, search, visit) if days else None
        found = differ or await toolbox.find(search)
    except (Invalid, NotFound, ValueError) as error:  # or they do not do this service
        return await toolbox.note(step, Refused("bad_arguments", str(error)))
    if isinstance(found, Done):
        return found
    more = more_action(search, found, like=visit) if isinstance(found, SlotsFound) else None
    return await toolbox.note(step, with_visit(found, visit), moving=_moving(search), more=more)


async def _services(
    toolbox: Toolbox, arguments: FindSlots, *, who: str | None
) -> Sequence[Service]:
    """Return the services that may be meant; all that there are, where none was named.

    Raises:
        NotFound: there is no such service.
        Invalid: more were named than one list can show.
    """
    catalogue, said = toolbox.catalogue, arguments.service_ids
    if said:
        ids = _ids(said, catalogue.services) or [said]
        if len(ids) > MOST_SERVICES:
            raise Invalid(f"service_ids: at most {MOST_SERVICES}")
        return [catalogue.service(each) for each in ids]
    moved = arguments.appointment_id
    if moved and (view := await toolbox.upcoming_appointment(moved)):
        return [catalogue.service(view.service_id)]
    theirs = None if who is None else catalogue.professional(who).service_ids
    any_of = [each for each in catalogue.services if theirs is None or each.id in theirs]
    if not any_of:
        raise NotFound("There is no service that can be booked.")
    return any_of


def _ids(said: str, services: Sequence[Service]) -> list[str]:
    """Return the ids in a text with one or several, by their names too: "Corte e barba" is a name."""
    known = {each.id for each in services}
    parts = [meant(each, services) for each in (said, *map(str.strip, _AND.split(said)))]
    if parts[0] in known:
        return parts[:1]
    whole = [each for each in parts[1:] if each]
    words = said.replace(",", " ").split()
    return list(dict.fromkeys(words if known.issuperset(words) else whole))


async def _search(
    toolbox: Toolbox, arguments: FindSlots, *, services: Sequence[Service], who: str | None
) -> SlotSearch:
    """Return what is looked for. Raises Invalid where it contradicts itself."""
    rules = toolbox.catalogue.rules
    today = rules.local(toolbox.now).date()
    first = arguments.from_date or today
    last = arguments.to_date or (first if arguments.from_date else first + DEFAULT_DAYS)
    # Days that no calendar goes to are out of range, whichever they are.
    earliest, latest = today - DEFAULT_DAYS, today + rules.horizon + DEFAULT_DAYS
    first, last = (min(max(each, earliest), latest) for each in (first, last))
    begin, order, before = arguments.from_time, arguments.order, None
    if order == "sooner":
        before = await _its_start(toolbox, arguments.appointment_id)
        last = rules.local(before).date()
        first, order = min(first if arguments.from_date else today, last), "earliest"
    end = arguments.to_time or (begin if order == "nearest" else None)
    usual: Order = "spread" if begin is None else "earliest"
    moving = None
    if arguments.appointment_id:
        moving = await toolbox.appointment(arguments.appointment_id)
    elif len(services) == 1:
        moving = toolbox.moving(services[0].id)
    together = arguments.together and len(services) > 1
    if together and moving:
        raise Invalid("together: not for an appointment that is moved")
    return SlotSearch(
        service_ids=tuple(each.id for each in services),
        professional_id=who,
        window=SearchWindow(
            first=first,
            last=max(first, last),
            from_time=begin or time.min,
            to_time=end or time.max,
        ),
        order=usual if order is None or (order == "nearest" and begin is None) else order,
        together=together,
        everyone=True,
        moving=UUID(moving) if moving else None,
        before=before,
    )


async def _its_start(toolbox: Toolbox, appointment: str | None) -> datetime:
    """Return when the appointment begins that is to be sooner. Raises Invalid where there is none."""
    found = appointment and await toolbox.upcoming_appointment(appointment)
    if not found:
        raise Invalid("order sooner: needs the appointment_id of one to come")
    return found.starts_at


async def _ask_which(
    toolbox: Toolbox, step: str, search: SlotSearch, services: Sequence[Service], visit: Visit
) -> Done:
    """Ask which service it is for. What was asked for is remembered: choosing one looks for it."""
    cut = len(services) > MOST_SLOTS
    shown = services[: MOST_SLOTS - 1] if cut else services
    outcome = WhichService(
        names=tuple(each.name for each in shown),
        actions=tuple(
            {**find_action(replace(search, service_ids=(each.id,))), **said_of_visit(visit)}
            for each in shown
        ),
    )
    more = {"do": "services", "seen": len(shown)} if cut else None
    return await toolbox.note(step, outcome, more=more)


async def _on_each(
    toolbox: Toolbox, step: str, days: Sequence[date], search: SlotSearch, visit: Visit
) -> Done | None:
    """Look for free times on each of the days; None if there are none to choose from."""
    share = (MOST_SLOTS - 1) // len(days)
    found = [
        await toolbox.find(
            replace(search, window=replace(search.window, first=day, last=day)), limit=share
        )
        for day in days
    ]
    ok = [each for each in found if isinstance(each, SlotsFound) and each.status == "ok"]
    slots = tuple(slot for each in ok for slot in each.slots)
    if not slots:
        return None
    days_of = {**days_action(search), **said_of_visit(visit), "more": True}
    more = days_of if any(each.more for each in ok) else None
    differ = with_visit(DaysDiffer(slots=slots), visit)
    return await toolbox.note(step, differ, moving=_moving(search), more=more)


def _moving(search: SlotSearch) -> str | None:
    return None if search.moving is None else str(search.moving)


TOOL = Tool(
    description="Find free times. Dates are YYYY-MM-DD (from_date alone is that day only) and times"
    " HH:MM, on the business's clock. Without dates: the next seven days. Returns slots with ids.",
    arguments=FindSlots,
    run=find,
)

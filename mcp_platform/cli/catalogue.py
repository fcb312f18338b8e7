"""What `services`, `people`, `hours` and `closed-days` share: one tenant's catalogue."""

import re
import unicodedata
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from mcp_platform.cli.operating import command_actor, in_database, split_path
from mcp_platform.cli.spoken import spoken, worded
from mcp_platform.errors import Invalid
from mcp_platform.kit.paging import MOST, every
from mcp_platform.onboarding.answers import UnfitAnswer, read_price
from mcp_platform.onboarding.hours import HoursUnreadable, read_hours
from mcp_platform.registry.environments import Environments
from mcp_platform.registry.hours import Span
from mcp_platform.registry.professionals import Professionals
from mcp_platform.registry.services import CatalogueQuery, Services
from mcp_platform.registry.tenant_bound import TenantBound

Part = TypeVar("Part", bound=TenantBound)
Done = TypeVar("Done")
DAYS = {
    "pt-BR": ("seg", "ter", "qua", "qui", "sex", "sáb", "dom"),
    "en": ("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
}


def in_catalogue(kind: type[Part], tenant: str, work: Callable[[Part], Awaitable[Done]]) -> Done:
    """Run `work` on a part of a tenant's catalogue, in one transaction."""
    path, actor = split_path(tenant), command_actor()

    async def run(session: Any) -> Done:
        located = await Environments(session, actor).locate(*path)
        return await work(kind(session, actor, located))

    return in_database(run)


async def every_one(part: Services | Professionals) -> list[Any]:
    """Return all of a part, inactive ones too, in the owner's order."""
    return await every(lambda cursor: part.page(CatalogueQuery(limit=MOST, cursor=cursor)))


def slug(name: str) -> str:
    """Return the id that a name is given, where nobody chose one."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:56].strip("-") or "item"


def cents(price: str) -> dict[str, Any]:
    """Return a price as the registry takes it; an empty one is not told.

    Raises:
        Invalid: it cannot be read.
    """
    try:
        amount, currency = read_price(price)
    except UnfitAnswer as error:
        told = worded("Write a price as 45, 45,00 or USD 12.50.")
        raise Invalid(told, fields={"--price": told}) from error
    return (
        {"price_cents": amount} if amount is None else {"price_cents": amount, "currency": currency}
    )


def spans(text: str) -> tuple[Span, ...]:
    """Return weekly hours as people write them.

    Raises:
        Invalid: some of it cannot be read, or overlaps.
    """
    try:
        return read_hours(text) if text.strip() else ()
    except HoursUnreadable as error:
        told = worded(
            "{piece} is neither a day nor hours. Write for instance: {example}",
            piece=repr(error.piece),
            example="seg-sex 09:00-12:00 13:00-18:00; sáb 9h-13h",
        )
        raise Invalid(told) from error


def week(hours: list[Span]) -> str:
    """Return weekly hours in a line, in the form in which they are read."""
    days = DAYS[spoken()]
    of_day: dict[int, str] = {}
    for each in hours:
        span = f"{each.opens:%H:%M}-{each.closes:%H:%M}"
        of_day[each.weekday] = f"{of_day[each.weekday]} {span}" if each.weekday in of_day else span
    runs: list[list[int]] = []
    for day in sorted(of_day):
        if runs and runs[-1][-1] == day - 1 and of_day[day] == of_day[runs[-1][0]]:
            runs[-1].append(day)
        else:
            runs.append([day])
    return "; ".join(
        f"{days[run[0]]}{f'-{days[run[-1]]}' if len(run) > 1 else ''} {of_day[run[0]]}"
        for run in runs
    )

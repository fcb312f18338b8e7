"""`…/closed-days`: days without bookings, what they hit, and the holidays of a year."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from starlette.responses import Response

from mcp_platform.access.routes import READERS, WRITERS
from mcp_platform.console.catalogue.reading import all_people
from mcp_platform.console.forms import at_of, or_none, said_at, text_of_field, version_of, whole
from mcp_platform.console.places import TENANT, may_change, tenant_of, tenant_page, to_tenant
from mcp_platform.console.visits import ConsolePage, PageVisit
from mcp_platform.errors import Invalid
from mcp_platform.kit.paging import MOST, every
from mcp_platform.registry.closed_days import (
    MOST_DAYS,
    BookingOut,
    ClosedDayOut,
    ClosedDayQuery,
    ClosedDays,
    DayBooked,
    NewClosedDays,
)
from mcp_platform.registry.holidays import Holidays, HolidaysChosen
from mcp_platform.registry.professionals import Professionals
from mcp_platform.registry.routes import Registry
from mcp_platform.scheduling.catalogue import BookingRules

PATH: Final = f"{TENANT}/closed-days"
SAID: Final = frozenset({"closed", "opened", "chosen"})
NAMES: Final = {"days": "day", "professional_id": "who"}
DAY: Final = "day."  # how a tick box is called that closes on a holiday
YEARS: Final = 2  # whose holidays are shown: this one and the next


class ClosedDayPages:
    """Closed days to come, and the holidays that are offered."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def table(self) -> tuple[ConsolePage, ...]:
        return (
            ConsolePage(path=PATH, roles=READERS, show=self.show),
            ConsolePage(path=PATH, roles=WRITERS, act=self.close),
            ConsolePage(path=f"{PATH}/holidays", roles=WRITERS, act=self.choose),
            ConsolePage(path=f"{PATH}/{{closed_day_id}}/open", roles=WRITERS, act=self.open),
        )

    async def show(self, visit: PageVisit) -> Response:
        return await self._page(visit)

    async def close(self, visit: PageVisit) -> Response:
        """Close a day, some hours of it, or several days; bookings then are asked about."""
        try:
            wish = NewClosedDays.of({"days": _days(visit)})
            async with self._registry.catalogue(ClosedDays, at_of(visit)) as part:
                await part.create_many(wish, now=self._registry.clock())
        except DayBooked as error:
            return await self._page(visit, booked=error.bookings, asked="close")
        except Invalid as error:
            if not error.fields:
                raise
            return await self._page(visit, wrong=_wrong(visit, error))
        return self._done(visit, "closed")

    async def open(self, visit: PageVisit) -> Response:
        """Take bookings on a day again."""
        wanted = whole(visit.request.path_params["closed_day_id"])
        if not isinstance(wanted, int):
            raise Invalid("There is no such day.")
        async with self._registry.catalogue(ClosedDays, at_of(visit)) as part:
            await part.delete(wanted, versions=version_of(visit))
        return self._done(visit, "opened")

    async def choose(self, visit: PageVisit) -> Response:
        """Close on the holidays that are ticked; of the others it is known that somebody said no."""
        try:
            wish = HolidaysChosen.of(
                {
                    "days": [name.removeprefix(DAY) for name in visit.form if name.startswith(DAY)],
                    "bookings": _bookings(visit),
                }
            )
            async with self._registry.catalogue(Holidays, at_of(visit)) as part:
                await part.choose(_year(visit), wish, now=self._registry.clock())
        except DayBooked as error:
            return await self._page(visit, booked=error.bookings, asked="holidays")
        return self._done(visit, "chosen")

    def _done(self, visit: PageVisit, said: str) -> Response:
        return to_tenant(visit, "/closed-days", said=said)

    async def _page(
        self,
        visit: PageVisit,
        *,
        wrong: Mapping[str, str] | None = None,
        booked: Sequence[BookingOut] = (),
        asked: str = "",
    ) -> Response:
        tenant = await tenant_of(visit, self._registry.tenants)
        now = self._registry.clock()
        today = BookingRules(time_zone=tenant.time_zone).local(now).date()
        at = at_of(visit)
        async with self._registry.catalogue(ClosedDays, at) as part:
            days = await _to_come(part, today)
        async with self._registry.catalogue(Professionals, at) as people_part:
            people = await all_people(people_part)
        async with self._registry.catalogue(Holidays, at) as holidays:
            years = [
                await holidays.of_year(year, now=now)
                for year in range(today.year, today.year + YEARS)
            ]
        return tenant_page(
            visit,
            tenant,
            "catalogue/closed_days.html",
            status=409 if booked else 422 if wrong else 200,
            days=days,
            people={each.id: each.name for each in people},
            years=years,
            today=today,
            typed=visit.form,
            wrong=wrong or {},
            booked=booked,
            asked=asked,
            tick=DAY,
            may_change=may_change(visit, tenant),
            said=visit.said(SAID),
        )


async def _to_come(part: ClosedDays, today: date) -> list[ClosedDayOut]:
    asked = {"from": today.isoformat(), "limit": MOST}
    return await every(
        lambda cursor: part.page(ClosedDayQuery.model_validate({**asked, "cursor": cursor}))
    )


def _days(visit: PageVisit) -> list[dict[str, Any]]:
    """Return the days that are to be closed. Raises Invalid."""
    first, last = (text_of_field(visit, name) for name in ("day", "until"))
    begins, ends = (text_of_field(visit, name) for name in ("begins", "ends"))
    one = {
        "professional_id": or_none(text_of_field(visit, "who")),
        "begins": or_none(begins),
        "ends": or_none(ends),
        "reason": or_none(text_of_field(visit, "reason")),
        "bookings": _bookings(visit),
    }
    begin, end = _day(first, "day"), _day(last or first, "until")
    count = (end - begin).days + 1
    if not 0 < count <= MOST_DAYS:
        raise Invalid("The last day is before the first.", fields={"until": "is before the first"})
    return [{**one, "day": (begin + timedelta(days=away)).isoformat()} for away in range(count)]


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid("This is no day.", fields={field: "is no day"}) from error


def _year(visit: PageVisit) -> int:
    year = visit.form.get("year", "")
    if not (year.isascii() and year.isdecimal() and len(year) == 4):  # noqa: PLR2004  # digits
        raise Invalid("There is no such year.")
    return int(year)


def _bookings(visit: PageVisit) -> str:
    return visit.form.get("bookings") or "ask"


def _wrong(visit: PageVisit, error: Invalid) -> dict[str, str]:
    """Say what is wrong at the fields of the form, of which each stands for all its days."""
    last = {path.rpartition(".")[2]: why for path, why in error.fields.items()}
    return said_at(visit, Invalid(str(error), fields=last), names=NAMES)

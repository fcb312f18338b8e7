"""`…/hours`: the week of each professional, with days copied onto others before it is saved."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from mcp_platform.access.routes import READERS, WRITERS
from mcp_platform.console.catalogue.reading import all_people
from mcp_platform.console.forms import at_of, version_of
from mcp_platform.console.places import TENANT, may_change, tenant_of, tenant_page, to_tenant
from mcp_platform.console.visits import ConsolePage, PageVisit
from mcp_platform.errors import Invalid
from mcp_platform.kit.http import PreconditionFailed
from mcp_platform.registry.hours import HoursOut, HoursWish
from mcp_platform.registry.professionals import ProfessionalOut, Professionals
from mcp_platform.registry.routes import Registry

PATH: Final = f"{TENANT}/hours"
SAID: Final = frozenset({"added", "saved"})
DAYS: Final = range(7)
SPARE: Final = 2  # spans of a day that have a place in the form: morning and afternoon, and more
MOST: Final = 10  # a day

Week = Mapping[int, list[tuple[str, str]]]
"""By weekday, when it opens and closes, as it was typed."""


class HoursPages:
    """The week of one professional at a time."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def table(self) -> tuple[ConsolePage, ...]:
        return (
            ConsolePage(path=PATH, roles=READERS, show=self.show),
            ConsolePage(path=PATH, roles=WRITERS, act=self.save),
        )

    async def show(self, visit: PageVisit) -> Response:
        people = await self._people(visit)
        who = visit.request.query_params.get("who")
        chosen = next((each for each in people if each.id == who), people[0] if people else None)
        hours = await self._hours(visit, chosen.id) if chosen else None
        return await self._page(
            visit,
            people,
            chosen,
            _week(hours.hours if hours else ()),
            said=visit.said(SAID),
        )

    async def save(self, visit: PageVisit) -> Response:
        """Save the week, or copy one day onto others, which is saved with the next press."""
        who, week = visit.form.get("who", ""), _filled(visit)
        if visit.form.get("do") == "copy":
            return await self._again(visit, who, _copied(visit, week), copied=True)
        spans, at = _spans(week)
        try:
            wish = HoursWish.of({"hours": spans})
            async with self._registry.catalogue(Professionals, at_of(visit)) as part:
                await part.replace_hours(who, wish, versions=version_of(visit))
        except PreconditionFailed:
            return await self._again(visit, who, week, changed=True)
        except Invalid as error:
            if not error.fields:
                raise
            return await self._again(visit, who, week, wrong=_wrong_days(visit, error, at))
        return to_tenant(visit, "/hours", who=who, said="saved")

    async def _again(
        self,
        visit: PageVisit,
        who: str,
        week: Week,
        *,
        wrong: Mapping[int, str] | None = None,
        changed: bool = False,
        copied: bool = False,
    ) -> Response:
        people = await self._people(visit)
        chosen = next((each for each in people if each.id == who), None)
        if chosen is None:
            async with self._registry.catalogue(Professionals, at_of(visit)) as part:
                await part.get(who)  # raises NotFound
        return await self._page(
            visit, people, chosen, week, wrong=wrong, changed=changed, copied=copied
        )

    async def _people(self, visit: PageVisit) -> list[ProfessionalOut]:
        async with self._registry.catalogue(Professionals, at_of(visit)) as part:
            return await all_people(part)

    async def _hours(self, visit: PageVisit, who: str) -> HoursOut:
        async with self._registry.catalogue(Professionals, at_of(visit)) as part:
            return await part.hours(who)

    async def _page(
        self,
        visit: PageVisit,
        people: list[ProfessionalOut],
        chosen: ProfessionalOut | None,
        week: Week,
        *,
        wrong: Mapping[int, str] | None = None,
        changed: bool = False,
        copied: bool = False,
        said: str | None = None,
    ) -> Response:
        tenant = await tenant_of(visit, self._registry.tenants)
        seen = visit.form.get("version", "") if wrong or copied else ""
        now = _week((await self._hours(visit, chosen.id)).hours) if chosen and changed else None
        return tenant_page(
            visit,
            tenant,
            "catalogue/hours.html",
            status=412 if changed else 422 if wrong else 200,
            people=people,
            chosen=chosen,
            version=seen or (chosen.version if chosen else ""),
            week={day: [*spans, *_blank(spans)] for day, spans in week.items()},
            now=now,
            wrong=wrong or {},
            copied=copied,
            may_change=may_change(visit, tenant),
            said=said,
        )


def _week(spans: Any) -> dict[int, list[tuple[str, str]]]:
    return {
        day: [
            (f"{each.opens:%H:%M}", f"{each.closes:%H:%M}") for each in spans if each.weekday == day
        ]
        for day in DAYS
    }


def _blank(spans: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the empty places of a day: two in all, and one more than there are spans."""
    return [("", "")] * max(SPARE - len(spans), 1 if len(spans) < MOST else 0)


def _filled(visit: PageVisit) -> dict[int, list[tuple[str, str]]]:
    """Return the week as it was filled in, without what is empty."""

    def span(day: int, place: int) -> tuple[str, str]:
        names = (f"opens.{day}.{place}", f"closes.{day}.{place}")
        opens, closes = (visit.form.get(name, "").strip()[:5] for name in names)
        return opens, closes

    return {day: [each for place in range(MOST) if any(each := span(day, place))] for day in DAYS}


def _copied(visit: PageVisit, week: Week) -> dict[int, list[tuple[str, str]]]:
    source = visit.form.get("from", "")
    if source not in {str(day) for day in DAYS}:
        raise Invalid("There is no such day.")
    onto = {day for day in DAYS if f"to.{day}" in visit.form}
    return {day: list(week[int(source)] if day in onto else week[day]) for day in DAYS}


def _spans(week: Week) -> tuple[list[dict[str, Any]], list[int]]:
    """Return the spans as they are wished, and of which day each is."""
    spans = [
        {"weekday": day, "opens": opens, "closes": closes}
        for day, of_day in week.items()
        for opens, closes in of_day
    ]
    return spans, [day for day, of_day in week.items() for _ in of_day]


def _wrong_days(visit: PageVisit, error: Invalid, at: list[int]) -> dict[int, str]:
    """Return what is wrong by day."""
    said: dict[int, str] = {}
    for path, why in error.fields.items():
        index = path.split(".")[1] if "." in path else ""
        day = at[int(index)] if index.isdecimal() and int(index) < len(at) else 0
        overlaps = "overlap" in why
        said[day] = visit.say("unfit.overlap" if overlaps else "unfit.span")
    return said

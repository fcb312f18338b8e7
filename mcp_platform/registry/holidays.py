"""The holidays of a year: which are offered to a tenant, and on which it closes."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from mcp_platform.errors import Invalid
from mcp_platform.kit.forms import Form
from mcp_platform.registry.closed_days import (
    MOST_DAYS,
    Bookings,
    ClosedDays,
    ClosedDaysOut,
    NewClosedDay,
    NewClosedDays,
)
from mcp_platform.registry.tenant_bound import TenantBound
from mcp_platform.scheduling.api_shapes import Day
from mcp_platform.scheduling.catalogue import BookingRules
from mcp_platform.scheduling.catalogue_store import holiday_rules
from mcp_platform.scheduling.holidays import MOST_YEARS_AHEAD
from mcp_platform.scheduling.models import ClosedDayRow
from mcp_platform.tenants.models import TenantRow


class HolidayOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    day: date
    name: str
    optional: Annotated[bool, Field(description="The law leaves it to each business.")]
    closed: Annotated[bool, Field(description="The whole day is closed already, for everybody.")]


class HolidaysOut(BaseModel):
    """The holidays of a year, offered to close on. Nothing is closed by being offered."""

    year: int
    decided: Annotated[bool, Field(description="Somebody said already on which to close.")]
    items: list[HolidayOut]


class HolidaysChosen(Form):
    """On which holidays of a year to close; of the others it is known that somebody said no."""

    days: Annotated[tuple[Day, ...], Field(max_length=MOST_DAYS, strict=False)]
    bookings: Annotated[Bookings, Field(description="As of a closed day.")] = "ask"


class Holidays(TenantBound):
    """The holidays that are offered to one tenant."""

    async def of_year(self, year: int, *, now: datetime) -> HolidaysOut:
        """Return the holidays of a year that are offered to this tenant.

        Raises:
            Invalid: the year is not this one or one of the next.
        """
        tenant = await self.session.get_one(TenantRow, self._tenant.id)
        this_year = BookingRules(time_zone=tenant.time_zone).local(now).year
        if not this_year <= year <= this_year + MOST_YEARS_AHEAD:
            told = f"must be one of {this_year} to {this_year + MOST_YEARS_AHEAD}"
            raise Invalid(f"year: {told}.", fields={"year": told})
        offered = holiday_rules(tenant).in_year(year, language=tenant.language)
        rows = await self.session.scalars(
            select(ClosedDayRow.day).where(
                ClosedDayRow.tenant_id == self._tenant.id,
                ClosedDayRow.professional_id.is_(None),
                ClosedDayRow.begins.is_(None),
                ClosedDayRow.day.in_([each.day for each in offered]),
            )
        )
        closed = set(rows)
        return HolidaysOut(
            year=year,
            decided=(tenant.holidays_decided or 0) >= year,
            items=[HolidayOut(**asdict(each), closed=each.day in closed) for each in offered],
        )

    async def choose(self, year: int, wish: HolidaysChosen, *, now: datetime) -> ClosedDaysOut:
        """Close on the holidays that are named, and remember that this year was decided about.

        Raises:
            Invalid: one of the days is no holiday of that year; or as `of_year` does.
            DayBooked: there are bookings, and what becomes of them is not said.
        """
        await self._alone()
        offered = {each.day: each for each in (await self.of_year(year, now=now)).items}
        fields = {
            f"days.{index}": f"is no holiday of {year} here"
            for index, day in enumerate(wish.days)
            if day not in offered
        }
        if fields:
            raise Invalid("These are no holidays.", fields=fields)
        tenant = await self.session.get_one(TenantRow, self._tenant.id)
        tenant.holidays_decided = max(tenant.holidays_decided or 0, year)
        await self.session.flush()
        if not wish.days:
            return ClosedDaysOut(items=[], kept=[], cancelled=[])
        days = [
            NewClosedDay.of(
                {
                    "day": day.isoformat(),
                    "reason": offered[day].name,
                    "bookings": wish.bookings,
                }
            )
            for day in wish.days
        ]
        closed_days = ClosedDays(self.session, self._actor, self._tenant)
        return await closed_days.create_many(NewClosedDays(days=tuple(days)), now=now)

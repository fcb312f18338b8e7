"""Days without bookings: of everybody who works for a tenant, or of one professional."""

from datetime import date
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import select

from mcp_platform.admin.registry.paging import Order, Page, PageQuery
from mcp_platform.admin.registry.shapes import (
    AnySlug,
    Change,
    Line,
    New,
    Shown,
    check_version,
    merge,
)
from mcp_platform.admin.registry.tenant_bound import TenantBound
from mcp_platform.errors import Conflict, Invalid, NotFound
from mcp_platform.kit.cursor import FIRST_DAY
from mcp_platform.scheduling.api_shapes import Day
from mcp_platform.scheduling.models import ClosedDayRow, ProfessionalRow

ORDER = Order(ClosedDayRow.day, ClosedDayRow.id)


class ClosedDayChange(Change):
    day: Day = FIRST_DAY
    professional_id: Annotated[AnySlug | None, Field(description="Null: everybody.")] = None
    reason: Line | None = None


class NewClosedDay(ClosedDayChange, New):
    day: Day


class ClosedDayOut(Shown):
    id: int
    day: date
    professional_id: str | None
    reason: str | None


class ClosedDayQuery(PageQuery):
    first: Annotated[Day | None, Field(alias="from", description="First day.")] = None
    last: Annotated[Day | None, Field(alias="to", description="Last day, included.")] = None
    professional_id: Annotated[
        AnySlug | None, Field(description="Theirs alone, without everybody's.")
    ] = None


class ClosedDays(TenantBound):
    """The closed days of one tenant."""

    async def create(self, wish: NewClosedDay) -> ClosedDayOut:
        """Close a day.

        Raises:
            Invalid: nobody of that id works for this tenant.
            Conflict: the day is closed already.
        """
        await self._alone()
        row = ClosedDayRow(tenant_id=self._tenant.id, **wish.columns())
        await self._check(wish.columns())
        self.session.add(row)
        await self.session.flush()
        made = ClosedDayOut.model_validate(row)
        await self._record("closed_day.create", made.day, after=made)
        return made

    async def get(self, closed_day_id: int) -> ClosedDayOut:
        """Return a closed day. Raises NotFound."""
        return ClosedDayOut.model_validate(await self._row(closed_day_id))

    async def page(self, query: ClosedDayQuery) -> Page[ClosedDayOut]:
        """Return closed days, earliest first."""
        statement = select(ClosedDayRow).where(ClosedDayRow.tenant_id == self._tenant.id)
        if query.first is not None:
            statement = statement.where(ClosedDayRow.day >= query.first)
        if query.last is not None:
            statement = statement.where(ClosedDayRow.day <= query.last)
        if query.professional_id is not None:
            statement = statement.where(ClosedDayRow.professional_id == query.professional_id)
        rows, cursor = await ORDER.page(self.session, statement, query=query)
        return Page(items=[ClosedDayOut.model_validate(row) for (row,) in rows], next_cursor=cursor)

    async def update(
        self, closed_day_id: int, change: ClosedDayChange, *, versions: frozenset[int] | None
    ) -> ClosedDayOut:
        """Change a closed day that is in one of `versions`; None: in any.

        Raises:
            NotFound: there is none such.
            PreconditionFailed: it is in none of `versions`.
            Invalid, Conflict: as `create` does.
        """
        await self._alone()
        row = await self._row(closed_day_id, lock=True)
        check_version(row, versions)
        before = ClosedDayOut.model_validate(row)
        await self._check({**before.model_dump(), **change.wished()}, except_of=row.id)
        merge(row, change.wished())
        await self.session.flush()
        after = ClosedDayOut.model_validate(row)
        if after != before:
            await self._record("closed_day.update", after.day, before=before, after=after)
        return after

    async def delete(self, closed_day_id: int, *, versions: frozenset[int] | None) -> None:
        """Open a closed day again. Raises as `update` does."""
        await self._alone()
        row = await self._row(closed_day_id, lock=True)
        check_version(row, versions)
        before = ClosedDayOut.model_validate(row)
        await self.session.delete(row)
        await self._record("closed_day.delete", before.day, before=before)

    async def _row(self, closed_day_id: int, *, lock: bool = False) -> ClosedDayRow:
        statement = select(ClosedDayRow).where(
            ClosedDayRow.tenant_id == self._tenant.id, ClosedDayRow.id == closed_day_id
        )
        if lock:
            statement = statement.with_for_update().execution_options(populate_existing=True)
        row = await self.session.scalar(statement)
        if row is None:
            raise NotFound(f"There is no closed day {closed_day_id}.")
        return row

    async def _check(self, wished: dict[str, Any], *, except_of: int | None = None) -> None:
        who = wished["professional_id"]
        if who is not None:
            known = await self.session.scalar(
                select(ProfessionalRow.id).where(
                    ProfessionalRow.tenant_id == self._tenant.id, ProfessionalRow.id == who
                )
            )
            if known is None:
                told = "nobody of that id works here"
                raise Invalid(f"professional_id: {told}.", fields={"professional_id": told})
        same = select(ClosedDayRow.id).where(
            ClosedDayRow.tenant_id == self._tenant.id,
            ClosedDayRow.day == wished["day"],
            ClosedDayRow.professional_id.is_not_distinct_from(who),
        )
        if except_of is not None:
            same = same.where(ClosedDayRow.id != except_of)
        if await self.session.scalar(same.limit(1)) is not None:
            raise Conflict("This day is closed already.", fields={"day": "is closed already"})

"""Who works for a tenant: which services they do, and when."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import Select, delete, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.exc import IntegrityError

from mcp_platform.errors import Conflict, NotFound
from mcp_platform.kit.forms import (
    ChangeForm,
    CreationForm,
    Name,
    VersionedOut,
    check_version,
    merge,
)
from mcp_platform.kit.paging import Order, Page
from mcp_platform.registry.hours import HoursOut, HoursWish, Span, Spans, opening_spans
from mcp_platform.registry.services import CatalogueQuery, Position
from mcp_platform.registry.shapes import AnySlug, CalendarId, Slug
from mcp_platform.registry.tenant_bound import TenantBound
from mcp_platform.scheduling.catalogue import OpeningSpan
from mcp_platform.scheduling.models import (
    AppointmentRow,
    ClosedDayRow,
    OfferingRow,
    OpeningSpanRow,
    ProfessionalRow,
)

ORDER = Order(ProfessionalRow.position, ProfessionalRow.id)
APART = frozenset({"service_ids", "hours"})  # kept in tables of their own


class ProfessionalChange(ChangeForm):
    name: Name = ""
    calendar_id: Annotated[CalendarId | None, Field(description="Null: the tenant's calendar.")] = (
        None
    )
    service_ids: Annotated[
        tuple[AnySlug, ...],
        Field(max_length=200, strict=False, description="All the services they do."),
    ] = ()
    active: Annotated[bool, Field(description="False: takes no new bookings.")] = True
    position: Position = 0


class NewProfessional(ProfessionalChange, CreationForm):
    id: Slug
    name: Name
    hours: Spans = ()


class ProfessionalOut(VersionedOut):
    id: str
    name: str
    calendar_id: str | None
    service_ids: list[str]
    active: bool
    position: int


class Professionals(TenantBound):
    """The professionals of one tenant."""

    async def create(self, wish: NewProfessional) -> ProfessionalOut:
        """Add a professional.

        Raises:
            Conflict: there is one of this id.
            Invalid: a service does not exist, or hours overlap.
        """
        hours = opening_spans(wish.hours)
        await self._alone()
        await self._check_services(wish.service_ids)
        row = ProfessionalRow(tenant_id=self._tenant.id, **wish.columns(without=APART))
        try:
            async with self.session.begin_nested():
                self.session.add(row)
        except IntegrityError as error:
            told = f"there is a professional {wish.id} already"
            raise Conflict(told, fields={"id": told}) from error
        self._offer(wish.id, wish.service_ids)
        self._open(wish.id, hours)
        made = _shown(row, sorted(wish.service_ids))
        await self._record("professional.create", wish.id, after=made)
        return made

    async def get(self, professional_id: str) -> ProfessionalOut:
        """Return a professional. Raises NotFound."""
        return _shown(*await self._row(professional_id))

    async def page(self, query: CatalogueQuery) -> Page[ProfessionalOut]:
        """Return professionals in the owner's order."""
        statement = self._mine()
        if query.active is not None:
            statement = statement.where(ProfessionalRow.active == query.active)
        rows, cursor = await ORDER.page(self.session, statement, query=query)
        return Page(items=[_shown(*row) for row in rows], next_cursor=cursor)

    async def update(
        self, professional_id: str, change: ProfessionalChange, *, versions: frozenset[int] | None
    ) -> ProfessionalOut:
        """Change a professional who is in one of `versions`; None: in any.

        Raises:
            NotFound: there is none such.
            PreconditionFailed: they are in none of `versions`.
            Invalid: a service does not exist.
        """
        await self._alone()
        row, service_ids = await self._row(professional_id, lock=True)
        check_version(row, versions)
        before = _shown(row, service_ids)
        changes = change.wished()
        wished = list(changes.pop("service_ids", service_ids))
        merge(row, changes)
        if sorted(wished) != service_ids:
            await self._check_services(wished)
            await self._clear(OfferingRow, professional_id)
            self._offer(professional_id, wished)
            row.version += 1
        await self.session.flush()
        after = _shown(row, sorted(wished))
        if after != before:
            await self._record("professional.update", professional_id, before=before, after=after)
        return after

    async def delete(
        self, professional_id: str, *, versions: frozenset[int] | None, now: datetime
    ) -> None:
        """Remove a professional whom nobody ever booked.

        Raises:
            NotFound: there is none such.
            PreconditionFailed: they are in none of `versions`.
            Conflict: they have appointments.
        """
        await self._alone()
        row, service_ids = await self._row(professional_id, lock=True)
        check_version(row, versions)
        theirs = AppointmentRow.professional_id == professional_id
        await self._check_unused(theirs, name=row.name, now=now)
        before = _shown(row, service_ids)
        for table in (OfferingRow, OpeningSpanRow, ClosedDayRow):
            await self._clear(table, professional_id)
        await self.session.delete(row)
        await self._record("professional.delete", professional_id, before=before)

    async def hours(self, professional_id: str) -> HoursOut:
        """Return the weekly hours of a professional. Raises NotFound."""
        row, _ = await self._row(professional_id)
        return await self._hours(row)

    async def replace_hours(
        self, professional_id: str, wish: HoursWish, *, versions: frozenset[int] | None
    ) -> HoursOut:
        """Make these the weekly hours of a professional who is in one of `versions`; None: in any.

        Raises:
            NotFound: there is none such.
            PreconditionFailed: they are in none of `versions`.
            Invalid: hours overlap.
        """
        await self._alone()
        row, _ = await self._row(professional_id, lock=True)
        check_version(row, versions)
        spans = opening_spans(wish.hours)
        before = await self._hours(row)
        await self._clear(OpeningSpanRow, professional_id)
        self._open(professional_id, spans)
        row.version += 1
        await self.session.flush()
        after = await self._hours(row)
        target = f"{professional_id}/hours"
        await self._record("professional.hours", target, before=before, after=after)
        return after

    async def _hours(self, row: ProfessionalRow) -> HoursOut:
        spans = await self.session.execute(
            select(OpeningSpanRow.weekday, OpeningSpanRow.opens, OpeningSpanRow.closes)
            .where(
                OpeningSpanRow.tenant_id == self._tenant.id,
                OpeningSpanRow.professional_id == row.id,
            )
            .order_by(OpeningSpanRow.weekday, OpeningSpanRow.opens)
        )
        return HoursOut(version=row.version, hours=[Span(**each._asdict()) for each in spans])

    def _offer(self, professional_id: str, service_ids: Sequence[str]) -> None:
        whose = {"tenant_id": self._tenant.id, "professional_id": professional_id}
        self.session.add_all(OfferingRow(**whose, service_id=each) for each in service_ids)

    def _open(self, professional_id: str, spans: Sequence[OpeningSpan]) -> None:
        whose = {"tenant_id": self._tenant.id, "professional_id": professional_id}
        self.session.add_all(
            OpeningSpanRow(**whose, weekday=each.weekday, opens=each.opens, closes=each.closes)
            for each in spans
        )

    async def _clear(
        self, table: type[OfferingRow | OpeningSpanRow | ClosedDayRow], professional_id: str
    ) -> None:
        await self.session.execute(
            delete(table).where(
                table.tenant_id == self._tenant.id, table.professional_id == professional_id
            )
        )

    def _mine(self) -> Select[ProfessionalRow, list[str]]:
        does = (
            select(
                func.array_agg(aggregate_order_by(OfferingRow.service_id, OfferingRow.service_id))
            )
            .where(
                OfferingRow.tenant_id == ProfessionalRow.tenant_id,
                OfferingRow.professional_id == ProfessionalRow.id,
            )
            .correlate(ProfessionalRow)
            .scalar_subquery()
        )
        return select(ProfessionalRow, does).where(ProfessionalRow.tenant_id == self._tenant.id)

    async def _row(
        self, professional_id: str, *, lock: bool = False
    ) -> tuple[ProfessionalRow, list[str]]:
        statement = self._mine().where(ProfessionalRow.id == professional_id)
        if lock:
            statement = statement.with_for_update(of=ProfessionalRow).execution_options(
                populate_existing=True
            )
        found = (await self.session.execute(statement)).one_or_none()
        if found is None:
            raise NotFound(f"There is no professional {professional_id}.")
        row, service_ids = found
        return row, sorted(service_ids or ())


def _shown(row: ProfessionalRow, service_ids: Sequence[str] | None) -> ProfessionalOut:
    plain: dict[str, Any] = {
        name: getattr(row, name) for name in ProfessionalOut.model_fields if name not in APART
    }
    return ProfessionalOut(**plain, service_ids=list(service_ids or ()))

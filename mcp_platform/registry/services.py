"""What a tenant offers."""

from datetime import datetime
from typing import Annotated, Any

from babel.numbers import is_currency
from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError
from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError

from mcp_platform.assistant.menu import PAGE
from mcp_platform.errors import Conflict, NotFound
from mcp_platform.kit.forms import (
    WHOLE,
    ChangeForm,
    CreationForm,
    Name,
    VersionedOut,
    check_version,
    merge,
)
from mcp_platform.kit.paging import Order, Page, PageQuery
from mcp_platform.registry.shapes import Slug
from mcp_platform.registry.tenant_bound import TenantBound
from mcp_platform.scheduling.models import (
    AppointmentRow,
    OfferingRow,
    ProfessionalRow,
    ServiceRow,
)

ORDER = Order(ServiceRow.position, ServiceRow.id)

MENU_SHOWS = PAGE
# What a service's neighbours do is no change of the service.
COUNTED = frozenset({"professionals", "warnings"})

Minutes = Annotated[int, Field(ge=0, le=1440), WHOLE]
Position = Annotated[int, Field(ge=0, le=9999, description="Lower comes first."), WHOLE]


def _known_currency(code: str) -> str:
    if not is_currency(code):
        raise PydanticCustomError("currency", "is no ISO 4217 code")
    return code


class ServiceChange(ChangeForm):
    name: Name = ""
    duration_minutes: Annotated[int, Field(ge=5, le=1440), WHOLE] = 30
    buffer_before_minutes: Annotated[
        Minutes, Field(description="Buffers keep the professional busy; nobody is told.")
    ] = 0
    buffer_after_minutes: Minutes = 0
    price_cents: Annotated[
        int | None, Field(ge=0, le=10**9, description="Null: the price is not told."), WHOLE
    ] = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217.")] = "BRL"
    active: Annotated[bool, Field(description="False: no longer offered.")] = True
    position: Position = 0

    _currency = field_validator("currency")(_known_currency)


class NewService(ServiceChange, CreationForm):
    id: Slug
    name: Name
    duration_minutes: Annotated[int, Field(ge=5, le=1440), WHOLE]


class ServiceOut(VersionedOut):
    id: str
    name: str
    duration_minutes: int
    buffer_before_minutes: int
    buffer_after_minutes: int
    price_cents: int | None
    currency: str
    active: bool
    position: int
    professionals: Annotated[int, Field(description="How many active ones do it.")]
    warnings: list[str]


class CatalogueQuery(PageQuery):
    active: bool | None = None


class Services(TenantBound):
    """The services of one tenant."""

    async def create(self, wish: NewService) -> ServiceOut:
        """Add a service.

        Raises:
            Conflict: there is one of this id.
        """
        await self._alone()
        row = ServiceRow(tenant_id=self._tenant.id, **wish.columns())
        try:
            async with self.session.begin_nested():
                self.session.add(row)
        except IntegrityError as error:
            told = f"there is a service {wish.id} already"
            raise Conflict(told, fields={"id": told}) from error
        made = _shown(row, 0)
        await self._record("service.create", wish.id, after=made, without=COUNTED)
        return made

    async def get(self, service_id: str) -> ServiceOut:
        """Return a service. Raises NotFound."""
        return _shown(*await self._row(service_id))

    async def page(self, query: CatalogueQuery) -> Page[ServiceOut]:
        """Return services in the owner's order."""
        statement = self._mine()
        if query.active is not None:
            statement = statement.where(ServiceRow.active == query.active)
        rows, cursor = await ORDER.page(self.session, statement, query=query)
        return Page(items=[_shown(*row) for row in rows], next_cursor=cursor)

    async def update(
        self, service_id: str, change: ServiceChange, *, versions: frozenset[int] | None
    ) -> ServiceOut:
        """Change a service that is in one of `versions`; None: in any.

        Raises:
            NotFound: there is none such.
            PreconditionFailed: it is in none of `versions`.
        """
        await self._alone()
        row, count = await self._row(service_id, lock=True)
        check_version(row, versions)
        before = _shown(row, count)
        merge(row, change.wished())
        await self.session.flush()
        after = _shown(row, count)
        if after != before:
            await self._record(
                "service.update", service_id, before=before, after=after, without=COUNTED
            )
        return after

    async def delete(
        self, service_id: str, *, versions: frozenset[int] | None, now: datetime
    ) -> None:
        """Remove a service nobody ever booked; those who do it do it no more.

        Raises:
            NotFound: there is none such.
            PreconditionFailed: it is in none of `versions`.
            Conflict: there are appointments of it.
        """
        await self._alone()
        row, count = await self._row(service_id, lock=True)
        check_version(row, versions)
        await self._check_unused(AppointmentRow.service_id == service_id, name=row.name, now=now)
        before = _shown(row, count)
        await self._forget_offerings(service_id)
        await self.session.delete(row)
        await self._record("service.delete", service_id, before=before, without=COUNTED)

    async def _forget_offerings(self, service_id: str) -> None:
        """Take the service from those who do it, each of whom is thereby another version."""
        offerings = await self.session.execute(
            select(OfferingRow, ProfessionalRow)
            .join(ProfessionalRow)
            .where(OfferingRow.tenant_id == self._tenant.id, OfferingRow.service_id == service_id)
            .with_for_update()
        )
        for offering, professional in offerings:
            professional.version += 1
            await self.session.delete(offering)
        await self.session.flush()

    def _mine(self) -> Select[ServiceRow, int]:
        doing = (
            select(func.count())
            .select_from(OfferingRow)
            .join(ProfessionalRow)
            .where(
                OfferingRow.tenant_id == ServiceRow.tenant_id,
                OfferingRow.service_id == ServiceRow.id,
                ProfessionalRow.active,
            )
            .correlate(ServiceRow)
            .scalar_subquery()
        )
        return select(ServiceRow, doing).where(ServiceRow.tenant_id == self._tenant.id)

    async def _row(self, service_id: str, *, lock: bool = False) -> tuple[ServiceRow, int]:
        statement = self._mine().where(ServiceRow.id == service_id)
        if lock:
            statement = statement.with_for_update(of=ServiceRow).execution_options(
                populate_existing=True
            )
        found = (await self.session.execute(statement)).one_or_none()
        if found is None:
            raise NotFound(f"There is no service {service_id}.")
        row, count = found
        return row, count


def _shown(row: ServiceRow, professionals: int) -> ServiceOut:
    warnings = []
    if row.active and not professionals:
        warnings.append("Nobody does this service: it cannot be booked.")
    if row.active and professionals > MENU_SHOWS:
        warnings.append(f"The menu shows {MENU_SHOWS} of the {professionals} who do it.")
    plain: dict[str, Any] = {
        name: getattr(row, name) for name in ServiceOut.model_fields if name not in COUNTED
    }
    return ServiceOut(**plain, professionals=professionals, warnings=warnings)

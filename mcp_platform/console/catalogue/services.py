"""`…/services`: what a tenant offers, with duration and price."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from mcp_platform.console.catalogue.reading import all_services, written_price
from mcp_platform.console.forms import (
    at_of,
    editor_pages,
    said_at,
    slug_of,
    text_of_field,
    version_of,
    whole,
)
from mcp_platform.console.places import TENANT, may_change, tenant_of, tenant_page, to_tenant
from mcp_platform.console.visits import ConsolePage, PageVisit
from mcp_platform.errors import Conflict, Invalid
from mcp_platform.kit.http import PreconditionFailed
from mcp_platform.onboarding.answers import UnfitAnswer, read_price
from mcp_platform.onboarding.given import slug
from mcp_platform.registry.routes import Registry
from mcp_platform.registry.services import (
    MENU_SHOWS,
    NewService,
    ServiceChange,
    ServiceOut,
    Services,
)

PATH: Final = f"{TENANT}/services"
SAID: Final = frozenset({"added", "saved", "removed"})
NAMES: Final = {"price_cents": "price", "currency": "price", "id": "name"}


class ServicePages:
    """The list of services, and the form of one."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def table(self) -> tuple[ConsolePage, ...]:
        return editor_pages(PATH, one="service_id", editor=self)

    async def show(self, visit: PageVisit) -> Response:
        async with self._registry.catalogue(Services, at_of(visit)) as part:
            services = await all_services(part)
        tenant = await tenant_of(visit, self._registry.tenants)
        return tenant_page(
            visit,
            tenant,
            "catalogue/services.html",
            services=services,
            most=MENU_SHOWS,
            may_change=may_change(visit, tenant),
            said=visit.said(SAID),
        )

    async def blank(self, visit: PageVisit) -> Response:
        return await self._form(visit, None, {"duration_minutes": "30", "active": "yes"})

    async def add(self, visit: PageVisit) -> Response:
        try:
            wish = NewService.of({"id": slug(visit.form.get("name", "")), **_wish(visit)})
            async with self._registry.catalogue(Services, at_of(visit)) as part:
                await part.create(wish)
        except (Invalid, Conflict) as error:
            if not error.fields:
                raise
            wrong = said_at(visit, error, names=NAMES)
            return await self._form(visit, None, visit.form, wrong=wrong)
        return to_tenant(visit, "/services", said="added")

    async def edit(self, visit: PageVisit) -> Response:
        service = await self._one(visit)
        return await self._form(visit, service, _typed(service, comma=visit.tongue == "pt-BR"))

    async def change(self, visit: PageVisit) -> Response:
        service_id = slug_of(visit, "service_id")
        try:
            change = ServiceChange.of(_wish(visit))
            async with self._registry.catalogue(Services, at_of(visit)) as part:
                await part.update(service_id, change, versions=version_of(visit))
        except PreconditionFailed:
            return await self._form(visit, await self._one(visit), visit.form, changed=True)
        except Invalid as error:
            if not error.fields:
                raise
            wrong = said_at(visit, error, names=NAMES)
            return await self._form(visit, await self._one(visit), visit.form, wrong=wrong)
        return to_tenant(visit, "/services", said="saved")

    async def remove(self, visit: PageVisit) -> Response:
        """Remove a service that nobody ever booked; the others are made inactive."""
        service_id = slug_of(visit, "service_id")
        try:
            async with self._registry.catalogue(Services, at_of(visit)) as part:
                await part.delete(
                    service_id, versions=version_of(visit), now=self._registry.clock()
                )
        except Conflict:
            service = await self._one(visit)
            typed = _typed(service, comma=visit.tongue == "pt-BR")
            return await self._form(visit, service, typed, booked=True)
        return to_tenant(visit, "/services", said="removed")

    async def _one(self, visit: PageVisit) -> ServiceOut:
        async with self._registry.catalogue(Services, at_of(visit)) as part:
            return await part.get(slug_of(visit, "service_id"))

    async def _form(
        self,
        visit: PageVisit,
        service: ServiceOut | None,
        typed: Mapping[str, str],
        *,
        wrong: Mapping[str, str] | None = None,
        changed: bool = False,
        booked: bool = False,
    ) -> Response:
        tenant = await tenant_of(visit, self._registry.tenants)
        status = 412 if changed else 409 if booked else 422 if wrong else 200
        return tenant_page(
            visit,
            tenant,
            "catalogue/service.html",
            status=status,
            service=service,
            typed=typed,
            now=_typed(service, comma=visit.tongue == "pt-BR") if service and changed else None,
            wrong=wrong or {},
            booked=booked,
            may_change=may_change(visit, tenant),
        )


def _wish(visit: PageVisit) -> dict[str, Any]:
    """Return what is filled in. Raises Invalid for a price that is none."""
    try:
        cents, currency = read_price(visit.form.get("price", ""))
    except UnfitAnswer as error:
        raise Invalid("This is no price.", fields={"price": "is no price"}) from error
    return {
        "name": text_of_field(visit, "name"),
        "duration_minutes": whole(text_of_field(visit, "duration_minutes")),
        "buffer_before_minutes": whole(text_of_field(visit, "buffer_before_minutes") or "0"),
        "buffer_after_minutes": whole(text_of_field(visit, "buffer_after_minutes") or "0"),
        "price_cents": cents,
        "currency": currency,
        "active": "active" in visit.form,
        "position": whole(text_of_field(visit, "position") or "0"),
    }


def _typed(service: ServiceOut, *, comma: bool) -> dict[str, str]:
    """Return a service as its form shows it."""
    numbers = ("duration_minutes", "buffer_before_minutes", "buffer_after_minutes", "position")
    return {
        "name": service.name,
        "price": written_price(service.price_cents, service.currency, comma=comma),
        **({"active": "yes"} if service.active else {}),
        **{name: str(getattr(service, name)) for name in numbers},
    }

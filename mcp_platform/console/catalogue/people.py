"""`…/people`: who works for a tenant, what they do, and in which calendar."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from mcp_platform.console.catalogue.reading import all_people, all_services
from mcp_platform.console.forms import (
    at_of,
    editor_pages,
    or_none,
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
from mcp_platform.onboarding.given import slug
from mcp_platform.registry.professionals import (
    NewProfessional,
    ProfessionalChange,
    ProfessionalOut,
    Professionals,
)
from mcp_platform.registry.routes import Registry
from mcp_platform.registry.services import ServiceOut, Services

PATH: Final = f"{TENANT}/people"
SAID: Final = frozenset({"added", "saved", "removed"})
NAMES: Final = {"id": "name"}
DOES: Final = "service."  # how a tick box is called that says they do a service


class PeoplePages:
    """The list of professionals, and the form of one."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def table(self) -> tuple[ConsolePage, ...]:
        return editor_pages(PATH, one="professional_id", editor=self)

    async def show(self, visit: PageVisit) -> Response:
        async with self._registry.catalogue(Professionals, at_of(visit)) as part:
            people = await all_people(part)
            open_ = {each.id: bool((await part.hours(each.id)).hours) for each in people}
        tenant = await tenant_of(visit, self._registry.tenants)
        return tenant_page(
            visit,
            tenant,
            "catalogue/people.html",
            people=people,
            open=open_,
            services={each.id: each.name for each in await self._services(visit)},
            may_change=may_change(visit, tenant),
            said=visit.said(SAID),
        )

    async def blank(self, visit: PageVisit) -> Response:
        services = {f"{DOES}{each.id}": "yes" for each in await self._services(visit)}
        return await self._form(visit, None, {"active": "yes", **services})

    async def add(self, visit: PageVisit) -> Response:
        services = await self._services(visit)
        try:
            wish = NewProfessional.of(
                {"id": slug(visit.form.get("name", "")), **_wish(visit, services)}
            )
            async with self._registry.catalogue(Professionals, at_of(visit)) as part:
                await part.create(wish)
        except (Invalid, Conflict) as error:
            if not error.fields:
                raise
            wrong = said_at(visit, error, names=NAMES)
            return await self._form(visit, None, visit.form, wrong=wrong)
        return to_tenant(visit, "/hours", who=wish.id, said="added")  # hours are what is asked next

    async def edit(self, visit: PageVisit) -> Response:
        person = await self._one(visit)
        return await self._form(visit, person, _typed(person))

    async def change(self, visit: PageVisit) -> Response:
        services = await self._services(visit)
        try:
            change = ProfessionalChange.of(_wish(visit, services))
            async with self._registry.catalogue(Professionals, at_of(visit)) as part:
                await part.update(
                    slug_of(visit, "professional_id"),
                    change,
                    versions=version_of(visit),
                )
        except PreconditionFailed:
            return await self._form(visit, await self._one(visit), visit.form, changed=True)
        except Invalid as error:
            if not error.fields:
                raise
            wrong = said_at(visit, error, names=NAMES)
            return await self._form(visit, await self._one(visit), visit.form, wrong=wrong)
        return to_tenant(visit, "/people", said="saved")

    async def remove(self, visit: PageVisit) -> Response:
        """Remove somebody whom nobody ever booked; the others are made inactive."""
        try:
            async with self._registry.catalogue(Professionals, at_of(visit)) as part:
                await part.delete(
                    slug_of(visit, "professional_id"),
                    versions=version_of(visit),
                    now=self._registry.clock(),
                )
        except Conflict:
            person = await self._one(visit)
            return await self._form(visit, person, _typed(person), booked=True)
        return to_tenant(visit, "/people", said="removed")

    async def _one(self, visit: PageVisit) -> ProfessionalOut:
        async with self._registry.catalogue(Professionals, at_of(visit)) as part:
            return await part.get(slug_of(visit, "professional_id"))

    async def _services(self, visit: PageVisit) -> list[ServiceOut]:
        async with self._registry.catalogue(Services, at_of(visit)) as part:
            return await all_services(part)

    async def _form(
        self,
        visit: PageVisit,
        person: ProfessionalOut | None,
        typed: Mapping[str, str],
        *,
        wrong: Mapping[str, str] | None = None,
        changed: bool = False,
        booked: bool = False,
    ) -> Response:
        tenant = await tenant_of(visit, self._registry.tenants)
        return tenant_page(
            visit,
            tenant,
            "catalogue/person.html",
            status=412 if changed else 409 if booked else 422 if wrong else 200,
            person=person,
            typed=typed,
            now=_typed(person) if person and changed else None,
            services=await self._services(visit),
            does=DOES,
            wrong=wrong or {},
            booked=booked,
            may_change=may_change(visit, tenant),
        )


def _wish(visit: PageVisit, services: list[ServiceOut]) -> dict[str, Any]:
    return {
        "name": text_of_field(visit, "name"),
        "calendar_id": or_none(text_of_field(visit, "calendar_id")),
        "service_ids": [each.id for each in services if f"{DOES}{each.id}" in visit.form],
        "active": "active" in visit.form,
        "position": whole(text_of_field(visit, "position") or "0"),
    }


def _typed(person: ProfessionalOut) -> dict[str, str]:
    """Return somebody as their form shows them."""
    return {
        "name": person.name,
        "calendar_id": person.calendar_id or "",
        "position": str(person.position),
        **({"active": "yes"} if person.active else {}),
        **{f"{DOES}{each}": "yes" for each in person.service_ids},
    }

"""What `config.json` says of a tenant's catalogue: compared with what there is, changed, written.

Goes through the registry as everybody does. Nothing is removed: what a file no longer names stays.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.audit.actor import Actor
from mcp_platform.registry.closed_days import ClosedDays, NewClosedDays
from mcp_platform.registry.environments import Environments
from mcp_platform.registry.hours import HoursWish
from mcp_platform.registry.professionals import NewProfessional, ProfessionalChange, Professionals
from mcp_platform.registry.services import NewService, ServiceChange, Services
from mcp_platform.scheduling.models import (
    ClosedDayRow,
    OfferingRow,
    OpeningSpanRow,
    ProfessionalRow,
    ServiceRow,
)

CatalogueKind = Literal["service", "professional", "closed_day"]
PARTS: Mapping[CatalogueKind, str] = {
    "service": "services",
    "professional": "professionals",
    "closed_day": "closed_days",
}
"""Kinds in the order in which they are made, and where they stand in the file."""
_COLUMNS: Mapping[CatalogueKind, tuple[str, ...]] = {
    "service": (
        "id",
        "name",
        "duration_minutes",
        "buffer_before_minutes",
        "buffer_after_minutes",
        "price_cents",
        "currency",
        "active",
        "position",
    ),
    "professional": ("id", "name", "calendar_id", "active", "position"),
    "closed_day": ("day", "professional_id", "begins", "ends", "reason"),
}

Said = Mapping[str, Any]


async def stored(session: AsyncSession, tenant_id: int) -> dict[CatalogueKind, dict[str, Said]]:
    """Return a tenant's catalogue by kind and name, as a file says it."""
    found: dict[CatalogueKind, dict[str, Said]] = {"service": {}, "professional": {}}
    for row in await session.scalars(
        select(ServiceRow).where(ServiceRow.tenant_id == tenant_id).order_by(ServiceRow.id)
    ):
        found["service"][row.id] = _said("service", row)
    for person in await session.scalars(
        select(ProfessionalRow)
        .where(ProfessionalRow.tenant_id == tenant_id)
        .order_by(ProfessionalRow.id)
    ):
        said = _said("professional", person)
        found["professional"][person.id] = {**said, "service_ids": [], "hours": []}
    for offering in await session.scalars(
        select(OfferingRow)
        .where(OfferingRow.tenant_id == tenant_id)
        .order_by(OfferingRow.service_id)
    ):
        found["professional"][offering.professional_id]["service_ids"].append(offering.service_id)
    for span in await session.scalars(
        select(OpeningSpanRow)
        .where(OpeningSpanRow.tenant_id == tenant_id)
        .order_by(OpeningSpanRow.weekday, OpeningSpanRow.opens)
    ):
        found["professional"][span.professional_id]["hours"].append(
            {each: _plain(getattr(span, each)) for each in ("weekday", "opens", "closes")}
        )
    closed = await session.scalars(
        select(ClosedDayRow)
        .where(ClosedDayRow.tenant_id == tenant_id)
        .order_by(ClosedDayRow.day, ClosedDayRow.id)
    )
    days = [_said("closed_day", row) for row in closed]
    found["closed_day"] = {_name("closed_day", each): each for each in days}
    return found


def declared(catalogue: Said) -> dict[CatalogueKind, dict[str, Said]]:
    """Return what a file says, in the form of `stored`."""
    return {
        kind: {_name(kind, each): _ordered(each) for each in catalogue.get(part, [])}
        for kind, part in PARTS.items()
    }


def written(found: Mapping[CatalogueKind, Mapping[str, Said]]) -> dict[str, list[Said]]:
    """Return a stored catalogue as a file holds it."""
    return {
        part: [
            {field: value for field, value in each.items() if value is not None}
            for each in found[kind].values()
        ]
        for kind, part in PARTS.items()
        if found[kind]
    }


class CatalogueImport:
    """Brings in what a file says of catalogues, in the caller's transaction."""

    def __init__(self, session: AsyncSession, actor: Actor, *, now: datetime) -> None:
        self._session = session
        self._actor = actor
        self._now = now

    async def apply(
        self, path: str, kind: CatalogueKind, name: str | None, changes: Sequence[Said]
    ) -> None:
        """Create what `changes` say; with a name, change it.

        Raises:
            Invalid, Conflict: the registry refuses it.
        """
        client_name, _, environment = path.partition("/")
        located = await Environments(self._session, self._actor).locate(client_name, environment)
        bound = (self._session, self._actor, located)
        match kind:
            case "service":
                services = Services(*bound)
                if name is not None:
                    await services.update(name, ServiceChange.of(changes[0]), versions=None)
                else:
                    for each in changes:
                        await services.create(NewService.of(each))
            case "professional":
                await self._people(Professionals(*bound), name, changes)
            case "closed_day":
                days = NewClosedDays.of({"days": list(changes)})
                await ClosedDays(*bound).create_many(days, now=self._now)

    async def _people(
        self, people: Professionals, name: str | None, changes: Sequence[Said]
    ) -> None:
        if name is None:
            for each in changes:
                await people.create(NewProfessional.of(each))
            return
        change = dict(changes[0])
        hours = change.pop("hours", None)
        if change:
            await people.update(name, ProfessionalChange.of(change), versions=None)
        if hours is not None:
            await people.replace_hours(name, HoursWish.of({"hours": hours}), versions=None)


def _said(kind: CatalogueKind, row: Any) -> dict[str, Any]:
    return {each: _plain(getattr(row, each)) for each in _COLUMNS[kind]}


def _plain(value: Any) -> Any:
    match value:
        case date():
            return value.isoformat()
        case time():
            return f"{value:%H:%M}"
        case _:
            return value


def _name(kind: CatalogueKind, said: Said) -> str:
    if kind != "closed_day":
        return str(said["id"])
    hours = f" {said['begins']}-{said.get('ends')}" if said.get("begins") else ""
    who = f" {said['professional_id']}" if said.get("professional_id") else ""
    return f"{said['day']}{hours}{who}"


def _ordered(said: Said) -> Said:
    """Put what has no order of its own into the order in which it is stored."""
    ordered = dict(said)
    if "service_ids" in ordered:
        ordered["service_ids"] = sorted(ordered["service_ids"])
    if "hours" in ordered:
        ordered["hours"] = sorted(
            ordered["hours"], key=lambda span: (span["weekday"], span["opens"])
        )
    return ordered

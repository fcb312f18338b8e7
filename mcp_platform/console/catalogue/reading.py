"""What several pages of the catalogue read: all services and people, and prices as people write them."""

from typing import Any, Final

from mcp_platform.kit.paging import MOST, every
from mcp_platform.registry.professionals import ProfessionalOut, Professionals
from mcp_platform.registry.services import CatalogueQuery, ServiceOut, Services

CURRENCY: Final = "BRL"  # what a price is in that names none


async def all_services(part: Services) -> list[ServiceOut]:
    """Return all services, inactive ones too, in the owner's order."""
    return await _all(part)


async def all_people(part: Professionals) -> list[ProfessionalOut]:
    """Return all professionals, inactive ones too, in the owner's order."""
    return await _all(part)


async def _all(part: Any) -> list[Any]:
    return await every(lambda cursor: part.page(CatalogueQuery(limit=MOST, cursor=cursor)))


def written_price(cents: int | None, currency: str, *, comma: bool) -> str:
    """Return a price as it is typed: `45,00`, `USD 12.50`; nothing for none."""
    if cents is None:
        return ""
    amount = f"{cents // 100}.{cents % 100:02}"
    amount = amount.replace(".", ",") if comma else amount
    return amount if currency == CURRENCY else f"{currency} {amount}"

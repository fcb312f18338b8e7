"""What the business says of itself, written by code: the only facts a model may quote."""

from collections.abc import Mapping
from itertools import chain
from typing import Any

from mcp_platform.scheduling import wording
from mcp_platform.scheduling.catalogue import Catalogue


def information(
    *, business: Mapping[str, str | None], catalogue: Catalogue, language: str
) -> dict[str, Any]:
    """Return address, phone, hours, services with prices, and notes; what is unset is left out."""
    hours = wording.hours_lines(
        chain.from_iterable(each.hours for each in catalogue.professionals), language=language
    )
    services = [
        {
            "name": service.name,
            "duration": wording.duration(service.duration, language=language),
            **(
                {}
                if service.price_cents is None
                else {
                    "price": wording.price(
                        service.price_cents, currency=service.currency, language=language
                    )
                }
            ),
        }
        for service in catalogue.services
    ]
    said = {key: value for key, value in business.items() if value}
    return {**said, "hours": hours, "services": services}


def passages(info: Mapping[str, Any]) -> list[str]:
    """Return every passage of `info` that may be repeated as it stands."""
    found = [value for value in info.values() if isinstance(value, str)]
    found += info["hours"]
    for service in info["services"]:
        found += service.values()
    return found

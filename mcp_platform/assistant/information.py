"""What the business says of itself, written by code: the only facts a model may quote."""

import re
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
    found += info.get("answers", {}).values()
    for service in info["services"]:
        found += service.values()
    return found


# Which part of the card a question asks for, by everyday words of our three languages. A guess
# that only shortens an answer: what matches nothing gets the whole card.
_TOPICS = {
    "address": r"endere|onde|localiza|\bfica|address|where|direcci|d[oó]nde|ubica",
    "phone": r"telefone|phone|tel[eé]fono|ligar",
    "hours": r"\babr|abert|fecha|funciona|atende|hours|\bopen|\bclose|cierra|atienden",
    "services": r"pre[cç]o|valor|quanto|custa|servi|price|cost|how much|cu[aá]nto|precio|servicio",
}


def tells(text: str, info: Mapping[str, Any], *, asked: str) -> bool:
    """Tell whether `text` states what `asked` is about; a name by itself states nothing."""
    if any(passage in text for passage in info.get("answers", {}).values()):
        return True
    part = about(info, asked=asked)
    services = part.get("services", [])
    parts = [[value] for key, value in part.items() if key != "name" and isinstance(value, str)]
    parts += [[line] for line in part.get("hours", [])]
    parts += [[value for key, value in each.items() if key != "name"] for each in services]
    told = [any(passage in text for passage in each) for each in parts]
    return any(told) if part == info else bool(told) and all(told)


def about(info: Mapping[str, Any], *, asked: str) -> dict[str, Any]:
    """Return the part of `info` that `asked` is about; of services, those it names."""
    question = asked.casefold()
    wanted = {
        topic
        for topic, pattern in _TOPICS.items()
        if info.get(topic) and re.search(pattern, question)
    }
    if not wanted:
        return dict(info)
    part = {topic: info[topic] for topic in info if topic in wanted}
    services = part.get("services", [])
    named = [each for each in services if each["name"].casefold() in question]
    if named:
        part["services"] = named
    return part

"""Forms of pages: what was filled in becomes a wish, and what will not do is said at its field."""

from collections.abc import Mapping
from typing import Final

from mcp_platform.access.routes import AtTenant
from mcp_platform.console.places import place_of
from mcp_platform.console.sentences import SENTENCES
from mcp_platform.console.visits import PageVisit
from mcp_platform.errors import Conflict, Invalid

LONGEST_VERSION: Final = 18  # digits: a bigint has no more


def at_of(visit: PageVisit) -> AtTenant:
    """Return who asks for something of which tenant. Raises NotFound."""
    client, environment = place_of(visit)
    return AtTenant(actor=visit.signed_in.user.actor, client_name=client, environment=environment)


def version_of(visit: PageVisit) -> frozenset[int]:
    """Return the version that who filled in a form has seen. Raises Invalid."""
    seen = visit.form.get("version", "")
    if not (seen.isascii() and seen.isdecimal() and len(seen) < LONGEST_VERSION):
        raise Invalid("The version that was seen is missing.")
    return frozenset({int(seen)})


def text_of_field(visit: PageVisit, name: str) -> str:
    return visit.form.get(name, "").replace("\r\n", "\n").strip()


def or_none(text: str) -> str | None:
    return text or None


def whole(text: str) -> int | str | None:
    """Return a number, nothing, or what is none as it is: the form refuses it."""
    if not text:
        return None
    return (
        int(text) if text.isascii() and text.isdecimal() and len(text) < LONGEST_VERSION else text
    )


def said_at(
    visit: PageVisit, error: Invalid | Conflict, *, names: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return what is wrong at each field of a page. `names` maps a wish's fields to the page's."""
    said: dict[str, str] = {}
    for path, why in error.fields.items():
        field = path.partition(".")[0]
        name = f"unfit.taken_{field}" if isinstance(error, Conflict) else f"unfit.{field}"
        known = name in SENTENCES[visit.tongue]
        said[(names or {}).get(field, field)] = visit.say(name) if known else why
    return said

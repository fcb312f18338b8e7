"""Forms of pages: what was filled in becomes a wish, and what will not do is said at its field."""

from collections.abc import Mapping
from typing import Final, Protocol

from pydantic import TypeAdapter, ValidationError
from starlette.responses import Response

from mcp_platform.access.routes import READERS, WRITERS, AtTenant
from mcp_platform.console.places import place_of
from mcp_platform.console.sentences import SENTENCES
from mcp_platform.console.visits import ConsolePage, PageVisit
from mcp_platform.errors import Conflict, Invalid, NotFound
from mcp_platform.registry.shapes import AnySlug

LONGEST_NUMBER: Final = 18  # digits: a bigint has no more
NEW: Final = "_new"  # nothing is called so: an id begins with a letter or digit
_SLUG: Final = TypeAdapter[str](AnySlug)


class Editor(Protocol):
    """A list of things, and the form of one: blank for a new one, filled in for one that there is."""

    async def show(self, visit: PageVisit) -> Response: ...
    async def blank(self, visit: PageVisit) -> Response: ...
    async def add(self, visit: PageVisit) -> Response: ...
    async def edit(self, visit: PageVisit) -> Response: ...
    async def change(self, visit: PageVisit) -> Response: ...
    async def remove(self, visit: PageVisit) -> Response: ...


def editor_pages(path: str, *, one: str, editor: Editor) -> tuple[ConsolePage, ...]:
    """Return the pages of an editor; `one` is how the id is called in their paths."""
    there = f"{path}/{{{one}}}"
    return (
        ConsolePage(path=path, roles=READERS, show=editor.show),
        ConsolePage(path=f"{path}/{NEW}", roles=WRITERS, show=editor.blank),
        ConsolePage(path=f"{path}/{NEW}", roles=WRITERS, act=editor.add),
        ConsolePage(path=there, roles=READERS, show=editor.edit),
        ConsolePage(path=there, roles=WRITERS, act=editor.change),
        ConsolePage(path=f"{there}/remove", roles=WRITERS, act=editor.remove),
    )


def slug_of(visit: PageVisit, name: str) -> str:
    """Return an id of the path. Raises NotFound for what cannot be one."""
    try:
        return _SLUG.validate_python(visit.request.path_params[name])
    except ValidationError as error:
        raise NotFound("There is no such thing.") from error


def at_of(visit: PageVisit) -> AtTenant:
    """Return who asks for something of which tenant. Raises NotFound."""
    client, environment = place_of(visit)
    return AtTenant(actor=visit.signed_in.user.actor, client_name=client, environment=environment)


def version_of(visit: PageVisit) -> frozenset[int]:
    """Return the version that who filled in a form has seen. Raises Invalid."""
    seen = whole(visit.form.get("version", ""))
    if not isinstance(seen, int):
        raise Invalid("The version that was seen is missing.")
    return frozenset({seen})


def text_of_field(visit: PageVisit, name: str) -> str:
    return visit.form.get(name, "").replace("\r\n", "\n").strip()


def or_none(text: str) -> str | None:
    return text or None


def whole(text: str) -> int | str | None:
    """Return a number, nothing, or what is none as it is: the form refuses it."""
    if not text:
        return None
    number = text.isascii() and text.isdecimal() and len(text) < LONGEST_NUMBER
    return int(text) if number else text


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

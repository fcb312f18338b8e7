"""`/palette`: places, tenants and actions by a few letters, each as its role may; and the keys.

Also a page of its own: without a script it is a search of places.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError
from starlette.responses import Response

from mcp_platform.access.routes import READERS, WRITERS
from mcp_platform.audit.actor import ROLES
from mcp_platform.console.browser import KEYS
from mcp_platform.console.places import TABS
from mcp_platform.console.visits import ROOT, ConsolePage, PageVisit
from mcp_platform.errors import Invalid
from mcp_platform.kit.database import Sessions
from mcp_platform.registry.fleet.fleet import FleetQuery, fleet_page
from mcp_platform.tenants.tenant import is_client_name, is_environment

MOST_TENANTS: Final = 8  # who does not see theirs types another letter
LONGEST: Final = 80
SHORTCUTS: Final = ("ctrl_k", "slash", "go", "help", "agenda")


@dataclass(frozen=True, slots=True, kw_only=True)
class PaletteEntry:
    """Where a line leads. `hint` says what it belongs to."""

    label: str
    path: str
    icon: str
    hint: str = ""


class PalettePages:
    """Everything that can be gone to."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def table(self) -> tuple[ConsolePage, ...]:
        return (
            ConsolePage(path="/palette", roles=ROLES, show=self.show),
            ConsolePage(path="/palette", roles=ROLES, act=self.show),
        )

    async def show(self, visit: PageVisit) -> Response:
        """Show what matches. What is looked for comes as a form: it stands in no address.

        `at` is the tenant whose page one comes from.
        """
        text = visit.form.get("text", "")[:LONGEST].replace("\0", "")
        entries = [each for each in self._places(visit) if _plain(text) in _plain(each.label)]
        if visit.role in READERS and text.strip():
            entries += await self._tenants(visit, text)
        return visit.page(
            "palette.html",
            text=text,
            at=_at(visit),
            entries=entries,
            shortcuts=SHORTCUTS,
            letters=visit.request.cookies.get(KEYS) != "off",
        )

    @staticmethod
    def _places(visit: PageVisit) -> Iterator[PaletteEntry]:
        tenant = visit.signed_in.account.tenant or _tenant_of(visit)
        if tenant is not None:
            for tab in TABS:
                for each in tab.parts or (tab,):
                    if visit.role in each.roles:
                        yield PaletteEntry(
                            label=visit.say(each.label),
                            path=f"{ROOT}/t/{tenant}{each.path}",
                            icon=each.icon,
                            hint=tenant,
                        )
        for place in visit.places():
            if "/t/" not in place.path:
                yield PaletteEntry(
                    label=visit.say(place.label), path=f"{ROOT}{place.path}", icon=place.icon
                )
        if visit.role in WRITERS:
            yield PaletteEntry(label=visit.say("palette.new"), path=f"{ROOT}/new", icon="plus")
        if visit.role in READERS:
            yield PaletteEntry(label=visit.say("shell.me"), path=f"{ROOT}/me", icon="circle-user")

    async def _tenants(self, visit: PageVisit, text: str) -> list[PaletteEntry]:
        try:
            query = FleetQuery.model_validate({"text": text.strip(), "limit": MOST_TENANTS})
        except ValidationError as error:
            raise Invalid("This cannot be looked for.") from error
        async with self._sessions.everywhere() as session:
            found = await fleet_page(session, query, now=visit.now)
        return [
            PaletteEntry(
                label=each.business_name,
                path=f"{ROOT}/t/{each.client_name}/{each.environment}",
                icon="store",
                hint=f"{each.client_name} · {visit.say(f'environment.{each.environment}')}",
            )
            for each in found.items
        ]


def _at(visit: PageVisit) -> str:
    return visit.form.get("at") or visit.request.query_params.get("at", "")


def _tenant_of(visit: PageVisit) -> str | None:
    """Return the tenant whose page one comes from, as the browser says it."""
    client, _, environment = _at(visit).partition("/")
    named = is_client_name(client) and is_environment(environment)
    return f"{client}/{environment}" if named else None


def _plain(text: str) -> str:
    """Return a text as people type it: without accents, in any case."""
    folded = unicodedata.normalize("NFKD", text.strip().casefold())
    return "".join(each for each in folded if not unicodedata.combining(each))

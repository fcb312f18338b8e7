"""`/parked`: what stopped, why and since when, over all tenants; tried again one by one or together."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from pydantic import ValidationError
from starlette.responses import Response

from mcp_platform.access.routes import READERS, WRITERS
from mcp_platform.audit.trail import ActorTrail
from mcp_platform.console.visits import ROOT, ConsolePage, PageVisit
from mcp_platform.errors import Invalid
from mcp_platform.kit.cursor import is_row_number
from mcp_platform.kit.database import Sessions
from mcp_platform.registry.fleet.parked import (
    KINDS,
    ParkedItem,
    ParkedKind,
    ParkedQuery,
    ReplayWish,
    parked_page,
    replay_parked,
)
from mcp_platform.tenants.directory import TenantDirectory
from mcp_platform.tenants.tenant import Tenant

PARKED: Final = "/parked"
ROWS: Final = 50
FILTERS: Final = ("tenant", "kind")
PICK: Final = "pick:"
ICONS: Final[dict[ParkedKind, str]] = {
    "turn": "inbox",
    "whatsapp": "send",
    "calendar_put": "calendar-plus",
    "calendar_remove": "calendar-x",
}


class ParkedPages:
    """The list of what stopped."""

    def __init__(self, sessions: Sessions, *, tenants: TenantDirectory) -> None:
        self._sessions = sessions
        self._tenants = tenants

    def table(self) -> tuple[ConsolePage, ...]:
        return (
            ConsolePage(path=PARKED, roles=READERS, show=self.show),
            ConsolePage(path=PARKED, roles=WRITERS, act=self.replay),
        )

    async def show(self, visit: PageVisit) -> Response:
        asked = _asked(visit.request.query_params)
        query = _query({**asked, "cursor": visit.request.query_params.get("cursor", "")})
        async with self._sessions.everywhere() as session:
            found = await parked_page(session, query, masked=visit.role == "viewer")
        of_one = f"{query.client_name}/{query.environment}" if query.client_name else None
        others = {"tenant": of_one} if of_one else {}
        following = found.next_cursor
        replayed = visit.request.query_params.get("replayed", "")
        return visit.page(
            "oversight/parked.html",
            items=[(each, reference(each)) for each in found.items],
            counts=found.counts,
            total=sum(found.counts.values()),
            kinds=KINDS,
            icons=ICONS,
            chosen=query.kind,
            of_one=of_one,
            asked=asked,
            here=_address(others),
            everywhere=_address({}),
            of_kind={kind: _address({**others, "kind": kind}) for kind in KINDS},
            first=_address(asked) if query.cursor else None,
            following=_address({**asked, "cursor": following}) if following else None,
            may_replay=visit.role in WRITERS,
            replayed=int(replayed)
            if replayed.isdecimal() and len(replayed) < len("1000")
            else None,
        )

    async def replay(self, visit: PageVisit) -> Response:
        """Try again the one whose button was pressed, or all that are marked.

        None is tried where one of them is named wrongly.
        """
        one = visit.form.get("one")
        named = [one] if one else [each for each in visit.form if each.startswith(PICK)]
        wishes = [
            (await self._tenant(path), ReplayWish.of({"turns": turns, "effects": effects}))
            for path, (turns, effects) in _wishes(named).items()
        ]
        done = 0
        for tenant, wish in wishes:
            async with self._sessions.everywhere.begin() as session:
                done += await replay_parked(
                    session, tenant, wish, trail=ActorTrail(visit.signed_in.user.actor)
                )
        return visit.to(PARKED, **_asked(visit.form), replayed=str(done))

    async def _tenant(self, path: str) -> Tenant:
        client, _, environment = path.partition("/")
        return await self._tenants.by_path(client, environment)


def reference(item: ParkedItem) -> str:
    """Return the name of an item in a form: whose it is, of which table, and its id."""
    table = "turn" if item.kind == "turn" else "effect"
    return f"{PICK}{item.client_name}/{item.environment}:{table}:{item.reference}"


def _wishes(named: list[str]) -> dict[str, tuple[list[str], list[int]]]:
    """Return by tenant which turns and effects are named. Raises Invalid."""
    wishes: dict[str, tuple[list[str], list[int]]] = {}
    for each in named:
        path, _, rest = each.removeprefix(PICK).partition(":")
        table, _, of = rest.partition(":")
        turns, effects = wishes.setdefault(path, ([], []))
        if table == "turn":
            turns.append(of)
        elif table == "effect" and is_row_number(of):
            effects.append(int(of))
        else:
            raise Invalid("There is no such thing to try again.")
    return wishes


def _asked(given: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name in FILTERS if (value := given.get(name, "").strip())}


def _query(asked: Mapping[str, str]) -> ParkedQuery:
    client, _, environment = asked.get("tenant", "").partition("/")
    wanted = {
        "client_name": client,
        "environment": environment,
        "kind": asked.get("kind"),
        "cursor": asked.get("cursor"),
    }
    try:
        return ParkedQuery.model_validate(
            {**{name: value for name, value in wanted.items() if value}, "limit": ROWS}
        )
    except ValidationError as error:
        raise Invalid("There is no such filter.") from error


def _address(query: Mapping[str, str]) -> str:
    return f"{ROOT}{PARKED}?{urlencode(query)}" if query else f"{ROOT}{PARKED}"

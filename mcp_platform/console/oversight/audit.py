"""`/audit` and `…/audit`: who did what, with what it was before and after."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from mcp_platform.access.routes import WRITERS
from mcp_platform.audit import trail
from mcp_platform.audit.trail import AuditEntry, AuditFilter
from mcp_platform.console.places import TENANT, tenant_of, tenant_page
from mcp_platform.console.visits import ROOT, ConsolePage, PageVisit
from mcp_platform.kit.cursor import read_number
from mcp_platform.kit.database import Sessions
from mcp_platform.tenants.directory import TenantDirectory

ROWS: Final = 50
LONGEST: Final = 200  # characters of a value that a table shows
FILTERS: Final = ("actor", "action")


class AuditPages:
    """The trail of the platform and of one tenant."""

    def __init__(self, sessions: Sessions, *, tenants: TenantDirectory) -> None:
        self._sessions = sessions
        self._tenants = tenants

    def table(self) -> tuple[ConsolePage, ...]:
        return (
            ConsolePage(path="/audit", roles=WRITERS, show=self.show),
            ConsolePage(path=f"{TENANT}/audit", roles=WRITERS, show=self.of_tenant),
        )

    async def show(self, visit: PageVisit) -> Response:
        values = await self._found(visit, None, f"{ROOT}/audit")
        return visit.page("oversight/audit.html", **values)

    async def of_tenant(self, visit: PageVisit) -> Response:
        tenant = await tenant_of(visit, self._tenants)
        values = await self._found(visit, tenant.id, f"{ROOT}/t/{tenant.path}/audit")
        return tenant_page(visit, tenant, "oversight/tenant_audit.html", **values)

    async def _found(self, visit: PageVisit, tenant_id: int | None, here: str) -> dict[str, Any]:
        asked = {
            name: value
            for name in FILTERS
            if (value := visit.request.query_params.get(name, "").replace("\0", "").strip()[:120])
        }
        cursor = visit.request.query_params.get("cursor")
        wanted = AuditFilter(
            tenant_id=tenant_id, actor=asked.get("actor"), action=asked.get("action")
        )
        async with self._sessions.everywhere() as session:
            found = await trail.entries(
                session,
                wanted,
                before_id=read_number(cursor) if cursor else None,
                limit=ROWS + 1,
            )
        shown, more = found[:ROWS], len(found) > ROWS
        return {
            "here": here,
            "entries": [(each, differences(each)) for each in shown],
            "filters": asked,
            "first": _address(here, asked) if cursor else None,
            "following": _address(here, {**asked, "cursor": str(shown[-1].id)}) if more else None,
        }


def differences(entry: AuditEntry) -> list[tuple[str, str | None, str | None]]:
    """Return what changed: field, before and after. None: there was, or is, nothing."""
    before, after = _flat(entry.before or {}), _flat(entry.after or {})
    return [
        (name, before.get(name), after.get(name))
        for name in dict.fromkeys((*before, *after))
        if before.get(name) != after.get(name)
    ]


def _flat(content: Mapping[str, Any], begin: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in content.items():
        where = f"{begin}{name}"
        match value:
            case dict():
                flat |= _flat(value, f"{where}.")
            case list():
                flat[where] = ", ".join(map(str, value))[:LONGEST]
            case None:
                pass
            case _:
                flat[where] = str(value)[:LONGEST]
    return flat


def _address(here: str, query: Mapping[str, str]) -> str:
    return f"{here}?{urlencode(query)}" if query else here

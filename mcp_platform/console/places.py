"""The places of one tenant: its pages in their order, and the tenant that a path names."""

from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from mcp_platform.access.routes import READERS, WRITERS
from mcp_platform.audit.actor import ROLES, Role
from mcp_platform.console.visits import ROOT, PageVisit
from mcp_platform.errors import Conflict, NotFound
from mcp_platform.tenants.directory import TenantDirectory
from mcp_platform.tenants.tenant import Tenant, is_client_name, is_environment

TENANT: Final = "/t/{client}/{environment}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantTab:
    """One of a tenant's pages. `path` is what follows the tenant's own.

    A tab of several `parts` leads to the first of them.
    """

    path: str
    label: str
    icon: str
    roles: tuple[Role, ...]
    parts: tuple["TenantTab", ...] = ()

    def holds(self, path: str) -> bool:
        """Tell whether a path, which follows the tenant's own, belongs to this tab."""
        if any(part.holds(path) for part in self.parts):
            return True
        return path == self.path or (bool(self.path) and path.startswith(f"{self.path}/"))


def _parts(
    *named: tuple[str, str, str], roles: tuple[Role, ...] = READERS
) -> tuple[TenantTab, ...]:
    return tuple(
        TenantTab(path=path, label=label, icon=icon, roles=roles) for path, label, icon in named
    )


TABS: Final = (
    TenantTab(path="", label="tab.overview", icon="store", roles=READERS),
    TenantTab(path="/conversations", label="talks.tab", icon="messages-square", roles=ROLES),
    TenantTab(path="/agenda", label="agenda.tab", icon="calendar-days", roles=ROLES),
    TenantTab(
        path="/questions", label="asked.tab", icon="message-circle-question-mark", roles=ROLES
    ),
    TenantTab(
        path="/services",
        label="tab.catalogue",
        icon="scissors",
        roles=READERS,
        parts=_parts(
            ("/services", "catalogue.services", "scissors"),
            ("/people", "catalogue.people", "users"),
            ("/hours", "catalogue.hours", "clock"),
            ("/closed-days", "closed.title", "calendar-x"),
        ),
    ),
    TenantTab(
        path="/answers",
        label="tab.assistant",
        icon="bot",
        roles=READERS,
        parts=_parts(
            ("/answers", "voice.answers", "message-circle"),
            ("/wording", "voice.wording", "quote"),
        ),
    ),
    TenantTab(
        path="/credentials",
        label="tab.connection",
        icon="plug",
        roles=READERS,
        parts=_parts(
            ("/credentials", "tab.credentials", "key-round"),
            ("/live", "live.tab", "rocket"),
            ("/deployment", "deployment.tab", "cloud-upload"),
        ),
    ),
    TenantTab(
        path="/settings",
        label="tab.settings",
        icon="settings",
        roles=READERS,
        parts=(
            *_parts(("/settings", "settings.title", "settings")),
            *_parts(("/audit", "audit.title", "scroll-text"), roles=WRITERS),
            *_parts(("/leave", "leave.title", "log-out")),
        ),
    ),
)


def place_of(visit: PageVisit) -> tuple[str, str]:
    """Return client and environment of the path. Raises NotFound if they are no names."""
    client = str(visit.request.path_params["client"])
    environment = str(visit.request.path_params["environment"])
    if not (is_client_name(client) and is_environment(environment)):
        raise NotFound("There is no such tenant.")
    return client, environment


async def tenant_of(visit: PageVisit, tenants: TenantDirectory) -> Tenant:
    """Return the tenant that the path names. Raises NotFound if there is none."""
    return await tenants.by_path(*place_of(visit))


async def served_tenant_of(visit: PageVisit, tenants: TenantDirectory) -> Tenant:
    """Return the tenant that the path names. Raises Conflict if it is off-boarded."""
    tenant = await tenant_of(visit, tenants)
    if tenant.status == "offboarded":
        raise Conflict("It is off-boarded.")
    return tenant


def may_change(visit: PageVisit, tenant: Tenant, *, roles: tuple[Role, ...] = WRITERS) -> bool:
    """Tell whether who is there may change something of a tenant, which nobody may of one that left."""
    return visit.role in roles and tenant.status != "offboarded"


def to_tenant(visit: PageVisit, path: str, **query: str) -> Response:
    """Answer a change with a page of the tenant that the path names; `path` follows the tenant's."""
    client, environment = place_of(visit)
    return visit.to(f"/t/{client}/{environment}{path}", **query)


def tenant_page(
    visit: PageVisit, tenant: Tenant, template: str, *, status: int = 200, **values: Any
) -> Response:
    """Answer with a page below a tenant's head: its template extends `tenant_shell.html`.

    `at` is the tenant's address, with which links and forms of the page begin.
    """
    return visit.page(
        template,
        status=status,
        tenant=tenant,
        at=f"{ROOT}/t/{tenant.path}",
        tabs=[each for each in TABS if visit.role in each.roles],
        inside=visit.request.url.path.removeprefix(f"{ROOT}/t/{tenant.path}"),
        **values,
    )

"""`…/deployment`: how far a tenant's publication is, its part of `config.json`, and its manifests."""

import json
from typing import Final

from starlette.responses import Response

from mcp_platform.access.routes import READERS
from mcp_platform.console.places import TENANT, tenant_of, tenant_page
from mcp_platform.console.reasons import finding_said
from mcp_platform.console.visits import ConsolePage, PageVisit
from mcp_platform.doctor.case import WEBHOOK
from mcp_platform.errors import Invalid, PlatformError, Unavailable
from mcp_platform.kit.database import Sessions
from mcp_platform.publishing.config_export import export_tenant
from mcp_platform.publishing.deployments import DeploymentState, deployment_of
from mcp_platform.publishing.desk import PublishingDesk
from mcp_platform.tenants.directory import TenantDirectory

PATH: Final = f"{TENANT}/deployment"
PILLS: Final[dict[DeploymentState, str]] = {
    "never": "unknown",
    "changed": "warn",
    "requested": "info",
    "committed": "info",
    "running": "ok",
}


class DeploymentPages:
    """One tenant's deployment."""

    def __init__(
        self,
        desk: PublishingDesk,
        *,
        sessions: Sessions,
        tenants: TenantDirectory,
        public_url: str | None,
    ) -> None:
        self._desk = desk
        self._sessions = sessions
        self._tenants = tenants
        self._public_url = public_url

    def table(self) -> tuple[ConsolePage, ...]:
        return (ConsolePage(path=PATH, roles=READERS, show=self.show),)

    async def show(self, visit: PageVisit) -> Response:
        tenant = await tenant_of(visit, self._tenants)
        async with self._sessions.everywhere() as session:
            deployment = await deployment_of(session, tenant, now=visit.now)
            config = await export_tenant(session, tenant.id)
        manifests: dict[str, str] = {}
        failed: PlatformError | None = None
        if wanted := visit.request.query_params.get("manifests") == "yes":
            try:
                manifests = await self._desk.manifests_of(tenant)
            except (Invalid, Unavailable) as error:
                failed = error
        finding = deployment.finding
        said = {"client_name": tenant.client_name, "environments": {tenant.environment: config}}
        address = (self._public_url or "https://…").rstrip("/")
        return tenant_page(
            visit,
            tenant,
            "deployment/tenant.html",
            publishes=self._desk.publishes,
            deployment=deployment,
            pill=PILLS[deployment.state],
            refused=finding_said(finding.found, tongue=visit.tongue) if finding else None,
            webhook=f"{address}/{tenant.path}/{WEBHOOK}",
            public=self._public_url is not None,
            config=json.dumps(said, indent=2, ensure_ascii=False),
            manifests=manifests,
            wanted=wanted,
            failed=failed,
        )

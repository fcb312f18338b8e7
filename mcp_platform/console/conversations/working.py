"""As whom a visit works on a tenant's conversations."""

from mcp_platform.audit.trail import ActorTrail
from mcp_platform.console.visits import PageVisit
from mcp_platform.conversations.api import Visit
from mcp_platform.kit.queue import schema_for
from mcp_platform.tenants.tenant import Tenant


def working(tenant: Tenant, visit: PageVisit) -> Visit:
    """Return who is there, as the services of conversations want it."""
    return Visit(
        tenant=tenant,
        trail=ActorTrail(visit.signed_in.user.actor),
        queue=schema_for(tenant.id, tenant.topology),
    )

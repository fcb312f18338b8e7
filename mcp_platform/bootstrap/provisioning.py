"""The part `provisioner`: what writes credentials, prepares tenants and takes them away."""

from contextlib import AsyncExitStack
from dataclasses import dataclass

import httpx

from mcp_platform.access.jwts import Jwts
from mcp_platform.bootstrap.doctor import DoctorParts
from mcp_platform.bootstrap.keys import token_keys
from mcp_platform.bootstrap.provisioners import provisioner_here
from mcp_platform.bootstrap.shared import Shared
from mcp_platform.credentials.proofs import ProvingHere
from mcp_platform.offboarding.work import OffboardingWork
from mcp_platform.provisioning.api import ProvisionerRoutes
from mcp_platform.whatsapp.graph_account import GraphAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioning:
    """The steps that the part `admin` asks for, and what follows an off-boarding."""

    routes: ProvisionerRoutes
    offboarding: OffboardingWork


async def open_provisioning(
    stack: AsyncExitStack, shared: Shared, doctor: DoctorParts, *, database_url: str
) -> Provisioning:
    settings = shared.settings
    local = provisioner_here(settings, stack, database_url=database_url)
    http = await stack.enter_async_context(
        httpx.AsyncClient(
            timeout=settings.vendor_timeout_s.total_seconds(),
            headers={"user-agent": "mcp-platform"},
        )
    )
    return Provisioning(
        routes=ProvisionerRoutes(
            local,
            examining=doctor.doctor,
            proving=ProvingHere(doctor.proving, store=shared.store),
            jwts=Jwts(token_keys(settings)),
            tenants=shared.tenants,
            clock=shared.clock,
        ),
        offboarding=OffboardingWork(
            sessions=shared.admin_sessions,
            account=GraphAccount(
                http=http, base_url=settings.meta_graph_url, version=settings.meta_graph_version
            ),
            store=shared.store,
            provisioner=local,
            clock=shared.clock,
        ),
    )

"""How far a tenant's publication has come: asked for, committed, seen running; and why it is stuck.

A running tenant is seen by what the doctor finds at its public address, and by what customers write.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, get_args

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.doctor.findings import Finding, Findings
from mcp_platform.doctor.sentences import state
from mcp_platform.publishing.config_export import export_tenant
from mcp_platform.publishing.publications import PublicationRecord, publication_of
from mcp_platform.publishing.publishing import tenant_digest
from mcp_platform.registry.fleet.fleet import fleet_row
from mcp_platform.tenants.tenant import Tenant

DeploymentState = Literal["never", "changed", "requested", "committed", "running"]
"""Never published; published as it was once; asked for; in the repository; seen since then."""
STATES: Final[tuple[DeploymentState, ...]] = get_args(DeploymentState)
Stuck = Literal["push", "unseen", "refused"]
"""The push did not end; nothing was seen of it since; the doctor was refused at its address."""
AT_THE_ADDRESS: Final = ("public.handshake", "public.webhook")
PUSHED_WITHIN: Final = timedelta(minutes=10)  # longer than any push takes: its process is gone
SEEN_WITHIN: Final = timedelta(minutes=15)  # Argo CD looks every three; images are pulled


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One tenant's. `seen_at`: last evidence that it runs, of this commit or of an earlier one."""

    state: DeploymentState
    requested_at: datetime | None
    committed_at: datetime | None
    commit_id: str | None
    seen_at: datetime | None
    stuck: Stuck | None
    finding: Finding | None
    """What was found at its address, where it is `refused`."""


async def deployment_of(session: AsyncSession, tenant: Tenant, *, now: datetime) -> Deployment:
    """Return how far a tenant has come. Raises NotFound."""
    digest = tenant_digest(await export_tenant(session, tenant.id))
    record = await publication_of(session, tenant.id)
    row = await fleet_row(session, tenant.client_name, tenant.environment, now=now)
    outside = [
        each
        for each in await Findings(session, tenant.id).last()
        if each.found.check in AT_THE_ADDRESS
    ]
    well = [each.checked_at for each in outside if state(each.found) == "ok"]
    seen_at = max([*well, *([row.last_message_at] if row.last_message_at else [])], default=None)
    reached = _state(record, digest, seen_at)
    stuck, finding = _stuck(reached, record, outside, now=now)
    return Deployment(
        state=reached,
        requested_at=record.requested_at if record else None,
        committed_at=record.committed_at if record else None,
        commit_id=record.commit_id if record else None,
        seen_at=seen_at,
        stuck=stuck,
        finding=finding,
    )


def _state(
    record: PublicationRecord | None, digest: str, seen_at: datetime | None
) -> DeploymentState:
    if record is None:
        return "never"
    if record.committed != record.requested or record.committed_at is None:
        return "requested"
    if record.committed != digest:
        return "changed"
    return "running" if seen_at is not None and seen_at >= record.committed_at else "committed"


def _stuck(
    reached: DeploymentState,
    record: PublicationRecord | None,
    outside: list[Finding],
    *,
    now: datetime,
) -> tuple[Stuck | None, Finding | None]:
    if record is None:
        return None, None
    if reached == "requested" and now - record.requested_at > PUSHED_WITHIN:
        return "push", None
    if reached == "committed" and record.committed_at is not None:
        for each in outside:
            if state(each.found) == "failed" and each.checked_at >= record.committed_at:
                return "refused", each
        if now - record.committed_at > SEEN_WITHIN:
            return "unseen", None
    return None, None

"""The doctor, and what proves credentials."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime

import httpx

from mcp_platform.bootstrap.clock import now
from mcp_platform.bootstrap.doors import google_account, open_gemini, tls_context
from mcp_platform.bootstrap.stores import sealer_of
from mcp_platform.doctor.case import Doors
from mcp_platform.doctor.checks import CHECKS
from mcp_platform.doctor.doctor import Doctor
from mcp_platform.doctor.examination import Examiner
from mcp_platform.doctor.proving import CredentialProofs
from mcp_platform.doctor.public_address import PublicAddress
from mcp_platform.kit.database import Sessions
from mcp_platform.outbox.notices import Notices
from mcp_platform.scheduling.google.calendar import GoogleCalendars
from mcp_platform.settings import PARTS, Settings
from mcp_platform.tenants.credentials import CredentialStore
from mcp_platform.tenants.health import TenantHealth
from mcp_platform.tenants.rollout import Rollouts
from mcp_platform.whatsapp.graph_account import GraphAccount

# A check of the doctor asks this often at most, unless a tenant has very many calendars.
CALLS_A_CHECK = 3


@dataclass(frozen=True, slots=True)
class DoctorParts:
    """What says whether tenants and credentials are sound."""

    doctor: Doctor
    proving: CredentialProofs


async def open_doctoring(
    stack: AsyncExitStack,
    settings: Settings,
    *,
    sessions: Sessions,
    store: CredentialStore,
    calendars: GoogleCalendars,
    health: TenantHealth,
    notices: Notices,
    clock: Callable[[], datetime] = now,
) -> DoctorParts:
    tls = tls_context()
    http = await stack.enter_async_context(
        httpx.AsyncClient(
            timeout=settings.vendor_timeout_s.total_seconds(),
            verify=tls,
            headers={"user-agent": "mcp-platform-doctor"},
        )
    )
    gemini = open_gemini(settings, stack, http=http, call_timeout=settings.vendor_timeout_s)
    public = None
    if settings.public_url is not None:
        public = PublicAddress(http=http, base_url=settings.public_url)
    doors = Doors(
        google=lambda credentials: calendars.access(google_account(credentials)),
        gemini=gemini,
        meta=GraphAccount(
            http=http, base_url=settings.meta_graph_url, version=settings.meta_graph_version
        ),
        public=public,
        sealing=sealer_of(settings),
        rollouts=store if isinstance(store, Rollouts) else None,
        proxies_named=not settings.lacks_proxies(PARTS),
    )
    examiner = Examiner(
        checks=CHECKS, doors=doors, clock=clock, patience=settings.vendor_timeout_s * CALLS_A_CHECK
    )
    doctor = Doctor(
        sessions=sessions,
        store=store,
        examiner=examiner,
        health=health,
        notices=notices,
        template=settings.owner_notice_template,
        clock=clock,
    )
    return DoctorParts(doctor=doctor, proving=CredentialProofs(examiner))

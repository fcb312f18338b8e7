"""The part `admin`: users, their sign-ins, and what they administer."""

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass

from mcp_platform.access.account import OwnAccount
from mcp_platform.access.browser_sign_ins import BrowserSignIns
from mcp_platform.access.jwts import Jwts
from mcp_platform.access.passwords import Passwords
from mcp_platform.access.sign_ins import SignIns
from mcp_platform.access.totp import TotpSecrets
from mcp_platform.access.user_tokens import LiveSignIns, UserGuard, UserTokens
from mcp_platform.bootstrap.commands import api_server_ranges
from mcp_platform.bootstrap.doctor import DoctorParts
from mcp_platform.bootstrap.doors import own_gemini
from mcp_platform.bootstrap.keys import keys_folder, token_keys
from mcp_platform.bootstrap.provisioners import provisioner
from mcp_platform.bootstrap.shared import Shared
from mcp_platform.bootstrap.stores import sealer_of
from mcp_platform.console.live.feed import LiveFeed
from mcp_platform.credentials.credentials import CredentialKeys
from mcp_platform.credentials.proofs import ChangeProving, ProvingHere
from mcp_platform.doctor.examining import ExaminationPort, Examinations
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.queue import schema_for
from mcp_platform.provisioning.client import RemoteProvisioner
from mcp_platform.publishing.desk import PublishingDesk
from mcp_platform.registry.answers.translating import Translator
from mcp_platform.registry.fleet.jobs import FleetJobs
from mcp_platform.registry.isolation import Isolation
from mcp_platform.rights.fingerprints import Fingerprints
from mcp_platform.rights.requested import RequestedErasures
from mcp_platform.scheduling.tenant_appointments import TenantAppointments


@dataclass(frozen=True, slots=True, kw_only=True)
class Administration:
    """What the routes of users, sign-ins and administration need."""

    sessions: Sessions
    guard: UserGuard
    live: LiveSignIns
    isolation: Isolation
    passwords: Passwords
    sign_ins: SignIns
    browser_sign_ins: BrowserSignIns
    account: OwnAccount
    examinations: Examinations
    credential_keys: CredentialKeys
    appointments: TenantAppointments
    translator: Translator
    fingerprints: Fingerprints
    live_feed: LiveFeed
    publishing: PublishingDesk
    fleet_jobs: FleetJobs


async def open_admin(
    stack: AsyncExitStack,
    shared: Shared,
    doctor: DoctorParts,
    *,
    database_url: str,
    provisioner_here: bool,
) -> Administration:
    settings, sessions, clock = shared.settings, shared.admin_sessions, shared.clock
    prepares = await provisioner(settings, stack, database_url=database_url, here=provisioner_here)
    # The part that reads tenants' credentials examines tenants and proves changes.
    examining: ExaminationPort
    proving: ChangeProving
    if isinstance(prepares, RemoteProvisioner):
        examining = proving = prepares
    else:
        examining, proving = doctor.doctor, ProvingHere(doctor.proving, store=shared.store)
    tokens = UserTokens(Jwts(token_keys(settings)))
    live = LiveSignIns(sessions, timer=time.monotonic)
    passwords = Passwords()
    stack.callback(passwords.close)
    totp = TotpSecrets(keys_folder(settings))
    sign_ins = SignIns(
        sessions=sessions, passwords=passwords, totp=totp, tokens=tokens, live=live, clock=clock
    )
    fingerprints = Fingerprints(keys_folder(settings))
    erasing = asyncio.create_task(
        RequestedErasures(
            sessions, notices=shared.notices, fingerprints=fingerprints, clock=clock
        ).run()
    )
    stack.push_async_callback(_end, erasing)
    browser_sign_ins = BrowserSignIns(sessions=sessions, sign_ins=sign_ins, live=live, clock=clock)
    live_feed = LiveFeed(sessions, sign_ins=browser_sign_ins)
    stack.callback(live_feed.close)
    examinations = Examinations(doctor=examining, sessions=sessions)
    return Administration(
        sessions=sessions,
        guard=UserGuard(tokens=tokens, live=live, clock=clock),
        live=live,
        isolation=Isolation(sessions=sessions, provisioner=prepares),
        passwords=passwords,
        sign_ins=sign_ins,
        browser_sign_ins=browser_sign_ins,
        live_feed=live_feed,
        account=OwnAccount(
            sessions=sessions,
            sign_ins=sign_ins,
            passwords=passwords,
            totp=totp,
            live=live,
            clock=clock,
        ),
        examinations=examinations,
        fleet_jobs=FleetJobs(
            sessions, examinations=examinations, tenants=shared.tenants, clock=clock
        ),
        publishing=PublishingDesk(
            sessions,
            repository=settings.manifests_repository,
            branch=settings.manifests_branch,
            api_servers=api_server_ranges,
            clock=clock,
        ),
        fingerprints=fingerprints,
        credential_keys=CredentialKeys(
            sessions=sessions,
            store=shared.store,
            provisioner=prepares,
            proving=proving,
            sealer=sealer_of(settings),
            clock=clock,
            made_elsewhere=settings.sealed,
        ),
        appointments=TenantAppointments(
            sessions=sessions,
            catalogues=shared.catalogues,
            agendas=shared.agendas,
            clock=clock,
            queue_of=lambda tenant: schema_for(tenant.id, tenant.topology),
        ),
        translator=Translator(model=await own_gemini(settings, stack), store=shared.store),
    )


async def _end(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait until it has ended."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

"""One process of the service: settings become an engine, pools, doors and features, and end again.

Everything else is given what it needs.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from mcp_platform.access.account import OwnAccount
from mcp_platform.access.jwts import Jwts
from mcp_platform.access.passwords import Passwords
from mcp_platform.access.sign_ins import SignIns
from mcp_platform.access.tenant_tokens import TenantTokens, TokenGuard
from mcp_platform.access.token_keys import TokenKeys
from mcp_platform.access.totp import TotpSecrets
from mcp_platform.access.user_tokens import LiveSignIns, UserGuard, UserTokens
from mcp_platform.bootstrap.pieces import (
    Agendas,
    DoctorParts,
    credential_store,
    keys_folder,
    now,
    open_calendars,
    open_doctoring,
    own_password,
    own_queue,
    own_url,
    pinned_to,
    provisioner,
    provisioner_here,
    sealer_of,
    token_keys,
)
from mcp_platform.bootstrap.worker import build_worker
from mcp_platform.conversations.api import ConversationRoutes
from mcp_platform.conversations.chat import Chat
from mcp_platform.conversations.replies import Replies
from mcp_platform.credentials.credentials import CredentialKeys
from mcp_platform.credentials.proofs import ChangeProving, ProvingHere
from mcp_platform.doctor.examining import ExaminationPort
from mcp_platform.inbox.ingest import Ingest
from mcp_platform.kit.connections import Connections
from mcp_platform.kit.database import Sessions, create_sessions
from mcp_platform.kit.row_security import DatabaseRole
from mcp_platform.offboarding.work import OffboardingWork
from mcp_platform.outbox.notices import Notices
from mcp_platform.provisioning.api import ProvisionerRoutes
from mcp_platform.provisioning.client import RemoteProvisioner
from mcp_platform.registry.isolation import Isolation
from mcp_platform.scheduling.catalogue_store import Catalogues
from mcp_platform.scheduling.desk import TenantAppointments
from mcp_platform.settings import Part, Settings
from mcp_platform.tenants.credential_cache import CachedCredentials
from mcp_platform.tenants.credentials import CredentialStore, CredentialsUnreadable
from mcp_platform.tenants.directory import TenantDirectory
from mcp_platform.tenants.health import TenantHealth
from mcp_platform.tenants.provisioning import Provisioner
from mcp_platform.tenants.stores import NoStore
from mcp_platform.whatsapp.graph_account import GraphAccount
from mcp_platform.whatsapp.webhook import WhatsAppWebhook
from mcp_platform.worker import Worker


@dataclass(frozen=True, slots=True)
class Platform:
    """What one process is made of. Parts that it does not run are None."""

    settings: Settings
    engine: AsyncEngine
    sessions: Sessions
    """As the part that answers: the rows of the tenant that is named."""
    admin_sessions: Sessions
    """As the part that administers."""
    tenants: TenantDirectory
    credentials: CachedCredentials
    catalogues: Catalogues
    health: TenantHealth
    agendas: "Agendas"
    ingest: Ingest | None
    webhook: WhatsAppWebhook | None
    api: "TenantApi | None"
    admin: "AdminApi | None"
    examining: ExaminationPort | None
    """The doctor, or whoever asks it where the credentials can be read."""
    worker: Worker | None
    provisioner_routes: ProvisionerRoutes | None
    credential_keys: CredentialKeys | None
    leaving: OffboardingWork | None


@dataclass(frozen=True, slots=True)
class TenantApi:
    """What the tenant API needs."""

    guard: TokenGuard
    chat: Chat
    desk: TenantAppointments
    visits: ConversationRoutes


@dataclass(frozen=True, slots=True)
class AdminApi:
    """What the routes of users, sign-ins and administration need."""

    sessions: Sessions
    guard: UserGuard
    live: LiveSignIns
    isolation: Isolation
    passwords: Passwords
    sign_ins: SignIns
    account: OwnAccount


@asynccontextmanager
async def platform(
    settings: Settings, parts: Collection[Part], *, database_url: str, redis_url: str | None
) -> AsyncIterator[Platform]:
    """Build the parts of one process and take them apart again afterwards.

    Raises:
        Unavailable: pinned to a tenant that is not ready for it.
    """
    async with AsyncExitStack() as stack:
        database = Connections(
            url=await own_url(settings, database_url),
            pinned=settings.pinned,
            most=settings.database_pool,
            password=own_password(settings) if settings.pinned else None,
        )
        engine = database.engine(DatabaseRole.WORKER)
        stack.push_async_callback(engine.dispose)
        admin_engine = database.engine(
            DatabaseRole.ADMIN, name="mcp-admin"
        )  # connects when it is used
        stack.push_async_callback(admin_engine.dispose)
        tenants = TenantDirectory(
            sessions=create_sessions(engine), timer=time.monotonic, only=pinned_to(settings)
        )
        queue = await own_queue(settings, tenants)
        news = asyncio.Event()  # from a gateway to a worker, where both are in this process
        sessions = create_sessions(engine, queue=queue)
        admin_sessions = create_sessions(admin_engine)
        store = _store_of(settings, parts, stack)
        credentials = CachedCredentials(store, timer=time.monotonic)
        health = TenantHealth(sessions, timer=time.monotonic)
        notices = Notices(sessions, template=settings.owner_notice_template)
        calendars = open_calendars(settings)
        stack.push_async_callback(calendars.close)
        agendas = Agendas(
            sessions=sessions,
            calendars=calendars,
            credentials=credentials,
            health=health,
            notices=notices,
            hold_for=settings.hold_s,
            clock=now,
        )
        catalogues = Catalogues(sessions=sessions, timer=time.monotonic)
        ingest = webhook = api = admin = doctoring = worker = provisioner_routes = None
        credential_keys = leaving = examining = None
        if "gateway" in parts:
            pool = await database.pool(DatabaseRole.INGEST, most=3, name="ingest")
            stack.push_async_callback(pool.close)
            ingest = Ingest(pool, debounce=settings.debounce_s, own_queue=queue, news=news)
            await ingest.start()
            stack.push_async_callback(ingest.stop)
            webhook = WhatsAppWebhook(tenants=tenants, credentials=credentials, ingest=ingest)
            api = TenantApi(
                guard=_tenant_guard(token_keys(settings), sessions=sessions, tenants=tenants),
                chat=Chat(sessions=sessions, recorder=ingest, replies=Replies(sessions)),
                desk=TenantAppointments(
                    sessions=sessions, catalogues=catalogues, agendas=agendas, clock=now
                ),
                visits=ConversationRoutes(sessions=sessions, idle=settings.human_idle_s, clock=now),
            )
        if set(parts) & {"admin", "worker", "provisioner"}:
            doctoring = await open_doctoring(
                stack,
                settings,
                sessions=sessions,
                store=store,
                calendars=calendars,
                health=health,
                notices=notices,
            )
        if "admin" in parts and not settings.pinned:
            provisioning = await provisioner(
                settings, stack, database_url=database_url, here="provisioner" in parts
            )
            admin = _admin(
                settings, admin_sessions, keys=token_keys(settings), provisioner=provisioning
            )
            stack.callback(admin.passwords.close)
        if "provisioner" in parts and not settings.pinned and doctoring is not None:
            local = provisioner_here(settings, stack, database_url=database_url)
            leaving = OffboardingWork(
                sessions=admin_sessions,
                account=await _meta_account(settings, stack),
                store=store,
                provisioner=local,
                clock=now,
            )
            provisioner_routes = ProvisionerRoutes(
                local,
                examining=doctoring.doctor,
                proving=ProvingHere(doctoring.proving, store=store),
                jwts=Jwts(token_keys(settings)),
                tenants=tenants,
                clock=now,
            )
        if admin is not None and doctoring is not None:
            examining, proving = _who_examines(doctoring, provisioning, store=store)
            credential_keys = CredentialKeys(
                sessions=admin_sessions,
                store=store,
                provisioner=provisioning,
                proving=proving,
                sealer=sealer_of(settings),
                clock=now,
                made_elsewhere=settings.sealed,
            )
        if "worker" in parts and doctoring is not None:
            beating = database.occasional(DatabaseRole.WORKER, name="mcp-leases")
            stack.push_async_callback(beating.dispose)
            worker = await build_worker(
                stack,
                settings,
                doctor=doctoring.doctor,
                sessions=sessions,
                tenants=tenants,
                credentials=credentials,
                catalogues=catalogues,
                agendas=agendas,
                health=health,
                notices=notices,
                queue=await database.queue(stack, queue),
                news=news,
                redis_url=redis_url,
                beats=create_sessions(beating),
            )
        yield Platform(
            settings=settings,
            engine=engine,
            sessions=sessions,
            admin_sessions=admin_sessions,
            tenants=tenants,
            credentials=credentials,
            catalogues=catalogues,
            health=health,
            agendas=agendas,
            ingest=ingest,
            webhook=webhook,
            api=api,
            admin=admin,
            examining=examining,
            worker=worker,
            provisioner_routes=provisioner_routes,
            credential_keys=credential_keys,
            leaving=leaving,
        )


def _store_of(
    settings: Settings, parts: Collection[Part], stack: AsyncExitStack
) -> CredentialStore:
    """Return the store of a process. The `admin` part of a cluster has no account to read with."""
    try:
        return credential_store(settings, closing=stack)
    except CredentialsUnreadable as error:
        if set(parts) != {"admin"}:
            raise
        return NoStore(str(error))


def _who_examines(
    doctoring: DoctorParts, provisioner: Provisioner, *, store: CredentialStore
) -> tuple[ExaminationPort, ChangeProving]:
    """Return what examines tenants and proves changes: the part that reads their credentials."""
    if isinstance(provisioner, RemoteProvisioner):
        return provisioner, provisioner
    return doctoring.doctor, ProvingHere(doctoring.proving, store=store)


async def _meta_account(settings: Settings, stack: AsyncExitStack) -> GraphAccount:
    http = await stack.enter_async_context(
        httpx.AsyncClient(
            timeout=settings.vendor_timeout_s.total_seconds(),
            headers={"user-agent": "mcp-platform"},
        )
    )
    return GraphAccount(
        http=http, base_url=settings.meta_graph_url, version=settings.meta_graph_version
    )


def _tenant_guard(keys: TokenKeys, *, sessions: Sessions, tenants: TenantDirectory) -> TokenGuard:
    jwts = Jwts(keys)
    live = LiveSignIns(sessions, timer=time.monotonic)
    return TokenGuard(
        tokens=TenantTokens(keys),
        tenants=tenants,
        clock=now,
        users=UserGuard(tokens=UserTokens(jwts), live=live, clock=now),
    )


def _admin(
    settings: Settings, sessions: Sessions, *, keys: TokenKeys, provisioner: Provisioner
) -> AdminApi:
    tokens = UserTokens(Jwts(keys))
    live = LiveSignIns(sessions, timer=time.monotonic)
    passwords = Passwords()
    totp = TotpSecrets(keys_folder(settings))
    sign_ins = SignIns(
        sessions=sessions, passwords=passwords, totp=totp, tokens=tokens, live=live, clock=now
    )
    return AdminApi(
        sessions=sessions,
        guard=UserGuard(tokens=tokens, live=live, clock=now),
        live=live,
        isolation=Isolation(sessions=sessions, provisioner=provisioner),
        passwords=passwords,
        sign_ins=sign_ins,
        account=OwnAccount(
            sessions=sessions,
            sign_ins=sign_ins,
            passwords=passwords,
            totp=totp,
            live=live,
            clock=now,
        ),
    )

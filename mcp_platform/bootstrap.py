"""The composition root: settings become an engine, pools, doors and features, and end again.

The only module that reads settings and builds what lives long. Everything else is given what it
needs.
"""

import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import httpx
import structlog
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from mcp_platform.admin.account import Account
from mcp_platform.admin.credentials import CredentialKeys
from mcp_platform.admin.examining import Examining
from mcp_platform.admin.isolation import Isolation
from mcp_platform.admin.jwts import Jwts
from mcp_platform.admin.offboarding_work import OffboardingWork
from mcp_platform.admin.passwords import Passwords
from mcp_platform.admin.proofs import ChangeProving, ProvingHere
from mcp_platform.admin.provisioner_client import RemoteProvisioner
from mcp_platform.admin.provisioner_routes import ProvisionerRoutes
from mcp_platform.admin.sign_ins import SignIns
from mcp_platform.admin.token_keys import TokenKeys, ensure_keys
from mcp_platform.admin.tokens import TokenGuard, Tokens
from mcp_platform.admin.totp import TotpSecrets, ensure_totp_key
from mcp_platform.admin.user_tokens import LiveSignIns, UserGuard, UserTokens
from mcp_platform.assistant.assistant import Assistant, Limits
from mcp_platform.assistant.breaker import Breaker
from mcp_platform.assistant.gemini import Gemini
from mcp_platform.assistant.model import Model
from mcp_platform.conversations.chat import Chat
from mcp_platform.conversations.lease import Leases
from mcp_platform.conversations.replies import Replies
from mcp_platform.doctor.case import Doors
from mcp_platform.doctor.checks import CHECKS
from mcp_platform.doctor.daily import DailyCheck
from mcp_platform.doctor.doctor import Doctor
from mcp_platform.doctor.examination import Examiner
from mcp_platform.doctor.proving import Proving
from mcp_platform.doctor.public_address import PublicAddress
from mcp_platform.errors import CredentialRefused, NotFound, Unavailable
from mcp_platform.flow import Answering, Patience
from mcp_platform.inbox.ingest import Ingest
from mcp_platform.kit.connections import Connections
from mcp_platform.kit.database import (
    Sessions,
    create_engine,
    create_sessions,
    with_login,
)
from mcp_platform.kit.queue import OpenQueue, own_schema
from mcp_platform.kit.row_security import Role
from mcp_platform.outbox.delivery import Delivery, DeliverySettings
from mcp_platform.outbox.effects import Effects
from mcp_platform.outbox.notices import Notices
from mcp_platform.scheduling.agenda import Agenda
from mcp_platform.scheduling.calendar import Calendar, CalendarUnreadable
from mcp_platform.scheduling.catalogue import Catalogue
from mcp_platform.scheduling.catalogue_store import Catalogues
from mcp_platform.scheduling.desk import Desk
from mcp_platform.scheduling.google_calendar import GoogleAccount, GoogleCalendars
from mcp_platform.settings import Part, Settings
from mcp_platform.tenants.cards import BusinessCards
from mcp_platform.tenants.credential_cache import CachedCredentials
from mcp_platform.tenants.credentials import (
    Credentials,
    CredentialStore,
    CredentialsUnreadable,
)
from mcp_platform.tenants.directory import TenantDirectory
from mcp_platform.tenants.health import TenantHealth
from mcp_platform.tenants.provisioning import (
    LocalProvisioner,
    Namespaces,
    Provisioner,
    Store,
)
from mcp_platform.tenants.sealing import Sealer
from mcp_platform.tenants.stores import EnvDirectoryStore, MountedStore, NoStore
from mcp_platform.tenants.tenant import Tenant, Topology
from mcp_platform.whatsapp.client import WhatsApp
from mcp_platform.whatsapp.graph_account import GraphAccount
from mcp_platform.whatsapp.pacing import Pacing
from mcp_platform.whatsapp.receipts import Receipts
from mcp_platform.whatsapp.webhook import WhatsAppWebhook
from mcp_platform.worker import Worker

log = structlog.get_logger(__name__)

# Google's client blocks: each call takes a thread for as long as Google takes.
CALENDAR_THREADS = 32
# A check of the doctor asks this often at most, unless a tenant has very many calendars.
CALLS_A_CHECK = 3


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
    examining: Examining | None
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
    desk: Desk


@dataclass(frozen=True, slots=True)
class AdminApi:
    """What the routes of users, sign-ins and administration need."""

    sessions: Sessions
    guard: UserGuard
    live: LiveSignIns
    isolation: Isolation
    passwords: Passwords
    sign_ins: SignIns
    account: Account


@dataclass(frozen=True, slots=True)
class Doctoring:
    """What says whether tenants and credentials are sound."""

    doctor: Doctor
    proving: Proving


class Agendas:
    """Agendas by tenant, over the calendars its credentials reach."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        calendars: GoogleCalendars,
        credentials: CachedCredentials,
        health: TenantHealth,
        notices: Notices,
        hold_for: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        self._sessions = sessions
        self._calendars = calendars
        self._credentials = credentials
        self._health = health
        self._notices = notices
        self._hold_for = hold_for
        self._clock = clock

    def calendar(self, credentials: Credentials) -> Calendar:
        return self._calendars.of(_google_account(credentials))

    async def of(self, tenant: Tenant, catalogue: Catalogue) -> Agenda:
        async def tell(
            error: CalendarUnreadable | CredentialRefused, *, calendar_id: str | None
        ) -> None:
            if isinstance(error, CredentialRefused) or calendar_id is None:
                await self._health.refused(tenant.id, "calendar", str(error))
                await self._notices.trouble(tenant, "calendar_refused", now=self._clock())
            else:
                await self._notices.trouble(tenant, "calendar_unreadable", now=self._clock())

        credentials = await self._credentials.of(tenant)
        if tenant.calendar_id is None and credentials.google_calendar_id:
            tenant = replace(tenant, calendar_id=credentials.google_calendar_id)
        return Agenda(
            tenant=tenant,
            catalogue=catalogue,
            sessions=self._sessions,
            calendar=self.calendar(credentials),
            hold_for=self._hold_for,
            tell=tell,
        )


def _google_account(credentials: Credentials) -> GoogleAccount:
    return GoogleAccount(
        client_email=credentials.google_client_email,
        private_key=credentials.google_private_key,
        project_id=credentials.google_project_id or None,
    )


def now() -> datetime:
    return datetime.now(UTC)


def credential_store(
    settings: Settings, *, closing: AsyncExitStack | None = None
) -> CredentialStore:
    """Return the store this process reads credentials from; `closing` is what closes it."""
    if settings.client_name is not None and settings.environment is not None:
        return MountedStore(
            settings.credentials_mount,
            client_name=settings.client_name,
            environment=settings.environment,
        )
    store, _ = _shared_store(settings, closing=closing)
    return store


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


def _shared_store(
    settings: Settings, *, closing: AsyncExitStack | None
) -> tuple[Store, Namespaces | None]:
    """Return the store of all tenants and, in a cluster, what makes their namespaces."""
    if settings.credentials_store == "directory":
        return EnvDirectoryStore(settings.credentials_dir), None
    # 24 MB that a process without a cluster, a pinned Pod above all, need not hold.
    from mcp_platform.tenants.kubernetes_api import KubernetesApi  # noqa: PLC0415  # as above
    from mcp_platform.tenants.kubernetes_store import KubernetesStore  # noqa: PLC0415  # as above

    store = KubernetesStore(KubernetesApi())
    if closing is not None:
        closing.push_async_callback(store.close)
    return store, store


@asynccontextmanager
async def cluster_alone() -> AsyncIterator[tuple[Store, Namespaces]]:
    """Build what writes a cluster's Secrets for a command, whatever store the service uses.

    Raises:
        CredentialsUnreadable: no cluster is configured.
    """
    from mcp_platform.tenants.kubernetes_api import KubernetesApi  # noqa: PLC0415  # 24 MB
    from mcp_platform.tenants.kubernetes_store import KubernetesStore  # noqa: PLC0415  # as above

    store = KubernetesStore(KubernetesApi())
    try:
        yield store, store
    finally:
        await store.close()


async def provisioner(
    settings: Settings, stack: AsyncExitStack, *, database_url: str, here: bool
) -> Provisioner:
    """Return what prepares tenants and writes credentials.

    In this process if `here`, or where no PROVISIONER_URL says which other does.
    """
    if settings.provisioner_url is not None and not here:
        http = await stack.enter_async_context(
            httpx.AsyncClient(headers={"user-agent": "mcp-platform"})
        )
        jwts = Jwts(token_keys(settings))
        return RemoteProvisioner(http=http, url=settings.provisioner_url, jwts=jwts, clock=now)
    return _provisioner_here(settings, stack, database_url=database_url)


def _provisioner_here(
    settings: Settings, stack: AsyncExitStack, *, database_url: str
) -> LocalProvisioner:
    store, namespaces = _shared_store(settings, closing=stack)
    owner = create_engine(database_url, pool_size=1, application_name="mcp-provisioner")
    stack.push_async_callback(owner.dispose)
    return LocalProvisioner(
        store=store,
        owner=owner,
        namespaces=namespaces,
        sealer=_sealer(settings) if settings.sealed else None,
    )


def _sealer(settings: Settings) -> Sealer | None:
    if settings.sealing_certificate is None:
        return None
    sealer = Sealer.of(settings.sealing_certificate)
    warning = sealer.warning(now=now())
    if warning is not None:
        log.warning("bootstrap.sealing.certificate", warning=warning)
    return sealer


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


def token_keys(settings: Settings) -> TokenKeys:
    """Return the keys of tokens; on one machine they are made here."""
    return TokenKeys(_keys_folder(settings), timer=time.monotonic)


def _keys_folder(settings: Settings) -> Path:
    if settings.jwt_keys_dir is not None:
        return settings.jwt_keys_dir
    folder = settings.data_dir / "keys"
    ensure_keys(folder, now=now())
    ensure_totp_key(folder)
    return folder


def _tenant_guard(keys: TokenKeys, *, sessions: Sessions, tenants: TenantDirectory) -> TokenGuard:
    jwts = Jwts(keys)
    live = LiveSignIns(sessions, timer=time.monotonic)
    return TokenGuard(
        tokens=Tokens(keys),
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
    totp = TotpSecrets(_keys_folder(settings))
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
        account=Account(
            sessions=sessions,
            sign_ins=sign_ins,
            passwords=passwords,
            totp=totp,
            live=live,
            clock=now,
        ),
    )


def _calendars(settings: Settings) -> GoogleCalendars:
    return GoogleCalendars(
        api_url=settings.google_calendar_url,
        token_url=settings.google_token_url,
        timeout=settings.vendor_timeout_s,
        max_threads=CALENDAR_THREADS,
    )


def _only(settings: Settings) -> tuple[str, str] | None:
    if settings.client_name is None or settings.environment is None:
        return None
    return settings.client_name, settings.environment


async def own_url(settings: Settings, database_url: str) -> str:
    """Return the database as this process logs into it: pinned, as its tenant.

    Raises:
        CredentialsUnreadable: there is no login among the tenant's credentials.
    """
    only = _only(settings)
    if only is None:
        return database_url
    client_name, environment = only
    found = await credential_store(settings).read(client_name=client_name, environment=environment)
    if not (found.database_user and found.database_password):
        raise CredentialsUnreadable(
            f"A process pinned to {client_name}/{environment} connects as that tenant, and"
            f" DATABASE_USER or DATABASE_PASSWORD is missing in {settings.credentials_mount}."
            " Prepare the tenant: that makes its login."
        )
    return with_login(database_url, user=found.database_user, password=found.database_password)


def own_password(settings: Settings) -> Callable[[], Awaitable[str]]:
    """Return what reads a pinned process's password anew: it is asked for each connection.

    So a rotated password needs no restart: what is connected stays so.
    """
    store = credential_store(settings)

    async def read() -> str:
        client_name, environment = _only(settings) or ("", "")
        found = await store.read(client_name=client_name, environment=environment)
        return found.database_password

    return read


async def _own_queue(settings: Settings, tenants: TenantDirectory) -> str | None:
    """Return the schema of this process's queue; None: the one that tenants share.

    Raises:
        Unavailable: pinned to a tenant that shares its workers, or that its login cannot see.
    """
    only = _only(settings)
    if only is None:
        return None
    path = "/".join(only)
    try:
        tenant = await tenants.by_path(*only)
    except NotFound as error:
        raise Unavailable(
            f"There is no tenant {path}, or DATABASE_USER is another's login."
        ) from error
    if tenant.topology != "isolated":
        raise Unavailable(
            f"{path} is shared: the shared service answers it. Make it isolated before a process"
            " is pinned to it."
        )
    return own_schema(tenant.id)


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
        engine = database.engine(Role.WORKER)
        stack.push_async_callback(engine.dispose)
        admin_engine = database.engine(Role.ADMIN, name="mcp-admin")  # connects when it is used
        stack.push_async_callback(admin_engine.dispose)
        tenants = TenantDirectory(
            sessions=create_sessions(engine), timer=time.monotonic, only=_only(settings)
        )
        queue = await _own_queue(settings, tenants)
        sessions = create_sessions(engine, queue=queue)
        admin_sessions = create_sessions(admin_engine)
        store = _store_of(settings, parts, stack)
        credentials = CachedCredentials(store, timer=time.monotonic)
        health = TenantHealth(sessions, timer=time.monotonic)
        notices = Notices(sessions, template=settings.owner_notice_template)
        calendars = _calendars(settings)
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
            pool = await database.pool(Role.INGEST, most=3, name="ingest")
            stack.push_async_callback(pool.close)
            ingest = Ingest(pool, debounce=settings.debounce_s, own_queue=queue)
            await ingest.start()
            stack.push_async_callback(ingest.stop)
            webhook = WhatsAppWebhook(tenants=tenants, credentials=credentials, ingest=ingest)
            api = TenantApi(
                guard=_tenant_guard(token_keys(settings), sessions=sessions, tenants=tenants),
                chat=Chat(sessions=sessions, recorder=ingest, replies=Replies(sessions)),
                desk=Desk(sessions=sessions, catalogues=catalogues, agendas=agendas, clock=now),
            )
        if set(parts) & {"admin", "worker", "provisioner"}:
            doctoring = await _doctoring(
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
            local = _provisioner_here(settings, stack, database_url=database_url)
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
                sealer=_sealer(settings),
                clock=now,
                made_elsewhere=settings.sealed,
            )
        if "worker" in parts and doctoring is not None:
            beating = database.occasional(Role.WORKER, name="mcp-leases")
            stack.push_async_callback(beating.dispose)
            worker = await _worker(
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
                open_queue=await database.open_queue(stack, queue),
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


def _who_examines(
    doctoring: Doctoring, provisioner: Provisioner, *, store: CredentialStore
) -> tuple[Examining, ChangeProving]:
    """Return what examines tenants and proves changes: the part that reads their credentials."""
    if isinstance(provisioner, RemoteProvisioner):
        return provisioner, provisioner
    return doctoring.doctor, ProvingHere(doctoring.proving, store=store)


@dataclass(frozen=True, slots=True)
class DoctorAlone:
    """What a command needs that examines tenants.

    Pinned, all of it as the tenant's own login, which sees no other tenant and no audit trail.
    """

    sessions: Sessions
    admin_sessions: Sessions | None
    """Of the audit trail."""
    tenants: TenantDirectory
    doctor: Doctor


@asynccontextmanager
async def doctor_alone(settings: Settings, *, database_url: str) -> AsyncIterator[DoctorAlone]:
    """Build the doctor for a command, without the parts that serve."""
    async with AsyncExitStack() as stack:
        database = Connections(url=database_url, pinned=settings.pinned, most=2)
        engine = database.engine(Role.WORKER, name="mcp-doctor")
        stack.push_async_callback(engine.dispose)
        tenants = TenantDirectory(
            sessions=create_sessions(engine), timer=time.monotonic, only=_only(settings)
        )
        # Notices to the owner wake whoever sends them.
        sessions = create_sessions(engine, queue=await _own_queue(settings, tenants))
        calendars = _calendars(settings)
        stack.push_async_callback(calendars.close)
        made = await _doctoring(
            stack,
            settings,
            sessions=sessions,
            store=credential_store(settings, closing=stack),
            calendars=calendars,
            health=TenantHealth(sessions, timer=time.monotonic),
            notices=Notices(sessions, template=settings.owner_notice_template),
        )
        admin_sessions = None
        if not settings.pinned:
            admin_engine = database.engine(Role.ADMIN, name="mcp-doctor")
            stack.push_async_callback(admin_engine.dispose)
            admin_sessions = create_sessions(admin_engine)
        yield DoctorAlone(
            sessions=sessions, admin_sessions=admin_sessions, tenants=tenants, doctor=made.doctor
        )


@dataclass(frozen=True, slots=True)
class OperatingAlone:
    """What a command needs that changes credentials."""

    admin_sessions: Sessions
    keys: CredentialKeys
    proving: Proving


@asynccontextmanager
async def operating_alone(
    settings: Settings, *, database_url: str
) -> AsyncIterator[OperatingAlone]:
    """Build what changes credentials for a command, without the parts that serve."""
    async with AsyncExitStack() as stack:
        engine = create_engine(
            database_url, pool_size=2, application_name="mcp-cli", role=Role.ADMIN
        )
        stack.push_async_callback(engine.dispose)
        sessions = create_sessions(engine)
        calendars = _calendars(settings)
        stack.push_async_callback(calendars.close)
        store = credential_store(settings, closing=stack)
        doctoring = await _doctoring(
            stack,
            settings,
            sessions=sessions,
            store=store,
            calendars=calendars,
            health=TenantHealth(sessions, timer=time.monotonic),
            notices=Notices(sessions, template=settings.owner_notice_template),
        )
        keys = CredentialKeys(
            sessions=sessions,
            store=store,
            provisioner=await provisioner(settings, stack, database_url=database_url, here=False),
            proving=ProvingHere(doctoring.proving, store=store),
            sealer=_sealer(settings),
            clock=now,
            made_elsewhere=settings.sealed,
        )
        yield OperatingAlone(admin_sessions=sessions, keys=keys, proving=doctoring.proving)


@asynccontextmanager
async def isolating_alone(settings: Settings, *, database_url: str) -> AsyncIterator[Isolation]:
    """Build what prepares isolated tenants for a command."""
    async with AsyncExitStack() as stack:
        engine = create_engine(
            database_url, pool_size=1, application_name="mcp-cli", role=Role.ADMIN
        )
        stack.push_async_callback(engine.dispose)
        yield Isolation(
            sessions=create_sessions(engine),
            provisioner=await provisioner(settings, stack, database_url=database_url, here=False),
        )


@cache
def _tls() -> ssl.SSLContext:
    """Return the one context of this process: to read the authorities costs 30 ms and a megabyte."""
    return ssl.create_default_context()


async def _doctoring(
    stack: AsyncExitStack,
    settings: Settings,
    *,
    sessions: Sessions,
    store: CredentialStore,
    calendars: GoogleCalendars,
    health: TenantHealth,
    notices: Notices,
) -> Doctoring:
    tls = _tls()
    http = await stack.enter_async_context(
        httpx.AsyncClient(
            timeout=settings.vendor_timeout_s.total_seconds(),
            verify=tls,
            headers={"user-agent": "mcp-platform-doctor"},
        )
    )
    gemini = None
    if settings.gemini_enabled:
        gemini = Gemini(
            http=http,
            ssl_context=tls,
            base_url=settings.gemini_url,
            api_version=settings.gemini_api_version,
            model=settings.gemini_model,
            breaker=Breaker(timer=time.monotonic),
            call_timeout=settings.vendor_timeout_s,
            timer=time.monotonic,
        )
        stack.push_async_callback(gemini.close)
    public = None
    if settings.public_url is not None:
        public = PublicAddress(http=http, base_url=settings.public_url)
    doors = Doors(
        google=lambda credentials: calendars.access(_google_account(credentials)),
        gemini=gemini,
        meta=GraphAccount(
            http=http, base_url=settings.meta_graph_url, version=settings.meta_graph_version
        ),
        public=public,
        sealing=_sealer(settings),
    )
    examiner = Examiner(
        checks=CHECKS, doors=doors, clock=now, patience=settings.vendor_timeout_s * CALLS_A_CHECK
    )
    doctor = Doctor(
        sessions=sessions,
        store=store,
        examiner=examiner,
        health=health,
        notices=notices,
        template=settings.owner_notice_template,
        clock=now,
    )
    return Doctoring(doctor=doctor, proving=Proving(examiner))


async def _worker(
    stack: AsyncExitStack,
    settings: Settings,
    *,
    doctor: Doctor,
    sessions: Sessions,
    tenants: TenantDirectory,
    credentials: CachedCredentials,
    catalogues: Catalogues,
    agendas: Agendas,
    health: TenantHealth,
    notices: Notices,
    open_queue: OpenQueue,
    redis_url: str | None,
    beats: Sessions,
) -> Worker:
    tls = _tls()
    http = await stack.enter_async_context(
        httpx.AsyncClient(
            timeout=settings.vendor_timeout_s.total_seconds(),
            verify=tls,
            limits=httpx.Limits(max_connections=200, max_keepalive_connections=50),
            headers={"user-agent": "mcp-platform"},
        )
    )
    redis = None
    if redis_url is not None:
        redis = Redis.from_url(redis_url, socket_timeout=1, socket_connect_timeout=1)
        stack.push_async_callback(redis.aclose)
    whatsapp = WhatsApp(
        http=http, base_url=settings.meta_graph_url, version=settings.meta_graph_version
    )
    topology: Topology = "isolated" if settings.pinned else "shared"
    leases = Leases(sessions, beats=beats, lasts=settings.lease_s)
    model: Model | None = None
    if settings.gemini_enabled:
        gemini = Gemini(
            http=http,
            ssl_context=tls,
            base_url=settings.gemini_url,
            api_version=settings.gemini_api_version,
            model=settings.gemini_model,
            breaker=Breaker(timer=time.monotonic),
            call_timeout=settings.vendor_timeout_s * 2,
            timer=time.monotonic,
        )
        stack.push_async_callback(gemini.close)
        model = gemini
    patience = Patience(
        quiet=settings.debounce_s, cap=settings.debounce_cap_s, park_after=settings.park_after
    )
    answering = Answering(
        sessions=sessions,
        tenants=tenants,
        leases=leases,
        assistant=Assistant(
            leases=leases,
            catalogues=catalogues,
            agendas=agendas,
            cards=BusinessCards(sessions=sessions, timer=time.monotonic),
            credentials=credentials,
            model=model,
            notices=notices,
            health=health,
            limits=Limits(
                rounds=settings.model_rounds,
                deadline=settings.turn_deadline_s,
                human_for=settings.human_s,
            ),
            timer=time.monotonic,
        ),
        receipts=Receipts(whatsapp=whatsapp, credentials=credentials),
        notices=notices,
        patience=patience,
        clock=now,
    )
    delivery = Delivery(
        sessions=sessions,
        tenants=tenants,
        credentials=credentials,
        effects=Effects(whatsapp=whatsapp, calendar_of=agendas.calendar),
        pacing=Pacing(redis=redis, processes=settings.worker_processes),
        health=health,
        notices=notices,
        clock=now,
        settings=DeliverySettings(
            claim=settings.claim_s,
            doubt=settings.uncertain_s,
            sweep_grace=settings.forgotten_s,
            topology=topology,
        ),
    )
    return Worker(
        sessions=sessions,
        tenants=tenants,
        open_queue=open_queue,
        answering=answering,
        delivery=delivery,
        notices=notices,
        daily=DailyCheck(
            doctor=doctor, sessions=sessions, tenants=tenants, pinned=settings.pinned, clock=now
        ),
        concurrency=settings.worker_concurrency,
        per_tenant=settings.tenant_concurrency,
        sweep_every=settings.sweep_s,
        patience=settings.debounce_cap_s + settings.forgotten_s,
        lease=settings.lease_s,
        keep=timedelta(days=settings.retention_days),
        topology=topology,
    )

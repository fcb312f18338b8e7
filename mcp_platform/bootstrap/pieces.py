"""What services and commands are both built from: stores, keys, logins, vendors' doors, the doctor.

Owns how a setting becomes each of them. Refuses to know who asks.
"""

import ssl
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from mcp_platform.access.jwts import Jwts
from mcp_platform.access.token_keys import TokenKeys, ensure_keys
from mcp_platform.access.totp import ensure_totp_key
from mcp_platform.assistant.gemini.breaker import Breaker
from mcp_platform.assistant.gemini.client import Gemini
from mcp_platform.doctor.case import Doors
from mcp_platform.doctor.checks import CHECKS
from mcp_platform.doctor.doctor import Doctor
from mcp_platform.doctor.examination import Examiner
from mcp_platform.doctor.proving import CredentialProofs
from mcp_platform.doctor.public_address import PublicAddress
from mcp_platform.errors import CredentialRefused, Invalid, NotFound, Unavailable
from mcp_platform.kit.database import Sessions, create_engine, with_login
from mcp_platform.kit.queue import own_schema
from mcp_platform.outbox.notices import Notices
from mcp_platform.provisioning.client import RemoteProvisioner
from mcp_platform.scheduling.agenda import Agenda
from mcp_platform.scheduling.calendar import Calendar, CalendarUnreadable
from mcp_platform.scheduling.catalogue import Catalogue
from mcp_platform.scheduling.google.calendar import GoogleAccount, GoogleCalendars
from mcp_platform.settings import PARTS, Settings
from mcp_platform.tenants.credential_cache import CachedCredentials
from mcp_platform.tenants.credentials import Credentials, CredentialStore, CredentialsUnreadable
from mcp_platform.tenants.directory import TenantDirectory
from mcp_platform.tenants.health import TenantHealth
from mcp_platform.tenants.provisioning import LocalProvisioner, Namespaces, Provisioner, Store
from mcp_platform.tenants.rollout import Rollouts
from mcp_platform.tenants.sealing import Sealer
from mcp_platform.tenants.stores import EnvDirectoryStore, MountedStore
from mcp_platform.tenants.tenant import Tenant
from mcp_platform.whatsapp.graph_account import GraphAccount

log = structlog.get_logger(__name__)

# Google's client blocks: each call takes a thread for as long as Google takes.
CALENDAR_THREADS = 32
# A check of the doctor asks this often at most, unless a tenant has very many calendars.
CALLS_A_CHECK = 3


@dataclass(frozen=True, slots=True)
class DoctorParts:
    """What says whether tenants and credentials are sound."""

    doctor: Doctor
    proving: CredentialProofs


def now() -> datetime:
    return datetime.now(UTC)


@cache
def tls_context() -> ssl.SSLContext:
    """Return the one context of this process: to read the authorities costs 30 ms and a megabyte."""
    return ssl.create_default_context()


def open_redis(url: str) -> Redis:
    """Return the Redis or Valkey at `url`; connects when it is first used.

    Raises:
        Invalid: that is no such URL; names no value.
    """
    wrong = Invalid(
        "REDIS_URL is not a URL such as rediss://user:password@host:6379/0. A character such as @,"
        " /, ?, # or % in a password is percent-encoded."
    )
    scheme, colon, rest = url.strip().partition("://")
    scheme = scheme.lower().replace("valkey", "redis")  # what their clouds call the same protocol
    try:
        redis = Redis.from_url(scheme + colon + rest, socket_timeout=1, socket_connect_timeout=1)
        # A wrong parameter fails here; nobody is reached.
        redis.connection_pool.make_connection()  # type: ignore[no-untyped-call]
        database = urlsplit(rest and f"//{rest}").path.strip("/")
    except (ValueError, TypeError, RedisError):
        raise wrong from None
    if scheme != "unix" and database and not database.isdigit():
        raise wrong  # the library would take the first database instead
    return redis


def google_account(credentials: Credentials) -> GoogleAccount:
    return GoogleAccount(
        client_email=credentials.google_client_email,
        private_key=credentials.google_private_key,
        project_id=credentials.google_project_id or None,
    )


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
    store, _ = shared_store(settings, closing=closing)
    return store


def shared_store(
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
    return provisioner_here(settings, stack, database_url=database_url)


def provisioner_here(
    settings: Settings, stack: AsyncExitStack, *, database_url: str
) -> LocalProvisioner:
    store, namespaces = shared_store(settings, closing=stack)
    owner = create_engine(database_url, pool_size=1, application_name="mcp-provisioner")
    stack.push_async_callback(owner.dispose)
    return LocalProvisioner(
        store=store,
        owner=owner,
        namespaces=namespaces,
        sealer=sealer_of(settings) if settings.sealed else None,
    )


def sealer_of(settings: Settings) -> Sealer | None:
    if settings.sealing_certificate is None:
        return None
    sealer = Sealer.of(settings.sealing_certificate)
    warning = sealer.warning(now=now())
    if warning is not None:
        log.warning("bootstrap.sealing.certificate", warning=warning)
    return sealer


def token_keys(settings: Settings) -> TokenKeys:
    """Return the keys of tokens; on one machine they are made here."""
    return TokenKeys(keys_folder(settings), timer=time.monotonic)


def keys_folder(settings: Settings) -> Path:
    if settings.jwt_keys_dir is not None:
        return settings.jwt_keys_dir
    folder = settings.data_dir / "keys"
    ensure_keys(folder, now=now())
    ensure_totp_key(folder)
    return folder


def open_calendars(settings: Settings) -> GoogleCalendars:
    return GoogleCalendars(
        api_url=settings.google_calendar_url,
        token_url=settings.google_token_url,
        timeout=settings.vendor_timeout_s,
        max_threads=CALENDAR_THREADS,
    )


def pinned_to(settings: Settings) -> tuple[str, str] | None:
    if settings.client_name is None or settings.environment is None:
        return None
    return settings.client_name, settings.environment


async def own_url(settings: Settings, database_url: str) -> str:
    """Return the database as this process logs into it: pinned, as its tenant.

    Raises:
        CredentialsUnreadable: there is no login among the tenant's credentials.
    """
    only = pinned_to(settings)
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
        client_name, environment = pinned_to(settings) or ("", "")
        found = await store.read(client_name=client_name, environment=environment)
        return found.database_password

    return read


async def own_queue(settings: Settings, tenants: TenantDirectory) -> str | None:
    """Return the schema of this process's queue; None: the one that tenants share.

    Raises:
        Unavailable: pinned to a tenant that shares its workers, or that its login cannot see.
    """
    only = pinned_to(settings)
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
        return self._calendars.of(google_account(credentials))

    async def calendar_of(self, tenant: Tenant) -> Calendar:
        return self.calendar(await self._credentials.of(tenant))

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


def open_gemini(
    settings: Settings, stack: AsyncExitStack, *, http: httpx.AsyncClient, call_timeout: timedelta
) -> Gemini | None:
    """Return the door to Gemini; None where it is switched off."""
    if not settings.gemini_enabled:
        return None
    gemini = Gemini(
        http=http,
        ssl_context=tls_context(),
        base_url=settings.gemini_url,
        api_version=settings.gemini_api_version,
        model=settings.gemini_model,
        breaker=Breaker(timer=time.monotonic),
        call_timeout=call_timeout,
        timer=time.monotonic,
    )
    stack.push_async_callback(gemini.close)
    return gemini


async def open_doctoring(
    stack: AsyncExitStack,
    settings: Settings,
    *,
    sessions: Sessions,
    store: CredentialStore,
    calendars: GoogleCalendars,
    health: TenantHealth,
    notices: Notices,
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
    return DoctorParts(doctor=doctor, proving=CredentialProofs(examiner))

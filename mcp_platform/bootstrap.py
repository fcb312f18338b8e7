"""The composition root: settings become an engine, pools, doors and features, and end again.

The only module that reads settings and builds what lives long. Everything else is given what it
needs.
"""

import ssl
import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from mcp_platform.admin.token_keys import TokenKeys, ensure_keys
from mcp_platform.admin.tokens import TokenGuard, Tokens
from mcp_platform.assistant.assistant import Assistant, Limits
from mcp_platform.assistant.breaker import Breaker
from mcp_platform.assistant.gemini import Gemini
from mcp_platform.assistant.model import Model
from mcp_platform.conversations.chat import Chat
from mcp_platform.conversations.lease import Leases
from mcp_platform.conversations.replies import Replies
from mcp_platform.errors import CredentialRefused
from mcp_platform.flow import Answering, Patience
from mcp_platform.inbox.ingest import Ingest
from mcp_platform.kit.database import Sessions, create_engine, create_sessions, plain_url
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
from mcp_platform.tenants.credentials import Credentials, CredentialStore
from mcp_platform.tenants.directory import TenantDirectory
from mcp_platform.tenants.health import TenantHealth
from mcp_platform.tenants.stores import EnvDirectoryStore, MountedStore
from mcp_platform.tenants.tenant import Tenant
from mcp_platform.whatsapp.client import WhatsApp
from mcp_platform.whatsapp.pacing import Pacing
from mcp_platform.whatsapp.receipts import Receipts
from mcp_platform.whatsapp.webhook import WhatsAppWebhook
from mcp_platform.worker import Worker

# Google's client blocks: each call takes a thread for as long as Google takes.
CALENDAR_THREADS = 32


@dataclass(frozen=True, slots=True)
class Platform:
    """What one process is made of. Parts that it does not run are None."""

    settings: Settings
    engine: AsyncEngine
    sessions: Sessions
    tenants: TenantDirectory
    credentials: CachedCredentials
    catalogues: Catalogues
    health: TenantHealth
    agendas: "Agendas"
    ingest: Ingest | None
    webhook: WhatsAppWebhook | None
    api: "TenantApi | None"
    worker: Worker | None


@dataclass(frozen=True, slots=True)
class TenantApi:
    """What the tenant API needs."""

    guard: TokenGuard
    chat: Chat
    desk: Desk


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
        return self._calendars.of(
            GoogleAccount(
                client_email=credentials.google_client_email,
                private_key=credentials.google_private_key,
                project_id=credentials.google_project_id or None,
            )
        )

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


def now() -> datetime:
    return datetime.now(UTC)


def credential_store(settings: Settings) -> CredentialStore:
    """Return the store this process reads credentials from."""
    if settings.client_name is not None and settings.environment is not None:
        return MountedStore(
            settings.credentials_mount,
            client_name=settings.client_name,
            environment=settings.environment,
        )
    return EnvDirectoryStore(settings.credentials_dir)


def token_keys(settings: Settings) -> TokenKeys:
    """Return the keys of the tenant API's tokens; on one machine they are made here."""
    if settings.jwt_keys_dir is not None:
        return TokenKeys(settings.jwt_keys_dir, timer=time.monotonic)
    folder = settings.data_dir / "keys"
    ensure_keys(folder, now=now())
    return TokenKeys(folder, timer=time.monotonic)


def _only(settings: Settings) -> tuple[str, str] | None:
    if settings.client_name is None or settings.environment is None:
        return None
    return settings.client_name, settings.environment


async def _nothing_to_reset(_: asyncpg.Connection) -> None:
    """Spare the round trip after each statement: no one leaves a setting or a lock behind."""


async def _pool(database_url: str, *, most: int, name: str) -> asyncpg.Pool:
    return await asyncpg.create_pool(
        plain_url(database_url),
        min_size=1,
        max_size=most,
        timeout=5,
        command_timeout=30,
        max_inactive_connection_lifetime=60,
        reset=_nothing_to_reset,
        server_settings={"application_name": f"mcp-{name}", "timezone": "UTC", "jit": "off"},
    )


@asynccontextmanager
async def platform(
    settings: Settings, parts: Collection[Part], *, database_url: str, redis_url: str | None
) -> AsyncIterator[Platform]:
    """Build the parts of one process and take them apart again afterwards."""
    async with AsyncExitStack() as stack:
        engine = create_engine(
            database_url, pool_size=settings.database_pool, application_name="mcp"
        )
        stack.push_async_callback(engine.dispose)
        sessions = create_sessions(engine)
        tenants = TenantDirectory(sessions=sessions, timer=time.monotonic, only=_only(settings))
        credentials = CachedCredentials(credential_store(settings), timer=time.monotonic)
        health = TenantHealth(sessions, timer=time.monotonic)
        notices = Notices(sessions, template=settings.owner_notice_template)
        calendars = GoogleCalendars(
            api_url=settings.google_calendar_url,
            token_url=settings.google_token_url,
            timeout=settings.vendor_timeout_s,
            max_threads=CALENDAR_THREADS,
        )
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
        ingest = webhook = api = worker = None
        if "gateway" in parts:
            pool = await _pool(database_url, most=3, name="ingest")
            stack.push_async_callback(pool.close)
            ingest = Ingest(pool, debounce=settings.debounce_s)
            await ingest.start()
            stack.push_async_callback(ingest.stop)
            webhook = WhatsAppWebhook(tenants=tenants, credentials=credentials, ingest=ingest)
            api = TenantApi(
                guard=TokenGuard(tokens=Tokens(token_keys(settings)), tenants=tenants, clock=now),
                chat=Chat(sessions=sessions, recorder=ingest, replies=Replies(sessions)),
                desk=Desk(sessions=sessions, catalogues=catalogues, agendas=agendas, clock=now),
            )
        if "worker" in parts:
            worker = await _worker(
                stack,
                settings,
                sessions=sessions,
                tenants=tenants,
                credentials=credentials,
                catalogues=catalogues,
                agendas=agendas,
                health=health,
                notices=notices,
                queue_pool=await _pool(database_url, most=6, name="queue"),
                redis_url=redis_url,
            )
        yield Platform(
            settings=settings,
            engine=engine,
            sessions=sessions,
            tenants=tenants,
            credentials=credentials,
            catalogues=catalogues,
            health=health,
            agendas=agendas,
            ingest=ingest,
            webhook=webhook,
            api=api,
            worker=worker,
        )


async def _worker(
    stack: AsyncExitStack,
    settings: Settings,
    *,
    sessions: Sessions,
    tenants: TenantDirectory,
    credentials: CachedCredentials,
    catalogues: Catalogues,
    agendas: Agendas,
    health: TenantHealth,
    notices: Notices,
    queue_pool: asyncpg.Pool,
    redis_url: str | None,
) -> Worker:
    stack.push_async_callback(queue_pool.close)
    tls = ssl.create_default_context()
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
    leases = Leases(sessions, lasts=settings.lease_s)
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
            sessions=sessions,
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
            claim=settings.claim_s, doubt=settings.uncertain_s, sweep_grace=settings.forgotten_s
        ),
    )
    return Worker(
        sessions=sessions,
        queue_pool=queue_pool,
        answering=answering,
        delivery=delivery,
        notices=notices,
        concurrency=settings.worker_concurrency,
        per_tenant=settings.tenant_concurrency,
        sweep_every=settings.sweep_s,
        patience=settings.debounce_cap_s + settings.forgotten_s,
        lease=settings.lease_s,
        keep=timedelta(days=settings.retention_days),
        pinned=settings.pinned,
    )

"""What answers and delivers, built for one process."""

import asyncio
import time
from contextlib import AsyncExitStack
from datetime import timedelta

import httpx

from mcp_platform.assistant.assistant import Assistant, Limits
from mcp_platform.bootstrap.pieces import Agendas, now, open_gemini, open_redis, tls_context
from mcp_platform.conversations.lease import Leases
from mcp_platform.doctor.daily import DailyCheck
from mcp_platform.doctor.doctor import Doctor
from mcp_platform.flow import InboxHandler, Patience
from mcp_platform.kit.consumer import Places, Queue
from mcp_platform.kit.database import Sessions
from mcp_platform.outbox.delivery import Delivery, DeliverySettings
from mcp_platform.outbox.effects import Effects
from mcp_platform.outbox.notices import Notices
from mcp_platform.scheduling.calendar_watch import CalendarWatch
from mcp_platform.scheduling.catalogue_store import Catalogues
from mcp_platform.settings import Settings
from mcp_platform.tenants.cards import BusinessCards
from mcp_platform.tenants.credential_cache import CachedCredentials
from mcp_platform.tenants.directory import TenantDirectory
from mcp_platform.tenants.health import TenantHealth
from mcp_platform.tenants.tenant import Topology
from mcp_platform.whatsapp.client import WhatsApp
from mcp_platform.whatsapp.pacing import Pacing
from mcp_platform.whatsapp.receipts import Receipts
from mcp_platform.worker import Worker


async def build_worker(
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
    queue: Queue,
    news: asyncio.Event,
    redis_url: str | None,
    beats: Sessions,
) -> Worker:
    tls = tls_context()
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
        redis = open_redis(redis_url)
        stack.push_async_callback(redis.aclose)
    whatsapp = WhatsApp(
        http=http, base_url=settings.meta_graph_url, version=settings.meta_graph_version
    )
    topology: Topology = "isolated" if settings.pinned else "shared"
    leases = Leases(sessions, beats=beats, lasts=settings.lease_s)
    model = open_gemini(settings, stack, http=http, call_timeout=settings.vendor_timeout_s * 2)
    patience = Patience(
        quiet=settings.debounce_s,
        cap=settings.debounce_cap_s,
        park_after=settings.park_after,
    )
    answering = InboxHandler(
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
        processor=settings.turn_processor_s,
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
        queue=queue,
        news=news,
        answering=answering,
        delivery=delivery,
        notices=notices,
        daily=DailyCheck(
            doctor=doctor, sessions=sessions, tenants=tenants, pinned=settings.pinned, clock=now
        ),
        calendars=CalendarWatch(
            sessions=sessions,
            tenants=tenants,
            catalogues=catalogues,
            calendar_of=agendas.calendar_of,
            notices=notices,
            pinned=settings.pinned,
            clock=now,
        ),
        places=Places(settings.worker_concurrency, settings.tenant_concurrency),
        sweep_every=settings.sweep_s,
        patience=settings.debounce_cap_s + settings.forgotten_s,
        lease=settings.lease_s,
        keep=timedelta(days=settings.retention_days),
        topology=topology,
    )

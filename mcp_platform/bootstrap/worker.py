"""The part `worker`: what answers and delivers."""

import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta

import httpx

from mcp_platform.assistant.assistant import Assistant, Limits
from mcp_platform.assistant.model import Model
from mcp_platform.bootstrap.doors import open_gemini, open_redis, tls_context
from mcp_platform.bootstrap.shared import Shared
from mcp_platform.conversations.idle import IdleConversations
from mcp_platform.conversations.lease import Leases
from mcp_platform.doctor.daily import DailyCheck
from mcp_platform.doctor.doctor import Doctor
from mcp_platform.flow import InboxHandler, Patience
from mcp_platform.kit.consumer import Places
from mcp_platform.kit.database import create_sessions
from mcp_platform.kit.row_security import DatabaseRole
from mcp_platform.outbox.delivery import Delivery, DeliverySettings
from mcp_platform.outbox.effects import Effects
from mcp_platform.registry.fleet.rows import FleetRefresher
from mcp_platform.reminders.conditions import ReminderConditions
from mcp_platform.reminders.reminders import Reminders
from mcp_platform.scheduling.calendar_watch import CalendarWatch
from mcp_platform.templates.watch import TemplateWatch
from mcp_platform.tenants.cards import BusinessCards
from mcp_platform.tenants.tenant import Topology
from mcp_platform.whatsapp.client import WhatsApp
from mcp_platform.whatsapp.graph_account import GraphAccount
from mcp_platform.whatsapp.pacing import Pacing
from mcp_platform.whatsapp.receipts import Receipts
from mcp_platform.worker import Worker


async def open_worker(
    stack: AsyncExitStack,
    shared: Shared,
    doctor: Doctor,
    *,
    redis_url: str | None,
    watching: Callable[[Model], Model] | None = None,
) -> Worker:
    settings, sessions, tenants = shared.settings, shared.sessions, shared.tenants
    credentials, catalogues, agendas = shared.credentials, shared.catalogues, shared.agendas
    health, notices, clock = shared.health, shared.notices, shared.clock
    # Leases are kept up on a connection of their own.
    beating = shared.database.occasional(DatabaseRole.WORKER, name="mcp-leases")
    stack.push_async_callback(beating.dispose)
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
    leases = Leases(sessions, beats=create_sessions(beating), lasts=settings.lease_s)
    gemini = open_gemini(settings, stack, http=http, call_timeout=settings.vendor_timeout_s * 2)
    model = gemini if gemini is None or watching is None else watching(gemini)
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
        catalogues=catalogues,
        receipts=Receipts(whatsapp=whatsapp, credentials=credentials),
        notices=notices,
        patience=patience,
        processor=settings.turn_processor_s,
        clock=clock,
    )
    delivery = Delivery(
        sessions=sessions,
        tenants=tenants,
        credentials=credentials,
        effects=Effects(whatsapp=whatsapp, calendar_of=agendas.calendar),
        pacing=Pacing(redis=redis, processes=settings.worker_processes),
        health=health,
        notices=notices,
        reminding=ReminderConditions(),
        clock=clock,
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
        queue=await shared.database.queue(stack, shared.queue),
        news=shared.news,
        answering=answering,
        delivery=delivery,
        notices=notices,
        daily=DailyCheck(
            doctor=doctor, sessions=sessions, tenants=tenants, pinned=settings.pinned, clock=clock
        ),
        calendars=CalendarWatch(
            sessions=sessions,
            tenants=tenants,
            catalogues=catalogues,
            calendar_of=agendas.calendar_of,
            notices=notices,
            pinned=settings.pinned,
            clock=clock,
        ),
        templates=TemplateWatch(
            sessions=sessions,
            tenants=tenants,
            credentials=credentials,
            account=GraphAccount(
                http=http, base_url=settings.meta_graph_url, version=settings.meta_graph_version
            ),
            pinned=settings.pinned,
            clock=clock,
        ),
        reminders=Reminders(sessions=sessions, tenants=tenants, topology=topology, clock=clock),
        idle=IdleConversations(
            sessions=sessions, tenants=tenants, notices=notices, topology=topology, clock=clock
        ),
        places=Places(settings.worker_concurrency, settings.tenant_concurrency),
        sweep_every=settings.sweep_s,
        patience=settings.debounce_cap_s + settings.forgotten_s,
        lease=settings.lease_s,
        keep=timedelta(days=settings.retention_days),
        topology=topology,
        fleet=FleetRefresher(sessions, clock=clock),
    )

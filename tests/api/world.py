"""Two businesses, their tokens, and the tenant API over a real database and the real turn."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import asyncpg
import httpx
from fastapi import FastAPI
from sqlalchemy import FromClause, Row, select, text

from mcp_platform.access.tenant_tokens import TenantTokens, TokenGuard
from mcp_platform.access.token_keys import TokenKeys, ensure_keys
from mcp_platform.assistant.assistant import Assistant, Limits
from mcp_platform.conversations.api import ConversationRoutes, chat_router, conversations_router
from mcp_platform.conversations.chat import Chat
from mcp_platform.conversations.contacts import Contacts, Identity
from mcp_platform.conversations.lease import Leases
from mcp_platform.conversations.models import CONTACTS, MESSAGES
from mcp_platform.conversations.replies import Replies
from mcp_platform.flow import InboxHandler, Patience
from mcp_platform.inbox.ingest import Ingest
from mcp_platform.inbox.models import INBOX_EVENTS, TURNS
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.http import handle_problems
from mcp_platform.kit.queue import SCHEMA, WakeUp
from mcp_platform.outbox.models import OUTBOX
from mcp_platform.outbox.notices import Notices
from mcp_platform.scheduling.agenda import Agenda
from mcp_platform.scheduling.api import appointments_router
from mcp_platform.scheduling.catalogue import Catalogue
from mcp_platform.scheduling.catalogue_store import Catalogues
from mcp_platform.scheduling.models import AppointmentRow
from mcp_platform.scheduling.tenant_appointments import TenantAppointments
from mcp_platform.tenants.access import SCOPES
from mcp_platform.tenants.credentials import Credentials, CredentialsMissing
from mcp_platform.tenants.directory import TenantDirectory
from mcp_platform.tenants.health import TenantHealth
from mcp_platform.tenants.tenant import Tenant, TenantId
from mcp_platform.whatsapp.client import WhatsApp
from mcp_platform.whatsapp.receipts import Receipts
from tests.factories import add_tenant
from tests.scheduling.shop import OwnersCalendars, catalogue

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)  # a Monday; 09:00 in São Paulo
TUESDAY = "2026-12-01"
IDLE = timedelta(hours=1)
ALL = frozenset(SCOPES)
TAKE = f"DELETE FROM {SCHEMA}.pgqueuer WHERE entrypoint = 'inbox' RETURNING payload"  # a constant


class NoCredentials:
    async def of(self, tenant: Tenant) -> Credentials:
        raise CredentialsMissing("This shop has none.")


class NoCards:
    async def of(self, tenant: Tenant) -> dict[str, str | None]:
        return {"name": tenant.business_name, "address": None, "phone": None, "notes": None}


class Shops:
    """Agendas over calendars in memory, one owner's a tenant."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self.calendars: dict[TenantId, OwnersCalendars] = {}

    async def of(self, tenant: Tenant, catalogue: Catalogue) -> Agenda:
        async def tell(error: Exception, *, calendar_id: str | None) -> None:
            """Nobody listens."""

        return Agenda(
            tenant=tenant,
            catalogue=catalogue,
            sessions=self._sessions,
            calendar=self.calendars.setdefault(tenant.id, OwnersCalendars()),
            hold_for=timedelta(minutes=5),
            tell=tell,
        )


class World:
    def __init__(self, sessions: Sessions, pool: asyncpg.Pool, keys: Path) -> None:
        self.sessions, self.pool, self.now = sessions, pool, NOW
        ensure_keys(keys, now=NOW)
        self.key_folder = keys
        self.keys = TokenKeys(keys, timer=time.monotonic)
        self.tokens = TenantTokens(self.keys)
        self.tenants = TenantDirectory(sessions=sessions, timer=time.monotonic)
        self.catalogues = Catalogues(sessions=sessions, timer=time.monotonic)
        self.shops = Shops(sessions)
        self.ingest = Ingest(pool, debounce=timedelta(0))
        self.guard = TokenGuard(tokens=self.tokens, tenants=self.tenants, clock=self.clock)
        self.appointments = TenantAppointments(
            sessions=sessions, catalogues=self.catalogues, agendas=self.shops, clock=self.clock
        )
        self.app = self.serve(patience=timedelta(seconds=30))
        self.answering = self._answering()

    def clock(self) -> datetime:
        return self.now

    def serve(self, *, patience: timedelta) -> FastAPI:
        app = FastAPI()
        handle_problems(app)
        chat = Chat(
            sessions=self.sessions,
            recorder=self.ingest,
            replies=Replies(self.sessions, ask_every=timedelta(milliseconds=10)),
            patience=patience,
        )
        app.include_router(chat_router(chat, self.guard))
        app.include_router(appointments_router(self.appointments, self.guard))
        visits = ConversationRoutes(sessions=self.sessions, idle=IDLE, clock=self.clock)
        app.include_router(conversations_router(visits, self.guard))
        return app

    def _answering(self) -> InboxHandler:
        leases = Leases(self.sessions, beats=self.sessions, lasts=timedelta(seconds=15))
        nobody = NoCredentials()
        whatsapp = WhatsApp(http=SimpleNamespace(), base_url="http://127.0.0.1:9", version="v26.0")  # type: ignore[arg-type]  # never called: there are no credentials
        return InboxHandler(
            sessions=self.sessions,
            tenants=self.tenants,
            leases=leases,
            assistant=Assistant(
                leases=leases,
                catalogues=self.catalogues,
                agendas=self.shops,
                cards=NoCards(),
                credentials=nobody,
                model=None,
                notices=Notices(self.sessions),
                health=TenantHealth(self.sessions, timer=time.monotonic),
                limits=Limits(
                    rounds=1, deadline=timedelta(seconds=5), human_for=timedelta(hours=1)
                ),
                timer=time.monotonic,
            ),
            catalogues=self.catalogues,
            receipts=Receipts(whatsapp=whatsapp, credentials=nobody),
            notices=Notices(self.sessions),
            patience=Patience(quiet=timedelta(0), cap=timedelta(0), park_after=3),
            processor=timedelta(seconds=2),
            clock=self.clock,
        )

    @contextlib.asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Take wake-ups from the queue and have them handled, as the worker does."""

        stopping = asyncio.Event()

        async def work() -> None:
            while not stopping.is_set():
                for each in await self.pool.fetch(TAKE):
                    await self.answering.handle(WakeUp.unpack(each["payload"]))
                await asyncio.sleep(0.01)

        working = asyncio.create_task(work())
        try:
            yield
        finally:
            stopping.set()
            await working

    async def open(
        self, *, status: str = "active", since: datetime = NOW - timedelta(days=1)
    ) -> "Business":
        tenant = await add_tenant(
            self.sessions,
            offers=catalogue(),
            calendar_id="shop@example.com",
            status=status,
            created_at=since,
        )
        calendars = self.shops.calendars[tenant.id] = OwnersCalendars()
        return Business(self, tenant.id, tenant.path, calendars)


class Business:
    """One tenant, and a client of its API."""

    def __init__(
        self, world: World, tenant_id: TenantId, path: str, calendar: OwnersCalendars
    ) -> None:
        self.world, self.id, self.path, self.calendar = world, tenant_id, path, calendar

    def token(self, *, scopes: frozenset[str] = ALL, **more: Any) -> str:
        arguments = {"ttl": timedelta(hours=1), "now": NOW, "subject": "site", **more}
        return self.world.tokens.mint(tenant=self.path, scopes=scopes, **arguments)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        token: str | None = "",
        app: FastAPI | None = None,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> httpx.Response:
        sent = dict(headers or {})
        if token is not None:
            sent["authorization"] = f"Bearer {token or self.token()}"
        transport = httpx.ASGITransport(app=app or self.world.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as client:
            return await client.request(
                method, f"/{self.path}/api/v1{path}", headers=sent, timeout=60, **more
            )

    async def chat(self, message: str | None = "Oi", **more: Any) -> httpx.Response:
        body = {"user_id": "ana", **({} if message is None else {"message": message})}
        extra = {name: more.pop(name) for name in ("token", "app", "headers") if name in more}
        return await self.ask("POST", "/chat", json={**body, **more}, **extra)

    async def create(self, at: str = "10:00", **more: Any) -> httpx.Response:
        extra = {name: more.pop(name) for name in ("token", "headers") if name in more}
        body = {
            "service": "corte",
            "professional": "ze",
            "start": f"{TUESDAY}T{at}:00-03:00",
            "user_id": "ana",
            **more,
        }
        body = {name: value for name, value in body.items() if value is not None}
        return await self.ask("POST", "/appointments/create", json=body, **extra)

    async def writes_on_whatsapp(self, wa_id: str) -> uuid.UUID:
        """Become known as a contact who has written just now."""
        async with self.world.sessions.everywhere.begin() as session:
            contacts = Contacts(session, self.id)
            known = await contacts.ensure(Identity(wa_id=wa_id, name="Bia"))
            await contacts.note_inbound(known, self.world.now)
            return known

    async def all(self, table: FromClause) -> list[Any]:
        async with self.world.sessions.everywhere() as session:
            return list(await session.execute(select(table).where(table.c.tenant_id == self.id)))

    async def events(self) -> list[Row[Any]]:
        return await self.all(INBOX_EVENTS)

    async def messages(self) -> list[Row[Any]]:
        return await self.all(MESSAGES)

    async def contacts(self) -> list[Row[Any]]:
        return await self.all(CONTACTS)

    async def appointments(self) -> list[AppointmentRow]:
        return await self.all(AppointmentRow.__table__)

    async def sent(self) -> list[Row[Any]]:
        return [each for each in await self.all(OUTBOX) if each.kind == "whatsapp"]

    async def audited(self) -> list[tuple[str, str, str]]:
        """Return who did what to what, as the trail has it, oldest first."""
        async with self.world.sessions.everywhere() as session:
            found = await session.execute(
                text(
                    "SELECT actor, action, target FROM audit_entries WHERE tenant_id = :tenant"
                    " AND actor_kind = 'token' ORDER BY id"
                ),
                {"tenant": self.id},
            )
            return [(actor, action, target) for actor, action, target in found]

    async def turns(self) -> list[Row[Any]]:
        return await self.all(TURNS)

    async def execute(self, statement: str, **values: Any) -> None:
        async with self.world.sessions.everywhere.begin() as session:
            await session.execute(text(statement), {"tenant": self.id, **values})

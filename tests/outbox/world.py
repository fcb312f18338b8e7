"""A business with a customer, an outbox, and the simulated Meta over HTTP."""

import uuid
from datetime import timedelta
from typing import Any

import httpx
from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from mcp_platform.errors import NotFound
from mcp_platform.kit.database import create_sessions
from mcp_platform.kit.queue import WakeUp
from mcp_platform.outbox.delivery import Delivery, DeliverySettings
from mcp_platform.outbox.effects import Effects
from mcp_platform.outbox.models import OUTBOX
from mcp_platform.outbox.outbox import Outbox, contact_lane
from mcp_platform.outbox.statuses import AppliedStatuses, StatusUpdate, apply_statuses
from mcp_platform.reminders.conditions import ReminderConditions
from mcp_platform.simulators.meta.app import MetaWorld
from mcp_platform.simulators.meta.state import Number
from mcp_platform.simulators.meta.webhooks import failed_value, status_value
from mcp_platform.tenants.credentials import Credentials
from mcp_platform.tenants.tenant import Tenant, TenantId
from mcp_platform.whatsapp.client import WhatsApp
from mcp_platform.whatsapp.messages import Recipient
from mcp_platform.whatsapp.pacing import Pacing
from mcp_platform.whatsapp.reply import Reply
from tests import factories
from tests.clocks import Clock

PHONE_ID = "106540352242922"
TOKEN = "EAAG-token-of-the-barber"
CUSTOMER = "5511999998888"


class Collaborators:
    """The tenant directory, the credentials, health and notices of one tenant, remembering."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.credentials = Credentials(whatsapp_api_token=TOKEN, whatsapp_phone_number_id=PHONE_ID)
        self.degraded: dict[str, str] = {}
        self.looks = 0
        self.given_up: list[tuple[str, int | None, str]] = []

    async def by_id(self, tenant_id: TenantId) -> Tenant:
        if tenant_id != self.tenant.id:
            raise NotFound("no such tenant")
        return self.tenant

    async def of(self, tenant: Tenant) -> Credentials:
        return self.credentials

    async def refused(self, tenant_id: TenantId, what: str, reason: str) -> None:
        self.degraded[what] = reason

    async def accepted(self, tenant_id: TenantId, what: str) -> None:
        self.degraded.pop(what, None)

    async def look(self) -> None:
        self.looks += 1

    async def gave_up(self, session: Any, *, effect: Any, code: int | None, error: str) -> None:
        self.given_up.append((effect.key, code, error))


class World:
    """What a test acts on."""

    def __init__(self, engine: AsyncEngine, meta: MetaWorld, clock: Clock, url: str) -> None:
        self.engine = engine
        self.sessions = create_sessions(engine)
        self.meta = meta
        self.clock = clock
        self.http = httpx.AsyncClient(trust_env=False)
        self.whatsapp = WhatsApp(http=self.http, base_url=url, version="v26.0")
        self.calendar = Calendars()
        self.contact_id = uuid.uuid4()
        self.lane = contact_lane(self.contact_id)
        self.pacing: Any = Pacing(redis=None)

    async def open(self) -> None:
        tenant = await factories.add_tenant(self.sessions, phone_number_id=PHONE_ID)
        self.tenant_id = tenant.id
        await factories.add_contact(
            self.sessions,
            tenant.id,
            id=self.contact_id,
            wa_id=CUSTOMER,
            last_inbound_at=self.clock.now,
        )
        self.around = Collaborators(tenant)
        number = Number(
            phone_number_id=PHONE_ID,
            waba_id="waba",
            display_phone_number="15550783881",
            token=TOKEN,
            app_id="app",
            app_secret="secret",
            verify_token="verify",
        )
        self.meta.state.numbers[PHONE_ID] = number
        self.number = number
        customer = number.contact(wa_id=CUSTOMER)
        customer.last_inbound_at = self.clock.now.timestamp()
        self.delivery = self.new_delivery()

    def new_delivery(self, **settings: Any) -> Delivery:
        return Delivery(
            sessions=self.sessions,
            tenants=self.around,
            credentials=self.around,
            effects=Effects(whatsapp=self.whatsapp, calendar_of=lambda _: self.calendar),
            pacing=self.pacing,
            health=self.around,
            reminding=ReminderConditions(),
            notices=self.around,
            clock=self.clock,
            settings=DeliverySettings(**settings),
            uniform=max,
        )

    async def record(self, *keys: str, content: Any = None, lane: str = "", **more: Any) -> None:
        """Record replies to the customer, each saying its key."""
        for key in keys:
            async with self.sessions.everywhere.begin() as session:
                await Outbox(session, self.tenant_id).send(
                    key=key,
                    lane=lane or self.lane,
                    content=content or Reply(key),
                    recipient=Recipient(wa_id=CUSTOMER),
                    contact_id=self.contact_id,
                    **more,
                )

    async def work(self, *, lane: str = "", by: Delivery | None = None) -> timedelta | None:
        return await (by or self.delivery).handle(WakeUp(self.tenant_id, lane or self.lane))

    async def row(self, key: str) -> Row[Any]:
        async with self.sessions.everywhere() as session:
            found = await session.execute(select(OUTBOX).where(OUTBOX.c.key == key))
            return found.one()

    async def states(self) -> dict[str, str]:
        async with self.sessions.everywhere() as session:
            found = await session.execute(
                select(OUTBOX.c.key, OUTBOX.c.state).order_by(OUTBOX.c.id)
            )
            return {row.key: row.state for row in found}

    async def wakeups(self) -> list[str]:
        """Take the wake-ups that are queued."""
        async with self.engine.begin() as connection:
            found = await connection.execute(
                text(
                    "WITH taken AS (DELETE FROM queue.pgqueuer RETURNING id, payload)"
                    " SELECT payload FROM taken ORDER BY id"
                )
            )
            return [WakeUp.unpack(payload).key for (payload,) in found]

    @property
    def sent(self) -> list[str]:
        """The keys of what Meta accepted, in order."""
        return [each["biz_opaque_callback_data"] for each in self.meta.sent()]

    def told(self, status: str, *, nth: int = -1, code: int = 131026) -> StatusUpdate:
        """Return the status that Meta would tell of the nth message it accepted."""
        entry = [each for each in self.number.entries if each.direction == "out"][nth]
        at = self.clock.now.timestamp()
        value = (
            failed_value(self.number, entry, code=code, at=at)
            if status == "failed"
            else status_value(self.number, entry, status=status, at=at)
        )
        update = StatusUpdate.from_webhook(self.tenant_id, value["statuses"][0])
        assert update is not None
        return update

    async def apply(self, *updates: StatusUpdate) -> AppliedStatuses:
        async with self.sessions.everywhere.begin() as session:
            return await apply_statuses(session, updates)


class Calendars:
    """A calendar that remembers what it was asked, and fails when told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.failures: list[Exception] = []

    async def read(self, **_: Any) -> Any:
        raise NotImplementedError

    async def put(self, *, calendar_id: str, event: Any) -> None:
        self.asked.append(("put", calendar_id, event))
        if self.failures:
            raise self.failures.pop(0)

    async def remove(self, *, calendar_id: str, event_id: str) -> None:
        self.asked.append(("remove", calendar_id, event_id))
        if self.failures:
            raise self.failures.pop(0)

"""A whole world in one process: simulators over HTTP, the real service, a customer who writes."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import uvicorn
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.app import create_app
from mcp_platform.bootstrap.service import Platform, platform
from mcp_platform.cli.serving import KEEP_ALIVE_S
from mcp_platform.rehearsal.phone import UNFINISHED, choices_of
from mcp_platform.scheduling.catalogue import Catalogue
from mcp_platform.settings import Settings
from mcp_platform.simulators.gemini import app as gemini
from mcp_platform.simulators.google import app as google_calendar
from mcp_platform.simulators.meta import app as meta
from mcp_platform.simulators.serving import Served
from mcp_platform.tenants.models import TenantRow
from mcp_platform.tenants.tenant import TenantId
from mcp_platform.whatsapp.signature import sign
from mcp_platform.words.texts import TEXTS
from tests import factories
from tests.factories import ZONE

PATIENCE_S = 90.0  # for anything, on a machine with other things to do; only failures wait so long
LONG_POLL_S = 2.0  # less than the time-out of the clients that ask
ANA = "5511999998888"
APP_VERIFY = "verify-the-app"  # what Meta knows to set the app's own callback


@dataclass(slots=True)
class ServedTenant:
    """One tenant of the world, with everything that identifies it to the vendors."""

    id: TenantId
    client_name: str
    phone_number_id: str
    calendar_id: str
    app_secret: str
    gemini_key: str
    owner: str
    environment: str = "production"

    @property
    def path(self) -> str:
        return f"{self.client_name}/{self.environment}"


@dataclass(slots=True)
class World:
    """What a test sees: the service, the simulators' controls, and the database."""

    settings: Settings
    database_url: str
    meta: httpx.AsyncClient
    gemini: httpx.AsyncClient
    google: httpx.AsyncClient
    credentials: Path
    tenants: list[ServedTenant] = field(default_factory=list)
    platform: Platform | None = None
    url: str = ""

    @property
    def tenant(self) -> ServedTenant:
        return self.tenants[0]

    def session(self) -> AbstractAsyncContextManager[AsyncSession]:
        assert self.platform is not None
        return self.platform.shared.admin_sessions.everywhere.begin()

    async def rows(self, statement: str, **values: Any) -> list[Any]:
        """Ask the database; `:tenant` is the first tenant's id."""
        if ":tenant" in statement:
            values.setdefault("tenant", self.tenant.id)
        async with self.session() as session:
            return list((await session.execute(text(statement), values)).all())

    async def value(self, statement: str, **values: Any) -> Any:
        found = await self.rows(statement, **values)
        return found[0][0] if found else None

    async def as_owner(self, *statements: str) -> None:
        """Do what no role of the service may."""
        connection = await asyncpg.connect(self.database_url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def let_pass(self, *, seconds: int) -> None:
        """Let time pass for what waits to be answered."""
        ago = f"interval '{seconds} seconds'"
        await self.as_owner(
            f"UPDATE inbox_events SET received_at = received_at - {ago}"
            f" WHERE tenant_id = {self.tenant.id} AND state = 'waiting'",
            f"UPDATE queue.pgqueuer SET execute_after = execute_after - {ago}"
            f" WHERE convert_from(payload, 'UTF8')::jsonb ->> 'tenant' = '{self.tenant.id}'",
        )

    async def statuses(self, *, to: ServedTenant | None = None) -> list[str]:
        """Return the states of a tenant's appointments, as they were made."""
        rows = await self.rows(
            "SELECT status FROM appointments WHERE tenant_id = :tenant ORDER BY created_at, id",
            tenant=(to or self.tenant).id,
        )
        return [status for (status,) in rows]

    async def starts(self, *, status: str = "booked", to: ServedTenant | None = None) -> list[str]:
        """Return when a tenant's appointments of one state start: `2026-12-01 10:00`."""
        rows = await self.rows(
            "SELECT starts_at FROM appointments WHERE tenant_id = :tenant AND status = :status"
            " ORDER BY starts_at, id",
            tenant=(to or self.tenant).id,
            status=status,
        )
        return [f"{at.astimezone(ZONE):%Y-%m-%d %H:%M}" for (at,) in rows]

    async def idle(self) -> None:
        """Wait until all that was said is dealt with, and Meta has told all there is to tell."""
        await eventually(self.is_idle, why="an end of all that is under way")

    async def is_idle(self) -> bool:
        """Tell whether nothing is left to be done, here or at Meta.

        Between two looks at Meta that find all acknowledged, and no message more, nothing can have
        come that the look at the database missed.
        """
        if await self.value(UNFINISHED):
            return False
        before = await self._progress()
        if before["under_way"] or await self.value(UNFINISHED):
            return False
        return await self._progress() == before

    async def _progress(self) -> dict[str, int]:
        """Return what Meta took from the tenant, and how much of it Meta has still to tell."""
        query = {"phone_number_id": self.tenant.phone_number_id}
        return dict(await _ok(self.meta.get("/_control/progress", params=query)))

    async def asked_model(self) -> list[dict[str, Any]]:
        """Return the requests that Gemini got with this tenant's key."""
        answer = await _ok(self.gemini.get("/_control/requests"))
        return [
            each
            for each in answer["requests"]
            if each["headers"].get("x-goog-api-key") == self.tenant.gemini_key
        ]

    # -- making tenants ------------------------------------------------------------------------

    async def add_tenant(
        self,
        client_name: str | None = None,
        *,
        catalogue: Catalogue | None = None,
        serve_at: str | None = None,
        **columns: Any,
    ) -> ServedTenant:
        """Make a tenant here and at every vendor."""
        tenant = await self.register(client_name, catalogue=catalogue, **columns)
        await self.announce(tenant, serve_at=serve_at or self.url)
        return tenant

    async def register(
        self,
        client_name: str | None = None,
        *,
        catalogue: Catalogue | None = None,
        **columns: Any,
    ) -> ServedTenant:
        """Make a tenant that Meta does not know yet."""
        number = f"1{uuid4().int % 10**14:014d}"
        client_name = client_name or f"barbearia-{number[-8:]}"
        tenant = ServedTenant(
            id=TenantId(0),
            client_name=client_name,
            phone_number_id=number,
            calendar_id=f"{client_name}@group.calendar.google.com",
            app_secret=f"secret-{client_name}",
            gemini_key=f"key-{client_name}",
            owner="5511900000001",
        )
        account = f"agenda@{client_name}.iam.gserviceaccount.com"
        private, public = google_calendar.new_service_account(account)
        await self._google_account(tenant, account, public)
        await self._write_credentials(tenant, account, private)
        known = {
            "phone_number_id": tenant.phone_number_id,
            "waba_id": f"waba-{client_name}",
            "calendar_id": tenant.calendar_id,
            "owner_whatsapp": tenant.owner,
            "address": "Rua das Flores, 123",
        }
        async with self.session() as session:
            made = await factories.add_tenant(
                session,
                client_name,
                environment=tenant.environment,
                offers=catalogue or factories.catalogue(),
                **{**known, **columns},
            )
        tenant.id = made.id
        self.tenants.append(tenant)
        return tenant

    async def announce(self, tenant: ServedTenant, *, serve_at: str) -> None:
        """Give Meta the tenant's number, and where its webhooks go: that is knocked at."""
        await _ok(
            self.meta.post(
                "/_control/numbers",
                json={
                    "phone_number_id": tenant.phone_number_id,
                    "waba_id": f"waba-{tenant.client_name}",
                    "display_phone_number": "551140000001",
                    "token": f"token-{tenant.client_name}",
                    "app_id": f"app-{tenant.client_name}",
                    "app_secret": tenant.app_secret,
                    "verify_token": f"verify-{tenant.client_name}",
                    "callback_url": f"{serve_at}/{tenant.path}/api/v1/webhooks/whatsapp",
                },
            )
        )

    async def _google_account(self, tenant: ServedTenant, account: str, public: str) -> None:
        await _ok(
            self.google.post(
                "/_control/accounts",
                json={"client_email": account, "public_key_pem": public, "private_key_id": "k1"},
            )
        )
        await _ok(
            self.google.post(
                "/_control/calendars",
                json={
                    "id": tenant.calendar_id,
                    "summary": tenant.client_name,
                    "time_zone": ZONE.key,
                    "access_role": "writer",
                    "shared_with": [account],
                },
            )
        )

    async def _write_credentials(self, tenant: ServedTenant, account: str, private: str) -> None:
        key = private.replace("\n", "\\n")
        lines = {
            "GOOGLE_CALENDAR_ID": tenant.calendar_id,
            "GOOGLE_CLIENT_EMAIL": account,
            "GOOGLE_PRIVATE_KEY": f'"{key}"',
            "GEMINI_API_KEY": tenant.gemini_key,
            "WHATSAPP_API_TOKEN": f"token-{tenant.client_name}",
            "WHATSAPP_PHONE_NUMBER_ID": tenant.phone_number_id,
            "WHATSAPP_BUSINESS_ACCOUNT_ID": f"waba-{tenant.client_name}",
            "WHATSAPP_APP_SECRET": tenant.app_secret,
            "WHATSAPP_WEBHOOK_VERIFY_TOKEN": f"verify-{tenant.client_name}",
        }
        text_ = "\n".join(f"{name}={value}" for name, value in lines.items())
        (self.credentials / f"{tenant.client_name}-{tenant.environment}.env").write_text(text_)

    async def announce_app(self) -> None:
        """Have Meta tell the app of the tenant, at the callback of all."""
        name = self.tenant.client_name
        token = f"app-{name}|{self.tenant.app_secret}"
        callback = f"{self.url}/api/v1/webhooks/meta"
        wanted = {"object": "whatsapp_business_account", "callback_url": callback}
        await _ok(
            self.meta.post(
                f"/v26.0/app-{name}/subscriptions",
                json={**wanted, "verify_token": APP_VERIFY},
                headers={"authorization": f"Bearer {token}"},
            )
        )

    # -- being a customer ----------------------------------------------------------------------

    async def say(
        self, text_: str, *, as_: str = ANA, to: ServedTenant | None = None, name: str = "Ana"
    ) -> dict[str, Any]:
        """Write a message as a customer; return what the simulator says of its delivery."""
        return await self.write({"wa_id": as_, "name": name}, to=to, text=text_)

    async def tap(
        self, choice: dict[str, str], *, as_: str = ANA, to: ServedTenant | None = None
    ) -> dict[str, Any]:
        reply = {"id": choice["id"], "title": choice["title"], "kind": choice["kind"]}
        return await self.write({"wa_id": as_, "name": "Ana"}, to=to, reply=reply)

    async def write(
        self, who: dict[str, Any], *, to: ServedTenant | None = None, **what: Any
    ) -> dict[str, Any]:
        """Send anything as anybody: `text`, `reply`, `media` or a raw `message`."""
        number = (to or self.tenant).phone_number_id
        inbound = {"phone_number_id": number, "from": who, **what}
        return dict(await _ok(self.meta.post("/_control/inbound", json=inbound)))

    async def write_together(self, *messages: tuple[str, dict[str, Any]]) -> dict[str, Any]:
        """Send several messages of (phone, content) in one POST."""
        number = self.tenant.phone_number_id
        batch = [
            {"phone_number_id": number, "from": {"wa_id": wa_id, "name": "Ana"}, **what}
            for wa_id, what in messages
        ]
        return dict(await _ok(self.meta.post("/_control/inbound", json={"batch": batch})))

    async def sent(
        self, *, as_: str | None = ANA, to: ServedTenant | None = None, at_least: int = 0
    ) -> list[dict[str, Any]]:
        """Return what the business has sent, oldest first: Meta's payloads.

        Where that is less than `at_least`, the answer comes a little later.
        """
        tenant = to or self.tenant
        query = {"phone_number_id": tenant.phone_number_id} | ({"to": as_} if as_ else {})
        wait = {"at_least": at_least, "within_s": LONG_POLL_S} if at_least else {}
        answer = await _ok(self.meta.get("/_control/sent", params=query | wait))
        return list(answer["sent"])

    async def replies(
        self,
        count: int,
        *,
        as_: str | None = ANA,
        to: ServedTenant | None = None,
    ) -> list[dict[str, Any]]:
        """Wait until `count` messages have been sent, for as long as more come, and return them."""
        sent: list[dict[str, Any]] = []

        async def more() -> bool:
            nonlocal sent
            before, sent = len(sent), await self.sent(as_=as_, to=to, at_least=count)
            return len(sent) > before or len(sent) >= count

        while len(sent) < count:
            await eventually(more, why=f"{count} replies: {len(sent)} came")
        return sent

    async def ask(
        self, text_: str, *, as_: str = ANA, to: ServedTenant | None = None
    ) -> dict[str, Any]:
        """Write a message and return the one reply to it."""
        before = len(await self.sent(as_=as_, to=to))
        await self.say(text_, as_=as_, to=to)
        return (await self.replies(before + 1, as_=as_, to=to))[-1]

    async def ask_and_agree(
        self, text_: str, *, as_: str = ANA, to: ServedTenant | None = None
    ) -> dict[str, Any]:
        """Write a message, say yes to what is proposed, if anything is, and return the last reply."""
        reply = await self.ask(text_, as_=as_, to=to)
        yes = next((each for each in choices_of(reply) if each["title"] in AGREES), None)
        return reply if yes is None else await self.choose(yes, as_=as_, to=to)

    async def choose(
        self, choice: dict[str, str], *, as_: str = ANA, to: ServedTenant | None = None
    ) -> dict[str, Any]:
        before = len(await self.sent(as_=as_, to=to))
        await self.tap(choice, as_=as_, to=to)
        return (await self.replies(before + 1, as_=as_, to=to))[-1]

    # -- looking at the owner's calendar -------------------------------------------------------

    async def events(self, *, of: str | None = None) -> list[dict[str, Any]]:
        """Return the calendar's events that are not cancelled."""
        calendar = of or self.tenant.calendar_id
        answer = await _ok(self.google.get(f"/_control/calendars/{calendar}/events"))
        items = answer["events"]
        return [each for each in items if each["status"] != "cancelled"]

    async def shows(self, *starts: datetime) -> bool:
        """Tell whether the calendar shows events at these times, and no others."""
        shown = sorted(each["start"]["dateTime"][:16] for each in await self.events())
        return shown == sorted(start.isoformat()[:16] for start in starts)

    async def owner_adds(
        self, start: datetime, *, minutes: int = 60, of: str | None = None
    ) -> None:
        end = start + timedelta(minutes=minutes)
        await _ok(
            self.google.post(
                f"/_control/calendars/{of or self.tenant.calendar_id}/events",
                json={
                    "summary": "Dentista",
                    "start": {"dateTime": start.isoformat(), "timeZone": ZONE.key},
                    "end": {"dateTime": end.isoformat(), "timeZone": ZONE.key},
                },
            )
        )

    async def fault(self, where: httpx.AsyncClient, name: str, **fault: Any) -> None:
        await _ok(where.post("/_control/faults", json={"fault": name, **fault}))

    def rewrite_credentials(self, **values: str) -> None:
        """Change the first tenant's file of credentials, and let the service see it at once."""
        file = self.credentials / f"{self.tenant.client_name}-{self.tenant.environment}.env"
        lines = [line.partition("=") for line in file.read_text().splitlines()]
        written = (f"{name}={values.get(name, value)}" for name, _, value in lines)
        file.write_text("\n".join(written))
        assert self.platform is not None
        self.platform.shared.credentials._entries.clear()

    async def forgive(self) -> None:
        """End the faults of all simulators."""
        for each in (self.meta, self.gemini, self.google):
            await _ok(each.delete("/_control/faults"))

    async def change(self, *, of: ServedTenant | None = None, **columns: Any) -> None:
        """Change a tenant's row, and let the service see it at once."""
        async with self.session() as session:
            await session.execute(
                update(TenantRow).where(TenantRow.id == (of or self.tenant).id).values(**columns)
            )
        assert self.platform is not None
        self.platform.shared.tenants.forget()

    async def without_model(self) -> None:
        await self.change(model_enabled=False)

    async def script(self, *answers: Any) -> None:
        """Queue what the model answers, one a request."""
        await _ok(
            self.gemini.post(
                "/_control/answers", json={"answers": list(answers), "key": self.tenant.gemini_key}
            )
        )

    async def persona(self, name: str, **more: Any) -> None:
        """Give this tenant's model another character."""
        body = {"persona": name, "key": self.tenant.gemini_key, **more}
        await _ok(self.gemini.post("/_control/persona", json=body))

    async def change_back_to_assistant(self) -> None:
        async with self.session() as session:
            await session.execute(
                text("UPDATE contacts SET answered_by = 'assistant' WHERE tenant_id = :tenant"),
                {"tenant": self.tenant.id},
            )

    # -- posting by hand -----------------------------------------------------------------------

    async def post(
        self,
        body: bytes | dict[str, Any],
        *,
        tenant: ServedTenant | None = None,
        headers: dict[str, str] | None = None,
        path: str | None = None,
    ) -> httpx.Response:
        """Post a webhook's body, signed as the tenant's app signs unless `headers` say otherwise."""
        tenant = tenant or self.tenant
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        if headers is None:
            headers = {"x-hub-signature-256": sign(content, app_secret=tenant.app_secret)}
        async with httpx.AsyncClient() as client:
            return await client.post(
                f"{self.url}/{path or tenant.path}/api/v1/webhooks/whatsapp",
                content=content,
                headers=headers,
            )

    def webhook(
        self, *messages: dict[str, Any], number: str | None = None, **value: Any
    ) -> dict[str, Any]:
        """Return the body that Meta would post for these messages."""
        metadata = {
            "display_phone_number": "551140000001",
            "phone_number_id": number or self.tenant.phone_number_id,
        }
        inside = {"messaging_product": "whatsapp", "metadata": metadata, **value}
        if messages:
            inside["messages"] = list(messages)
        changes = [{"field": "messages", "value": inside}]
        return {
            "object": "whatsapp_business_account",
            "entry": [{"id": "waba", "changes": changes}],
        }


def message(body: str, *, wa_id: str = ANA, **more: Any) -> dict[str, Any]:
    """Return a text message as Meta's webhooks hold it."""
    return {
        "from": wa_id,
        "id": f"wamid.{uuid4().hex}",
        "timestamp": str(int(datetime.now(ZONE).timestamp())),
        "type": "text",
        "text": {"body": body},
        **more,
    }


AGREES = frozenset(
    title
    for texts in TEXTS.values()
    for title in (texts.buttons.confirm, texts.buttons.yes_move, texts.buttons.yes_cancel)
)
"""What stands on the button that does what was proposed, in any language."""


def text_of(message: dict[str, Any]) -> str:
    """Return what a sent message says, its rows and buttons left out."""
    payload = message["payload"]
    if payload["type"] == "text":
        return str(payload["text"]["body"])
    return str(payload["interactive"]["body"]["text"])


def choice(message: dict[str, Any], title: str) -> dict[str, str]:
    """Return the row or button with this title."""
    found = [each for each in choices_of(message) if title.lower() in each["title"].lower()]
    assert found, f"no {title!r} among {[each['title'] for each in choices_of(message)]}"
    return found[0]


def tomorrow(at: int = 0, minute: int = 0, *, days: int = 1) -> datetime:
    day: date = datetime.now(ZONE).date() + timedelta(days=days)
    return datetime.combine(day, time(at, minute), ZONE)


async def eventually(
    holds: Callable[[], Any], *, within: float = PATIENCE_S, why: str = "what was waited for"
) -> None:
    """Wait until `holds`, which may be a coroutine function."""
    try:
        async with asyncio.timeout(within):
            while True:
                result = holds()
                if asyncio.iscoroutine(result):
                    result = await result
                if result:
                    return
                await asyncio.sleep(0.03)
    except TimeoutError:
        raise AssertionError(f"In {within} s there was never {why}") from None


async def _ok(request: Any) -> Any:
    response = await request
    assert response.status_code < 300, response.text
    return response.json() if response.content else None


@dataclass(slots=True)
class Simulators:
    """The three vendors, started once for many tests."""

    meta: Served
    gemini: Served
    google: Served

    @classmethod
    def start(cls) -> "Simulators":
        return cls(
            Served(meta.create_app()),
            Served(gemini.create_app()),
            Served(google_calendar.create_app()),
        )

    def stop(self) -> None:
        for each in (self.meta, self.gemini, self.google):
            each.stop()

    @property
    def settings(self) -> dict[str, str]:
        """Where a service finds them."""
        return {
            "meta_graph_url": self.meta.url,
            "gemini_url": self.gemini.url,
            "google_calendar_url": f"{self.google.url}/calendar/v3/",
            "google_token_url": f"{self.google.url}/token",
        }


@asynccontextmanager
async def unstarted_world(
    simulators: Simulators,
    database_url: str,
    credentials: Path,
    **settings: Any,
) -> AsyncIterator[World]:
    """Make a world in which nothing runs yet; `settings` are the service's."""
    chosen = Settings(credentials_dir=credentials, **simulators.settings, **settings)
    async with (
        httpx.AsyncClient(base_url=simulators.meta.url) as meta_,
        httpx.AsyncClient(base_url=simulators.gemini.url) as gemini_,
        httpx.AsyncClient(base_url=simulators.google.url) as google,
    ):
        yield World(chosen, database_url, meta_, gemini_, google, credentials)


@asynccontextmanager
async def world(
    simulators: Simulators, database_url: str, credentials: Path, **changes: Any
) -> AsyncIterator[World]:
    """Start the service on a database of its own."""
    settings = {
        "debounce_s": 0.15,
        "debounce_cap_s": 1,
        "sweep_s": 0.5,
        "meta_verify_token": APP_VERIFY,
        **changes,
    }
    async with (
        unstarted_world(simulators, database_url, credentials, **settings) as made,
        running(made),
    ):
        yield made


@asynccontextmanager
async def running(made: World, *parts: Any) -> AsyncIterator[Platform]:
    """Run the service's parts (all by default) for the duration of the block."""
    chosen = parts or ("gateway", "worker")
    async with platform(
        made.settings, chosen, database_url=made.database_url, redis_url=made.settings.redis_url
    ) as built:
        listening = socket.create_server(("127.0.0.1", 0))
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        config = uvicorn.Config(
            create_app(built),
            access_log=False,
            log_config=None,
            lifespan="off",
            timeout_keep_alive=KEEP_ALIVE_S,
            ws="none",
        )
        server = uvicorn.Server(config)
        server.capture_signals = _no_signals  # type: ignore[method-assign]
        serving = asyncio.create_task(server.serve([listening]))
        working = asyncio.create_task(built.worker.run()) if built.worker else None
        await eventually(lambda: server.started)
        made.platform, made.url = built, f"http://127.0.0.1:{listening.getsockname()[1]}"
        try:
            yield built
        finally:
            if built.worker and working:
                built.worker.stop()
                await working
            server.should_exit = True
            await serving


class _no_signals:  # noqa: N801  # stands where a function stood
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...

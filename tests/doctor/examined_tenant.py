"""A tenant in good order at simulated vendors, and every way to put it out of order."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from tempfile import NamedTemporaryFile
from time import monotonic
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.types import Receive, Scope, Send

from mcp_platform.assistant.gemini.breaker import Breaker
from mcp_platform.assistant.gemini.client import Gemini
from mcp_platform.doctor.case import Case, Doors, Sealing
from mcp_platform.doctor.checks import CHECKS
from mcp_platform.doctor.examination import Examiner
from mcp_platform.doctor.public_address import PublicAddress
from mcp_platform.doctor.results import CheckOutcome
from mcp_platform.scheduling.catalogue import every_day
from mcp_platform.scheduling.google.calendar import GoogleAccount, GoogleCalendars
from mcp_platform.simulators.control import Faults
from mcp_platform.simulators.gemini import app as gemini
from mcp_platform.simulators.google import app as google_calendar
from mcp_platform.simulators.meta import app as meta
from mcp_platform.simulators.meta.settings import FAULTS as META_FAULTS
from mcp_platform.simulators.meta.state import Number
from mcp_platform.simulators.meta.world import MetaWorld
from mcp_platform.simulators.serving import serving
from mcp_platform.tenants.credentials import Credentials
from mcp_platform.tenants.rollout import Rollouts
from mcp_platform.whatsapp.graph_account import GraphAccount
from mcp_platform.whatsapp.webhook import WhatsAppWebhook
from tests.factories import catalogue, professional, service, tenant

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
EMAIL = "agenda@ze-1.iam.gserviceaccount.com"
CALENDAR = "ze@group.calendar.google.com"
PHONE_ID, WABA, APP = "106540352242922", "102290129340398", "67890"
TOKEN, APP_SECRET, VERIFY_TOKEN = "EAAG-token-nobody-may-see", "app-secret-unseen", "verify-unseen"
GEMINI_KEY = "AQ.gemini-key-unseen"
TEMPLATE = "aviso_ao_dono"
MODEL = "gemini-3.5-flash-lite"

HAIRCUT = (service("corte", "Corte"),)
ZE = professional(services=HAIRCUT, hours=every_day(weekdays=(0,)))
CATALOGUE = catalogue(services=HAIRCUT, professionals=(ZE,))


class Gateway:
    """The way in from the internet: the real webhook, or whatever stands before it."""

    def __init__(self, examined: ExaminedTenant) -> None:
        self._examined = examined
        self._webhook = WhatsAppWebhook(tenants=self, credentials=self, ingest=self)
        self.credentials: Credentials | None = None  # what the gateway reads, if not the same
        self.instead: Callable[[Scope], tuple[int, bytes] | None] = lambda _: None

    async def by_path(self, client_name: str, environment: str) -> Any:
        return self._examined.case.tenant

    async def of(self, _: Any) -> Credentials:
        return self.credentials or self._examined.case.secrets

    async def store(self, events: Any, *, queue: str) -> None:
        raise AssertionError(f"the probe was stored: {events}")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return
        answer = self.instead(scope)
        if answer is not None:
            status, body = answer
            await send({"type": "http.response.start", "status": status, "headers": []})
            await send({"type": "http.response.body", "body": body})
            return
        client_name, environment = scope["path"].strip("/").split("/")[:2]
        assert scope["path"] == f"/{client_name}/{environment}/api/v1/webhooks/whatsapp"
        await self._webhook.serve(
            scope, receive, send, client_name=client_name, environment=environment
        )


@dataclass
class ExaminedTenant:
    """What a test puts out of order, and examines."""

    meta: MetaWorld
    meta_faults: Faults
    google: httpx.AsyncClient
    gemini: httpx.AsyncClient
    urls: dict[str, str]
    http: httpx.AsyncClient
    calendars: GoogleCalendars
    case: Case = field(init=False)
    gateway: Gateway = field(init=False)
    model: str = MODEL
    gemini_enabled: bool = True
    public_url: str | None = ""
    sealing: Sealing | None = None
    rollouts: Rollouts | None = None
    proxies_named: bool = True
    patience: timedelta = timedelta(seconds=90)
    now: datetime = NOW

    # -- putting out of order --------------------------------------------------------------

    @property
    def number(self) -> Number:
        return self.meta.state.numbers[PHONE_ID]

    def credentials(self, **changes: str) -> None:
        self.case = replace(self.case, credentials=replace(self.case.secrets, **changes))

    def tenant(self, **changes: Any) -> None:
        self.case = replace(self.case, tenant=replace(self.case.tenant, **changes))

    def offers(self, **changes: Any) -> None:
        self.case = replace(self.case, catalogue=replace(CATALOGUE, **changes))

    def template(self, **changes: Any) -> None:
        made = {
            "name": TEMPLATE,
            "language": "pt_BR",
            "status": "APPROVED",
            "category": "UTILITY",
            "components": [{"type": "BODY", "text": "Aviso: {{1}}"}],
        }
        self.meta.state.waba(WABA).templates[:] = [{**made, **changes}]

    async def google_fault(self, name: str, **settings: Any) -> None:
        await _ok(
            self.google.post("/_control/faults", json={"fault": name, "times": None, **settings})
        )

    async def gemini_fault(self, name: str, **settings: Any) -> None:
        await _ok(
            self.gemini.post("/_control/faults", json={"fault": name, "times": None, **settings})
        )

    def meta_fault(self, name: str, *, kind: str, **params: Any) -> None:
        self.meta_faults.add(name, match={"kind": kind}, times=None, **params)

    async def share(self, **changes: Any) -> None:
        body = {"id": CALENDAR, "summary": "Zé", "time_zone": "America/Sao_Paulo"}
        body |= {"access_role": "writer", "shared_with": [EMAIL]}
        await _ok(self.google.post("/_control/calendars", json={**body, **changes}))

    async def owner_enters(self, event: dict[str, Any]) -> None:
        await _ok(self.google.post(f"/_control/calendars/{CALENDAR}/events", json=event))

    # -- examining -------------------------------------------------------------------------

    @property
    def doors(self) -> Doors:
        asked = Gemini(
            http=self.http,
            ssl_context=TLS,
            base_url=self.urls["gemini"],
            api_version="v1",
            model=self.model,
            breaker=Breaker(timer=monotonic),
            call_timeout=timedelta(seconds=30),
            timer=monotonic,
        )
        public_url = self.public_url
        if public_url == "":
            public_url = self.urls["gateway"]
        return Doors(
            google=lambda credentials: self.calendars.access(
                GoogleAccount(
                    client_email=credentials.google_client_email,
                    private_key=credentials.google_private_key,
                )
            ),
            gemini=asked if self.gemini_enabled else None,
            sealing=self.sealing,
            rollouts=self.rollouts,
            proxies_named=self.proxies_named,
            meta=GraphAccount(http=self.http, base_url=self.urls["meta"], version="v26.0"),
            public=None
            if public_url is None
            else PublicAddress(http=self.http, base_url=public_url),
        )

    @property
    def examiner(self) -> Examiner:
        return Examiner(
            checks=CHECKS, doors=self.doors, clock=lambda: self.now, patience=self.patience
        )

    async def examine(self, **options: Any) -> dict[str, CheckOutcome]:
        found = await self.examiner.examine(self.case, **options)
        return {each.check: each for each in found}


TLS = ssl.create_default_context()
PutOutOfOrder = Callable[[ExaminedTenant], Awaitable[None] | None]


@dataclass
class Vendors:
    """The simulators and the way in, served once for many tests."""

    meta: MetaWorld
    meta_faults: Faults
    google: httpx.AsyncClient
    gemini: httpx.AsyncClient
    http: httpx.AsyncClient
    calendars: GoogleCalendars
    urls: dict[str, str] = field(default_factory=dict)
    gateway: Gateway = field(init=False)

    async def way_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        await self.gateway(scope, receive, send)

    async def new_tenant(self) -> ExaminedTenant:
        """Return a tenant in good order, at vendors that remember nobody else."""
        for patched in (self.meta_faults, self.calendars):
            for name in ("take", "access"):
                vars(patched).pop(name, None)
        for vendor in ("meta", "google", "gemini"):
            await _ok(self.http.post(f"{self.urls[vendor]}/_control/reset"))
        made = ExaminedTenant(
            self.meta,
            self.meta_faults,
            self.google,
            self.gemini,
            self.urls,
            self.http,
            self.calendars,
        )
        made.gateway = self.gateway = Gateway(made)
        await _put_in_order(made)
        return made


@asynccontextmanager
async def simulated_vendors() -> AsyncIterator[Vendors]:
    async with AsyncExitStack() as stack:
        faults = Faults(known=META_FAULTS)
        meta_app = meta.create_app(faults=faults)
        urls = {
            "meta": await stack.enter_async_context(serving(meta_app)),
            "gemini": await stack.enter_async_context(serving(gemini.create_app())),
            "google": await stack.enter_async_context(serving(google_calendar.create_app())),
            "self_signed": await stack.enter_async_context(_self_signed()),
        }
        http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
        clients = [
            await stack.enter_async_context(
                httpx.AsyncClient(base_url=urls[vendor], trust_env=False)
            )
            for vendor in ("google", "gemini")
        ]
        calendars = GoogleCalendars(
            api_url=urls["google"],
            token_url=f"{urls['google']}/token",
            timeout=timedelta(seconds=30),
            max_threads=4,
        )
        stack.push_async_callback(calendars.close)
        made = Vendors(meta_app.state.meta, faults, *clients, http, calendars, urls)
        urls["gateway"] = await stack.enter_async_context(serving(made.way_in))
        yield made


@asynccontextmanager
async def _self_signed() -> AsyncIterator[str]:
    """Serve TLS with a certificate that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    with NamedTemporaryFile() as file:
        file.write(certificate.public_bytes(serialization.Encoding.PEM))
        file.write(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        file.flush()
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(file.name)
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0, ssl=tls)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"https://127.0.0.1:{port}"


async def _put_in_order(made: ExaminedTenant) -> None:
    private_key, public_key = google_calendar.new_service_account(EMAIL)
    account = {"client_email": EMAIL, "public_key_pem": public_key}
    await _ok(made.google.post("/_control/accounts", json=account))
    await made.share()
    await _ok(made.gemini.post("/_control/keys", json={"keys": [GEMINI_KEY]}))
    made.case = Case(
        tenant=tenant(
            phone_number_id=PHONE_ID, calendar_id=CALENDAR, owner_whatsapp="5511900000001"
        ),
        credentials=Credentials(
            google_calendar_id=CALENDAR,
            google_project_id="ze-1",
            google_client_email=EMAIL,
            google_private_key=private_key,
            gemini_api_key=GEMINI_KEY,
            whatsapp_api_token=TOKEN,
            whatsapp_phone_number_id=PHONE_ID,
            whatsapp_business_account_id=WABA,
            whatsapp_app_id=APP,
            whatsapp_app_secret=APP_SECRET,
            whatsapp_webhook_verify_token=VERIFY_TOKEN,
        ),
        catalogue=CATALOGUE,
        template=TEMPLATE,
    )
    await made.meta.register(
        Number(
            phone_number_id=PHONE_ID,
            waba_id=WABA,
            display_phone_number="+55 11 4000-0001",
            token=TOKEN,
            app_id=APP,
            app_secret=APP_SECRET,
            verify_token=VERIFY_TOKEN,
        ),
        callback_url=f"{made.urls['gateway']}/shop/production/api/v1/webhooks/whatsapp",
    )
    made.template()


async def _ok(asked: Awaitable[httpx.Response]) -> httpx.Response:
    answer = await asked
    answer.raise_for_status()
    return answer

"""HTTP composition: the webhook in front, FastAPI behind it, problems as problem+json.

Owns which path leads where. The webhook is answered before any framework sees the request: it is
the busiest route by far, and framework cost is most of what it would pay.
"""

import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from mcp_platform.access.audit_api import audit_router
from mcp_platform.access.sign_ins_api import auth_router
from mcp_platform.access.users_api import users_router
from mcp_platform.bootstrap.admin import Administration
from mcp_platform.bootstrap.logins import pinned_to
from mcp_platform.bootstrap.service import Platform
from mcp_platform.bootstrap.shared import Shared
from mcp_platform.console.serving import ConsoleParts, create_console
from mcp_platform.conversations.api import ConversationRoutes, chat_router, conversations_router
from mcp_platform.credentials.api import credentials_router
from mcp_platform.doctor.api import doctor_router
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.http import OnePath, RequestTracing, handle_problems
from mcp_platform.kit.reference import POLICY, page
from mcp_platform.offboarding.api import offboarding_router
from mcp_platform.onboarding.api import drafts_router
from mcp_platform.onboarding.desk import DraftDesk
from mcp_platform.publishing.api import config_router
from mcp_platform.publishing.fleet_api import fleet_router
from mcp_platform.publishing.importing import ConfigDesk
from mcp_platform.publishing.publish_api import publication_router
from mcp_platform.registry.api import Registry, registry_router
from mcp_platform.registry.examples import with_examples
from mcp_platform.registry.staff_api import tenant_appointments_router, tenant_conversations_router
from mcp_platform.rights.api import rights_router
from mcp_platform.scheduling.api import appointments_router
from mcp_platform.whatsapp.app_webhook import AppWebhook
from mcp_platform.whatsapp.webhook import WhatsAppWebhook

log = structlog.get_logger(__name__)

WEBHOOK = ("api", "v1", "webhooks", "whatsapp")
APP_WEBHOOK = "/api/v1/webhooks/meta"
PINNED_PREFIX = "/api/v1/"
# Readiness is asked often, by several; Postgres need not be.
PROBE_FOR_S = 1.0


class Readiness:
    """Whether this process can do its work, asked of Postgres at most once a second."""

    def __init__(self, sessions: Sessions, *, timer: Callable[[], float]) -> None:
        self._sessions = sessions
        self._timer = timer
        self._asked_at = float("-inf")
        self._why: str | None = None

    async def why_not(self) -> str | None:
        """Return in one word what is missing, or None."""
        if self._timer() - self._asked_at >= PROBE_FOR_S:
            self._asked_at = self._timer()
            try:
                async with self._sessions.everywhere() as session:
                    await session.execute(text("SELECT 1"))
                self._why = None
            except (SQLAlchemyError, OSError, TimeoutError):
                self._why = "database"
        return self._why


def create_app(platform: Platform) -> ASGIApp:
    """Create what listens on the public port: the webhook in front, the API behind it."""
    api = create_api(platform)
    _build_routes(api)
    served: ASGIApp = api
    pinned = pinned_to(platform.shared.settings)
    if pinned is not None:
        served = PinnedTenantPaths(served, path=pinned)
    if platform.gateway is not None:
        gateway = platform.gateway
        served = WebhookFirst(
            served, webhook=gateway.webhook, of_app=gateway.app_webhook, pinned=pinned
        )
    return served


def _build_routes(app: FastAPI) -> None:
    """Build what FastAPI builds while it looks for the first request's route.

    That takes a second of processor time, in which a process answers nobody.
    """
    nowhere = {
        "type": "http",
        "method": "GET",
        "path": "/-",
        "root_path": "",
        "headers": [],
        "path_params": {},
        "app": app,
    }
    for route in app.router.routes:
        route.matches(nowhere)


def create_api(platform: Platform) -> FastAPI:
    """Create the tenant API and the platform's, of the parts that this process runs."""
    app = FastAPI(
        title="MCP Platform",
        version="1",
        summary="WhatsApp scheduling assistants: the API of one tenant, and of the platform.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json" if platform.shared.settings.api_docs else None,
        # A redirect would lead where the Host header says, without TLS where a proxy ends it, and
        # clients take their tokens along.
        redirect_slashes=False,
        # What generated clients call their methods.
        generate_unique_id_function=lambda route: route.name,
    )
    handle_problems(app)
    app.add_middleware(RequestTracing)
    app.add_middleware(OnePath)  # the one added last is asked first
    readiness = Readiness(platform.shared.sessions, timer=time.monotonic)

    @app.get("/health", tags=["health"], responses={503: {"description": "Not now, and why."}})
    async def read_health() -> JSONResponse:
        """Tell whether this process can serve, and in one word why not."""
        why = await readiness.why_not()
        if why is None:
            return JSONResponse({"status": "up"})
        return JSONResponse({"status": "down", "why": why}, status_code=503)

    @app.get("/health/live", tags=["health"])
    async def read_liveness() -> dict[str, str]:
        """Tell that the process answers; depends on nothing else."""
        return {"status": "up"}

    if platform.shared.settings.api_docs:
        _add_reference(app)
    gateway = platform.gateway
    if gateway is not None:
        app.include_router(chat_router(gateway.chat, gateway.guard))
        app.include_router(appointments_router(gateway.appointments, gateway.guard))
        app.include_router(conversations_router(gateway.conversations, gateway.guard))
    if platform.admin is not None:
        _administer(app, platform.admin, platform.shared)
        _add_console(app, platform.admin, platform.shared)
    with_examples(app)
    return app


def _add_reference(app: FastAPI) -> None:
    written: list[str] = []  # once, when somebody asks: to write it takes a tenth of a second

    async def reference(_: Request) -> HTMLResponse:
        """Show the API to people."""
        if not written:
            written.append(page(app.openapi()))
        return HTMLResponse(written[0], headers={"content-security-policy": POLICY})

    app.add_route("/docs", reference, methods=["GET"], include_in_schema=False)


def _add_console(app: FastAPI, admin: Administration, shared: Shared) -> None:
    """Mount the console, and lead there who types the address alone."""

    async def to_console(_: Request) -> RedirectResponse:
        return RedirectResponse("/console/", status_code=303)

    app.add_route("/", to_console, methods=["GET"], include_in_schema=False)
    app.add_route("/console", to_console, methods=["GET"], include_in_schema=False)
    app.mount("/console", create_console(console_parts(admin, shared)))


def console_parts(admin: Administration, shared: Shared) -> ConsoleParts:
    """Return the services that the console stands on."""
    return ConsoleParts(
        sessions=admin.sessions,
        tenants=shared.tenants,
        examinations=admin.examinations,
        conversations=_conversations(admin, shared),
        credential_keys=admin.credential_keys,
        registry=_registry(admin, shared),
        appointments=admin.appointments,
        drafts=_drafts(admin, shared),
        config=_config(admin, shared),
        publishing=admin.publishing,
        account=admin.account,
        passwords=admin.passwords,
        live=admin.live,
        fingerprints=admin.fingerprints,
        grace=timedelta(days=shared.settings.offboarding_grace_days),
        sign_ins=admin.sign_ins,
        browser_sign_ins=admin.browser_sign_ins,
        live_feed=admin.live_feed,
        clock=shared.clock,
        public_url=shared.settings.public_url,
        development=shared.settings.console_design,
    )


def _conversations(admin: Administration, shared: Shared) -> ConversationRoutes:
    return ConversationRoutes(
        sessions=admin.sessions, idle=shared.settings.human_idle_s, clock=shared.clock
    )


def _registry(admin: Administration, shared: Shared) -> Registry:
    return Registry(
        guard=admin.guard,
        sessions=admin.sessions,
        isolation=admin.isolation,
        tenants=shared.tenants,
        catalogues=shared.catalogues,
        translator=admin.translator,
        jobs=admin.fleet_jobs,
        clock=shared.clock,
    )


def _drafts(admin: Administration, shared: Shared) -> DraftDesk:
    return DraftDesk(
        admin.sessions,
        isolation=admin.isolation,
        tenants=shared.tenants,
        unsaid_topology=shared.settings.unsaid_topology,
        clock=shared.clock,
    )


def _config(admin: Administration, shared: Shared) -> ConfigDesk:
    return ConfigDesk(
        admin.sessions,
        isolation=admin.isolation,
        tenants=shared.tenants,
        unsaid_topology=shared.settings.unsaid_topology,
        clock=shared.clock,
    )


def _administer(app: FastAPI, admin: Administration, shared: Shared) -> None:
    """Add what is asked by the platform's users."""
    guard, sessions, tenants, clock = admin.guard, admin.sessions, shared.tenants, shared.clock
    app.include_router(auth_router(admin.sign_ins, admin.account, guard))
    app.include_router(
        users_router(sessions, passwords=admin.passwords, live=admin.live, guard=guard, clock=clock)
    )
    app.include_router(doctor_router(admin.examinations, sessions, tenants=tenants, guard=guard))
    app.include_router(registry_router(_registry(admin, shared)))
    visits = _conversations(admin, shared)
    app.include_router(tenant_conversations_router(visits, sessions=sessions, guard=guard))
    app.include_router(
        tenant_appointments_router(admin.appointments, sessions=sessions, guard=guard)
    )
    app.include_router(
        rights_router(sessions, guard=guard, fingerprints=admin.fingerprints, clock=clock)
    )
    app.include_router(credentials_router(admin.credential_keys, tenants=tenants, guard=guard))
    app.include_router(
        offboarding_router(
            sessions,
            tenants=tenants,
            guard=guard,
            grace=timedelta(days=shared.settings.offboarding_grace_days),
            clock=clock,
        )
    )
    app.include_router(config_router(sessions, _config(admin, shared), guard=guard))
    app.include_router(drafts_router(_drafts(admin, shared), guard=guard))
    app.include_router(fleet_router(sessions, guard=guard))
    app.include_router(publication_router(admin.publishing, sessions, guard=guard, clock=clock))
    app.include_router(audit_router(sessions, tenants=tenants, guard=guard))


class WebhookFirst:
    """Sends `…/api/v1/webhooks/whatsapp` and `/api/v1/webhooks/meta` straight to their endpoints."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        webhook: WhatsAppWebhook,
        of_app: AppWebhook,
        pinned: tuple[str, str] | None,
    ) -> None:
        self._app = app
        self._webhook = webhook
        self._of_app = of_app
        self._pinned = pinned

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            # As it was spelt, so that the proxy before us has seen the same path.
            path = scope["raw_path"].decode("latin-1")
            if path.endswith("/webhooks/whatsapp"):
                tenant = self._tenant(path)
                if tenant is not None:
                    client_name, environment = tenant
                    await self._webhook.serve(
                        scope, receive, send, client_name=client_name, environment=environment
                    )
                    return
            elif path == APP_WEBHOOK:
                await self._of_app.serve(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _tenant(self, path: str) -> tuple[str, str] | None:
        segments = tuple(path.removeprefix("/").split("/"))
        if segments == WEBHOOK:
            return self._pinned
        if len(segments) == 2 + len(WEBHOOK) and segments[2:] == WEBHOOK:
            return segments[0], segments[1]
        return None


class PinnedTenantPaths:
    """Answers the un-prefixed paths of the one tenant this process serves."""

    def __init__(self, app: ASGIApp, *, path: tuple[str, str]) -> None:
        self._app = app
        self._prefix = "/".join(("", *path))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(PINNED_PREFIX):
            path = self._prefix + scope["path"]
            scope = {**scope, "path": path, "raw_path": path.encode()}
        await self._app(scope, receive, send)


def create_internal_app(platform: Platform) -> Starlette:
    """Create what listens on the internal port: metrics, health in detail, the provisioner."""

    async def detail(_: Request) -> JSONResponse:
        started = time.perf_counter()
        state: dict[str, Any] = {"database": await _state(_database(platform.shared.sessions))}
        state["database_ms"] = round((time.perf_counter() - started) * 1000, 1)
        if state["database"] == "up":
            state["degraded_tenants"] = await platform.shared.health.troubles()
        return JSONResponse(state, status_code=200 if state["database"] == "up" else 503)

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return Starlette(
        routes=[
            Route("/health/detail", detail),
            Route("/metrics", metrics),
            *(platform.provisioning.routes.routes() if platform.provisioning else ()),
        ]
    )


async def _database(sessions: Sessions) -> None:
    async with sessions.everywhere() as session:
        await session.execute(text("SELECT 1"))


async def _state(check: Awaitable[None]) -> str:
    try:
        await check
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        log.warning("app.health.away", error=repr(error))
        return "away"
    return "up"

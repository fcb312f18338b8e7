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
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from mcp_platform.access.audit_api import audit_router
from mcp_platform.access.sign_ins_api import auth_router
from mcp_platform.access.users_api import users_router
from mcp_platform.bootstrap.pieces import now
from mcp_platform.bootstrap.service import AdminApi, Platform
from mcp_platform.conversations.api import ConversationRoutes, chat_router, conversations_router
from mcp_platform.credentials.api import credentials_router
from mcp_platform.doctor.api import doctor_router
from mcp_platform.doctor.examining import Examinations
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.http import OnePath, RequestTracing, handle_problems
from mcp_platform.offboarding.api import offboarding_router
from mcp_platform.publishing.api import config_router
from mcp_platform.publishing.fleet_api import fleet_router
from mcp_platform.registry.api import Registry, registry_router
from mcp_platform.registry.conversations_api import tenant_conversations_router
from mcp_platform.registry.examples import with_examples
from mcp_platform.scheduling.api import appointments_router
from mcp_platform.whatsapp.webhook import WhatsAppWebhook

log = structlog.get_logger(__name__)

WEBHOOK = ("api", "v1", "webhooks", "whatsapp")
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
    """Create what listens on the public port."""
    app = FastAPI(
        title="MCP Platform",
        version="1",
        summary="WhatsApp scheduling assistants: the API of one tenant, and of the platform.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        # A redirect would lead where the Host header says, without TLS where a proxy ends it, and
        # clients take their tokens along.
        redirect_slashes=False,
    )
    handle_problems(app)
    app.add_middleware(RequestTracing)
    app.add_middleware(OnePath)  # the one added last is asked first
    readiness = Readiness(platform.sessions, timer=time.monotonic)

    @app.get("/health", tags=["health"], responses={503: {"description": "Not now, and why."}})
    async def ready() -> JSONResponse:
        """Tell whether this process can serve, and in one word why not."""
        why = await readiness.why_not()
        if why is None:
            return JSONResponse({"status": "up"})
        return JSONResponse({"status": "down", "why": why}, status_code=503)

    @app.get("/health/live", tags=["health"])
    async def live() -> dict[str, str]:
        """Tell that the process answers; depends on nothing else."""
        return {"status": "up"}

    if platform.api is not None:
        app.include_router(chat_router(platform.api.chat, platform.api.guard))
        app.include_router(appointments_router(platform.api.desk, platform.api.guard))
        app.include_router(conversations_router(platform.api.visits, platform.api.guard))
    if platform.admin is not None:
        _administer(app, platform.admin, platform)
    with_examples(app)
    served: ASGIApp = app
    if platform.settings.pinned:
        served = PinnedTenantPaths(served, path=_pinned_path(platform))
    if platform.webhook is not None:
        served = WebhookFirst(served, webhook=platform.webhook, pinned=_pinned_path(platform))
    return served


def _administer(app: FastAPI, admin: AdminApi, platform: Platform) -> None:
    """Add what is asked by the platform's users."""
    guard, sessions = admin.guard, admin.sessions
    app.include_router(auth_router(admin.sign_ins, admin.account, guard))
    app.include_router(
        users_router(sessions, passwords=admin.passwords, live=admin.live, guard=guard, clock=now)
    )
    if platform.examining is not None:
        examinations = Examinations(doctor=platform.examining, sessions=sessions)
        app.include_router(
            doctor_router(examinations, sessions, tenants=platform.tenants, guard=guard)
        )
    app.include_router(
        registry_router(
            Registry(
                guard=guard,
                sessions=sessions,
                isolation=admin.isolation,
                tenants=platform.tenants,
                catalogues=platform.catalogues,
                clock=now,
            )
        )
    )
    visits = ConversationRoutes(sessions=sessions, idle=platform.settings.human_idle_s, clock=now)
    app.include_router(tenant_conversations_router(visits, sessions=sessions, guard=guard))
    if platform.credential_keys is not None:
        app.include_router(
            credentials_router(platform.credential_keys, tenants=platform.tenants, guard=guard)
        )
    app.include_router(
        offboarding_router(
            sessions,
            tenants=platform.tenants,
            guard=guard,
            grace=timedelta(days=platform.settings.offboarding_grace_days),
            clock=now,
        )
    )
    app.include_router(
        config_router(
            sessions,
            isolation=admin.isolation,
            tenants=platform.tenants,
            guard=guard,
            unsaid_topology=platform.settings.unsaid_topology,
            clock=now,
        )
    )
    app.include_router(fleet_router(sessions, guard=guard))
    app.include_router(audit_router(sessions, tenants=platform.tenants, guard=guard))


def _pinned_path(platform: Platform) -> tuple[str, str] | None:
    settings = platform.settings
    if settings.client_name is None or settings.environment is None:
        return None
    return settings.client_name, settings.environment


class WebhookFirst:
    """Sends `/<client>/<environment>/api/v1/webhooks/whatsapp` straight to its endpoint."""

    def __init__(
        self, app: ASGIApp, *, webhook: WhatsAppWebhook, pinned: tuple[str, str] | None
    ) -> None:
        self._app = app
        self._webhook = webhook
        self._pinned = pinned

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            # As it was spelt, so that whoever stands before us has seen the same path.
            path = scope["raw_path"].decode("latin-1")
            if path.endswith("/webhooks/whatsapp"):
                tenant = self._tenant(path)
                if tenant is not None:
                    client_name, environment = tenant
                    await self._webhook.serve(
                        scope, receive, send, client_name=client_name, environment=environment
                    )
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

    def __init__(self, app: ASGIApp, *, path: tuple[str, str] | None) -> None:
        self._app = app
        self._prefix = "/".join(("", *(path or ())))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(PINNED_PREFIX):
            path = self._prefix + scope["path"]
            scope = {**scope, "path": path, "raw_path": path.encode()}
        await self._app(scope, receive, send)


def create_internal_app(platform: Platform) -> Starlette:
    """Create what listens on the internal port: metrics, health in detail, the provisioner."""

    async def detail(_: Request) -> JSONResponse:
        started = time.perf_counter()
        state: dict[str, Any] = {"database": await _state(_database(platform.sessions))}
        state["database_ms"] = round((time.perf_counter() - started) * 1000, 1)
        if state["database"] == "up":
            state["degraded_tenants"] = await platform.health.troubles()
        return JSONResponse(state, status_code=200 if state["database"] == "up" else 503)

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return Starlette(
        routes=[
            Route("/health/detail", detail),
            Route("/metrics", metrics),
            *(platform.provisioner_routes.routes() if platform.provisioner_routes else ()),
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

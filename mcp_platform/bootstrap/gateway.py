"""The part `gateway`: what customers and tenants' own systems reach."""

import time
from contextlib import AsyncExitStack
from dataclasses import dataclass

from mcp_platform.access.jwts import Jwts
from mcp_platform.access.tenant_tokens import TenantTokens, TokenGuard
from mcp_platform.access.user_tokens import LiveSignIns, UserGuard, UserTokens
from mcp_platform.bootstrap.keys import token_keys
from mcp_platform.bootstrap.shared import Shared
from mcp_platform.conversations.api import ConversationRoutes
from mcp_platform.conversations.chat import Chat
from mcp_platform.conversations.replies import Replies
from mcp_platform.inbox.ingest import Ingest
from mcp_platform.kit.row_security import DatabaseRole
from mcp_platform.scheduling.tenant_appointments import TenantAppointments
from mcp_platform.whatsapp.app_webhook import AppWebhook
from mcp_platform.whatsapp.webhook import WhatsAppWebhook


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """The webhooks, and what the tenant API needs."""

    webhook: WhatsAppWebhook
    app_webhook: AppWebhook
    guard: TokenGuard
    chat: Chat
    appointments: TenantAppointments
    conversations: ConversationRoutes


async def open_gateway(stack: AsyncExitStack, shared: Shared) -> Gateway:
    settings, sessions = shared.settings, shared.sessions
    pool = await shared.database.pool(DatabaseRole.INGEST, most=3, name="ingest")
    stack.push_async_callback(pool.close)
    ingest = Ingest(pool, debounce=settings.debounce_s, own_queue=shared.queue, news=shared.news)
    await ingest.start()
    stack.push_async_callback(ingest.stop)
    keys = token_keys(settings)
    users = UserGuard(
        tokens=UserTokens(Jwts(keys)),
        live=LiveSignIns(sessions, timer=time.monotonic),
        clock=shared.clock,
    )
    return Gateway(
        webhook=WhatsAppWebhook(
            tenants=shared.tenants, credentials=shared.credentials, ingest=ingest
        ),
        app_webhook=AppWebhook(
            tenants=shared.tenants,
            credentials=shared.credentials,
            ingest=ingest,
            verify_token=settings.meta_verify_token,
        ),
        guard=TokenGuard(
            tokens=TenantTokens(keys), tenants=shared.tenants, clock=shared.clock, users=users
        ),
        chat=Chat(sessions=sessions, recorder=ingest, replies=Replies(sessions)),
        appointments=TenantAppointments(
            sessions=sessions,
            catalogues=shared.catalogues,
            agendas=shared.agendas,
            clock=shared.clock,
        ),
        conversations=ConversationRoutes(
            sessions=sessions, idle=settings.human_idle_s, clock=shared.clock
        ),
    )

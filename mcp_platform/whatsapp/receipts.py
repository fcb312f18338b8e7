"""Blue ticks and "typing…" while a turn is worked on. A courtesy: losing one loses nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from mcp_platform.errors import PlatformError
from mcp_platform.tenants.credentials import CredentialSource
from mcp_platform.tenants.tenant import Tenant
from mcp_platform.whatsapp.client import WhatsApp

log = structlog.get_logger(__name__)


PATIENCE_S = 1.0


class Receipts:
    """Marks the newest message of a turn as read, which shows that an answer is being written."""

    def __init__(self, *, whatsapp: WhatsApp, credentials: CredentialSource) -> None:
        self._whatsapp = whatsapp
        self._credentials = credentials

    @asynccontextmanager
    async def shown(self, tenant: Tenant, message_id: str) -> AsyncIterator[None]:
        """Show it beside the work of the block, which waits for it no longer than it takes."""
        showing = asyncio.create_task(self._show(tenant, message_id))
        try:
            yield
        finally:
            # The reply must not overtake it, or "typing…" would appear below the reply.
            await asyncio.wait({showing}, timeout=PATIENCE_S)
            showing.cancel()
            await asyncio.gather(showing, return_exceptions=True)

    async def _show(self, tenant: Tenant, message_id: str) -> None:
        try:
            credentials = await self._credentials.of(tenant)
            await self._whatsapp.mark_read(
                token=credentials.whatsapp_api_token,
                phone_number_id=tenant.phone_number_id or credentials.whatsapp_phone_number_id,
                message_id=message_id,
                typing=True,
            )
        except PlatformError as error:
            log.debug("whatsapp.receipt.not_shown", tenant=tenant.path, error=str(error))

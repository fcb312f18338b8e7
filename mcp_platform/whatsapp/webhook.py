"""The webhook of a tenant's WhatsApp number: handshake and events.

200 is answered only after the commit. Any other answer makes Meta send again, for up to seven days.
It is a plain ASGI endpoint, because this is the busiest route.
"""

import asyncio
import hmac
import secrets
from urllib.parse import parse_qs

import structlog
from starlette.types import Receive, Scope, Send

from mcp_platform.errors import Forbidden, PlatformError, Unauthorized, Unavailable
from mcp_platform.inbox.ingest import Ingest
from mcp_platform.inbox.metrics import IN_GROUPS, MISROUTED, WEBHOOKS
from mcp_platform.kit.problem import (
    ARRIVES_WITHIN,
    UNSTORED,
    MethodNotAllowed,
    TooLarge,
    TooSlow,
    send_problem,
)
from mcp_platform.kit.queue import schema_for
from mcp_platform.tenants.credential_cache import CachedCredentials
from mcp_platform.tenants.credentials import Credentials, CredentialsUnreadable
from mcp_platform.tenants.directory import TenantDirectory
from mcp_platform.tenants.tenant import Tenant
from mcp_platform.whatsapp.payloads import NotJSONError, parse
from mcp_platform.whatsapp.signature import PROBE, is_signed

log = structlog.get_logger(__name__)

# Source: Meta states payloads of up to 3 MB.
LARGEST = 3 * 1024 * 1024
HEADERS = [
    (b"content-type", b"text/plain; charset=utf-8"),
    *((name.encode(), value.encode()) for name, value in UNSTORED.items()),
]


class WhatsAppWebhook:
    """ASGI endpoint of `/<client>/<environment>/api/v1/webhooks/whatsapp`."""

    def __init__(
        self, *, tenants: TenantDirectory, credentials: CachedCredentials, ingest: Ingest
    ) -> None:
        self._tenants = tenants
        self._credentials = credentials
        self._ingest = ingest

    async def serve(
        self, scope: Scope, receive: Receive, send: Send, *, client_name: str, environment: str
    ) -> None:
        """Answer one request for the tenant of this path."""
        try:
            tenant = await self._tenants.by_path(client_name, environment)
            if scope["method"] == "POST":
                await self._take(tenant, scope, receive)
                await answer(send, b"")
            elif scope["method"] == "GET":
                await answer(send, await self._shake_hands(tenant, scope))
            else:
                raise MethodNotAllowed("GET", "POST")
            status = 200
        except PlatformError as error:
            status = await send_problem(send, error)
        WEBHOOKS.labels(status=status).inc()

    async def _shake_hands(self, tenant: Tenant, scope: Scope) -> bytes:
        raw: bytes = scope["query_string"]
        query = parse_qs(raw.decode("latin-1"), keep_blank_values=True)
        token = query.get("hub.verify_token", [""])[0]
        challenge = query.get("hub.challenge", [""])[0]
        expected = (await self._secrets(tenant)).whatsapp_webhook_verify_token
        matches = hmac.compare_digest(token.encode(), expected.encode())
        if not (expected and matches and query.get("hub.mode") == ["subscribe"] and challenge):
            raise Forbidden("The verify token is not this tenant's.")
        return challenge.encode()

    async def _secrets(self, tenant: Tenant) -> Credentials:
        try:
            return await self._credentials.of(tenant)
        except CredentialsUnreadable as error:
            # Where they should lie stands in the log; the caller is not told.
            raise Unavailable("The credentials of this tenant cannot be read.") from error

    async def _take(self, tenant: Tenant, scope: Scope, receive: Receive) -> None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        try:
            async with asyncio.timeout(ARRIVES_WITHIN.total_seconds()):
                body = await read_body(headers, receive)
        except TimeoutError as error:
            raise TooSlow from error
        if tenant.status == "offboarded":
            return
        credentials = await self._secrets(tenant)
        if not is_signed(
            body,
            header=headers.get(b"x-hub-signature-256"),
            app_secret=credentials.whatsapp_app_secret,
        ):
            raise Unauthorized("The signature does not match the body.")
        if body == PROBE:
            return
        trace_id = secrets.token_hex(8)
        try:
            parsed = parse(
                body,
                tenant_id=tenant.id,
                phone_number_id=tenant.phone_number_id or credentials.whatsapp_phone_number_id,
                trace_id=trace_id,
            )
        except NotJSONError as error:
            # Signed, so from Meta: sending it again for a week would not make it readable.
            await self._ingest.quarantine(tenant_id=tenant.id, body=body, error=str(error))
            return
        if parsed.misrouted:
            MISROUTED.inc(parsed.misrouted)
            log.warning("whatsapp.webhook.misrouted", tenant=tenant.path, changes=parsed.misrouted)
        if parsed.in_groups:
            IN_GROUPS.inc(parsed.in_groups)
        queue = schema_for(tenant.id, tenant.topology)
        await self._ingest.store(parsed.events, queue=queue)
        log.debug(
            "whatsapp.webhook.stored",
            tenant=tenant.path,
            trace_id=trace_id,
            events=len(parsed.events),
        )


async def read_body(headers: dict[bytes, bytes], receive: Receive) -> bytes:
    """Return the body of a request.

    Raises:
        TooLarge: it is larger than what Meta posts.
        Unauthorized: it never came whole.
    """
    length = headers.get(b"content-length", b"0")
    if length.isdigit() and int(length) > LARGEST:
        raise TooLarge(LARGEST)
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Unauthorized("The connection was closed before the body was complete.")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > LARGEST:
            raise TooLarge(LARGEST)
        chunks.append(chunk)
        if not message.get("more_body"):
            return b"".join(chunks)


async def answer(send: Send, body: bytes) -> None:
    """Answer 200 with `body`."""
    # Without a length uvicorn would send chunks, and write to the socket twice.
    headers = [*HEADERS, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})

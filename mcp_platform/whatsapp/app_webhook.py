"""The webhook of what Meta tells an app, and never a number's own callback: of templates and accounts.

One path for all tenants. A change is kept for each tenant of the account that it names, if the secret
of that tenant's app signed it: apps of several agencies may post here. Nothing is acted on but that
somebody looks: the look decides.
"""

import asyncio
import hmac
import secrets
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import structlog
from prometheus_client import Counter
from starlette.types import Receive, Scope, Send

from mcp_platform.errors import Forbidden, PlatformError, Unauthorized, Unavailable
from mcp_platform.inbox.event import NewEvent
from mcp_platform.inbox.ingest import Ingest
from mcp_platform.kit.jsons import loads
from mcp_platform.kit.problem import ARRIVES_WITHIN, MethodNotAllowed, TooSlow, send_problem
from mcp_platform.kit.queue import schema_for
from mcp_platform.tenants.credential_cache import CachedCredentials
from mcp_platform.tenants.credentials import CredentialsUnreadable
from mcp_platform.tenants.directory import TenantDirectory
from mcp_platform.tenants.tenant import Tenant
from mcp_platform.whatsapp.payloads import whole_event
from mcp_platform.whatsapp.signature import is_signed
from mcp_platform.whatsapp.webhook import answer, read_body

log = structlog.get_logger(__name__)

CHANGES = Counter(
    "mcp_app_webhook_changes_total",
    "Changes that Meta told the app of, by what became of them.",
    ["outcome"],
)
MOST_ACCOUNTS = 10  # named by one post: Meta batches the changes of few accounts


class AppWebhook:
    """ASGI endpoint of `/api/v1/webhooks/meta`."""

    def __init__(
        self,
        *,
        tenants: TenantDirectory,
        credentials: CachedCredentials,
        ingest: Ingest,
        verify_token: str | None,
    ) -> None:
        """Answer handshakes that know `verify_token`; None: none."""
        self._tenants = tenants
        self._credentials = credentials
        self._ingest = ingest
        self._verify_token = verify_token

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            if scope["method"] == "POST":
                await self._take(scope, receive)
                await answer(send, b"")
            elif scope["method"] == "GET":
                await answer(send, self._shake_hands(scope))
            else:
                raise MethodNotAllowed("GET", "POST")
        except PlatformError as error:
            await send_problem(send, error)

    def _shake_hands(self, scope: Scope) -> bytes:
        raw: bytes = scope["query_string"]
        query = parse_qs(raw.decode("latin-1"), keep_blank_values=True)
        token, challenge = (
            query.get(f"hub.{each}", [""])[0] for each in ("verify_token", "challenge")
        )
        matches = hmac.compare_digest(token.encode(), (self._verify_token or "").encode())
        if not (
            self._verify_token and matches and query.get("hub.mode") == ["subscribe"] and challenge
        ):
            raise Forbidden("The verify token is not the platform's.")
        return challenge.encode()

    async def _take(self, scope: Scope, receive: Receive) -> None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        try:
            async with asyncio.timeout(ARRIVES_WITHIN.total_seconds()):
                body = await read_body(headers, receive)
        except TimeoutError as error:
            raise TooSlow from error
        changes = list(_changes(body))
        accounts = sorted({account for account, _ in changes})[:MOST_ACCOUNTS]
        signed, refused, unreadable = set[str](), False, False
        for account, tenant in await self._tenants.of_accounts(accounts):
            try:
                credentials = await self._credentials.of(tenant)
            except CredentialsUnreadable:
                # An isolated tenant's are nothing to us; its worker asks Meta every hour.
                unreadable = unreadable or tenant.topology == "shared"
                continue
            if not is_signed(
                body,
                header=headers.get(b"x-hub-signature-256"),
                app_secret=credentials.whatsapp_app_secret,
            ):
                refused = True
                continue
            signed.add(account)
            await self._keep(tenant, [each for of, each in changes if of == account])
        if refused and not signed:
            CHANGES.labels("refused").inc()
            raise Unauthorized("The signature does not match the body.")
        if unreadable:
            raise Unavailable("The credentials of a tenant cannot be read.")
        if unknown := len([each for each, _ in changes if each not in signed]):
            CHANGES.labels("unknown").inc(unknown)

    async def _keep(self, tenant: Tenant, changes: list[dict[str, Any]]) -> None:
        trace_id = secrets.token_hex(8)
        events: list[NewEvent] = [whole_event(tenant.id, each, trace_id) for each in changes]
        await self._ingest.store(events, queue=schema_for(tenant.id, tenant.topology))
        CHANGES.labels("kept").inc(len(events))
        log.info("whatsapp.app.told", tenant=tenant.path, trace_id=trace_id, changes=len(events))


def _changes(body: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the account and each change of a post, with the entry's time, which tells two apart."""
    try:
        document = loads(body)
    except (ValueError, RecursionError):
        return
    entries = document.get("entry") if isinstance(document, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
            continue
        told = entry.get("changes")
        for change in told if isinstance(told, list) else ():
            if isinstance(change, dict):
                yield entry["id"], {**change, "time": entry.get("time")}

"""The doors to vendors, and to Redis."""

import ssl
import time
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
from redis.asyncio import Redis
from redis.exceptions import RedisError

from mcp_platform.assistant.gemini.breaker import Breaker
from mcp_platform.errors import Invalid
from mcp_platform.scheduling.google.calendar import GoogleAccount, GoogleCalendars
from mcp_platform.settings import Settings
from mcp_platform.tenants.credentials import Credentials

if TYPE_CHECKING:
    from mcp_platform.assistant.gemini.client import Gemini

# Google's client blocks: each call takes a thread for as long as Google takes.
CALENDAR_THREADS = 32


@cache
def tls_context() -> ssl.SSLContext:
    """Return the one context of this process: to read the authorities costs 30 ms and a megabyte."""
    return ssl.create_default_context()


def open_redis(url: str) -> Redis:
    """Return the Redis or Valkey at `url`; connects when it is first used.

    Raises:
        Invalid: that is no such URL; names no value.
    """
    wrong = Invalid(
        "REDIS_URL is not a URL such as rediss://user:password@host:6379/0. A character such as @,"
        " /, ?, # or % in a password is percent-encoded."
    )
    scheme, colon, rest = url.strip().partition("://")
    scheme = scheme.lower().replace("valkey", "redis")  # what their clouds call the same protocol
    try:
        redis = Redis.from_url(scheme + colon + rest, socket_timeout=1, socket_connect_timeout=1)
        # A wrong parameter fails here; nobody is reached.
        redis.connection_pool.make_connection()  # type: ignore[no-untyped-call]
        database = urlsplit(rest and f"//{rest}").path.strip("/")
    except (ValueError, TypeError, RedisError):
        raise wrong from None
    if scheme != "unix" and database and not database.isdigit():
        raise wrong  # the library would take the first database instead
    return redis


def google_account(credentials: Credentials) -> GoogleAccount:
    return GoogleAccount(
        client_email=credentials.google_client_email,
        private_key=credentials.google_private_key,
        project_id=credentials.google_project_id or None,
    )


def open_calendars(settings: Settings) -> GoogleCalendars:
    return GoogleCalendars(
        api_url=settings.google_calendar_url,
        token_url=settings.google_token_url,
        timeout=settings.vendor_timeout_s,
        max_threads=CALENDAR_THREADS,
    )


def open_gemini(
    settings: Settings, stack: AsyncExitStack, *, http: httpx.AsyncClient, call_timeout: timedelta
) -> "Gemini | None":
    """Return the door to Gemini; None where it is switched off."""
    if not settings.gemini_enabled:
        return None
    # Half a second, which a gateway and most commands do not need.
    from mcp_platform.assistant.gemini.client import Gemini  # noqa: PLC0415

    gemini = Gemini(
        http=http,
        ssl_context=tls_context(),
        base_url=settings.gemini_url,
        api_version=settings.gemini_api_version,
        model=settings.gemini_model,
        mode=settings.gemini_mode,
        breaker=Breaker(timer=time.monotonic),
        call_timeout=call_timeout,
        timer=time.monotonic,
    )
    stack.push_async_callback(gemini.close)
    return gemini


async def own_gemini(settings: Settings, stack: AsyncExitStack) -> "Gemini | None":
    """Return the door to Gemini with connections of its own; None where it is switched off."""
    http = await stack.enter_async_context(httpx.AsyncClient(verify=tls_context()))
    return open_gemini(settings, stack, http=http, call_timeout=settings.vendor_timeout_s * 2)

"""What a browser is told and asked: cookies, the policy, and whose a request is.

Pure functions over requests and answers; who is signed in is another module's business.
"""

import base64
import hmac
from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from mcp_platform.errors import Forbidden, Invalid
from mcp_platform.kit.http import read_up_to

SESSION: Final = "__Host-mcp"  # the prefix: Secure, of this host alone, for every path
PLAIN_SESSION: Final = "mcp"  # on this machine without TLS, where Safari takes no Secure cookie
THEME: Final = "mcp-theme"
LANGUAGE: Final = "mcp-language"
KEYS: Final = "mcp-keys"  # whether single letters do something: WCAG 2.1.4
KEPT_FOR = timedelta(days=365)  # what a browser was asked to look like
CSRF_FIELD: Final = "csrf"
CSRF_HEADER: Final = "x-csrf-token"
MOST_BYTES: Final = 64 * 1024
MOST_FIELDS: Final = 200
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
SAFE = frozenset({"GET", "HEAD"})

# `Referrer-Policy: no-referrer` would make `Origin` null on our own forms, and old browsers, which
# send no Sec-Fetch-Site, could post nothing: `same-origin` tells other sites just as little.
# Source: Fetch standard, "append a request Origin header".
HEADERS: Final[Mapping[str, str]] = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
        " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": (
        "camera=(), microphone=(), geolocation=(), payment=(), usb=(), display-capture=()"
    ),
}


class ForeignRequest(Forbidden):
    """A request that another site may have made, or an old page of ours."""


def session_cookie(request: Request, *, tls_outside: bool) -> str:
    """Return the name of the session's cookie. `tls_outside`: the public address is https."""
    plain = request.url.scheme == "http" and _host(request) in LOOPBACK and not tls_outside
    return PLAIN_SESSION if plain else SESSION


def keep_session(response: Response, name: str, value: str) -> None:
    """Let the browser keep the session's cookie until it is closed."""
    response.set_cookie(
        name, value, path="/", secure=name == SESSION, httponly=True, samesite="lax"
    )


def keep_choice(response: Response, name: str, value: str, *, secure: bool) -> None:
    """Let the browser keep how pages look."""
    response.set_cookie(
        name,
        value,
        max_age=int(KEPT_FOR.total_seconds()),
        path="/console",
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def token_of(cookie: str) -> str:
    """Return the token that forms of this session carry; who lacks the cookie cannot make it."""
    made = hmac.digest(cookie.encode(), b"console forms", "sha256")
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def check_own(request: Request, *, cookie: str | None, form: Mapping[str, str]) -> None:
    """Check that a request which changes something was made by a page of ours.

    Raises:
        ForeignRequest: by its headers or its token it was not.
    """
    site = request.headers.get("sec-fetch-site")
    if site is None:
        _, _, origin = request.headers.get("origin", "").partition("://")
        if not origin or origin != request.headers.get("host"):
            raise ForeignRequest("This came from another site.")
    elif site != "same-origin":
        raise ForeignRequest("This came from another site.")
    token = request.headers.get(CSRF_HEADER) or form.get(CSRF_FIELD, "")
    if cookie is None or not hmac.compare_digest(token.encode(), token_of(cookie).encode()):
        raise ForeignRequest("This page is too old, or the browser kept no cookie.")


async def read_form(request: Request, *, most: int = MOST_BYTES) -> dict[str, str]:
    """Return the fields of a form; of one that is sent twice, the last.

    Raises:
        Invalid: it is no form, or has too many fields or bytes.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await read_up_to(request, most=most)
    if not body:
        return {}
    if kind != "application/x-www-form-urlencoded":
        raise Invalid("This is no form.")
    try:
        return dict(
            parse_qsl(
                body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"
            )
        )
    except ValueError as error:
        raise Invalid("This form cannot be read.") from error


def place_after(next_: str | None, *, otherwise: str) -> str:
    """Return where a sign-in leads: a path of the console, whatever a link says."""
    inside = next_ is not None and next_.startswith("/console/") and next_.isascii()
    if next_ is None or not inside or "\\" in next_ or ".." in next_ or not next_.isprintable():
        return otherwise
    return next_


def _host(request: Request) -> str:
    host = request.headers.get("host", "")
    return host if host.endswith("]") else host.rpartition(":")[0] or host

"""Meta's signature over the raw bytes of a webhook."""

import hmac

PREFIX = b"sha256="
PROBE = b'{"object":"mcp_platform_probe","entry":[]}'
"""A body that means nothing: what is signed and says this is answered, and not stored."""


def sign(body: bytes, *, app_secret: str) -> str:
    """Return the value of `X-Hub-Signature-256` for `body`."""
    return "sha256=" + hmac.digest(app_secret.encode(), body, "sha256").hex()


def is_signed(body: bytes, *, header: bytes | None, app_secret: str) -> bool:
    """Tell, in constant time, whether `header` signs `body`. An empty secret signs nothing."""
    if not header or not app_secret or not header.startswith(PREFIX):
        return False
    expected = hmac.digest(app_secret.encode(), body, "sha256").hex().encode()
    return hmac.compare_digest(expected, header[len(PREFIX) :])

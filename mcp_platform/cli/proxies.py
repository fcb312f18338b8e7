"""Where a request comes from, when a known number of proxies stands in front.

Each proxy appends its caller to `X-Forwarded-For`. So the entries of our own proxies are counted from
the right, and a client may have made up the rest. uvicorn handles networks of proxies, where they are
known.
"""

from starlette.types import ASGIApp, Receive, Scope, Send

HEADER = b"x-forwarded-for"


class BehindProxies:
    """Tells the application the address that the outermost of `count` proxies was called from."""

    def __init__(self, app: ASGIApp, *, count: int) -> None:
        self._app = app
        self._count = count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (address := self._address(scope)) is not None:
            scope = {**scope, "client": (address, 0)}
        await self._app(scope, receive, send)

    def _address(self, scope: Scope) -> str | None:
        """Return None for what came past the proxies: its connection says where from."""
        values = [value for name, value in scope["headers"] if name == HEADER]
        told = b",".join(values).decode("latin-1").split(",")
        if not values or len(told) < self._count:
            return None
        return _without_port(told[-self._count].strip())


def _without_port(told: str) -> str:
    """Some proxies write `192.0.2.1:4711` and `[2001:db8::1]:4711`."""
    if told.startswith("["):
        return told[1:].partition("]")[0]
    host, colon, port = told.partition(":")
    return host if colon and port.isdecimal() else told

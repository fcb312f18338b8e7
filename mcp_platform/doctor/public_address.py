"""The door to ourselves, from outside: requests to the public address as Meta would send them.

It follows no redirects, as Meta does not.
"""

import ssl
from urllib.parse import urlencode

import httpx

from mcp_platform.doctor.case import PublicAnswer, PublicDoor, PublicUnreachable

_BODY_MAX = 200  # bytes of an answer that are worth looking at


class PublicAddress(PublicDoor):
    """The platform at its `PUBLIC_URL`."""

    def __init__(self, *, http: httpx.AsyncClient, base_url: str) -> None:
        self._http = http
        self._base_url = base_url.rstrip("/")

    def url(self, path: str) -> str:
        return f"{self._base_url}/{path}"

    async def shake_hands(self, path: str, *, verify_token: str, challenge: str) -> PublicAnswer:
        query = {
            "hub.mode": "subscribe",
            "hub.challenge": challenge,
            "hub.verify_token": verify_token,
        }
        return await self._asked("GET", f"{self.url(path)}?{urlencode(query)}")

    async def post(self, path: str, *, body: bytes, signature: str) -> PublicAnswer:
        headers = {"content-type": "application/json", "x-hub-signature-256": signature}
        return await self._asked("POST", self.url(path), content=body, headers=headers)

    async def _asked(
        self,
        method: str,
        url: str,
        *,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> PublicAnswer:
        try:
            response = await self._http.request(
                method, url, content=content, headers=headers, follow_redirects=False
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # Not chained: its request holds an address with the verify token.
            raise PublicUnreachable(
                type(error).__name__, certificate=_is_about_certificate(error)
            ) from None
        return PublicAnswer(response.status_code, response.content[:_BODY_MAX])


def _is_about_certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False

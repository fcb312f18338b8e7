"""A browser without JavaScript: it keeps cookies, follows redirects and fills in forms."""

import re
from html import unescape
from typing import Any

import httpx

from mcp_platform.console.browser import PLAIN_SESSION
from tests.platform_api import HERE, PASSWORD, Api

OWN = {"sec-fetch-site": "same-origin"}
TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


class PlainBrowser:
    """Asks for pages of the console as a browser on this machine does."""

    def __init__(self, api: Api, *, language: str = "pt-BR") -> None:
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(
                app=api.app, raise_app_exceptions=False, client=(HERE, 4711)
            ),
            base_url="http://localhost",
            headers={
                "accept-language": language,
                "user-agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0",
            },
        )

    @property
    def cookie(self) -> str | None:
        return self.client.cookies.get(PLAIN_SESSION)

    async def get(self, path: str, *, follow: bool = True, **more: Any) -> httpx.Response:
        return await self.client.get(f"/console{path}", follow_redirects=follow, **more)

    async def post(
        self,
        path: str,
        *,
        page: str | None = None,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        follow: bool = True,
        **fields: str,
    ) -> httpx.Response:
        """Send a form that stands on `page`; with `token` it is not read first."""
        if token is None:
            shown = await self.get(page or path)
            token = unescape(TOKEN.findall(shown.text)[0])
        return await self.client.post(
            f"/console{path}",
            data={"csrf": token, **fields},
            headers=OWN if headers is None else headers,
            follow_redirects=follow,
        )

    async def sign_in(self, email: str, password: str = PASSWORD, **more: str) -> httpx.Response:
        return await self.post("/sign-in", email=email, password=password, **more)

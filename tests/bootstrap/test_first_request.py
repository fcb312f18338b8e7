"""The first request of a process: what it needs is there before."""

import httpx
import pytest
from fastapi import routing

from mcp_platform.app import create_app
from tests.platform_api import Api


async def test_no_route_is_built_while_somebody_waits(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(api.platform)
    built: list[object] = []
    build = routing._IncludedRouter._build_effective_context

    def noted(self: routing._IncludedRouter, route: object) -> object:
        built.append(route)
        return build(self, route)  # type: ignore[arg-type]  # what FastAPI gives

    monkeypatch.setattr(routing._IncludedRouter, "_build_effective_context", noted)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://localhost"
    ) as client:
        for path in ("/health/live", "/api/v1/admin/clients", "/a/production/api/v1/nothing"):
            await client.get(path)
    assert built == []

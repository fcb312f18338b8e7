"""The platform's own API over a real database, as `serve gateway admin` makes it, and its users."""

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from sqlalchemy import text

from mcp_platform.admin.actor import Role, system
from mcp_platform.admin.passwords import Passwords
from mcp_platform.admin.users import User, create_user
from mcp_platform.app import create_app
from mcp_platform.bootstrap import pieces, service
from mcp_platform.bootstrap.service import AdminApi, Platform
from mcp_platform.settings import Settings

PASSWORD = "correct horse battery"
HERE = "192.0.2.7"  # an address for documentation: RFC 5737


class Clock:
    """The real time, moved on by what a test says."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def move(self, **by: float) -> None:
        self.ahead += timedelta(**by)


class Api:
    """A client of the platform's API, and the users it has made. `platform` is what serves it."""

    def __init__(self, platform: Platform, clock: Clock, keys: Path) -> None:
        assert platform.admin is not None
        self.platform, self.admin, self.clock, self.keys = platform, platform.admin, clock, keys
        self.app = create_app(platform)

    async def ask(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        address: str = HERE,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> httpx.Response:
        """Ask `/api/v1<path>`; a path that begins with `//` is taken from its second slash on."""
        sent = dict(headers or {})
        if token is not None:
            sent["authorization"] = f"Bearer {token}"
        where = path[1:] if path.startswith("//") else f"/api/v1{path}"
        transport = httpx.ASGITransport(
            app=self.app, raise_app_exceptions=False, client=(address, 4711)
        )
        async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as client:
            return await client.request(method, where, headers=sent, timeout=60, **more)

    async def make_user(
        self, role: Role = "admin", *, tenant: str | None = None, email: str | None = None
    ) -> User:
        """Make a user whose password is `PASSWORD`."""
        kept = await self.admin.passwords.hash(PASSWORD)
        async with self.admin.sessions.everywhere.begin() as session:
            return await create_user(
                session,
                actor=system("tests"),
                email=email or f"{role}-{uuid.uuid4().hex[:8]}@example.com",
                name="Zé",
                role=role,
                tenant=tenant,
                password_hash=kept,
                temporary=False,
            )

    async def tokens(self, email: str, password: str = PASSWORD, **more: Any) -> dict[str, Any]:
        """Sign in; return what is answered."""
        address = more.pop("address", HERE)
        body = {"email": email, "password": password, **more}
        answer = await self.ask("POST", "/auth/token", json=body, address=address)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def sign_in(self, role: Role = "admin", *, tenant: str | None = None) -> str:
        """Make a user of this role, sign them in, and return their access token."""
        user = await self.make_user(role, tenant=tenant)
        return str((await self.tokens(user.email))["access_token"])

    async def make_tenant(self, environment: str = "production", *, client: str = "") -> str:
        """Make a tenant in the database; return `<client>/<environment>`."""
        name = client or f"shop-{uuid.uuid4().hex[:12]}"
        await self.sql("INSERT INTO clients (name, business_name) VALUES (:name, 'Zé')", name=name)
        await self.sql(
            "INSERT INTO tenants (client_name, environment) VALUES (:name, :environment)",
            name=name,
            environment=environment,
        )
        return f"{name}/{environment}"

    async def sql(self, statement: str, **values: Any) -> list[Any]:
        """Run a statement as the part that administers."""
        async with self.platform.admin_sessions.everywhere.begin() as session:
            found = await session.execute(text(statement), values)
            return list(found) if found.returns_rows else []

    async def audited(self) -> list[str]:
        """Return the actions of the audit trail, oldest first."""
        return [
            row.action for row in await self.sql("SELECT action FROM audit_entries ORDER BY id")
        ]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def api(
    migrated_url: str, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Api]:
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    for module in (pieces, service):
        monkeypatch.setattr(module, "now", clock)
    monkeypatch.setattr(service, "Passwords", lambda: Passwords(cheap))
    settings = Settings(
        database_url=migrated_url, data_dir=tmp_path, credentials_dir=tmp_path / "credentials"
    )
    parts = ("gateway", "admin")
    async with service.platform(
        settings, parts, database_url=migrated_url, redis_url=None
    ) as platform:
        yield Api(platform, clock, tmp_path / "keys")


@pytest.fixture
def admin(api: Api) -> AdminApi:
    return api.admin

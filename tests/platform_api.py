"""The platform's own API over a real database, as `serve gateway admin` makes it, and its users."""

import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from sqlalchemy import text

from mcp_platform.access.passwords import Passwords
from mcp_platform.access.users import User, create_user
from mcp_platform.app import create_app
from mcp_platform.audit.actor import Role, system
from mcp_platform.bootstrap import admin as admin_part
from mcp_platform.bootstrap import service
from mcp_platform.bootstrap.service import Platform
from mcp_platform.settings import Settings
from tests.clocks import ClockAhead
from tests.databases import Databases
from tests.factories import add_tenant

PASSWORD = "correct horse battery"
HERE = "192.0.2.7"  # an address for documentation: RFC 5737


class Api:
    """A client of the platform's API, and the users it has made. `platform` is what serves it."""

    def __init__(self, platform: Platform, clock: ClockAhead, keys: Path) -> None:
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
        sessions = self.platform.shared.admin_sessions
        return (await add_tenant(sessions, client or None, environment=environment)).path

    async def sql(self, statement: str, **values: Any) -> list[Any]:
        """Run a statement as the part that administers."""
        async with self.platform.shared.admin_sessions.everywhere.begin() as session:
            found = await session.execute(text(statement), values)
            return list(found) if found.returns_rows else []

    async def audited(self) -> list[str]:
        """Return the actions of the audit trail, oldest first."""
        return [
            row.action for row in await self.sql("SELECT action FROM audit_entries ORDER BY id")
        ]


@asynccontextmanager
async def made_api(
    database_url: str, folder: Path, clock: ClockAhead, **more: Any
) -> AsyncIterator[Api]:
    """Make `serve gateway admin` over a database, with cheap passwords and a clock that moves.

    `more` are settings, such as where the simulators are.
    """
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    settings = Settings(
        database_url=database_url,
        data_dir=folder,
        credentials_dir=folder / "credentials",
        **more,
    )
    with pytest.MonkeyPatch.context() as building:
        building.setattr(admin_part, "Passwords", lambda: Passwords(cheap))
        opening = service.platform(
            settings,
            ("gateway", "admin"),
            database_url=database_url,
            redis_url=None,
            clock=clock,
        )
        async with AsyncExitStack() as stack:
            platform = await stack.enter_async_context(opening)
            building.undo()  # what is made has them; what others make has not
            yield Api(platform, clock, folder / "keys")


class Apis:
    """Lends one API after the other: the same, emptied, while only rows were changed."""

    def __init__(self, databases: Databases, folders: pytest.TempPathFactory) -> None:
        self._databases, self._folders = databases, folders
        self._stack = AsyncExitStack()
        self._api: Api | None = None
        self._files: list[tuple[Path, int]] = []

    async def lend(self) -> Api:
        if self._api is None or not await self._as_good_as_new(self._api):
            await self.close()
            self._api = await self._make()
        return self._api

    async def close(self) -> None:
        self._api = None
        await self._stack.aclose()

    async def _make(self) -> Api:
        self._lent = self._databases.copied()
        self._stack.callback(self._databases.drop, self._lent)
        await self._lent.remember()
        self._folder = self._folders.mktemp("platform")
        api = await self._stack.enter_async_context(
            made_api(self._lent.url, self._folder, ClockAhead())
        )
        self._files = self._seen()
        return api

    async def _as_good_as_new(self, api: Api) -> bool:
        if self._seen() != self._files or not await self._lent.emptied(in_use=True):
            return False
        api.clock.ahead = timedelta(0)
        api.admin.live.forget()
        api.platform.shared.tenants.forget()
        return True

    def _seen(self) -> list[tuple[Path, int]]:
        files = [each for each in self._folder.rglob("*") if each.is_file()]
        return sorted((each, each.stat().st_mtime_ns) for each in files)

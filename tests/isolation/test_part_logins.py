"""One login for each part, as a cluster has: no superuser, nothing inherited, and each starts."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import text

from cdk8s_app.platform.database import GROUPS
from mcp_platform.bootstrap.service import platform
from mcp_platform.cli.servers import refuse_old_schema
from mcp_platform.kit.database import with_login
from mcp_platform.settings import Part, Settings


@pytest.fixture(params=list(GROUPS))
def part(request: pytest.FixtureRequest) -> Part:
    made: Part = request.param
    return made


@pytest.fixture
def login_url(part: Part, migrated_url: str) -> Iterator[str]:
    name = f"{part}_{uuid4().hex[:10]}"

    async def run(*statements: str) -> None:
        connection = await asyncpg.connect(migrated_url)
        for each in statements:
            await connection.execute(each)
        await connection.close()

    asyncio.run(
        run(
            f"CREATE ROLE {name} LOGIN NOINHERIT PASSWORD 'x'",
            f"GRANT {', '.join(GROUPS[part])} TO {name}",
        )
    )
    yield with_login(migrated_url, user=name, password="x")
    asyncio.run(run(f"DROP ROLE {name}"))


def test_a_part_finds_the_schema_and_starts_with_its_own_login(
    part: Part, login_url: str, tmp_path: Path
) -> None:
    refuse_old_schema(login_url)
    settings = Settings(data_dir=tmp_path, credentials_dir=tmp_path)

    async def start() -> None:
        async with platform(settings, [part], database_url=login_url, redis_url=None) as made:
            sessions = made.shared.admin_sessions if part == "admin" else made.shared.sessions
            async with sessions.everywhere.begin() as session:
                assert await session.scalar(text("SELECT count(*) FROM tenants")) == 0

    asyncio.run(start())


def test_the_admin_part_of_a_cluster_starts_without_an_account_there(
    migrated_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    settings = Settings(
        data_dir=tmp_path,
        credentials_store="kubernetes",
        provisioner_url="http://127.0.0.1:9",
    )

    async def start() -> None:
        async with platform(settings, ["admin"], database_url=migrated_url, redis_url=None) as made:
            assert made.worker is None

    asyncio.run(start())

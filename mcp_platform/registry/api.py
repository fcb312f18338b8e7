"""The registry over HTTP: `/api/v1/admin/clients` and all that is under it."""

from fastapi import APIRouter

from mcp_platform.access.guard import ADMIN_API
from mcp_platform.access.routes import MOST_BYTES
from mcp_platform.kit.http import bodies_up_to
from mcp_platform.registry import catalogue_api as catalogue
from mcp_platform.registry import clients_api as clients
from mcp_platform.registry import closed_days_api as closed_days
from mcp_platform.registry import environments_api as environments
from mcp_platform.registry import holidays_api as holidays
from mcp_platform.registry.answers import api as answers
from mcp_platform.registry.answers import phrases_api as phrases
from mcp_platform.registry.answers import questions_api as questions
from mcp_platform.registry.fleet import api as fleet
from mcp_platform.registry.routes import Registry
from mcp_platform.registry.templates import api as templates
from mcp_platform.registry.waiting import api as waitlist

__all__ = ["Registry", "registry_router"]


def registry_router(registry: Registry) -> APIRouter:
    """Return the routes, with their whole paths."""
    router = APIRouter(prefix=ADMIN_API, route_class=bodies_up_to(MOST_BYTES))
    for part in (
        *(clients, environments, catalogue, closed_days, holidays),
        *(answers, questions, phrases, templates, waitlist, fleet),
    ):
        part.add_routes(router, registry)
    return router

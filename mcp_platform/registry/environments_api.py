"""`/clients/{client_name}/environments`: the tenants, and `/environments`: those of all clients."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.access.guard import allowed
from mcp_platform.access.routes import (
    CHANGED,
    CREATED,
    LISTED,
    READ,
    READERS,
    WRITERS,
    AtTenant,
    ClientPath,
    EnvironmentPath,
    at_tenant,
    shown,
)
from mcp_platform.audit.actor import Actor
from mcp_platform.kit.http import Expected, RequestKey
from mcp_platform.kit.paging import Page
from mcp_platform.registry.environments import (
    EnvironmentChange,
    EnvironmentOut,
    EnvironmentQuery,
    Environments,
    EnvironmentsOfClientQuery,
    NewEnvironment,
)
from mcp_platform.registry.routes import Registry

ALL = "/clients/{client_name}/environments"
ONE = f"{ALL}/{{environment}}"


def add_routes(router: APIRouter, registry: Registry) -> None:
    """Add the routes of environments."""
    Reader = Annotated[Actor, Depends(allowed(registry.guard, *READERS))]  # noqa: N806  # a type
    Writer = Annotated[Actor, Depends(allowed(registry.guard, *WRITERS))]  # noqa: N806  # a type

    @router.get(
        "/environments",
        summary="Environments of all clients",
        responses=LISTED,
        tags=["environments"],
    )
    async def list_environments(
        actor: Reader, query: Annotated[EnvironmentQuery, Query()]
    ) -> Page[EnvironmentOut]:
        async with registry.reading() as session:
            return await Environments(session, actor).page(query)

    @router.get(ALL, summary="A client's environments", responses=LISTED, tags=["environments"])
    async def list_environments_of_client(
        client_name: ClientPath,
        actor: Reader,
        query: Annotated[EnvironmentsOfClientQuery, Query()],
    ) -> Page[EnvironmentOut]:
        async with registry.reading() as session:
            return await Environments(session, actor).page(query, client_name=client_name)

    @router.post(
        ALL,
        status_code=201,
        response_model=EnvironmentOut,
        summary="Add an environment",
        responses=CREATED,
        tags=["environments"],
    )
    async def create_environment(
        request: Request,
        client_name: ClientPath,
        wish: NewEnvironment,
        actor: Writer,
        idempotency_key: RequestKey = None,
    ) -> Response:
        """Make it; isolated, it gets its own login and queue before this answers."""
        isolated = False

        async def create(session: AsyncSession) -> EnvironmentOut:
            nonlocal isolated
            isolated = wish.topology == "isolated"
            return await Environments(session, actor).create(client_name, wish)

        async with registry.changing() as session:
            answer = await registry.create(
                session,
                request=request,
                actor=actor,
                key=idempotency_key,
                wish=wish,
                create=lambda: create(session),
                name=lambda made: made.environment,
            )
        if isolated:  # made just now, and not by an earlier request of this key
            await registry.isolation.prepare_new(
                client_name, wish.environment, actor=actor, key=idempotency_key
            )
        return answer

    @router.get(ONE, summary="One environment", responses=READ, tags=["environments"])
    async def read_environment(
        client_name: ClientPath, environment: EnvironmentPath, actor: Reader, response: Response
    ) -> EnvironmentOut:
        async with registry.reading() as session:
            return shown(await Environments(session, actor).get(client_name, environment), response)

    AtWriter = Annotated[AtTenant, Depends(at_tenant(registry.guard, *WRITERS))]  # noqa: N806  # a type

    @router.patch(ONE, summary="Change an environment", responses=CHANGED, tags=["environments"])
    async def change_environment(
        change: EnvironmentChange,
        at: AtWriter,
        versions: Expected,
        response: Response,
    ) -> EnvironmentOut:
        """Change what is named. Every process serves it so within half a minute.

        What becomes isolated gets its own login and queue before; what waits is answered by the
        workers it moves to.
        """
        if change.wished().get("topology") == "isolated":
            await registry.isolation.prepare(
                at.client_name, at.environment, actor=at.actor, versions=versions
            )
        async with registry.changing() as session:
            changed = await Environments(session, at.actor).update(
                at.client_name, at.environment, change, versions=versions
            )
        return shown(changed, response)

"""`/clients`: the businesses that the agency looks after."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from mcp_platform.access.guard import allowed
from mcp_platform.access.routes import (
    CHANGED,
    CREATED,
    DELETED,
    LISTED,
    READ,
    READERS,
    WRITERS,
    ClientPath,
    shown,
)
from mcp_platform.audit.actor import Actor
from mcp_platform.kit.http import Expected, RequestKey
from mcp_platform.kit.paging import Page
from mcp_platform.registry.clients import ClientChange, ClientOut, ClientQuery, Clients, NewClient
from mcp_platform.registry.routes import Registry


def add_routes(router: APIRouter, registry: Registry) -> None:
    """Add the routes of clients."""
    Reader = Annotated[Actor, Depends(allowed(registry.guard, *READERS))]  # noqa: N806  # a type
    Writer = Annotated[Actor, Depends(allowed(registry.guard, *WRITERS))]  # noqa: N806  # a type

    @router.get("/clients", summary="Clients by name", responses=LISTED, tags=["clients"])
    async def list_clients(
        actor: Reader, query: Annotated[ClientQuery, Query()]
    ) -> Page[ClientOut]:
        async with registry.reading() as session:
            return await Clients(session, actor).page(query)

    @router.post(
        "/clients",
        status_code=201,
        response_model=ClientOut,
        summary="Add a client",
        responses=CREATED,
        tags=["clients"],
    )
    async def create_client(
        request: Request, wish: NewClient, actor: Writer, idempotency_key: RequestKey = None
    ) -> Response:
        async with registry.changing() as session:
            return await registry.create(
                session,
                request=request,
                actor=actor,
                key=idempotency_key,
                wish=wish,
                create=lambda: Clients(session, actor).create(wish),
                name=lambda made: made.name,
            )

    @router.get("/clients/{client_name}", summary="One client", responses=READ, tags=["clients"])
    async def read_client(client_name: ClientPath, actor: Reader, response: Response) -> ClientOut:
        async with registry.reading() as session:
            return shown(await Clients(session, actor).get(client_name), response)

    @router.patch(
        "/clients/{client_name}", summary="Change a client", responses=CHANGED, tags=["clients"]
    )
    async def change_client(
        client_name: ClientPath,
        change: ClientChange,
        actor: Writer,
        versions: Expected,
        response: Response,
    ) -> ClientOut:
        async with registry.changing() as session:
            clients = Clients(session, actor)
            return shown(await clients.update(client_name, change, versions=versions), response)

    @router.delete(
        "/clients/{client_name}",
        status_code=204,
        summary="Remove a client that has no environments",
        responses=DELETED,
        tags=["clients"],
    )
    async def delete_client(client_name: ClientPath, actor: Writer, versions: Expected) -> None:
        async with registry.changing() as session:
            await Clients(session, actor).delete(client_name, versions=versions)

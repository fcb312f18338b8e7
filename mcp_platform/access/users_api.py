"""`/api/v1/admin/users`: who may administer the platform, and as what. For administrators alone."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.access import users
from mcp_platform.access.guard import ADMIN_API, AdminGuard, allowed
from mcp_platform.access.idempotency import CreationAnswer, once
from mcp_platform.access.passwords import Passwords, check_password, generate_password
from mcp_platform.access.routes import CHANGED, CREATED, READ, etag, shown
from mcp_platform.access.shapes import (
    MOST_BYTES,
    NewUser,
    UserChange,
    UserOut,
    UserQuery,
    UserWithPassword,
)
from mcp_platform.access.user_tokens import LiveSignIns
from mcp_platform.audit.actor import Actor
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.http import Expected, RequestKey, bodies_up_to, problems
from mcp_platform.kit.paging import Page


def users_router(
    sessions: Sessions,
    *,
    passwords: Passwords,
    live: LiveSignIns,
    guard: AdminGuard,
    clock: Callable[[], datetime],
) -> APIRouter:
    """Return the routes, with their whole paths."""
    router = APIRouter(
        prefix=f"{ADMIN_API}/users", tags=["users"], route_class=bodies_up_to(MOST_BYTES)
    )
    administrator = Depends(allowed(guard, "admin"))
    proved = Depends(allowed(guard, "admin", fresh=True))
    Administrator = Annotated[Actor, proved]  # noqa: N806  # a type

    @router.get(
        "",
        summary="Users, by e-mail address",
        dependencies=[administrator],
        responses=problems(401, 403, 413, 422, 503),
    )
    async def list_users(query: Annotated[UserQuery, Query()]) -> Page[UserOut]:
        async with sessions.everywhere() as session:
            found, cursor = await users.list_users(session, query=query, role=query.role)
        return Page(items=[UserOut.of(each) for each in found], next_cursor=cursor)

    @router.post(
        "",
        status_code=201,
        summary="Make a user",
        responses=CREATED,
    )
    async def create_user(
        request: Request,
        response: Response,
        body: NewUser,
        actor: Administrator,
        idempotency_key: RequestKey = None,
    ) -> UserWithPassword:
        made = generate_password() if body.password is None else None
        email = users.canonical_email(body.email)
        kept = await passwords.hash(made or check_password(body.password or "", email=email))
        told: list[UserWithPassword] = []  # what only the first answer tells

        async def make(session: AsyncSession) -> CreationAnswer:
            user = await users.create_user(
                session,
                actor=actor,
                email=email,
                name=body.name or email,
                role=body.role,
                tenant=body.tenant,
                password_hash=kept,
                temporary=True,  # the administrator knows it, made or chosen
            )
            out = UserOut.of(user)
            told.append(UserWithPassword(user=out, password=made))
            return CreationAnswer(
                location=f"{request.url.path}/{user.id}",
                version=user.version,
                body=UserWithPassword(user=out, password=None).model_dump_json(),
            )

        # Of a password neither itself nor a digest is kept, which would be quick to try: the same
        # request is one that says the same of everything else.
        asked = body.model_dump(mode="json", exclude={"password"}) | {"made": made is not None}
        async with sessions.everywhere.begin() as session:
            answer = await once(
                session,
                actor=actor,
                key=idempotency_key,
                request=[request.url.path, asked],
                now=clock(),
                create=partial(make, session),
            )
        response.headers.update({"location": answer.location, "etag": etag(answer.version)})
        return told[0] if told else UserWithPassword.model_validate_json(answer.body)

    @router.get(
        "/{user_id}",
        summary="One user",
        dependencies=[administrator],
        responses=READ,
    )
    async def read_user(user_id: UUID, response: Response) -> UserOut:
        async with sessions.everywhere() as session:
            return shown(UserOut.of(await users.one_user(session, user_id)), response)

    @router.patch(
        "/{user_id}",
        summary="Change a user; who may do less than before is signed out everywhere",
        responses=CHANGED,
    )
    async def change_user(
        user_id: UUID,
        body: UserChange,
        actor: Administrator,
        versions: Expected,
        response: Response,
    ) -> UserOut:
        change = users.UserUpdate(**body.model_dump())
        async with sessions.everywhere.begin() as session:
            user = await users.change_user(
                session, actor=actor, user_id=user_id, change=change, versions=versions
            )
        live.forget()
        return shown(UserOut.of(user), response)

    @router.post(
        "/{user_id}/reset-password",
        summary="Make a user another password, and sign them out everywhere",
        responses=problems(401, 403, 404, 413, 422, 503),
    )
    async def reset_password(user_id: UUID, actor: Administrator) -> UserWithPassword:
        made = generate_password()
        kept = await passwords.hash(made)
        async with sessions.everywhere.begin() as session:
            user = await users.reset_password(
                session, actor=actor, user_id=user_id, password_hash=kept
            )
        live.forget()
        return UserWithPassword(user=UserOut.of(user), password=made)

    @router.post(
        "/{user_id}/reset-totp",
        summary="Turn a user's one-time codes off, and sign them out everywhere",
        responses=problems(401, 403, 404, 413, 422, 503),
    )
    async def reset_totp(user_id: UUID, actor: Administrator) -> UserOut:
        async with sessions.everywhere.begin() as session:
            user = await users.reset_totp(session, actor=actor, user_id=user_id)
        live.forget()
        return UserOut.of(user)

    return router

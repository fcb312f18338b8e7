"""`/api/v1/admin/users`: who may administer the platform, and as what. For administrators alone."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from mcp_platform.admin import users
from mcp_platform.admin.access import ADMIN_API, AdminGuard, allowed
from mcp_platform.admin.actor import Actor
from mcp_platform.admin.api.shapes import (
    MOST_BYTES,
    NewUser,
    UserChange,
    UserOut,
    UserQuery,
    UserWithPassword,
)
from mcp_platform.admin.passwords import Passwords, check_password, generate_password
from mcp_platform.admin.registry.paging import Page
from mcp_platform.admin.user_tokens import LiveSignIns
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.http import bodies_up_to, problems


def users_router(
    sessions: Sessions, *, passwords: Passwords, live: LiveSignIns, guard: AdminGuard
) -> APIRouter:
    """Return the routes, with their whole paths."""
    router = APIRouter(
        prefix=f"{ADMIN_API}/users", tags=["users"], route_class=bodies_up_to(MOST_BYTES)
    )
    administrator = Depends(allowed(guard, "admin"))
    Administrator = Annotated[Actor, administrator]  # noqa: N806  # a type

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
        responses=problems(401, 403, 409, 413, 422, 503),
    )
    async def create(body: NewUser, actor: Administrator) -> UserWithPassword:
        made = generate_password() if body.password is None else None
        email = users.canonical_email(body.email)
        kept = await passwords.hash(made or check_password(body.password or "", email=email))
        async with sessions.everywhere.begin() as session:
            user = await users.create_user(
                session,
                actor=actor,
                email=email,
                name=body.name,
                role=body.role,
                tenant=body.tenant,
                password_hash=kept,
                temporary=True,  # the administrator knows it, made or chosen
            )
        return UserWithPassword(user=UserOut.of(user), password=made)

    @router.get(
        "/{user_id}",
        summary="One user",
        dependencies=[administrator],
        responses=problems(401, 403, 404, 413, 422, 503),
    )
    async def one(user_id: UUID) -> UserOut:
        async with sessions.everywhere() as session:
            return UserOut.of(await users.one_user(session, user_id))

    @router.patch(
        "/{user_id}",
        summary="Change a user; who may do less than before is signed out everywhere",
        responses=problems(401, 403, 404, 409, 413, 422, 503),
    )
    async def change(user_id: UUID, body: UserChange, actor: Administrator) -> UserOut:
        change = users.Change(**body.model_dump())
        async with sessions.everywhere.begin() as session:
            user = await users.change_user(session, actor=actor, user_id=user_id, change=change)
        live.forget()
        return UserOut.of(user)

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

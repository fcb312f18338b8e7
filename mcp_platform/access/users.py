"""Users: made, changed and looked up by administrators and by commands.

Each change is part of the caller's transaction and is written into the audit trail there. It ends
the user's sign-ins if these would allow too much now. The last administrator stays one.
"""

import re
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.access.models import SignInRow, UserRow
from mcp_platform.audit import trail as audit
from mcp_platform.audit.actor import Actor, Role
from mcp_platform.errors import Conflict, Forbidden, Invalid, NotFound
from mcp_platform.kit.forms import check_version
from mcp_platform.kit.paging import Order, PageQuery
from mcp_platform.tenants.models import TenantRow

LONGEST_EMAIL = 254  # RFC 5321: what a path may have, without its brackets
LONGEST_NAME = 120
EMAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?", re.ASCII)


class LastAdministrator(Conflict):
    """Nobody could administer after this."""

    def __init__(self) -> None:
        super().__init__("This is the last administrator: make another one first.")


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user, without anything that proves one. `tenant` is `<client>/<environment>`, of staff."""

    id: UUID
    email: str
    name: str
    role: Role
    tenant: str | None
    tenant_id: int | None
    disabled: bool
    temporary: bool
    totp: bool
    created_at: datetime
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UserUpdate:
    """What becomes of a user; None stays as it is. `tenant` goes with the role `staff`."""

    name: str | None = None
    role: Role | None = None
    tenant: str | None = None
    disabled: bool | None = None


def canonical_email(email: str) -> str:
    """Return an e-mail address as it is kept and compared.

    Raises:
        Invalid: it is none. Addresses in ASCII alone, so that none looks like another.
    """
    lowered = email.strip().lower()
    if len(lowered) > LONGEST_EMAIL or EMAIL.fullmatch(lowered) is None:
        raise Invalid("This is no e-mail address.", fields={"email": "must be name@domain"})
    return lowered


async def create_user(
    session: AsyncSession,
    *,
    actor: Actor,
    email: str,
    name: str,
    role: Role,
    tenant: str | None,
    password_hash: str,
    temporary: bool,
) -> User:
    """Make a user. `temporary`: somebody else knows the password, so it must be changed first.

    Raises:
        Invalid: no e-mail address, or staff without a tenant, or a tenant without staff.
        Conflict: there is a user with this e-mail address.
    """
    email = canonical_email(email)
    tenant_id = await _tenant_of_staff(session, role=role, tenant=tenant)
    user_id = await session.scalar(
        insert(UserRow)
        .values(
            id=uuid.uuid4(),
            email=email,
            name=name,
            role=role,
            tenant_id=tenant_id,
            password_hash=password_hash,
            temporary=temporary,
        )
        .on_conflict_do_nothing(index_elements=[UserRow.email])  # two at once make one
        .returning(UserRow.id)
    )
    if user_id is None:
        raise Conflict(
            "There is a user with this e-mail address.", fields={"email": "is taken already"}
        )
    made = await one_user(session, user_id)
    await _record(session, actor, "user.create", made, before=None, after=_told(made))
    return made


async def change_user(
    session: AsyncSession,
    *,
    actor: Actor,
    user_id: UUID,
    change: UserUpdate,
    versions: frozenset[int] | None,
) -> User:
    """Change a user who is in one of `versions`; None: in any.

    Who may do less than before, or elsewhere, is signed out everywhere.

    Raises:
        NotFound: there is no such user.
        PreconditionFailed: they are in none of `versions`.
        Invalid: staff without a tenant, or a tenant without staff.
        LastAdministrator: nobody could administer after this.
    """
    row, before = await _locked(session, user_id)
    check_version(row, versions)
    role = change.role or before.role
    disabled = row.disabled if change.disabled is None else change.disabled
    if before.role == "admin" and not before.disabled and (disabled or role != "admin"):
        await _leave_an_administrator(session, besides=user_id)
    tenant = change.tenant or (before.tenant if role == "staff" else None)
    row.tenant_id = await _tenant_of_staff(session, role=role, tenant=tenant)
    row.role, row.disabled, row.name = role, disabled, change.name or row.name
    await session.flush()
    after = await one_user(session, user_id)
    if disabled or (after.role, after.tenant_id) != (before.role, before.tenant_id):
        await end_sign_ins(session, user_id)
    if after != before:
        await _record(
            session, actor, "user.update", after, before=_told(before), after=_told(after)
        )
    return after


async def reset_password(
    session: AsyncSession,
    *,
    actor: Actor,
    user_id: UUID,
    password_hash: str,
    temporary: bool = True,
) -> User:
    """Give a user another password, and sign them out everywhere.

    Raises:
        NotFound: there is no such user.
        Forbidden: it is who asks: a token alone is no proof of that.
    """
    row, before = await _locked(session, user_id)
    _check_another(before, actor, instead="POST /api/v1/auth/password")
    row.password_hash, row.temporary = password_hash, temporary
    await session.flush()
    await end_sign_ins(session, user_id)
    user = await one_user(session, user_id)
    await _record(session, actor, "user.reset_password", user, before=None, after=None)
    return user


async def reset_totp(session: AsyncSession, *, actor: Actor, user_id: UUID) -> User:
    """Take a user's one-time codes away, who has lost what makes them; sign them out everywhere.

    Raises:
        NotFound: there is no such user.
        Forbidden: it is who asks: a token alone is no proof of that.
    """
    row, before = await _locked(session, user_id)
    _check_another(before, actor, instead="POST /api/v1/auth/totp/disable")
    forget_totp(row)
    await session.flush()
    await end_sign_ins(session, user_id)
    user = await one_user(session, user_id)
    await _record(session, actor, "user.reset_totp", user, before=None, after=None)
    return user


def _check_another(user: User, actor: Actor, *, instead: str) -> None:
    """Check that `actor` is another user; own accounts need the password. Raises Forbidden."""
    if actor.kind == "user" and actor.subject == user.email:
        raise Forbidden(f"This is your own account: {instead} asks for your present password.")


def forget_totp(row: UserRow) -> None:
    """Leave nothing of a user's second proof but the last step, which stays used."""
    row.totp_sealed, row.totp_confirmed, row.recovery_digests = None, False, []


async def end_sign_ins(session: AsyncSession, user_id: UUID, *, but: UUID | None = None) -> None:
    """Sign a user out everywhere, but for the sign-in `but`."""
    standing = (SignInRow.user_id == user_id) & SignInRow.revoked_at.is_(None)
    if but is not None:
        standing &= SignInRow.id != but
    await session.execute(update(SignInRow).where(standing).values(revoked_at=func.now()))


async def one_user(session: AsyncSession, user_id: UUID) -> User:
    """Return a user.

    Raises:
        NotFound: there is none.
    """
    user = await find_user(session, user_id)
    if user is None:
        raise NotFound("There is no such user.")
    return user


async def find_user(session: AsyncSession, user_id: UUID) -> User | None:
    """Return a user, if there is one of this id."""
    found = (await session.execute(_users().where(UserRow.id == user_id))).one_or_none()
    return None if found is None else _user(*found)


async def user_by_email(session: AsyncSession, email: str) -> User:
    """Return a user. Raises as `one_user` does, and Invalid for what is no e-mail address."""
    which = UserRow.email == canonical_email(email)
    found = (await session.execute(_users().where(which))).one_or_none()
    if found is None:
        raise NotFound(f"There is no user {email}.")
    return _user(*found)


async def list_users(
    session: AsyncSession, *, query: PageQuery, role: Role | None = None
) -> tuple[list[User], str | None]:
    """Return one page of users in the order of their e-mail addresses, and the next one's cursor.

    Raises:
        Invalid: the cursor is none of ours.
    """
    statement = _users() if role is None else _users().where(UserRow.role == role)
    found, cursor = await Order(UserRow.email).page(session, statement, query=query)
    return [_user(*each) for each in found], cursor


async def names_of(session: AsyncSession, emails: Collection[str]) -> dict[str, str]:
    """Return what users are called, by their e-mail addresses; who is no user is left out."""
    if not emails:
        return {}
    found = await session.execute(
        select(UserRow.email, UserRow.name).where(UserRow.email.in_(emails))
    )
    return {row.email: row.name for row in found}


def _users() -> Any:
    return (
        select(UserRow, TenantRow.client_name, TenantRow.environment)
        .outerjoin(TenantRow, TenantRow.id == UserRow.tenant_id)
        .execution_options(populate_existing=True)
    )


def _user(row: UserRow, client_name: str | None, environment: str | None) -> User:
    return User(
        id=row.id,
        email=row.email,
        name=row.name,
        role=row.role,  # type: ignore[arg-type]  # a check constraint holds it
        tenant=None if client_name is None else f"{client_name}/{environment}",
        tenant_id=row.tenant_id,
        disabled=row.disabled,
        temporary=row.temporary,
        totp=row.totp_confirmed,
        created_at=row.created_at,
        version=row.version,
    )


async def _locked(session: AsyncSession, user_id: UUID) -> tuple[UserRow, User]:
    """Return a user as nobody else can change it before this transaction ends.

    All administrators are locked, in one order. If two demote each other, the second waits and finds
    that only one is left.
    """
    which = (UserRow.id == user_id) | (UserRow.role == "admin")
    rows = await session.scalars(
        select(UserRow).where(which).order_by(UserRow.id).with_for_update()
    )
    row = next((each for each in rows if each.id == user_id), None)
    if row is None:
        raise NotFound("There is no such user.")
    return row, await one_user(session, user_id)


async def _leave_an_administrator(session: AsyncSession, *, besides: UUID) -> None:
    others = select(UserRow.id).where(
        UserRow.role == "admin", UserRow.disabled.is_(False), UserRow.id != besides
    )
    if await session.scalar(others.limit(1)) is None:
        raise LastAdministrator


async def _tenant_of_staff(session: AsyncSession, *, role: Role, tenant: str | None) -> int | None:
    if role != "staff":
        if tenant is not None:
            raise Invalid("Only staff has a tenant.", fields={"tenant": "goes with the role staff"})
        return None
    client_name, _, environment = (tenant or "").partition("/")
    found = await session.scalar(
        select(TenantRow.id).where(
            TenantRow.client_name == client_name, TenantRow.environment == environment
        )
    )
    if found is None:
        raise Invalid(
            "Staff belongs to a tenant.", fields={"tenant": "must be a tenant that there is"}
        )
    return found


def _told(user: User) -> dict[str, Any]:
    told = ("email", "name", "role", "tenant", "disabled")
    return {name: getattr(user, name) for name in told}


async def _record(
    session: AsyncSession,
    actor: Actor,
    action: str,
    user: User,
    *,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> None:
    await audit.record(
        session,
        actor=actor,
        action=action,
        target=user.email,
        tenant_id=user.tenant_id,
        before=before,
        after=after,
    )

"""`/users`: who may use the platform, as what and for whom. For administrators."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError
from starlette.responses import Response

from mcp_platform.access import users
from mcp_platform.access.passwords import Passwords, generate_password
from mcp_platform.access.shapes import NewUser, UserChange, UserQuery
from mcp_platform.access.user_tokens import LiveSignIns
from mcp_platform.access.users import User, UserUpdate
from mcp_platform.audit.actor import ROLES, Role
from mcp_platform.console.forms import or_none, text_of_field, version_of
from mcp_platform.console.visits import ROOT, ConsolePage, PageVisit
from mcp_platform.errors import Conflict, Forbidden, Invalid
from mcp_platform.kit.cursor import bad_cursor
from mcp_platform.kit.database import Sessions
from mcp_platform.kit.http import PreconditionFailed

PATH: Final = "/users"
ONE: Final = f"{PATH}/{{user}}"
ADMINISTRATORS: Final[tuple[Role, ...]] = ("admin",)
ROWS: Final = 50
SAID: Final = frozenset({"saved", "codes_off"})
FIELDS: Final = ("email", "name", "role", "tenant")


class UserPages:
    """The list, one user, and a new one, whose password is shown once."""

    def __init__(self, sessions: Sessions, *, passwords: Passwords, live: LiveSignIns) -> None:
        self._sessions = sessions
        self._passwords = passwords
        self._live = live

    def table(self) -> tuple[ConsolePage, ...]:
        admins = ADMINISTRATORS
        return (
            ConsolePage(path=PATH, roles=admins, show=self.list_),
            ConsolePage(path=PATH, roles=admins, act=self.invite, fresh=True),
            ConsolePage(path=ONE, roles=admins, show=self.show),
            ConsolePage(path=ONE, roles=admins, act=self.change, fresh=True),
            ConsolePage(path=f"{ONE}/password", roles=admins, act=self.reset_password, fresh=True),
            ConsolePage(path=f"{ONE}/codes", roles=admins, act=self.reset_codes, fresh=True),
        )

    async def list_(self, visit: PageVisit) -> Response:
        return await self._list(visit)

    async def invite(self, visit: PageVisit) -> Response:
        """Make a user with a password of ours, which lets in only to be changed."""
        try:
            body = NewUser.model_validate(_wish(visit, FIELDS))
            made = generate_password()
            kept = await self._passwords.hash(made)
            async with self._sessions.everywhere.begin() as session:
                user = await users.create_user(
                    session,
                    actor=visit.signed_in.user.actor,
                    email=body.email,
                    name=body.name or body.email,
                    role=body.role,
                    tenant=body.tenant,
                    password_hash=kept,
                    temporary=True,
                )
        except (ValidationError, Invalid, Conflict) as error:
            return await self._list(visit, wrong=_wrong(visit, error))
        return self._password(visit, user, made)

    async def show(self, visit: PageVisit) -> Response:
        user = await self._user(visit)
        return self._one(visit, user, _typed(user))

    async def change(self, visit: PageVisit) -> Response:
        user = await self._user(visit)
        try:
            body = UserChange.model_validate(
                {**_wish(visit, ("name", "role", "tenant")), "disabled": "disabled" in visit.form}
            )
            async with self._sessions.everywhere.begin() as session:
                await users.change_user(
                    session,
                    actor=visit.signed_in.user.actor,
                    user_id=user.id,
                    change=UserUpdate(**body.model_dump()),
                    versions=version_of(visit),
                )
        except PreconditionFailed:
            return self._one(visit, await self._user(visit), visit.form, changed=True)
        except (ValidationError, Invalid, Conflict) as error:
            return self._one(visit, user, visit.form, wrong=_wrong(visit, error))
        self._live.forget()
        return visit.to(f"{PATH}/{user.id}", said="saved")

    async def reset_password(self, visit: PageVisit) -> Response:
        user, made = await self._user(visit), generate_password()
        kept = await self._passwords.hash(made)
        try:
            async with self._sessions.everywhere.begin() as session:
                await users.reset_password(
                    session,
                    actor=visit.signed_in.user.actor,
                    user_id=user.id,
                    password_hash=kept,
                )
        except Forbidden:  # one's own is changed with the old one
            return visit.to("/me")
        self._live.forget()
        return self._password(visit, user, made)

    async def reset_codes(self, visit: PageVisit) -> Response:
        user = await self._user(visit)
        try:
            async with self._sessions.everywhere.begin() as session:
                await users.reset_totp(session, actor=visit.signed_in.user.actor, user_id=user.id)
        except Forbidden:
            return visit.to("/me")
        self._live.forget()
        return visit.to(f"{PATH}/{user.id}", said="codes_off")

    async def _user(self, visit: PageVisit) -> User:
        async with self._sessions.everywhere() as session:
            return await users.one_user(session, visit.uuid("user"))

    async def _list(self, visit: PageVisit, *, wrong: Mapping[str, str] | None = None) -> Response:
        cursor = visit.request.query_params.get("cursor")
        try:
            query = UserQuery.model_validate({"limit": ROWS, "cursor": cursor or None})
        except ValidationError as error:
            raise bad_cursor() from error
        async with self._sessions.everywhere() as session:
            found, following = await users.list_users(session, query=query)
        here = f"{ROOT}{PATH}"
        return visit.page(
            "users/users.html",
            status=422 if wrong else 200,
            users=found,
            me=visit.signed_in.user.user_id,
            roles=_roles(visit),
            typed=visit.form if wrong else {},
            wrong=wrong or {},
            first=here if cursor else None,
            following=f"{here}?cursor={following}" if following else None,
        )

    def _one(
        self,
        visit: PageVisit,
        user: User,
        typed: Mapping[str, str],
        *,
        wrong: Mapping[str, str] | None = None,
        changed: bool = False,
    ) -> Response:
        return visit.page(
            "users/user.html",
            status=412 if changed else 422 if wrong else 200,
            user=user,
            typed=typed,
            roles=_roles(visit),
            wrong=wrong or {},
            changed=changed,
            mine=user.id == visit.signed_in.user.user_id,
            said=visit.said(SAID),
        )

    @staticmethod
    def _password(visit: PageVisit, user: User, password: str) -> Response:
        return visit.page("users/password.html", user=user, password=password)


def _roles(visit: PageVisit) -> list[tuple[str, str]]:
    return [(each, visit.say(f"role.{each}")) for each in ROLES]


def _wish(visit: PageVisit, names: tuple[str, ...]) -> dict[str, Any]:
    wish = {name: or_none(text_of_field(visit, name)) for name in names}
    if wish.get("role") != "staff":
        wish["tenant"] = None
    return wish


def _typed(user: User) -> dict[str, str]:
    return {
        "name": user.name,
        "role": user.role,
        "tenant": user.tenant or "",
        **({"disabled": "yes"} if user.disabled else {}),
    }


def _wrong(visit: PageVisit, error: ValidationError | Invalid | Conflict) -> dict[str, str]:
    """Return what is wrong at each field."""
    if isinstance(error, ValidationError):
        names = [str(each["loc"][0]) for each in error.errors()]
    else:
        names = list(error.fields) or ["role"]  # the last administrator stays one
    known = {name for name in names if name in FIELDS}
    taken = isinstance(error, Conflict)
    return {
        name: visit.say(
            "users.taken"
            if taken and name == "email"
            else "users.last"
            if taken
            else f"users.unfit_{name}"
        )
        for name in known or {"role"}
    }

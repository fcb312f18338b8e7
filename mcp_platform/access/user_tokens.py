"""Access tokens of signed-in users, and the guard that admits by them.

A token is short-lived, and each request asks whether its sign-in still stands. After a sign-in ends,
its tokens are refused at once in this process, and everywhere within `BELIEVED_FOR`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from cachetools import TTLCache
from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from mcp_platform.access.guard import FRESH_FOR, AdminGuard, FreshProofMissing, SignedInUser
from mcp_platform.access.jwts import REFUSED, Jwts, RegisteredClaims
from mcp_platform.access.models import SignInRow
from mcp_platform.audit.actor import Actor, Role
from mcp_platform.errors import Unauthorized, Unavailable
from mcp_platform.kit.database import Sessions

USERS: Final = "mcp-platform:admin"
ACCESS_LASTS = timedelta(minutes=10)
BELIEVED_FOR = timedelta(seconds=5)  # until an ended sign-in is refused in every process
BELIEVED_MOST = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class UserClaims:
    """Who a token is for. `tenant` is `<client>/<environment>`, of staff alone."""

    user_id: UUID
    sign_in_id: UUID
    email: str
    role: Role
    tenant: str | None
    temporary: bool


class _Said(RegisteredClaims):
    sign_in: str = Field(alias="sid")
    email: str
    role: Role
    tenant: str | None
    temporary: bool = Field(alias="tmp")


class UserTokens:
    """Mints and verifies access tokens."""

    def __init__(self, jwts: Jwts) -> None:
        self._jwts = jwts

    def mint(self, user: UserClaims, *, ttl: timedelta, now: datetime) -> str:
        """Return an access token.

        Raises:
            Unavailable: no private key is here.
        """
        return self._jwts.sign(
            {
                "sid": str(user.sign_in_id),
                "email": user.email,
                "role": user.role,
                "tenant": user.tenant,
                "tmp": user.temporary,
            },
            audience=USERS,
            subject=str(user.user_id),
            ttl=ttl,
            now=now,
        )

    def verify(self, token: str, *, now: datetime) -> UserClaims:
        """Return who a token is for.

        Raises:
            Unauthorized: it is worthless, for a reason that is not told, or has expired.
        """
        said = self._jwts.read(token, _Said, audience=USERS, now=now)
        try:
            user_id, sign_in_id = UUID(said.sub), UUID(said.sign_in)
        except ValueError as error:
            raise Unauthorized(REFUSED) from error
        return UserClaims(
            user_id=user_id,
            sign_in_id=sign_in_id,
            email=said.email,
            role=said.role,
            tenant=said.tenant,
            temporary=said.temporary,
        )


class LiveSignIns:
    """Which sign-ins still stand, asked of Postgres at most every few seconds each."""

    def __init__(self, sessions: Sessions, *, timer: Callable[[], float]) -> None:
        self._sessions = sessions
        self._known: TTLCache[UUID, bool] = TTLCache(
            BELIEVED_MOST, BELIEVED_FOR.total_seconds(), timer=timer
        )

    async def stands(self, sign_in_id: UUID) -> bool:
        """Return whether nobody has ended this sign-in.

        Raises:
            Unavailable: Postgres is away, and it was not asked just now.
        """
        known = self._known.get(sign_in_id)
        if known is not None:
            return known
        try:
            async with self._sessions.everywhere() as session:
                live = await session.scalar(select(func.sign_in_is_live(sign_in_id)))
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            raise Unavailable(
                "Sign-ins cannot be looked up: the database is away.",
                retry_after=timedelta(seconds=5),
            ) from error
        self._known[sign_in_id] = bool(live)
        return bool(live)

    async def proved_at(self, sign_in_id: UUID) -> datetime | None:
        """Return when the user of a sign-in last proved who they are; None: it is gone."""
        async with self._sessions.everywhere() as session:
            found: datetime | None = await session.scalar(
                select(func.coalesce(SignInRow.proved_at, SignInRow.started_at)).where(
                    SignInRow.id == sign_in_id
                )
            )
        return found

    def forget(self) -> None:
        """Forget which sign-ins stand, after some were ended in this process."""
        self._known.clear()


class UserGuard(AdminGuard):
    """Admits users by their access tokens."""

    def __init__(
        self, *, tokens: UserTokens, live: LiveSignIns, clock: Callable[[], datetime]
    ) -> None:
        self._tokens = tokens
        self._live = live
        self._clock = clock

    async def admit(self, token: str | None, *, address: str | None) -> SignedInUser:
        """Return who asks. Raises as `AdminGuard.admit` says."""
        if token is None:
            raise Unauthorized("A bearer token is required.")
        user = self._tokens.verify(token, now=self._clock())
        if not await self._live.stands(user.sign_in_id):
            raise Unauthorized("This sign-in was ended.")
        return SignedInUser(
            user_id=user.user_id,
            sign_in_id=user.sign_in_id,
            temporary=user.temporary,
            actor=Actor(
                kind="user",
                subject=user.email,
                role=user.role,
                tenant=user.tenant,
                address=address,
            ),
        )

    async def check_fresh(self, user: SignedInUser) -> None:
        """Check that a user proved who they are just now. Raises as `AdminGuard` says."""
        proved_at = await self._live.proved_at(user.sign_in_id)
        if proved_at is None or self._clock() - proved_at >= FRESH_FOR:
            raise FreshProofMissing

    def tenant_of(self, token: str) -> str | None:
        """Return the tenant whose staff a token is for, without asking whether it still is.

        Raises:
            Unauthorized: the token is worthless, or is not of staff.
        """
        tenant = self._tokens.verify(token, now=self._clock()).tenant
        if tenant is None:
            raise Unauthorized(REFUSED)
        return tenant

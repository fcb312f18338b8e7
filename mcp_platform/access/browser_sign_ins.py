"""Sign-ins of a browser: a cookie in place of tokens, ended by two idle hours, or after twelve.

A cookie is 256 random bits, whose digest stands in the sign-in's row: the database makes no cookie.
It never authenticates the API. Between the password and the code the sign-in is there and admits
nobody. A cookie is replaced whenever what it stands for changes.
Source: OWASP, Session Management Cheat Sheet.
"""

import hashlib
import secrets
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.access.guard import SignedInUser
from mcp_platform.access.models import SignInRow, UserRow
from mcp_platform.access.sign_ins import USED, WRONG, SignIns, actor_of, sweep_ended
from mcp_platform.access.throttle import forgive, forgive_codes
from mcp_platform.access.user_tokens import LiveSignIns
from mcp_platform.access.users import User, end_sign_ins, one_user
from mcp_platform.audit import trail as audit
from mcp_platform.errors import Unauthorized
from mcp_platform.kit.database import Sessions

IDLE = timedelta(hours=2)
LASTS = timedelta(hours=12)
CODE_WITHIN = timedelta(minutes=10)  # after the password
SEEN_EVERY = timedelta(minutes=1)  # a page is no reason to write a row
LONGEST_AGENT = 200  # characters of what a browser says of itself


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserSession:
    """Who a cookie stands for. `awaits_code`: the password was right, and nobody is signed in."""

    user: SignedInUser
    account: User
    awaits_code: bool
    proved_at: datetime
    """When they last proved who they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSignIn:
    """One of a user's sign-ins that stand. `agent` None: by the API."""

    id: uuid.UUID
    started_at: datetime
    seen_at: datetime | None
    agent: str | None
    address: str | None


class BrowserSignIns:
    """Begins, finds and ends the sign-ins of browsers."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        sign_ins: SignIns,
        live: LiveSignIns,
        clock: Callable[[], datetime],
    ) -> None:
        self._sessions = sessions
        self._sign_ins = sign_ins
        self._live = live
        self._clock = clock

    async def begin(
        self, *, email: str, password: str, address: str | None, agent: str
    ) -> tuple[str, bool]:
        """Take a password; return the cookie, and whether a code is asked for before it admits.

        Raises:
            Unauthorized: something is wrong, and what is not told.
            Throttled: too many attempts.
        """
        now = self._clock()
        proved = await self._sign_ins.prove(email=email, password=password, address=address)
        stronger = await self._sign_ins.stronger(proved, password)
        cookie = _new_cookie()
        async with self._sessions.everywhere.begin() as session:
            row = await self._sign_ins.same(session, proved)
            row.password_hash = stronger or row.password_hash
            await sweep_ended(session, now=now)
            lasts = CODE_WITHIN if row.totp_confirmed else LASTS
            sign_in = SignInRow(
                id=uuid.uuid4(),
                user_id=row.id,
                started_at=now,
                expires_at=now + lasts,
                cookie_digest=_digest(cookie),
                awaits_code=row.totp_confirmed,
                seen_at=now,
                agent=agent[:LONGEST_AGENT],
                address=address,
            )
            session.add(sign_in)
            if not row.totp_confirmed:
                await self._signed_in(session, row, address, now=now)
            return cookie, row.totp_confirmed

    async def confirm(self, cookie: str, *, code: str, address: str | None) -> str:
        """Take the code that a sign-in waits for; return the cookie that is good from now on.

        Raises:
            Unauthorized: the code is wrong, or nothing waits for one any more.
            Throttled: too many wrong ones.
            Unavailable: codes cannot be checked.
        """
        waiting = await self.find(cookie, address=address)
        if waiting is None or not waiting.awaits_code:
            raise Unauthorized(WRONG)
        email, now, wrong = waiting.account.email, self._clock(), WRONG
        await self._sign_ins.count_code(email=email, address=address)
        async with self._sessions.everywhere.begin() as session:
            user = await session.get(UserRow, waiting.user.user_id, with_for_update=True)
            sign_in = await session.get(SignInRow, waiting.user.sign_in_id, with_for_update=True)
            if user is None or sign_in is None or not self._waits(sign_in, cookie, now=now):
                raise Unauthorized(WRONG)
            if right := self._sign_ins.is_second(user, code, now=now):
                sign_in.awaits_code = False
                sign_in.started_at = sign_in.seen_at = now
                sign_in.expires_at = now + LASTS
                cookie = _new_cookie()
                sign_in.cookie_digest = _digest(cookie)
                await forgive_codes(session, email=email, address=address)
                await self._signed_in(session, user, address, now=now)
            elif self._sign_ins.was_used(user, code, now=now):
                wrong = USED
        if not right:
            await self._sign_ins.refused(user, address, email=email)
            raise Unauthorized(wrong)
        return cookie

    async def find(self, cookie: str, *, address: str | None) -> BrowserSession | None:
        """Return who a cookie stands for, as they are now; None: for nobody any more."""
        now = self._clock()
        async with self._sessions.everywhere() as session:
            sign_in = await session.scalar(
                select(SignInRow).where(SignInRow.cookie_digest == _digest(cookie), _stands(now))
            )
            if sign_in is None:
                return None
            user = await one_user(session, sign_in.user_id)
        if user.disabled:
            return None
        if sign_in.seen_at is None or now - sign_in.seen_at >= SEEN_EVERY:
            await self._see(sign_in.id, now=now)
        return BrowserSession(
            user=SignedInUser(
                user_id=user.id,
                sign_in_id=sign_in.id,
                actor=actor_of(user, address),
                temporary=user.temporary,
            ),
            account=user,
            awaits_code=sign_in.awaits_code,
            proved_at=sign_in.proved_at or sign_in.started_at,
        )

    async def rotate(self, user: SignedInUser) -> str:
        """Replace the cookie of a sign-in, after what it may was changed; return the new one."""
        cookie = _new_cookie()
        async with self._sessions.everywhere.begin() as session:
            await session.execute(
                update(SignInRow)
                .where(SignInRow.id == user.sign_in_id)
                .values(cookie_digest=_digest(cookie))
            )
        return cookie

    async def standing(self, user: SignedInUser) -> list[OpenSignIn]:
        """Return a user's sign-ins that stand, the newest first."""
        async with self._sessions.everywhere() as session:
            rows = await session.scalars(
                select(SignInRow)
                .where(
                    SignInRow.user_id == user.user_id,
                    SignInRow.awaits_code.is_(False),
                    _stands(self._clock()),
                )
                .order_by(SignInRow.started_at.desc())
            )
            return [
                OpenSignIn(
                    id=row.id,
                    started_at=row.started_at,
                    seen_at=row.seen_at,
                    agent=row.agent,
                    address=row.address,
                )
                for row in rows
            ]

    async def stand(self, sign_in_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
        """Return which of these sign-ins still admit somebody. It is no sign of life of theirs."""
        async with self._sessions.everywhere() as session:
            found = await session.scalars(
                select(SignInRow.id)
                .join(UserRow, UserRow.id == SignInRow.user_id)
                .where(
                    SignInRow.id.in_(sign_in_ids),
                    SignInRow.awaits_code.is_(False),
                    UserRow.disabled.is_(False),
                    _stands(self._clock()),
                )
            )
            return set(found)

    async def end_others(self, user: SignedInUser) -> None:
        """Sign a user out everywhere but here, whatever they signed in with."""
        async with self._sessions.everywhere.begin() as session:
            await end_sign_ins(session, user.user_id, but=user.sign_in_id)
            await audit.record(
                session, actor=user.actor, action="user.sign_out_others", target=user.actor.subject
            )
        self._live.forget()

    async def _see(self, sign_in_id: uuid.UUID, *, now: datetime) -> None:
        async with self._sessions.everywhere.begin() as session:
            await session.execute(
                update(SignInRow).where(SignInRow.id == sign_in_id).values(seen_at=now)
            )

    @staticmethod
    async def _signed_in(
        session: AsyncSession, row: UserRow, address: str | None, *, now: datetime
    ) -> None:
        await forgive(session, email=row.email, address=address, now=now)
        user = await one_user(session, row.id)
        await audit.record(
            session,
            actor=actor_of(user, address),
            action="user.sign_in",
            target=user.email,
            tenant_id=user.tenant_id,
        )

    @staticmethod
    def _waits(sign_in: SignInRow, cookie: str, *, now: datetime) -> bool:
        """Tell whether a locked sign-in is still as it was found."""
        return (
            sign_in.awaits_code
            and sign_in.cookie_digest == _digest(cookie)
            and sign_in.revoked_at is None
            and sign_in.expires_at > now
        )


def _stands(now: datetime) -> ColumnElement[bool]:
    idle = SignInRow.seen_at.is_(None) | (SignInRow.seen_at > now - IDLE)
    return SignInRow.revoked_at.is_(None) & (SignInRow.expires_at > now) & idle


def _new_cookie() -> str:
    return secrets.token_urlsafe(32)


def _digest(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode()).digest()

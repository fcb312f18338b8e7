"""Sign-ins: a password becomes tokens, a refresh token becomes others, and a sign-in ends.

All tokens that descend from one password are a family. A refresh token is good once. One that comes
twice was copied, so its family ends. There is no grace period: a thief cannot be told from a client
that lost an answer.
Source: RFC 9700, section 4.14.2.
"""

import hashlib
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.access.guard import SignedInUser
from mcp_platform.access.jwts import REFUSED
from mcp_platform.access.models import RefreshTokenRow, SignInRow, UserRow
from mcp_platform.access.passwords import Passwords
from mcp_platform.access.throttle import count_attempt, count_code, forgive, forgive_codes, rewrite
from mcp_platform.access.totp import TotpSecrets, accepted_step, was_used, without
from mcp_platform.access.user_tokens import ACCESS_LASTS, LiveSignIns, UserClaims, UserTokens
from mcp_platform.access.users import User, find_user, one_user
from mcp_platform.audit import trail as audit
from mcp_platform.audit.actor import Actor
from mcp_platform.errors import Unauthorized
from mcp_platform.kit.database import Sessions

log = structlog.get_logger(__name__)

# From the password to the next time it is asked for, however often tokens are refreshed.
SIGN_IN_LASTS = timedelta(days=7)
WRONG = "The e-mail address, the password or the one-time code is wrong."
USED = "This one-time code was used already, perhaps to confirm it: wait for the next one."


class TotpRequired(Unauthorized):
    """The password is right, and this user has one-time codes too."""

    def __init__(self) -> None:
        super().__init__("A one-time code is required as well.")
        self.extensions = {"totp_required": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedTokens:
    """What a user gets. `refresh` is good once, until `ends`."""

    access: str
    lasts: timedelta
    refresh: str
    ends: datetime
    user: User


class SignIns:
    """Begins, goes on with and ends sign-ins."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        passwords: Passwords,
        totp: TotpSecrets,
        tokens: UserTokens,
        live: LiveSignIns,
        clock: Callable[[], datetime],
    ) -> None:
        self._sessions = sessions
        self._passwords = passwords
        self._totp = totp
        self._tokens = tokens
        self._live = live
        self._clock = clock

    async def begin(
        self, *, email: str, password: str, code: str | None, address: str | None
    ) -> IssuedTokens:
        """Sign a user in.

        Raises:
            Unauthorized: something is wrong, and what is not told; `TotpRequired` tells that a
                right password came without its code.
            Throttled: too many attempts.
        """
        now = self._clock()
        proved = await self.prove(email=email, password=password, address=address)
        if proved.totp_confirmed and code is not None:
            await self.count_code(email=proved.email, address=address)
        stronger = await self.stronger(proved, password)
        try:
            async with self._sessions.everywhere.begin() as session:
                row = await self.same(session, proved)
                if row.totp_confirmed:
                    self._second(row, code, now=now)
                    await forgive_codes(session, email=row.email, address=address)
                row.password_hash = stronger or row.password_hash
                await forgive(session, email=row.email, address=address, now=now)
                user = await one_user(session, row.id)
                issued = await self._start(session, user, now=now)
                await audit.record(
                    session,
                    actor=actor_of(user, address),
                    action="user.sign_in",
                    target=user.email,
                    tenant_id=user.tenant_id,
                )
                return issued
        except TotpRequired:
            raise
        except Unauthorized:
            await self.refused(proved, address, email=proved.email)
            raise

    async def prove(self, *, email: str, password: str, address: str | None) -> UserRow:
        """Return the user whose password this is; the attempt is counted first.

        Raises:
            Unauthorized: there is no such user, or it is disabled, or the password is wrong: each
                takes as long as the others.
            Throttled: too many attempts.
        """
        email = email.strip().lower()
        async with self._sessions.everywhere.begin() as session:
            await count_attempt(session, email=email, address=address, now=self._clock())
            found = await session.scalar(select(UserRow).where(UserRow.email == email))
        kept = None if found is None or found.disabled else found.password_hash
        right = await self._passwords.matches(password, kept)
        if not right or found is None:
            await self.refused(found, address, email=email)
            raise Unauthorized(WRONG)
        return found

    async def stronger(self, proved: UserRow, password: str) -> str | None:
        """Return another hash of a right password, where the one that is kept is of yesterday."""
        old = self._passwords.is_old(proved.password_hash)
        return await self._passwords.hash(password) if old else None

    async def count_code(self, *, email: str, address: str | None) -> None:
        """Count one try of a one-time or recovery code, before it is compared.

        Raises:
            Throttled: too many wrong ones; a right password does not forgive them.
        """
        async with self._sessions.everywhere.begin() as session:
            await count_code(session, email=email, address=address, now=self._clock())

    async def refresh(self, token: str, *, address: str | None) -> IssuedTokens:
        """Return tokens that follow on a refresh token, for the user as they are now.

        Raises:
            Unauthorized: it is worthless, or was used before: then the sign-in ends.
        """
        now = self._clock()
        async with self._sessions.everywhere.begin() as session:
            # Both are locked, so that of two that come at once the second finds the first's mark.
            spent = await session.get(RefreshTokenRow, _digest(token), with_for_update=True)
            if spent is None:
                raise Unauthorized(REFUSED)
            sign_in = await session.get_one(SignInRow, spent.sign_in_id, with_for_update=True)
            user = await one_user(session, sign_in.user_id)
            if sign_in.revoked_at is not None or sign_in.expires_at <= now or user.disabled:
                raise Unauthorized(REFUSED)
            if spent.spent_at is None:
                spent.spent_at = now
                return self._issue(session, sign_in, user, now=now)
            sign_in.revoked_at = now
            await audit.record(
                session,
                actor=actor_of(user, address),
                action="user.refresh_reused",
                target=user.email,
                tenant_id=user.tenant_id,
            )
        self._live.forget()
        log.warning("admin.sign_in.refresh_reused", user_id=str(user.id), address=address)
        raise Unauthorized(REFUSED)

    async def end(self, user: SignedInUser) -> None:
        """Sign a user out where they are now: no token of this sign-in is good any more."""
        async with self._sessions.everywhere.begin() as session:
            sign_in = await session.get(SignInRow, user.sign_in_id, with_for_update=True)
            if sign_in is not None and sign_in.revoked_at is None:
                sign_in.revoked_at = self._clock()
            await audit.record(
                session, actor=user.actor, action="user.sign_out", target=user.actor.subject
            )
        self._live.forget()

    async def same(self, session: AsyncSession, proved: UserRow) -> UserRow:
        """Return the user's row, locked, if it is as it was when the password was compared."""
        row = await session.get(UserRow, proved.id, with_for_update=True)
        if row is None or row.disabled or row.password_hash != proved.password_hash:
            raise Unauthorized(WRONG)
        if row.totp_confirmed and not proved.totp_confirmed:  # a code would be compared uncounted
            raise Unauthorized(WRONG)
        return row

    def _second(self, row: UserRow, code: str | None, *, now: datetime) -> None:
        if code is None:
            raise TotpRequired
        if not self.is_second(row, code, now=now):
            raise Unauthorized(USED if self.was_used(row, code, now=now) else WRONG)

    def was_used(self, row: UserRow, code: str, *, now: datetime) -> bool:
        """Tell whether `code` is a one-time code of the row's that was good, once."""
        if row.totp_sealed is None or not code.isdecimal():
            return False
        secret = self._totp.open(row.totp_sealed, user_id=row.id)
        return was_used(code, secret=secret, last_step=row.totp_last_step, now=now)

    def is_second(self, row: UserRow, code: str, *, now: datetime) -> bool:
        """Tell whether `code` is a one-time or recovery code of a locked row; mark it used there.

        Raises:
            Unavailable: codes cannot be checked.
        """
        if row.totp_sealed is not None and code.isdecimal():
            secret = self._totp.open(row.totp_sealed, user_id=row.id)
            step = accepted_step(code, secret=secret, last_step=row.totp_last_step, now=now)
            if step is not None:
                row.totp_last_step = step
                return True
        left = without(code, row.recovery_digests)
        if left is None:
            return False
        row.recovery_digests = left
        return True

    async def _start(self, session: AsyncSession, user: User, *, now: datetime) -> IssuedTokens:
        """Begin a family; those that ran out are swept with it, whosever they were."""
        await sweep_ended(session, now=now)
        sign_in = SignInRow(
            id=uuid.uuid4(), user_id=user.id, started_at=now, expires_at=now + SIGN_IN_LASTS
        )
        session.add(sign_in)
        await session.flush()
        return self._issue(session, sign_in, user, now=now)

    def _issue(
        self, session: AsyncSession, sign_in: SignInRow, user: User, *, now: datetime
    ) -> IssuedTokens:
        refresh = secrets.token_urlsafe(32)
        session.add(RefreshTokenRow(digest=_digest(refresh), sign_in_id=sign_in.id))
        lasts = min(ACCESS_LASTS, sign_in.expires_at - now)
        claims = UserClaims(
            user_id=user.id,
            sign_in_id=sign_in.id,
            email=user.email,
            role=user.role,
            tenant=user.tenant,
            temporary=user.temporary,
        )
        return IssuedTokens(
            access=self._tokens.mint(claims, ttl=lasts, now=now),
            lasts=lasts,
            refresh=refresh,
            ends=sign_in.expires_at,
            user=user,
        )

    async def refused(self, found: UserRow | None, address: str | None, *, email: str) -> None:
        """Write down who was not let in.

        Of an unknown user only the address is noted, in the log: the typed name may be a password,
        and strangers must not fill the trail. It takes as many statements and commits as for a
        known user, so the time of an answer does not tell them apart.
        """
        log.warning("admin.sign_in.refused", user_id=str(found and found.id), address=address)
        async with self._sessions.everywhere.begin() as session:
            user = await find_user(session, uuid.uuid4() if found is None else found.id)
            if user is None:
                await rewrite(session, email=email)
                return
            await audit.record(
                session,
                actor=actor_of(user, address),
                action="user.sign_in_refused",
                target=user.email,
                tenant_id=user.tenant_id,
            )


async def sweep_ended(session: AsyncSession, *, now: datetime) -> None:
    """Forget the sign-ins that ran out, whosever they were."""
    ran_out = select(SignInRow.id).where(SignInRow.expires_at < now)
    await session.execute(
        delete(SignInRow).where(SignInRow.id.in_(ran_out.with_for_update(skip_locked=True)))
    )


def actor_of(user: User, address: str | None) -> Actor:
    return Actor(
        kind="user", subject=user.email, role=user.role, tenant=user.tenant, address=address
    )


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()

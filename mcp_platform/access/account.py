"""What users do with their own account: the password, and one-time codes.

What an administrator does with other accounts is in `users.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.access.guard import SignedInUser
from mcp_platform.access.models import SignInRow, UserRow
from mcp_platform.access.passwords import Passwords, check_password
from mcp_platform.access.sign_ins import USED, SignIns
from mcp_platform.access.throttle import forgive, forgive_codes
from mcp_platform.access.totp import (
    TotpSecrets,
    accepted_step,
    make_recovery_codes,
    make_secret,
    recovery_digest,
    setup_uri,
)
from mcp_platform.access.user_tokens import LiveSignIns
from mcp_platform.access.users import User, end_sign_ins, forget_totp, one_user
from mcp_platform.audit import trail as audit
from mcp_platform.errors import Conflict, Invalid, Unauthorized
from mcp_platform.kit.database import Sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """What an authenticator needs. Shown once, and of no use before it is confirmed."""

    secret: str
    uri: str


class OwnAccount:
    """The account of the user who is signed in."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        sign_ins: SignIns,
        passwords: Passwords,
        totp: TotpSecrets,
        live: LiveSignIns,
        clock: Callable[[], datetime],
    ) -> None:
        self._sessions = sessions
        self._sign_ins = sign_ins
        self._passwords = passwords
        self._totp = totp
        self._live = live
        self._clock = clock

    async def me(self, user: SignedInUser) -> User:
        async with self._sessions.everywhere() as session:
            return await one_user(session, user.user_id)

    async def change_password(self, user: SignedInUser, *, current: str, new: str) -> None:
        """Change the password, and end every other sign-in of this user.

        Raises:
            Invalid: the new one is not taken, or the current one is wrong.
            Throttled: too many wrong ones.
        """
        check_password(new, email=user.actor.subject, field="new_password")
        if new == current:
            raise Invalid("Nothing would change.", fields={"new_password": "must be another one"})
        await self._prove(user, current)
        made = await self._passwords.hash(new)
        async with self._sessions.everywhere.begin() as session:
            row = await _mine(session, user)
            row.password_hash, row.temporary = made, False
            await end_sign_ins(session, user.user_id, but=user.sign_in_id)
            await forgive(session, email=row.email, address=user.actor.address, now=self._clock())
            await _record(session, user, "user.change_password")
        self._live.forget()

    async def prove_again(
        self, user: SignedInUser, *, password: str | None = None, code: str | None = None
    ) -> None:
        """Take a password, or a code where codes are on: what is sensitive is open for a while.

        Raises:
            Invalid: it is wrong, or neither is given.
            Throttled: too many wrong ones.
            Unavailable: codes cannot be checked.
        """
        if password is not None:
            await self._prove(user, password)
            now = self._clock()
            async with self._sessions.everywhere.begin() as session:
                row = await _mine(session, user)
                await forgive(session, email=row.email, address=user.actor.address, now=now)
                await _keep_proof(session, user, now=now)
        elif code is not None:
            await self._prove_by_code(user, code)
        else:
            why = "Give the password or a code."
            raise Invalid(why, fields={"password": why})

    async def _prove_by_code(self, user: SignedInUser, code: str) -> None:
        now, address = self._clock(), user.actor.address
        await self._sign_ins.count_code(email=user.actor.subject, address=address)
        async with self._sessions.everywhere.begin() as session:
            row = await _mine(session, user)
            if right := row.totp_confirmed and self._sign_ins.is_second(row, code, now=now):
                await forgive_codes(session, email=row.email, address=address)
                await _keep_proof(session, user, now=now)
            else:
                wrong = self._wrong(row, code)
        if not right:
            await self._sign_ins.refused(row, address, email=row.email)
            raise wrong

    async def enrol_totp(self, user: SignedInUser, *, password: str) -> Enrolment:
        """Make a secret for one-time codes; they are asked for once one was confirmed.

        Raises:
            Conflict: this user has them already.
            Invalid: the password is wrong.
            Throttled: too many wrong ones.
            Unavailable: there is no key to seal the secret with.
        """
        await self._prove(user, password)
        secret = make_secret()
        async with self._sessions.everywhere.begin() as session:
            row = await _mine(session, user)
            if row.totp_confirmed:
                raise Conflict("One-time codes are on already: turn them off first.")
            row.totp_sealed = self._totp.seal(secret, user_id=row.id)
            await forgive(session, email=row.email, address=user.actor.address, now=self._clock())
        return Enrolment(secret=secret, uri=setup_uri(secret, email=user.actor.subject))

    async def confirm_totp(self, user: SignedInUser, *, code: str) -> list[str]:
        """Turn one-time codes on, with a first one; return the recovery codes.

        Raises:
            Conflict: there is nothing to confirm.
            Invalid: the code is wrong.
            Throttled: too many wrong ones.
        """
        codes = make_recovery_codes()
        address = user.actor.address
        await self._sign_ins.count_code(email=user.actor.subject, address=address)
        async with self._sessions.everywhere.begin() as session:
            row = await _mine(session, user)
            if row.totp_sealed is None or row.totp_confirmed:
                raise Conflict("There is nothing to confirm.")
            secret = self._totp.open(row.totp_sealed, user_id=row.id)
            step = accepted_step(
                code, secret=secret, last_step=row.totp_last_step, now=self._clock()
            )
            if step is None:
                raise self._wrong(row, code)
            row.totp_confirmed, row.totp_last_step = True, step
            row.recovery_digests = [recovery_digest(each) for each in codes]
            await forgive_codes(session, email=user.actor.subject, address=address)
            await _record(session, user, "user.enable_totp")
        return codes

    async def disable_totp(self, user: SignedInUser, *, password: str, code: str) -> None:
        """Turn one-time codes off, with the password and a last code or a recovery code.

        Raises:
            Conflict: they are not on.
            Invalid: the password or the code is wrong.
            Throttled: too many wrong ones.
            Unavailable: codes cannot be checked.
        """
        proved = await self._prove(user, password)
        now, address = self._clock(), user.actor.address
        await self._sign_ins.count_code(email=proved.email, address=address)
        async with self._sessions.everywhere.begin() as session:
            row = await _mine(session, user)
            if not row.totp_confirmed:
                raise Conflict("One-time codes are off already.")
            if right := self._sign_ins.is_second(row, code, now=now):
                forget_totp(row)
                await forgive(session, email=row.email, address=address, now=now)
                await forgive_codes(session, email=row.email, address=address)
                await _record(session, user, "user.disable_totp")
            else:
                wrong = self._wrong(row, code)
        if not right:
            await self._sign_ins.refused(proved, address, email=proved.email)
            raise wrong

    def _wrong(self, row: UserRow, code: str) -> Invalid:
        if self._sign_ins.was_used(row, code, now=self._clock()):
            return Invalid(USED, fields={"code": "was used already"})
        return Invalid("The code is wrong.", fields={"code": "is not the present one"})

    async def _prove(self, user: SignedInUser, password: str) -> UserRow:
        """Ask for the password again: a person at an open browser does not have it."""
        try:
            return await self._sign_ins.prove(
                email=user.actor.subject, password=password, address=user.actor.address
            )
        except Unauthorized as error:  # the token is right: this is no 401
            raise Invalid("The password is wrong.", fields={"password": "is wrong"}) from error


async def _mine(session: AsyncSession, user: SignedInUser) -> UserRow:
    row = await session.get(UserRow, user.user_id, with_for_update=True)
    if row is None or row.disabled:
        raise Unauthorized("This user is not there any more.")
    return row


async def _keep_proof(session: AsyncSession, user: SignedInUser, *, now: datetime) -> None:
    """Write down when the user of this sign-in proved who they are."""
    proved = update(SignInRow).where(SignInRow.id == user.sign_in_id).values(proved_at=now)
    await session.execute(proved)


async def _record(session: AsyncSession, user: SignedInUser, action: str) -> None:
    await audit.record(session, actor=user.actor, action=action, target=user.actor.subject)

"""How often passwords and one-time codes may be tried: by account, by address, and by both together.

Passwords and codes are counted apart: a right password forgives no wrong code.

Postgres alone counts: see docs/decisions/0012-sign-ins-are-throttled-in-postgres.md. An attempt is
counted in a transaction of its own before it is checked, so a hundred at once are a hundred. Each key is a leaky bucket in one timestamp (GCRA): `free_at` moves
on by `every` with each attempt, and may be ahead of now by no more than the burst.
"""

import hashlib
import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.access.models import ThrottleRow
from mcp_platform.errors import Throttled


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """So many attempts at once, and then one in `every`."""

    burst: int
    every: timedelta

    @property
    def ahead(self) -> timedelta:
        return self.every * self.burst


# Who mistypes has five attempts from where they are, and 20 from everywhere. The three together
# leave 1,440 guesses a day for one account, to a caller with enough addresses.
PAIR = Allowance(burst=5, every=timedelta(minutes=5))
ACCOUNT = Allowance(burst=20, every=timedelta(minutes=1))
ADDRESS = Allowance(burst=20, every=timedelta(seconds=10))
# Of a million codes three are right at any moment: 288 guesses a day find one in three years.
CODES = Allowance(burst=20, every=timedelta(minutes=5))

Buckets = Iterable[tuple[str, Allowance]]


async def count_attempt(
    session: AsyncSession, *, email: str, address: str | None, now: datetime
) -> None:
    """Count one try of a password; refused ones do not count, and leave nothing behind.

    Raises:
        Throttled: there were too many; nothing of this transaction may be kept.
    """
    await _count(session, _keys(email, address), now=now)


async def count_code(
    session: AsyncSession, *, email: str, address: str | None, now: datetime
) -> None:
    """Count one try of a one-time or recovery code, as `count_attempt` counts passwords.

    Raises:
        Throttled: there were too many; nothing of this transaction may be kept.
    """
    await _count(session, _code_keys(email, address), now=now)


async def _count(session: AsyncSession, buckets: Buckets, *, now: datetime) -> None:
    for key, allowance in buckets:
        statement = insert(ThrottleRow).values(key=key, free_at=now + allowance.every)
        counted = await session.execute(
            statement.on_conflict_do_update(
                index_elements=[ThrottleRow.key],
                set_={"free_at": func.greatest(ThrottleRow.free_at, now) + allowance.every},
                where=ThrottleRow.free_at <= now + allowance.ahead - allowance.every,
            ).returning(ThrottleRow.key)
        )
        if counted.scalar_one_or_none() is None:
            free_at = await session.scalar(
                select(ThrottleRow.free_at).where(ThrottleRow.key == key)
            )
            wait = (free_at or now) + allowance.every - allowance.ahead - now
            raise Throttled("Too many attempts.", retry_after=max(wait, timedelta(seconds=1)))


async def rewrite(session: AsyncSession, *, email: str) -> None:
    """Write an account's attempts down once more, as they are: to cost what a write costs."""
    key, _ = next(_keys(email, None))
    await session.execute(
        update(ThrottleRow).where(ThrottleRow.key == key).values(free_at=ThrottleRow.free_at)
    )


async def forgive(session: AsyncSession, *, email: str, address: str | None, now: datetime) -> None:
    """Forget an account's attempts after one that was right, and what has run out of everybody's."""
    for key, allowance in _keys(email, address):  # one by one: see `_keys`
        if allowance is not ADDRESS:
            await session.execute(delete(ThrottleRow).where(ThrottleRow.key == key))
    spent = (
        select(ThrottleRow.key).where(ThrottleRow.free_at < now).with_for_update(skip_locked=True)
    )
    await session.execute(delete(ThrottleRow).where(ThrottleRow.key.in_(spent)))


async def forgive_codes(session: AsyncSession, *, email: str, address: str | None) -> None:
    """Forget an account's wrong codes after a right one."""
    for key, _ in _code_keys(email, address):  # one by one: see `_keys`
        await session.execute(delete(ThrottleRow).where(ThrottleRow.key == key))


def _keys(email: str, address: str | None) -> Iterator[tuple[str, Allowance]]:
    """Name the buckets, always in one order: two attempts at once must not wait for each other.

    Accounts are digests: what is typed into the field of an address is sometimes a password.
    """
    account, network = _account(email), _network(address)
    yield f"account {account}", ACCOUNT
    yield f"address {network}", ADDRESS
    yield f"both {account} {network}", PAIR


def _code_keys(email: str, address: str | None) -> Iterator[tuple[str, Allowance]]:
    """Name the buckets of codes. Who tries one has the password: their address says no more."""
    account = _account(email)
    yield f"codes {account}", CODES
    yield f"codes both {account} {_network(address)}", PAIR


def _account(email: str) -> str:
    return hashlib.sha256(email.encode()).hexdigest()[:32]


def _network(address: str | None) -> str:
    """Return an IPv4 address, or the /64 of an IPv6 one: a single customer has that many."""
    try:
        parsed = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)

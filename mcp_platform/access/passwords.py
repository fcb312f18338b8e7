"""Passwords: which are taken, how they are kept and compared. Argon2id, RFC 9106.

Hashing takes 64 MiB and a few tens of milliseconds on purpose. So it runs in threads of its own, few
at a time, and never inside a transaction.
"""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from mcp_platform.errors import Invalid

SHORTEST = 12
LONGEST = 128  # a longer one costs us more than its sender
THREADS = 2  # so many at once; each takes 64 MiB

Result = TypeVar("Result")


def check_password(password: str, *, email: str, field: str = "password") -> str:
    """Return `password` if it may be one.

    Raises:
        Invalid: it is too short, too long, or the e-mail address.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        why = f"must have {SHORTEST} to {LONGEST} characters"
    elif password.strip().lower() in (email, email.partition("@")[0]):
        why = "must not be the e-mail address"
    else:
        return password
    raise Invalid("This password is not taken.", fields={field: why})


def generate_password() -> str:
    """Return a password of 100 random bits, in groups that can be read out."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"  # without what looks alike
    return "-".join("".join(secrets.choice(alphabet) for _ in range(5)) for _ in range(4))


class Passwords:
    """Hashes and verifies with the parameters of today."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="argon2")
        self._nobodys: str | None = None

    def close(self) -> None:
        self._threads.shutdown()

    async def hash(self, password: str) -> str:
        """Return what is kept of a password."""
        return await self._in_thread(self._hasher.hash, password)

    async def matches(self, password: str, kept: str | None) -> bool:
        """Return whether `kept` was made of this password.

        `kept` is None for a user that does not exist; that takes as much work as any other.
        """
        if kept is None:
            if self._nobodys is None:
                self._nobodys = await self.hash(secrets.token_hex(16))
            await self._in_thread(self._verify, self._nobodys, password)
            return False
        return await self._in_thread(self._verify, kept, password)

    def is_old(self, kept: str) -> bool:
        """Return whether the parameters have changed since."""
        return self._hasher.check_needs_rehash(kept)

    def _verify(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _in_thread(self, work: Callable[..., Result], *arguments: str) -> Result:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, work, *arguments)

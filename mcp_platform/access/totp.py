"""One-time codes as a second proof: sealed secrets, codes that are taken once, recovery codes.

The key that seals secrets is a file beside the keys of tokens, so a copy of the database alone makes
no codes.
Source: RFC 6238.
"""

import base64
import hashlib
import os
import secrets
from collections.abc import Collection
from datetime import datetime
from hmac import compare_digest
from pathlib import Path
from uuid import UUID

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mcp_platform.errors import Unavailable
from mcp_platform.kit.files import create_file

KEY_FILE = "totp.key"  # 32 random bytes, as base64
ISSUER = "MCP Platform"
NONCE = 12  # bytes, as AES-GCM has it
STEPS_APART = 1  # clocks of telephones differ; RFC 6238, section 5.2, advises one step
RECOVERY_CODES = 10


class TotpSecrets:
    """Makes and opens the sealed secrets of users. The file is read when it is needed."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / KEY_FILE

    def seal(self, secret: str, *, user_id: UUID) -> bytes:
        """Return what may be kept of a secret; it opens for this user alone.

        Raises:
            Unavailable: no key is here.
        """
        nonce = os.urandom(NONCE)
        return nonce + self._key().encrypt(nonce, secret.encode(), user_id.bytes)

    def open(self, sealed: bytes, *, user_id: UUID) -> str:
        """Return the secret.

        Raises:
            Unavailable: no key is here, or another than it was sealed with.
        """
        try:
            return self._key().decrypt(sealed[:NONCE], sealed[NONCE:], user_id.bytes).decode()
        except InvalidTag as error:
            raise Unavailable(
                f"One-time codes cannot be checked: {KEY_FILE} is not the key they were set up with."
            ) from error

    def _key(self) -> AESGCM:
        try:
            return AESGCM(base64.b64decode(self._file.read_bytes(), validate=False))
        except (OSError, ValueError) as error:
            raise Unavailable(
                f"One-time codes are not available: {KEY_FILE} is not beside the keys of tokens."
            ) from error


def ensure_totp_key(folder: Path) -> None:
    """Make the key in `folder` unless it is there."""
    if not (folder / KEY_FILE).exists():
        create_file(folder / KEY_FILE, base64.b64encode(os.urandom(32)) + b"\n", mode=0o600)


def make_secret() -> str:
    return pyotp.random_base32()


def setup_uri(secret: str, *, email: str) -> str:
    """Return what an authenticator scans."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def was_used(code: str, *, secret: str, last_step: int, now: datetime) -> bool:
    """Tell whether this code was right, and good once."""
    accepted = accepted_step(code, secret=secret, last_step=0, now=now)
    return accepted is not None and accepted <= last_step


def accepted_step(code: str, *, secret: str, last_step: int, now: datetime) -> int | None:
    """Return the step whose code this is, if it comes after the last one that was used."""
    totp = pyotp.TOTP(secret)
    today = totp.timecode(now)
    for step in range(today - STEPS_APART, today + STEPS_APART + 1):
        if step > last_step and compare_digest(totp.generate_otp(step).encode(), code.encode()):
            return step
    return None


def make_recovery_codes() -> list[str]:
    """Return codes of 80 random bits each: too many to be guessed from their digests."""
    made = (
        base64.b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(RECOVERY_CODES)
    )
    return ["-".join(code[at : at + 4] for at in range(0, 16, 4)) for code in made]


def recovery_digest(code: str) -> bytes:
    """Return what is kept of a recovery code, however it was typed."""
    plain = "".join(each for each in code.lower() if each.isalnum())
    return hashlib.sha256(plain.encode()).digest()


def without(code: str, digests: Collection[bytes]) -> list[bytes] | None:
    """Return the digests that are left once `code` is used, or None if it is not one of them."""
    used = recovery_digest(code)
    left = [each for each in digests if not compare_digest(each, used)]
    return left if len(left) < len(digests) else None

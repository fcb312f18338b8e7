"""The keys that sign and verify tokens: a folder of PEM files, several of them live at once.

`<kid>.pub.pem` verifies; `<kid>.pem`, if it is there, signs. To retire a key, remove its public
file. To roll one out, put the public file everywhere first, then the private file where tokens are
made.
"""

import os
import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from jose import jwk
from jose.backends.base import Key

from mcp_platform.errors import Unavailable
from mcp_platform.kit.files import create_file

log = structlog.get_logger(__name__)

ALGORITHM = "ES256"
REREAD_AFTER = timedelta(seconds=10)  # a key that leaked is refused within this, in every process
PUBLIC, PRIVATE = ".pub.pem", ".pem"
_KID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)

Stamp = tuple[tuple[str, int, int], ...]


class TokenKeys:
    """The live keys of a folder. `timer` counts seconds, as `time.monotonic`."""

    def __init__(self, folder: Path, *, timer: Callable[[], float]) -> None:
        self._folder = folder
        self._timer = timer
        self._stamp: Stamp | None = None
        self._looked_at: float | None = None
        self._verifying: dict[str, Key] = {}
        self._signing: dict[str, Key] = {}

    def verifying(self, kid: str) -> Key | None:
        """Return the public key of that name, if it is live."""
        self._refresh()
        return self._verifying.get(kid)

    def signing(self) -> tuple[str, Key]:
        """Return the newest signing key with its name: names sort by age.

        Raises:
            Unavailable: this process has none.
        """
        self._refresh()
        if not self._signing:
            raise Unavailable("There is no key here to sign tokens with.")
        kid = max(self._signing)
        return kid, self._signing[kid]

    def _refresh(self) -> None:
        now = self._timer()
        if self._looked_at is not None and now - self._looked_at < REREAD_AFTER.total_seconds():
            return
        self._looked_at = now
        try:
            stamp = self._look()
            if stamp != self._stamp:
                self._read(stamp)
                self._stamp = stamp
        except OSError as error:  # a volume being remounted: what was live stays live
            log.warning("admin.token_keys.unreadable", error=repr(error))

    def _look(self) -> Stamp:
        found = []
        with os.scandir(self._folder) as entries:
            for entry in entries:
                # A mounted Secret keeps its versions in `..<date>` folders beside the links.
                if entry.name.endswith(PRIVATE) and not entry.name.startswith("."):
                    about = entry.stat()
                    found.append((entry.name, about.st_mtime_ns, about.st_size))
        return tuple(sorted(found))

    def _read(self, stamp: Stamp) -> None:
        verifying: dict[str, Key] = {}
        signing: dict[str, Key] = {}
        for name, _, _ in stamp:
            public = name.endswith(PUBLIC)
            kid = name.removesuffix(PUBLIC if public else PRIVATE)
            try:
                key = _load((self._folder / name).read_bytes(), kid=kid, public=public)
            except (ValueError, TypeError) as error:  # one bad file harms no other key
                log.error("admin.token_keys.refused", file=name, error=str(error))  # noqa: TRY400  # the sentence says it
                continue
            (verifying if public else signing)[kid] = key
        self._verifying = verifying
        # A key that nobody could verify with must not sign.
        self._signing = {kid: key for kid, key in signing.items() if kid in verifying}


def ensure_keys(folder: Path, *, now: datetime) -> None:
    """Make a first pair of keys in `folder` unless there is one that signs."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    public = {path.name.removesuffix(PUBLIC) for path in folder.glob(f"*{PUBLIC}")}
    if any((folder / f"{kid}{PRIVATE}").exists() for kid in public):
        return
    made = ec.generate_private_key(ec.SECP256R1())
    kid = f"{now:%Y%m%d%H%M%S}-{secrets.token_hex(4)}"
    create_file(
        folder / f"{kid}{PUBLIC}",
        made.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        mode=0o644,
    )
    create_file(
        folder / f"{kid}{PRIVATE}",
        made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        mode=0o600,
    )


def _load(pem: bytes, *, kid: str, public: bool) -> Key:
    if _KID.fullmatch(kid) is None:
        raise ValueError("its name is no key id")
    key = load_pem_public_key(pem) if public else load_pem_private_key(pem, password=None)
    kind = ec.EllipticCurvePublicKey if public else ec.EllipticCurvePrivateKey
    # ES256 is this curve and no other.  Source: RFC 7518, section 3.4.
    if not isinstance(key, kind) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("it is no P-256 key")  # noqa: TRY004  # a file's content is a value
    return jwk.construct(key, algorithm=ALGORITHM)  # type: ignore[arg-type]  # takes key objects too

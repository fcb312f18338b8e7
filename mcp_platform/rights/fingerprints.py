"""By what an erased contact is known again: a keyed hash, whose key is not in the database.

There are few enough phone numbers to try them all, so a hash without a key would tell the number.
"""

import base64
import hmac
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from mcp_platform.access.totp import KEY_FILE
from mcp_platform.errors import Unavailable
from mcp_platform.tenants.tenant import TenantId

PURPOSE = b"erasures\0"  # the key has another purpose besides: what is made for one fits no other


class Fingerprints:
    """Makes fingerprints with the key beside the keys of tokens. It is read when it is needed."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / KEY_FILE

    def of(self, tenant_id: TenantId, aliases: Iterable[str]) -> list[str]:
        """Return the fingerprint of each alias with this tenant: 64 hexadecimal digits.

        Raises:
            Unavailable: no key is here.
        """
        try:
            key = base64.b64decode(self._file.read_bytes(), validate=False)
        except (OSError, ValueError) as error:
            raise Unavailable(
                f"Nobody can be erased: {KEY_FILE} is not beside the keys of tokens."
            ) from error
        return [
            hmac.new(key, PURPOSE + f"{tenant_id}/{alias}".encode(), sha256).hexdigest()
            for alias in aliases
        ]

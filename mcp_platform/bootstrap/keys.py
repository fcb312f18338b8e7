"""The keys of tokens."""

import time
from pathlib import Path

from mcp_platform.access.token_keys import TokenKeys, ensure_keys
from mcp_platform.access.totp import ensure_totp_key
from mcp_platform.bootstrap.clock import now
from mcp_platform.settings import Settings


def token_keys(settings: Settings) -> TokenKeys:
    """Return the keys of tokens; on one machine they are made here."""
    return TokenKeys(keys_folder(settings), timer=time.monotonic)


def keys_folder(settings: Settings) -> Path:
    if settings.jwt_keys_dir is not None:
        return settings.jwt_keys_dir
    folder = settings.data_dir / "keys"
    ensure_keys(folder, now=now())
    ensure_totp_key(folder)
    return folder

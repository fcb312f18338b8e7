"""The stores of one machine: a folder of `.env` files, and a Secret mounted as files.

Owns reading. Refuses to cache (that is `credential_cache.py`) and to write.
"""

import asyncio
from io import StringIO
from pathlib import Path

from dotenv import dotenv_values

from mcp_platform.tenants.credentials import KEYS, Credentials, CredentialsMissing
from mcp_platform.tenants.credentials import CredentialsUnreadable as Unreadable
from mcp_platform.tenants.tenant import ENVIRONMENTS

# A Secret is at most 1 MiB; a key or token is a few kB.
LARGEST = 1024 * 1024


class EnvDirectoryStore:
    """`<folder>/<client>-<environment>.env`, else the seed's `<folder>/<client>.env`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def read(self, *, client_name: str, environment: str) -> Credentials:
        return await asyncio.to_thread(self._read, client_name, environment)

    def _read(self, client_name: str, environment: str) -> Credentials:
        names = [f"{client_name}-{environment}.env"]
        # The file of a client called "a-production" would be that of client "a" in production.
        if not client_name.endswith(tuple(f"-{each}" for each in ENVIRONMENTS)):
            names.append(f"{client_name}.env")
        for name in names:
            try:
                text = (self._folder / name).read_text("utf-8-sig")
            except FileNotFoundError:
                continue
            except (OSError, UnicodeDecodeError) as error:
                raise Unreadable(f"{name} cannot be read: {error}") from error
            values = dotenv_values(stream=StringIO(text), interpolate=False)
            return Credentials.from_mapping({key: value or "" for key, value in values.items()})
        raise CredentialsMissing(
            f"There is no {names[0]} in the credentials folder; put one there, readable by this"
            " service."
        )


class MountedStore:
    """One tenant's Secret, mounted as a folder with one file a key. Knows no other tenant."""

    def __init__(self, folder: Path, *, client_name: str, environment: str) -> None:
        self._folder = folder
        self._tenant = (client_name, environment)

    async def read(self, *, client_name: str, environment: str) -> Credentials:
        if (client_name, environment) != self._tenant:
            raise CredentialsMissing("This process holds the credentials of another tenant.")
        return await asyncio.to_thread(self._read)

    def _read(self) -> Credentials:
        # Kubernetes swaps the link `..data` when the Secret changes: resolved once, what is read
        # is all old or all new.
        folder = self._folder / "..data"
        folder = folder.resolve() if folder.exists() else self._folder
        values: dict[str, str] = {}
        try:
            for key in KEYS:
                file = folder / key
                if file.is_file() and file.stat().st_size <= LARGEST:
                    values[key] = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Unreadable(f"The mounted credentials cannot be read: {error}") from error
        if not values:
            raise CredentialsMissing(f"No credentials are mounted in {self._folder}.")
        return Credentials.from_mapping(values)

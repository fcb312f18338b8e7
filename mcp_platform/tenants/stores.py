"""The stores of one machine: a folder of `.env` files, and a Secret mounted as files.

They do not cache; `credential_cache.py` does. Mounted files are never written.
"""

import asyncio
import fcntl
import os
from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import structlog

from mcp_platform.kit.files import NotUtf8, replace_file, text_of
from mcp_platform.tenants.credentials import (
    KEYS,
    Credentials,
    CredentialsGarbled,
    CredentialsMissing,
    checked_values,
)
from mcp_platform.tenants.credentials import CredentialsUnreadable as Unreadable
from mcp_platform.tenants.env_file import (
    COMMENT,
    LARGEST_FILE,
    SENTENCES,
    Remark,
    of_secret,
    read_env_file,
    write_env_file,
)
from mcp_platform.tenants.tenant import ENVIRONMENTS

log = structlog.get_logger(__name__)

# A Secret is at most 1 MiB; a key or token is a few kB.
LARGEST = 1024 * 1024


class EnvDirectoryStore:
    """`<folder>/<client>-<environment>.env`, else the seed's `<folder>/<client>.env`.

    New values go into the first file, together with those of the second. The second may serve other
    environments too, and is not changed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._told: dict[str, tuple[Remark, ...]] = {}

    async def read(self, *, client_name: str, environment: str) -> Credentials:
        values = await asyncio.to_thread(self._read, client_name, environment)
        return Credentials.from_mapping(values)

    async def write(
        self,
        *,
        client_name: str,
        environment: str,
        values: Mapping[str, str],
        remove: Collection[str] = (),
    ) -> None:
        kept = checked_values(values, remove=remove)
        await asyncio.to_thread(self._write, client_name, environment, kept, frozenset(remove))

    async def remove(self, *, client_name: str, environment: str) -> str | None:
        left = await asyncio.to_thread(self._remove, client_name, environment)
        if not left:
            return None
        return (
            f"{left} in the credentials folder may serve other environments of the client: delete it"
            " when none is left."
        )

    def _names(self, client_name: str, environment: str) -> list[str]:
        names = [f"{client_name}-{environment}.env"]
        # The file of a client called "a-production" would be that of client "a" in production.
        if not client_name.endswith(tuple(f"-{each}" for each in ENVIRONMENTS)):
            names.append(f"{client_name}.env")
        return names

    def _read(self, client_name: str, environment: str) -> Mapping[str, str]:
        names = self._names(client_name, environment)
        for name in names:
            path = self._folder / name
            try:
                if path.stat().st_size > LARGEST_FILE:
                    raise Unreadable(f"{name} is larger than {LARGEST_FILE} bytes.")
                text = text_of(path.read_bytes(), comment=COMMENT)
            except FileNotFoundError:
                continue
            except NotUtf8 as error:
                raise CredentialsGarbled(f"{name}: {error}") from error
            except OSError as error:
                raise Unreadable(f"{name} cannot be read: {error}") from error
            if not text:  # what `_remove` leaves, so that the seed's file does not come back
                break
            found = read_env_file(text)
            self._tell(name, found.wrong)
            return found.values
        raise CredentialsMissing(
            f"There is no {names[0]} in the credentials folder; put one there, readable by this"
            " service."
        )

    def _tell(self, name: str, wrong: tuple[Remark, ...]) -> None:
        """Log what is wrong with a file, once: the right lines serve on."""
        if wrong and self._told.get(name) != wrong:
            lines = [f"{each.line}: {SENTENCES[each.code]}" for each in wrong]
            log.warning("tenants.env_file.wrong", file=name, lines=lines)
        self._told[name] = wrong

    def _write(
        self, client_name: str, environment: str, values: Mapping[str, str], remove: frozenset[str]
    ) -> None:
        with self._changing():
            try:
                before = self._read(client_name, environment)
            except CredentialsMissing:
                before = {}
            after = {key: value for key, value in before.items() if key not in remove}
            self._put(f"{client_name}-{environment}.env", write_env_file({**after, **values}))

    def _remove(self, client_name: str, environment: str) -> str | None:
        """Return the name of the seed's file, if there is one."""
        own, *seeds = self._names(client_name, environment)
        with self._changing():
            for name in seeds:
                if (self._folder / name).exists():
                    self._put(own, "")
                    return name
            (self._folder / own).unlink(missing_ok=True)
            return None

    def _put(self, name: str, text: str) -> None:
        replace_file(self._folder / name, text.encode(), mode=0o600)

    @contextmanager
    def _changing(self) -> Generator[None]:
        """Keep other writers out, those of other processes too."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._folder, os.O_RDONLY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                yield
            finally:
                os.close(descriptor)
        except OSError as error:
            raise Unreadable(
                f"The credentials folder {self._folder} cannot be written: {error.strerror}."
            ) from error


class NoStore:
    """The store of a process that reads no credentials: it tells why."""

    def __init__(self, why: str) -> None:
        self._why = why

    async def read(self, *, client_name: str, environment: str) -> Credentials:
        raise Unreadable(
            f"This process reads no credentials, not those of {client_name}"
            f"/{environment} either. {self._why}"
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
                    values[key] = text_of(file.read_bytes())
        except NotUtf8 as error:
            raise CredentialsGarbled(f"{key} of the mounted credentials: {error}") from error
        except OSError as error:
            raise Unreadable(f"The mounted credentials cannot be read: {error}") from error
        if not values:
            raise CredentialsMissing(f"No credentials are mounted in {self._folder}.")
        return Credentials.from_mapping(of_secret(values))

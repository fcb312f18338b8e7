"""The `.env` files that a `config.json` names: read before anything is written, saved tenant by tenant.

Owns where they are looked for. Refuses to leave the folder it was given, and to tell a value.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mcp_platform.admin.actor import Actor
from mcp_platform.admin.config_form import ConfigFile, DeclaredEnvironment
from mcp_platform.admin.credential_forms import OURS, check_form
from mcp_platform.admin.credentials import CredentialKeys
from mcp_platform.errors import Invalid, PlatformError
from mcp_platform.tenants.env_file import LARGEST_FILE, read_env_file


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """What a tenant's file holds."""

    client_name: str
    environment: str
    values: Mapping[str, str] = field(repr=False)

    @property
    def path(self) -> str:
        return f"{self.client_name}/{self.environment}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What became of one tenant's file. `error` None: it is saved, or was already."""

    path: str
    changed: bool
    error: PlatformError | None = None


def read_handed_over(config: ConfigFile, *, folder: Path) -> list[HandedOver]:
    """Read every credentials file that `config` names, from `folder` alone.

    Raises:
        Invalid: a file is missing or lies elsewhere, a line cannot be read, or two environments
            would answer on one number; `fields` names tenant and file.
    """
    found: list[HandedOver] = []
    fields: dict[str, str] = {}
    owners: dict[str, str] = {}
    for environment in (each for client in config.clients for each in client.environments):
        if environment.credentials_file is None:
            continue
        try:
            values = _read(environment, folder=folder)
        except Invalid as error:
            told = "; ".join(f"{place}: {why}" for place, why in error.fields.items())
            fields[environment.path] = f"{environment.credentials_file}: {told or error}"
            continue
        number = values.get("WHATSAPP_PHONE_NUMBER_ID")
        if number is not None:
            other = owners.setdefault(number, environment.path)
            if other != environment.path:
                fields[environment.path] = (
                    f"{environment.credentials_file}: {other} would answer on the same number;"
                    " give each environment a file of its own"
                )
        found.append(
            HandedOver(
                client_name=environment.client_name,
                environment=environment.environment,
                values=values,
            )
        )
    if fields:
        raise Invalid("Some credentials files cannot be used; nothing was written.", fields=fields)
    return found


async def save_handed_over(
    keys: CredentialKeys, files: Sequence[HandedOver], *, actor: Actor, prove: bool
) -> AsyncIterator[Saved]:
    """Save what differs from the store, and yield each tenant as it is done.

    What one tenant's vendors or store refuse keeps no other tenant waiting.
    """
    for file in files:
        try:
            changed = await keys.differ(
                file.client_name, file.environment, values=file.values, actor=actor
            )
            if changed:
                await keys.change(
                    file.client_name,
                    file.environment,
                    actor=actor,
                    values=file.values,
                    prove=prove,
                )
        except PlatformError as error:
            yield Saved(path=file.path, changed=False, error=error)
        else:
            yield Saved(path=file.path, changed=changed)


def _read(environment: DeclaredEnvironment, *, folder: Path) -> dict[str, str]:
    root = folder.resolve()
    file = (root / str(environment.credentials_file)).resolve()
    if not file.is_relative_to(root):
        raise Invalid("it lies outside the folder of credentials files")
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise Invalid(f"it has more than {LARGEST_FILE} bytes")
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid("it is not UTF-8") from error
    except OSError as error:
        raise Invalid(f"it cannot be read: {error.strerror}") from error
    values = read_env_file(text).checked()
    return check_form({key: value for key, value in values.items() if key not in OURS})

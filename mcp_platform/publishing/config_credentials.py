"""The `.env` files that a `config.json` names: read before anything is written, saved tenant by tenant.

Files outside the given folder are refused. No value is told.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Exists, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.audit.actor import Actor
from mcp_platform.credentials.credentials import CredentialKeys
from mcp_platform.credentials.forms import OURS, check_form
from mcp_platform.errors import Invalid, NotFound, PlatformError
from mcp_platform.kit.files import text_of
from mcp_platform.publishing.config_form import ConfigFile, DeclaredEnvironment
from mcp_platform.tenants.env_file import COMMENT, LARGEST_FILE, read_env_file
from mcp_platform.tenants.models import CredentialKeyRow, TenantRow

NUMBER = "WHATSAPP_PHONE_NUMBER_ID"


class OutsideError(Invalid):
    """A file is named that lies outside the folder that was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantEnvFile:
    """What a tenant's file holds."""

    client_name: str
    environment: str
    values: Mapping[str, str] = field(repr=False)

    @property
    def path(self) -> str:
        return f"{self.client_name}/{self.environment}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveResult:
    """What became of one tenant's file. `error` None: it is saved, or was already."""

    path: str
    changed: bool
    error: PlatformError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetEnvFiles:
    """What a folder held for a fleet.

    `waiting` says by tenant why it gets no file; `unfit` names those of them whose file is there
    and cannot be used as it is.
    """

    files: tuple[TenantEnvFile, ...]
    waiting: Mapping[str, str]
    unfit: frozenset[str]


def read_handed_over(
    config: ConfigFile, *, folder: Path, numbers: Mapping[str, str]
) -> FleetEnvFiles:
    """Read every credentials file that `config` names, from `folder` alone.

    Environments of one client may share a file. It belongs to one of them, because a number answers
    for one: the one that `numbers` (number → tenant) names, else the nearest to production.
    A file that is no more than an example yet keeps no client from being imported.

    Raises:
        Invalid: a file lies elsewhere, or two tenants with files of their own would answer on one
            number; `fields` names tenant and file.
    """
    found: list[TenantEnvFile] = []
    fields: dict[str, str] = {}
    waiting: dict[str, str] = {}
    unfit: set[str] = set()
    sharing: defaultdict[tuple[str, str], list[TenantEnvFile]] = defaultdict(list)
    for environment in (each for client in config.clients for each in client.environments):
        file = environment.credentials_file
        if file is None:
            continue
        try:
            values = _read(file, folder=folder)
        except NotFound as error:
            waiting[environment.path] = str(error)
            continue
        except OutsideError as error:
            fields[environment.path] = f"{file}: {error}"
            continue
        except Invalid as error:
            told = "; ".join(f"{place}: {why}" for place, why in error.fields.items())
            waiting[environment.path] = f"{file}: {told or error}"
            unfit.add(environment.path)
            continue
        sharing[environment.client_name, file].append(_handed_over(environment, values))
    owners: dict[str, str] = {}
    for (_, file), held in sharing.items():
        number = held[0].values.get(NUMBER)
        if number is None:
            found += held
            continue
        owner = next((each for each in held if each.path == numbers.get(number)), held[-1])
        other = owners.setdefault(number, owner.path)
        if other != owner.path:
            fields[owner.path] = (
                f"{file}: {other} would answer on the same number; give each a file of its own"
            )
        found.append(owner)
        waiting |= {
            each.path: f"{file} is used for {owner.environment}: a number answers for one environment"
            for each in held
            if each is not owner
        }
    if fields:
        raise Invalid("Some credentials files cannot be used; nothing was written.", fields=fields)
    return FleetEnvFiles(files=tuple(found), waiting=waiting, unfit=frozenset(unfit))


async def known_numbers(session: AsyncSession) -> dict[str, str]:
    """Return which tenant answers on which number."""
    rows = await session.execute(
        select(TenantRow.phone_number_id, TenantRow.client_name, TenantRow.environment).where(
            TenantRow.phone_number_id.is_not(None)
        )
    )
    return {str(number): f"{client}/{environment}" for number, client, environment in rows}


async def without_credentials(session: AsyncSession, paths: Collection[str]) -> list[str]:
    """Return which of the tenants at `paths` were never given a credential, in order."""
    path = TenantRow.client_name.concat("/").concat(TenantRow.environment)
    found = await session.scalars(
        select(path).where(path.in_(paths), TenantRow.status != "offboarded", ~_were_given())
    )
    return sorted(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredEnvironment:
    """A tenant that is there, and whether its credentials were handed over."""

    path: str
    phone_number_id: str | None
    has_credentials: bool


async def registered_environments(session: AsyncSession) -> list[RegisteredEnvironment]:
    """Return every tenant that was ever registered, purged ones too: their paths are taken."""
    path = TenantRow.client_name.concat("/").concat(TenantRow.environment)
    found = await session.execute(select(path, TenantRow.phone_number_id, _were_given()))
    return [
        RegisteredEnvironment(path=path, phone_number_id=number, has_credentials=bool(given))
        for path, number, given in found
    ]


def _were_given() -> Exists:
    """Return the condition that a tenant's credentials were handed over, by whichever way."""
    return exists().where(
        CredentialKeyRow.tenant_id == TenantRow.id,
        CredentialKeyRow.key.not_in(OURS),
        # Else a write was begun, and is not known to have ended.
        CredentialKeyRow.changed_at.is_not(None),
    )


async def save_handed_over(
    keys: CredentialKeys, files: Sequence[TenantEnvFile], *, actor: Actor, prove: bool
) -> AsyncIterator[SaveResult]:
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
            yield SaveResult(path=file.path, changed=False, error=error)
        else:
            yield SaveResult(path=file.path, changed=changed)


def _handed_over(environment: DeclaredEnvironment, values: Mapping[str, str]) -> TenantEnvFile:
    return TenantEnvFile(
        client_name=environment.client_name, environment=environment.environment, values=values
    )


def _read(name: str, *, folder: Path) -> dict[str, str]:
    root = folder.resolve()
    file = (root / name).resolve()
    if not file.is_relative_to(root):
        raise OutsideError("it lies outside the folder of credentials files")
    if not file.exists():
        file = root / file.name  # handed over in one heap, without the folders that the file names
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise Invalid(f"it has more than {LARGEST_FILE} bytes")
        text = text_of(file.read_bytes(), comment=COMMENT)
    except FileNotFoundError as error:
        raise NotFound(f"{name} is not in {root}") from error
    except OSError as error:
        raise Invalid(f"it cannot be read: {error.strerror}") from error
    values = read_env_file(text).checked()
    return check_form({key: value for key, value in values.items() if key not in OURS})

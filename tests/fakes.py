"""What tests of an operator's work share: tenants, a store in a folder, and a provisioner over it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mcp_platform.audit.actor import Actor
from mcp_platform.doctor.results import CheckResult, State
from mcp_platform.tenants.credentials import Credentials
from mcp_platform.tenants.stores import EnvDirectoryStore
from mcp_platform.tenants.tenant import Tenant

OPERATOR = Actor(kind="user", subject="ana@example.com", role="operator", address="192.0.2.1")
PRIVATE_KEY = (
    rsa.generate_private_key(public_exponent=65537, key_size=2048)
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
)
TOKEN = "EAAG" + "x" * 60
SECRET = "0123456789abcdef0123456789abcdef"


@dataclass(slots=True)
class FolderProvisioner:
    """Writes into a folder; fails as it is told, before or after it has written."""

    store: EnvDirectoryStore
    prepared: list[str] = field(default_factory=list)
    rotated: list[str] = field(default_factory=list)
    retired: list[str] = field(default_factory=list)
    written: list[frozenset[str]] = field(default_factory=list)
    fail_before: Exception | None = None
    fail_after: BaseException | None = None
    fail_retire: Exception | None = None

    async def prepare(self, tenant: Tenant) -> None:
        if self.fail_before is not None:
            raise self.fail_before
        self.prepared.append(tenant.path)

    async def write_credentials(
        self, tenant: Tenant, *, values: Mapping[str, str], remove: Collection[str] = ()
    ) -> None:
        if self.fail_before is not None:
            raise self.fail_before
        await self.store.write(
            client_name=tenant.client_name,
            environment=tenant.environment,
            values=values,
            remove=remove,
        )
        self.written.append(frozenset(values))
        if self.fail_after is not None:
            raise self.fail_after

    async def rotate_database_password(self, tenant: Tenant) -> None:
        self.rotated.append(tenant.path)

    async def retire(self, tenant: Tenant) -> list[str]:
        if self.fail_retire is not None:
            raise self.fail_retire
        self.retired.append(tenant.path)
        left = await self.store.remove(
            client_name=tenant.client_name, environment=tenant.environment
        )
        return [left] if left is not None else []


@dataclass(slots=True)
class Prover:
    """Answers as it is told, and remembers what it was asked."""

    results: Sequence[CheckResult] = ()
    asked: list[tuple[Tenant, Credentials, frozenset[str]]] = field(default_factory=list)

    async def prove(
        self, tenant: Tenant, credentials: Credentials, *, only: Collection[str]
    ) -> Sequence[CheckResult]:
        self.asked.append((tenant, credentials, frozenset(only)))
        return self.results


def failed(check: str, *, code: str = "refused", state: State = "failed") -> CheckResult:
    return CheckResult(
        check=check,
        state=state,
        code=code,
        what="Meta refuses the token.",
        next_step="Make a new one.",
        details={},
    )


def folder_store(folder: Path) -> EnvDirectoryStore:
    folder.mkdir(exist_ok=True)
    return EnvDirectoryStore(folder)

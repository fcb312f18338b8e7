"""What a tenant gets before it works, in one process and between two."""

import asyncio
import base64
import hashlib
import hmac
import time
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette

from mcp_platform.access.jwts import Jwts
from mcp_platform.access.token_keys import TokenKeys, ensure_keys
from mcp_platform.doctor.examination import Tell
from mcp_platform.doctor.results import CheckOutcome, CheckResult
from mcp_platform.errors import Conflict, Invalid, PlatformError, Unavailable
from mcp_platform.kit.database import create_engine
from mcp_platform.kit.queue import own_schema
from mcp_platform.provisioning import client as provisioner_client
from mcp_platform.provisioning.api import ProvisionerRoutes
from mcp_platform.provisioning.call import PROVISIONER
from mcp_platform.provisioning.client import TRIES, RemoteProvisioner
from mcp_platform.simulators.serving import serving
from mcp_platform.tenants import database_roles
from mcp_platform.tenants.credentials import (
    Credentials,
    CredentialsForbidden,
    CredentialsMissing,
    MadeElsewhere,
)
from mcp_platform.tenants.database_roles import role_name
from mcp_platform.tenants.directory import UnknownTenant
from mcp_platform.tenants.provisioning import LocalProvisioner
from mcp_platform.tenants.sealing import Sealer
from mcp_platform.tenants.stores import EnvDirectoryStore
from mcp_platform.tenants.tenant import Tenant
from tests.factories import add_tenant, tenant
from tests.fakes import failed
from tests.tenants.test_sealing import certificate, unsealed

SHOP = tenant()


@dataclass(frozen=True, slots=True)
class Files:
    """A folder of credentials."""

    folder: Path

    @property
    def store(self) -> EnvDirectoryStore:
        return EnvDirectoryStore(self.folder)

    async def held(self) -> Credentials:
        return await self.store.read(client_name="shop", environment="production")


@dataclass(slots=True)
class Here:
    """A provisioner over files and a real database."""

    folder: Path
    owner: AsyncEngine
    tenant: Tenant

    @property
    def store(self) -> EnvDirectoryStore:
        return EnvDirectoryStore(self.folder)

    @property
    def provisioner(self) -> LocalProvisioner:
        return LocalProvisioner(store=self.store, owner=self.owner)

    @property
    def where(self) -> dict[str, str]:
        return {"client_name": self.tenant.client_name, "environment": "production"}

    async def held(self) -> Credentials:
        return await self.store.read(**self.where)

    async def lets_in(self, held: Credentials) -> bool:
        """Tell whether what the server keeps is of this password; tests' server asks nobody for one."""
        async with self.owner.connect() as connection:
            kept = await connection.scalar(
                text("SELECT rolpassword FROM pg_authid WHERE rolname = :name"),
                {"name": held.database_user},
            )
        if kept is None:
            return False
        _, rounds_and_salt, keys = kept.split("$")
        rounds, salt = rounds_and_salt.split(":")
        salted = hashlib.pbkdf2_hmac(
            "sha256", held.database_password.encode(), base64.b64decode(salt), int(rounds)
        )
        stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
        return keys.split(":")[0] == base64.b64encode(stored).decode()

    def break_store(self) -> None:
        """Put a folder in the place of the tenant's file."""
        file = self.folder / f"{self.tenant.client_name}-production.env"
        file.unlink(missing_ok=True)
        file.mkdir(parents=True)


@pytest.fixture
async def here(tmp_path: Path, shared_url: str) -> AsyncIterator[Here]:
    engine = create_engine(shared_url, pool_size=1, application_name="test")
    async with engine.begin() as connection:
        made = await add_tenant(connection)
    here = Here(tmp_path / "c", engine, made)
    yield here
    async with engine.begin() as connection:
        await database_roles.drop(connection, here.tenant)
    await engine.dispose()


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "credentials")


class TestSteps:
    """In the process that may."""

    async def test_a_prepared_tenant_has_a_login_whose_password_only_the_store_holds(
        self, here: Here
    ) -> None:
        await here.provisioner.prepare(here.tenant)

        held = await here.held()
        assert held.database_user == role_name(here.tenant)
        assert await here.lets_in(held)

    async def test_preparing_again_changes_nothing(self, here: Here) -> None:
        await here.provisioner.prepare(here.tenant)
        first = await here.held()
        await here.provisioner.prepare(here.tenant)

        assert await here.held() == first
        assert await here.lets_in(first)

    async def test_a_login_whose_password_was_lost_gets_another(self, here: Here) -> None:
        await here.provisioner.prepare(here.tenant)
        await here.store.remove(**here.where)

        await here.provisioner.prepare(here.tenant)

        assert await here.lets_in(await here.held())

    async def test_a_password_that_cannot_be_stored_is_not_given_to_the_login(
        self, here: Here
    ) -> None:
        await here.provisioner.prepare(here.tenant)
        before = await here.held()
        here.break_store()

        with pytest.raises(Unavailable):
            await here.provisioner.rotate_database_password(here.tenant)

        assert await here.lets_in(before)

    async def test_a_login_that_came_with_the_hand_over_is_replaced_by_our_own(
        self, here: Here
    ) -> None:
        handed = {"DATABASE_USER": "zeca", "DATABASE_PASSWORD": "zeca", "GEMINI_API_KEY": "AIza"}
        await here.store.write(**here.where, values=handed)

        await here.provisioner.prepare(here.tenant)

        held = await here.held()
        assert (held.database_user, held.gemini_api_key) == (role_name(here.tenant), "AIza")
        assert held.database_password != "zeca"

    async def test_a_rotated_password_is_another_one_in_both_places(self, here: Here) -> None:
        await here.provisioner.prepare(here.tenant)
        before = await here.held()

        await here.provisioner.rotate_database_password(here.tenant)

        after = await here.held()
        assert await here.lets_in(after)
        assert after.database_password != before.database_password
        assert not await here.lets_in(before)

    async def test_a_retired_tenant_has_neither_credentials_nor_login(self, here: Here) -> None:
        await here.provisioner.prepare(here.tenant)
        held = await here.held()
        for _ in range(2):
            await here.provisioner.retire(here.tenant)

        assert not await here.lets_in(held)
        with pytest.raises(CredentialsMissing):
            await here.held()

    async def test_a_login_that_cannot_be_dropped_yet_lets_nobody_in(
        self, here: Here, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await here.provisioner.prepare(here.tenant)

        async def locked(*_: object) -> None:
            raise TimeoutError

        monkeypatch.setattr(database_roles, "drop", locked)
        with pytest.raises(Unavailable):
            await here.provisioner.retire(here.tenant)
        async with here.owner.connect() as connection:
            may = text("SELECT rolcanlogin FROM pg_roles WHERE rolname = :name")
            assert not await connection.scalar(may, {"name": role_name(here.tenant)})
        monkeypatch.undo()
        await here.provisioner.retire(here.tenant)


@dataclass(slots=True)
class Asked:
    """A provisioner that remembers what it was asked, and refuses as told."""

    steps: list[tuple[str, str]] = field(default_factory=list)
    changes: list[tuple[dict[str, str], list[str]]] = field(default_factory=list)
    refusals: list[PlatformError] = field(default_factory=list)
    found: list[CheckOutcome] = field(default_factory=list)
    results: list[CheckResult] = field(default_factory=list)

    def _do(self, step: str, tenant: Tenant) -> None:
        self.steps.append((step, tenant.path))
        if self.refusals:
            raise self.refusals.pop(0)

    async def prepare(self, tenant: Tenant) -> None:
        self._do("prepare isolated" if tenant.topology == "isolated" else "prepare", tenant)

    async def write_credentials(
        self, tenant: Tenant, *, values: Mapping[str, str], remove: Collection[str] = ()
    ) -> None:
        self._do("write", tenant)
        self.changes.append((dict(values), list(remove)))

    async def rotate_database_password(self, tenant: Tenant) -> None:
        self._do("rotate", tenant)

    async def examine(
        self, tenant: Tenant, *, fix: bool = False, write: bool = False, tell: Tell | None = None
    ) -> list[CheckOutcome]:
        self._do(f"examine fix={fix} write={write}", tenant)
        return self.found

    async def prove(
        self, tenant: Tenant, *, values: Mapping[str, str], remove: Collection[str] = ()
    ) -> list[CheckResult]:
        self._do("prove", tenant)
        self.changes.append((dict(values), list(remove)))
        return self.results


class Directory:
    """Knows one tenant."""

    def forget(self) -> None: ...

    async def by_path(self, client_name: str, environment: str) -> Tenant:
        if (client_name, environment) != ("shop", "production"):
            raise UnknownTenant
        return SHOP


@dataclass(slots=True)
class Between:
    """The two parts, on one machine."""

    url: str
    keys: Path
    asked: Asked
    http: httpx.AsyncClient
    now: datetime = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def jwts(self, folder: Path | None = None) -> Jwts:
        return Jwts(TokenKeys(folder or self.keys, timer=time.monotonic))

    def remote(self, *, url: str | None = None, jwts: Jwts | None = None) -> RemoteProvisioner:
        return RemoteProvisioner(
            http=self.http, url=url or self.url, jwts=jwts or self.jwts(), clock=lambda: self.now
        )


@pytest.fixture
async def between(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Between]:
    monkeypatch.setattr(provisioner_client, "PAUSE_S", 0.001)
    keys = tmp_path / "keys"
    ensure_keys(keys, now=datetime(2026, 11, 22, tzinfo=UTC))
    asked = Asked()
    async with httpx.AsyncClient() as http:
        made = Between("", keys, asked, http)
        routes = ProvisionerRoutes(
            asked,
            examining=asked,
            proving=asked,
            jwts=made.jwts(),
            tenants=Directory(),
            clock=lambda: made.now,
        )
        async with serving(Starlette(routes=routes.routes())) as url:
            made.url = url
            yield made


class TestBetweenTwoProcesses:
    """The part `admin` asks, the part `provisioner` does."""

    async def test_every_step_arrives_with_what_it_is_about(self, between: Between) -> None:
        remote = between.remote()

        await remote.prepare(SHOP)
        await remote.write_credentials(
            SHOP, values={"GEMINI_API_KEY": "não\n"}, remove=["DATABASE_USER"]
        )
        await remote.rotate_database_password(SHOP)
        await remote.prepare(replace(SHOP, topology="isolated"))

        assert between.asked.steps == [
            *((step, "shop/production") for step in ("prepare", "write", "rotate")),
            ("prepare isolated", "shop/production"),  # although it is shared as yet
        ]
        assert between.asked.changes == [({"GEMINI_API_KEY": "não\n"}, ["DATABASE_USER"])]

    async def test_what_the_doctor_found_comes_back(self, between: Between) -> None:
        between.asked.found = [CheckOutcome("google.token", "key_gone", {"error": "invalid_grant"})]
        told: list[CheckOutcome] = []

        found = await between.remote().examine(SHOP, fix=True, tell=told.append)

        assert found == told == between.asked.found
        assert between.asked.steps == [("examine fix=True write=False", "shop/production")]

    async def test_what_vendors_say_of_a_change_comes_back(self, between: Between) -> None:
        between.asked.results = [failed("whatsapp.token")]

        results = await between.remote().prove(
            SHOP, values={"WHATSAPP_API_TOKEN": "EAAG"}, remove={"GEMINI_API_KEY"}
        )

        assert results == between.asked.results
        assert between.asked.changes == [({"WHATSAPP_API_TOKEN": "EAAG"}, ["GEMINI_API_KEY"])]

    async def test_vendors_are_asked_once_whatever_becomes_of_it(self, between: Between) -> None:
        between.asked.refusals = [Unavailable("Not now.")]

        with pytest.raises(Unavailable):
            await between.remote().examine(SHOP)

        assert len(between.asked.steps) == 1

    @pytest.mark.parametrize(
        "refusal",
        [
            Conflict("The namespace is another's."),
            MadeElsewhere("Secret is made from SealedSecret shop."),
            CredentialsForbidden("A Role is missing."),
            CredentialsMissing("No namespace."),
            Invalid("These cannot be stored.", fields={"GEMINI_API_KEY": "the value is empty"}),
        ],
    )
    async def test_a_refusal_means_the_same_on_both_sides(
        self, between: Between, refusal: PlatformError
    ) -> None:
        between.asked.refusals = [refusal]

        with pytest.raises(type(refusal)) as refused:
            await between.remote().prepare(SHOP)

        assert type(refused.value) is type(refusal)
        assert str(refused.value) == str(refusal)
        assert vars(refused.value) == vars(refusal)
        assert len(between.asked.steps) == 1

    async def test_what_passes_is_asked_again(self, between: Between) -> None:
        between.asked.refusals = [Unavailable("Not now.")] * (TRIES - 1)

        await between.remote().rotate_database_password(SHOP)

        assert len(between.asked.steps) == TRIES

    async def test_an_unknown_tenant_gets_nothing(self, between: Between) -> None:
        with pytest.raises(PlatformError, match="Nothing is served"):
            await between.remote().prepare(tenant(client_name="other"))

        assert between.asked.steps == []

    async def test_a_provisioner_that_is_away_is_unavailable(self, between: Between) -> None:
        with pytest.raises(Unavailable, match="cannot be reached"):
            await between.remote(url="http://127.0.0.1:9").prepare(SHOP)

    async def test_something_else_at_its_address_is_told(self, between: Between) -> None:
        with pytest.raises(Unavailable, match="is no provisioner"):
            await between.remote(url=f"{between.url}/elsewhere").prepare(SHOP)


class TestWhoIsLetIn:
    """Nobody but the part `admin`, for one step of one tenant, within a minute."""

    async def test_a_token_of_another_key_is_refused(
        self, between: Between, tmp_path: Path
    ) -> None:
        ensure_keys(tmp_path / "other", now=between.now)

        with pytest.raises(Unavailable, match="does not accept this service's tokens"):
            await between.remote(jwts=between.jwts(tmp_path / "other")).prepare(SHOP)

        assert between.asked.steps == []

    @pytest.mark.parametrize(
        ("audience", "claims", "age_s"),
        [
            ("mcp-platform:tenant-api", {}, 0),
            (PROVISIONER, {"tenant": "shop/staging"}, 0),
            (PROVISIONER, {"step": "retire"}, 0),
            (PROVISIONER, {}, 61),
        ],
    )
    async def test_a_token_for_anything_else_is_refused(
        self, between: Between, audience: str, claims: dict[str, str], age_s: int
    ) -> None:
        token = between.jwts().sign(
            {"tenant": "shop/production", "step": "prepare", **claims},
            audience=audience,
            subject="admin",
            ttl=timedelta(seconds=60),
            now=between.now - timedelta(seconds=age_s),
        )

        answer = await self._post(between, {"authorization": f"Bearer {token}"})

        assert answer.status_code == 401
        assert between.asked.steps == []

    async def test_no_token_is_refused(self, between: Between) -> None:
        assert (await self._post(between, {})).status_code == 401
        assert between.asked.steps == []

    @pytest.mark.parametrize("body", [b"", b"{", b'{"values": {"A": 1}}', b'{"more": "s3cr3t"}'])
    async def test_a_body_that_is_no_change_is_refused_and_not_quoted(
        self, between: Between, body: bytes
    ) -> None:
        answer = await self._post(between, self._right(between), step="credentials", body=body)

        assert answer.status_code == 422
        assert "s3cr3t" not in answer.text
        assert between.asked.steps == []

    async def test_a_huge_body_is_not_read_to_its_end(self, between: Between) -> None:
        answer = await self._post(
            between, self._right(between), step="credentials", body=b" " * 300_000
        )

        assert answer.status_code == 413

    @staticmethod
    def _right(between: Between) -> dict[str, str]:
        token = between.jwts().sign(
            {"tenant": "shop/production", "step": "credentials"},
            audience=PROVISIONER,
            subject="admin",
            ttl=timedelta(seconds=60),
            now=between.now,
        )
        return {"authorization": f"Bearer {token}"}

    @staticmethod
    async def _post(
        between: Between, headers: dict[str, str], *, step: str = "prepare", body: bytes = b""
    ) -> httpx.Response:
        url = f"{between.url}/internal/v1/tenants/shop/production/{step}"
        return await between.http.post(url, headers=headers, content=body)


class TestFiles:
    """What the provisioner writes where there is no cluster."""

    async def test_a_file_is_only_its_owners_and_replaced_whole(self, files: Files) -> None:
        for value in ("first", "second"):
            await files.store.write(
                client_name="shop", environment="production", values={"GEMINI_API_KEY": value}
            )

        [file] = files.folder.iterdir()
        assert file.name == "shop-production.env"
        assert file.stat().st_mode & 0o777 == 0o600
        assert files.folder.stat().st_mode & 0o777 == 0o700
        assert (await files.held()).gemini_api_key == "second"

    async def test_what_the_seeds_file_said_is_kept_and_that_file_left_alone(
        self, files: Files
    ) -> None:
        files.folder.mkdir()
        seed = files.folder / "shop.env"
        seed.write_text("# handed over\nGEMINI_API_KEY=old\nWHATSAPP_APP_ID=1\nPORT=80\n")
        before = seed.read_text()

        await files.store.write(
            client_name="shop",
            environment="production",
            values={"GEMINI_API_KEY": "new"},
            remove=["WHATSAPP_APP_ID"],
        )

        assert await files.held() == Credentials(gemini_api_key="new")
        assert seed.read_text() == before
        await files.store.remove(client_name="shop", environment="production")
        with pytest.raises(CredentialsMissing):
            await files.held()
        staging = await files.store.read(client_name="shop", environment="staging")
        assert staging.gemini_api_key == "old"

    async def test_writers_at_once_lose_nothing(self, files: Files) -> None:
        keys = ["GEMINI_API_KEY", "WHATSAPP_APP_ID", "WHATSAPP_APP_SECRET", "DATABASE_USER"]

        await asyncio.gather(
            *(
                EnvDirectoryStore(files.folder).write(
                    client_name="shop", environment="production", values={key: key.lower()}
                )
                for key in keys
            )
        )

        held = await files.held()
        assert [getattr(held, key.lower()) for key in keys] == [key.lower() for key in keys]

    async def test_what_cannot_be_a_credential_is_refused_key_by_key(self, files: Files) -> None:
        with pytest.raises(Invalid) as refused:
            await files.store.write(
                client_name="shop",
                environment="production",
                values={"PATH": "/s3cr3t", "GEMINI_API_KEY": "a s3cr3t", "DATABASE_USER": "u"},
                remove=["DATABASE_USER"],
            )

        assert sorted(refused.value.fields) == ["DATABASE_USER", "GEMINI_API_KEY", "PATH"]
        assert "s3cr3t" not in f"{refused.value}{refused.value.fields}"
        assert not files.folder.exists()


class TestSealed:
    """Where a controller makes the Secret: nothing is written, everything is sealed."""

    @pytest.fixture
    def sealing(self, here: Here) -> LocalProvisioner:
        return LocalProvisioner(store=here.store, owner=here.owner, sealer=Sealer(certificate()))

    async def rows(self, here: Here) -> dict[str, tuple[str, str]]:
        async with here.owner.connect() as connection:
            found = await connection.execute(
                text("SELECT key, sealed, fingerprint FROM credential_keys WHERE tenant_id = :id"),
                {"id": here.tenant.id},
            )
            return {key: (sealed, fingerprint) for key, sealed, fingerprint in found}

    async def test_a_login_is_sealed_and_written_nowhere(
        self, here: Here, sealing: LocalProvisioner
    ) -> None:
        await sealing.prepare(here.tenant)

        rows = await self.rows(here)
        label = f"{here.tenant.client_name}-production/{here.tenant.client_name}-credentials"
        held = Credentials(
            database_user=unsealed(rows["DATABASE_USER"][0], label=label),
            database_password=unsealed(rows["DATABASE_PASSWORD"][0], label=label),
        )
        assert held.database_user == role_name(here.tenant)
        assert await here.lets_in(held)
        assert held.database_password not in str(rows)
        with pytest.raises(CredentialsMissing):
            await here.held()

    async def test_preparing_again_keeps_the_password_that_may_be_published_already(
        self, here: Here, sealing: LocalProvisioner
    ) -> None:
        await sealing.prepare(here.tenant)
        first = await self.rows(here)
        key = {"GEMINI_API_KEY": "AIza-which-nobody-guesses"}
        await sealing.write_credentials(here.tenant, values=key)

        rows = await self.rows(here)
        await sealing.write_credentials(here.tenant, values=key)
        assert await self.rows(here) == rows
        assert {key: rows[key] for key in first} == first
        assert rows["GEMINI_API_KEY"][0] is not None

    async def test_a_retired_tenant_leaves_the_secret_to_its_controller(
        self, here: Here, sealing: LocalProvisioner
    ) -> None:
        await sealing.prepare(here.tenant)
        here.break_store()

        [left] = await sealing.retire(here.tenant)

        assert f"kubectl delete namespace {here.tenant.client_name}-production" in left


class Unseen(EnvDirectoryStore):
    """A store as the cluster's is before a tenant's manifests: it is written once, and not read."""

    writes = 0

    async def read(self, *, client_name: str, environment: str) -> Credentials:
        raise CredentialsForbidden("not before the manifests")

    async def write(self, **what: object) -> None:
        self.writes += 1
        if self.writes > 1:
            raise CredentialsForbidden("only once")
        await super().write(**what)  # type: ignore[arg-type]  # as it was given


async def test_the_first_credentials_and_the_login_are_one_write(here: Here) -> None:
    store = Unseen(here.folder)
    provisioner = LocalProvisioner(store=store, owner=here.owner)

    await provisioner.write_credentials(here.tenant, values={"GEMINI_API_KEY": "AIza"})
    first = await here.held()
    assert first.gemini_api_key == "AIza"
    assert await here.lets_in(first)

    await provisioner.prepare(here.tenant)  # has nothing to write
    with pytest.raises(CredentialsForbidden):
        await provisioner.write_credentials(here.tenant, values={"GEMINI_API_KEY": "AIza-2"})
    with pytest.raises(CredentialsForbidden):
        await provisioner.rotate_database_password(here.tenant)
    assert await here.lets_in(first)


async def test_a_tenant_that_will_be_isolated_gets_its_queue_before_it_is(here: Here) -> None:
    await here.provisioner.prepare(replace(here.tenant, topology="isolated"))

    async with here.owner.connect() as connection:
        queue = f"{own_schema(here.tenant.id)}.pgqueuer"
        assert await connection.scalar(text("SELECT to_regclass(:queue)"), {"queue": queue})

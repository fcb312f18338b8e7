"""Containers of one fleet, started in order and removed afterwards."""

import asyncio
import contextlib
import io
import os
import tarfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import docker
import httpx
from docker.errors import DockerException
from sqlalchemy.ext.asyncio import AsyncSession
from testcontainers.core.container import DockerContainer
from testcontainers.core.exceptions import ContainerStartException
from testcontainers.core.network import Network
from testcontainers.core.wait_strategies import HttpWaitStrategy, LogMessageWaitStrategy

from mcp_platform.kit.database import Sessions, create_engine
from mcp_platform.settings import Settings
from tests.world import ServedTenant, World

POSTGRES = os.environ.get("POSTGRES_IMAGE", "postgres:17-trixie")
VALKEY = os.environ.get("VALKEY_IMAGE", "valkey/valkey:9.1-trixie")
PLATFORM = os.environ.get("PLATFORM_IMAGE", "mcp-platform")
PUBLISHER = os.environ.get("PUBLISHER_IMAGE", "mcp-publisher")
PREVIOUS = os.environ.get("PREVIOUS_IMAGE", "mcp-platform-previous")
PASSWORD = "container-" + uuid4().hex
SIMULATORS = ("meta", "gemini", "google")
HARDENED: Mapping[str, Any] = {
    # As in a cluster: what a pod may not do there, it does without here.
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
}


def unusable_engine() -> str | None:
    """Return why no container can be started here, or None."""
    try:
        client = docker.from_env()
        client.ping()
    except (DockerException, OSError) as error:
        return f"no container engine answers: {error}"
    missing = [name for name in (POSTGRES, VALKEY, PLATFORM, PUBLISHER) if not has_image(name)]
    return (
        f"there is no image {', '.join(missing)}: .ci/images/build makes them" if missing else None
    )


def has_image(name: str) -> bool:
    return bool(docker.from_env().images.list(name=name.partition("@")[0]))


def simulator_app(vendor: str) -> str:
    """Name the application of a simulator as uvicorn takes it."""
    return f"mcp_platform.simulators.{vendor}.app:create_app"


class Fleet:
    """One installation: servers, vendors, and processes of the platform as they are asked for.

    Attributes:
        database_url: The owner's, as seen from here.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stack = ExitStack()
        self._vendors: dict[str, str] = {}
        self.database_url = ""

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def _start(self) -> None:
        self.network = self._stack.enter_context(Network())
        postgres = DockerContainer(POSTGRES).with_envs(
            POSTGRES_USER="mcp", POSTGRES_DB="mcp", POSTGRES_PASSWORD=PASSWORD
        )
        self._run(
            postgres.with_exposed_ports(5432).waiting_for(
                LogMessageWaitStrategy("database system is ready to accept connections")
            ),
            name="postgres",
        )
        self.database_url = f"postgresql://mcp:{PASSWORD}@{_place(postgres, 5432)}/mcp"
        self._run(
            DockerContainer(VALKEY).waiting_for(
                LogMessageWaitStrategy("Ready to accept connections")
            ),
            name="valkey",
        )
        for each in SIMULATORS:
            simulator = (
                DockerContainer(PLATFORM)
                .with_kwargs(
                    entrypoint=["uvicorn", "--factory", "--host", "0.0.0.0", "--port", "8000"]  # noqa: S104
                )
                .with_command([simulator_app(each)])
                .with_exposed_ports(8000)
                .waiting_for(HttpWaitStrategy(8000, "/_control/requests").for_status_code(200))
            )
            self._run(simulator, name=each)
            self._vendors[each] = f"http://{_place(simulator, 8000)}"
        self.migrate(PLATFORM)

    def _run(self, container: DockerContainer, *, name: str) -> DockerContainer:
        container.with_network(self.network).with_network_aliases(name)
        return self._stack.enter_context(container)

    def migrate(self, image: str) -> None:
        """Bring the database to the release of `image`."""
        self.command(image, "migrate")

    def command(
        self, image: str, *words: str, volumes: Sequence[str] = (), **environment: str
    ) -> str:
        """Run a command of the platform to its end, as the owner; return what it said."""
        said: bytes = docker.from_env().containers.run(
            image,
            list(words),
            environment={"DATABASE_URL": self._inside("mcp", PASSWORD), **environment},
            volumes=list(volumes),
            network=self.network.name,
            remove=True,
            stderr=True,
            tmpfs={"/tmp": ""},  # noqa: S108  # the container's own
            **HARDENED,
        )
        return said.decode()

    def _inside(self, user: str | None = None, password: str | None = None) -> str:
        login = f"{user}:{password}@" if user else ""
        return f"postgresql://{login}postgres:5432/mcp"

    @contextlib.contextmanager
    def serving(
        self,
        name: str,
        *parts: str,
        image: str = PLATFORM,
        credentials: Mapping[str, str] | None = None,
        **environment: str,
    ) -> Any:
        """Run the image as `name`; give the URL it answers at, and the container.

        `credentials` are files that are mounted where a pinned process looks for its Secret.
        """
        container = (
            DockerContainer(image)
            .with_command(["serve", *parts])
            .with_kwargs(user="10001:10001", **HARDENED)
            .with_tmpfs_mount("/tmp")  # noqa: S108  # the container's own
            .with_envs(**(self._environment() | environment))
            .with_exposed_ports(8000, 9090)
            .waiting_for(LogMessageWaitStrategy("serve.ready"))
        )
        volume = docker.from_env().volumes.create(f"mcp-{uuid4().hex}")
        try:
            if credentials is not None:
                _fill(image, volume.name, credentials)
                container.with_volume_mapping(volume.name, "/var/run/credentials", "ro")
            else:
                container.with_volume_mapping(volume.name, "/data", "rw")
            container.with_network(self.network).with_network_aliases(name)
            try:
                container.start()
                yield f"http://{_place(container, 8000)}", container
            except BaseException as error:
                with contextlib.suppress(DockerException, ContainerStartException):
                    logs = b"".join(container.get_logs())
                    error.add_note(
                        f"What {name} said last:\n{logs[-4000:].decode(errors='replace')}"
                    )
                raise
            finally:
                container.stop()
        finally:
            volume.remove(force=True)

    def _environment(self) -> dict[str, str]:
        vendors = {each: f"http://{each}:8000" for each in SIMULATORS}
        return {
            "DATABASE_URL": self._inside("mcp", PASSWORD),
            "REDIS_URL": "redis://valkey:6379/0",
            "DEBOUNCE_S": "0",
            "DEBOUNCE_CAP_S": "0",
            "META_GRAPH_URL": vendors["meta"],
            "GEMINI_URL": vendors["gemini"],
            "GOOGLE_CALENDAR_URL": f"{vendors['google']}/calendar/v3/",
            "GOOGLE_TOKEN_URL": f"{vendors['google']}/token",
        }

    @asynccontextmanager
    async def world(self, credentials: Path) -> AsyncIterator["ContainerWorld"]:
        """Give a world whose customers write to these containers."""
        engine = create_engine(self.database_url, pool_size=3, application_name="tests")
        vendors = [
            httpx.AsyncClient(base_url=self._vendors[each], timeout=30) for each in SIMULATORS
        ]
        try:
            yield ContainerWorld(
                settings=Settings(),
                database_url=self.database_url,
                meta=vendors[0],
                gemini=vendors[1],
                google=vendors[2],
                credentials=credentials,
                sessions=Sessions(engine),
            )
        finally:
            for each in vendors:
                await each.aclose()
            await engine.dispose()

    async def forgive(self) -> None:
        async with httpx.AsyncClient() as client:
            for url in self._vendors.values():
                (await client.delete(f"{url}/_control/faults")).raise_for_status()


class ContainerWorld(World):
    """A world whose service is in containers: the database is reached through its port."""

    def __init__(self, *, sessions: Sessions, **given: Any) -> None:
        super().__init__(**given)
        self._sessions = sessions
        self.service: DockerContainer | None = None
        """The shared service: credentials of new tenants are put where it looks for them."""

    def session(self) -> contextlib.AbstractAsyncContextManager[AsyncSession]:
        return self._sessions.everywhere.begin()

    def files(self, tenant: ServedTenant) -> dict[str, str]:
        """Return the tenant's credentials, key by key."""
        file = self.credentials / f"{tenant.client_name}-{tenant.environment}.env"
        pairs = (line.partition("=") for line in file.read_text().splitlines())
        return {key: value.strip('"').replace("\\n", "\n") for key, _, value in pairs}

    async def _write_credentials(self, tenant: ServedTenant, account: str, private: str) -> None:
        await super()._write_credentials(tenant, account, private)
        if self.service is None:
            return
        name = f"{tenant.client_name}-{tenant.environment}.env"
        files = {f"credentials/{name}": (self.credentials / name).read_text()}
        wrapped = self.service.get_wrapped_container()
        await asyncio.to_thread(wrapped.put_archive, "/data", _tar(files))


def _place(container: DockerContainer, port: int) -> str:
    host = container.get_container_host_ip()
    return f"{'127.0.0.1' if host == 'localhost' else host}:{container.get_exposed_port(port)}"


def _fill(image: str, volume: str, files: Mapping[str, str]) -> None:
    client = docker.from_env()
    helper = client.containers.create(image, volumes={volume: {"bind": "/given", "mode": "rw"}})
    try:
        helper.put_archive("/given", _tar(files))
    finally:
        helper.remove()


def _tar(files: Mapping[str, str]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        folders: Sequence[str] = sorted({str(Path(name).parent) for name in files} - {"."})
        for folder in folders:
            tar.addfile(_owned(tarfile.TarInfo(folder), directory=True))
        for name, text in files.items():
            content = text.encode()
            info = _owned(tarfile.TarInfo(name))
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return made.getvalue()


def _owned(info: tarfile.TarInfo, *, directory: bool = False) -> tarfile.TarInfo:
    info.uid = info.gid = 10001
    info.mode = 0o700 if directory else 0o400
    if directory:
        info.type = tarfile.DIRTYPE
    return info

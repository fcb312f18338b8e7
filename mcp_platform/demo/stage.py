"""The stage of the demonstration: every process it needs, started in order and stopped in order.

Owns processes, ports and folders. Everything lives in one folder, which is emptied at each start;
what an earlier demonstration left behind has stopped before that.
"""

import asyncio
import contextlib
import fcntl
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx

from mcp_platform import schema
from mcp_platform.demo import seeding
from mcp_platform.demo.attended import AttendedProcess
from mcp_platform.demo.businesses import BUSINESSES, TIME_ZONE
from mcp_platform.embedded import DATABASE, EmbeddedPostgres, EmbeddedValkey
from mcp_platform.embedded.server import LOOPBACK, free_port
from mcp_platform.errors import Unavailable
from mcp_platform.kit.folders import usable
from mcp_platform.tenants.tenant import TenantId

ROOT = Path(__file__).parent.parent.parent.parent
KEPT = ("postgres", "valkey")  # the servers' own folders: they know what of theirs still runs
START_PATIENCE = timedelta(seconds=60)
EARLIER_PATIENCE = timedelta(seconds=20)  # a killed demonstration is gone within two
POLL_S = 0.05
CONSOLE_PORT = 3000  # where people look for what they develop; or any
PAGE_PORT = 8088  # the same at each start where it is free, so that a reload finds it
HTTP_TIMEOUT_S = 30
# Pleasant to watch: a person who writes one line does not want to wait 1.5 s for the next.
PLEASANT = {"DEBOUNCE_S": "0.6", "DEBOUNCE_CAP_S": "3"} | {
    # Who asks for a person on the page gets the assistant back before they have given up on it.
    "HUMAN_S": "600"
}

Step = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Stage:
    """Where everything is while it runs."""

    folder: Path
    database_url: str
    meta: httpx.Client
    gemini: httpx.Client
    google: httpx.Client
    page: str
    gateway: str
    administrator: seeding.Administrator
    tenants: Mapping[str, TenantId]
    processes: tuple[AttendedProcess, ...]

    @property
    def console(self) -> str:
        return f"{self.gateway}/console/"

    def check(self) -> None:
        """Raise Unavailable if one of the processes has ended."""
        for process in self.processes:
            process.check()

    def model_off(self, off: bool) -> None:
        """Let Gemini be down, or up again."""
        if off:
            outage = {"fault": "unavailable", "times": None}
            self.gemini.post("/_control/faults", json=outage).raise_for_status()
        else:
            self.gemini.delete("/_control/faults").raise_for_status()


@contextlib.contextmanager
def stage(folder: Path, *, page_port: int | None, step: Step) -> Iterator[Stage]:
    """Start everything, telling each step; stop everything afterwards.

    Raises:
        CannotStart: an embedded server does not run here.
        Unavailable: the folder cannot be used, or another demonstration uses it.
        Unavailable: something else did not start; the sentence says where to look.
    """
    folder = folder.absolute()
    with contextlib.ExitStack() as stack:
        with usable(folder, by="The demonstration"):
            lock_fd = stack.enter_context(_alone(folder))
            _empty(folder)
            starter = _Starter(stack, folder, lock_fd=lock_fd)
        step("Simulators of Meta, Gemini and Google Calendar")
        served, simulators = starter.simulators(page_port=page_port)
        step("PostgreSQL and Valkey")
        postgres = stack.enter_context(EmbeddedPostgres(folder / "postgres", fsync=False))
        postgres.drop_database(DATABASE)
        database_url = postgres.create_database(DATABASE)
        valkey = stack.enter_context(EmbeddedValkey(folder / "valkey"))
        step("Migrations")
        schema.migrate(database_url)
        # What starts does so while the rest is prepared: importing takes its time.
        platform = starter.platform(served, database_url=database_url, redis_url=valkey.url)
        step("Two tenants, their credentials and calendars")
        starter.wait(simulators)
        meta, gemini, google = (
            stack.enter_context(httpx.Client(base_url=served[name], timeout=HTTP_TIMEOUT_S))
            for name in ("meta", "gemini", "google")
        )
        tenants = asyncio.run(seeding.write_rows(database_url))
        administrator = asyncio.run(seeding.make_administrator(database_url))
        made = {business.client_name: seeding.make_secrets(business) for business in BUSINESSES}
        today = datetime.now(ZoneInfo(TIME_ZONE)).date()
        for business in BUSINESSES:
            secrets = made[business.client_name]
            seeding.write_credentials(folder / "credentials", business, secrets)
            seeding.share_calendars(google, business, secrets, today)
        seeding.register_keys(gemini, list(made.values()))
        step("Gateway, console and worker")
        gateway = platform[0].url
        for each in platform:
            starter.wait(each)
        step("WhatsApp numbers, with Meta's handshake")
        for business in BUSINESSES:
            seeding.connect_number(meta, business, made[business.client_name], gateway=gateway)
        yield Stage(
            folder=folder,
            database_url=database_url,
            meta=meta,
            gemini=gemini,
            google=google,
            page=f"{served['page']}/demo",
            gateway=gateway,
            administrator=administrator,
            tenants=tenants,
            processes=tuple(starter.processes),
        )
        for process in starter.processes:  # all at once: each would be waited for otherwise
            process.ask_to_stop()


@dataclass(frozen=True, slots=True)
class _Starting:
    """A process that may not be ready yet, and the URL that answers once it is."""

    process: AttendedProcess
    url: str
    probe: str


class _Starter:
    """Starts our own processes, and waits until each can be talked to."""

    def __init__(self, stack: contextlib.ExitStack, folder: Path, *, lock_fd: int) -> None:
        self._stack = stack
        self._folder = folder
        self._lock_fd = lock_fd
        self.processes: list[AttendedProcess] = []
        self._logs = folder / "logs"
        self._logs.mkdir()

    def simulators(self, *, page_port: int | None) -> tuple[dict[str, str], _Starting]:
        """Start the simulators' process; return where it will serve what."""
        ports = {name: free_port(preferred=None) for name in ("meta", "gemini", "google")}
        ports["page"] = free_port(preferred=page_port or PAGE_PORT)
        if page_port and ports["page"] != page_port:
            raise Unavailable(f"Port {page_port} is taken. Choose another with --port, or none.")
        flags = [part for name, port in ports.items() for part in (f"--{name}", str(port))]
        process = self._start("simulators", "-m", "mcp_platform.demo.world", *flags)
        served = {name: f"http://{LOOPBACK}:{port}" for name, port in ports.items()}
        # The page is the last to be served: once it answers, all do.
        probe = f"{served['page']}/demo/api/cast"
        return served, _Starting(process, url=served["page"], probe=probe)

    def platform(
        self, served: Mapping[str, str], *, database_url: str, redis_url: str
    ) -> tuple[_Starting, _Starting]:
        """Start gateway, console and worker as an operator would."""
        gateways, workers = (free_port(preferred=None) for _ in range(2))
        public = free_port(preferred=CONSOLE_PORT)
        url = f"http://{LOOPBACK}:{public}"
        env = {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "DATA_DIR": str(self._folder / "data"),
            "CREDENTIALS_DIR": str(self._folder / "credentials"),
            "META_GRAPH_URL": served["meta"],
            "GEMINI_URL": served["gemini"],
            "GOOGLE_CALENDAR_URL": f"{served['google']}/calendar/v3/",
            "GOOGLE_TOKEN_URL": f"{served['google']}/token",
            "PORT": str(public),
            "CONSOLE_DESIGN": "true",
            **PLEASANT,
        }
        serve = ("-m", "mcp_platform.cli", "serve")
        parts = ("gateway", "admin", "provisioner")
        gateway = self._start("gateway", *serve, *parts, INTERNAL_PORT=str(gateways), **env)
        worker = self._start("worker", *serve, "worker", INTERNAL_PORT=str(workers), **env)
        internal = f"http://{LOOPBACK}:{workers}"
        return (
            _Starting(gateway, url=url, probe=f"{url}/health"),
            _Starting(worker, url=internal, probe=f"{internal}/health/detail"),
        )

    @staticmethod
    def wait(starting: _Starting) -> None:
        """Wait until a process answers.

        Raises:
            Unavailable: it ended, or took too long; the sentence says where its log is.
        """
        deadline = time.monotonic() + START_PATIENCE.total_seconds()
        while not _answers(starting.probe):
            starting.process.check()
            if time.monotonic() > deadline:
                process = starting.process
                raise Unavailable(f"{process.name}: no answer so far; see {process.log}.")
            time.sleep(POLL_S)

    def _start(self, name: str, *arguments: str, **env: str) -> AttendedProcess:
        # Nothing of the environment but what finds programs: a variable of ours that is set here
        # for something else must not bend the demonstration.
        kept = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        process = AttendedProcess(
            name,
            [sys.executable, *arguments],
            env={**kept, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **env},
            log=self._logs / f"{name}.log",
            lock_fd=self._lock_fd,
        )
        self.processes.append(process)
        self._stack.enter_context(process)
        return process


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).is_success
    except httpx.TransportError:
        return False


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[int]:
    """Hold the folder's lock; every process we start holds it with us."""
    folder.mkdir(parents=True, exist_ok=True)
    lock_fd = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + EARLIER_PATIENCE.total_seconds()
        while True:
            try:
                fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if _owner_lives(folder) or time.monotonic() > deadline:
                    raise Unavailable(
                        f"A demonstration already runs in {folder}. Stop it with Ctrl-C, or choose"
                        " another folder with DATA_DIR."
                    ) from None
            time.sleep(POLL_S)
        (folder / "owner").write_text(f"{os.getpid()}\n")
        yield lock_fd
    finally:
        os.close(lock_fd)


def _owner_lives(folder: Path) -> bool:
    try:
        os.kill(int((folder / "owner").read_text()), 0)
    except (FileNotFoundError, ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    return True


def _empty(folder: Path) -> None:
    for found in folder.iterdir():
        if found.name in (*KEPT, "lock", "owner"):
            continue
        if found.is_dir():
            shutil.rmtree(found)
        else:
            found.unlink()

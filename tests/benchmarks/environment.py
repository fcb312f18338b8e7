"""Where benchmarks run: an own embedded Postgres with fsync, processes, tenants, payloads."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from mcp_platform.embedded import EmbeddedPostgres
from mcp_platform.schema import migrate
from mcp_platform.whatsapp.signature import sign

SECRET = "bench-secret"


@dataclass(frozen=True, slots=True)
class Result:
    """One figure. `target` is a sentence: what is promised, or nothing."""

    name: str
    value: float
    unit: str
    target: str = ""


@contextmanager
def database(folder: Path, name: str) -> Iterator[str]:
    """A migrated database on a server that waits for the disk, as in production."""
    with EmbeddedPostgres(folder) as server:
        with contextlib.suppress(Exception):  # it was not there
            server.drop_database(name)
        url = server.create_database(name)
        migrate(url)
        yield url


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        return int(bound.getsockname()[1])


@contextmanager
def process(*command: str, port: int, path: str, **environment: str) -> Iterator[psutil.Process]:
    """A process of ours that listens on `port`, started and stopped."""
    log = Path(f"build/bench-{port}.log")
    log.parent.mkdir(exist_ok=True)
    with log.open("wb") as output:
        started = subprocess.Popen(
            [sys.executable, *command],
            env={**os.environ, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            for _ in range(300):
                try:
                    httpx.get(f"http://127.0.0.1:{port}{path}", timeout=1)
                    break
                except httpx.HTTPError:
                    if started.poll() is not None:
                        raise RuntimeError(log.read_text()[-2000:]) from None
                    time.sleep(0.1)
            process = psutil.Process(started.pid)
            yield next(iter(process.children()), process)  # `serve` keeps its server as a child
        finally:
            started.terminate()
            started.wait(20)


def write_credentials(folder: Path, client_name: str, phone_number_id: str, **more: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    values = {
        "WHATSAPP_APP_SECRET": SECRET,
        "WHATSAPP_WEBHOOK_VERIFY_TOKEN": "verify",
        "WHATSAPP_PHONE_NUMBER_ID": phone_number_id,
        "WHATSAPP_API_TOKEN": "token",
        **more,
    }
    text = "\n".join(f"{key}={value}" for key, value in values.items())
    (folder / f"{client_name}-production.env").write_text(text)


def message_body(*, phone_number_id: str, wamid: str, wa_id: str, text: str = "Oi") -> bytes:
    """A webhook as Meta writes it: one text message."""
    value: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "551140000001", "phone_number_id": phone_number_id},
        "contacts": [{"profile": {"name": "Ana"}, "wa_id": wa_id, "user_id": f"BR.{wa_id}"}],
        "messages": [
            {
                "from": wa_id,
                "from_user_id": f"BR.{wa_id}",
                "id": wamid,
                "timestamp": str(int(time.time())),
                "type": "text",
                "text": {"body": text},
            }
        ],
    }
    body = {
        "object": "whatsapp_business_account",
        "entry": [{"id": "waba", "changes": [{"field": "messages", "value": value}]}],
    }
    return json.dumps(body, separators=(",", ":")).replace("/", "\\/").encode()


def raw_request(path: str, body: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        f"x-hub-signature-256: {sign(body, app_secret=SECRET)}\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def generate(**load: Any) -> dict[str, float]:
    """Run the load generator in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.load", json.dumps(load, default=str)],
        check=True,
        capture_output=True,
        text=True,
    )
    return dict(json.loads(done.stdout))

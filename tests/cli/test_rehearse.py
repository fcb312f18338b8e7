"""A rehearsal: the model that is set, judged, in an installation that goes again."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.types import ASGIApp, Receive, Scope, Send

from mcp_platform.audit.actor import system
from mcp_platform.registry.answers.forms import AnswerWish
from mcp_platform.registry.answers.service import TenantAnswers
from mcp_platform.registry.environments import Environments
from mcp_platform.scheduling.catalogue import every_day
from mcp_platform.simulators.control import Faults
from mcp_platform.simulators.gemini import app as gemini
from mcp_platform.simulators.serving import Served
from tests import factories
from tests.cli.conftest import PATH, Database, Mcp
from tests.cli.processes import PATIENCE_S, descendants, wait_until_gone
from tests.conftest import FOLDER_VARIABLE

CLIENT, ENVIRONMENT = PATH.split("/")
KEY = "AIza-of-the-business"
EXPENSIVE = """
- id: too-expensive
  turns:
    - they: "quanto custa {service}?"
      says: ["R$ 99,00"]
"""


@dataclass(frozen=True, slots=True)
class Shop:
    """A tenant in the real database, its key, and the folder for what is temporary."""

    database: Database
    temporary: Path
    environment: dict[str, str]

    def contents(self) -> dict[str, str]:
        """Return a hash of every table's rows, by table."""
        tables = self.database.sql(
            "SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables"
            " WHERE table_type = 'BASE TABLE'"
            " AND table_schema NOT IN ('pg_catalog', 'information_schema')"
        )
        return {
            each["name"]: self.database.value(
                f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), ''))"
                f" FROM {each['name']} t"
            )
            for each in tables
        }


async def _shop(session: AsyncSession) -> None:
    hours = every_day(weekdays=range(6))  # on Sundays nobody works
    people = tuple(
        factories.professional(id_, name, hours=hours)
        for id_, name in (("ze", "Zé"), ("beto", "Beto"))
    )
    await factories.add_tenant(
        session,
        CLIENT,
        offers=factories.catalogue(professionals=people),
        phone_number_id="106",
        owner_whatsapp="5511977776666",
        calendar_id="ze@example.com",
        address="Rua das Flores, 123",
    )
    located = await Environments(session, system("tests")).locate(CLIENT, ENVIRONMENT)
    wish = {"title": "Pagamento", "questions": ["Aceita pix?"], "text": "Pix e cartão em até 2x."}
    await TenantAnswers(session, system("tests"), located).create(AnswerWish.model_validate(wish))


@pytest.fixture
def shop(
    migrated_url: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,  # made before TMPDIR is another: the folder that holds all of these stays outside
) -> Iterator[Shop]:
    """Make a shop. PostgreSQL can enter the folder: as root it runs under an account of its own."""
    assert tmp_path.is_dir()
    database = Database(migrated_url)
    database.make(_shop)
    folder = Path(os.environ[FOLDER_VARIABLE]) / f"rehearsal-{uuid4().hex}"
    temporary, credentials = folder / "temporary", folder / "credentials"
    for each in (folder, temporary, credentials):
        each.mkdir(mode=0o711)
    (credentials / f"{CLIENT}-{ENVIRONMENT}.env").write_text(f"GEMINI_API_KEY={KEY}\n")
    environment = {
        "DATABASE_URL": migrated_url,
        "CREDENTIALS_DIR": str(credentials),
        "TMPDIR": str(temporary),
        "COLUMNS": "150",
        # Whatever would reach outside ends at a closed port.
        "META_GRAPH_URL": "http://127.0.0.1:1",
        "GOOGLE_CALENDAR_URL": "http://127.0.0.1:1/",
        "GOOGLE_TOKEN_URL": "http://127.0.0.1:1/token",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(tempfile, "tempdir", None)  # what TMPDIR was is remembered
    yield Shop(database, temporary, environment)
    shutil.rmtree(folder)


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The model of this installation, which knows the shop's key alone."""
    with Served(gemini.create_app()) as served:
        monkeypatch.setenv("GEMINI_URL", served.url)
        httpx.post(f"{served.url}/_control/keys", json={"keys": [KEY]}).raise_for_status()
        yield served.url


def _working_in(folder: Path) -> list[str]:
    """Return the commands of the processes below this one that name a folder."""
    commands = []
    for pid in descendants(os.getpid()):
        with suppress(OSError):  # it ended meanwhile
            commands.append(Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " "))
    return [each for each in commands if str(folder) in each]


def _asked(model: str) -> list[dict[str, Any]]:
    log = httpx.get(f"{model}/_control/requests").json()["requests"]
    return [each for each in log if "generateContent" in each["path"]]


def test_dialogues_are_played_and_nothing_real_is_touched(
    mcp: Mcp, shop: Shop, model: str, tmp_path: Path
) -> None:
    before = shop.contents()
    file = tmp_path / "said.json"
    names = ("price", "an-answer-of-the-owner", "cancel-after-a-yes")
    only = [part for each in names for part in ("--only", each)]

    ran = mcp("rehearse", PATH, *only, "--json", str(file))

    assert ran.status == 0, ran.out + ran.err
    assert "3 dialogues with 4 messages of customers" in ran.err
    assert [line.split()[:2] for line in ran.out.splitlines()[:3]] == [
        ["✓", each] for each in names
    ]
    requests = _asked(model)
    assert f"3 of 3 passed; {len(requests)} requests" in ran.out
    assert {each["headers"]["x-goog-api-key"] for each in requests} == {KEY}
    said = json.loads(file.read_text())
    assert (said["passed"], said["failed"], said["not_played"]) == (3, 0, [])
    assert said["tokens"]["prompt"] > 0
    assert "R$ 45,00" in said["dialogues"][0]["turns"][0]["replies"][0]["text"]
    assert "Pix e cartão" in said["dialogues"][1]["turns"][0]["replies"][0]["text"]
    assert shop.contents() == before
    assert list(shop.temporary.iterdir()) == []
    assert _working_in(shop.temporary) == []


def test_a_reply_that_lacks_a_fact_is_told_with_its_rule_and_what_was_said(
    mcp: Mcp, shop: Shop, model: str, tmp_path: Path
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(EXPENSIVE)

    ran = mcp("--lang", "pt", "rehearse", PATH, "--dialogues", str(file))

    assert ran.status == 1
    told = " ".join(ran.out.split())
    assert "✗ too-expensive 1 > quanto custa Corte?" in told
    assert "R$ 45,00" in told
    assert "→ says: não diz: ['R$ 99,00']" in told
    assert "0 de 1 passaram" in told


def test_a_key_that_is_refused_ends_it_with_what_to_do(mcp: Mcp, shop: Shop, model: str) -> None:
    httpx.delete(f"{model}/_control/keys").raise_for_status()
    httpx.post(f"{model}/_control/keys", json={"keys": ["another"]}).raise_for_status()

    ran = mcp("rehearse", PATH, "--only", "price", "--only", "address")

    assert ran.status == 1
    assert "Gemini refuses the key" in ran.err
    assert "Put a working key of Google AI Studio" in ran.err
    assert "--only price --only address" in ran.err
    assert ran.out.split()[:2] == ["?", "price"]
    assert KEY not in ran.out + ran.err


class _QuotaFor:
    """Gemini with a quota that is used up after so many requests."""

    def __init__(self, requests: int) -> None:
        self._left = requests
        self._faults = Faults(known=gemini.FAULTS)
        self._app: ASGIApp = gemini.create_app(faults=self._faults)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if self._left == 0:
                self._faults.add("quota", times=None)
            self._left -= 1
        await self._app(scope, receive, send)


@pytest.mark.full
def test_a_quota_that_is_used_up_keeps_what_was_scored(
    mcp: Mcp, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Served(_QuotaFor(1)) as served:
        monkeypatch.setenv("GEMINI_URL", served.url)
        ran = mcp("rehearse", PATH, "--only", "price", "--only", "address")

    assert ran.status == 1
    marks = [line.split()[:2] for line in ran.out.splitlines()]
    assert marks[:2] == [["✓", "price"], ["?", "address"]]
    assert "1 of 1 passed" in ran.out
    assert "The key's quota at Gemini is used up" in ran.err
    assert "Wait until it returns" in ran.err


def test_a_list_asks_nobody_and_says_what_is_left_out_and_why(
    mcp: Mcp, shop: Shop, model: str
) -> None:
    shop.database.sql("UPDATE tenants SET address = NULL")

    ran = mcp("rehearse", PATH, "--list")

    assert ran.status == 0
    told = " ".join(ran.out.split())
    assert "price quanto custa Corte?" in told
    assert "– address left out, for it lacks an address" in told
    assert _asked(model) == []


def test_what_is_interrupted_leaves_nothing_behind(shop: Shop, model: str) -> None:
    httpx.post(f"{model}/_control/latency", json={"seconds": 3600}).raise_for_status()
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-m", "mcp_platform.cli", "rehearse", PATH],
        env={**kept, **shop.environment, "GEMINI_URL": model, "LC_ALL": "C.UTF-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + PATIENCE_S
    while not _asked(model):
        assert time.monotonic() < deadline, "the model is not asked"
        assert process.poll() is None
        time.sleep(0.1)
    started = descendants(process.pid)

    process.send_signal(signal.SIGINT)
    told, _ = process.communicate(timeout=PATIENCE_S)

    assert process.returncode == 130, told
    assert "0 of 0 passed; 1 requests" in told
    assert list(shop.temporary.iterdir()) == []
    wait_until_gone(started)


@pytest.mark.full
@pytest.mark.parametrize("language", ["pt-BR", "en", "es"])
def test_the_simulated_model_passes_the_standard_set(
    language: str, mcp: Mcp, shop: Shop, model: str
) -> None:
    shop.database.sql("UPDATE tenants SET language = $1", language)
    ran = mcp("rehearse", PATH)
    failed = [line for line in ran.out.splitlines() if line.startswith(("✗", "?"))]
    assert not failed, ran.out

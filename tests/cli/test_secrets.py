"""`secrets apply`: from a folder of `.env` files into a cluster."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import PATH, Database, Mcp
from tests.cli.processes import PATIENCE_S
from tests.tenants.cluster import PROVISIONER, Account
from tests.tenants.kubernetes_world import Simulated, simulated_cluster

TOKEN = "EAAG" + "x" * 60
CLIENT = PATH.partition("/")[0]


@contextlib.asynccontextmanager
async def _cluster(folder: Path) -> AsyncIterator[tuple[Simulated, Account]]:
    async for simulated in simulated_cluster(folder):
        await simulated.cluster.namespace("mcp-platform")
        account = await simulated.cluster.account("mcp-platform", "provisioner")
        await simulated.cluster.may_provision(account, rules=PROVISIONER)
        yield simulated, account


class Cluster:
    """A simulated cluster served by a thread, since commands block."""

    def __init__(self, simulated: Simulated, loop: asyncio.AbstractEventLoop) -> None:
        self._simulated, self._loop = simulated, loop

    def values(self) -> dict[str, str]:
        asking = self._simulated.cluster.values(f"{CLIENT}-production", f"{CLIENT}-credentials")
        return asyncio.run_coroutine_threadsafe(asking, self._loop).result(timeout=PATIENCE_S)


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    made = _cluster(tmp_path)
    try:
        entered = asyncio.run_coroutine_threadsafe(made.__aenter__(), loop)
        simulated, account = entered.result(timeout=PATIENCE_S)
        monkeypatch.setenv("KUBECONFIG", str(account.kubeconfig()))
        yield Cluster(simulated, loop)
        asyncio.run_coroutine_threadsafe(made.__aexit__(None, None, None), loop).result(
            timeout=PATIENCE_S
        )
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def test_secrets_are_created_changed_and_left_without_a_value_being_told(
    mcp: Mcp, database: Database, cluster: Cluster, tmp_path: Path
) -> None:
    folder = tmp_path / "env"
    folder.mkdir()
    file = folder / f"{CLIENT}-production.env"
    file.write_text(f"WHATSAPP_API_TOKEN='{TOKEN}'\n")
    apply = ("secrets", "apply", "--credentials-dir", str(folder))

    dry = mcp(*apply, "--dry-run")
    assert (dry.status, dry.out) == (0, f"{PATH}: would be created (WHATSAPP_API_TOKEN)\n")
    assert mcp(*apply).out == f"{PATH}: created (WHATSAPP_API_TOKEN)\n"
    assert cluster.values() == {"WHATSAPP_API_TOKEN": TOKEN}
    assert mcp(*apply, PATH).out == f"{PATH}: unchanged\n"

    file.write_text(f"WHATSAPP_API_TOKEN='{TOKEN}2'\nGEMINI_API_KEY=AIza\n")
    changed = mcp(*apply, PATH)
    assert changed.out == f"{PATH}: changed (GEMINI_API_KEY, WHATSAPP_API_TOKEN)\n"
    assert cluster.values() == {"WHATSAPP_API_TOKEN": f"{TOKEN}2", "GEMINI_API_KEY": "AIza"}
    assert TOKEN not in changed.out + changed.err


def test_one_tenant_that_fails_ends_in_1_and_keeps_no_other_waiting(
    mcp: Mcp, cluster: Cluster, tmp_path: Path
) -> None:
    (tmp_path / f"{CLIENT}-production.env").write_text("GEMINI_API_KEY=AIza\n")

    ran = mcp(*("secrets", "apply", "nobody/production", PATH, "--credentials-dir", str(tmp_path)))

    assert ran.status == 1
    assert "nobody/production: There is no nobody-production.env" in ran.err
    assert ran.out == f"{PATH}: created (GEMINI_API_KEY)\n"

"""Publishing over HTTP: by the API and in the console, to a real bare repository."""

import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mcp_platform.doctor.findings import Findings
from mcp_platform.doctor.results import CheckOutcome
from mcp_platform.tenants.tenant import TenantId
from tests.console.browser import PlainBrowser
from tests.factories import add_tenant
from tests.platform_api import Api
from tests.publishing.test_publishing import git, synth

READY = {
    "platform": {
        "image": "registry.example.com/mcp-platform:1", "host": "wa.example.com",
        "token_keys": {"k": "public"}, "api_server_ranges": ["203.0.113.10/32"],
    }
}  # fmt: skip


async def nowhere() -> list[str]:
    return ["203.0.113.10/32"]


@pytest.fixture
async def publishing(api: Api, tmp_path: Path) -> AsyncIterator[Path]:
    """A platform that publishes to a bare repository; the fleet has what it needs to run."""
    bare = tmp_path / "manifests.git"
    bare.mkdir()
    git(bare, "init", "--quiet", "--bare", "--initial-branch=main")
    desk = api.admin.publishing
    before = desk._repository, desk._synth, desk._api_servers  # one desk for the whole application
    desk._repository, desk._synth, desk._api_servers = str(bare), synth, nowhere
    await api.sql(
        "INSERT INTO manifest_blocks (name, body) VALUES ('platform', CAST(:body AS jsonb))",
        body=json.dumps(READY["platform"]),
    )
    yield bare
    desk._repository, desk._synth, desk._api_servers = before


async def asked(api: Api, method: str, path: str, role: str = "operator", **more: Any) -> Any:
    return await api.ask(method, f"/admin{path}", token=await api.sign_in(role), **more)  # type: ignore[arg-type]  # one of the four


async def state(api: Api, path: str) -> dict[str, Any]:
    client, environment = path.split("/")
    where = f"/clients/{client}/environments/{environment}/deployment"
    answer = await asked(api, "GET", where, "viewer")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def seen(api: Api, path: str, code: str) -> None:
    """Have the doctor find something at a tenant's public address."""
    sessions = api.platform.shared.admin_sessions
    [row] = await api.sql(
        "SELECT id FROM tenants WHERE client_name || '/' || environment = :path", path=path
    )
    async with sessions.everywhere.begin() as session:
        found = [CheckOutcome("public.handshake", code, {})]
        await Findings(session, TenantId(row.id)).keep(found, now=api.clock())


async def test_a_tenant_is_requested_committed_and_seen_running(api: Api, publishing: Path) -> None:
    path = await api.make_tenant()
    assert (await state(api, path))["state"] == "never"
    preview = (await asked(api, "GET", "/publication")).json()
    assert preview["missing"] == []
    assert f"clients/{path}" in [each["folder"] for each in preview["changes"]]
    done = await asked(api, "POST", "/publication", json={"seen": preview["seen"]})
    assert done.status_code == 200, done.text
    assert done.json()["commit"] == git(publishing, "rev-parse", "main").strip()
    assert "fleet.publish" in await api.audited()
    committed = await state(api, path)
    assert (committed["state"], committed["stuck"]) == ("committed", None)
    api.clock.ahead += timedelta(minutes=16)
    assert (await state(api, path))["stuck"] == "unseen"
    await seen(api, path, "refused")
    assert (await state(api, path))["stuck"] == "refused"
    await seen(api, path, "echoed")
    running = await state(api, path)
    assert (running["state"], running["stuck"]) == ("running", None)
    await api.sql("UPDATE tenants SET status = 'suspended'")
    assert (await state(api, path))["state"] == "changed"
    again = (await asked(api, "GET", "/publication")).json()
    await asked(api, "POST", "/publication", json={"seen": again["seen"]})
    nothing = (await asked(api, "GET", "/publication")).json()
    assert nothing["changes"] == []
    same = await asked(api, "POST", "/publication", json={"seen": nothing["seen"]})
    assert same.json()["commit"] is None


async def test_a_push_that_never_ended_is_told(api: Api, publishing: Path) -> None:
    path = await api.make_tenant()
    await api.sql(
        "INSERT INTO publications (tenant_id, requested, requested_at)"
        " SELECT id, 'x', :at FROM tenants", at=api.clock(),
    )  # fmt: skip
    assert ((await state(api, path))["state"], (await state(api, path))["stuck"]) == (
        "requested",
        None,
    )
    api.clock.ahead += timedelta(minutes=11)
    assert (await state(api, path))["stuck"] == "push"


async def test_what_was_not_shown_is_not_pushed(api: Api, publishing: Path) -> None:
    await api.make_tenant()
    preview = (await asked(api, "GET", "/publication")).json()
    await api.make_tenant()
    late = await asked(api, "POST", "/publication", json={"seen": preview["seen"]})
    assert late.status_code == 409
    assert git(publishing, "branch", "--list") == ""
    await api.sql("DELETE FROM manifest_blocks")
    unready = await asked(api, "POST", "/publication", json={"seen": preview["seen"]})
    assert unready.status_code == 409
    assert "platform.host" in unready.json()["detail"]
    assert (await asked(api, "GET", "/publication", "viewer")).status_code == 403
    assert (await asked(api, "POST", "/publication", "viewer", json={})).status_code == 403


async def test_without_a_repository_nothing_is_published(api: Api, browser: PlainBrowser) -> None:
    path = await api.make_tenant()
    assert (await asked(api, "GET", "/publication")).status_code == 409
    await browser.sign_in((await api.make_user("operator")).email)
    assert "Esta instalação não publica nada" in (await browser.get("/publish?look=yes")).text
    page = await browser.get(f"/t/{path}/deployment")
    assert "este negócio roda neste serviço" in page.text
    assert f"/{path}/api/v1/webhooks/whatsapp" in page.text
    assert "&#34;topology&#34;" in page.text


async def test_removals_are_read_first_and_confirmed(
    api: Api, browser: PlainBrowser, publishing: Path
) -> None:
    sessions = api.platform.shared.admin_sessions
    gone = await add_tenant(sessions, "a-saloon")
    await add_tenant(sessions, "b-barber")
    user = await api.make_user("operator")
    await browser.sign_in(user.email)
    page = await browser.get("/publish?look=yes")
    assert "a-saloon/production é novo" in page.text
    form = _hidden(page.text)
    assert "Enviado." in (await browser.post("/publish", page="/publish?look=yes", **form)).text
    await api.sql(
        "INSERT INTO offboardings (tenant_id, status_before, started_at, purge_after, due_at,"
        " purged_at) VALUES (:id, 'active', now(), now(), now(), now())", id=gone.id,
    )  # fmt: skip
    await api.sql("UPDATE tenants SET status = 'suspended' WHERE id <> :id", id=gone.id)
    page = await browser.get("/publish?look=yes")
    assert page.text.index("a-saloon/production é removido") < page.text.index(
        "b-barber/production muda"
    )
    form = _hidden(page.text)
    assert form["removes"] == "1"
    refused = await browser.post("/publish", page="/publish?look=yes", **form)
    assert refused.status_code == 422
    assert "confirme" in refused.text
    done = await browser.post("/publish", page="/publish?look=yes", **form, removed="yes")
    assert "Enviado." in done.text
    assert "a-saloon" not in git(publishing, "ls-tree", "-r", "--name-only", "main")
    await api.sql("UPDATE tenants SET status = 'active' WHERE id <> :id", id=gone.id)
    before = git(publishing, "rev-parse", "main")
    late = await browser.post("/publish", page="/publish?look=yes", seen=form["seen"])
    assert late.status_code == 409, "another difference than the one that was shown"
    assert git(publishing, "rev-parse", "main") == before


async def test_the_manifests_of_one_tenant_are_shown(
    api: Api, browser: PlainBrowser, publishing: Path
) -> None:
    path, other = await api.make_tenant(), await api.make_tenant()
    await browser.sign_in((await api.make_user("viewer")).email)
    page = await browser.get(f"/t/{path}/deployment?manifests=yes")
    assert "kind: Namespace" in page.text
    assert path.replace("/", "-") in page.text
    assert other.replace("/", "-") not in page.text


async def test_the_file_is_downloaded(api: Api, browser: PlainBrowser) -> None:
    path = await api.make_tenant()
    await browser.sign_in((await api.make_user("operator")).email)
    answer = await browser.post("/publish/config", page="/publish")
    assert answer.headers["content-disposition"] == 'attachment; filename="config.json"'
    assert answer.json()["clients"][0]["client_name"] == path.split("/")[0]


def _hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'name="(seen|removes)" value="([^"]*)"', page))

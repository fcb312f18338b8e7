"""One thing done to many tenants: planned, done in a job, stopped, gone on with; by API and console."""

import asyncio
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from mcp_platform.errors import Unavailable
from mcp_platform.registry.fleet.jobs import DEAD_AFTER, MOST
from tests.console.browser import PlainBrowser
from tests.console.test_fleet import looked_over
from tests.platform_api import Api

PATHS = re.compile(r'name="paths" hidden>\n([^<]*)<')


async def statuses(api: Api) -> dict[str, str]:
    rows = await api.sql("SELECT client_name || '/' || environment AS path, status FROM tenants")
    return {row.path: row.status for row in rows}


async def asked(api: Api, token: str, method: str, path: str, **more: Any) -> Any:
    return await api.ask(method, f"/admin/fleet/jobs{path}", token=token, **more)


async def test_the_marked_ones_are_planned_and_suspended(api: Api, browser: PlainBrowser) -> None:
    one, two, gone, other = [await api.make_tenant() for _ in range(4)]
    await api.sql(
        "UPDATE tenants SET status = 'offboarded' WHERE client_name = :name",
        name=gone.split("/")[0],
    )
    await looked_over(api)
    await browser.sign_in((await api.make_user("operator")).email)
    marked = {f"pick:{path}": "yes" for path in (one, two, gone)}
    plan = await browser.post("/fleet/plan", page="/fleet", action="suspend", **marked)
    assert "2 negócios entram" in plan.text
    assert "está em encerramento" in plan.text
    assert other not in plan.text
    assert set((await statuses(api)).values()) == {"active", "offboarded"}
    paths = unescape(PATHS.findall(plan.text)[0])
    job = await browser.post("/fleet/jobs", page="/fleet", action="suspend", paths=paths)
    await api.admin.fleet_jobs.finished()
    assert await statuses(api) == {
        one: "suspended", two: "suspended", gone: "offboarded", other: "active",
    }  # fmt: skip
    done = await browser.get(str(job.url.path).removeprefix("/console"))
    assert "2 de 2 feitos" in done.text
    assert "Feito" in done.text
    assert "fleet.suspend" in await api.audited()
    nothing = await browser.post("/fleet/plan", page="/fleet", action="resume")
    assert "não há nada a fazer".casefold() in nothing.text.casefold()
    for wrong in ({"action": "x"}, {"action": "resume", "paths": "a b/c ../x"}):
        answer = await browser.post("/fleet/jobs", page="/fleet", **wrong)
        assert answer.status_code == 422


async def test_all_that_match_are_a_snapshot(api: Api, browser: PlainBrowser) -> None:
    mine = [await api.make_tenant("staging") for _ in range(60)]
    await api.make_tenant()
    await looked_over(api)
    await browser.sign_in((await api.make_user("operator")).email)
    assert "todos os 60 que combinam" in (await browser.get("/fleet?environment=staging")).text
    plan = await browser.post(
        "/fleet/plan", page="/fleet", action="suspend", which="all", environment="staging"
    )
    assert sorted(unescape(PATHS.findall(plan.text)[0]).split()) == sorted(mine)


async def test_what_failed_is_done_again_and_a_stopped_one_goes_on(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = sorted([await api.make_tenant() for _ in range(3)])
    token = await api.sign_in("operator")
    jobs = api.admin.fleet_jobs
    do, away = jobs._do, True

    async def sometimes(action: Any, path: str, actor: Any) -> None:
        if away and path == paths[0]:
            raise Unavailable("The vendor is away.")
        if away and path == paths[-1]:
            [row] = await api.sql("SELECT id FROM fleet_jobs")
            await jobs.stop(row.id)
        await do(action, path, actor)

    monkeypatch.setattr(jobs, "_do", sometimes)
    wish = {"action": "suspend", "tenants": paths}
    begun = await asked(api, token, "POST", "", json=wish)
    assert begun.status_code == 202, begun.text
    job = begun.json()["id"]
    await jobs.finished()
    told = (await asked(api, token, "GET", f"/{job}")).json()
    assert told["failed"] == {paths[0]: "The vendor is away."}
    assert (told["done"], told["stopped"]) == (2, True)
    away = False
    again = await asked(api, token, "POST", f"/{job}/go-on")
    assert again.status_code == 200, again.text
    await jobs.finished()
    told = (await asked(api, token, "GET", f"/{job}")).json()
    assert (told["done"], told["left"], told["failed"]) == (3, [], {})
    assert set((await statuses(api)).values()) == {"suspended"}


async def test_a_job_of_a_process_that_died_is_gone_on_with(api: Api) -> None:
    path = await api.make_tenant()
    token = await api.sign_in("operator")
    job = "0193f1a2-7b4c-7d11-9a55-2f6f0c1e8b90"
    await api.sql(
        "INSERT INTO fleet_jobs (id, action, by, created_at, beat_at, pending, failed)"
        " VALUES (:id, 'suspend', 'ana', :now, :now, ARRAY[:path], '{}')",
        id=job, now=api.clock(), path=path,
    )  # fmt: skip
    assert (await asked(api, token, "POST", f"/{job}/go-on")).status_code == 409
    api.clock.ahead += DEAD_AFTER + timedelta(seconds=1)
    assert (await asked(api, token, "GET", f"/{job}")).json()["dead"]
    assert (await asked(api, token, "POST", f"/{job}/go-on")).status_code == 200
    await api.admin.fleet_jobs.finished()
    assert await statuses(api) == {path: "suspended"}


async def test_a_job_is_done_by_one_however_often_it_is_gone_on_with(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [await api.make_tenant() for _ in range(2)]
    token = await api.sign_in("operator")
    jobs = api.admin.fleet_jobs
    begun, may_end, did = asyncio.Event(), asyncio.Event(), list[str]()

    async def slowly(action: Any, path: str, actor: Any) -> None:
        begun.set()
        await may_end.wait()
        did.append(path)

    monkeypatch.setattr(jobs, "_do", slowly)
    wish = {"action": "suspend", "tenants": paths}
    job = (await asked(api, token, "POST", "", json=wish)).json()["id"]
    await begun.wait()
    assert (await asked(api, token, "POST", f"/{job}/stop")).status_code == 200
    assert (await asked(api, token, "POST", f"/{job}/go-on")).status_code == 409, (
        "one is being done"
    )
    may_end.set()
    await jobs.finished()
    answers = await asyncio.gather(
        *(asked(api, token, "POST", f"/{job}/go-on") for _ in range(2)),
    )
    await jobs.finished()
    assert sorted(each.status_code for each in answers) == [200, 409]
    assert sorted(did) == sorted(paths)


async def test_as_many_are_planned_at_once_as_may_be(api: Api) -> None:
    path = await api.make_tenant()
    unknown = [f"no-such-{number}/production" for number in range(MOST - 1)]
    plan = await api.admin.fleet_jobs.plan("suspend", [*unknown, path])
    assert [each.path for each in plan] == [path]


async def test_jobs_are_for_those_who_change_something(api: Api) -> None:
    path = await api.make_tenant()
    token = await api.sign_in("viewer")
    wish = {"action": "suspend", "tenants": [path]}
    assert (await asked(api, token, "POST", "", json=wish)).status_code == 403
    operator = await api.sign_in("operator")
    nowhere = "/0193f1a2-7b4c-7d11-9a55-2f6f0c1e8b90"
    for method, where in (("GET", ""), ("POST", "/stop"), ("POST", "/go-on")):
        answer = await asked(api, operator, method, nowhere + where)
        assert answer.status_code == 404, where
    unknown = {"action": "suspend", "tenants": ["no-such/production", "x"]}
    assert (await asked(api, operator, "POST", "", json=unknown)).status_code == 422

"""`/fleet/plan` and `/fleet/jobs/{job}`: one thing done to many tenants, read before, told meanwhile."""

from contextlib import suppress
from typing import Final

from starlette.responses import Response

from mcp_platform.access.routes import WRITERS
from mcp_platform.console.conversations.thread import digest_of
from mcp_platform.console.fleet_pages import every_path
from mcp_platform.console.visits import ROOT, ConsolePage, PageVisit
from mcp_platform.errors import Conflict, Invalid
from mcp_platform.kit.database import Sessions
from mcp_platform.registry.fleet.jobs import ACTIONS, TO, FleetJobs, JobAction

PICK: Final = "pick:"
JOBS: Final = "/fleet/jobs"
ONE: Final = f"{JOBS}/{{job}}"
MOST_BYTES: Final = 1024 * 1024  # the paths of ten thousand tenants
SHOWN: Final = 100


class FleetJobPages:
    """A plan, and a job."""

    def __init__(self, jobs: FleetJobs, sessions: Sessions) -> None:
        self._jobs = jobs
        self._sessions = sessions

    def table(self) -> tuple[ConsolePage, ...]:
        return (
            ConsolePage(path="/fleet/plan", roles=WRITERS, act=self.plan),
            ConsolePage(path=JOBS, roles=WRITERS, act=self.start, most_bytes=MOST_BYTES),
            ConsolePage(path=ONE, roles=WRITERS, show=self.show),
            ConsolePage(path=f"{ONE}/stop", roles=WRITERS, act=self.stop),
            ConsolePage(path=f"{ONE}/go-on", roles=WRITERS, act=self.go_on),
        )

    async def plan(self, visit: PageVisit) -> Response:
        """Tell what would be done to the marked ones, or to all that the filters leave."""
        action = _action(visit)
        if visit.form.get("which") == "all":
            async with self._sessions.everywhere() as session:
                paths = await every_path(session, visit.form, now=visit.now)
        else:
            paths = [name.removeprefix(PICK) for name in visit.form if name.startswith(PICK)]
        planned = await self._jobs.plan(action, paths)
        taken = [each for each in planned if each.taken]
        skipped = [each for each in planned if not each.taken]
        return visit.page(
            "fleet_plan.html",
            action=action,
            to=TO.get(action),
            taken=taken[:SHOWN],
            skipped=skipped[:SHOWN],
            counts=(len(taken), len(skipped)),
            paths="\n".join(each.path for each in taken),
        )

    async def start(self, visit: PageVisit) -> Response:
        paths = visit.form.get("paths", "").split()
        job = await self._jobs.start(_action(visit), paths, actor=visit.signed_in.user.actor)
        return visit.to(f"{JOBS}/{job}")

    async def show(self, visit: PageVisit) -> Response:
        job = await self._jobs.read(visit.uuid("job"))
        version = digest_of(job)
        if visit.request.query_params.get("seen") == version:
            return Response(status_code=204)
        return visit.page(
            "fleet_job.html",
            job=job,
            here=f"{ROOT}{JOBS}/{job.id}",
            version=version,
            failed=list(job.failed.items())[:SHOWN],
        )

    async def stop(self, visit: PageVisit) -> Response:
        await self._jobs.stop(visit.uuid("job"))
        return visit.to(f"{JOBS}/{visit.uuid('job')}")

    async def go_on(self, visit: PageVisit) -> Response:
        with suppress(Conflict):  # somebody pressed it already
            await self._jobs.go_on(visit.uuid("job"), actor=visit.signed_in.user.actor)
        return visit.to(f"{JOBS}/{visit.uuid('job')}")


def _action(visit: PageVisit) -> JobAction:
    said = visit.form.get("action", "")
    action = next((each for each in ACTIONS if each == said), None)
    if action is None:
        raise Invalid("There is no such thing to do.")
    return action

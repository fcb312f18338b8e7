"""`/new/config`: clients out of a `config.json`, looked at before anything is made."""

from typing import Final

from starlette.responses import Response

from mcp_platform.access.routes import WRITERS
from mcp_platform.console.visits import ConsolePage, PageVisit
from mcp_platform.errors import Conflict, Invalid
from mcp_platform.publishing.config_import import Step
from mcp_platform.publishing.importing import ConfigDesk, ImportPlan

PATH: Final = "/new/config"
MOST_BYTES: Final = 4 * 1024 * 1024  # a form spells braces and quotes in three characters each
MOST_SHOWN: Final = 100


class ImportPages:
    """The file pasted, what it would do, and what it did."""

    def __init__(self, desk: ConfigDesk) -> None:
        self._desk = desk

    def table(self) -> tuple[ConsolePage, ...]:
        return (
            ConsolePage(path=PATH, roles=WRITERS, show=self.show),
            ConsolePage(path=PATH, roles=WRITERS, act=self.take, most_bytes=MOST_BYTES),
        )

    async def show(self, visit: PageVisit) -> Response:
        return self._page(visit)

    async def take(self, visit: PageVisit) -> Response:
        """Tell what a file would do; do it, once that was seen."""
        content, sure = visit.form.get("file", ""), visit.form.get("do") == "import"
        try:
            found = await self._desk.take(
                content.encode(), actor=visit.signed_in.user.actor, dry_run=not sure
            )
        except (Invalid, Conflict) as error:
            return self._page(visit, content=content, error=error)
        return self._page(visit, content=content, found=found, done=sure)

    @staticmethod
    def _page(
        visit: PageVisit,
        *,
        content: str = "",
        found: ImportPlan | None = None,
        done: bool = False,
        error: Invalid | Conflict | None = None,
    ) -> Response:
        steps = [each for each in found.plan.steps if each.action != "unchanged"] if found else []
        return visit.page(
            "onboarding/import.html",
            status=422 if error else 200,
            content=content,
            found=found,
            done=done,
            steps=[(each.action, _said(visit, each)) for each in steps[:MOST_SHOWN]],
            more=max(0, len(steps) - MOST_SHOWN),
            error=error,
        )


def _said(visit: PageVisit, step: Step) -> str:
    kind = step.kind if step.kind in ("client", "tenant") else "other"
    what = step.name if kind != "other" else f"{step.kind} {step.of_tenant} {step.name}".strip()
    return visit.say(f"import.{kind}_{step.action}", what=what, fields=", ".join(step.changes))

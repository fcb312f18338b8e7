"""Runs checks side by side, each after those it builds on, within time limits for each vendor.

The checks themselves are in the modules `checks_*`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import structlog

from mcp_platform.assistant.model import ModelAway, ModelSpoiled
from mcp_platform.doctor.case import Case, Chart, Doors, PublicUnreachable
from mcp_platform.doctor.results import CheckOutcome
from mcp_platform.doctor.sentences import state
from mcp_platform.scheduling.calendar import CalendarUnreadable
from mcp_platform.whatsapp.account import AccountAway

log = structlog.get_logger(__name__)

Vendor = Literal["here", "google", "gemini", "meta", "public"]
# Of one process, however many tenants it examines: none of the vendors is to notice us.
AT_ONCE: Mapping[Vendor, int] = {"google": 4, "gemini": 4, "meta": 4, "public": 4}
_REASON_MAX = 160  # characters of a door's sentence that are worth showing
_AWAY = (CalendarUnreadable, ModelAway, ModelSpoiled, PublicUnreachable)

Tell = Callable[[CheckOutcome], None]


@dataclass(frozen=True, slots=True)
class Check:
    """One question about a tenant. `run` returns what it found."""

    name: str
    vendor: Vendor
    run: Callable[[Chart], Awaitable[CheckOutcome]]
    needs: tuple[str, ...] = ()
    """Checks without whose success this one can say nothing."""
    unless_failed: tuple[str, ...] = ()
    """Checks whose failure is the cause of this one's; not knowing them does not matter."""
    asked_for: Callable[[Case, Doors], bool] | None = None
    """Whether it is run at all; None: always."""


class Examiner:
    """Runs checks for one process."""

    def __init__(
        self,
        *,
        checks: Sequence[Check],
        doors: Doors,
        clock: Callable[[], datetime],
        patience: timedelta,
    ) -> None:
        """Give each check `patience`, from when its turn has come."""
        self._checks = tuple(checks)
        self._doors = doors
        self._clock = clock
        self._patience_s = patience.total_seconds()
        self._turns = {vendor: asyncio.Semaphore(most) for vendor, most in AT_ONCE.items()}

    async def examine(
        self, case: Case, *, only: Collection[str] | None = None, tell: Tell | None = None
    ) -> list[CheckOutcome]:
        """Run the checks, or those named `only`, and return what they found, in the usual order.

        A check that is left out holds nothing up. `tell` hears of each as it ends.
        """
        checks = [check for check in self._checks if _wanted(check, case, self._doors, only)]
        chart = Chart(case, self._doors, now=self._clock())
        tasks: dict[str, asyncio.Task[CheckOutcome]] = {}
        try:
            async with asyncio.TaskGroup() as group:
                for check in checks:
                    tasks[check.name] = group.create_task(self._told(check, chart, tasks, tell))
        finally:
            chart.close()
        return [tasks[check.name].result() for check in checks]

    async def _told(
        self,
        check: Check,
        chart: Chart,
        tasks: Mapping[str, asyncio.Task[CheckOutcome]],
        tell: Tell | None,
    ) -> CheckOutcome:
        because = [
            *await _in_the_way(check.needs, tasks, states=("failed", "unknown")),
            *await _in_the_way(check.unless_failed, tasks, states=("failed",)),
        ]
        if because:
            found = CheckOutcome(check.name, "because", {"checks": ", ".join(because)})
        else:
            async with self._turns.get(check.vendor) or nullcontext():
                found = await self._found(check, chart)
        if tell is not None:
            tell(found)
        return found

    async def _found(self, check: Check, chart: Chart) -> CheckOutcome:
        try:
            async with asyncio.timeout(self._patience_s):
                return await check.run(chart)
        except AccountAway as error:
            code = "too_many_calls" if error.limited else "away"
            return CheckOutcome(check.name, code, {"reason": str(error)[:_REASON_MAX]})
        except _AWAY as error:
            return CheckOutcome(check.name, "away", {"reason": str(error)[:_REASON_MAX]})
        except TimeoutError:
            return CheckOutcome(check.name, "timed_out", {"seconds": f"{self._patience_s:g}"})
        except Exception as error:
            # One broken check does not hide what the others found; nobody takes it for health.
            log.exception("doctor.check.broken", check=check.name, tenant=chart.case.tenant.path)
            return CheckOutcome(check.name, "broken", {"reason": type(error).__name__})


def _wanted(check: Check, case: Case, doors: Doors, only: Collection[str] | None) -> bool:
    if only is not None and check.name not in only:
        return False
    return check.asked_for is None or check.asked_for(case, doors)


async def _in_the_way(
    names: Iterable[str],
    tasks: Mapping[str, asyncio.Task[CheckOutcome]],
    *,
    states: Collection[str],
) -> list[str]:
    """Wait for the checks of these names, and return those that ended in one of `states`.

    Checks are made in an order in which none needs a later one.
    """
    return [name for name in names if name in tasks and state(await tasks[name]) in states]

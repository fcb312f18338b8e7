"""Examinations that a person asked for: the doctor's, with the audit trail's line where they change.

Reading leaves no line; what subscribes webhooks or writes to a calendar does.
"""

from typing import Protocol

from mcp_platform.audit import trail as audit
from mcp_platform.audit.actor import Actor
from mcp_platform.doctor.examination import Tell
from mcp_platform.doctor.results import CheckOutcome
from mcp_platform.errors import Unavailable
from mcp_platform.kit.database import Sessions
from mcp_platform.tenants.tenant import Tenant


class ExaminationPort(Protocol):
    """The doctor, here or where credentials can be read."""

    async def examine(
        self, tenant: Tenant, *, fix: bool = False, write: bool = False, tell: Tell | None = None
    ) -> list[CheckOutcome]:
        """Run all checks and keep what they found; `tell` hears of each result."""


class Examinations:
    """Runs the doctor on somebody's behalf."""

    def __init__(self, *, doctor: ExaminationPort, sessions: Sessions | None) -> None:
        """`sessions` are those of the audit trail; None: this process does not reach it."""
        self._doctor = doctor
        self._sessions = sessions

    async def run(
        self,
        tenant: Tenant,
        *,
        actor: Actor,
        fix: bool = False,
        write: bool = False,
        tell: Tell | None = None,
    ) -> list[CheckOutcome]:
        """Examine a tenant. With `fix` and `write`, who asked for it is written down before.

        Raises:
            Unavailable: it cannot be written down here.
        """
        if (fix or write) and self._sessions is None:
            raise Unavailable(
                "A process of one tenant does not reach the audit trail: run the doctor with --fix"
                " or --write where the part `admin` runs."
            )
        if (fix or write) and self._sessions is not None:
            async with self._sessions.everywhere.begin() as session:
                await audit.record(
                    session,
                    actor=actor,
                    action="tenant.examine",
                    target=tenant.path,
                    tenant_id=tenant.id,
                    after={"fix": fix, "write": write},
                )
        return await self._doctor.examine(tenant, fix=fix, write=write, tell=tell)

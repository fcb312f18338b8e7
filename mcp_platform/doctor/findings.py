"""What was found of one tenant, kept: the last result of each check, and since when it is so."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.doctor.models import FindingRow
from mcp_platform.doctor.results import CheckOutcome
from mcp_platform.doctor.sentences import TITLES, state
from mcp_platform.tenants.tenant import TenantId

_ORDER = {name: place for place, name in enumerate(TITLES)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A result with its history."""

    found: CheckOutcome
    since: datetime
    checked_at: datetime


class Findings:
    """The findings of one tenant. Every statement names it."""

    def __init__(self, session: AsyncSession, tenant_id: TenantId) -> None:
        self._session = session
        self._tenant_id = tenant_id

    async def last(self) -> list[Finding]:
        """Return the last result of each check, in the usual order."""
        rows = await self._session.scalars(
            select(FindingRow).where(
                FindingRow.tenant_id == self._tenant_id, FindingRow.name.in_(_ORDER)
            )
        )
        return sorted(
            (
                Finding(
                    found=CheckOutcome(row.name, row.code, row.details),
                    since=row.since,
                    checked_at=row.checked_at,
                )
                for row in rows
            ),
            key=lambda finding: _ORDER[finding.found.check],
        )

    async def keep(self, found: Sequence[CheckOutcome], *, now: datetime) -> list[CheckOutcome]:
        """Write down what was found, and return what is failed that was not so before."""
        before = await self._failed()
        for each in found:
            await self._keep(each, now=now)
        return [each for each in failed(found) if each.check not in before]

    async def _failed(self) -> frozenset[str]:
        rows = await self._session.scalars(
            select(FindingRow.name).where(
                FindingRow.tenant_id == self._tenant_id, FindingRow.state == "failed"
            )
        )
        return frozenset(rows)

    async def _keep(self, found: CheckOutcome, *, now: datetime) -> None:
        values = {
            "state": state(found),
            "code": found.code,
            "details": dict(found.details),
            "since": now,
            "checked_at": now,
        }
        statement = insert(FindingRow).values(tenant_id=self._tenant_id, name=found.check, **values)
        await self._session.execute(
            statement.on_conflict_do_update(
                index_elements=[FindingRow.tenant_id, FindingRow.name],
                set_={
                    **values,
                    "since": case((FindingRow.code == found.code, FindingRow.since), else_=now),
                },
            )
        )


def failed(found: Iterable[CheckOutcome]) -> list[CheckOutcome]:
    """Return what is failed."""
    return [each for each in found if state(each) == "failed"]

"""What the parts of one tenant's catalogue have in common: whose they are, and their trail."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.audit import trail as audit
from mcp_platform.audit.actor import Actor
from mcp_platform.errors import Conflict, Invalid, NotFound
from mcp_platform.kit.forms import VersionedOut
from mcp_platform.registry.environments import LocatedTenant
from mcp_platform.scheduling.appointment import OCCUPYING
from mcp_platform.scheduling.models import AppointmentRow, ServiceRow
from mcp_platform.tenants.models import TenantRow


class TenantBound:
    """Bound to one tenant when it is made, so that no statement can forget it."""

    def __init__(self, session: AsyncSession, actor: Actor, tenant: LocatedTenant) -> None:
        self.session = session
        self._actor = actor
        self._tenant = tenant

    async def _record(
        self,
        action: str,
        name: object,
        *,
        before: VersionedOut | None = None,
        after: VersionedOut | None = None,
        without: AbstractSet[str] = frozenset(),
    ) -> None:
        await audit.record(
            self.session,
            actor=self._actor,
            action=action,
            target=f"{self._tenant.path}/{name}",
            tenant_id=self._tenant.id,
            before=_plain(before, without),
            after=_plain(after, without),
        )

    async def _alone(self) -> None:
        """Let nobody else change this tenant's catalogue until the transaction ends.

        References are checked first and written then: without the lock, a service that goes
        meanwhile would be an error of the database. Call it before any other lock.

        Raises:
            NotFound: the tenant is gone.
            Conflict: it is off-boarded.
        """
        status = await self.session.scalar(
            select(TenantRow.status)
            .where(TenantRow.id == self._tenant.id)
            # What customers write refers to the row, and is not kept waiting.
            .with_for_update(key_share=True)
        )
        if status is None:
            raise NotFound(f"There is no tenant {self._tenant.path}.")
        if status == "offboarded":
            raise Conflict(f"{self._tenant.path} is offboarded: it changes no more.")

    async def _check_unused(self, which: ColumnElement[bool], *, name: str, now: datetime) -> None:
        """Check that there is no appointment of `which`.

        Raises:
            Conflict: there are some; it says how many are ahead.
        """
        ahead = AppointmentRow.status.in_(OCCUPYING) & (AppointmentRow.ends_at > now)
        counted = await self.session.execute(
            select(func.count().filter(ahead), func.count()).where(
                AppointmentRow.tenant_id == self._tenant.id, which
            )
        )
        to_come, ever = counted.one()
        if to_come:
            raise Conflict(f"{name} has {to_come} appointments ahead: make it inactive instead.")
        if ever:
            raise Conflict(
                f"{name} had {ever} appointments, which are kept: make it inactive instead."
            )

    async def _check_services(self, service_ids: Sequence[str]) -> None:
        """Check that the tenant has all these services, each named once.

        Raises:
            Invalid: a service is unknown, or named twice.
        """
        known = set(
            await self.session.scalars(
                select(ServiceRow.id).where(
                    ServiceRow.tenant_id == self._tenant.id, ServiceRow.id.in_(service_ids)
                )
            )
        )
        fields: dict[str, str] = {}
        for index, service_id in enumerate(service_ids):
            if service_id not in known:
                fields[f"service_ids.{index}"] = "there is no such service"
            elif service_id in service_ids[:index]:
                fields[f"service_ids.{index}"] = "is named twice"
        if fields:
            raise Invalid("These services cannot be offered.", fields=fields)


def _plain(shown: VersionedOut | None, without: AbstractSet[str]) -> dict[str, Any] | None:
    return None if shown is None else shown.model_dump(mode="json", exclude=set(without))

"""Our mirrored events beside the appointments that they show.

It finds those that the owner moved, stretched or revived, and does not act on it. What we are still
writing ourselves counts as settled: the calendar then shows the past.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.outbox.outbox import done_since, event_waits
from mcp_platform.scheduling.calendar import Interval, OwnEvent
from mcp_platform.scheduling.mirror import WRITTEN_AS
from mcp_platform.tenants.tenant import TenantId

# For how long after a write a list of the calendar may still be older than that write: the time of
# the longest call of a turn, several times over.
SETTLING = timedelta(minutes=2)
_SETTLING = "CAST(:settling AS interval)"
BESIDE = Sql(f"""
    SELECT a.id, a.status, a.starts_at, a.ends_at, a.calendar_id,
           a.updated_at > :lately
           OR {event_waits(tenant="a.tenant_id", appointment="a.id")}
           OR {done_since(tenant="a.tenant_id", key=WRITTEN_AS, settling=_SETTLING)} AS settling
    FROM appointments a
    WHERE a.tenant_id = :tenant AND a.id = ANY(:ids)
""")  # noqa: S608  # constants, and conditions of the outbox


@dataclass(frozen=True, slots=True)
class _Known:
    """What the database says of an appointment's event."""

    span: Interval | None
    settling: bool
    calendar_id: str | None = None


class OwnEvents:
    """The mirrored events of one tenant, in one transaction that began after the calendar's answer."""

    def __init__(self, session: AsyncSession, tenant_id: TenantId) -> None:
        self._driver = Driver(session)
        self._tenant_id = tenant_id

    async def elsewhere(
        self,
        events: Iterable[OwnEvent],
        *,
        calendar_id: str | None,
        now: datetime,
        excluding: UUID | None = None,
    ) -> list[OwnEvent]:
        """Return the events of a calendar that stand where no appointment does.

        One that its owner moved into another calendar stands elsewhere too, at whatever time.
        The events of the appointment `excluding` are left out: it is about to move.
        """
        asked = [(event, appointment_of(event)) for event in events]
        known = await self._known({each for _, each in asked if each is not None}, now=now)
        nowhere = _Known(span=None, settling=False)
        return [
            event
            for event, appointment_id in asked
            if (appointment_id is None or appointment_id != excluding)
            and not (of := known.get(appointment_id, nowhere)).settling
            and (of.span, of.calendar_id) != (event.span, calendar_id)
        ]

    async def misplaced(
        self, found: Mapping[UUID, Sequence[Interval]], *, now: datetime
    ) -> dict[UUID, Interval | None]:
        """Return which appointments' events stand elsewhere, and where; None: nowhere.

        `found` are the places of each appointment's event in its calendar.
        """
        known = await self._known(found, now=now)
        return {
            appointment_id: next(iter(places), None)
            for appointment_id, places in found.items()
            if (of := known.get(appointment_id)) is not None
            and of.span is not None
            and not of.settling
            and of.span not in places
        }

    async def _known(self, ids: Iterable[UUID], *, now: datetime) -> Mapping[UUID | None, _Known]:
        wanted = list(ids)
        if not wanted:
            return {}
        rows = await self._driver.rows(
            BESIDE,
            tenant=self._tenant_id,
            ids=wanted,
            lately=now - SETTLING,
            settling=SETTLING,
        )
        return {
            appointment_id: _Known(
                span=None if status == "cancelled" else Interval(starts_at, ends_at),
                settling=settling,
                calendar_id=calendar_id,
            )
            for appointment_id, status, starts_at, ends_at, calendar_id, settling in rows
        }


def appointment_of(event: OwnEvent) -> UUID | None:
    """Return whose event it is; None: we never gave such an id."""
    try:
        return UUID(hex=event.event_id)
    except ValueError:
        return None

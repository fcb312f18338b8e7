"""Wishes for a time that nobody has free: which service, on which day, in which part of it.

Owns who wishes what. Nobody is offered anything by it: the owner is told, and staff work the list off.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.errors import NotFound
from mcp_platform.kit.ids import new_id
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.scheduling.catalogue import ServiceId
from mcp_platform.tenants.tenant import TenantId

MOST_WISHES: Final = 3  # open ones of one contact: more is no wish for a day any more

PartOfDay = Literal["morning", "afternoon", "evening"]
Wishing = Literal["new", "known", "too_many"]

OPEN_OF_CONTACT = Sql("""
    SELECT service_id, day, part FROM waitlist_wishes
    WHERE tenant_id = :tenant AND contact_id = :contact AND done_at IS NULL AND day >= :today
""")
WISH = Sql("""
    INSERT INTO waitlist_wishes (tenant_id, id, contact_id, service_id, day, part, wished_at)
    VALUES (:tenant, :id, :contact, :service, :day, :part, :now)
    ON CONFLICT DO NOTHING
""")
OPEN = Sql("""
    SELECT w.id, w.service_id, s.name AS service_name, w.day, w.part, w.wished_at,
           c.id AS contact_id, c.name, c.wa_id AS phone
    FROM waitlist_wishes w
    JOIN services s ON s.tenant_id = w.tenant_id AND s.id = w.service_id
    JOIN contacts c ON c.tenant_id = w.tenant_id AND c.id = w.contact_id
    WHERE w.tenant_id = :tenant AND w.done_at IS NULL AND w.day >= :today
    ORDER BY w.day, w.wished_at, w.id
    LIMIT :most
""")
DONE = Sql("""
    UPDATE waitlist_wishes SET done_at = coalesce(done_at, :now), done_by = coalesce(done_by, :by)
    WHERE tenant_id = :tenant AND id = :id
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitlistWish:
    """A wish as staff work it off. `day` is by the business's clock; `part` None: at any hour."""

    id: str
    service_id: ServiceId
    service_name: str
    day: date
    part: PartOfDay | None
    wished_at: datetime
    contact_id: UUID
    name: str | None
    phone: str | None


class Waitlist:
    """The wishes of one tenant's contacts, in one transaction. Every statement names the tenant."""

    def __init__(self, session: AsyncSession, tenant_id: TenantId) -> None:
        self._driver = Driver(session)
        self._tenant = tenant_id

    async def join(
        self,
        contact_id: UUID,
        *,
        service_id: ServiceId,
        day: date,
        part: PartOfDay | None,
        today: date,
        now: datetime,
    ) -> Wishing:
        """Record a wish, unless this contact has the same one or three others open."""
        mine = await self._driver.rows(
            OPEN_OF_CONTACT, tenant=self._tenant, contact=contact_id, today=today
        )
        if any(
            (each["service_id"], each["day"], each["part"]) == (service_id, day, part)
            for each in mine
        ):
            return "known"
        if len(mine) >= MOST_WISHES:
            return "too_many"
        wish = {"contact": contact_id, "service": service_id, "day": day, "part": part, "now": now}
        while not await self._driver.execute(WISH, tenant=self._tenant, id=new_id(), **wish):
            pass  # the id was taken
        return "new"

    async def open(self, *, today: date, limit: int) -> list[WaitlistWish]:
        """Return the wishes for days to come that nobody has seen to, the nearest day first."""
        rows = await self._driver.rows(OPEN, tenant=self._tenant, today=today, most=limit)
        return [WaitlistWish(**row) for row in rows]

    async def done(self, wish_id: str, *, by: str, now: datetime) -> None:
        """Note that a wish was seen to. Repeatable.

        Raises:
            NotFound: there is no such wish.
        """
        if not await self._driver.execute(DONE, tenant=self._tenant, id=wish_id, by=by, now=now):
            raise NotFound(f"There is no wish {wish_id}.")

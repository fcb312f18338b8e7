"""The waiting list of one tenant as its staff work it off."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field

from mcp_platform.audit import trail as audit
from mcp_platform.audit.trail import ActorTrail
from mcp_platform.conversations.masking import masked as without_numbers
from mcp_platform.registry.environments import Environments
from mcp_platform.registry.tenant_bound import TenantBound
from mcp_platform.scheduling.waitlist import PartOfDay, Waitlist, WaitlistWish

MOST = 500  # of a list that somebody works off


class WaitlistWishOut(BaseModel):
    """A customer who would come if something became free."""

    id: str
    service_id: str
    service_name: str
    day: date
    part: Annotated[PartOfDay | None, Field(description="Null: at any hour.")]
    wished_at: datetime
    name: str | None
    phone: Annotated[str | None, Field(description="Digits; null: none is known.")]
    conversation_id: UUID


class WaitlistWishes(BaseModel):
    wishes: list[WaitlistWishOut]


class TenantWaitlist(TenantBound):
    """The waiting list of one tenant."""

    async def open(self, *, now: datetime, masked: bool = False) -> list[WaitlistWishOut]:
        """Return the wishes for today and later, the nearest day first; masked, without numbers."""
        client_name, _, environment = self._tenant.path.partition("/")
        tenant = await Environments(self.session, self._actor).tenant(client_name, environment)
        today = now.astimezone(ZoneInfo(tenant.time_zone)).date()
        found = await self._waitlist.open(today=today, limit=MOST)
        return [_shown(each, masked=masked) for each in found]

    async def done(self, wish_id: str, *, now: datetime) -> None:
        """Note that a wish was seen to. Repeatable. Raises NotFound."""
        await self._waitlist.done(wish_id, by=ActorTrail(self._actor).who, now=now)
        await audit.record(
            self.session,
            actor=self._actor,
            action="waitlist.done",
            target=f"{self._tenant.path}/waitlist/{wish_id}",
            tenant_id=self._tenant.id,
        )

    @property
    def _waitlist(self) -> Waitlist:
        return Waitlist(self.session, self._tenant.id)


def _shown(wish: WaitlistWish, *, masked: bool) -> WaitlistWishOut:
    def seen(words: str | None) -> str | None:
        return without_numbers(words) if masked and words is not None else words

    return WaitlistWishOut(
        id=wish.id,
        service_id=wish.service_id,
        service_name=wish.service_name,
        day=wish.day,
        part=wish.part,
        wished_at=wish.wished_at,
        name=seen(wish.name),
        phone=seen(wish.phone),
        conversation_id=wish.contact_id,
    )

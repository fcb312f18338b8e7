"""What a contact was offered: opaque ids, and what choosing one means.

An id is worth something only to the contact it was issued to, in the tenant it was issued by,
until it expires. What it means is written here by the server, and never read from the id.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.inbox.event import ContactId
from mcp_platform.kit.jsons import dumps
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.tenants.tenant import TenantId

# A list stays on the phone for good; after two days its times are mostly gone anyway, and tapping
# it says so.
LASTS = timedelta(days=2)

Action = dict[str, Any]


# A list of ten rows goes as one parameter.
ISSUE = Sql("""
    INSERT INTO offers (tenant_id, id, contact_id, action, expires_at)
    SELECT CAST(:tenant AS bigint), offer.id, CAST(:contact AS uuid), offer.action,
           CAST(:expires_at AS timestamptz)
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS offer (id text, action jsonb)
    ON CONFLICT DO NOTHING
""")


_MINE = "tenant_id = :tenant AND contact_id = :contact AND expires_at > :now"
FIND = Sql(f"SELECT action FROM offers WHERE {_MINE} AND id = :id")  # noqa: S608  # constants
MEANING = Sql(f"SELECT id, action FROM offers WHERE {_MINE} AND id = ANY(:ids)")  # noqa: S608
LATEST = Sql(f"""
    SELECT id, action, expires_at FROM offers
    WHERE {_MINE} AND action ->> 'do' = :does
    ORDER BY expires_at DESC
    LIMIT :most
""")  # noqa: S608  # constants


class Offers:
    """The offers made to one contact. Every statement that reads is bound to `_mine()`."""

    def __init__(self, session: AsyncSession, tenant_id: TenantId, contact_id: ContactId) -> None:
        self._driver = Driver(session)
        self._tenant = tenant_id
        self._contact = contact_id

    def _mine(self, now: datetime) -> dict[str, Any]:
        return {"tenant": self._tenant, "contact": self._contact, "now": now}

    async def issue(
        self, actions: Mapping[str, Action], *, now: datetime, until: datetime | None = None
    ) -> None:
        """Make ids mean actions, for two days, or until `until` if that is later.

        The same id again is left as it is.
        """
        if not actions:
            return
        rows = [{"id": offer, "action": action} for offer, action in actions.items()]
        await self._driver.execute(
            ISSUE,
            tenant=self._tenant,
            contact=self._contact,
            expires_at=max(now + LASTS, until or now),
            rows=dumps(rows).decode(),
        )

    async def find(self, offer: str, *, now: datetime) -> Action | None:
        """Return what choosing this id means for this contact, or None."""
        action: Action | None = await self._driver.value(FIND, **self._mine(now), id=offer)
        return action

    async def meaning(self, offers: Collection[str], *, now: datetime) -> dict[str, Action]:
        """Return what choosing each of these ids means, of those that may still be chosen."""
        rows = await self._driver.rows(MEANING, **self._mine(now), ids=list(offers))
        return dict(rows)

    async def latest(self, *, does: str, now: datetime, most: int) -> list[tuple[str, Action]]:
        """Return the newest offers of one kind, in the order they were made."""
        rows = await self._driver.rows(LATEST, **self._mine(now), does=does, most=most)
        together = [
            (offer, action)
            for offer, action, expires_at in rows
            if expires_at == rows[0]["expires_at"]
        ]
        return sorted(together, key=lambda pair: pair[1].get("start", ""))

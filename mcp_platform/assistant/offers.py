"""What a contact was offered: opaque ids, and what choosing one means.

An id is worth something only to the contact it was issued to, in the tenant it was issued by,
until it expires. What it means is written here by the server, and never read from the id.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Select, Uuid, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.assistant.models import OfferRow
from mcp_platform.conversations.contacts import ContactId
from mcp_platform.kit.jsons import dumps
from mcp_platform.tenants.tenant import TenantId

# A list stays on the phone for good; after two days its times are mostly gone anyway, and tapping
# it says so.
LASTS = timedelta(days=2)

Action = dict[str, Any]


# A list of ten rows goes as one parameter: composed row by row it took longer than its search.
ISSUE = text("""
    INSERT INTO offers (tenant_id, id, contact_id, action, expires_at)
    SELECT :tenant, offer.id, :contact, offer.action, :expires_at
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS offer (id text, action jsonb)
    ON CONFLICT DO NOTHING
""").bindparams(bindparam("contact", type_=Uuid), bindparam("tenant", type_=BigInteger))


class Offers:
    """The offers made to one contact. Every statement starts from `_mine()`."""

    def __init__(self, session: AsyncSession, tenant_id: TenantId, contact_id: ContactId) -> None:
        self._session = session
        self._tenant = tenant_id
        self._contact = contact_id

    def _mine(self, now: datetime) -> Select[OfferRow]:
        return select(OfferRow).where(
            OfferRow.tenant_id == self._tenant,
            OfferRow.contact_id == self._contact,
            OfferRow.expires_at > now,
        )

    async def issue(self, actions: Mapping[str, Action], *, now: datetime) -> None:
        """Make ids mean actions. The same id again is left as it is."""
        if not actions:
            return
        rows = [{"id": offer, "action": action} for offer, action in actions.items()]
        await self._session.execute(
            ISSUE,
            {
                "tenant": self._tenant,
                "contact": self._contact,
                "expires_at": now + LASTS,
                "rows": dumps(rows).decode(),
            },
        )

    async def find(self, offer: str, *, now: datetime) -> Action | None:
        """Return what choosing this id means for this contact, or None."""
        row = await self._session.scalar(self._mine(now).where(OfferRow.id == offer))
        return None if row is None else row.action

    async def latest(self, *, does: str, now: datetime, most: int) -> list[tuple[str, Action]]:
        """Return the newest offers of one kind, in the order they were made."""
        rows = (
            await self._session.scalars(
                self._mine(now)
                .where(OfferRow.action["do"].astext == does)
                .order_by(OfferRow.expires_at.desc())
                .limit(most)
            )
        ).all()
        together = [row for row in rows if row.expires_at == rows[0].expires_at]
        return sorted(
            ((row.id, row.action) for row in together), key=lambda pair: pair[1].get("start", "")
        )

"""What a business says of itself: name, address, phone, notes."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from cachetools import TTLCache
from sqlalchemy import select

from mcp_platform.kit.database import Sessions
from mcp_platform.tenants.models import TenantRow
from mcp_platform.tenants.tenant import Tenant, TenantId

KNOWN_FOR = timedelta(seconds=15)
KNOWN_MOST = 5_000


class BusinessCards:
    """Business cards by tenant, remembered for a few seconds."""

    def __init__(self, *, sessions: Sessions, timer: Callable[[], float]) -> None:
        self._sessions = sessions
        self._known: TTLCache[TenantId, Mapping[str, str | None]] = TTLCache(
            KNOWN_MOST, KNOWN_FOR.total_seconds(), timer=timer
        )

    async def of(self, tenant: Tenant) -> Mapping[str, str | None]:
        card = self._known.get(tenant.id)
        if card is None:
            async with self._sessions.of(tenant.id)() as session:
                row = (
                    await session.execute(
                        select(TenantRow.address, TenantRow.phone, TenantRow.notes).where(
                            TenantRow.id == tenant.id
                        )
                    )
                ).one()
            card = {"name": tenant.business_name, **row._asdict()}
            self._known[tenant.id] = card
        return card

"""A doctor over a real database, for a tenant at simulated vendors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy import text, update

from mcp_platform.doctor.daily import DailyCheck
from mcp_platform.doctor.doctor import Doctor
from mcp_platform.doctor.findings import Finding, Findings
from mcp_platform.kit.database import Sessions, create_engine, create_sessions
from mcp_platform.outbox.notices import Notices
from mcp_platform.tenants.credentials import KEYS
from mcp_platform.tenants.directory import TenantDirectory
from mcp_platform.tenants.health import TenantHealth
from mcp_platform.tenants.models import TenantRow
from mcp_platform.tenants.stores import EnvDirectoryStore
from mcp_platform.tenants.tenant import Tenant, TenantId
from tests.doctor.examined_tenant import CALENDAR, CATALOGUE, PHONE_ID, TEMPLATE, ExaminedTenant
from tests.factories import add_tenant


@dataclass
class DoctorWorld:
    """What a test acts on. `now` is the examined tenant's."""

    examined: ExaminedTenant
    sessions: Sessions
    folder: Path
    tenants: TenantDirectory
    health: TenantHealth
    doctor: Doctor
    tenant: Tenant

    def daily(self, *, pinned: bool = False) -> DailyCheck:
        return DailyCheck(
            doctor=self.doctor,
            sessions=self.sessions,
            tenants=self.tenants,
            pinned=pinned,
            clock=lambda: self.examined.now,
        )

    def later(self, **by: float) -> None:
        self.examined.now += timedelta(**by)

    def store_credentials(self, **changes: str) -> None:
        secrets = self.examined.case.secrets
        values = {key: getattr(secrets, key.lower()) for key in KEYS} | changes
        lines = [
            f"{key}='{value.replace(chr(10), chr(92) + 'n')}'" for key, value in values.items()
        ]
        (self.folder / "shop-production.env").write_text("\n".join(lines))

    async def add(self, client_name: str = "shop", **columns: Any) -> TenantId:
        values = {"holidays_decided": 2027, **columns}
        made = await add_tenant(self.sessions, client_name, offers=CATALOGUE, **values)
        return made.id

    async def change(self, **columns: Any) -> None:
        async with self.sessions.everywhere.begin() as session:
            await session.execute(
                update(TenantRow).where(TenantRow.id == self.tenant.id).values(**columns)
            )
        self.tenants.forget()
        self.tenant = await self.tenants.by_id(self.tenant.id)

    async def rows(self, statement: str, **values: Any) -> list[Any]:
        async with self.sessions.everywhere.begin() as session:
            found = await session.execute(text(statement), values)
            return list(found.all()) if found.returns_rows else []

    async def last(self) -> list[Finding]:
        async with self.sessions.of(self.tenant.id)() as session:
            return await Findings(session, self.tenant.id).last()

    async def told(self) -> list[str]:
        """Return the notices recorded for the owner."""
        found = await self.rows(
            "SELECT body->'message'->'text'->>'body' FROM outbox WHERE body->>'purpose' = 'notice'"
        )
        return [said for (said,) in found]


@asynccontextmanager
async def doctor_world(
    examined: ExaminedTenant, database_url: str, folder: Path
) -> AsyncIterator[DoctorWorld]:
    engine = create_engine(database_url, pool_size=5, application_name="tests")
    sessions = create_sessions(engine)
    tenants = TenantDirectory(sessions=sessions, timer=monotonic)
    health = TenantHealth(sessions, timer=_always_later())
    doctor = Doctor(
        sessions=sessions,
        store=EnvDirectoryStore(folder),
        examiner=examined.examiner,
        health=health,
        notices=Notices(sessions),
        template=TEMPLATE,
        clock=lambda: examined.now,
    )
    made = DoctorWorld(examined, sessions, folder, tenants, health, doctor, examined.case.tenant)
    made.store_credentials()
    tenant_id = await made.add(
        phone_number_id=PHONE_ID, calendar_id=CALENDAR, owner_whatsapp="5511900000001"
    )
    made.tenant = await tenants.by_id(tenant_id)
    yield made
    await engine.dispose()


def _always_later() -> Any:
    """Return a timer by which nothing that was read is still fresh."""
    now = 0.0

    def timer() -> float:
        nonlocal now
        now += 3600
        return now

    return timer

"""Make a tenant: a client, its environment, and what it offers. Copy this file and change it.

Writes to the database of DATABASE_URL, or to the embedded one in DATA_DIR, after
`mcp-platform migrate`. Run it once; the credentials go into a file of their own.
"""  # noqa: INP001  # an example to be copied, not a package

from datetime import time, timedelta

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.cli.operating import in_database
from mcp_platform.scheduling.catalogue import (
    BookingRules,
    Catalogue,
    OpeningSpan,
    Professional,
    ProfessionalId,
    Service,
    ServiceId,
)
from mcp_platform.scheduling.catalogue_store import save_catalogue
from mcp_platform.tenants.models import ClientRow, TenantRow
from mcp_platform.tenants.tenant import TenantId, check_client_name

CLIENT = check_client_name("salao-da-lu")  # the first segment of its URL
WEEKDAYS = range(5)  # 0 is Monday

CUT = Service(
    id=ServiceId("corte"),
    name="Corte",
    duration=timedelta(minutes=45),
    buffer_after=timedelta(minutes=15),  # the customer never sees it
    price_cents=8000,
)
LU = Professional(
    id=ProfessionalId("lu"),
    name="Lu",
    service_ids=frozenset({CUT.id}),
    hours=tuple(
        OpeningSpan(weekday=day, opens=opens, closes=closes)
        for day in WEEKDAYS
        for opens, closes in ((time(9), time(12)), (time(13), time(18)))
    ),
)
CATALOGUE = Catalogue(
    services=(CUT,),
    professionals=(LU,),
    rules=BookingRules(time_zone="America/Sao_Paulo", minimum_notice=timedelta(hours=1)),
)


async def add(session: AsyncSession) -> None:
    """Write everything, or nothing."""
    await session.execute(insert(ClientRow).values(name=CLIENT, business_name="Salão da Lu"))
    tenant_id = await session.scalar(
        insert(TenantRow)
        .values(
            client_name=CLIENT,
            environment="production",
            language="pt-BR",
            address="Rua das Laranjeiras, 10, Rio de Janeiro",
            phone="+55 21 4000-0000",
            notes="Aceitamos Pix e cartão.",
            owner_whatsapp="5521999990000",  # notices go here: digits of an international number
            phone_number_id="106540352242922",  # Meta's id of the number, not the number
            calendar_id="salao@group.calendar.google.com",  # shared with the service account
        )
        .returning(TenantRow.id)
    )
    await save_catalogue(session, TenantId(tenant_id or 0), CATALOGUE)


if __name__ == "__main__":
    in_database(add)

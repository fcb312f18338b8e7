"""Make a tenant: a client, its environment, and what it offers. Copy this file and change it.

Writes to the database of DATABASE_URL, or to the embedded one in DATA_DIR, after
`mcp-platform migrate`. Run it once; the credentials go into a file of their own.
"""  # noqa: INP001  # an example to be copied, not a package

from datetime import time

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.admin.registry.clients import Clients, NewClient
from mcp_platform.admin.registry.environments import Environments, NewEnvironment
from mcp_platform.admin.registry.hours import Span
from mcp_platform.admin.registry.professionals import NewProfessional, Professionals
from mcp_platform.admin.registry.services import NewService, Services
from mcp_platform.cli.operating import command_actor, in_database

CLIENT = NewClient(name="salao-da-lu", business_name="Salão da Lu")  # the first segment of its URL
TENANT = NewEnvironment(
    environment="production",
    language="pt-BR",
    time_zone="America/Sao_Paulo",
    minimum_notice_minutes=60,
    address="Rua das Laranjeiras, 10, Rio de Janeiro",
    phone="+55 21 4000-0000",
    notes="Aceitamos Pix e cartão.",
    owner_whatsapp="5521999990000",  # notices go here: digits of an international number
    phone_number_id="106540352242922",  # Meta's id of the number, not the number
    calendar_id="salao@group.calendar.google.com",  # shared with the service account
)
CUT = NewService(
    id="corte",
    name="Corte",
    duration_minutes=45,
    buffer_after_minutes=15,  # the customer never sees it
    price_cents=8000,
)
WEEKDAYS = range(5)  # 0 is Monday
LU = NewProfessional(
    id="lu",
    name="Lu",
    service_ids=(CUT.id,),
    hours=tuple(
        Span(weekday=day, opens=opens, closes=closes)
        for day in WEEKDAYS
        for opens, closes in ((time(9), time(12)), (time(13), time(18)))
    ),
)


async def add(session: AsyncSession) -> None:
    """Write everything, or nothing."""
    me = command_actor()
    await Clients(session, me).create(CLIENT)
    environments = Environments(session, me)
    await environments.create(CLIENT.name, TENANT)
    tenant = await environments.locate(CLIENT.name, TENANT.environment)
    await Services(session, me, tenant).create(CUT)
    await Professionals(session, me, tenant).create(LU)


if __name__ == "__main__":
    in_database(add)

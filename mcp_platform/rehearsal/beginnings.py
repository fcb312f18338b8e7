"""What is so already when a dialogue begins: appointments, and a customer who wrote before.

Written row by row: nothing is asked, nobody is told, no calendar shows it.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.errors import Invalid, NotFound
from mcp_platform.rehearsal.dialogues import Before
from mcp_platform.rehearsal.phone import CUSTOMER, NAME
from mcp_platform.scheduling.catalogue import Catalogue, Service
from mcp_platform.tenants.languages import Language
from mcp_platform.tenants.tenant import TenantId

SOMEBODY_ELSE = "5511900001111"
A_WHILE = timedelta(minutes=20)  # since a customer who is known wrote
WAITS = timedelta(hours=8)
EARLIER: Mapping[Language, tuple[str, str]] = {  # what they wrote then, and what was answered
    "pt-BR": ("oi, tem horário?", f"Bom dia, {NAME}! Como posso ajudar?"),
    "en": ("hi, any openings?", f"Good morning, {NAME}! How can I help?"),
    "es": ("hola, ¿hay hora?", f"¡Buenos días, {NAME}! ¿En qué puedo ayudar?"),
}
_CONTACT = """
    INSERT INTO contacts
        (tenant_id, id, space, wa_id, name, last_inbound_at, answered_by, human_until)
    VALUES (:tenant, :id, 'whatsapp', :wa_id, :name, :wrote_at, :answered_by, :human_until)
"""
_LEASE = "INSERT INTO contact_leases (tenant_id, contact_id) VALUES (:tenant, :id)"
_ALIAS = "INSERT INTO contact_aliases (tenant_id, contact_id, alias) VALUES (:tenant, :id, :alias)"
_MESSAGE = """
    INSERT INTO messages (tenant_id, contact_id, direction, author, text, at)
    VALUES (:tenant, :id, :direction, :author, :text, :at)
"""
_APPOINTMENT = """
    INSERT INTO appointments
        (tenant_id, id, contact_id, professional_id, service_id, status, starts_at, ends_at,
         blocked, price_cents, currency)
    VALUES (:tenant, :id, :contact, :who, :service, 'booked', :starts_at, :ends_at,
            tstzrange(:starts_at, :ends_at), :price_cents, :currency)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """Writes what a dialogue begins with, in an open transaction."""

    session: AsyncSession
    tenant: TenantId
    catalogue: Catalogue
    language: Language
    now: datetime

    async def prepare(self, before: Before, *, dialogue: str) -> None:
        """Make it so.

        Raises:
            Invalid: it names a service or a person that this business has not.
        """
        try:
            if before.known:
                await self._customer(before)
            if before.busy:
                await self._somebody_else(before)
        except NotFound as error:
            raise Invalid(f"The dialogue {dialogue} cannot be played: {error}") from error

    async def _customer(self, before: Before) -> None:
        contact = await self._contact(CUSTOMER, name=NAME, waits=before.person)
        asked, answered = EARLIER[self.language]
        for direction, author, words in (("in", "contact", asked), ("out", "model", answered)):
            await self._run(
                _MESSAGE,
                id=contact,
                direction=direction,
                author=author,
                text=words,
                at=self.now - A_WHILE,
            )
        for each in before.booked:
            service = self.catalogue.service(each["service"])
            start = self._at(each["day"], each["at"])
            await self._book(
                contact, each["who"], service, start=start, end=start + service.duration
            )

    async def _somebody_else(self, before: Before) -> None:
        contact = await self._contact(SOMEBODY_ELSE)
        for each in before.busy:
            does = self.catalogue.professional(each["who"]).service_ids
            service = next(one for one in self.catalogue.services if one.id in does)
            start, end = (self._at(each["day"], each[edge]) for edge in ("from", "to"))
            await self._book(contact, each["who"], service, start=start, end=end)

    async def _contact(
        self, wa_id: str, *, name: str | None = None, waits: bool = False
    ) -> uuid.UUID:
        contact = uuid.uuid4()
        await self._run(
            _CONTACT,
            id=contact,
            wa_id=wa_id,
            name=name,
            wrote_at=self.now - A_WHILE,
            answered_by="human" if waits else "assistant",
            human_until=self.now + WAITS if waits else None,
        )
        await self._run(_LEASE, id=contact)
        await self._run(_ALIAS, id=contact, alias=f"w:{wa_id}")
        return contact

    async def _book(
        self, contact: uuid.UUID, who: str, service: Service, *, start: datetime, end: datetime
    ) -> None:
        await self._run(
            _APPOINTMENT,
            id=uuid.uuid4(),
            contact=contact,
            who=self.catalogue.professional(who).id,
            service=service.id,
            starts_at=start,
            ends_at=end,
            price_cents=service.price_cents,
            currency=service.currency,
        )

    async def _run(self, statement: str, **values: Any) -> None:
        await self.session.execute(text(statement), {"tenant": self.tenant, **values})

    def _at(self, day: int, at: str) -> datetime:
        zone: ZoneInfo = self.catalogue.rules.zone
        on = self.now.astimezone(zone).date() + timedelta(days=day)
        return datetime.combine(on, time.fromisoformat(at), zone)

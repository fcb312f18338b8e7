"""One recorded effect, and how it is done: only this module knows which vendor does which kind.

`delivery.py` decides what a failure means.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from mcp_platform.outbox.calendar import CalendarEvent, CalendarWriter
from mcp_platform.tenants.credentials import Credentials
from mcp_platform.tenants.tenant import Tenant, TenantId

Vendor = Literal["whatsapp", "calendar"]


@dataclass(frozen=True, slots=True)
class Effect:
    """A row of the outbox, as it was read."""

    tenant_id: TenantId
    id: int
    key: str
    lane: str
    kind: str
    contact_id: uuid.UUID | None
    body: dict[str, Any]
    state: str
    attempts: int
    resends: int
    due_at: datetime
    give_up_at: datetime | None
    claimed_by: uuid.UUID | None
    trace_id: str | None
    created_at: datetime

    @property
    def is_message(self) -> bool:
        return self.kind == "whatsapp"

    @property
    def needs_window(self) -> bool:
        free = self.is_message and self.body["message"].get("type") != "template"
        return free and self.body.get("purpose") != "notice"

    @property
    def reminds(self) -> bool:
        return self.is_message and self.body.get("purpose") == "reminder"

    @property
    def vendor(self) -> Vendor:
        return "whatsapp" if self.is_message else "calendar"


class Sender(Protocol):
    """The door to WhatsApp, as far as the outbox needs it."""

    async def send(self, *, token: str, phone_number_id: str, message: dict[str, Any]) -> str: ...


class Effects:
    """Does effects with a tenant's credentials."""

    def __init__(
        self, *, whatsapp: Sender, calendar_of: Callable[[Credentials], CalendarWriter]
    ) -> None:
        self._whatsapp = whatsapp
        self._calendar_of = calendar_of

    async def do(self, effect: Effect, *, tenant: Tenant, credentials: Credentials) -> str | None:
        """Do `effect` once; return the wamid of a message. Calendar effects may be done again.

        Raises:
            PlatformError: of the kinds that the two doors document.
        """
        if effect.is_message:
            return await self._whatsapp.send(
                token=credentials.whatsapp_api_token,
                phone_number_id=tenant.phone_number_id or credentials.whatsapp_phone_number_id,
                message=effect.body["message"],
            )
        calendar = self._calendar_of(credentials)
        calendar_id: str = effect.body["calendar_id"]
        if effect.kind == "calendar_put":
            await calendar.put(calendar_id=calendar_id, event=_event(effect.body["event"]))
        else:
            await calendar.remove(calendar_id=calendar_id, event_id=effect.body["event_id"])
        return None


def _event(body: dict[str, Any]) -> CalendarEvent:
    start, end = (datetime.fromisoformat(body[edge]) for edge in ("start", "end"))
    return CalendarEvent(**{**body, "start": start, "end": end})

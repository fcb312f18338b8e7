"""What an examination works with: the case of one tenant, and the chart of answers.

The chart keeps each answer, so several checks ask a vendor once: vendors count their calls.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from mcp_platform.assistant.model import ModelCard, ModelCards
from mcp_platform.errors import Unavailable
from mcp_platform.scheduling.calendar_access import CalendarAccess
from mcp_platform.scheduling.catalogue import Catalogue
from mcp_platform.templates.templates import MessageTemplate
from mcp_platform.tenants.credentials import Credentials, CredentialsUnreadable
from mcp_platform.tenants.rollout import Rollouts
from mcp_platform.tenants.tenant import Tenant
from mcp_platform.whatsapp.account import NumberState, TokenState, WhatsAppAccount

Answer = TypeVar("Answer")
WEBHOOK = "api/v1/webhooks/whatsapp"


class PublicUnreachable(Unavailable):
    """Nothing answers at the public address. `certificate`: because of its certificate."""

    def __init__(self, message: str, *, certificate: bool) -> None:
        super().__init__(message)
        self.certificate = certificate


@dataclass(frozen=True, slots=True)
class PublicAnswer:
    """What came back from the public address: a status, and the beginning of the body."""

    status: int
    body: bytes


class PublicDoor(Protocol):
    """The platform as the internet sees it. Both methods raise PublicUnreachable."""

    def url(self, path: str) -> str:
        """Return the public URL of a path, which has no slash in front."""

    async def shake_hands(self, path: str, *, verify_token: str, challenge: str) -> PublicAnswer:
        """Ask as Meta does when a callback is set."""

    async def post(self, path: str, *, body: bytes, signature: str) -> PublicAnswer:
        """Post as Meta does when something happened."""


class Sealing(Protocol):
    """What credentials are sealed with."""

    expires: datetime

    def warning(self, *, now: datetime) -> str | None:
        """Return what is to be said of the certificate's age, if anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleState:
    """A role of the database. `powers` are those that a tenant's role must not have."""

    name: str
    exists: bool
    may_log_in: bool = False
    is_tenants: bool = False
    powers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """Everything outside that checks ask. None: this process has no such thing configured."""

    google: Callable[[Credentials], CalendarAccess]
    gemini: ModelCards | None
    meta: WhatsAppAccount
    public: PublicDoor | None
    sealing: Sealing | None = None
    rollouts: Rollouts | None = None
    proxies_named: bool = True
    """False: something stands in front, and whose word of addresses to believe is not set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One tenant as it is now. Without a catalogue, only credentials are examined."""

    tenant: Tenant
    credentials: Credentials | None
    unreadable: CredentialsUnreadable | None = None
    catalogue: Catalogue | None = None
    role: RoleState | None = None
    template: str | None = None
    templates: tuple[MessageTemplate, ...] = ()
    """Those by which customers are reached, as Meta last described them."""
    marketing: bool = False
    """The tenant pays for templates that Meta counts as MARKETING."""
    owner_wrote_at: datetime | None = None
    """When the owner last wrote to the number: for a day, notices need no template."""
    fix: bool = False
    """Subscribe to webhooks, and point them here, where they are not."""
    write: bool = False
    """Write a private event to the calendar, and delete it."""

    @property
    def number_id(self) -> str:
        """The phone number id in force: the tenant's row before the credentials."""
        return self.tenant.phone_number_id or self.secrets.whatsapp_phone_number_id

    @property
    def secrets(self) -> Credentials:
        """The credentials, all empty where there are none."""
        return self.credentials or Credentials()

    @property
    def calendar_id(self) -> str:
        """The tenant's own calendar, or nothing."""
        return self.tenant.calendar_id or self.secrets.google_calendar_id

    @property
    def calendars(self) -> tuple[str, ...]:
        """Every calendar that bookings are written to, each once."""
        found = dict.fromkeys([self.calendar_id])
        for professional in self.catalogue.professionals if self.catalogue else ():
            found[professional.calendar_id or ""] = None
        return tuple(each for each in found if each)

    @property
    def webhook(self) -> str:
        """The path of the tenant's webhook, without a slash in front."""
        return f"{self.tenant.path}/{WEBHOOK}"


class Chart:
    """A case with what vendors answered about it, each asked once."""

    def __init__(self, case: Case, doors: Doors, *, now: datetime) -> None:
        self.case = case
        self.doors = doors
        self.now = now
        self.google = doors.google(case.secrets)
        self._asked: dict[str, asyncio.Task[Any]] = {}

    async def number(self) -> NumberState:
        case = self.case
        return await self._once(
            "number",
            lambda: self.doors.meta.number(
                token=case.secrets.whatsapp_api_token, number_id=case.number_id
            ),
        )

    async def token(self) -> TokenState:
        secrets = self.case.secrets
        return await self._once(
            "token",
            lambda: self.doors.meta.token(
                token=secrets.whatsapp_api_token,
                app_id=secrets.whatsapp_app_id,
                app_secret=secrets.whatsapp_app_secret,
            ),
        )

    async def model(self, cards: ModelCards) -> ModelCard:
        return await self._once("model", lambda: cards.card(self.case.secrets))

    def close(self) -> None:
        """End what is still being asked."""
        for task in self._asked.values():
            task.cancel()
            task.add_done_callback(_seen)

    async def _once(self, what: str, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        task = self._asked.get(what)
        if task is None:
            task = self._asked[what] = asyncio.create_task(_awaited(ask()))
        # A check that runs out of time takes nothing from the others that wait for the answer.
        answer: Answer = await asyncio.shield(task)
        return answer


async def _awaited(asking: Awaitable[Answer]) -> Answer:
    return await asking


def _seen(task: asyncio.Task[Any]) -> None:
    if not task.cancelled():
        task.exception()

"""The customer's phone: writes and taps through the simulated Meta, and shows what came of it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from sqlalchemy import text

from mcp_platform.errors import Unavailable
from mcp_platform.kit.database import Sessions
from mcp_platform.rehearsal.judge import PhoneMessage, StandingAppointment
from mcp_platform.tenants.tenant import TenantId

CUSTOMER = "5511999998888"
NAME = "Carla"
PATIENCE = timedelta(seconds=180)  # a turn ends after 40 s; what it leads to, some time after it
POLL_S = 0.03

# Everything that somebody has still to do, but for what Meta has still to tell.
UNFINISHED = """
    SELECT (SELECT count(*) FROM inbox_events
            WHERE tenant_id = :tenant AND state IN ('waiting', 'claimed'))
         + (SELECT count(*) FROM turns WHERE tenant_id = :tenant AND state = 'open')
         + (SELECT count(*) FROM outbox
            WHERE tenant_id = :tenant AND state IN ('pending', 'sending', 'uncertain'))
"""
_STANDING = """
    SELECT a.id, a.service_id, a.professional_id, a.starts_at FROM appointments a
    JOIN contacts c ON c.tenant_id = a.tenant_id AND c.id = a.contact_id
    WHERE a.tenant_id = :tenant AND a.status IN ('booked', 'confirmed') AND c.wa_id = :customer
"""
_ANSWERING = "SELECT answered_by FROM contacts WHERE tenant_id = :tenant AND wa_id = :customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomersPhone:
    """One customer of one tenant. `sessions` see the tenant's rows."""

    meta: httpx.AsyncClient
    sessions: Sessions
    tenant: TenantId
    phone_number_id: str
    owner: str
    zone: ZoneInfo

    async def types(self, words: str) -> None:
        await self._sends(text=words)

    async def taps(self, choice: Mapping[str, str]) -> None:
        """Tap one of `choices_of`."""
        await self._sends(reply={name: choice[name] for name in ("id", "title", "kind")})

    async def received(self) -> list[dict[str, Any]]:
        """Return all messages of the business so far: Meta's payloads, oldest first."""
        return await self._sent(CUSTOMER)

    async def owner_received(self) -> list[dict[str, Any]]:
        return await self._sent(self.owner)

    async def is_called(self) -> bool:
        """Tell whether a person has the conversation."""
        rows = await self._rows(_ANSWERING)
        return bool(rows) and rows[0].answered_by == "human"

    async def appointments(self) -> dict[str, StandingAppointment]:
        """Return the customer's appointments that stand, by id."""
        return {
            str(each.id): StandingAppointment(
                each.service_id, each.professional_id, each.starts_at.astimezone(self.zone)
            )
            for each in await self._rows(_STANDING)
        }

    async def idle(self) -> None:
        """Wait until all that was said is dealt with, and Meta has told all there is to tell.

        Raises:
            Unavailable: that takes longer than anything should.
        """
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                while not await self._is_idle():  # noqa: ASYNC110  # Postgres is asked, and Meta
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            raise Unavailable(
                f"After {PATIENCE.total_seconds():.0f} s a reply is still under way."
            ) from None

    async def _is_idle(self) -> bool:
        """Tell whether nothing is left to be done, here or at Meta.

        Between two looks at Meta that find all acknowledged, and no message more, nothing can have
        come that the look at the database missed.
        """
        if await self._unfinished():
            return False
        before = await self._progress()
        if before["under_way"] or await self._unfinished():
            return False
        return await self._progress() == before

    async def _unfinished(self) -> int:
        ((count,),) = await self._rows(UNFINISHED)
        return int(count)

    async def _progress(self) -> dict[str, int]:
        query = {"phone_number_id": self.phone_number_id}
        return dict(done(await self.meta.get("/_control/progress", params=query)))

    async def _sends(self, **what: Any) -> None:
        who = {"wa_id": CUSTOMER, "name": NAME}
        inbound = {"phone_number_id": self.phone_number_id, "from": who, **what}
        done(await self.meta.post("/_control/inbound", json=inbound))

    async def _sent(self, to: str) -> list[dict[str, Any]]:
        query = {"phone_number_id": self.phone_number_id, "to": to}
        return list(done(await self.meta.get("/_control/sent", params=query))["sent"])

    async def _rows(self, statement: str) -> list[Any]:
        values = {"tenant": self.tenant, "customer": CUSTOMER}
        known = {name: value for name, value in values.items() if f":{name}" in statement}
        async with self.sessions.everywhere() as session:
            return list((await session.execute(text(statement), known)).all())


def done(response: httpx.Response) -> Any:
    """Return what a simulator answered.

    Raises:
        Unavailable: it refused.
    """
    if response.is_error:
        raise Unavailable(f"A simulator refused {response.request.url.path}: {response.text[:300]}")
    return response.json() if response.content else None


def choices_of(message: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the rows or buttons of a sent message."""
    payload = message["payload"]
    if payload["type"] != "interactive":
        return []
    action = payload["interactive"]["action"]
    if payload["interactive"]["type"] == "button":
        return [{**each["reply"], "kind": "button"} for each in action["buttons"]]
    return [{**row, "kind": "list"} for section in action["sections"] for row in section["rows"]]


def shown(message: Mapping[str, Any]) -> PhoneMessage:
    """Return a sent message as the phone shows it."""
    payload = message["payload"]
    if payload["type"] == "template":
        parameters = payload["template"].get("components", [{}])[0].get("parameters", [])
        return PhoneMessage("\n".join(each["text"] for each in parameters))
    if payload["type"] not in ("text", "interactive"):  # a reaction
        return PhoneMessage()
    inside = payload.get("interactive", {})
    texts = [payload.get("text", {}).get("body", "")]
    texts += [inside.get(part, {}).get("text", "") for part in ("header", "body", "footer")]
    choices = tuple(
        f"{each['title']} {each.get('description', '')}".strip() for each in choices_of(message)
    )
    return PhoneMessage("\n".join(filter(None, texts)), choices)

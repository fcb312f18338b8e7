"""The webhooks Meta posts: their JSON, the bytes on the wire, the signature, and the redelivery.

It makes what a callback URL gets to see; its callers know why.
"""

import asyncio
import hashlib
import hmac
import json
import logging
import secrets
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from itertools import count
from typing import Any

import httpx

from mcp_platform.simulators.meta.errors import webhook_error
from mcp_platform.simulators.meta.state import LoggedMessage, Number, WhatsAppContact, digits_of

_log = logging.getLogger(__name__)
_UNDELIVERED = 10_000  # posts that wait for another attempt; Meta's seven days are not simulated
_POSTS_AT_ONCE = 256


def encode(payload: Mapping[str, Any]) -> bytes:
    """Return the bytes Meta posts: ASCII, with lowercase escapes and slashes escaped."""
    text = json.dumps(payload, ensure_ascii=True, separators=(",", ":"))
    return text.replace("/", "\\/").encode()


def signature_headers(body: bytes, *, app_secret: str | None) -> dict[str, str]:
    """Return the headers of a notification, signed over `body` unless there is no secret."""
    headers = {"Content-Type": "application/json", "User-Agent": "facebookexternalua"}
    if app_secret is not None:
        key = app_secret.encode()
        headers["X-Hub-Signature"] = "sha1=" + hmac.new(key, body, hashlib.sha1).hexdigest()
        headers["X-Hub-Signature-256"] = "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest()
    return headers


def envelope(values: Iterable[tuple[Number, Mapping[str, Any]]]) -> dict[str, Any]:
    """Return one notification: an entry for each account, a change for each value."""
    changes: dict[str, list[dict[str, Any]]] = {}
    for number, value in values:
        changes.setdefault(number.waba_id, []).append({"field": "messages", "value": value})
    entries = [{"id": waba_id, "changes": of_waba} for waba_id, of_waba in changes.items()]
    return {"object": "whatsapp_business_account", "entry": entries}


def _value(number: Number, **parts: Any) -> dict[str, Any]:
    return {
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": digits_of(number.display_phone_number),
            "phone_number_id": number.phone_number_id,
        },
        **parts,
    }


def _contact_json(contact: WhatsAppContact, *, profile: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    if profile:
        shown["profile"] = {"name": contact.name or "Customer"}
        if contact.username:
            shown["profile"]["username"] = contact.username
    if contact.wa_id:
        shown["wa_id"] = contact.wa_id
    if contact.user_id:
        shown["user_id"] = contact.user_id
    return shown


def sender_of(contact: WhatsAppContact) -> dict[str, str]:
    """Return who wrote, as a message says it; a hidden phone is left out, not left empty."""
    sender = {"from": contact.wa_id, "from_user_id": contact.user_id}
    return {key: value for key, value in sender.items() if value}


def messages_value(
    number: Number, messages: list[dict[str, Any]], contacts: Iterable[WhatsAppContact]
) -> dict[str, Any]:
    """Return the value of a change that brings messages; `system` messages come without contacts."""
    once = {id(contact): contact for contact in contacts}
    if all(message.get("type") == "system" for message in messages):
        return _value(number, messages=messages)
    shown = [_contact_json(contact, profile=True) for contact in once.values()]
    return _value(number, contacts=shown, messages=messages)


def status_value(number: Number, entry: LoggedMessage, *, status: str, at: float) -> dict[str, Any]:
    """Return the value of a change that says what became of a message, in the form of v26."""
    contact = entry.contact
    told: dict[str, Any] = {"id": entry.wamid, "status": status, "timestamp": str(int(at))}
    if contact.wa_id:
        told["recipient_id"] = contact.wa_id
    if contact.user_id:
        told["recipient_user_id"] = contact.user_id
    if status in {"sent", "delivered"}:
        category = entry.category
        told["pricing"] = {
            "billable": True,
            "pricing_model": "PMP",
            "type": "regular",
            "category": category,
        }
    _echo_callback_data(told, entry)
    return _value(number, statuses=[told], contacts=[_contact_json(contact, profile=False)])


def failed_value(number: Number, entry: LoggedMessage, *, code: int, at: float) -> dict[str, Any]:
    """Return the value of a change that says a message failed: it has no `contacts` array."""
    contact = entry.contact
    told: dict[str, Any] = {"id": entry.wamid, "status": "failed", "timestamp": str(int(at))}
    if entry.addressed_by == "to" and contact.wa_id:
        told["recipient_id"] = contact.wa_id
    if entry.addressed_by == "recipient" and contact.user_id:
        told["recipient_user_id"] = contact.user_id
    told["errors"] = [webhook_error(code)]
    _echo_callback_data(told, entry)
    return _value(number, statuses=[told])


def _echo_callback_data(told: dict[str, Any], entry: LoggedMessage) -> None:
    if callback_data := entry.payload.get("biz_opaque_callback_data"):
        told["biz_opaque_callback_data"] = callback_data


@dataclass(slots=True)
class WebhookDelivery:
    """One notification on its way, and how its attempts ended."""

    id: int
    phone_number_id: str
    url: str
    body: bytes
    headers: dict[str, str]
    attempts: int = 0
    status: int | None = None
    error: str | None = None

    @property
    def done(self) -> bool:
        """Whether the callback has it: 200 and nothing else, as for Meta."""
        return self.status == HTTPStatus.OK

    def as_json(self) -> dict[str, Any]:
        """Return the delivery as the control API shows it."""
        return {
            "id": self.id,
            "phone_number_id": self.phone_number_id,
            "url": self.url,
            "attempts": self.attempts,
            "http_status": self.status,
            "error": self.error,
            "body": self.body.decode(),
        }


@dataclass(slots=True)
class RetryPlan:
    """When a notification that was not answered 200 is posted again."""

    start_s: float = 0.2
    factor: float = 2.0
    cap_s: float = 60.0
    ack_timeout_s: float = 10.0

    def delay_s(self, attempts: int) -> float:
        """Return how long to wait after this many attempts."""
        return float(min(self.cap_s, self.start_s * self.factor ** min(attempts - 1, 30)))


class Deliverer:
    """Posts notifications, and posts again what was not answered 200, until it is closed."""

    def __init__(self, *, plan: Callable[[], RetryPlan]) -> None:
        self._plan = plan
        self._client: httpx.AsyncClient | None = None
        self._tasks: dict[asyncio.Task[None], str] = {}  # and which number each is about
        self._undelivered: dict[int, WebhookDelivery] = {}
        self._ids = count(1)

    def open(self) -> None:
        """Get ready to post, in the event loop that runs."""
        limits = httpx.Limits(max_connections=_POSTS_AT_ONCE)
        self._client = httpx.AsyncClient(limits=limits, trust_env=False)

    async def close(self) -> None:
        """Stop all redelivery and let the connections go."""
        self.forget()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def forget(self) -> None:
        """Give up what is under way or waits for another attempt."""
        for task in self._tasks:
            task.cancel()
        self._undelivered.clear()

    def undelivered(self) -> list[WebhookDelivery]:
        """Return what waits for another attempt, oldest first."""
        return list(self._undelivered.values())

    def under_way(self, *, phone_number_id: str | None = None) -> int:
        """Return how much is still to be told, of one number or all: 0 once all is acknowledged."""
        return sum(phone_number_id in {None, about} for about in list(self._tasks.values()))

    def spawn(self, work: Coroutine[Any, Any, None], *, phone_number_id: str) -> None:
        """Run `work` beside everything else; it ends with this deliverer at the latest."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks[task] = phone_number_id
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("webhook delivery broke", exc_info=error)

    async def handshake(self, url: str, *, verify_token: str) -> str | None:
        """Ask `url` for the challenge; return what is wrong with its answer, if anything is."""
        challenge = str(secrets.randbelow(10**10))
        query = {
            "hub.mode": "subscribe",
            "hub.challenge": challenge,
            "hub.verify_token": verify_token,
        }
        try:
            client = self._opened()
            answer = await client.get(url, params=query, timeout=self._plan().ack_timeout_s)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return f"the callback could not be reached: {type(error).__name__}: {error}"
        if answer.status_code != HTTPStatus.OK:
            return f"HTTP Status Code = {answer.status_code}"
        if answer.text != challenge:
            return "the response does not match the challenge"
        return None

    async def post(  # noqa: D417 - the rest are what their names say
        self,
        url: str,
        body: bytes,
        headers: dict[str, str],
        *,
        phone_number_id: str,
        redeliver: bool = True,
    ) -> WebhookDelivery:
        """Post once and return how that went; unless it was a 200, go on trying in the background.

        Args:
            redeliver: Whether to go on trying.
        """
        delivery = WebhookDelivery(next(self._ids), phone_number_id, url, body, headers)
        await self._attempt(delivery)
        if redeliver and not delivery.done:
            self._undelivered[delivery.id] = delivery
            if len(self._undelivered) > _UNDELIVERED:
                self._undelivered.pop(next(iter(self._undelivered)))
            self.spawn(self._again(delivery), phone_number_id=phone_number_id)
        return delivery

    async def _again(self, delivery: WebhookDelivery) -> None:
        while delivery.id in self._undelivered:
            await asyncio.sleep(self._plan().delay_s(delivery.attempts))
            if delivery.id in self._undelivered:
                await self._attempt(delivery)
            if delivery.done:
                self._undelivered.pop(delivery.id, None)

    async def _attempt(self, delivery: WebhookDelivery) -> None:
        delivery.attempts += 1
        delivery.status = delivery.error = None
        try:
            answer = await self._opened().post(
                delivery.url,
                content=delivery.body,
                headers=delivery.headers,
                timeout=self._plan().ack_timeout_s,
            )
        except httpx.HTTPError as error:
            delivery.error = f"{type(error).__name__}: {error}"
        else:
            delivery.status = answer.status_code

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            raise RuntimeError("the simulator posts webhooks only while it is served")
        return self._client

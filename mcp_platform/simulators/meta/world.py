"""The simulated Meta at work: takes messages in from businesses and contacts, and tells webhooks.

It does what follows, in order, after a message was accepted or a contact wrote. Businesses talk to
`simulators/meta/graph.py`, tests and the demonstration to `simulators/meta/control.py`.
"""

import asyncio
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from mcp_platform.simulators.control import Fault, Faults
from mcp_platform.simulators.meta import webhooks
from mcp_platform.simulators.meta.errors import GraphError
from mcp_platform.simulators.meta.messages import MEDIA_TYPES, check_message
from mcp_platform.simulators.meta.settings import STATUS_FAULTS, MetaSettings
from mcp_platform.simulators.meta.state import (
    LoggedMessage,
    Media,
    MetaState,
    Number,
    WhatsAppContact,
    canonical,
    derived_user_id,
    digits_of,
    new_wamid,
)
from mcp_platform.simulators.meta.templates import Templates
from mcp_platform.simulators.meta.written import content_of

_DELAY_S = 1.0  # of `delay_statuses` when its parameter does not say


class CallbackRefused(Exception):
    """A callback URL failed the handshake; the message says how."""


class MetaWorld:
    """Numbers, contacts and the messages between them, with webhooks for all that happens.

    The coroutines, and `send`, belong in the event loop in which the simulator is served; what only
    reads may be called from anywhere.
    """

    def __init__(self, *, faults: Faults, now: Callable[[], float], settings: MetaSettings) -> None:
        self.state = MetaState()
        self.faults = faults
        self.now = now
        self._initial = self.settings = settings
        self.deliverer = webhooks.Deliverer(plan=lambda: self.settings.retry)
        self.templates = Templates(
            self.state,
            self.deliverer,
            now=now,
            review=lambda: (self.settings.review, self.settings.review_s),
        )

    def reset(self) -> None:
        """Forget everything that was registered or said, and go back to the first settings."""
        self.deliverer.forget()
        self.state.clear()
        self.settings = self._initial

    # Registration

    async def register(self, number: Number, *, callback_url: str | None = None) -> Number:
        """Add a number, or change one and keep its messages; its app is subscribed to its account.

        Raises:
            CallbackRefused: the callback failed the handshake; everything else is registered.
        """
        if known := self.state.numbers.get(number.phone_number_id):
            known.adopt(number)
            number = known
        self.state.numbers[number.phone_number_id] = number
        self.state.waba(number.waba_id).subscribed.add(number.app_id)
        if callback_url:
            await self.check_callback(callback_url, verify_token=number.verify_token)
            number.override_url = callback_url
        return number

    async def check_callback(self, url: str, *, verify_token: str) -> None:
        """Do the handshake.

        Raises:
            CallbackRefused: the callback did not echo the challenge.
        """
        if why := await self.deliverer.handshake(url, verify_token=verify_token):
            raise CallbackRefused(why)

    def contact(self, phone_number_id: str, who: Mapping[str, Any]) -> WhatsAppContact:
        """Return a contact of a number; one with a phone gets a BSUID unless `user_id` is None.

        Raises:
            KeyError: there is no such number.
            ValueError: `who` has neither `wa_id` nor `user_id`.
        """
        number = self.state.number(phone_number_id)
        wa_id, user_id = who.get("wa_id"), who.get("user_id")
        if wa_id and "user_id" not in who:
            known = number.find(wa_id)
            user_id = known.user_id if known else None
            user_id = user_id or derived_user_id(wa_id=wa_id, portfolio=number.waba_id)
        return number.contact(
            wa_id=wa_id,
            user_id=user_id,
            name=who.get("name"),
            username=who.get("username"),
        )

    def reachable(self, phone_number_id: str, address: str, *, offline: bool) -> None:
        """Take a contact's phone off the net, or bring it back: what waited is delivered then.

        Raises:
            KeyError: there is no such number, or no such contact.
        """
        number = self.state.number(phone_number_id)
        contact = number.find(address)
        if contact is None:
            raise KeyError(f"no contact {address!r}")
        contact.offline = offline
        if offline:
            return
        for entry in number.entries:
            waits = entry.contact is contact and entry.statuses == ["sent"]
            if waits and (entry.until is None or self.now() < entry.until):
                value = webhooks.status_value(number, entry, status="delivered", at=self.now())
                told = self._tell_status(number, entry, "delivered", value)
                self.deliverer.spawn(told, phone_number_id=phone_number_id)

    def add_media(
        self,
        phone_number_id: str,
        *,
        mime_type: str,
        content: bytes,
        filename: str | None = None,
    ) -> Media:
        """Keep a file that a business uploaded or a contact sent."""
        media_id = str(secrets.randbelow(9 * 10**14) + 10**14)
        return self.state.keep_media(Media(media_id, phone_number_id, mime_type, content, filename))

    # From businesses

    def send(self, number: Number, payload: dict[str, Any]) -> dict[str, Any]:
        """Accept a message and start telling what becomes of it; return Graph's answer.

        Raises:
            GraphError: the message is refused.
        """
        kind = check_message(payload)
        self._check_media(number, payload, kind=kind)
        if kind == "template":
            self.templates.check_message(number.waba_id, payload["template"])
        now = self.now()
        contact, addressed_by = self._addressee(number, payload)
        context = {
            "phone_number_id": number.phone_number_id,
            "to": str(payload.get("to") or payload.get("recipient")),
            "type": kind,
        }
        closed = self.faults.take("window_closed", **context)
        if closed and closed.params.get("mode") == "sync":
            raise GraphError(131047)
        if self.settings.pacing and not contact.spend_pair_token(now=now):
            raise GraphError(131056)
        wamid = new_wamid(contact.wa_id or contact.user_id or "")
        entry = LoggedMessage("out", wamid, now, contact, kind, payload, addressed_by)
        if kind == "template":
            template = self.templates.find(number.waba_id, payload["template"]) or {}
            entry.category = template.get("category", "UTILITY").lower()
            lasts = template.get("message_send_ttl_seconds")
            entry.until = None if lasts is None else now + lasts
        number.entries.append(entry)
        number.accepted += 1
        contact.typing = False
        outside = kind != "template" and not contact.window_open(now=now)
        failure = 131047 if closed or (self.settings.window and outside) else None
        fates = [self.faults.take(name, **context) for name in STATUS_FAULTS]
        struck = {fault.fault: fault for fault in fates if fault is not None}
        follow = self._follow(number, entry, failure=failure, struck=struck)
        self.deliverer.spawn(follow, phone_number_id=number.phone_number_id)
        return _accepted(payload, entry)

    def _addressee(self, number: Number, payload: dict[str, Any]) -> tuple[WhatsAppContact, str]:
        to = payload.get("to")
        if to is None:
            # A BSUID this business never saw is accepted, and fails later: no window is open.
            return number.contact(user_id=payload["recipient"]), "recipient"
        if canonical(to) == canonical(number.display_phone_number):
            raise GraphError(131021)
        return number.find(to) or number.contact(wa_id=to), "to"

    def _check_media(self, number: Number, payload: dict[str, Any], *, kind: str) -> None:
        if kind not in MEDIA_TYPES or "id" not in payload[kind]:
            return
        media = self.state.media.get(payload[kind]["id"])
        if media is None or media.phone_number_id != number.phone_number_id:
            raise GraphError(131009, details=f"Param {kind}['id'] is not a valid media ID.")

    def mark_read(self, number: Number, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Turn a contact's message and those before it blue, and show that someone types if asked.

        Raises:
            GraphError: the request is malformed or names no message of a contact.
        """
        if payload.get("messaging_product") != "whatsapp":
            raise GraphError(100, message="(#100) The parameter messaging_product is required.")
        if payload.get("status") != "read":
            raise GraphError(131009, details="Param status must be one of: read.")
        wamid = payload.get("message_id")
        if not wamid:
            raise GraphError(131008, details="The parameter message_id is required.")
        if self.settings.known_messages and not number.knows_inbound(str(wamid)):
            raise GraphError(
                131009, details="Param message_id is not the id of a received message."
            )
        typing = payload.get("typing_indicator")
        if typing is not None and typing != {"type": "text"}:
            raise GraphError(131009, details="Param typing_indicator['type'] must be one of: text.")
        if entry := number.inbound(str(wamid)):
            entry.contact.typing = typing is not None
            for earlier in number.entries:
                if earlier.contact is entry.contact and earlier.direction == "in":
                    earlier.read = True
                if earlier is entry:
                    break
        return {"success": True}

    async def _follow(
        self,
        number: Number,
        entry: LoggedMessage,
        *,
        failure: int | None,
        struck: Mapping[str, Fault],
    ) -> None:
        if failed := struck.get("failed_status"):
            failure = int(failed.params.get("code", 131026))
        if "no_statuses" in struck:
            return
        if delayed := struck.get("delay_statuses"):
            await asyncio.sleep(float(delayed.params.get("seconds", _DELAY_S)))
        if failure is not None:
            value = webhooks.failed_value(number, entry, code=failure, at=self.now())
            await self._tell_status(number, entry, "failed", value)
            return
        told = [
            (status, webhooks.status_value(number, entry, status=status, at=self.now()))
            for status in self.settings.statuses
        ]
        if entry.contact.offline:
            # One tick; the phone gets it when it is back, unless its template's time has run out.
            told = [each for each in told if each[0] == "sent"]
        for status, value in reversed(told) if "reorder_statuses" in struck else told:
            await asyncio.sleep(self.settings.status_gap_s)
            await self._tell_status(number, entry, status, value)

    async def _tell_status(
        self, number: Number, entry: LoggedMessage, status: str, value: dict[str, Any]
    ) -> None:
        await self._notify(number, webhooks.envelope([(number, value)]), kind="statuses")
        entry.statuses.append(status)

    # From contacts

    async def inbound(self, specs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Let contacts write, all in one POST to the callback of the first one's number.

        Args:
            specs: Each with `phone_number_id`, `from` and one of `text`, `reply`, `media` and
                `message`; see docs/simulators.md.

        Returns:
            `wamids`, `wamid` (the first), `http_status` of the first attempt (None if there was no
            answer) and `error`.

        Raises:
            KeyError: there is no such number.
            ValueError: a spec can't be followed.
        """
        if not specs:
            raise ValueError("there is nothing to send")
        by_number: dict[str, list[tuple[dict[str, Any], WhatsAppContact]]] = {}
        for spec in specs:
            number = self.state.number(str(spec.get("phone_number_id")))
            for _ in range(int(spec.get("count", 1))):
                written = self._written(number, spec)
                by_number.setdefault(number.phone_number_id, []).append(written)
        values = []
        for phone_number_id, written_there in by_number.items():
            number = self.state.number(phone_number_id)
            messages = [message for message, _ in written_there]
            contacts = [contact for _, contact in written_there]
            values.append((number, webhooks.messages_value(number, messages, contacts)))
        delivery = await self._notify(values[0][0], webhooks.envelope(values), kind="messages")
        wamids = [message["id"] for written in by_number.values() for message, _ in written]
        return {"wamid": wamids[0], "wamids": wamids, **_outcome(delivery)}

    def _written(
        self, number: Number, spec: Mapping[str, Any]
    ) -> tuple[dict[str, Any], WhatsAppContact]:
        who = spec.get("from")
        if not isinstance(who, Mapping):
            raise ValueError("from must say who writes: wa_id, user_id, name")  # noqa: TRY004 - one kind of refusal
        contact = self.contact(number.phone_number_id, who)
        now = self.now()
        message = {
            **webhooks.sender_of(contact),
            "id": new_wamid(contact.wa_id or contact.user_id or ""),
            "timestamp": str(int(now)),
            **content_of(spec, number=number, contact=contact, keep_media=self.add_media),
        }
        if wrote := spec.get("reply_to"):
            message["context"] = {"from": digits_of(number.display_phone_number), "id": wrote}
        kind = str(message["type"])
        number.received(
            message["id"], LoggedMessage("in", message["id"], now, contact, kind, message)
        )
        return message, contact

    async def deliver(
        self,
        payload: Mapping[str, Any],
        *,
        phone_number_id: str,
        sign: bool = True,
        times: int = 1,
        url: str | None = None,
        redeliver: bool = False,
    ) -> list[dict[str, Any]]:
        """Post any payload, `times` over, to the callback of a number or to `url`.

        Raises:
            KeyError: there is no such number.
        """
        number = self.state.number(phone_number_id)
        self._overhear(payload)
        body = webhooks.encode(payload)
        headers = webhooks.signature_headers(body, app_secret=number.app_secret if sign else None)
        target = url or self.state.callback_of(number)
        if target is None:
            return [_outcome(None)]
        return [
            _outcome(
                await self.deliverer.post(
                    target, body, headers, phone_number_id=phone_number_id, redeliver=redeliver
                )
            )
            for _ in range(times)
        ]

    def _overhear(self, payload: Mapping[str, Any]) -> None:
        # What a raw payload says was written opens windows and can be marked as read, too.
        for value in _values(payload):
            number = self.state.numbers.get(value.get("metadata", {}).get("phone_number_id", ""))
            for message in value.get("messages", ()) if number else ():
                sender = {"wa_id": message.get("from"), "user_id": message.get("from_user_id")}
                if number and any(sender.values()) and "id" in message:
                    contact = number.contact(**sender)
                    kind = str(message.get("type"))
                    heard = LoggedMessage("in", message["id"], self.now(), contact, kind, message)
                    number.received(message["id"], heard)

    async def _notify(
        self, number: Number, payload: Mapping[str, Any], *, kind: str
    ) -> webhooks.WebhookDelivery | None:
        url = self.state.callback_of(number)
        if url is None:
            return None
        body = webhooks.encode(payload)
        headers = webhooks.signature_headers(body, app_secret=number.app_secret)
        twice = self.faults.take(
            "duplicate_webhooks", phone_number_id=number.phone_number_id, kind=kind
        )
        copies = int(twice.params.get("copies", 2)) if twice else 1
        delivery = None
        for _ in range(copies):
            posted = await self.deliverer.post(
                url, body, headers, phone_number_id=number.phone_number_id
            )
            delivery = delivery or posted
        return delivery

    # What was said

    def entries(
        self, *, phone_number_id: str | None = None, contact: str | None = None
    ) -> list[tuple[Number, LoggedMessage]]:
        """Return messages both ways, oldest first, of one number or all, with one contact or all."""
        found = []
        for number in list(self.state.numbers.values()):
            if phone_number_id in {None, number.phone_number_id}:
                who = number.find(contact) if contact else None
                found += [
                    (number, entry)
                    for entry in list(number.entries)
                    if contact is None or entry.contact is who
                ]
        return found

    def sent(
        self, *, phone_number_id: str | None = None, to: str | None = None
    ) -> list[dict[str, Any]]:
        """Return the messages accepted from businesses, newest last."""
        return [
            entry.as_json(phone_number_id=number.phone_number_id)
            for number, entry in self.entries(phone_number_id=phone_number_id, contact=to)
            if entry.direction == "out"
        ]


def _accepted(payload: Mapping[str, Any], entry: LoggedMessage) -> dict[str, Any]:
    if entry.addressed_by == "to":
        contact = {"input": payload["to"], "wa_id": entry.contact.wa_id}
    else:
        contact = {"input": payload["recipient"], "user_id": entry.contact.user_id}
    message = {"id": entry.wamid}
    if entry.kind == "template":
        message["message_status"] = "accepted"
    return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [message]}


def _values(payload: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    for entry in payload.get("entry", ()):
        for change in entry.get("changes", ()):
            if isinstance(change.get("value"), dict):
                yield change["value"]


def _outcome(delivery: webhooks.WebhookDelivery | None) -> dict[str, Any]:
    if delivery is None:
        return {"http_status": None, "error": "no callback: none is set, or no app is subscribed"}
    return {"http_status": delivery.status, "error": delivery.error}

"""Takes apart what Meta posts to a webhook: each message and status becomes one event.

What is not understood becomes an event of kind `other`, kept whole. No JSON makes it raise.

Source: WhatsApp Cloud API webhooks reference (messages, statuses, system, user_id_update).
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mcp_platform.inbox.event import LONGEST_ID, NewEvent
from mcp_platform.kit.jsons import dumps, loads
from mcp_platform.tenants.tenant import TenantId

JSON = Any
_MILLISECONDS = 10**11  # as seconds, the year 5138
TAPS = frozenset({"interactive", "button"})


class NotJSONError(ValueError):
    """The body is no JSON document that can be read."""


@dataclass(frozen=True, slots=True)
class ParsedWebhook:
    """The events of one webhook.

    Attributes:
        misrouted: Changes that were for somebody else's number.
        in_groups: Messages written in groups, which are kept and not answered.
    """

    events: list[NewEvent]
    misrouted: int
    in_groups: int = 0


def parse(
    body: bytes, *, tenant_id: TenantId, phone_number_id: str, trace_id: str | None = None
) -> ParsedWebhook:
    """Take a webhook's body apart.

    Changes of field `messages` for another phone number are counted and left out. Tenants of one Meta
    app share a signature, so it does not say whose they are.

    Raises:
        NotJSONError: the body cannot be read at all.
    """
    document = _load(body)
    events: list[NewEvent] = []
    misrouted = in_groups = 0
    for entry in _dicts(_get(document, "entry")):
        for change in _dicts(entry.get("changes")):
            value = change.get("value")
            number = _string(_get(_get(value, "metadata"), "phone_number_id"))
            if number is not None and number != phone_number_id:
                misrouted += 1
                continue
            parts = _Change(tenant_id, change, ours=number is not None, trace_id=trace_id)
            events.extend(parts.events())
            in_groups += parts.in_groups
    if not events and not misrouted:
        events.append(whole_event(tenant_id, document, trace_id))
    return ParsedWebhook(events, misrouted, in_groups)


class _Change:
    """One change and how its parts become events."""

    __slots__ = (
        "_by_user_id",
        "_by_wa_id",
        "_change",
        "_contacts",
        "_field",
        "_ours",
        "_tenant",
        "_trace",
        "_value",
        "in_groups",
    )

    def __init__(
        self,
        tenant_id: TenantId,
        change: dict[str, JSON],
        *,
        ours: bool,
        trace_id: str | None,
    ) -> None:
        self._tenant = tenant_id
        self._change = change
        self._field = _string(change.get("field")) or ""
        self._value = change.get("value")
        self._ours = ours
        self._trace = trace_id
        self._contacts = list(_dicts(_get(self._value, "contacts")))
        self.in_groups = 0
        self._by_user_id = _first_by(self._contacts, "user_id")
        self._by_wa_id = _first_by(self._contacts, "wa_id")

    def events(self) -> list[NewEvent]:
        # Without a phone number id nothing shows that a message is this tenant's: kept, not read.
        if self._field == "messages" and self._ours and isinstance(self._value, dict):
            found = [
                *(self._message(each) for each in _dicts(self._value.get("messages"))),
                *(self._status(each) for each in _dicts(self._value.get("statuses"))),
            ]
            if found:
                return found
        return [self._other(self._change)]

    def _message(self, message: dict[str, JSON]) -> NewEvent:
        bsuid, wa_id, contact = self._sender(message)
        key = _string(message.get("id"))
        alias = f"u:{bsuid}" if bsuid else f"w:{wa_id}" if wa_id else None
        # Answered in private, what was said to others would mix with what the contact says to us.
        grouped = _string(message.get("group_id")) is not None
        self.in_groups += grouped
        if key is None or alias is None or grouped:
            return self._other({"field": self._field, "value": {"messages": [message]}})
        return self._event(
            key=f"m:{key}",
            kind="message",
            contact_key=alias,
            content={"message": message, "contact": contact},
            timestamp=message.get("timestamp"),
            instant=_string(message.get("type")) in TAPS,
        )

    def _status(self, status: dict[str, JSON]) -> NewEvent:
        wamid, name = _string(status.get("id")), _string(status.get("status"))
        if wamid is None or name is None:
            return self._other({"field": self._field, "value": {"statuses": [status]}})
        return self._event(
            key=f"s:{wamid}:{name}",
            kind="status",
            contact_key=None,
            content={"status": status},
            timestamp=status.get("timestamp"),
        )

    def _other(self, content: JSON) -> NewEvent:
        return whole_event(self._tenant, content, self._trace)

    def _sender(
        self, message: dict[str, JSON]
    ) -> tuple[str | None, str | None, dict[str, JSON] | None]:
        """Return BSUID, wa_id and contact of a message. Contacts match by id, not by position."""
        bsuid, wa_id = _string(message.get("from_user_id")), _string(message.get("from"))
        contact = self._by_user_id.get(bsuid) or self._by_wa_id.get(wa_id)
        if contact is None and len(self._contacts) == 1 and not (bsuid or wa_id):
            contact = self._contacts[0]
        if contact is None:
            return bsuid, wa_id, None
        return (
            bsuid or _string(contact.get("user_id")),
            wa_id or _string(contact.get("wa_id")),
            contact,
        )

    def _event(
        self,
        *,
        key: str,
        kind: Any,
        contact_key: str | None,
        content: dict[str, JSON],
        timestamp: JSON,
        instant: bool = False,
    ) -> NewEvent:
        return NewEvent(
            tenant_id=self._tenant,
            key=_short(key),
            kind=kind,
            contact_key=_short(contact_key) if contact_key else None,
            body=dumps(content),
            sent_at=_moment(timestamp),
            instant=instant,
            trace_id=self._trace,
        )


def whole_event(tenant_id: TenantId, content: JSON, trace_id: str | None) -> NewEvent:
    """Return what asks for no answer as one event, kept whole. The same content is the same event."""
    body = dumps(content, sort=True)  # the same content in another order is the same event
    return NewEvent(
        tenant_id=tenant_id,
        key=f"o:{hashlib.sha256(body).hexdigest()}",
        kind="other",
        contact_key=None,
        body=body,
        sent_at=None,
        trace_id=trace_id,
    )


def _load(body: bytes) -> JSON:
    try:
        return loads(body)
    except (ValueError, RecursionError) as error:
        raise NotJSONError(str(error)[:200]) from error


def _get(value: JSON, key: str) -> JSON:
    return value.get(key) if isinstance(value, dict) else None


def _dicts(value: JSON) -> Iterator[dict[str, JSON]]:
    if isinstance(value, list):
        yield from (each for each in value if isinstance(each, dict))


def _first_by(contacts: list[dict[str, JSON]], name: str) -> dict[str | None, dict[str, JSON]]:
    """Index contacts by an id, so that a thousand messages of a thousand people cost no more each."""
    found: dict[str | None, dict[str, JSON]] = {}
    for contact in contacts:
        value = _string(contact.get(name))
        if value is not None:
            found.setdefault(value, contact)
    return found


def _string(value: JSON) -> str | None:
    return value if isinstance(value, str) and value else None


def _short(key: str) -> str:
    if len(key) <= LONGEST_ID:
        return key
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{key[:2]}sha256:{digest}"


def _moment(value: JSON) -> datetime | None:
    """Read Meta's string of Unix seconds, or milliseconds; what makes no sense is no time."""
    try:
        since_1970 = int(value)
        return datetime.fromtimestamp(
            since_1970 / 1000 if since_1970 >= _MILLISECONDS else since_1970, UTC
        )
    except (TypeError, ValueError, OverflowError, OSError):
        return None

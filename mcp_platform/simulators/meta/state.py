"""What the simulated Meta knows: business numbers, contacts, messages both ways, media, templates.

It also has the rules that need nothing but the state: who an address means, whether the service window
is open, how fast one pair may go.
"""

import base64
import hashlib
import re
import secrets
from collections import OrderedDict, deque
from dataclasses import dataclass, field, fields
from typing import Any

PAIR_BURST = 45  # messages to one contact before Meta answers 131056
PAIR_REFILL_S = 6.0  # seconds until one more is allowed
WINDOW_S = 24 * 3600.0  # since the contact's last message; outside it only templates pass
_ENTRIES = 5_000  # messages kept for one number
_CONTACTS = 50_000  # addresses kept for one number; the least recently used is forgotten first
_INBOUND_IDS = 50_000  # ids that can be marked as read, for one number
_MEDIA = 500  # files kept for all numbers
_BRAZIL_WITH_NINE = re.compile(r"55\d\d9\d{8}")


def digits_of(phone: str) -> str:
    """Return the digits of a phone number however it is written."""
    return re.sub(r"\D", "", phone)


def canonical(phone: str) -> str:
    """Return the form on which two ways to write one phone agree: no Brazilian ninth digit."""
    digits = digits_of(phone)
    return digits[:4] + digits[5:] if _BRAZIL_WITH_NINE.fullmatch(digits) else digits


def new_wamid(about: str) -> str:
    """Return a message id like Meta's: unique, opaque, long."""
    return (
        "wamid." + base64.b64encode(f"\x1c\x18{about}".encode() + secrets.token_bytes(12)).decode()
    )


def derived_user_id(*, wa_id: str, portfolio: str) -> str:
    """Return the BSUID that the person behind `wa_id` always has towards one business."""
    seen = hashlib.sha256(f"{portfolio}:{canonical(wa_id)}".encode()).digest()
    country = "BR" if wa_id.startswith("55") else "US"
    return f"{country}.{int.from_bytes(seen[:8], 'big'):020d}"


@dataclass(slots=True)
class WhatsAppContact:
    """A person as one business number sees them. `wa_id` is absent for those who hide their phone."""

    wa_id: str | None
    user_id: str | None = None
    name: str | None = None
    username: str | None = None
    last_inbound_at: float | None = None
    pair_tokens: float = PAIR_BURST
    pair_at: float = 0.0
    typing: bool = False
    offline: bool = False

    def window_open(self, *, now: float) -> bool:
        """Tell whether free-form messages still reach this contact."""
        return self.last_inbound_at is not None and now - self.last_inbound_at < WINDOW_S

    def spend_pair_token(self, *, now: float) -> bool:
        """Use up one message of this pair's allowance, if there is one."""
        refilled = max(0.0, now - self.pair_at) / PAIR_REFILL_S
        self.pair_tokens = min(PAIR_BURST, self.pair_tokens + refilled)
        self.pair_at = now
        if self.pair_tokens < 1:
            return False
        self.pair_tokens -= 1
        return True

    def as_json(self) -> dict[str, Any]:
        """Return who this is."""
        names = ("wa_id", "user_id", "name", "username")
        return {key: value for key in names if (value := getattr(self, key)) is not None}


@dataclass(slots=True)
class LoggedMessage:
    """One message, in either direction, and what became of it."""

    direction: str
    wamid: str
    at: float
    contact: WhatsAppContact
    kind: str
    payload: dict[str, Any]
    addressed_by: str = "to"
    category: str = "service"
    """At which price it is counted."""
    until: float | None = None
    """When Meta drops it, if the phone has not got it by then."""
    statuses: list[str] = field(default_factory=list)
    read: bool = False

    def as_json(self, *, phone_number_id: str) -> dict[str, Any]:
        """Return the message as the control API shows it."""
        return {
            "direction": self.direction,
            "wamid": self.wamid,
            "at": self.at,
            "phone_number_id": phone_number_id,
            "contact": self.contact.as_json(),
            "type": self.kind,
            "payload": self.payload,
            "biz_opaque_callback_data": self.payload.get("biz_opaque_callback_data"),
            "statuses": list(self.statuses),
            "read": self.read,
        }


@dataclass(slots=True)
class Number:
    """A business phone number with the app, token and secret it works with.

    `node` and `token_info` replace what the phone-number node and `debug_token` show, for a
    number that is in some way unfit.
    """

    phone_number_id: str
    waba_id: str
    display_phone_number: str
    token: str
    app_id: str
    app_secret: str
    verify_token: str
    override_url: str | None = None
    node: dict[str, Any] = field(default_factory=dict)
    token_info: dict[str, Any] = field(default_factory=dict)
    require_proof: bool = False
    accepted: int = 0  # messages of the business, those no longer kept among them
    entries: deque[LoggedMessage] = field(default_factory=lambda: deque(maxlen=_ENTRIES))
    _contacts: OrderedDict[str, WhatsAppContact] = field(default_factory=OrderedDict)
    _inbound: OrderedDict[str, LoggedMessage | None] = field(default_factory=OrderedDict)

    def adopt(self, other: "Number") -> None:
        """Take over another's configuration, and keep contacts and messages."""
        for part in fields(self):
            if part.name not in {"accepted", "entries", "_contacts", "_inbound"}:
                setattr(self, part.name, getattr(other, part.name))

    def find(self, address: str) -> WhatsAppContact | None:
        """Return the contact with this BSUID or phone, however the phone is written."""
        key = _key(address)
        if key in self._contacts:
            self._contacts.move_to_end(key)
        return self._contacts.get(key)

    def contact(
        self,
        *,
        wa_id: str | None = None,
        user_id: str | None = None,
        name: str | None = None,
        username: str | None = None,
    ) -> WhatsAppContact:
        """Return the contact with one of these ids, made or completed with what is given."""
        if wa_id is None and user_id is None:
            raise ValueError("a contact needs a wa_id or a user_id")
        found = next((c for a in (user_id, wa_id) if a and (c := self.find(a))), None)
        contact = found or WhatsAppContact(wa_id=digits_of(wa_id) if wa_id else None)
        contact.user_id = user_id or contact.user_id
        contact.name = name or contact.name
        contact.username = username or contact.username
        if wa_id and contact.wa_id is None:
            contact.wa_id = digits_of(wa_id)
        for address in (contact.wa_id, contact.user_id):
            if address:
                self._contacts[_key(address)] = contact
        while len(self._contacts) > _CONTACTS:
            self._contacts.popitem(last=False)
        return contact

    def received(self, wamid: str, entry: LoggedMessage | None) -> None:
        """Note that a contact wrote, so that the message can be marked as read."""
        self._inbound[wamid] = entry
        while len(self._inbound) > _INBOUND_IDS:
            self._inbound.popitem(last=False)
        if entry is not None:
            entry.contact.last_inbound_at = entry.at
            self.entries.append(entry)

    def knows_inbound(self, wamid: str) -> bool:
        """Tell whether a contact wrote the message with this id."""
        return wamid in self._inbound

    def inbound(self, wamid: str) -> LoggedMessage | None:
        """Return a message that a contact wrote, if it is still kept."""
        return self._inbound.get(wamid)


def _key(address: str) -> str:
    # A BSUID starts with a country's letters and a dot, a phone never does.
    return address if address[:1].isalpha() else canonical(address)


@dataclass(slots=True)
class Waba:
    """A WhatsApp Business Account: which apps get its webhooks, where, and its templates."""

    waba_id: str
    subscribed: set[str] = field(default_factory=set)
    override_url: str | None = None
    templates: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Media:
    """A file, uploaded by a business or sent by a contact."""

    id: str
    phone_number_id: str
    mime_type: str
    content: bytes
    filename: str | None = None

    @property
    def sha256(self) -> bytes:
        """The digest; webhooks carry it in base64, the Graph node in hexadecimal."""
        return hashlib.sha256(self.content).digest()


class MetaState:
    """Everything the simulated Meta remembers, each part with an upper bound."""

    def __init__(self) -> None:
        self.numbers: dict[str, Number] = {}
        self.wabas: dict[str, Waba] = {}
        self.app_callbacks: dict[str, str] = {}
        self.media: OrderedDict[str, Media] = OrderedDict()

    def clear(self) -> None:
        """Forget everything."""
        self.numbers.clear()
        self.wabas.clear()
        self.app_callbacks.clear()
        self.media.clear()

    def number(self, phone_number_id: str) -> Number:
        """Return a number.

        Raises:
            KeyError: there is none with this id.
        """
        try:
            return self.numbers[phone_number_id]
        except KeyError:
            raise KeyError(f"no number with phone_number_id {phone_number_id!r}") from None

    def waba(self, waba_id: str) -> Waba:
        """Return an account, made at its first mention."""
        return self.wabas.setdefault(waba_id, Waba(waba_id))

    def of_token(self, token: str) -> list[Number]:
        """Return the numbers that an access token opens."""
        return [number for number in self.numbers.values() if number.token == token]

    def app_secret(self, app_id: str) -> str | None:
        """Return the secret of an app that some number works with."""
        secrets_ = (n.app_secret for n in self.numbers.values() if n.app_id == app_id)
        return next(secrets_, None)

    def keep_media(self, media: Media) -> Media:
        """Keep a file, and forget the oldest beyond the bound."""
        self.media[media.id] = media
        while len(self.media) > _MEDIA:
            self.media.popitem(last=False)
        return media

    def callback_of(self, number: Number) -> str | None:
        """Return where this number's messages go: its own override, its account's, or the app's.

        None when no app is subscribed to the account: then Meta sends nothing at all.
        """
        waba = self.waba(number.waba_id)
        if number.app_id not in waba.subscribed:
            return None
        return number.override_url or waba.override_url or self.app_callbacks.get(number.app_id)

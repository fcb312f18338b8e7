"""The port to what Meta knows of a tenant's number, token and account, and of its webhooks.

`graph_account.py` is the door behind it. Calls are few: Meta allows 200 an hour for one app and
account.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from mcp_platform.errors import CredentialRefused, Unavailable

LONGEST_CALLBACK = 200  # characters of an override's URL. Source: Meta, "Override callback URL"


class AccountRefused(CredentialRefused):
    """Graph refuses the question. `code` and `subcode` are Meta's; `about_proof`: of the app's proof."""

    def __init__(self, *, code: int | None, subcode: int | None, about_proof: bool) -> None:
        super().__init__(f"Meta refuses it (code {code})")
        self.code = code
        self.subcode = subcode
        self.about_proof = about_proof


class AccountAway(Unavailable):
    """Graph gave no answer that can be trusted. `limited`: because it was asked too often."""

    def __init__(self, message: str, *, limited: bool = False) -> None:
        super().__init__(message)
        self.limited = limited


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberState:
    """What Graph shows of a phone number; what it leaves out is an empty string."""

    display_number: str
    platform: str
    status: str
    quality: str
    name_status: str
    throughput: str
    can_send: str
    callbacks: Mapping[str, str]
    """Callback URLs by level: `phone_number`, `whatsapp_business_account`, `application`."""

    @property
    def callback(self) -> str:
        """The URL in force: the number's own before the account's before the app's."""
        levels = ("phone_number", "whatsapp_business_account", "application")
        return next((self.callbacks[level] for level in levels if self.callbacks.get(level)), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenState:
    """What Graph says of an access token. `expires_at` None: never."""

    valid: bool
    app_id: str
    kind: str
    expires_at: datetime | None
    scopes: frozenset[str]
    targets: Mapping[str, frozenset[str]]
    """Ids that a scope is limited to; a scope that is not here reaches all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateState:
    """A message template. `variables` None: Graph did not show its body."""

    name: str
    language: str
    """As Meta writes it to whoever asks: `pt_BR`."""
    status: str
    variables: int | None
    category: str = ""
    reason: str = ""
    """Why it was refused, in a word of Meta's."""
    body: str = ""
    buttons: tuple[str, ...] = ()


class WhatsAppAccount(Protocol):
    """Reads, and the writes that somebody asked for.

    Every method raises:
        AccountRefused: Graph refuses the token, the object or the request.
        AccountAway: no trustworthy answer.
    """

    async def prove_secret(self, *, token: str, number_id: str, app_secret: str) -> None:
        """Return if `app_secret` is the secret of the app that made `token`."""

    async def number(self, *, token: str, number_id: str) -> NumberState:
        """Read a phone number."""

    async def token(self, *, token: str, app_id: str, app_secret: str) -> TokenState:
        """Read what `token` is, as its app."""

    async def number_ids(self, *, token: str, account_id: str) -> frozenset[str]:
        """Return the numbers of an account."""

    async def subscribed_apps(self, *, token: str, account_id: str) -> frozenset[str]:
        """Return the ids of the apps that get an account's webhooks."""

    async def subscribe(self, *, token: str, account_id: str) -> None:
        """Subscribe the token's app; an override that the account had is gone afterwards."""

    async def override(self, *, token: str, number_id: str, url: str, verify_token: str) -> None:
        """Point a number's webhooks to `url`, which has to answer the handshake meanwhile."""

    async def templates(self, *, token: str, account_id: str, name: str) -> list[TemplateState]:
        """Return the templates of exactly this name, in each language."""

    async def templates_like(
        self, *, token: str, account_id: str, part: str
    ) -> list[TemplateState]:
        """Return the templates whose names have this part."""

    async def create_template(
        self, *, token: str, account_id: str, definition: Mapping[str, Any]
    ) -> TemplateState:
        """Ask Meta to review a template; return what is known of it at once."""

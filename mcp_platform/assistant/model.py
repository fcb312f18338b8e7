"""The port to a language model: what it is asked, what it may answer, how it can fail."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, Protocol

from mcp_platform.errors import CredentialRefused, PlatformError, Unavailable
from mcp_platform.tenants.credentials import Credentials
from mcp_platform.tenants.tenant import Tenant


class ModelAway(Unavailable):
    """The model gives no answer now: network, quota, overload, switched off by the breaker."""


class QuotaSpent(ModelAway):
    """The key is accepted, and the quota of its project is used up for now."""


class ModelSpoiled(PlatformError):
    """The model answered something that cannot be used: blocked, empty, malformed."""


RefusedFor = Literal["key", "model", "project", "quota"]


class ModelRefused(CredentialRefused):
    """The vendor refuses the key, its project (or the quota that has), or the model's name."""

    def __init__(self, message: str, *, why: RefusedFor) -> None:
        super().__init__(message)
        self.why: RefusedFor = why


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A tool the model wants called. Nothing in it has been validated."""

    id: str | None
    name: str
    args: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: calls to be made. Text is nothing that anybody reads; it is ignored.

    `content` is the vendor's own form of it, returned verbatim with the next question.
    """

    content: dict[str, Any]
    calls: tuple[FunctionCall, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """What the model is asked. `contents` and `tools` are in the Gemini wire form (JSON)."""

    system: str
    contents: list[dict[str, Any]]
    tools: list[dict[str, Any]]
    only: tuple[str, ...]
    """The functions that may be called; none: any of `tools`."""
    deadline: timedelta


class Model(Protocol):
    async def ask(self, question: Question, *, tenant: Tenant, credentials: Credentials) -> Answer:
        """Ask once.

        Raises:
            ModelAway: no answer; the menu takes over.
            ModelSpoiled: an answer that cannot be used.
            CredentialRefused: the tenant's key or project is refused.
        """


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What the vendor says of the configured model. `answers`: it can be asked as `Model.ask` does."""

    name: str
    answers: bool


class ModelCards(Protocol):
    """Asks about the configured model with a tenant's key, which costs no tokens."""

    @property
    def model(self) -> str:
        """The name of the configured model."""

    async def card(self, credentials: Credentials) -> ModelCard:
        """Ask once.

        Raises:
            ModelRefused: the key, its project or the model's name is refused.
            ModelAway: no answer; `QuotaSpent` if only because the quota is used up.
            ModelSpoiled: an answer that cannot be used.
        """

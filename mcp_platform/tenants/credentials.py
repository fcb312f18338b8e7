"""A tenant's credentials: the keys, the values, and the port of the stores that hold them.

Owns their names and their shape. Values are never logged: `repr` shows names alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from mcp_platform.errors import Unavailable
from mcp_platform.tenants.tenant import Tenant

KEYS = (
    "GOOGLE_CALENDAR_ID",
    "GOOGLE_PROJECT_ID",
    "GOOGLE_CLIENT_EMAIL",
    "GOOGLE_PRIVATE_KEY",
    "GEMINI_API_KEY",
    "WHATSAPP_API_TOKEN",
    "WHATSAPP_PHONE_NUMBER_ID",
    "WHATSAPP_BUSINESS_ACCOUNT_ID",
    "WHATSAPP_APP_ID",
    "WHATSAPP_APP_SECRET",
    "WHATSAPP_WEBHOOK_VERIFY_TOKEN",
    "DATABASE_USER",
    "DATABASE_PASSWORD",
)


class CredentialsUnreadable(Unavailable):
    """The store gave no credentials for this tenant, and no earlier ones are in the cache."""


class CredentialsMissing(CredentialsUnreadable):
    """The store answered, and holds nothing for this tenant: what was cached is void."""


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """What one tenant's Secret holds. An absent key is an empty string."""

    google_calendar_id: str = ""
    google_project_id: str = ""
    google_client_email: str = ""
    google_private_key: str = ""
    gemini_api_key: str = ""
    whatsapp_api_token: str = ""
    whatsapp_phone_number_id: str = ""
    whatsapp_business_account_id: str = ""
    whatsapp_app_id: str = ""
    whatsapp_app_secret: str = ""
    whatsapp_webhook_verify_token: str = ""
    database_user: str = ""
    database_password: str = ""

    @classmethod
    def from_mapping(cls, values: Mapping[str, str]) -> "Credentials":
        """Take the known keys of `values`, trimmed; a literal backslash-n in the key is a newline."""
        known = {key.lower(): values[key].strip() for key in KEYS if values.get(key)}
        if "google_private_key" in known:
            known["google_private_key"] = known["google_private_key"].replace("\\n", "\n")
        return cls(**known)

    def __repr__(self) -> str:
        present = [key for key in KEYS if getattr(self, key.lower())]
        return f"Credentials({', '.join(present)})"


class CredentialSource(Protocol):
    """Gives a tenant's credentials to whoever works for it."""

    async def of(self, tenant: Tenant, /) -> Credentials:
        """Return them. Raises CredentialsUnreadable."""


class CredentialStore(Protocol):
    """Where credentials live: a directory of `.env` files, mounted files, Kubernetes Secrets."""

    async def read(self, *, client_name: str, environment: str) -> Credentials:
        """Read one tenant's credentials.

        Raises:
            CredentialsMissing: the store holds nothing for this tenant.
            CredentialsUnreadable: the store is away.
        """

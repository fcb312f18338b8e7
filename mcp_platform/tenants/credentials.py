"""A tenant's credentials: the keys, the values, and the port of the stores that hold them.

Values are never logged: `repr` shows names alone.
"""

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from mcp_platform.errors import Conflict, Invalid, Unavailable
from mcp_platform.tenants.calendar_ids import WRONG_CALENDAR, what_is_no_calendar
from mcp_platform.tenants.meta_ids import is_phone_number
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

LOGIN = frozenset({"DATABASE_USER", "DATABASE_PASSWORD"})
"""Made by the platform when the tenant is: nobody hands them over."""

IDS_OF_META = frozenset(
    {"WHATSAPP_PHONE_NUMBER_ID", "WHATSAPP_BUSINESS_ACCOUNT_ID", "WHATSAPP_APP_ID"}
)
LARGEST_VALUE = 16 * 1024  # characters; a service account's key has 1,700
_FREE_TEXT = frozenset({"GOOGLE_PRIVATE_KEY", "DATABASE_PASSWORD"})
GUESSABLE = 20  # characters; of a shorter value a fingerprint would help to find it
FINGERPRINT = 12  # hexadecimal digits: enough to tell apart what one tenant ever had
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PEM = re.compile(
    r"-----BEGIN (?:RSA )?PRIVATE KEY-----\s.+?\s-----END (?:RSA )?PRIVATE KEY-----", re.DOTALL
)


class CredentialsUnreadable(Unavailable):
    """The store gave no credentials for this tenant, and no earlier ones are in the cache."""


class CredentialsMissing(CredentialsUnreadable):
    """The store answered, and holds nothing for this tenant: what was cached is void."""


class CredentialsForbidden(CredentialsUnreadable):
    """The store knows this service and does not let it: a right is missing, which a person gives."""


class CredentialsGarbled(CredentialsUnreadable):
    """What the store holds is in no encoding that can be read with certainty."""


class MadeElsewhere(Conflict):
    """A controller makes this tenant's Secret from something else: a SealedSecret, for example."""


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
    """Gives a tenant's credentials to the code that works for it."""

    async def of(self, tenant: Tenant, /) -> Credentials:
        """Return them. Raises CredentialsUnreadable."""


class CredentialStore(Protocol):
    """Where credentials live: a directory of `.env` files, mounted files, Kubernetes Secrets."""

    async def read(self, *, client_name: str, environment: str) -> Credentials:
        """Read one tenant's credentials.

        Raises:
            CredentialsMissing: the store holds nothing for this tenant.
            CredentialsForbidden: the store does not let this service read them.
            CredentialsUnreadable: the store is away.
        """


async def held_by(store: CredentialStore, tenant: Tenant) -> dict[str, str] | None:
    """Return by key what `store` holds for a tenant; None: it cannot be known here and now."""
    try:
        credentials = await store.read(
            client_name=tenant.client_name, environment=tenant.environment
        )
    except CredentialsMissing:
        return {}
    except CredentialsUnreadable:
        return None
    return {key: value for key in KEYS if (value := getattr(credentials, key.lower()))}


class CredentialWriter(Protocol):
    """Changes what a store holds. Only the part `provisioner` has one."""

    async def write(
        self,
        *,
        client_name: str,
        environment: str,
        values: Mapping[str, str],
        remove: Collection[str] = (),
    ) -> None:
        """Set the keys in `values`, take away those in `remove`, leave the others. Idempotent.

        Raises:
            Invalid: `values` or `remove` name what is no credential, or hold what cannot be one.
            MadeElsewhere: a controller writes this tenant's Secret.
            CredentialsForbidden: the store does not let this service write.
            CredentialsUnreadable: the store is away; what was written is not known.
        """

    async def remove(self, *, client_name: str, environment: str) -> str | None:
        """Take away all that the store holds for this tenant. Idempotent.

        Returns what this service may not take away, in a sentence that says how a person does.

        Raises:
            CredentialsUnreadable: the store is away.
        """


def what_is_wrong(key: str, value: str) -> str | None:
    """Return the code of what keeps `value` from being the credential `key`, or None.

    Of form only: whether a vendor takes it, only the vendor can tell.
    """
    if key not in KEYS:
        return "unknown_key"
    if not value.strip():
        return "empty"
    if len(value) > LARGEST_VALUE:
        return "too_long"
    if key == "GOOGLE_PRIVATE_KEY":
        key_lines = value.strip().replace("\\n", "\n")
        return None if _PEM.fullmatch(key_lines) else "no_private_key"
    if _CONTROL.search(value.strip()):
        return "control_character"
    if key in IDS_OF_META and is_phone_number(value):
        return "phone_number"
    if key not in _FREE_TEXT and not value.strip().isascii():
        return "not_ascii"
    if key not in _FREE_TEXT and len(value.split()) > 1:
        return "inner_space"
    return what_is_no_calendar(value) if key == "GOOGLE_CALENDAR_ID" else None


WRONG: Mapping[str, str] = {
    "unknown_key": "no credential has this name",
    "empty": "the value is empty",
    "too_long": f"the value has more than {LARGEST_VALUE} characters",
    "no_private_key": "a private key goes from -----BEGIN PRIVATE KEY----- to -----END PRIVATE KEY-----",
    "control_character": "the value holds a line end or another character that cannot be seen",
    "not_ascii": "the value holds letters or marks that no such credential has",
    "inner_space": "the value holds a space",
    "phone_number": "this is a phone number; the id that Meta gives it has some 15 digits, and stands"
    " in Meta's app under WhatsApp > API Setup",
    **WRONG_CALENDAR,
}
"""What the codes of `what_is_wrong` mean, in English."""


def checked_values(values: Mapping[str, str], *, remove: Collection[str] = ()) -> dict[str, str]:
    """Return `values` as a store keeps them: trimmed, the private key's lines being lines.

    Raises:
        Invalid: with a field for each key that cannot be stored, and never a value.
    """
    codes = {key: what_is_wrong(key, value) for key, value in values.items()}
    wrong = {key: WRONG[code] for key, code in codes.items() if code is not None}
    wrong |= {key: WRONG["unknown_key"] for key in remove if key not in KEYS}
    wrong |= {key: "cannot be set and taken away at once" for key in remove if key in values}
    if wrong:
        raise Invalid("These credentials cannot be stored.", fields=wrong)
    kept = {key: value.strip() for key, value in values.items()}
    if "GOOGLE_PRIVATE_KEY" in kept:
        kept["GOOGLE_PRIVATE_KEY"] = kept["GOOGLE_PRIVATE_KEY"].replace("\\n", "\n") + "\n"
    return kept


def fingerprint_of(key: str, value: str) -> str:
    """Return by what two values of a key are told apart, or nothing if `value` could be guessed."""
    value = value.strip()
    if len(value) < GUESSABLE:
        return ""
    return hashlib.sha256(f"{key}\0{value}".encode()).hexdigest()[:FINGERPRINT]

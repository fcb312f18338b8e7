"""What a credential must look like before anybody is asked about it.

It says which keys an operator may set, and which of them identify.
"""

import re
from collections.abc import Collection, Mapping

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from mcp_platform.errors import Invalid
from mcp_platform.registry.environments import EnvironmentChange
from mcp_platform.tenants.credentials import KEYS, LOGIN, checked_values

OURS = LOGIN
SETTABLE = tuple(key for key in KEYS if key not in OURS)
PUBLIC = (
    "GOOGLE_CLIENT_EMAIL",
    "GOOGLE_PROJECT_ID",
    "GOOGLE_CALENDAR_ID",
    "WHATSAPP_PHONE_NUMBER_ID",
    "WHATSAPP_BUSINESS_ACCOUNT_ID",
    "WHATSAPP_APP_ID",
)
"""Credentials that are no secrets: ids and names, which may be kept and shown."""
IDENTIFYING = {
    "WHATSAPP_PHONE_NUMBER_ID": "phone_number_id",
    "WHATSAPP_BUSINESS_ACCOUNT_ID": "waba_id",
    "GOOGLE_CALENDAR_ID": "calendar_id",
}
"""What is no secret and stands in the tenant's row too, by the column."""

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")


def check_form(values: Mapping[str, str], *, remove: Collection[str] = ()) -> dict[str, str]:
    """Return `values` as a store keeps them.

    Raises:
        Invalid: with a field for each key whose value cannot be right, and never a value.
    """
    kept = checked_values(values, remove=remove)
    fields = {
        key: "is made by the platform; leave it out" for key in (*values, *remove) if key in OURS
    }
    for key, value in kept.items():
        if key == "GOOGLE_PRIVATE_KEY" and not _is_private_key(value):
            fields[key] = (
                "no private key can be read from it; paste the whole key, or the JSON file"
            )
        if key == "GOOGLE_CLIENT_EMAIL" and not _EMAIL.fullmatch(value):
            fields[key] = "is no e-mail address"
        if key == "WHATSAPP_APP_ID" and not (value.isascii() and value.isdigit()):
            fields[key] = "Meta's ids are digits alone"
    try:
        EnvironmentChange.of({IDENTIFYING[key]: kept[key] for key in IDENTIFYING if key in kept})
    except Invalid as error:
        named = {column: key for key, column in IDENTIFYING.items()}
        fields |= {named[column]: "has not the form of such an id" for column in error.fields}
    if fields:
        raise Invalid("These credentials cannot be right.", fields=fields)
    return kept


def _is_private_key(value: str) -> bool:
    try:
        load_pem_private_key(value.encode(), password=None)
    except (ValueError, TypeError):  # TypeError: it is encrypted
        return False
    return True

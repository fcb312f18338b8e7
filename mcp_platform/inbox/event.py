"""What arrives, as values: one event is one message, one status, or something else."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NewType
from uuid import UUID

from mcp_platform.kit.jsons import storable
from mcp_platform.tenants.tenant import TenantId

# Longer ids than any vendor's name nobody: a B-tree row holds 2,704 bytes.
LONGEST_ID = 512

# How the keys of what comes by the tenant API begin; Meta's 24 hours are not for them.
API = "api:"

Kind = Literal["message", "status", "other"]
ContactId = NewType("ContactId", UUID)
"""Who wrote. A `contact_key` is an alias of theirs."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to be recorded. `key` is unique in the tenant; the same key again is no event."""

    tenant_id: TenantId
    key: str
    kind: Kind
    contact_key: str | None
    body: bytes
    sent_at: datetime | None
    instant: bool = False
    trace_id: str | None = None


def corrected_key(content: Mapping[str, Any]) -> str | None:
    """Return the key of the message that this one takes back or replaces.

    Source: WhatsApp Cloud API webhooks reference, messages of type `revoke` and `edit`.
    """
    message = content.get("message")
    type_ = message.get("type") if isinstance(message, dict) else None
    if not isinstance(message, dict) or type_ not in ("revoke", "edit"):
        return None
    what = message.get(type_)
    original = what.get("original_message_id") if isinstance(what, dict) else None
    return f"m:{storable(original)}" if isinstance(original, str) and original else None

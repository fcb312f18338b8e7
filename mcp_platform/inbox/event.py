"""What arrives, as values: one event is one message, one status, or something else."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mcp_platform.tenants.tenant import TenantId

# Longer ids than any vendor's name nobody: a B-tree row holds 2,704 bytes.
LONGEST_ID = 512

Kind = Literal["message", "status", "other"]


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

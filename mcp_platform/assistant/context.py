"""Everything one turn is about, as values: who writes to whom, what was heard, and when."""

from dataclasses import dataclass
from datetime import datetime

from mcp_platform.conversations.contacts import Contact
from mcp_platform.conversations.heard import InboundMessage
from mcp_platform.conversations.lease import Lease
from mcp_platform.inbox.turns import Turn
from mcp_platform.kit.standstill import ProcessorTime
from mcp_platform.tenants.tenant import Tenant


@dataclass(frozen=True, slots=True)
class TurnContext:
    """One turn of one contact with one tenant. Scope comes from here, never from the model."""

    tenant: Tenant
    contact: Contact
    turn: Turn
    lease: Lease
    heard: tuple[InboundMessage, ...]
    now: datetime
    """When this start of the turn began: one taken up hours later offers and books by that."""
    processor: ProcessorTime
    with_person: bool = False
    """A person has the conversation: the assistant says next to nothing."""

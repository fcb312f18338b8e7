"""The journal of a turn: what was answered and done, so that a crash repeats neither.

A step is written down before it is acted on, or in the transaction of its effect. A worker that takes
the turn up again reads the steps first and goes on where they end.
"""

import hashlib
import uuid
from contextlib import AbstractAsyncContextManager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.conversations.lease import Lease, Leases
from mcp_platform.inbox.event import ContactId
from mcp_platform.inbox.turns import Turn
from mcp_platform.kit.jsons import dumps
from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.tenants.tenant import TenantId

# Every id that a turn makes is derived from the turn and the step, so that a step begun twice
# makes the same row twice, which is once.
NAMESPACE = uuid.UUID("8a0c2e54-6c0f-4f0e-9c50-4b8e1a7d3f21")


STEPS = Sql("SELECT name, content FROM turn_steps WHERE tenant_id = :tenant AND turn_id = :turn")
WRITE = Sql(
    "INSERT INTO turn_steps (tenant_id, turn_id, name, content)"
    " VALUES (:tenant, :turn, :name, CAST(:content AS jsonb))"
)
# Nobody reads the steps of a turn that is closed; what its prompt quoted may have been taken back.
FORGET = Sql("""
    DELETE FROM turn_steps USING turns
    WHERE turn_steps.tenant_id = :tenant AND turns.tenant_id = :tenant
      AND turns.id = turn_steps.turn_id AND turns.contact_id = :contact AND turns.state <> 'open'
""")
# Of a turn that has only asked a model, and told nobody.
FORGET_UNTOLD = Sql("""
    DELETE FROM turn_steps WHERE tenant_id = :tenant AND turn_id = :turn
""")
ACTED = Sql("""
    SELECT EXISTS (SELECT FROM turn_steps WHERE tenant_id = :tenant AND turn_id = :turn
                   AND name <> 'prompt' AND NOT starts_with(name, 'model:'))
""")


async def acted(session: AsyncSession, turn: Turn) -> bool:
    """Return whether an earlier start of the turn did more than ask a model."""
    return bool(await Driver(session).value(ACTED, tenant=turn.tenant_id, turn=turn.id))


async def begin_again(session: AsyncSession, turn: Turn) -> None:
    """Forget what a turn has asked a model, which its contact has corrected since."""
    await Driver(session).execute(FORGET_UNTOLD, tenant=turn.tenant_id, turn=turn.id)


async def forget_steps(
    session: AsyncSession, *, tenant_id: TenantId, contact_id: ContactId
) -> None:
    """Forget what the closed turns of a contact quoted, as one of its messages is taken back."""
    await Driver(session).execute(FORGET, tenant=tenant_id, contact=contact_id)


class Journal:
    """The steps of one turn, read once and written under the contact's lease."""

    def __init__(self, *, leases: Leases, lease: Lease, turn: Turn) -> None:
        self._leases = leases
        self._lease = lease
        self._turn = turn
        self._steps: dict[str, dict[str, Any]] = {}

    async def read(self) -> None:
        """Load what an earlier start of this turn wrote down, if there was one."""
        if not self._turn.resumed:
            return
        async with self.begin() as session:
            rows = await Driver(session).rows(
                STEPS, tenant=self._turn.tenant_id, turn=self._turn.id
            )
        self._steps = dict(rows)

    def get(self, name: str) -> dict[str, Any] | None:
        return self._steps.get(name)

    @property
    def acted(self) -> bool:
        """Whether a tool or a tap has been done: its reply is owed, whoever answers by now."""
        return any(name != "prompt" and not name.startswith("model:") for name in self._steps)

    def begin(self) -> AbstractAsyncContextManager[AsyncSession]:
        """Open a transaction under the lease. Raises LeaseLost."""
        return self._leases.fenced(self._lease)

    async def write(self, session: AsyncSession, name: str, content: dict[str, Any]) -> None:
        """Write a step down in the caller's transaction, beside its effect."""
        await Driver(session).execute(
            WRITE,
            tenant=self._turn.tenant_id,
            turn=self._turn.id,
            name=name,
            content=dumps(content).decode(),
        )
        self._steps[name] = content

    async def record(self, name: str, content: dict[str, Any]) -> None:
        """Write a step down by itself."""
        async with self.begin() as session:
            await self.write(session, name, content)

    def uuid(self, *parts: object) -> uuid.UUID:
        """Return the id that these parts always have in this turn."""
        return uuid.uuid5(NAMESPACE, f"{self._turn.id}:{':'.join(map(str, parts))}")

    def token(self, *parts: object) -> str:
        """Return a short opaque id for these parts: 12 of base 32, always the same in this turn.

        The turn's own id is random and never shown, so that nobody can compute another's.
        """
        digest = hashlib.sha256(f"{self._turn.id}:{':'.join(map(str, parts))}".encode()).digest()
        return "".join(_ALPHABET[byte % 32] for byte in digest[:12])


_ALPHABET = "abcdefghjkmnpqrstuvwxyz234567890"

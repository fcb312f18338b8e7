"""The journal of a turn: what was answered and done, so that a crash repeats neither.

A step is written down before it is acted on, or in the transaction of its effect. A worker that takes
the turn up again reads the steps first and goes on where they end.
"""

import hashlib
import uuid
from collections.abc import Collection
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.assistant.model import FunctionCall
from mcp_platform.assistant.prompt import REPLY
from mcp_platform.conversations.lease import Lease, Leases
from mcp_platform.conversations.masking import masked
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
PAST = Sql("""
    SELECT turn.id, turn.state, turn.starts, turn.opened_at, turn.closed_at, turn.error,
           step.name, step.content, step.at
    FROM turns turn
    LEFT JOIN turn_steps step ON step.tenant_id = turn.tenant_id AND step.turn_id = turn.id
        AND step.name <> 'prompt'
    WHERE turn.tenant_id = :tenant AND turn.contact_id = :contact AND turn.id = ANY(:turns)
    ORDER BY turn.opened_at, turn.id, step.at, step.name
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


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedSlot:
    """A time that a step found. `start` carries the tenant's offset."""

    start: datetime
    service_name: str
    professional_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnStep:
    """One step of a turn: what the model called, or what came of a call, a tap or the menu."""

    at: datetime
    kind: Literal["model", "tool", "tap"]
    calls: tuple[FunctionCall, ...] = ()
    outcome: str | None = None
    """The name of what came of it; None of the model's own steps."""
    slots: tuple[OfferedSlot, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PastTurn:
    """What the assistant did in one turn. Its steps may be forgotten already."""

    id: uuid.UUID
    state: Literal["open", "done", "parked"]
    starts: int
    opened_at: datetime
    closed_at: datetime | None
    error: str | None
    steps: tuple[TurnStep, ...]

    @property
    def chosen(self) -> tuple[str, ...]:
        """The ids of the phrases that the model chose in the end."""
        replies = [call for step in self.steps for call in step.calls if call.name == REPLY["name"]]
        said = replies[-1].args.get("say") if replies else None
        parts = said if isinstance(said, list) else [said]
        names = [each.get("phrase") if isinstance(each, dict) else each for each in parts]
        return tuple(each for each in names if isinstance(each, str))


async def past_turns(
    session: AsyncSession,
    *,
    tenant_id: TenantId,
    contact_id: UUID,
    turns: Collection[uuid.UUID],
    without_numbers: bool = False,
) -> dict[uuid.UUID, PastTurn]:
    """Return turns of a contact, for people to read; `without_numbers`, with phones masked."""
    rows = await Driver(session).rows(PAST, tenant=tenant_id, contact=contact_id, turns=list(turns))
    found: dict[uuid.UUID, PastTurn] = {}
    for id_, of_turn in groupby(rows, key=itemgetter("id")):
        steps = list(of_turn)
        found[id_] = PastTurn(
            id=id_,
            state=steps[0]["state"],
            starts=steps[0]["starts"],
            opened_at=steps[0]["opened_at"],
            closed_at=steps[0]["closed_at"],
            error=steps[0]["error"],
            steps=tuple(
                _step(
                    row["name"],
                    _masked(row["content"]) if without_numbers else row["content"],
                    at=row["at"],
                )
                for row in steps
                if row["name"] is not None
            ),
        )
    return found


def _step(name: str, content: dict[str, Any], *, at: datetime) -> TurnStep:
    """Read a step as this release or an older one wrote it: what is not there is left out."""
    if name.startswith("model:"):
        calls = tuple(
            FunctionCall(None, each["name"], each["args"]) for each in content.get("calls", ())
        )
        return TurnStep(at=at, kind="model", calls=calls)
    outcome = content.get("outcome", {})
    slots = outcome.get("slots") or outcome.get("alternatives") or ()
    return TurnStep(
        at=at,
        kind="tool" if name.startswith("tool:") else "tap",
        outcome=outcome.get("kind"),
        slots=tuple(_slot(each) for each in slots if "start" in each),
    )


def _slot(slot: dict[str, Any]) -> OfferedSlot:
    return OfferedSlot(
        start=datetime.fromisoformat(slot["start"].partition("[")[0]),
        service_name=slot["service_name"],
        professional_name=slot["professional_name"],
    )


def _masked(value: Any) -> Any:
    """Return JSON with the phone numbers in its texts masked."""
    match value:
        case str():
            return masked(value)
        case dict():
            # Moments stay: they are no numbers, and are read again.
            return {
                key: each if key in ("start", "end") else _masked(each)
                for key, each in value.items()
            }
        case list():
            return [_masked(each) for each in value]
    return value


_ALPHABET = "abcdefghjkmnpqrstuvwxyz234567890"

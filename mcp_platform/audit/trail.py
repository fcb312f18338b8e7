"""The audit trail: who did what, when, from where, and what it was before and after.

An entry is written in the transaction of what it tells. A value whose key is named like a secret is
never stored, however deep it stands. Of a phone number two digits are stored, because the trail
outlives its owner. Nothing about customers is stored.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.audit.actor import Actor
from mcp_platform.audit.models import AuditRow
from mcp_platform.kit.jsons import storable
from mcp_platform.kit.logging import current_trace, without_numbers
from mcp_platform.tenants.tenant import TenantId

MASK = "***"
_WORDS = re.compile(r"(?:[A-Z](?![a-z]))+|[A-Z]?[a-z]+|[0-9]+")
_SECRET = frozenset(
    {"password", "passwords", "passphrase", "secret", "secrets", "token", "tokens", "jwt", "bearer"}
    | {"authorization", "cookie", "credential", "credentials", "hash", "digest", "digests"}
    | {"sealed", "pin", "otp"}
)
# `key` alone names things as often as it opens them; with these before it, it opens.
_OPENING_KEY = re.compile(
    r"(?:api|private|signing|access|service|encryption|secret)_?key", re.IGNORECASE
)
_PHONE = frozenset({"phone", "phones", "telephone", "mobile", "whatsapp"})
_ID = frozenset({"id", "ids"})  # Meta's id of a number is no number
OF_A_TOKEN = "token"  # noqa: S105  # the role of a caller whose token is no user's
# Without `RETURNING`, which would be reading.
ADD = text("""
    INSERT INTO audit_entries (actor_kind, actor, role, trace_id, action, target, tenant_id, after)
    VALUES ('token', :actor, :role, :trace, :action, :target, :tenant, CAST(:after AS jsonb))
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One line of the trail."""

    id: int
    at: datetime
    actor_kind: str
    actor: str
    role: str
    address: str | None
    trace_id: str | None
    action: str
    target: str
    tenant_id: int | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which entries are looked for. `since` is included, `until` is not."""

    actor: str | None = None
    action: str | None = None
    tenant_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


async def record(
    session: AsyncSession,
    *,
    actor: Actor,
    action: str,
    target: str,
    tenant_id: int | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write down what `actor` does in the transaction of `session`.

    `action` is `<thing>.<verb>`, such as `tenant.update`; `target` is what a person calls the thing.
    `before` and `after` may hold whatever JSON can say, and dates, ids and enumerations. It is sent
    with the session's next statement, so that an import's thousand entries are a few statements.
    """
    session.add(
        AuditRow(
            actor_kind=actor.kind,
            actor=storable(actor.subject),
            role=actor.role,
            address=actor.address,
            trace_id=current_trace(),
            action=action,
            target=storable(target),
            tenant_id=tenant_id,
            before=None if before is None else _plain(before),
            after=None if after is None else _plain(after),
        )
    )


@dataclass(frozen=True, slots=True)
class ActorTrail:
    """The trail of who is known as an actor, for what is done as the part that administers."""

    actor: Actor

    @property
    def who(self) -> str:
        return self.actor.subject

    @property
    def is_person(self) -> bool:
        return self.actor.kind != "system"

    async def write(
        self,
        session: AsyncSession,
        *,
        action: str,
        target: str,
        tenant_id: TenantId,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        await record(
            session,
            actor=self.actor,
            action=action,
            target=target,
            tenant_id=tenant_id,
            after=after,
        )


@dataclass(frozen=True, slots=True)
class CallerTrail:
    """The trail of a tenant's API, whose process may add such entries and read none."""

    who: str
    role: str

    @property
    def is_person(self) -> bool:
        return self.role != OF_A_TOKEN

    async def write(
        self,
        session: AsyncSession,
        *,
        action: str,
        target: str,
        tenant_id: TenantId,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        await session.execute(
            ADD,
            {
                "actor": storable(self.who),
                "role": self.role,
                "trace": current_trace(),
                "action": action,
                "target": storable(target),
                "tenant": tenant_id,
                "after": None if after is None else orjson.dumps(_plain(after)).decode(),
            },
        )


async def entries(
    session: AsyncSession, wanted: AuditFilter, *, before_id: int | None, limit: int
) -> list[AuditEntry]:
    """Return the newest `limit` entries, of those older than the entry `before_id`."""
    statement = select(AuditRow).order_by(AuditRow.id.desc()).limit(limit)
    if before_id is not None:
        statement = statement.where(AuditRow.id < before_id)
    if wanted.actor is not None:
        statement = statement.where(AuditRow.actor == wanted.actor)
    if wanted.action is not None:
        statement = statement.where(AuditRow.action == wanted.action)
    if wanted.tenant_id is not None:
        statement = statement.where(AuditRow.tenant_id == wanted.tenant_id)
    if wanted.since is not None:
        statement = statement.where(AuditRow.at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(AuditRow.at < wanted.until)
    return [
        AuditEntry(**{name: getattr(row, name) for name in AuditEntry.__slots__})
        for row in await session.scalars(statement)
    ]


def masked(value: Any, *, key: str = "") -> Any:
    """Return `value`, which stands under `key`, with a mask over secrets and phone numbers.

    The key's name tells a secret or a phone number, whose last two digits stay. In other texts a
    number is known by its form. None, True and False stay: whether there is a value may be told.
    """
    words = {word.lower() for word in _WORDS.findall(key)}
    if value is None or isinstance(value, bool):
        return value
    if words & _SECRET or _OPENING_KEY.search(key) is not None:
        return MASK
    if isinstance(value, Mapping):
        return {storable(str(name)): masked(each, key=str(name)) for name, each in value.items()}
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, str | bytes):
        return [masked(each, key=key) for each in value]
    if words & _PHONE and not words & _ID:
        return f"…{str(value)[-2:]}"
    if not isinstance(value, str):
        return value
    return storable(value if words & _ID else without_numbers(value))


def _plain(content: Mapping[str, Any]) -> Any:
    """Return what jsonb takes: masked, dates and ids as text."""
    return orjson.loads(orjson.dumps(masked(content), default=str))

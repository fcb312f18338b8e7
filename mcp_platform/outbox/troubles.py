"""Troubles of a tenant that what became of its messages tells, and when they are over.

A send that Meta accepts says nothing of them: the same codes come afterwards, in a status. So they
have names of their own, and a delivered message ends them.
"""

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.kit.sql import Driver, Sql
from mcp_platform.outbox.outbox import OWNER_LANE
from mcp_platform.outbox.statuses import FollowedMessage
from mcp_platform.tenants import health
from mcp_platform.tenants.tenant import TenantId
from mcp_platform.whatsapp.graph_errors import RULES, WINDOW_CLOSED, Action

ACCOUNT = "whatsapp_account"
"""Meta takes messages and does not deliver them, because of the account: locked, unpaid, blocked."""
OWNER = "owner_notice"
"""A notice did not reach the owner, who knows nothing of it: somebody else must."""

# A message that was recorded before may have been sent before: its delivery proves nothing.
OVER = Sql("""
    DELETE FROM tenant_troubles trouble
    USING outbox,
        unnest(CAST(:tenants AS bigint[]), CAST(:ids AS bigint[])) AS delivered (tenant_id, id)
    WHERE outbox.tenant_id = delivered.tenant_id AND outbox.id = delivered.id
      AND trouble.tenant_id = outbox.tenant_id AND outbox.created_at > trouble.since
      AND (trouble.what = :account OR trouble.what = :owner AND outbox.lane = :owner_lane)
""")


async def follow(session: AsyncSession, changed: Iterable[FollowedMessage]) -> None:
    """Note the troubles that failed messages tell of, and strike those that delivered ones end."""
    by_tenant = sorted(changed, key=lambda each: (each.tenant_id, each.id))
    delivered = [each for each in by_tenant if each.state in ("delivered", "read")]
    if delivered:
        await Driver(session).execute(
            OVER,
            tenants=[each.tenant_id for each in delivered],
            ids=[each.id for each in delivered],
            account=ACCOUNT,
            owner=OWNER,
            owner_lane=OWNER_LANE,
        )
    for each in by_tenant:
        if each.state != "failed":
            continue
        code = each.error_code
        if code is not None and code in RULES and RULES[code].action is Action.CREDENTIAL:
            reason = f"Meta took a message and then did not deliver it: {_said(each)}"
            await health.note(session, each.tenant_id, ACCOUNT, reason)
        if each.lane == OWNER_LANE:
            await notice_lost(session, each.tenant_id, code=code, error=_said(each))


async def notice_lost(
    session: AsyncSession, tenant_id: TenantId, *, code: int | None, error: str
) -> None:
    """Note, in the transaction that gives it up, that a notice did not reach the owner."""
    reason = f"A notice did not reach the owner: {error}"
    if code == WINDOW_CLOSED:
        reason = (
            "A notice did not reach the owner, who has not written to the number for 24 hours:"
            " set OWNER_NOTICE_TEMPLATE, or have the owner write to it."
        )
    await health.note(session, tenant_id, OWNER, reason)


def _said(message: FollowedMessage) -> str:
    return f"{message.error or 'no reason given'} ({message.error_code or 'no code'})"

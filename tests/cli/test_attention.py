"""What waits for somebody, by command."""

import json

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.conversations.models import CONTACTS
from tests.cli.conftest import PATH, Database, Mcp


async def hand_over(session: AsyncSession) -> None:
    await session.execute(update(CONTACTS).values(answered_by="human"))


def test_what_waits_is_listed_by_kind(mcp: Mcp, database: Database) -> None:
    assert mcp("attention").out == "Nothing waits for anybody.\n"
    database.make(hand_over)
    [found] = json.loads(mcp("attention", "--json").out)
    assert (f"{found['client_name']}/{found['environment']}", found["kind"]) == (PATH, "waiting")
    assert "espera por uma pessoa" in mcp("--lang", "pt", "attention").out
    assert mcp("attention", "--kind", "parked").out == "Nothing waits for anybody.\n"

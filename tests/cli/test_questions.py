"""What customers asked, by command."""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from mcp_platform.answers.questions import OpenQuestions
from mcp_platform.conversations.contacts import Contacts
from mcp_platform.kit.database import Sessions
from mcp_platform.outbox.notices import Notices
from mcp_platform.tenants.directory import tenant_at
from tests.cli.conftest import PATH, Database, Mcp


async def ask(session: AsyncSession, database: Database, words: str) -> str:
    tenant = await tenant_at(session, *PATH.split("/"))
    asked = await OpenQuestions(session, tenant.id).ask(
        tenant,
        await Contacts(session, tenant.id).get(database.contact),  # type: ignore[arg-type]
        words,
        topic=None,
        language="pt-BR",
        notices=Notices(_NONE),
        now=datetime.now(UTC),
    )
    return str(asked.question_id)


_NONE: Sessions = None  # type: ignore[assignment]  # what is told in a transaction needs none


def listed(mcp: Mcp, *options: str) -> list[dict[str, Any]]:
    return list(json.loads(mcp("questions", "list", PATH, "--json", *options).out))


def test_questions_are_listed_answered_kept_and_called(mcp: Mcp, database: Database) -> None:
    assert "no such question" in mcp("questions", "list", PATH).out
    wifi = database.make(ask, database, "tem wifi?")
    cafe = database.make(ask, database, "tem café?")
    assert [each["words"] for each in listed(mcp)] == ["tem wifi?", "tem café?"]
    done = mcp("questions", "answer", PATH, wifi, "Temos.", "--keep", "Wi-Fi")
    assert "Answered: 0 by a message, 1 to be called" in done.out  # they wrote long ago
    assert "Wi-Fi" in mcp("answers", "list", PATH).out
    assert [each["answer"] for each in listed(mcp, "--state", "answered")] == ["Temos."]
    assert "5511999998888" in mcp("questions", "calls", PATH).out
    assert mcp("questions", "called", PATH, wifi, str(database.contact)).out == "Noted.\n"
    assert mcp("questions", "calls", PATH).out == "Nobody is to be called.\n"
    assert mcp("questions", "dismiss", PATH, cafe).status == 0
    assert listed(mcp) == []
    again = mcp("--lang", "pt", "questions", "answer", PATH, wifi, "Temos.")
    assert again.err == f"mcp-platform: A pergunta {wifi} já está respondida.\n"
    assert mcp("questions", "merge", PATH, "zzzzzz", wifi).status == 1

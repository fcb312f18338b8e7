"""`conversations`: who answers, what was said, and what a person at a machine writes."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from tests.cli.conftest import PATH, Database, Mcp

PHONE = "+55 11 99999-8888"


@pytest.fixture
def ana(database: Database) -> Database:
    """The tenant's contact has just written."""
    database.sql(
        "UPDATE contacts SET name = 'Ana\x1b[2J', last_inbound_at = now() WHERE id = $1",
        database.contact,
    )
    database.sql(
        "INSERT INTO messages (tenant_id, contact_id, direction, author, text, at)"
        " VALUES ($1, $2, 'in', 'contact', 'alô\nvocês abrem?', now())",
        *(database.tenant, database.contact),
    )
    return database


def test_a_conversation_is_worked_on_at_a_terminal(mcp: Mcp, ana: Database) -> None:
    assert str(ana.contact) in mcp("conversations", "list").out
    assert mcp("conversations", "list", PATH, "--handling", "waiting").out == (
        "There are no such conversations.\n"
    )
    refused = mcp("conversations", "reply", PATH, PHONE, "Oi")
    assert (refused.status, "take it first" in refused.err) == (1, True)

    taken = mcp("conversations", "take", PATH, PHONE)
    assert (taken.status, "has this conversation until" in taken.out) == (0, True)
    assert mcp("conversations", "reply", PATH, str(ana.contact), "Abrimos às 9h.").status == 0
    shown = mcp("conversations", "show", PATH, "5511999998888").out
    assert shown.index("vocês abrem?") < shown.index("[queued]") < shown.index("Abrimos às 9h.")
    assert "\x1b" not in shown
    conversation = json.loads(mcp("conversations", "show", PATH, PHONE, "--json").out)
    assert (conversation["tenant"], conversation["handling"]) == (PATH, "person")
    assert [each["author"] for each in conversation["messages"]] == ["contact", "human"]
    assert ana.value("SELECT count(*) FROM outbox WHERE kind = 'whatsapp'") == 1
    assert mcp("conversations", "return", PATH, PHONE).status == 0
    [listed] = json.loads(mcp("conversations", "list", "--json").out)
    assert (listed["tenant"], listed["handling"]) == (PATH, "assistant")
    audited = ana.sql("SELECT action, actor_kind FROM audit_entries ORDER BY id")
    assert [tuple(each) for each in audited] == [
        (f"conversation.{what}", "command") for what in ("take", "reply", "return")
    ]


def test_what_another_person_has_is_taken_over_on_request_alone(mcp: Mcp, ana: Database) -> None:
    ana.sql(
        "UPDATE contacts SET answered_by = 'human', human_by = 'bia@example.com', human_until = $1",
        datetime.now(UTC) + timedelta(hours=1),
    )

    refused = mcp("conversations", "take", PATH, PHONE)

    assert (refused.status, "bia@example.com has this conversation" in refused.err) == (1, True)
    assert mcp("conversations", "take", PATH, PHONE, "--over").status == 0


def test_nobody_is_found_by_a_name_that_nobody_has(mcp: Mcp, ana: Database) -> None:
    for name in ("5511900000000", str(uuid4()), "ninguém", " "):
        ran = mcp("conversations", "show", PATH, name)
        assert (ran.status, "Nobody is known by that name" in ran.err) == (1, True), name


def test_an_isolated_tenant_is_woken_by_its_own_queue(mcp: Mcp, ana: Database) -> None:
    schema = ana.isolate()

    mcp("conversations", "take", PATH, PHONE)
    assert mcp("conversations", "reply", PATH, PHONE, "Oi").status == 0

    assert ana.value(f"SELECT count(*) FROM {schema}.pgqueuer") == 1
    assert ana.value("SELECT count(*) FROM queue.pgqueuer") == 0

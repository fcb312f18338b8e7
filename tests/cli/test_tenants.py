"""`tenants create` and `tenants show`, on a real database."""

import json

import pytest

from tests.cli.conftest import PATH, Database, Mcp

NEW = "salao-da-lu/production"


def test_a_tenant_is_made_with_its_client_shown_and_listed(mcp: Mcp, database: Database) -> None:
    ran = mcp(
        *("tenants", "create", NEW, "--business-name", "Salão da Lu", "--language", "es"),
        *("--phone-number-id", "106540352242922", "--calendar-id", "lu@example.com"),
    )
    assert ran.status == 0, ran.err

    shown = json.loads(mcp("tenants", "show", NEW).out)
    assert (shown["business_name"], shown["language"]) == ("Salão da Lu", "es")
    assert shown["phone_number_id"] == "106540352242922"
    listed = mcp("tenants", "list").out
    assert "lu@example.com" in next(line for line in listed.splitlines() if NEW in line)
    (made,) = database.sql(
        "SELECT actor_kind, actor FROM audit_entries WHERE action = 'tenant.create'"
    )
    assert made["actor_kind"] == "command"
    assert made["actor"]


def test_article_and_kind_are_set_and_what_is_none_is_refused(mcp: Mcp, database: Database) -> None:
    assert mcp("tenants", "update", PATH, "--article", "a", "--kind", "barber").status == 0
    assert tuple(database.sql("SELECT article, kind FROM tenants")[0]) == ("a", "barber")
    assert mcp("tenants", "update", PATH, "--article", "").status == 0
    assert database.value("SELECT article FROM tenants") is None
    for option, value in (("--article", "le"), ("--kind", "circus")):
        ran = mcp("tenants", "update", PATH, option, value)
        assert (ran.status, option.removeprefix("--") in ran.err) == (1, True)


def test_another_environment_of_a_client_needs_no_name_of_its_business(
    mcp: Mcp, database: Database
) -> None:
    assert mcp("tenants", "create", "barbearia-do-ze/staging").status == 0
    assert database.value("SELECT count(*) FROM tenants") == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((NEW,), "say its --business-name"),
        ((PATH,), "there is a tenant"),
        (("barbearia-do-ze/staging", "--time-zone", "Brazil"), "must be an IANA name"),
        (("barbearia-do-ze/staging", "--phone-number-id", "+55"), "phone_number_id"),
        (("api/production", "--business-name", "X"), "cannot be the name of a client"),
    ],
)
def test_what_cannot_be_made_is_refused_in_a_sentence_and_nothing_is_made(
    mcp: Mcp, database: Database, arguments: tuple[str, ...], said: str
) -> None:
    ran = mcp("tenants", "create", *arguments)
    assert ran.status == 1
    assert said in ran.err
    assert database.value("SELECT count(*) FROM clients") == 1
    assert database.value("SELECT count(*) FROM tenants") == 1


def test_a_tenant_is_suspended_and_resumed_and_the_trail_says_so(
    mcp: Mcp, database: Database
) -> None:
    assert mcp("tenants", "suspend", PATH).status == 0
    assert database.value("SELECT version FROM tenants") == 2
    assert database.value("SELECT after ->> 'status' FROM audit_entries") == "suspended"
    assert mcp("tenants", "resume", PATH).status == 0
    assert database.value("SELECT status FROM tenants") == "active"


def test_a_tenant_is_changed_in_what_is_named_alone(mcp: Mcp, database: Database) -> None:
    ran = mcp("tenants", "update", PATH, "--owner-whatsapp", "(11) 98765-4321", "--notes", "Pix")
    assert ran.status == 0, ran.err
    shown = json.loads(mcp("tenants", "show", PATH).out)
    assert (shown["owner_whatsapp"], shown["phone_number_id"]) == ("5511987654321", "106")

    assert mcp("tenants", "update", PATH, "--notes", "").status == 0
    shown = json.loads(mcp("tenants", "show", PATH).out)
    assert (shown["owner_whatsapp"], shown["notes"]) == ("5511987654321", None)

    assert mcp("tenants", "update", PATH).status == 2
    refused = mcp("tenants", "update", PATH, "--owner-whatsapp", "+55 11", "--language", "fr")
    assert refused.status == 1
    assert "pattern" not in refused.err
    for field in ("owner_whatsapp: has not the right form. Where notices go", "language"):
        assert refused.err.count(field) == 1
    refused = mcp("tenants", "update", PATH, "--owner-whatsapp", "(11) 8765-4321")
    assert refused.err.count("is no phone number; write it with its country's code") == 1


def test_whose_number_it_is_already_is_said(mcp: Mcp, database: Database) -> None:
    taken = ("--phone-number-id", "106540352242922")
    mcp("tenants", "create", NEW, "--business-name", "Salão da Lu", *taken)
    refused = mcp("tenants", "update", PATH, *taken)
    assert refused.status == 1
    assert f"is that of {NEW}" in refused.err


def test_the_trail_is_shown_newest_first_and_filtered(mcp: Mcp, database: Database) -> None:
    mcp("tenants", "suspend", PATH)
    mcp("tenants", "create", NEW, "--business-name", "Salão da Lu")

    lines = mcp("audit").out.splitlines()
    assert [line.split()[-2] for line in lines[1:]] == [
        *("tenant.create", "client.create", "tenant.update")
    ]
    (only,) = mcp("audit", PATH, "--json").out.splitlines()
    assert json.loads(only)["after"]["status"] == "suspended"
    assert "tenant.create" not in mcp("audit", "--action", "tenant.update").out
    assert mcp("audit", "no/production").status == 1

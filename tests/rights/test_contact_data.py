"""A customer's whole data as one document: nothing of theirs is left out, nothing of others is in."""

import uuid

import pytest

from mcp_platform.rights.contact_data import ContactData
from mcp_platform.rights.reach import OF_NOBODY, TOLD, UNTOLD
from mcp_platform.schema import tables_of_tenants
from tests.platform_api import Api
from tests.rights.conftest import FullTenant, full_tenant


def test_each_table_is_known_to_hold_something_of_a_contact_or_not() -> None:
    tables = {each.name: each for each in tables_of_tenants()}
    known = (set(TOLD), set(UNTOLD), set(OF_NOBODY))
    assert set().union(*known) == set(tables)
    assert sum(map(len, known)) == len(tables)
    naming = {
        name
        for name, table in tables.items()
        if any("contact" in column.name for column in table.columns)
        or any(
            key.referred_table.name in ("contacts", "turns", "appointments", "open_questions")
            for key in table.foreign_key_constraints
        )
    }
    assert not naming & OF_NOBODY
    assert set(TOLD.values()) <= set(ContactData.model_fields)


async def test_every_table_that_holds_something_of_them_is_told(api: Api, shop: FullTenant) -> None:
    token = await api.sign_in("operator")
    took = await api.ask("POST", shop.route(f"/{shop.contact}/take"), token=token, json={})
    assert took.status_code == 200

    answer = await api.ask("GET", shop.route(f"/{shop.contact}/data"), token=token)

    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert not {name for name in TOLD.values() if not told[name]}
    assert told["aliases"] == [shop.alias]
    assert told["messages"][0]["text"] == f"words of {shop.id}"
    assert told["turns"][0]["steps"][0]["name"] == "prompt"
    assert (told["appointments"][0]["person"], told["appointments"][0]["note"]) == (
        "Theo",
        "de carro",
    )
    assert told["handled"][0]["action"] == "conversation.take"
    assert (await api.audited())[-1] == "contact.export"


async def test_a_notice_to_the_owner_about_them_is_told(api: Api, shop: FullTenant) -> None:
    for key, words in (("mine", f"pediu: {shop.contact}"), ("number", "Ana (+5511999998888)")):
        await api.sql(
            "INSERT INTO outbox (tenant_id, key, lane, kind, body) VALUES"
            " (:id, :key, 'owner', 'whatsapp', jsonb_build_object('text', CAST(:words AS text)))",
            id=shop.id,
            key=key,
            words=words,
        )
    await api.sql("UPDATE contacts SET wa_id = '5511999998888' WHERE tenant_id = :id", id=shop.id)
    token = await api.sign_in("admin")
    told = (await api.ask("GET", shop.route(f"/{shop.contact}/data"), token=token)).json()
    assert {each["key"] for each in told["effects"]} >= {"mine", "number"}


async def test_nobody_else_s_data_is_told(api: Api, shop: FullTenant) -> None:
    other = await full_tenant(api)
    token = await api.sign_in("operator")
    told = await api.ask("GET", shop.route(f"/{shop.contact}/data"), token=token)
    assert f"words of {other.id}" not in told.text
    for contact in (other.contact, uuid.uuid4()):
        answer = await api.ask("GET", shop.route(f"/{contact}/data"), token=token)
        assert answer.status_code == 404


@pytest.mark.parametrize("role", ["viewer", "staff"])
async def test_who_only_reads_or_works_in_one_tenant_takes_no_copy(
    api: Api, shop: FullTenant, role: str
) -> None:
    token = await api.sign_in(role, tenant=shop.path if role == "staff" else None)  # type: ignore[arg-type]  # a role
    answer = await api.ask("GET", shop.route(f"/{shop.contact}/data"), token=token)
    assert answer.status_code == 403

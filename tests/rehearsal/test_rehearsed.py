"""What a rehearsal takes along: all that customers see, and nothing that is somebody's."""

from dataclasses import replace

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from mcp_platform.audit.actor import system
from mcp_platform.kit.database import Sessions
from mcp_platform.registry.answers.forms import AnswerWish
from mcp_platform.registry.answers.phrases import PhraseWish, TenantPhrases
from mcp_platform.registry.answers.service import TenantAnswers
from mcp_platform.registry.environments import LocatedTenant
from mcp_platform.rehearsal.rehearsed import COPIED, RehearsedTenant, read, write
from mcp_platform.tenants.models import TenantRow
from mcp_platform.tenants.tenant import Tenant
from tests import factories

# Where a tenant is, at the vendors and in a cluster, and how it stands.
ITS_OWN = {
    *("id", "client_name", "environment", "status", "topology", "owner_whatsapp", "model_enabled"),
    *("phone_number_id", "waba_id", "calendar_id", "database_role", "cpu_request", "cpu_limit"),
    *("memory_request", "memory_limit", "created_at", "updated_at", "version"),
    *("templates_as_marketing", "reminder_hours", "quiet_from", "quiet_until"),
    "unconfirmed_hours",
}
ACTOR = system("tests")


def test_each_column_of_a_tenant_is_taken_along_or_not_for_a_reason() -> None:
    assert set(COPIED) | ITS_OWN == set(TenantRow.__table__.columns.keys())
    assert not set(COPIED) & ITS_OWN


async def _made(sessions: Sessions) -> Tenant:
    offers = factories.catalogue(calendars={"ze": "ze@example.com"})
    tenant = await factories.add_tenant(
        sessions, offers=offers, address="Rua das Flores, 123", article="a", kind="barber"
    )
    located = LocatedTenant(id=tenant.id, path=tenant.path)
    async with sessions.everywhere.begin() as session:
        answers = TenantAnswers(session, ACTOR, located)
        for title in ("Pix", "Estacionamento"):
            words = {"title": title, "questions": [f"{title}?"], "text": f"{title}: sim."}
            english = {"en": {**words, "approved": title == "Pix"}}
            await answers.create(AnswerWish.model_validate({**words, "translations": english}))
        wish = PhraseWish(wordings=("Opa, por nada!",))
        await TenantPhrases(session, ACTOR, located).replace(
            "welcome", wish, language="pt-BR", versions=None
        )
    return tenant


async def _read(sessions: Sessions, tenant: Tenant) -> RehearsedTenant:
    async with sessions.everywhere.begin() as session:
        return await read(session, tenant)


async def test_a_copy_is_to_its_customers_what_the_tenant_is(sessions: Sessions) -> None:
    original = await _read(sessions, await _made(sessions))
    async with sessions.everywhere.begin() as session:
        made = await write(session, original, client_name="rehearsal-0001", phone_number_id="1")
    copied = await _read(sessions, replace(original.tenant, id=made.id))

    assert copied.catalogue == original.catalogue
    assert {each.calendar_id for each in original.catalogue.professionals} == {None}
    assert copied.columns == original.columns
    assert original.columns["address"] == "Rua das Flores, 123"
    assert copied.wordings == original.wordings
    assert original.wordings["pt-BR"]["welcome"] == ("Opa, por nada!",)
    for language, known in original.known.items():
        told = [(each.title, each.questions, each.text) for each in copied.known[language]]
        assert told == [(each.title, each.questions, each.text) for each in known]
    assert [len(original.known[each]) for each in ("pt-BR", "en", "es")] == [2, 1, 0]


async def test_the_transaction_that_reads_cannot_write(sessions: Sessions) -> None:
    tenant = await _made(sessions)
    async with sessions.everywhere() as session:
        await read(session, tenant)
        with pytest.raises(DBAPIError, match="read-only transaction"):
            await session.execute(update(TenantRow).values(notes="written"))

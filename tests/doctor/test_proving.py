"""Credentials are proved before they are stored, without a trace anywhere."""

from dataclasses import replace

from mcp_platform.doctor.proving import NAMES, SILENT, CredentialProofs, proofs_of, refused
from mcp_platform.doctor.results import CheckResult
from mcp_platform.doctor.sentences import EVERY, SENTENCES
from tests.doctor.examined_tenant import ExaminedTenant


async def test_good_credentials_are_proved_by_every_vendor(here: ExaminedTenant) -> None:
    heard: list[CheckResult] = []

    results = await CredentialProofs(here.examiner).prove(
        here.case.tenant, here.case.secrets, tell=heard.append
    )

    assert [each.check for each in results] == [name for name in NAMES if name != "google.write"]
    assert {each.state for each in results} == {"ok"}
    assert {each.check for each in heard} == {each.check for each in results}
    assert refused(results) == []


async def test_only_what_changes_is_asked_about(here: ExaminedTenant) -> None:
    here.credentials(google_private_key="")

    results = await CredentialProofs(here.examiner).prove(
        here.case.tenant, here.case.secrets, only=proofs_of(["GEMINI_API_KEY"])
    )

    assert [each.check for each in results] == ["gemini.key", "gemini.model"]


async def test_what_a_vendor_refuses_is_a_reason_not_to_save(here: ExaminedTenant) -> None:
    credentials = replace(here.case.secrets, whatsapp_api_token="EAAG-another")

    results = await CredentialProofs(here.examiner).prove(
        here.case.tenant, credentials, language="pt-BR"
    )

    (token,) = refused(results)
    assert token.check == "whatsapp.token"
    assert token.next_step.startswith("Nas configurações do negócio")


async def test_a_vendor_that_is_away_is_no_reason_not_to_save(here: ExaminedTenant) -> None:
    await here.gemini_fault("unavailable")

    results = await CredentialProofs(here.examiner).prove(
        here.case.tenant, here.case.secrets, only=proofs_of(["GEMINI_API_KEY"])
    )

    assert {each.state for each in results} == {"unknown"}
    assert refused(results) == []


async def test_the_calendar_is_only_asked_for_where_one_is_given(here: ExaminedTenant) -> None:
    here.tenant(calendar_id=None)

    results = await CredentialProofs(here.examiner).prove(
        here.case.tenant, replace(here.case.secrets, google_calendar_id="")
    )

    found = {each.check: each.code for each in results}
    assert found["google.token"] == "granted"
    assert found["google.calendar"] == "none"
    assert refused(results) == []


def test_every_way_of_not_answering_counts_as_none() -> None:
    said_of_every_check = {code for check, code in SENTENCES if check == EVERY}

    assert said_of_every_check - {"because"} == SILENT

"""Every check finds what it is for: in good order nothing, and each fault under its own code."""

import inspect
import json
from dataclasses import asdict, replace

import pytest

from mcp_platform.doctor.checks import CHECKS
from mcp_platform.doctor.results import CheckOutcome
from mcp_platform.doctor.sentences import EVERY, SENTENCES, result, state
from mcp_platform.tenants.credentials import CredentialsMissing
from tests.doctor.examined_tenant import APP_SECRET, GEMINI_KEY, TOKEN, VERIFY_TOKEN, ExaminedTenant
from tests.doctor.faults import FAULTS

SECRETS = (APP_SECRET, GEMINI_KEY, TOKEN, VERIFY_TOKEN, "unseen", "PRIVATE KEY-----\n", "user:word")


@pytest.mark.parametrize(("check", "code"), sorted(FAULTS), ids=str)
async def test_each_fault_is_found_under_its_own_code(
    here: ExaminedTenant, check: str, code: str
) -> None:
    put = FAULTS[check, code](here)
    if inspect.isawaitable(put):
        await put

    found = await here.examine()

    assert found[check].code == code, found[check]
    for each in found.values():
        assert each.code != "broken", each
        for language in ("pt-BR", "en"):
            said = json.dumps(asdict(result(each, language=language)), ensure_ascii=False)
            assert not [secret for secret in SECRETS if secret in said]


def test_every_sentence_has_a_fault_that_leads_to_it() -> None:
    assert {(check, code) for check, code in SENTENCES if check != EVERY} == FAULTS.keys()


async def test_a_tenant_in_good_order_has_nothing_but_ok(here: ExaminedTenant) -> None:
    found = await here.examine()

    assert {name: state(each) for name, each in found.items()} == {
        check.name: "ok" for check in CHECKS if check.name != "google.write"
    }


async def test_the_template_of_notices_is_looked_for_in_the_tenants_language(
    here: ExaminedTenant,
) -> None:
    here.tenant(language="en")
    found = (await here.examine())["whatsapp.template"]
    assert (found.code, found.details["language"]) == ("absent", "en")

    here.template(language="en")
    assert (await here.examine())["whatsapp.template"].code == "approved"


async def test_where_no_cluster_is_in_sight_nothing_is_said_of_a_rollout(
    here: ExaminedTenant,
) -> None:
    here.tenant(topology="isolated")

    assert "tenant.rollout" not in await here.examine()


async def test_what_cannot_be_known_says_because_of_what(here: ExaminedTenant) -> None:
    missing = CredentialsMissing("There is none.")
    here.case = replace(here.case, credentials=None, unreadable=missing)

    found = await here.examine()

    assert found["google.key"] == CheckOutcome("google.key", "because", {"checks": "secret"})
    assert found["google.calendar"].details == {"checks": "google.token"}
    said = result(found["google.calendar"], language="en")
    assert said.state == "unknown"
    assert "Google: token" in said.what
    assert found["owner.number"].code == "set"


async def test_an_expired_token_is_found_although_the_number_cannot_be_asked(
    here: ExaminedTenant,
) -> None:
    FAULTS["whatsapp.token", "expired"](here)
    here.meta_fault("token_expired", kind="node")

    found = await here.examine()

    assert found["whatsapp.token"].code == "expired"
    assert found["whatsapp.number"].details == {"checks": "whatsapp.token"}


async def test_a_spent_quota_is_told_once_with_what_to_do(here: ExaminedTenant) -> None:
    await here.gemini_fault("quota")

    found = await here.examine()

    assert found["gemini.key"].code == "quota_spent"
    assert found["gemini.model"] == CheckOutcome(
        "gemini.model", "because", {"checks": "gemini.key"}
    )


async def test_a_callback_elsewhere_is_shown_with_its_port_and_without_secrets(
    here: ExaminedTenant,
) -> None:
    FAULTS["whatsapp.callback", "elsewhere"](here)

    found = await here.examine()

    assert found["whatsapp.callback"].details["actual"] == "https://old.example.com:8443/hook"


async def test_a_wrong_app_secret_does_not_hide_how_the_number_is(here: ExaminedTenant) -> None:
    here.credentials(whatsapp_app_secret="another")

    found = await here.examine()

    assert found["whatsapp.token"].code == "because"
    assert found["whatsapp.number"].code == "connected"


async def test_one_examination_asks_meta_as_often_as_the_budget_says(here: ExaminedTenant) -> None:
    from mcp_platform.doctor.checks_whatsapp import CALLS  # noqa: PLC0415  # beside its use

    await here.http.delete(f"{here.urls['meta']}/_control/requests")

    await here.examine()

    asked = (await here.http.get(f"{here.urls['meta']}/_control/requests")).json()["requests"]
    assert len(asked) == CALLS


async def test_the_calendar_of_every_professional_is_looked_at(here: ExaminedTenant) -> None:
    (ze,) = here.case.catalogue.professionals
    here.offers(
        professionals=(ze, replace(ze, id="ana", name="Ana", calendar_id="ana@example.com"))
    )

    found = await here.examine()

    assert found["google.calendar"].code == "not_found"
    assert found["google.calendar"].details["calendar"] == "ana@example.com"


async def test_a_test_event_leaves_nothing_in_the_calendar(here: ExaminedTenant) -> None:
    here.case = replace(here.case, write=True)

    await here.examine(only={"google.key", "google.token", "google.calendar", "google.write"})

    calendar = here.case.calendar_id
    events = (await here.google.get(f"/_control/calendars/{calendar}/events")).json()["events"]
    assert [event["status"] for event in events] == ["cancelled"]
    assert events[0]["visibility"] == "private"


async def test_fixing_points_the_number_alone_and_keeps_what_the_account_had(
    here: ExaminedTenant,
) -> None:
    account = here.meta.state.waba(here.case.secrets.whatsapp_business_account_id)
    account.override_url = "https://other-tenant.example.com/hook"
    here.number.override_url = None
    here.case = replace(here.case, fix=True)

    found = await here.examine()

    assert found["whatsapp.callback"].code == "overridden_now"
    assert here.number.override_url == found["whatsapp.callback"].details["expected"]
    assert account.override_url == "https://other-tenant.example.com/hook"


async def test_without_being_told_nothing_is_changed_anywhere(here: ExaminedTenant) -> None:
    here.meta.state.waba(here.case.secrets.whatsapp_business_account_id).subscribed.clear()
    here.number.override_url = None

    await here.examine()

    assert not here.meta.state.waba(here.case.secrets.whatsapp_business_account_id).subscribed
    assert here.number.override_url is None
    for vendor in ("meta", "google", "gemini"):
        asked = (await here.http.get(f"{here.urls[vendor]}/_control/requests")).json()["requests"]
        writes = [each["path"] for each in asked if each["method"] != "GET"]
        assert [path for path in writes if path != "/token"] == []

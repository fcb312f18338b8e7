"""A new client: step by step, resumed by anybody, made in one transaction; and going live."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from mcp_platform.audit.actor import Actor
from mcp_platform.onboarding.desk import DraftDesk
from mcp_platform.onboarding.drafts import KEPT_FOR, DraftWish
from tests.console.browser import PlainBrowser
from tests.console.test_catalogue import marked
from tests.console.test_pages import CORPUS
from tests.platform_api import Api

STEPS: dict[str, dict[str, str]] = {
    "business": {
        "kind": "salon", "article": "o", "language": "pt-BR", "time_zone": "America/Sao_Paulo",
        "owner_whatsapp": "(11) 98765-4321", "minimum_notice": "2h",
    },
    "services": {
        "row.0.name": "Corte", "row.0.minutes": "30", "row.0.price": "80,00",
        "row.1.name": "Escova", "row.1.minutes": "45", "row.2.minutes": "30",
    },
    "people": {
        "row.0.name": "Bela", "row.0.hours": "seg-sex 9h-18h", "row.0.does.0": "yes",
    },
    "answers": {"answers.payment": "Pix e cartão.", "answers.wifi": " "},
}  # fmt: skip


async def signed_in(api: Api, browser: PlainBrowser, role: str = "operator") -> None:
    user = await api.make_user(role)  # type: ignore[arg-type]  # one of the four
    await browser.sign_in(user.email)


async def begun(browser: PlainBrowser, name: str = "Studio Bela") -> str:
    """Answer the first step; return the path of the draft."""
    answer = await browser.post("/new", business_name=name, environment="production", follow=False)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].removeprefix("/console").rpartition("/")[0]


async def answered(browser: PlainBrowser, draft: str) -> None:
    for step, fields in STEPS.items():
        page = f"{draft}/{step}"
        answer = await browser.post(page, do="next", follow=False, **fields)
        assert answer.status_code == 303, (step, answer.text)


async def asked(api: Api, path: str) -> Any:
    token = await api.sign_in("viewer")
    answer = await api.ask("GET", f"/admin{path}", token=token)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_what_is_answered_is_made_at_the_end_and_not_before(
    api: Api, browser: PlainBrowser
) -> None:
    await signed_in(api, browser)
    draft = await begun(browser)
    await answered(browser, draft)
    assert await api.sql("SELECT 1 FROM clients") == []
    review = await browser.get(f"{draft}/review")
    for said in ("Studio Bela", "studio-bela", "Escova", "seg-sex 9h-18h", "1 resposta"):
        assert said in review.text
    page = await browser.post(f"{draft}/review")
    assert "O cliente foi criado" in page.text
    at = "/clients/studio-bela/environments/production"
    facts = await asked(api, at)
    assert (facts["business_name"], facts["article"], facts["kind"]) == (
        "Studio Bela",
        "o",
        "salon",
    )
    assert (facts["owner_whatsapp"], facts["minimum_notice_minutes"]) == ("5511987654321", 120)
    services = (await asked(api, f"{at}/services"))["items"]
    assert [(each["name"], each["price_cents"]) for each in services] == [
        ("Corte", 8000), ("Escova", None),
    ]  # fmt: skip
    (person,) = (await asked(api, f"{at}/professionals"))["items"]
    assert person["service_ids"] == ["corte"]
    answers = (await asked(api, f"{at}/answers"))["items"]
    assert [each["text"] for each in answers] == ["Pix e cartão."]
    assert await api.sql("SELECT 1 FROM client_drafts") == []

    overview = await browser.get("/t/studio-bela/production")
    assert "O que falta" in overview.text
    assert "Definir as credenciais: WhatsApp" in overview.text


async def test_somebody_else_goes_on_with_it_where_it_was_left(
    api: Api, browser: PlainBrowser
) -> None:
    await signed_in(api, browser)
    draft = await begun(browser)
    await browser.post(f"{draft}/business", do="next", **STEPS["business"])
    other = PlainBrowser(api)
    await signed_in(api, other, "admin")
    page = await other.get("/new")
    assert f'href="/console{draft}/services"' in page.text
    page = await other.get(f"{draft}/business")
    assert 'value="5511987654321"' in page.text
    page = await other.post(f"{draft}/step/remove", page="/new")
    assert "jogado fora" in page.text
    assert (await browser.get(f"{draft}/services")).status_code == 404


async def test_a_draft_is_gone_after_thirty_days(api: Api, browser: PlainBrowser) -> None:
    await signed_in(api, browser)
    draft = await begun(browser)
    await api.sql(
        "UPDATE client_drafts SET changed_at = :at", at=api.clock() - KEPT_FOR + timedelta(hours=1)
    )
    assert draft in (await browser.get("/new")).text
    await api.sql(
        "UPDATE client_drafts SET changed_at = :at",
        at=api.clock() - KEPT_FOR - timedelta(minutes=1),
    )
    assert draft not in (await browser.get("/new")).text
    assert (await browser.get(f"{draft}/services")).status_code == 404
    await begun(browser, "Another")
    assert len(await api.sql("SELECT 1 FROM client_drafts")) == 1


@pytest.mark.parametrize(
    ("step", "field", "fields"),
    [
        ("business", "owner_whatsapp", {"owner_whatsapp": "123"}),
        ("business", "time_zone", {"time_zone": "Nowhere"}),
        ("business", "minimum_notice", {"minimum_notice": "soon"}),
        ("services", "row.1.minutes", {"row.1.minutes": "x"}),
        ("services", "row.0.price", {"row.0.price": "much"}),
        ("services", "row.0.name", {"row.1.name": "Corte"}),
        ("services", "row.0.name", {"row.0.name": "", "row.1.name": ""}),
        ("people", "row.0.hours", {"row.0.hours": "sometimes"}),
        ("people", "row.0.calendar", {"row.0.calendar": "primary"}),
        ("answers", "answers.payment", {"answers.payment": "x" * 601}),
    ],
)
async def test_what_will_not_do_is_said_at_its_field_and_the_form_is_kept(
    api: Api, browser: PlainBrowser, step: str, field: str, fields: dict[str, str]
) -> None:
    await signed_in(api, browser)
    draft = await begun(browser)
    if step == "people":
        await browser.post(f"{draft}/services", do="next", **STEPS["services"])
    before = await api.sql("SELECT answers FROM client_drafts")
    page = await browser.post(f"{draft}/{step}", do="next", **{**STEPS[step], **fields})
    assert page.status_code == 422
    assert marked(page.text) == {field}
    for value in {**STEPS[step], **fields}.values():
        if value.strip() and value != "yes":
            assert value in page.text
    assert await api.sql("SELECT answers FROM client_drafts") == before


async def test_a_client_that_is_there_is_told_at_once(api: Api, browser: PlainBrowser) -> None:
    await api.make_tenant(client="shop")
    await signed_in(api, browser)
    page = await browser.post("/new", business_name="Shop", environment="production")
    assert page.status_code == 422
    assert marked(page.text) == {"client_name"}
    page = await browser.post("/new", business_name="Shop", environment="staging")
    assert page.status_code == 200


async def test_more_rows_keep_what_stands_in_them(api: Api, browser: PlainBrowser) -> None:
    await signed_in(api, browser)
    draft = await begun(browser)
    page = await browser.post(f"{draft}/services", do="more", **STEPS["services"])
    assert 'value="Escova"' in page.text
    assert len(re.findall(r'name="row\.\d+\.name"', page.text)) > 5


async def test_what_is_not_answered_is_not_made(api: Api, browser: PlainBrowser) -> None:
    await signed_in(api, browser)
    draft = await begun(browser)
    page = await browser.get(f"{draft}/review")
    assert "Criar o cliente" not in page.text
    page = await browser.post(f"{draft}/review")
    assert page.status_code == 422
    assert "Falta alguma resposta" in page.text


async def test_of_two_who_answer_a_draft_at_once_neither_is_forgotten(
    api: Api, browser: PlainBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    await signed_in(api, browser)
    draft = await begun(browser)
    update = DraftDesk.update
    met: list[UUID] = []

    async def overtaken(
        self: DraftDesk, actor: Actor, draft_id: UUID, *given: Any, **more: Any
    ) -> Any:
        if not met:
            met.append(draft_id)
            there = await self.get(actor, draft_id)
            theirs = DraftWish(answers={**there.answers, "address": "Rua das Flores, 1"})
            await update(self, actor, draft_id, theirs, versions=None)
        return await update(self, actor, draft_id, *given, **more)

    monkeypatch.setattr(DraftDesk, "update", overtaken)
    late = await browser.post(f"{draft}/answers", do="next", **STEPS["answers"])
    assert late.status_code == 412
    assert "Rua das Flores, 1" in (await browser.get(f"{draft}/business")).text


async def test_drafts_by_api_hold_no_secret_and_are_of_who_may_make_clients(api: Api) -> None:
    operator, viewer = await api.sign_in("operator"), await api.sign_in("viewer")
    made = await api.ask(
        "POST", "/admin/drafts", token=operator,
        json={"answers": {"business_name": "Bela", "client_name": "bela"}},
    )  # fmt: skip
    assert made.status_code == 201, made.text
    draft = f"/admin/drafts/{made.json()['id']}"
    assert made.json()["missing"] == ["environments", "services", "professionals"]
    for answers in (
        {"credentials": {"production": {"GEMINI_API_KEY": "AIza-secret"}}},
        {"nonsense": 1},
        {"client_name": "UPPER"},
    ):
        wrong = await api.ask(
            "PUT", draft, token=operator, json={"answers": answers}, headers={"if-match": "*"}
        )
        assert wrong.status_code == 422, wrong.text
        assert "AIza-secret" not in wrong.text
    stale = await api.ask(
        "PUT", draft, token=operator, json={"answers": {}}, headers={"if-match": '"7"'}
    )
    assert stale.status_code == 412
    refused = await api.ask("POST", f"{draft}/register", token=operator)
    assert refused.status_code == 422
    assert {each["field"] for each in refused.json()["errors"]} == {
        "environments",
        "services",
        "professionals",
    }
    for method, path in (("GET", "/admin/drafts"), ("GET", draft), ("DELETE", draft)):
        assert (await api.ask(method, path, token=viewer)).status_code == 403
    assert (await api.ask("DELETE", draft, token=operator)).status_code == 204
    assert (await api.ask("GET", draft, token=operator)).status_code == 404


async def test_a_verify_token_is_made_and_shown_once(api: Api, browser: PlainBrowser) -> None:
    path = await api.make_tenant()
    await signed_in(api, browser)
    page = f"/t/{path}/live"
    shown = await browser.post(f"{page}/token", page=page)
    (token,) = re.findall(r'<code id="token">([\w-]{32})</code>', shown.text)
    assert f"/{path}/api/v1/webhooks/whatsapp</code>" in shown.text
    again = await browser.get(page)
    assert token not in again.text
    assert "Há um token definido" in again.text


async def test_of_pods_that_do_not_run_yet_it_is_said_that_nobody_answers(
    api: Api, browser: PlainBrowser
) -> None:
    path = await api.make_tenant()
    await signed_in(api, browser)
    assert "pods próprios" not in (await browser.get(f"/t/{path}/live")).text
    await api.sql("UPDATE tenants SET topology = 'isolated'")
    api.platform.shared.tenants.forget()
    page = await browser.get(f"/t/{path}/live")
    assert "enquanto não for publicado" in page.text
    assert f'href="/console/t/{path}/deployment"' in page.text


async def test_the_code_to_write_to_the_number_is_of_what_meta_told(
    api: Api, browser: PlainBrowser
) -> None:
    path = await api.make_tenant()
    await signed_in(api, browser)
    page = await browser.get(f"/t/{path}/live")
    assert "O número ainda não é conhecido" in page.text
    await api.sql(
        "INSERT INTO doctor_results (tenant_id, name, state, code, details, since, checked_at)"
        " SELECT id, 'whatsapp.number', 'ok', 'connected',"
        """ '{"number": "+55 11 91234-5678", "status": "CONNECTED"}', now(), now() FROM tenants"""
    )
    page = await browser.get(f"/t/{path}/live")
    assert 'href="https://wa.me/5511912345678?text=oi"' in page.text
    assert 'class="qr"' in page.text


async def test_answers_are_shown_as_text(api: Api, browser: PlainBrowser) -> None:
    await signed_in(api, browser)
    for number, text in enumerate(CORPUS):
        answer = await browser.post(
            "/new", business_name=text, client_name=f"x-{number}", environment="staging"
        )
        if answer.status_code == 422:
            continue
        (draft,) = set(re.findall(r"/console(/new/[0-9a-f-]{36})/client", answer.text))
        await browser.post(
            f"{draft}/services", do="next", **{"row.0.name": text, "row.0.minutes": "30"}
        )
        for page in (
            "/new",
            f"{draft}/client",
            f"{draft}/services",
            f"{draft}/people",
            f"{draft}/review",
        ):
            shown = await browser.get(page)
            for opened in ("<script>alert", "<img src=x", "<svg/onload", ">49<"):
                assert opened not in shown.text, page

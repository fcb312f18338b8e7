"""Answers, wordings, settings and the trail: what is saved is what the API reads."""

import re
from html import unescape

import pytest

from tests.console.browser import PlainBrowser
from tests.console.test_catalogue import VERSION, marked, read, version
from tests.console.test_pages import CORPUS
from tests.platform_api import Api

ANSWER = {
    "title": "Estacionamento",
    "questions": "Tem estacionamento?\nOnde paro o carro?",
    "text": "Sim, na rua de trás.",
}


@pytest.fixture
async def shop(api: Api, browser: PlainBrowser) -> str:
    path = await api.make_tenant()
    user = await api.make_user("operator", email="ana@example.com")
    await browser.sign_in(user.email)
    return path


async def test_an_answer_is_added_changed_and_removed(
    api: Api, browser: PlainBrowser, shop: str
) -> None:
    page = await browser.post(f"/t/{shop}/answers/_new", **ANSWER)
    assert "Resposta criada" in page.text
    (answer,) = (await read(api, shop, "answers"))["items"]
    assert (answer["title"], answer["questions"], answer["condition"]) == (
        "Estacionamento", ["Tem estacionamento?", "Onde paro o carro?"], False,
    )  # fmt: skip
    edit = f"/t/{shop}/answers/{answer['id']}"
    seen = await version(browser, edit)
    await browser.post(edit, version=seen, **{**ANSWER, "text": "Não."}, condition="yes")
    (answer,) = (await read(api, shop, "answers"))["items"]
    assert (answer["text"], answer["condition"]) == ("Não.", True)
    page = await browser.post(edit, version=seen, **ANSWER)
    assert page.status_code == 412
    assert "<bdi>Não.</bdi></td><td><bdi>Sim, na rua de trás.</bdi>" in page.text
    await browser.post(f"{edit}/remove", page=edit, version=await version(browser, edit))
    assert (await read(api, shop, "answers"))["items"] == []


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("title", {"title": " "}),
        ("questions", {"questions": "\n\n"}),
        ("questions", {"questions": "Tem vaga?\nTem VAGA?"}),
        ("text", {"text": "x" * 601}),
    ],
)
async def test_what_is_wrong_with_an_answer_is_said_at_its_field(
    api: Api, browser: PlainBrowser, shop: str, field: str, fields: dict[str, str]
) -> None:
    page = await browser.post(f"/t/{shop}/answers/_new", **{**ANSWER, **fields})
    assert page.status_code == 422
    assert marked(page.text) == {field}
    assert (await read(api, shop, "answers"))["items"] == []


async def test_a_phrase_is_said_in_own_words_and_in_ours_again(
    api: Api, browser: PlainBrowser, shop: str
) -> None:
    page = f"/t/{shop}/wording/ask_help"
    shown = await browser.post(page, version="0", **{"wording.0": "Pois não, {o_nobody}?"})
    assert shown.status_code == 422
    assert marked(shown.text) == {"wording.0"}
    shown = await browser.post(page, version="0", **{"wording.0": "Em que posso servir?"})
    assert "é dito assim" in shown.text
    phrase = await read(api, shop, "phrases/ask_help")
    assert phrase["own"] == ["Em que posso servir?"]
    shown = await browser.get(f"/t/{shop}/wording", params={"own": "yes"})
    assert "Em que posso servir?" in shown.text
    assert shown.text.count("/wording/ask_help") == 1
    seen = VERSION.findall((await browser.get(page)).text)[0]
    await browser.post(f"{page}/reset", page=page, version=seen)
    assert (await read(api, shop, "phrases/ask_help"))["own"] is None


async def test_a_phrase_of_safety_keeps_its_words(browser: PlainBrowser, shop: str) -> None:
    listed = await browser.get(f"/t/{shop}/wording")
    fixed = re.findall(
        r"/wording/(\w+)\"><span[^>]*>[^<]*</span><small>\w+ · segurança", listed.text
    )
    assert fixed
    shown = await browser.get(f"/t/{shop}/wording/{fixed[0]}")
    assert "É sobre segurança" in shown.text
    assert "Dizer assim" not in shown.text


async def test_settings_are_those_of_the_api(api: Api, browser: PlainBrowser, shop: str) -> None:
    page = f"/t/{shop}/settings"
    given = {
        "language": "pt-BR", "time_zone": "America/Sao_Paulo", "holidays_of": "BR-SP",
        "slot_step_minutes": "15", "minimum_notice_minutes": "60", "horizon_days": "30",
        "owner_whatsapp": "(11) 98765-4321", "address": "Rua A, 1", "free_days_close": "yes",
        "kind": "barber", "article": "a", "reminder_hours": "48 3", "quiet_from": "20:00",
        "quiet_until": "09:30", "unconfirmed_hours": "", "templates_as_marketing": "yes",
    }  # fmt: skip
    seen = await version(browser, page)
    shown = await browser.post(page, version=seen, **given)
    assert "Salvo." in shown.text
    facts = await read(api, shop, "")
    assert [facts[each] for each in ("reminder_hours", "quiet_from", "quiet_until")] == [
        *([48, 3], "20:00", "09:30")
    ]
    assert facts["unconfirmed_hours"] is None
    assert facts["templates_as_marketing"]
    assert (facts["holidays_of"], facts["owner_whatsapp"], facts["model_enabled"]) == (
        "BR-SP", "5511987654321", False,
    )  # fmt: skip
    shown = await browser.post(page, version=seen, **{**given, "horizon_days": "60"})
    assert shown.status_code == 412
    assert "<bdi>30</bdi></td><td><bdi>60</bdi>" in shown.text
    again = VERSION.findall(shown.text)[0]
    for field, wrong in (("owner_whatsapp", "1"), ("horizon_days", "x"), ("time_zone", "Nowhere"),
                         ("reminder_hours", "24 x"), ("quiet_from", "9h")):  # fmt: skip
        shown = await browser.post(page, version=again, **{**given, field: wrong})
        assert shown.status_code == 422
        assert marked(shown.text) == {field}


async def test_the_trail_shows_what_it_was_before_and_after(
    api: Api, browser: PlainBrowser, shop: str
) -> None:
    await api.sql("UPDATE clients SET business_name = 'A'")
    page = f"/t/{shop}/settings"
    await browser.post(
        f"/t/{shop}/suspend", page=f"/t/{shop}", version=await version(browser, page)
    )
    shown = await browser.get(f"/t/{shop}/audit")
    assert "<del><bdi>active</bdi></del> <ins><bdi>suspended</bdi></ins>" in shown.text
    assert "ana@example.com" in shown.text
    for path, found in (("/audit?action=tenant.update", True), ("/audit?action=x.y", False)):
        shown = await browser.get(path)
        assert ("<code>tenant.update</code>" in shown.text) is found


async def test_the_trail_has_pages(api: Api, browser: PlainBrowser, shop: str) -> None:
    await api.sql(
        "INSERT INTO audit_entries (actor_kind, actor, role, action, target)"
        " SELECT 'system', 'tests', 'admin', 'thing.' || n, 'x' FROM generate_series(1, 120) n"
    )
    path, seen = "/audit?actor=tests", 0
    while path:
        shown = unescape((await browser.get(path)).text)
        seen += shown.count("<code>thing.")
        following = re.findall(r'href="/console(/audit\?[^"]*cursor=[^"]*)"', shown)
        path = following[-1] if following else ""
    assert seen == 120


async def test_what_is_said_is_shown_as_text(api: Api, browser: PlainBrowser, shop: str) -> None:
    await browser.post(f"/t/{shop}/answers/_new", **ANSWER)
    (answer,) = (await read(api, shop, "answers"))["items"]
    for text in CORPUS:
        await api.sql("UPDATE answer_texts SET title = :text, text = :text", text=text)
        await api.sql("UPDATE tenants SET address = :text, notes = :text", text=text)
        await api.sql(
            "INSERT INTO audit_entries (actor_kind, actor, role, action, target, after)"
            " VALUES ('system', :text, 'admin', :text, :text, jsonb_build_object(:text ::text, :text ::text))",
            text=text,
        )
        for page in ("answers", f"answers/{answer['id']}", "settings"):
            await _only_text(browser, f"/t/{shop}/{page}")
        await _only_text(browser, "/audit")


async def _only_text(browser: PlainBrowser, page: str) -> None:
    shown = await browser.get(page)
    assert shown.status_code == 200, page
    for opened in ("<script>alert", "<img src=x", "<svg/onload", ">49<"):
        assert opened not in shown.text, page

"""Notes of staff on a contact, and the search for conversations: in the console and by the API."""

from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import text

from mcp_platform.conversations import conversations
from mcp_platform.conversations.notes import MOST_NOTES
from tests.console.browser import TOKEN, PlainBrowser
from tests.console.test_conversations import enter, talk
from tests.console.test_pages import CORPUS
from tests.platform_api import Api


def tenant_path(path: str) -> str:
    return f"/admin/clients/{path.replace('/', '/environments/')}"


def api_path(path: str) -> str:
    return f"{tenant_path(path)}/conversations"


async def test_a_note_is_written_read_and_removed_and_nobody_is_sent_it(
    api: Api, browser: PlainBrowser
) -> None:
    here = await talk(api)
    await enter(api, browser)
    page = await browser.post(
        f"{here.path}/notes", page=here.path, note="Alérgica a amônia\r\nCuidado"
    )
    assert "Anotado." in page.text
    assert "Alérgica a amônia\nCuidado" in page.text
    assert await api.sql("SELECT key FROM outbox") == []
    assert await api.sql("SELECT id FROM messages") == []
    [note] = await api.sql("SELECT id FROM contact_notes")
    page = await browser.post(f"{here.path}/notes/remove", page=here.path, which=str(note.id))
    assert "Anotação apagada." in page.text
    assert await api.sql("SELECT id FROM contact_notes") == []
    assert (await api.audited())[-2:] == ["conversation.note", "conversation.remove_note"]
    gone = await browser.post(f"{here.path}/notes/remove", page=here.path, which=str(note.id))
    assert gone.status_code == 404
    assert (
        await browser.post(f"{here.path}/notes/remove", page=here.path, which="x")
    ).status_code == 404


async def test_what_cannot_be_kept_stays_in_the_form_with_the_reason(
    api: Api, browser: PlainBrowser
) -> None:
    here = await talk(api)
    await enter(api, browser)
    page = await browser.post(f"{here.path}/notes", page=here.path, note="x" * 1001)
    assert page.status_code == 422
    assert "de 1 a 1.000 caracteres" in page.text
    assert "x" * 1001 in page.text
    await api.sql(
        "INSERT INTO contact_notes (tenant_id, id, contact_id, text, by, at)"
        " SELECT :tenant, gen_random_uuid(), :contact, 'n', 'ana', now()"
        " FROM generate_series(1, :most)",
        tenant=here.tenant_id, contact=here.contact, most=MOST_NOTES,
    )  # fmt: skip
    page = await browser.post(f"{here.path}/notes", page=here.path, note="mais uma")
    assert page.status_code == 409
    assert "apague uma antes" in page.text


async def test_a_viewer_reads_notes_without_numbers_and_writes_none(
    api: Api, browser: PlainBrowser
) -> None:
    here = await talk(api)
    token = await api.sign_in("operator")
    at = f"{api_path(here.tenant)}/{here.contact}/notes"
    made = await api.ask("POST", at, token=token, json={"text": "Liga no 5511987654321"})
    assert made.status_code == 201, made.text
    await enter(api, browser, "viewer")
    page = await browser.get(here.path)
    assert "Liga no" in page.text
    assert "5511987654321" not in page.text
    assert "Nova anotação" not in page.text
    viewer = await api.sign_in("viewer")
    [shown] = (await api.ask("GET", at, token=viewer)).json()["notes"]
    assert "5511987654321" not in shown["text"]
    assert (await api.ask("POST", at, token=viewer, json={"text": "x"})).status_code == 403
    assert (await api.ask("DELETE", f"{at}/{made.json()['id']}", token=token)).status_code == 204
    assert (await api.ask("GET", at, token=token)).json() == {"notes": []}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("bia", True),
        ("BÍA", True),
        ("98765-4321", True),
        ("+55 11 98765", True),
        ("ESTACIONÁMENTO", True),
        ("100%", True),
        ("0%", True),
        ("1_0", False),
        ("321", False),
        ("Carla", False),
    ],
)
async def test_conversations_are_found_by_name_number_and_words(
    api: Api, browser: PlainBrowser, words: str, *, found: bool
) -> None:
    here, other = await talk(api), await talk(api, name="Ana", wa_id="5511911112222")
    await here.say("contact", "Tem estacionamento? Pago 100% antes")
    await other.say("contact", "Oi")
    await enter(api, browser)
    page = await browser.post(f"{here.list}/search", page=here.list, words=words)
    assert page.status_code == 200
    assert str(page.url).endswith("/conversations/search"), "who is looked for is in no address"
    assert (str(here.contact) in page.text) == found
    assert "data-live" not in page.text, "what was found is not replaced by news"
    token = await api.sign_in("operator")
    answer = await api.ask(
        "POST",
        f"{tenant_path(here.tenant)}/conversation-search",
        token=token,
        json={"words": words},
    )
    assert [each["id"] for each in answer.json()["conversations"]] == [str(here.contact)] * found


async def test_a_viewer_finds_nobody_by_a_number(api: Api, browser: PlainBrowser) -> None:
    here = await talk(api)
    await enter(api, browser, "viewer")
    page = await browser.post(f"{here.list}/search", page=here.list, words="98765-4321")
    assert str(here.contact) not in page.text
    page = await browser.post(f"{here.list}/search", page=here.list, words="b")
    assert "Conversas, quem escreveu" in page.text, "too little to look for: the list"


async def test_a_search_that_takes_too_long_is_given_up_and_says_so(
    api: Api, browser: PlainBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = await talk(api)
    await enter(api, browser)
    token = await api.sign_in("operator")
    monkeypatch.setattr(conversations, "SEARCH_WITHIN", timedelta(milliseconds=50))
    everywhere = api.platform.shared.admin_sessions.everywhere
    shown = await browser.get(here.list)
    async with everywhere.begin() as session:  # nobody can read them until this ends
        await session.execute(text("LOCK TABLE messages"))
        page = await browser.post(
            f"{here.list}/search", token=TOKEN.findall(shown.text)[0], words="bia"
        )
        answer = await api.ask(
            "POST",
            f"{tenant_path(here.tenant)}/conversation-search",
            token=token,
            json={"words": "bia"},
        )
    assert page.status_code == 503
    assert "A busca demorou demais" in page.text
    assert "Nada encontrado" not in page.text, "nothing says that there is none"
    assert 'value="bia"' in page.text
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "30"


@pytest.mark.parametrize(
    ("words", "found"),
    [("97777", False), ("7777-12", False), ("11 9", False), ("numero e", True), ("as 1030", True)],
)
async def test_a_viewer_finds_by_what_they_see_only(
    api: Api, browser: PlainBrowser, words: str, *, found: bool
) -> None:
    here = await talk(api, name="Bia 11 97777-1234")
    await here.say("contact", "Meu número é (11) 97777-1234, ligue às 1030")
    await enter(api, browser, "viewer")
    page = await browser.post(f"{here.list}/search", page=here.list, words=words)
    assert (str(here.contact) in page.text) == found


async def test_notes_and_what_is_looked_for_are_shown_as_text(
    api: Api, browser: PlainBrowser
) -> None:
    here = await talk(api)
    await enter(api, browser)
    for bad in CORPUS:
        page = await browser.post(f"{here.path}/notes", page=here.path, note=bad)
        assert bad not in page.text or "<" not in bad
        page = await browser.post(f"{here.list}/search", page=here.list, words=bad)
        assert bad not in page.text or "<" not in bad
        assert bad.strip()[:20] in unescape(page.text)


async def test_notes_go_with_their_contact_and_are_in_the_export(api: Api) -> None:
    here = await talk(api)
    token = await api.sign_in("operator")
    at = f"{api_path(here.tenant)}/{here.contact}"
    await api.ask("POST", f"{at}/notes", token=token, json={"text": "Prefere sábado"})
    told = await api.ask("GET", f"{at}/data", token=token)
    assert [each["text"] for each in told.json()["notes"]] == ["Prefere sábado"]

"""Conversations in the console: read, taken over, answered and handed back, as by the API."""

import json
import re
import uuid
from datetime import timedelta
from html import unescape

import httpx
import pytest
from sqlalchemy import Engine, event

from mcp_platform.console.attention_pages import WaitingCount
from mcp_platform.console.browser import token_of
from mcp_platform.console.conversations.pages import MESSAGES, ROWS
from mcp_platform.conversations.messages import Message, Messages
from mcp_platform.kit.sql import Driver, Sql
from tests.console.asking import ASKING
from tests.console.browser import PlainBrowser
from tests.console.test_pages import CORPUS
from tests.factories import add_contact, add_tenant
from tests.platform_api import Api

KEY = re.compile(r'name="key" value="([^"]+)"')
WORDS = re.compile(r'<p class="words"><bdi>(.*?)</bdi>', re.DOTALL)


class Talk:
    """A conversation in the database of an API, and its place in the console."""

    def __init__(self, api: Api, path: str, tenant_id: int, contact: uuid.UUID) -> None:
        self.api, self.tenant, self.tenant_id, self.contact = api, path, tenant_id, contact
        self.list = f"/t/{path}/conversations"
        self.path = f"{self.list}/{contact}"

    async def say(self, author: str, text: str, **content: object) -> None:
        """Write a message down now, under a key that its text makes."""
        message = Message(author, text, self.api.clock(), f"k:{text}"[:200], content or None)  # type: ignore[arg-type]  # an author
        async with self.api.platform.shared.admin_sessions.everywhere.begin() as session:
            await Messages(session, self.tenant_id).write(self.contact, [message], turn_id=None)  # type: ignore[arg-type]  # ids

    async def key(self, browser: PlainBrowser) -> str:
        """Return the key of the form for a reply, as the page has it now."""
        page = await browser.get(self.path)
        return KEY.findall(page.text)[0]


async def talk(api: Api, *, path: str | None = None, tenant_id: int = 0, **contact: object) -> Talk:
    """Make a conversation whose contact has just written, of a tenant or of a new one."""
    sessions = api.platform.shared.admin_sessions
    if path is None:
        tenant = await add_tenant(sessions)
        path, tenant_id = tenant.path, tenant.id
    values = {"name": "Bia", "wa_id": "5511987654321", "last_inbound_at": api.clock(), **contact}
    return Talk(api, path, tenant_id, await add_contact(sessions, tenant_id, **values))  # type: ignore[arg-type]  # an id


async def enter(api: Api, browser: PlainBrowser, role: str = "operator", **more: str) -> str:
    """Sign in as a new user of this role; return their e-mail address."""
    user = await api.make_user(role, **more)  # type: ignore[arg-type]  # one of the four
    await browser.sign_in(user.email)
    return user.email


async def test_a_person_takes_answers_and_hands_back_by_forms(
    api: Api, browser: PlainBrowser
) -> None:
    here = await talk(api)
    await here.say("contact", "Quero falar com alguém")
    await enter(api, browser)
    page = await browser.get(here.path)
    assert "O assistente responde nesta conversa" in page.text
    assert 'name="text"' not in page.text

    page = await browser.post(f"{here.path}/take", page=here.path)
    assert "A conversa é sua" in page.text
    assert "Está com você até" in page.text
    key = KEY.findall(page.text)[0]
    page = await browser.post(
        f"{here.path}/reply", page=here.path, key=key, text="Oi, aqui é o Zé\r\nEm que ajudo?"
    )
    assert WORDS.findall(page.text)[-1] == "Oi, aqui é o Zé\nEm que ajudo?"
    assert "na fila" in page.text
    [queued] = await api.sql("SELECT body FROM outbox")
    assert "Em que ajudo?" in str(queued.body)

    page = await browser.post(f"{here.path}/return", page=here.path)
    assert "O assistente responde de novo" in page.text
    assert (await api.audited())[-3:] == [
        "conversation.take", "conversation.reply", "conversation.return",
    ]  # fmt: skip


async def test_a_form_that_is_sent_twice_is_one_message(api: Api, browser: PlainBrowser) -> None:
    here = await talk(api)
    await enter(api, browser)
    await browser.post(f"{here.path}/take", page=here.path)
    key = await here.key(browser)
    for _ in range(2):
        page = await browser.post(f"{here.path}/reply", page=here.path, key=key, text="Oi")
        assert page.status_code == 200
    assert len(await api.sql("SELECT key FROM outbox")) == 1

    page = await browser.post(f"{here.path}/reply", page=here.path, key=key, text="E mais isto")
    assert page.status_code == 422
    assert "já tinha enviado outra mensagem" in page.text
    assert ">\nE mais isto</textarea>" in page.text
    again = KEY.findall(page.text)[0]
    assert again != key
    await browser.post(f"{here.path}/reply", page=here.path, key=again, text="E mais isto")
    assert len(await api.sql("SELECT key FROM outbox")) == 2


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("UPDATE contacts SET last_inbound_at = now() - interval '25 hours'", "mais de 24 horas"),
        ("UPDATE tenants SET status = 'suspended'", "está suspenso"),
        ("UPDATE contacts SET human_by = 'ana@example.com'", "ana@example.com está com esta conversa"),
        ("UPDATE contacts SET answered_by = 'assistant', human_by = NULL", "O assistente responde"),
    ],
)  # fmt: skip
async def test_what_cannot_be_sent_is_kept_with_the_reason(
    api: Api, browser: PlainBrowser, change: str, why: str
) -> None:
    here = await talk(api)
    await enter(api, browser)
    await browser.post(f"{here.path}/take", page=here.path)
    key = await here.key(browser)
    await api.sql(change)
    here.api.platform.shared.tenants.forget()

    page = await browser.post(
        f"{here.path}/reply", page=here.path, key=key, text="<b>Fica & espera</b>"
    )

    assert page.status_code == 409
    assert "Não foi enviado" in page.text
    assert why in page.text
    assert "&lt;b&gt;Fica &amp; espera&lt;/b&gt;</textarea>" in page.text
    assert await api.sql("SELECT key FROM outbox") == []


async def test_what_is_written_survives_taking_over_from_somebody(
    api: Api, browser: PlainBrowser
) -> None:
    here = await talk(api)
    ana = await api.make_user("operator")
    await api.sql(
        "UPDATE contacts SET answered_by = 'human', human_by = :who, human_until = :until",
        who=ana.email, until=api.clock() + timedelta(minutes=30),
    )  # fmt: skip
    await enter(api, browser)
    page = await browser.get(here.path)
    assert "Assumir de Zé" in page.text

    refused = await browser.post(f"{here.path}/take", page=here.path, text="Oi")
    assert refused.status_code == 409
    assert "Você não assumiu" in refused.text
    page = await browser.post(f"{here.path}/take", page=here.path, over="yes", text="Oi")
    assert page.status_code == 200
    assert ">\nOi</textarea>" in page.text
    assert "Está com você até" in page.text


@pytest.mark.parametrize(
    ("text", "why"), [(" \n ", "Não há nada escrito"), ("x" * 4097, "4.096 caracteres")]
)
async def test_what_whatsapp_does_not_take_is_said_so(
    api: Api, browser: PlainBrowser, text: str, why: str
) -> None:
    here = await talk(api)
    await enter(api, browser)
    await browser.post(f"{here.path}/take", page=here.path)
    key = await here.key(browser)
    page = await browser.post(f"{here.path}/reply", page=here.path, key=key, text=text)
    assert page.status_code == 422
    assert why in page.text
    for wrong in ({}, {"key": ""}, {"key": "k" * 65}):
        answer = await browser.post(f"{here.path}/reply", page=here.path, text="Oi", **wrong)
        assert answer.status_code == 422
    assert await api.sql("SELECT key FROM outbox") == []


async def test_a_viewer_reads_without_numbers_and_cannot_act(
    api: Api, browser: PlainBrowser
) -> None:
    here = await talk(api, name="+55 11 98765-4321")
    await here.say("contact", "Ligue 11 98765-4321")
    await enter(api, browser, "viewer")
    for path in (here.list, here.path):
        page = await browser.get(path)
        assert page.status_code == 200
        assert "…21" in page.text
        assert "98765" not in page.text
    assert "O seu papel só lê" in page.text
    token = token_of(browser.cookie or "")
    for what in ("take", "reply", "return"):
        assert (await browser.post(f"{here.path}/{what}", token=token)).status_code == 403


async def test_staff_have_their_own_conversations_and_see_no_others(
    api: Api, browser: PlainBrowser
) -> None:
    mine, theirs = await talk(api), await talk(api)
    await enter(api, browser, "staff", tenant=mine.tenant)
    page = await browser.get(mine.list)
    assert f'href="/console{mine.path}"' in page.text
    assert f'<a href="/console{mine.list}" aria-current="page">' in page.text
    for path in (
        theirs.list,
        theirs.path,
        f"{mine.list}/{theirs.contact}",
        f"{mine.list}/{uuid.uuid4()}",
        f"{mine.list}/nobody",
    ):
        assert (await browser.get(path)).status_code == 404, path
    token = token_of(browser.cookie or "")
    for path in (f"{mine.list}/{theirs.contact}", f"{mine.list}/x"):
        answer = await browser.post(f"{path}/reply", token=token, key="k", text="Oi")
        assert answer.status_code == 404


async def test_the_list_has_filters_and_pages(api: Api, browser: PlainBrowser) -> None:
    first = await talk(api, name="Número 0")
    place = {"path": first.tenant, "tenant_id": first.tenant_id}
    for number in range(1, ROWS + 5):
        wrote = api.clock() - timedelta(minutes=number)
        await talk(
            api, **place, name=f"Número {number}", last_inbound_at=wrote, wa_id=f"5511{number}"
        )  # type: ignore[arg-type]  # a place
    await talk(
        api, **place, name="Espera", wa_id="1", answered_by="human", human_since=api.clock()  # type: ignore[arg-type]  # a place
    )  # fmt: skip
    await enter(api, browser)

    page = await browser.get(first.list)
    assert page.text.count('<li class="talk">') == ROWS
    (following,) = re.findall(rf'href="/console({first.list}\?cursor=[^"]+)"', page.text)
    rest = await browser.get(unescape(following))
    assert rest.text.count('<li class="talk">') == 6
    names = re.findall(r"<bdi>(Número \d+|Espera)</bdi></a>", page.text + rest.text)
    assert len(names) == len(set(names)) == ROWS + 6

    waiting = await browser.get(f"{first.list}?handling=waiting")
    assert re.findall(r"<bdi>(\w+)</bdi></a>", waiting.text) == ["Espera"]
    assert "Espera por uma pessoa" in waiting.text
    assert "Nada com este filtro" in (await browser.get(f"{first.list}?handling=person")).text
    for wrong in ("handling=x", "cursor=x", "cursor=%00"):
        assert (await browser.get(f"{first.list}?{wrong}")).status_code == 422


async def test_without_conversations_it_says_where_they_come_from(
    api: Api, browser: PlainBrowser
) -> None:
    path = await api.make_tenant()
    await enter(api, browser)
    assert "Nenhuma conversa ainda" in (await browser.get(f"/t/{path}/conversations")).text


async def test_a_thread_shows_who_said_what_and_what_became_of_it(
    api: Api, browser: PlainBrowser
) -> None:
    here = await talk(api)
    email = await enter(api, browser)
    await here.say("contact", "[image]", kind="image")
    await here.say("contact", "Sexta", kind="tap")
    await here.say("contact", "[hologram]", kind="hologram")
    rows = [{"id": "1", "title": "10:00", "description": "Corte · Zé"}]
    await here.say("menu", "Qual?", choices=rows, list_label="Ver horários")
    await here.say("model", "Sim?", choices=[{"id": "2", "title": "Sim", "description": ""}])
    for state, code in (("sent", None), ("delivered", None), ("read", None), ("failed", 131047)):
        await here.say("human", state, by=email)
        await api.sql(
            "INSERT INTO outbox (tenant_id, key, lane, kind, contact_id, body, state, error_code, error)"
            " VALUES (:tenant, :key, :lane, 'whatsapp', :contact, '{}', :state, :code, :error)",
            tenant=here.tenant_id, key=f"k:{state}", lane=state, contact=here.contact, state=state,
            code=code, error=code and "Re-engagement <message>",
        )  # fmt: skip

    page = (await browser.get(here.path)).text

    for said in (
        "Imagem", "Tocou em", "Mensagem de um tipo que não aparece aqui", "Ver horários",
        "Corte · Zé", "aceita pela Meta", "entregue", "lida", "não chegou",
        "escreveu há mais de 24 horas", "Re-engagement &lt;message&gt;", "Assistente (menu)",
    ):  # fmt: skip
        assert said in page, said
    assert "[hologram]" not in page
    assert page.count('class="choices listed"') == 1
    assert page.count('class="choices"') == 1
    assert "<bdi>Zé</bdi>" in page, "the person's name, not their address"


async def test_older_messages_are_a_link_away(api: Api, browser: PlainBrowser) -> None:
    here = await talk(api)
    for number in range(MESSAGES + 7):
        await here.say("contact", f"Mensagem {number:03}")
    await enter(api, browser)
    page = await browser.get(here.path)
    said = [f"Mensagem {number:03}" for number in range(MESSAGES + 7)]
    assert WORDS.findall(page.text) == said[7:]
    (older,) = re.findall(r'href="/console([^"]+\?before=\d+)"', page.text)
    page = await browser.get(older)
    assert WORDS.findall(page.text) == said[:7]
    assert 'name="key"' not in page.text
    for wrong in ("x", "-1", "9" * 30):
        assert (await browser.get(f"{here.path}?before={wrong}")).status_code == 422


async def test_a_page_that_asks_for_news_gets_them_alone(api: Api, browser: PlainBrowser) -> None:
    here = await talk(api)
    await here.say("contact", "Oi")
    await enter(api, browser)
    for path, word in ((here.list, "Bom dia"), (here.path, "Boa noite")):
        page = await browser.get(path)
        (version,) = re.findall(r'data-version="(\w+)"', page.text)
        asked = f"{path}?seen={version}"
        same = await browser.get(asked, headers={"hx-request": "true"})
        assert (same.status_code, same.text) == (204, "")
        await here.say("contact", word)
        news = await browser.get(asked, headers={"hx-request": "true"})
        assert news.status_code == 200
        assert "<html" not in news.text
        assert word in news.text
        assert version not in news.text


@pytest.mark.parametrize("text", CORPUS)
async def test_what_a_customer_says_is_shown_as_text(
    api: Api, browser: PlainBrowser, text: str
) -> None:
    here = await talk(api, name=text)
    await here.say("contact", text)
    await here.say("contact", "[x]", kind=text)
    row = {"id": "1", "title": text, "description": text}
    await here.say("human", text + " ", by=text, choices=[row], list_label=text)
    await api.sql("UPDATE contacts SET language = :text", text=text)
    await enter(api, browser)
    for path in (here.list, here.path):
        page: httpx.Response = await browser.get(path)
        assert page.status_code == 200
        for opened in ("<script>alert", "<img src=x", "<svg/onload", ">49<"):
            assert opened not in page.text
        assert page.text.count("<bdi>") == page.text.count("</bdi>")


async def test_a_thread_of_ten_thousand_messages_asks_as_much_as_a_short_one(
    api: Api, browser: PlainBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    short, long = await talk(api), await talk(api)
    await short.say("contact", "Oi")
    await api.sql(
        "INSERT INTO messages (tenant_id, contact_id, direction, author, text, key, at)"
        " SELECT :tenant, :contact, 'in', 'contact', 'Mensagem ' || n, 'n:' || n, now()"
        " FROM generate_series(1, 10000) n",
        tenant=long.tenant_id, contact=long.contact,
    )  # fmt: skip
    await enter(api, browser)
    sent: list[str] = []
    rows = Driver.rows

    async def counted(self: Driver, statement: Sql, **values: object) -> list[object]:
        if ASKING.get():
            sent.append(statement.text)
        return await rows(self, statement, **values)

    def noted(_: object, __: object, statement: str, *___: object) -> None:
        if ASKING.get():
            sent.append(statement)

    async def nothing_waits(_: WaitingCount, *__: object) -> dict[str, int]:
        return {}  # counted now and then: it may be in one of the two and not in the other

    monkeypatch.setattr(Driver, "rows", counted)
    monkeypatch.setattr(WaitingCount, "of", nothing_waits)
    event.listen(Engine, "before_cursor_execute", noted)
    try:
        asked = []
        for here in (short, long):
            await browser.get(here.path)  # what is kept in memory is there after this
            sent.clear()
            asking = ASKING.set(True)
            page = await browser.get(here.path)
            ASKING.reset(asking)
            # What keeps a sign-in alive is written now and then, and is no part of the thread.
            asked.append([each for each in sent if "messages" in each or "contacts" in each])
    finally:
        event.remove(Engine, "before_cursor_execute", noted)
    assert any("FROM messages" in each for each in asked[0])
    assert len(asked[0]) == len(asked[1])
    assert len(WORDS.findall(page.text)) == MESSAGES


async def test_what_the_assistant_did_stands_before_its_reply(
    api: Api, browser: PlainBrowser
) -> None:
    here = await talk(api)
    turn, opened = uuid.uuid4(), api.clock()
    await api.sql(
        "INSERT INTO turns (tenant_id, id, contact_id, state, starts, opened_at, closed_at)"
        " VALUES (:tenant, :turn, :contact, 'done', 1, :at, :closed)",
        tenant=here.tenant_id, turn=turn, contact=here.contact, at=opened,
        closed=opened + timedelta(seconds=1.8),
    )  # fmt: skip
    slot = {
        "start": "2999-12-04T15:00:00-03:00[America/Sao_Paulo]",
        "service_name": "Corte",
        "professional_name": "Zé",
    }
    call = {"id": None, "name": "find_slots", "args": {"note": "ligue 11 98765-4321"}}
    say = {"id": None, "name": "reply", "args": {"say": [{"phrase": "lead_slots"}, "sent_home"]}}
    for name, content in (
        ("prompt", {"system": "secret"}),
        ("model:0", {"content": {}, "text": "", "calls": [call]}),
        ("tool:0.0", {"outcome": {"kind": "slots_found", "slots": [slot]}, "ids": ["a"]}),
        ("model:1", {"content": {}, "text": "", "calls": [say]}),
    ):
        await api.sql(
            "INSERT INTO turn_steps (tenant_id, turn_id, name, content)"
            " VALUES (:tenant, :turn, :name, CAST(:content AS jsonb))",
            tenant=here.tenant_id, turn=turn, name=name, content=json.dumps(content),
        )  # fmt: skip
    await here.say("contact", "Tem horário?")
    await here.say("model", "Estes:", said={"lead_slots": 0})
    await api.sql("UPDATE messages SET turn_id = :turn", turn=turn)
    await enter(api, browser)

    page = unescape((await browser.get(here.path)).text)

    assert "O que o assistente fez · ouviu 1 mensagem · 1,8 s" in page
    assert 'find_slots(note="ligue 11 98765-4321")' in page
    assert "slots_found: " in page
    assert "15:00" in page
    assert "Disse <code><bdi>lead_slots</bdi>" in page
    assert "Escolheu <code><bdi>lead_slots, sent_home</bdi>" in page
    assert "secret" not in page
    viewer = PlainBrowser(api)
    await enter(api, viewer, "viewer")
    assert "98765" not in (await viewer.get(here.path)).text

    client, environment = here.tenant.split("/")
    route = f"/admin/clients/{client}/environments/{environment}/conversations/{here.contact}/turns"
    token = await api.sign_in("viewer")
    told = (await api.ask("GET", f"{route}/{turn}", token=token)).json()
    assert [step["kind"] for step in told["steps"]] == ["model", "tool", "model"]
    assert told["steps"][0]["calls"][0] == {"name": "find_slots", "args": {"note": "ligue …21"}}
    assert told["steps"][1]["slots"][0]["service_name"] == "Corte"
    assert told["chosen"] == ["lead_slots", "sent_home"]
    other = await talk(api, path=here.tenant, tenant_id=here.tenant_id, wa_id="1")
    for wrong in (f"{route}/{uuid.uuid4()}", f"{route}/{turn}".replace(str(here.contact), str(other.contact))):  # fmt: skip
        assert (await api.ask("GET", wrong, token=token)).status_code == 404

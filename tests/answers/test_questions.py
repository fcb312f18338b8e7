"""Questions that no answer covers: told to the owner once, answered to all who asked."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from mcp_platform.answers.questions import OpenQuestions, QuestionAsked, answered
from mcp_platform.answers.search import search
from mcp_platform.answers.taken_back import forget_question
from mcp_platform.audit.actor import Actor
from mcp_platform.conversations.contacts import Contacts
from mcp_platform.errors import Conflict, Forbidden, Invalid, NotFound
from mcp_platform.inbox.event import ContactId
from mcp_platform.kit.database import Sessions
from mcp_platform.outbox.notices import Notices
from mcp_platform.registry.answers.questions import (
    QuestionAnswer,
    QuestionQuery,
    TenantQuestions,
)
from mcp_platform.registry.environments import Environments
from mcp_platform.retention import prune
from mcp_platform.tenants.languages import Language
from mcp_platform.tenants.tenant import Tenant
from tests.answers.asking import ME
from tests.factories import add_contact, add_tenant

NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
WIFI = "Oi! Vocês têm Wi-Fi?"


@dataclass(frozen=True, slots=True)
class Shop:
    """A tenant whose customers ask."""

    sessions: Sessions
    tenant: Tenant

    async def customer(self, name: str = "Ana", *, wrote: timedelta = timedelta(0)) -> ContactId:
        async with self.sessions.everywhere.begin() as session:
            number = f"55119{uuid.uuid4().int % 10**8:08}"
            return await add_contact(
                session, self.tenant.id, wa_id=number, name=name, last_inbound_at=NOW - wrote
            )

    async def ask(
        self,
        contact_id: ContactId,
        words: str,
        *,
        at: datetime = NOW,
        language: Language = "pt-BR",
        messages: Sequence[str] = (),
    ) -> QuestionAsked:
        async with self.sessions.of(self.tenant.id).begin() as session:
            contact = await Contacts(session, self.tenant.id).get(contact_id)
            return await OpenQuestions(session, self.tenant.id).ask(
                self.tenant,
                contact,
                words,
                topic="visit",
                language=language,
                notices=Notices(self.sessions),
                now=at,
                messages=messages,
            )

    async def take_back(self, contact_id: ContactId, key: str, said: str | None) -> None:
        async with self.sessions.of(self.tenant.id).begin() as session:
            await forget_question(session, self.tenant.id, contact_id, key=key, message=said)

    @asynccontextmanager
    async def questions(self, actor: Actor = ME) -> AsyncIterator[TenantQuestions]:
        """Open the questions in a transaction, as an operator does."""
        async with self.sessions.everywhere.begin() as session:
            located = await Environments(session, ME).locate(
                self.tenant.client_name, self.tenant.environment
            )
            yield TenantQuestions(session, actor, located)

    async def answer(self, question_id: str, said: str, **more: Any) -> Any:
        wish = QuestionAnswer.of({"text": said, "save_as_answer": more.get("keep")})
        async with self.questions(more.get("actor", ME)) as questions:
            return await questions.answer(question_id, wish, now=more.get("now", NOW))

    async def sql(self, statement: str, **values: Any) -> list[Any]:
        async with self.sessions.everywhere.begin() as session:
            found = await session.execute(text(statement), {"id": self.tenant.id, **values})
            return list(found) if found.returns_rows else []

    async def sent(self, lane: str = "owner") -> list[str]:
        rows = await self.sql(
            "SELECT body FROM outbox WHERE tenant_id = :id AND lane LIKE :lane ORDER BY id",
            lane=lane,
        )
        return [body["message"]["text"]["body"] for (body,) in rows]


@pytest.fixture
async def shop(shared_sessions: Sessions) -> Shop:
    async with shared_sessions.everywhere.begin() as session:
        tenant = await add_tenant(
            session,
            f"salon-{uuid.uuid4().hex[:12]}",
            phone_number_id=str(uuid.uuid4().int)[:15],
            owner_whatsapp="5511900000000",
        )
    return Shop(shared_sessions, tenant)


async def test_the_owner_is_told_once_and_all_who_asked_are_answered(shop: Shop) -> None:
    ana, bia = await shop.customer("Ana\nSouza"), await shop.customer("Bia")
    first = await shop.ask(ana, WIFI)
    second = await shop.ask(bia, "oi, vcs tem wi fi")
    assert (first.outcome, second.outcome) == ("asked", "asked")
    third = await shop.ask(bia, "oi vcs têm wi-fi???")
    assert (third.outcome, third.since, third.reminded) == ("already_asked", NOW, False)
    assert second.question_id == third.question_id

    told = await shop.sent()
    assert len(told) == len({first.question_id, second.question_id})
    assert told[0].startswith("❓ Pergunta de cliente: Ana Souza (+55119")
    assert f"escreveu «{WIFI}»." in told[0]
    assert f"questions answer {shop.tenant.path} {first.question_id}" in told[0]

    async with shop.questions() as questions:
        listed = (await questions.page(QuestionQuery())).items
    assert [(each.words, each.askers, each.topic) for each in listed] == [(WIFI, 2, "visit")]
    done = await shop.answer(str(first.question_id), "Temos, a senha está no balcão.")
    assert (done.state, done.messages, done.calls) == ("answered", 2, 0)
    assert sorted(await shop.sent("c:%")) == sorted(
        f"A equipe respondeu sobre «{asked}»: Temos, a senha está no balcão."
        for asked in (WIFI, "oi, vcs tem wi fi")
    )
    written = await shop.sql("SELECT author, content FROM messages WHERE tenant_id = :id")
    assert [tuple(each) for each in written] == [("system", {"by": "tests"})] * 2
    with pytest.raises(Conflict):
        await shop.answer(str(first.question_id), "De novo.")
    # Asked again later, it is another question: nobody kept the answer.
    again = await shop.ask(ana, WIFI, at=NOW + timedelta(days=1))
    assert again.outcome == "asked"
    assert again.question_id != first.question_id


async def test_the_same_asked_at_once_is_one_entry(shop: Shop) -> None:
    customers = [await shop.customer() for _ in range(5)]
    asked = await asyncio.gather(*(shop.ask(each, WIFI) for each in customers))
    assert len({each.question_id for each in asked}) == 1
    assert len(await shop.sent()) == 1


async def test_who_asks_again_reminds_the_owner_at_most_once_in_four_hours(shop: Shop) -> None:
    ana = await shop.customer()
    await shop.ask(ana, WIFI)
    for hours, reminded in ((3, False), (5, True), (6, False), (9, True)):
        again = await shop.ask(ana, WIFI, at=NOW + timedelta(hours=hours))
        assert (again.outcome, again.reminded, again.since) == ("already_asked", reminded, NOW)
    told = await shop.sent()
    assert [each[0] for each in told] == ["❓", "⏳", "⏳"]


async def test_a_contact_has_at_most_three_open_questions(shop: Shop) -> None:
    ana = await shop.customer()
    words = ["tem wifi?", "tem café?", "tem rampa?", "tem elevador?", "tem ar?"]
    asked = await asyncio.gather(*(shop.ask(ana, each) for each in words))
    assert sorted(each.outcome for each in asked) == ["asked"] * 3 + ["too_many"] * 2
    assert len(await shop.sent()) == 3
    first = next(each.question_id for each in asked if each.question_id)
    async with shop.questions() as questions:
        await questions.dismiss(first, now=NOW)
    assert (await shop.ask(ana, "tem piscina?")).outcome == "asked"
    async with shop.sessions.of(shop.tenant.id)() as session:
        mine = await OpenQuestions(session, shop.tenant.id).of_contact(ana)
    assert len(mine) == 3
    assert await shop.sent("c:%") == []  # dismissed: nothing is told


async def test_who_cannot_be_written_to_is_listed_to_be_called(shop: Shop) -> None:
    near = await shop.customer("Ana", wrote=timedelta(hours=23))
    far = await shop.customer("Bia", wrote=timedelta(hours=24))
    question = (await shop.ask(near, WIFI)).question_id
    await shop.ask(far, WIFI)
    done = await shop.answer(str(question), "Temos.")
    assert (done.messages, done.calls) == (1, 1)

    async def calls(at: timedelta = timedelta(0), *, masked: bool = False) -> list[Any]:
        async with shop.questions() as questions:
            return await questions.calls(now=NOW + at, masked=masked)

    (call,) = await calls()
    assert (call.name, call.words, call.answer, call.error) == ("Bia", WIFI, "Temos.", None)
    assert str(call.phone).startswith("55119")
    assert not any(str(call.phone) in str(each.phone) for each in await calls(masked=True))
    # A message that still waits after ten minutes, or failed, is a call too.
    assert len(await calls(timedelta(minutes=11))) == 2
    await shop.sql("UPDATE outbox SET state = 'sent' WHERE tenant_id = :id AND lane LIKE 'c:%'")
    assert len(await calls(timedelta(minutes=11))) == 1
    await shop.sql("UPDATE outbox SET state = 'failed', error = '131047' WHERE tenant_id = :id")
    assert [each.error for each in await calls()] == [None, "131047"] or [
        each.error for each in await calls()
    ] == ["131047", None]
    for contact in (near, far):
        async with shop.questions() as questions:
            await questions.called(str(question), contact, now=NOW)
    assert await calls() == []
    with pytest.raises(NotFound):
        async with shop.questions() as questions:
            await questions.called(str(question), uuid.uuid4(), now=NOW)


async def test_an_answer_is_kept_for_the_next_who_asks(shop: Shop) -> None:
    question = str((await shop.ask(await shop.customer(), WIFI)).question_id)
    keep = {"title": "Wi-Fi", "questions": ["Tem Wi-Fi?", "Qual a senha?"]}
    staff = Actor(kind="user", subject="lia", role="staff", tenant=shop.tenant.path)
    with pytest.raises(Forbidden):
        await shop.answer(question, "Temos.", keep=keep, actor=staff)
    assert await shop.sent("c:%") == []  # nothing of it was done
    done = await shop.answer(question, "Temos.", keep=keep)
    async with shop.sessions.of(shop.tenant.id)() as session:
        assert await search(session, shop.tenant.id, "tem wifi?", "pt-BR") == [done.answer_id]


async def test_questions_in_other_words_are_merged_by_staff(shop: Shop) -> None:
    ana, bia = await shop.customer("Ana"), await shop.customer("Bia")
    one = str((await shop.ask(ana, "tem internet?")).question_id)
    other = str((await shop.ask(bia, WIFI)).question_id)
    async with shop.questions() as questions:
        merged = await questions.merge(one, into=other)
    assert (merged.id, merged.askers) == (other, 2)
    assert (await shop.answer(other, "Temos.")).messages == 2
    assert "A equipe respondeu sobre «tem internet?»: Temos." in await shop.sent("c:%")
    for wrong, into in ((other, other), (other, one)):
        with pytest.raises((Conflict, NotFound)):
            async with shop.questions() as questions:
                await questions.merge(wrong, into=into)


async def test_contacts_that_are_merged_are_answered_once(shop: Shop) -> None:
    ana, same = await shop.customer("Ana"), await shop.customer("Ana")
    question = str((await shop.ask(ana, WIFI)).question_id)
    await shop.ask(same, WIFI)
    async with shop.sessions.of(shop.tenant.id).begin() as session:
        contacts = Contacts(session, shop.tenant.id)
        number = (await contacts.get(same)).wa_id
        await contacts.rename(f"w:{number}", ana, same_person=True)
    async with shop.questions() as questions:
        before = await questions.get(question)
    done = await shop.answer(question, "Temos.")
    assert done.messages == before.askers == len(await shop.sent("c:%"))


async def test_who_wanted_no_reminders_wants_none_as_one_of_two_that_are_merged(shop: Shop) -> None:
    ana, same = await shop.customer("Ana"), await shop.customer("Ana")
    async with shop.sessions.of(shop.tenant.id).begin() as session:
        contacts = Contacts(session, shop.tenant.id)
        await contacts.remind(same, wanted=False, now=NOW)
        number = (await contacts.get(same)).wa_id
        await contacts.rename(f"w:{number}", ana, same_person=True)
        assert await contacts.wants_no_reminders(ana)


async def test_old_questions_go_and_then_their_contacts(shop: Shop) -> None:
    ana = await shop.customer()
    await shop.ask(ana, WIFI)
    await shop.sql("UPDATE open_questions SET asked_at = now() - interval '91 days'")
    await shop.sql("UPDATE question_askers SET asked_at = now() - interval '89 days'")
    await prune(shop.sessions, keep=timedelta(days=90), log=timedelta(days=90))
    assert len(await shop.sql("SELECT 1 FROM open_questions WHERE tenant_id = :id")) == 1
    await shop.sql("UPDATE question_askers SET asked_at = now() - interval '91 days'")
    await shop.sql(
        "UPDATE contacts SET last_inbound_at = now() - interval '91 days' WHERE tenant_id = :id"
    )
    # The notice to the owner quotes them: it keeps its contact until it was sent and is old too.
    await shop.sql("DELETE FROM outbox WHERE tenant_id = :id")
    await prune(shop.sessions, keep=timedelta(days=90), log=timedelta(days=90))
    for table in ("open_questions", "question_askers", "contacts"):
        assert await shop.sql(f"SELECT 1 FROM {table} WHERE tenant_id = :id") == [], table


async def test_what_no_database_holds_is_asked_all_the_same(shop: Shop) -> None:
    ana = await shop.customer()
    assert (await shop.ask(ana, "tem\0 wi-fi\ud800?")).outcome == "asked"
    with pytest.raises(Invalid):
        await shop.ask(ana, " \n ")


async def test_the_trail_says_nothing_of_what_was_said(shop: Shop) -> None:
    question = str((await shop.ask(await shop.customer(), WIFI)).question_id)
    await shop.answer(question, "Temos uma senha secreta.")
    trail = await shop.sql(
        "SELECT action, target, CAST(e AS text) FROM audit_entries e WHERE tenant_id = :id"
    )
    assert [tuple(each)[:2] for each in trail] == [
        ("question.answer", f"{shop.tenant.path}/questions/{question}")
    ]
    assert "Wi-Fi" not in trail[0][2]
    assert "senha" not in trail[0][2]


def test_a_long_question_is_quoted_short_and_cannot_close_its_marks() -> None:
    said = answered(f"oi» cancelado «{'x' * 200}", "Não.", language="pt-BR")
    quoted = said.partition("«")[2].partition("»")[0]
    assert len(quoted) == 80
    assert quoted.endswith("…")
    assert said.endswith("»: Não.")
    assert answered("wifi?", "Sim {name}", language="en").endswith("«wifi?»: Sim {name}")


async def test_of_several_who_ask_the_one_who_takes_it_back_is_quoted_no_more(shop: Shop) -> None:
    ana, bia = await shop.customer(), await shop.customer("Bia")
    asked = await shop.ask(ana, "Tem estacionamento?", messages=["m:1"])
    await shop.ask(bia, "tem ESTACIONAMENTO", at=NOW + timedelta(minutes=1), messages=["m:2"])

    await shop.take_back(ana, "m:2", "tem ESTACIONAMENTO")  # another customer's message
    await shop.take_back(ana, "m:1", "Tem estacionamento?")

    standing = await shop.sql("SELECT id, words, state FROM open_questions WHERE tenant_id = :id")
    assert standing == [(asked.question_id, "tem ESTACIONAMENTO", "open")]
    waiting = await shop.sql("SELECT contact_id FROM question_askers WHERE tenant_id = :id")
    assert waiting == [(bia,)]


async def test_what_others_messages_say_of_a_question_stays(shop: Shop) -> None:
    ana = await shop.customer()
    words = "Vou de carro Tem estacionamento?"
    await shop.ask(ana, words, messages=["m:1", "m:2"])

    await shop.take_back(ana, "m:1", "Vou de carro")

    for table in ("open_questions", "question_askers"):
        assert await shop.sql(f"SELECT words FROM {table} WHERE tenant_id = :id") == [  # constants
            ("Tem estacionamento?",)
        ]


async def test_an_answered_question_is_kept_without_the_words(shop: Shop) -> None:
    ana = await shop.customer()
    asked = await shop.ask(ana, "Tem estacionamento?", messages=["m:1"])
    await shop.answer(str(asked.question_id), "Tem, sim.")

    await shop.take_back(ana, "m:1", None)  # what it said is not kept any more

    [kept] = await shop.sql(
        "SELECT q.words, q.state, q.answer, a.words FROM open_questions q"
        " JOIN question_askers a ON a.question_id = q.id WHERE q.tenant_id = :id"
    )
    assert tuple(kept) == ("[revoke]", "answered", "Tem, sim.", "[revoke]")

"""What a search finds, and what it costs."""

import time
from statistics import median

from mcp_platform.answers.known import KnownAnswers
from mcp_platform.answers.models import MOST_ANSWERS
from mcp_platform.answers.search import ranked, search
from mcp_platform.kit.database import Sessions
from mcp_platform.registry.answers.forms import AnswerWish
from mcp_platform.registry.answers.service import FiledAnswer
from tests.answers.asking import answers_of, new_tenant


async def test_a_word_of_the_only_answer_fits_as_well_as_one_of_many(
    shared_sessions: Sessions,
) -> None:
    tenant = await new_tenant(shared_sessions)
    async with answers_of(shared_sessions, tenant) as answers:
        for number in range(30):
            wish = {"title": "Wi-Fi" if not number else f"Assunto {number}", "text": "x"}
            questions = ["Tem internet?" if not number else f"E o {number}?"]
            await answers.create(AnswerWish.of({**wish, "questions": questions}))
            if number in (0, 29):
                async with shared_sessions.of(tenant.id)() as session:
                    assert not await ranked(session, tenant.id, "oi", language="pt-BR")
                await _fits(answers.session, tenant.id)


async def _fits(session: object, tenant_id: object) -> None:
    found = await ranked(session, tenant_id, "tem uai fai, internet?", language="pt-BR")  # type: ignore[arg-type]
    assert 0.5 < found[0].score < 3


async def test_another_tenants_answers_are_never_found(shared_sessions: Sessions) -> None:
    mine, theirs = await new_tenant(shared_sessions), await new_tenant(shared_sessions)
    wish = AnswerWish.of({"title": "Wi-Fi", "questions": ["Tem internet?"], "text": "Tem."})
    async with answers_of(shared_sessions, theirs) as answers:
        made = await answers.create(wish)
    async with shared_sessions.everywhere() as session:  # which row security lets see all
        assert await search(session, mine.id, "internet", "pt-BR") == []
        known = KnownAnswers(session, mine.id, language="pt-BR")
        assert await known.find(made.id) is None
        assert await known.likely("internet") == []


async def test_a_tenant_with_few_answers_has_all_of_them_given(shared_sessions: Sessions) -> None:
    tenant = await new_tenant(shared_sessions)
    async with answers_of(shared_sessions, tenant) as answers:
        for title in ("Um", "Dois", "Wi-Fi"):
            wish = {"title": title, "questions": [title], "text": "x"}
            await answers.create(AnswerWish.of(wish))
    async with shared_sessions.of(tenant.id)() as session:
        known = KnownAnswers(session, tenant.id, language="pt-BR")
        assert {each.title for each in await known.likely("wifi?")} == {"Wi-Fi", "Um", "Dois"}
        assert await known.likely("wifi?") == await known.likely("pix?"), "the owner's order"
        assert [each.title for each in await known.likely("wifi?", most=2)] == ["Wi-Fi", "Um"]
        assert len(await known.likely("…")) == 3


async def test_the_longest_question_to_the_most_answers_is_answered_soon(
    shared_sessions: Sessions,
) -> None:
    tenant = await new_tenant(shared_sessions)
    words = [f"palavra{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(400)]
    async with answers_of(shared_sessions, tenant) as answers:
        filed = []
        for number in range(MOST_ANSWERS):
            said = " ".join(words[number : number + 12])
            wish = {"title": f"Título {number}", "questions": [said], "text": (said * 3)[:600]}
            filed.append(FiledAnswer(wish=AnswerWish.of(wish)))
        await answers.bring_in(filed)
    took = []
    async with shared_sessions.of(tenant.id)() as session:
        for _ in range(5):
            begun = time.perf_counter()
            found = await search(session, tenant.id, " ".join(words), "pt-BR")
            took.append(time.perf_counter() - begun)
    assert len(found) == 40
    print(f"{median(took) * 1000:.0f} ms")  # noqa: T201
    assert median(took) < 2  # far less, on a machine that has nothing else to do

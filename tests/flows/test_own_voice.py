"""A business that replaced every wording it may replace: nothing of ours is said to its customers."""

import json
import re

from mcp_platform.tenants.languages import Language
from mcp_platform.words.book import BOOK
from mcp_platform.words.own import fits, is_replaceable
from mcp_platform.words.templates import always_needed
from mcp_platform.words.texts import TEXTS
from tests.flows.test_faq import PARKING, know
from tests.flows.test_kinds import MEDIA, bare
from tests.world import World, choice, choices_of, text_of

LANGUAGE: Language = "pt-BR"
MARK = "§"
REPLACED = tuple(filter(is_replaceable, BOOK))
_HOLES = re.compile(r"\[.*?\]|\{.*?\}")
PIECE = 12  # characters of ours that no wording of the test has


def own_wording(id_: str) -> str:
    """A wording that names its phrase, with the placeholders that the phrase must have."""
    needed = " ".join(f"{{{each}}}" for each in sorted(min(map(always_needed, ours(id_)), key=len)))
    return f"{MARK}{id_} {needed}".strip() + (":" if BOOK[id_].place == "lead" else "")


def ours(id_: str) -> tuple[str, ...]:
    return TEXTS[LANGUAGE].phrases[id_]


def pieces() -> set[str]:
    """Return the longest pieces of our wordings that stand in a message as they are."""
    found = (max(_HOLES.split(each), key=len) for id_ in REPLACED for each in ours(id_))
    return {each.strip() for each in found if len(each.strip()) >= PIECE}


async def replace_all(here: World) -> None:
    rows = json.dumps([{"phrase": id_, "wording": own_wording(id_)} for id_ in REPLACED])
    await here.rows(
        "INSERT INTO own_wordings (tenant_id, language, phrase, wordings)"
        " SELECT :tenant, :language, r.phrase, ARRAY[r.wording]"
        " FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (phrase text, wording text)"
        " RETURNING phrase",
        language=LANGUAGE,
        rows=rows,
    )


async def said(here: World) -> str:
    """Return all that was said to the customer, after seeing that no wording of ours is in it."""
    await here.idle()
    told = "\n".join(map(text_of, await here.sent()))
    assert [each for each in pieces() if each in told] == []
    return told


def test_each_wording_of_this_test_may_stand_in_place_of_ours() -> None:
    assert [id_ for id_ in REPLACED if not fits(id_, [own_wording(id_)], LANGUAGE)] == []


async def test_what_code_says_by_itself_is_in_the_business_s_words(here: World) -> None:
    await replace_all(here)
    voice = {**MEDIA, "mime_type": "audio/ogg; codecs=opus", "voice": True}
    for number, (kind, content) in enumerate(
        [("audio", voice), ("image", MEDIA), ("document", MEDIA), ("location", {"latitude": -23})]
    ):
        await here.post(
            here.webhook({**bare({"type": kind, kind: content}), "id": f"wamid.{number}"})
        )
        await here.replies(number + 1)
    await here.ask("quero falar com uma pessoa")
    waits = await here.ask("tem alguém aí?")
    await here.choose(choice(waits, "Voltar ao assistente"))
    told = await said(here)
    for id_ in ("audio", "image", "document", "unsupported", "human_waiting", "back_to_me"):
        assert f"{MARK}{id_}" in told
    assert f"{MARK}human_called" in told or f"{MARK}human_closed" in told


async def test_the_menu_says_the_book_s_phrases_in_the_business_s_words(here: World) -> None:
    await replace_all(here)
    await know(here, PARKING)
    await here.without_model()
    for words in ("vocês têm wi-fi?", "vocês têm wi-fi?"):
        found = await here.ask(words)
        assert choices_of(found)
        await here.choose(choice(found, "Perguntar à equipe"))
    told = await said(here)
    assert f"{MARK}asked_owner" in told
    assert f"{MARK}already_asked" in told


async def test_what_the_model_chose_is_in_the_business_s_words(here: World) -> None:
    await replace_all(here)
    for words in ("oi, tudo bem?", "quanto custa a barba?", "obrigado!", "me liga por favor"):
        await here.ask(words)
    told = await said(here)
    for id_ in ("greet_first", "price", "welcome", "call_back"):
        assert f"{MARK}{id_}" in told

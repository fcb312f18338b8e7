"""Our own sentences fit where WhatsApp shows them, in every language."""

from dataclasses import fields

import pytest

from mcp_platform.assistant.phrases import Phrases, phrases
from mcp_platform.whatsapp.messages import Recipient, graph_message
from mcp_platform.whatsapp.reply import Reply, ReplyOption

LANGUAGES = ("pt-BR", "en", "es")


@pytest.mark.parametrize("language", LANGUAGES)
def test_buttons_and_labels_are_not_cut(language: str) -> None:
    say = phrases(language)
    for field in fields(Phrases):
        text = getattr(say, field.name)
        if field.name.startswith("button_"):
            assert len(text) <= 20, text
        if field.name in ("see_times", "see_options"):
            assert len(text) <= 20, text
        if field.name in ("any_professional", "more_times", "more_days"):
            assert len(text) <= 24, text


def test_every_phrase_says_something_and_the_languages_differ() -> None:
    for language in LANGUAGES:
        assert all(getattr(phrases(language), each.name) for each in fields(Phrases))
    assert len({phrases(language).help for language in LANGUAGES}) == len(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_root_menu_is_three_buttons(language: str) -> None:
    say = phrases(language)
    titles = (say.button_book, say.button_mine, say.button_person)
    reply = Reply(say.help, tuple(ReplyOption(f"m_{n}", title) for n, title in enumerate(titles)))
    message = graph_message(reply, recipient=Recipient(wa_id="5511999998888"), callback="r:1")
    assert message["interactive"]["type"] == "button"
    shown = [each["reply"]["title"] for each in message["interactive"]["action"]["buttons"]]
    assert shown == list(titles)

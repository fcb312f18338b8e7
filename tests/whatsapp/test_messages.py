"""Whatever the platform wants to say, WhatsApp takes it."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_platform.simulators.meta.messages import check_message
from mcp_platform.whatsapp.messages import Recipient, graph_message, shortened, template_message
from mcp_platform.whatsapp.reply import Reply, ReplyOption

ANA = Recipient(wa_id="558588887777", bsuid="BR.1502576394655843")


def message(reply: Reply, recipient: Recipient = ANA):
    return graph_message(reply, recipient=recipient, callback="k")


def interactive(reply: Reply):
    return message(reply)["interactive"]


def choices(count: int, title: str = "Opção {}"):
    return tuple(ReplyOption(f"s_{n}", title.format(n)) for n in range(count))


def test_a_notice_is_sent_in_the_tenants_language_and_on_one_line() -> None:
    sent = [
        template_message("a\r\n b\tc      d", template="aviso", language=each)["template"]
        for each in ("pt-BR", "en", "es")
    ]
    assert [each["language"]["code"] for each in sent] == ["pt_BR", "en", "es"]
    assert sent[0]["components"][0]["parameters"] == [{"type": "text", "text": "a b c d"}]
    for each in sent:
        check_message(
            {"messaging_product": "whatsapp", "to": "5511999998888"}
            | {"type": "template", "template": each}
        )


anything = st.text(st.characters(), max_size=60) | st.text(max_size=5000)
replies = st.builds(
    Reply,
    text=anything,
    choices=st.lists(
        st.builds(ReplyOption, id=st.text(max_size=260), title=anything, description=anything)
        | st.builds(
            ReplyOption, id=st.from_regex(r"[as]_[a-z0-9]{2}", fullmatch=True), title=anything
        ),
        max_size=14,
    ).map(tuple),
    list_label=anything,
)


@given(reply=replies)
def test_any_reply_is_a_message_that_meta_takes_and_postgres_stores(reply):
    made = message(reply)
    assert check_message(made) in ("text", "interactive")
    stored = orjson.dumps(made)
    assert b"\\u0000" not in stored


@given(reply=replies)
def test_what_can_be_tapped_comes_back_as_an_id_that_was_offered(reply):
    part = message(reply).get("interactive")
    if part is not None:
        action = part["action"]
        offered = [each["reply"]["id"] for each in action.get("buttons", [])]
        offered += [row["id"] for section in action.get("sections", []) for row in section["rows"]]
        assert set(offered) <= {choice.id for choice in reply.choices}


@given(text=st.text(min_size=1, max_size=200), most=st.integers(20, 100))
def test_a_cut_text_fits_and_is_a_beginning_of_the_whole(text, most):
    cut = shortened(text.strip(), most)
    assert len(cut.encode("utf-16-le", "surrogatepass")) // 2 <= most
    assert text.strip().startswith(cut.removesuffix("…"))


def test_a_text_without_choices_is_a_text():
    assert message(Reply("Oi, Ana!")) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "558588887777",
        "biz_opaque_callback_data": "k",
        "type": "text",
        "text": {"body": "Oi, Ana!", "preview_url": False},
    }


def test_a_phone_is_written_to_exactly_as_the_webhook_gave_it():
    assert message(Reply("Oi"))["to"] == "558588887777"
    assert "recipient" not in message(Reply("Oi"))


def test_a_contact_who_hides_the_phone_is_reached_by_the_user_id():
    made = message(Reply("Oi"), Recipient(bsuid="BR.1502576394655843"))
    assert made["recipient"] == "BR.1502576394655843"
    assert "to" not in made


def test_nobody_is_no_recipient():
    with pytest.raises(ValueError, match="needs"):
        Recipient()


def test_a_callback_that_meta_would_not_take_is_refused_rather_than_cut():
    with pytest.raises(ValueError, match="512"):
        graph_message(Reply("Oi"), recipient=ANA, callback="k" * 513)


def test_three_short_choices_are_buttons():
    part = interactive(Reply("Confirma?", choices(3)))
    assert part["type"] == "button"
    assert part["action"]["buttons"][0] == {
        "type": "reply",
        "reply": {"id": "s_0", "title": "Opção 0"},
    }


@pytest.mark.parametrize(
    "reply",
    [
        Reply("Escolha", choices(4)),
        Reply("Escolha", choices(2, "Corte e barba completos {}")),
        Reply("Escolha", (ReplyOption("a", "Corte", "30 min"),)),
        Reply("Escolha", (ReplyOption("a", "10:00"), ReplyOption("b", "10:00"))),
        Reply("a " * 520, choices(2)),
    ],
    ids=["four", "long titles", "descriptions", "equal titles", "long text"],
)
def test_what_does_not_fit_buttons_is_a_list(reply):
    part = interactive(reply)
    assert part["type"] == "list"
    assert part["action"]["button"] == "Menu"
    assert [row["id"] for row in part["action"]["sections"][0]["rows"]] == [
        choice.id for choice in reply.choices
    ]


def test_a_list_has_ten_rows_at_most_and_its_own_label():
    part = interactive(Reply("Horários", choices(12), list_label="Ver horários"))
    assert len(part["action"]["sections"][0]["rows"]) == 10
    assert part["action"]["button"] == "Ver horários"


def test_long_parts_of_a_row_are_cut_between_words():
    choice = ReplyOption("s", "Corte masculino com barba", "Com o Zé, " + "muito bem feito, " * 9)
    row = interactive(Reply("Escolha", (choice,)))["action"]["sections"][0]["rows"][0]
    assert row["title"] == "Corte masculino com…"
    assert len(row["description"]) <= 72
    assert row["description"].endswith("…")


def test_a_text_of_nothing_that_can_be_seen_is_still_a_message():
    assert message(Reply(" \u200b\n"))["text"]["body"] == "…"


def test_one_endless_word_is_cut_where_it_must_be():
    assert shortened("a" * 30, 20) == "a" * 19 + "…"


def test_an_emoji_is_counted_as_two_and_never_split():
    assert shortened("💈" * 11, 20) == "💈" * 9 + "…"
    assert shortened("💈" * 10, 20) == "💈" * 10


def test_a_joined_emoji_leaves_no_dangling_joiner():
    assert shortened("aaaaaaaaaaaaaaaaa👩\u200d🦰👩\u200d🦰", 21) == "aaaaaaaaaaaaaaaaa👩…"


def test_names_too_long_for_a_row_are_told_whole_below():
    long = ("Corte masculino na máquina", "Corte masculino na tesoura")
    part = interactive(
        Reply("Qual?", tuple(ReplyOption(each[-7:], each, "30 min") for each in long))
    )

    rows = part["action"]["sections"][0]["rows"]
    assert [row["description"] for row in rows] == [f"{each} · 30 min" for each in long]
    assert all(len(row["title"]) <= 24 for row in rows)

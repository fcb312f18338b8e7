"""Messages as their writer left them: taken back, written anew, or never handed over."""

from datetime import UTC, datetime
from typing import Any

import pytest

from mcp_platform.conversations.heard import InboundMessage, corrected, hear
from mcp_platform.inbox.turns import TurnEvent

AT = datetime(2026, 12, 1, 12, tzinfo=UTC)


def heard(id_: str, **message: Any) -> InboundMessage:
    return hear(
        TurnEvent(
            id=1,
            key=f"m:{id_}",
            contact_key="w:5511999990000",
            instant=False,
            content={"message": {"id": id_, "from": "5511999990000", **message}},
            sent_at=AT,
            trace_id=None,
        )
    )


def text(id_: str, body: str) -> InboundMessage:
    return heard(id_, type="text", text={"body": body})


def edit(id_: str, of: str, body: str) -> InboundMessage:
    inner = {"type": "text", "text": {"body": body}}
    return heard(id_, type="edit", edit={"original_message_id": of, "message": inner})


def revoke(id_: str, of: str) -> InboundMessage:
    return heard(id_, type="revoke", revoke={"original_message_id": of})


def said(*messages: InboundMessage) -> list[str]:
    return [each.text for each in corrected(messages) if each.kind == "text"]


def test_what_was_taken_back_says_nothing() -> None:
    assert said(text("1", "corte amanhã"), text("2", "oi"), revoke("3", of="1")) == ["oi"]
    assert said(text("1", "corte amanhã"), revoke("2", of="1")) == []


def test_an_edit_says_the_new_words_in_the_old_place() -> None:
    assert said(text("1", "às 15h"), text("2", "com o Zé"), edit("3", of="1", body="às 16h")) == [
        "às 16h",
        "com o Zé",
    ]


def test_an_edit_that_is_taken_back_says_nothing() -> None:
    assert said(text("1", "a"), edit("2", of="1", body="b"), revoke("3", of="1")) == []


def test_an_edit_of_what_came_before_is_new_words() -> None:
    [edited] = corrected([edit("2", of="1", body="às 16h")])
    assert (edited.kind, edited.text, edited.corrects) == ("text", "às 16h", "m:1")


def test_a_caption_that_was_edited_is_text() -> None:
    inner = {"type": "image", "image": {"caption": "este corte", "id": "7"}}
    edited = heard("2", type="edit", edit={"original_message_id": "1", "message": inner})
    assert (edited.kind, edited.text) == ("text", "este corte")


@pytest.mark.parametrize(
    "content",
    [{}, {"original_message_id": 7}, {"message": {"type": "edit", "edit": {"message": {}}}}, "x"],
)
def test_a_twisted_correction_is_silence(content: Any) -> None:
    for type_ in ("edit", "revoke"):
        [silent] = corrected([heard("1", **{"type": type_, type_: content})])
        assert silent.kind == "silent"


@pytest.mark.parametrize(
    ("errors", "kind"),
    [
        ([{"code": 131060}], "unreadable"),
        ([{"code": 131999}], "unreadable"),
        ([{"code": 131051}], "unsupported"),
        ([], "unsupported"),
        ("x", "unsupported"),
        ([{"code": "131060"}], "unsupported"),
    ],
)
def test_what_was_not_handed_over_is_told_apart_from_what_has_no_type(
    errors: Any, kind: str
) -> None:
    assert heard("1", type="unsupported", errors=errors).kind == kind


def test_an_older_change_of_number_is_read() -> None:
    system = {"type": "user_changed_number", "new_wa_id": "5511999990001"}
    assert heard("1", type="system", system=system).renamed == ("w:5511999990001",)

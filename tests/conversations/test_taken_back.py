"""What quotes a message that was taken back quotes it no more, and keeps what others say."""

import pytest

from mcp_platform.conversations.taken_back import without


@pytest.mark.parametrize(
    ("quoted", "message", "left"),
    [
        ("tenho alergia", "esqueci: TENHO alergia!", None),
        ("aceitam pix? e cartão?", "Aceitam pix?", "e cartão?"),
        ("e cartão? aceitam pix?", "aceitam pix?", "e cartão?"),
        ("oi aceitam pix? obrigada", "aceitam pix", "oi obrigada"),
        ("aceitam pix?", "aceitam", "pix?"),
        ("aceitam pix?", "pix aceitam", "aceitam pix?"),
        ("aceitam pix?", "ixi", "aceitam pix?"),
        ("aceitam pix?", "👍", "aceitam pix?"),
        ("👍", "aceitam pix?", None),
    ],
)
def test_only_what_was_taken_back_goes(quoted: str, message: str, left: str | None) -> None:
    assert without(quoted, message) == left

"""JSON that others wrote, whatever it holds, is read and written, and comes back the same."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_platform.kit.jsons import DEEPEST, dumps, loads, storable

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)  # beyond 64 bits they are read as floats
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec=None)),  # lone surrogates too
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON)
def test_what_is_written_is_read_back(content: Any) -> None:
    assert loads(dumps(content)) == content


@given(st.dictionaries(st.text(st.characters(codec=None)), JSON), st.randoms())
def test_sorted_the_order_of_members_does_not_show(content: dict[str, Any], chance: Any) -> None:
    names = list(content)
    chance.shuffle(names)

    assert dumps({name: content[name] for name in names}, sort=True) == dumps(content, sort=True)


@pytest.mark.parametrize(
    "body",
    [
        b"\xed\xa0\x80",
        b"[1,]",
        b"{",
        b"",
        b'"',
        b"[" * 200_000,
        b"9" * 5_000,
        b"\xff\xfe",
        b'{"a":' * 100_000,
        b'["\\ud800", ' + b"[" * 5_000 + b"]" * 5_001,
    ],
    ids=lambda body: repr(body[:12]),
)
def test_what_cannot_be_read_is_an_error_of_value_or_depth(body: bytes) -> None:
    with pytest.raises((ValueError, RecursionError)):
        loads(body)


@pytest.mark.parametrize(
    ("body", "read"),
    [
        (b'"\\ud83d"', "\ud83d"),
        (b"18446744073709551617", 18446744073709551617),
        (b'{"a":1,"a":2}', {"a": 2}),
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}),
        (b'"\\u0000"', "\x00"),
    ],
)
def test_what_json_allows_and_vendors_send_is_read(body: bytes, read: Any) -> None:
    assert loads(body) == pytest.approx(read) if isinstance(read, int) else loads(body) == read


@pytest.mark.parametrize("depth", [1, 50, DEEPEST, 253, 254, 255, 400, 900, 1_000, 1_023, 1_024])
@pytest.mark.parametrize("shape", ["[%s]", '{"a":%s}'])
@pytest.mark.parametrize("leaf", ["1", '"\\ud800"'])
def test_whatever_depth_was_read_is_written_and_read_again_with_little_stack_left(
    depth: int, shape: str, leaf: str
) -> None:
    before, after = shape.split("%s")
    body = (before * depth + leaf + after * depth).encode()
    try:
        content = loads(body)
    except (ValueError, RecursionError):
        return  # told at once, to whoever sent it
    written = dumps(content)

    def deep_down(levels: int) -> Any:
        return deep_down(levels - 1) if levels else loads(written)

    assert deep_down(500) is not None
    assert depth > DEEPEST or loads(written) == content


def test_nothing_but_absurd_depths_is_left_out() -> None:
    absurd: Any = 1
    for _ in range(600):
        absurd = [absurd]

    kept = loads(dumps({"text": "oi", "deep": absurd, "last": {"a": [1, "\ud800"]}}))

    assert (kept["text"], kept["last"]) == ("oi", {"a": [1, "\ud800"]})
    assert json.dumps(kept["deep"]).endswith("null" + "]" * (DEEPEST - 1))


@given(st.text(st.characters(codec=None)))
def test_storable_text_is_what_postgres_takes(text: str) -> None:
    stored = storable(text)

    assert "\x00" not in stored
    assert stored.encode() is not None
    assert storable(stored) == stored


def test_storable_text_that_was_fine_is_left_alone() -> None:
    assert storable("Olá 👋\u200f \t\n") == "Olá 👋\u200f \t\n"

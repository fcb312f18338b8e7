"""Only the tenant's own app secret, over exactly the bytes that came, is a signature."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_platform.whatsapp.signature import is_signed, sign

SECRET = "app-secret"


def test_the_signature_is_the_one_that_meta_documents() -> None:
    body = '{"text":"olá"}'.encode()

    expected = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert sign(body, app_secret=SECRET) == f"sha256={expected}"


@given(st.binary(), st.text(min_size=1).filter(lambda each: each.isprintable()))
def test_what_is_signed_is_recognised_as_signed(body: bytes, secret: str) -> None:
    assert is_signed(body, header=sign(body, app_secret=secret).encode(), app_secret=secret)


@given(body=st.binary(min_size=1), at=st.integers(min_value=0), flip=st.integers(1, 255))
def test_one_changed_byte_breaks_it(body: bytes, at: int, flip: int) -> None:
    changed = bytearray(body)
    changed[at % len(body)] ^= flip

    header = sign(body, app_secret=SECRET).encode()
    assert not is_signed(bytes(changed), header=header, app_secret=SECRET)


@given(header=st.none() | st.binary())
def test_what_somebody_makes_up_is_no_signature(header: bytes | None) -> None:
    assert not is_signed(b"{}", header=header, app_secret=SECRET)


@pytest.mark.parametrize("cut", [b"", b"sha256=", b"sha256", b"sha1=", b"SHA256="])
def test_a_part_of_a_signature_is_none(cut: bytes) -> None:
    digest = sign(b"{}", app_secret=SECRET).removeprefix("sha256=").encode()

    assert not is_signed(b"{}", header=cut, app_secret=SECRET)
    if cut != b"sha256=":
        assert not is_signed(b"{}", header=cut + digest, app_secret=SECRET)
    assert not is_signed(b"{}", header=b"sha256=" + digest + b" ", app_secret=SECRET)


def test_an_empty_secret_signs_nothing() -> None:
    assert not is_signed(b"{}", header=sign(b"{}", app_secret="").encode(), app_secret="")


def test_the_comparison_takes_the_same_time_wherever_it_differs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[tuple[bytes, bytes]] = []
    real = hmac.compare_digest

    def watched(a: bytes, b: bytes) -> bool:
        compared.append((a, b))
        return real(a, b)

    monkeypatch.setattr(hmac, "compare_digest", watched)

    assert not is_signed(b"{}", header=b"sha256=" + b"0" * 64, app_secret=SECRET)
    assert len(compared) == 1

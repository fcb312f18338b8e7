"""What is sealed here is unsealed by a controller's way of reading it, in one Secret and no other."""

import base64
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from mcp_platform.errors import Invalid
from mcp_platform.tenants.sealing import Sealer

NOW = datetime(2026, 11, 22, tzinfo=UTC)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = KEY, *, days: int = 3650
) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sealed-secrets")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=days))
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.PEM)
    )


def unsealed(sealed: str, *, label: str) -> str:
    """Read what is sealed as the controller does. Source: HybridDecrypt in its pkg/crypto."""
    raw = base64.b64decode(sealed, validate=True)
    (length,) = struct.unpack(">H", raw[:2])
    oaep = padding.OAEP(
        mgf=padding.MGF1(algorithm=hashes.SHA256()), algorithm=hashes.SHA256(), label=label.encode()
    )
    session_key = KEY.decrypt(raw[2 : 2 + length], oaep)
    return AESGCM(session_key).decrypt(bytes(12), raw[2 + length :], None).decode()


@pytest.mark.parametrize("value", ["s3cr3t", "não é €", "x" * 3000, "-----BEGIN\nlines\n"])
def test_what_is_sealed_opens_in_its_own_secret(value: str) -> None:
    sealed = Sealer(certificate()).seal(value, client_name="shop", environment="staging")

    assert unsealed(sealed, label="shop-staging/shop-credentials") == value


@pytest.mark.parametrize(
    "label", ["shop-production/shop-credentials", "shop-staging/other", "shop-staging", ""]
)
def test_it_opens_in_no_other(label: str) -> None:
    sealed = Sealer(certificate()).seal("s3cr3t", client_name="shop", environment="staging")

    with pytest.raises(ValueError, match="ecryption failed"):
        unsealed(sealed, label=label)


def test_a_changed_ciphertext_does_not_open() -> None:
    sealed = Sealer(certificate()).seal("s3cr3t", client_name="shop", environment="staging")
    raw = bytearray(base64.b64decode(sealed))
    raw[-1] ^= 1

    with pytest.raises(InvalidTag):
        unsealed(base64.b64encode(raw).decode(), label="shop-staging/shop-credentials")


def test_sealing_twice_looks_different_and_is_as_long_as_the_format_says() -> None:
    sealer = Sealer(certificate())
    first, second = (
        sealer.seal("s3cr3t", client_name="shop", environment="staging") for _ in range(2)
    )

    assert first != second
    assert len(base64.b64decode(first)) == 2 + KEY.key_size // 8 + len("s3cr3t") + 16


def test_a_certificate_is_given_as_text_or_as_a_file(tmp_path: Path) -> None:
    pem = certificate()
    (tmp_path / "cert.pem").write_bytes(pem)

    by_text, by_file = Sealer.of(pem.decode()), Sealer.of(str(tmp_path / "cert.pem"))

    der = x509.load_pem_x509_certificate(pem)
    assert by_text.certificate == by_file.certificate == der.fingerprint(hashes.SHA256()).hex()


def test_what_is_no_certificate_is_refused_with_the_reason(tmp_path: Path) -> None:
    elliptic = certificate(ec.generate_private_key(ec.SECP256R1()))
    for given, why in [
        ("-----BEGIN nothing", "no certificate"),
        (elliptic.decode(), "not for an RSA key"),
        (str(tmp_path / "none.pem"), "cannot be read"),
    ]:
        with pytest.raises(Invalid, match=why):
            Sealer.of(given)


@pytest.mark.parametrize(
    ("days", "said"),
    [(3650, None), (31, None), (29, "expires on 2026-12-21"), (0, "expired on 2026-11-22")],
)
def test_a_certificate_that_ends_soon_is_told(days: int, said: str | None) -> None:
    warning = Sealer(certificate(days=days)).warning(now=NOW)

    assert (warning is None) if said is None else (said in str(warning))

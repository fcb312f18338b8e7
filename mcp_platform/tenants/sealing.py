"""Seals credentials to the key of a cluster's Sealed Secrets controller, as `kubeseal` does.

The scope is strict: a value that is sealed for one tenant's Secret opens nowhere else. Sealing is
randomised, so the same value sealed again looks different, and sealed values are kept. Nothing here
can unseal.
Source: pkg/crypto/crypto.go of bitnami-labs/sealed-secrets.
"""

import base64
import os
import struct
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mcp_platform.errors import Invalid
from mcp_platform.tenants.cluster_names import namespace_of, secret_of

SESSION_KEY_BYTES = 32
NONCE = bytes(12)  # each session key encrypts once
EXPIRES_SOON = timedelta(days=30)  # the controller makes a new key as often


class Sealer:
    """Seals to one certificate: what `kubeseal --fetch-cert` prints.

    Attributes:
        certificate: SHA-256 of the certificate in DER form, hexadecimal: values that were sealed to
            another one are still unsealed as long as the controller keeps that one's key.
        expires: when the certificate does; the controller unseals all the same, `kubeseal` refuses.
    """

    def __init__(self, pem: bytes) -> None:
        """Take a certificate in PEM form; of several, the first.

        Raises:
            Invalid: it is none, or not for RSA.
        """
        try:
            found = x509.load_pem_x509_certificate(pem)
            key = found.public_key()
        except ValueError as error:
            raise Invalid("The sealing certificate is no certificate in PEM form.") from error
        if not isinstance(key, rsa.RSAPublicKey):
            raise Invalid("The sealing certificate is not for an RSA key.")
        self._key = key
        self.certificate = found.fingerprint(hashes.SHA256()).hex()
        self.expires = found.not_valid_after_utc

    @classmethod
    def of(cls, setting: str) -> "Sealer":
        """Take a certificate, or the name of the file that holds it.

        Raises:
            Invalid: neither is there.
        """
        if "-----BEGIN" in setting:
            return cls(setting.encode())
        try:
            return cls(Path(setting).read_bytes())
        except OSError as error:
            raise Invalid(f"The sealing certificate cannot be read: {error}") from error

    def warning(self, *, now: datetime) -> str | None:
        """Return what is to be said of the certificate's age, if anything."""
        if now < self.expires - EXPIRES_SOON:
            return None
        when = "expired" if now >= self.expires else "expires"
        return (
            f"The sealing certificate {when} on {self.expires:%Y-%m-%d}: fetch the present one with"
            " kubeseal --fetch-cert, and keep the controller's old keys."
        )

    def seal(self, value: str, *, client_name: str, environment: str) -> str:
        """Return `value` so that only the cluster can read it, in this tenant's Secret alone."""
        namespace = namespace_of(client_name=client_name, environment=environment)
        label = f"{namespace}/{secret_of(client_name=client_name)}"
        session_key = os.urandom(SESSION_KEY_BYTES)
        wrapped = self._key.encrypt(
            session_key,
            padding.OAEP(
                mgf=padding.MGF1(algorithm=hashes.SHA256()),
                algorithm=hashes.SHA256(),
                label=label.encode(),
            ),
        )
        sealed = AESGCM(session_key).encrypt(NONCE, value.encode(), None)
        return base64.b64encode(struct.pack(">H", len(wrapped)) + wrapped + sealed).decode()

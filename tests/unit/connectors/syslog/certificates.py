"""Certificates for tests: an authority, and what it issues, as PEM files."""

from __future__ import annotations

import datetime as dt
import ipaddress
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)


class Party(NamedTuple):
    """Files with a certificate and its key."""

    certificate: Path
    key: Path


class Authority:
    """Issues certificates for 127.0.0.1, and keeps all files in ``folder``."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, name)])
        self.certificate = self._issue(name, self._key.public_key(), self._name, is_authority=True)
        self.path = self._written(name, self.certificate.public_bytes(Encoding.PEM))

    def _issue(
        self, name: str, key: ec.EllipticCurvePublicKey, subject: x509.Name, *, is_authority: bool
    ) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        names = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def _written(self, name: str, data: bytes) -> Path:
        path = self._folder / f"{name}.pem"
        path.write_bytes(data)
        return path

    def issue(self, name: str, *, password: bytes = b"") -> Party:
        """A new key with its certificate; with a password also ``<name>.p12``."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, name)])
        certificate = self._issue(name, key.public_key(), subject, is_authority=False)
        if password:
            store = pkcs12.serialize_key_and_certificates(
                name.encode(), key, certificate, [self.certificate], BestAvailableEncryption(password)
            )
            (self._folder / f"{name}.p12").write_bytes(store)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return Party(self._written(name, certificate.public_bytes(Encoding.PEM)), self._written(f"{name}-key", private))

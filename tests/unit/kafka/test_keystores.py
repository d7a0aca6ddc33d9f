"""Truststores in PKCS12 and JKS, as keytool makes them."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from cryptography.x509.oid import NameOID

from connect.api.errors import ConfigException
from connect.kafka import clients
from connect.kafka.translate import Role, translate


@pytest.fixture
def certificate() -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    return builder.sign(key, hashes.SHA256())


@pytest.fixture
def truststore(tmp_path: Path, certificate: x509.Certificate) -> Path:
    path = tmp_path / "trust.jks"
    content = pkcs12.serialize_java_truststore(
        [pkcs12.PKCS12Certificate(certificate, b"ca")], BestAvailableEncryption(b"secret")
    )
    path.write_bytes(content)
    return path


def test_its_certificates_become_pem(truststore: Path, certificate: x509.Certificate) -> None:
    properties = {
        "security.protocol": "SSL",
        "ssl.truststore.location": str(truststore),
        "ssl.truststore.password": "secret",
    }
    assert translate(Role.ADMIN, properties).config["ssl.ca.pem"] == certificate.public_bytes(Encoding.PEM).decode()
    clients.admin(properties)


def test_a_wrong_password_is_told(truststore: Path) -> None:
    properties = {
        "security.protocol": "SSL",
        "ssl.truststore.location": str(truststore),
        "ssl.truststore.password": "wrong",
    }
    with pytest.raises(ConfigException, match="can't be opened as PKCS12"):
        translate(Role.ADMIN, properties)


def test_a_truststore_of_the_old_format_is_read() -> None:
    path = Path(__file__).parents[1] / "api" / "keystores" / "trust.jks"
    properties = {"security.protocol": "SSL", "ssl.truststore.location": str(path)}
    config = translate(Role.ADMIN, properties | {"ssl.truststore.password": "trust-secret"}).config
    assert config["ssl.ca.pem"].startswith("-----BEGIN CERTIFICATE-----\n")
    with pytest.raises(ConfigException, match="can't be opened as JKS: wrong password"):
        translate(Role.ADMIN, properties | {"ssl.truststore.password": "wrong"})

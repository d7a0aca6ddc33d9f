"""Keystores and truststores of Java in each format, for both libraries that talk to brokers."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, load_pem_private_key, pkcs12
from cryptography.x509 import load_pem_x509_certificates

from connect.api.errors import ConfigException
from connect.kafka import clients, python_client
from connect.kafka.translate import Role, translate
from tests.certificates import make_party

KEYSTORES = Path(__file__).parents[1] / "api" / "keystores"
JKS = {
    "ssl.keystore.location": str(KEYSTORES / "client.jks"),
    "ssl.keystore.password": "store-secret",
    "ssl.key.password": "key-secret",
    "ssl.truststore.location": str(KEYSTORES / "trust.jks"),
    "ssl.truststore.password": "trust-secret",
}
CLIENT = make_party("client")
CONNECTION = {"bootstrap.servers": "127.0.0.1:1", "client.id": "c", "security.protocol": "SSL"}


def in_pem(folder: Path) -> dict[str, str]:
    store, trusted = folder / "store.pem", folder / "trust.pem"
    store.write_bytes(CLIENT.encrypted_key_pem(b"secret") + CLIENT.certificate_pem)
    trusted.write_bytes(CLIENT.certificate_pem)
    locations = {"ssl.keystore.location": str(store), "ssl.truststore.location": str(trusted)}
    return {**locations, "ssl.keystore.type": "PEM", "ssl.key.password": "secret"}


def in_pkcs12(folder: Path) -> dict[str, str]:
    store, trusted = folder / "store.jks", folder / "trust.jks"
    store.write_bytes(CLIENT.p12(b"secret"))
    certificates = [pkcs12.PKCS12Certificate(CLIENT.certificate, b"ca")]
    trusted.write_bytes(pkcs12.serialize_java_truststore(certificates, BestAvailableEncryption(b"trusted")))
    return {
        "ssl.keystore.location": str(store),
        "ssl.keystore.password": "secret",
        "ssl.truststore.location": str(trusted),
        "ssl.truststore.password": "trusted",
    }


def in_jks(_: Path) -> dict[str, str]:
    return JKS


@pytest.mark.parametrize("stores", [in_pem, in_pkcs12, in_jks])
def test_both_libraries_are_given_pem(stores: object, tmp_path: Path) -> None:
    assert callable(stores)
    properties = {**CONNECTION, **stores(tmp_path)}
    config = translate(Role.ADMIN, properties).config
    password = config.get("ssl.key.password")
    key = load_pem_private_key(config["ssl.key.pem"].encode(), password.encode() if password else None)
    [certificate] = load_pem_x509_certificates(config["ssl.certificate.pem"].encode())
    assert key.public_key() == certificate.public_key()
    assert load_pem_x509_certificates(config["ssl.ca.pem"].encode()) == [certificate]
    clients.admin(properties)
    context = python_client.settings(properties)["ssl_context"]
    assert context.cert_store_stats()["x509"] == 1
    assert context.verify_mode is ssl.CERT_REQUIRED


@pytest.mark.parametrize(
    ("key", "content", "message"),
    [
        ("ssl.truststore.location", None, "can't be read: No such file"),
        ("ssl.keystore.location", None, "can't be read: No such file"),
        ("ssl.truststore.location", b"\x30\x82", "can't be opened as PKCS12"),
        ("ssl.keystore.location", b"\x30\x82", "can't be opened as PKCS12"),
        ("ssl.truststore.location", b"\xfe\xed\xfe\xed", "can't be opened as JKS"),
        ("ssl.keystore.location", b"\xfe\xed\xfe\xed", "can't be opened as JKS"),
        ("ssl.keystore.location", b"hello", "neither PEM nor PKCS12 nor JKS"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(key: str, content: bytes | None, message: str, tmp_path: Path) -> None:
    file = tmp_path / "store"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigException, match=f"{file} for configuration {key}: .*{message}"):
        translate(Role.ADMIN, {"security.protocol": "SSL", key: str(file)})


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("ssl.truststore.password", "can't be opened as JKS: wrong password"),
        ("ssl.keystore.password", "can't be opened as JKS: wrong password"),
        ("ssl.key.password", "wrong password for key client"),
    ],
)
def test_a_wrong_password_is_told(key: str, message: str) -> None:
    with pytest.raises(ConfigException, match=message):
        translate(Role.ADMIN, {"security.protocol": "SSL", **JKS, key: "wrong"})

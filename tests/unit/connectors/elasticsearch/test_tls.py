"""Connections over TLS: whom to trust, and who we are."""

from __future__ import annotations

import datetime as dt
import hashlib
import ipaddress
import ssl
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
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

from connect.api import ConfigException
from connectors.elasticsearch.client import HttpDoor, RequestFailed
from connectors.elasticsearch.settings import Settings

PASSWORD = b"changeit"


@dataclass
class Party:
    """A key with a certificate that it signed itself."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def certificate_pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def make_party(name: str) -> Party:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
    )
    return Party(key, builder.sign(key, hashes.SHA256()))


@pytest.fixture(scope="module")
def server_party() -> Party:
    return make_party("server")


@pytest.fixture(scope="module")
def client_party() -> Party:
    return make_party("client")


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def url(tmp_path: Path, server_party: Party, client_party: Party) -> Iterator[str]:
    """A server that wants to see the client's certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    file = tmp_path / "server.pem"
    file.write_bytes(server_party.key_pem + server_party.certificate_pem)
    context.load_cert_chain(file)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(cadata=client_party.certificate_pem.decode())
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def status(url: str, **tls: str) -> int:
    config = {f"elastic.https.ssl.{key.replace('_', '.')}": value for key, value in tls.items()}
    protocol = {"elastic.security.protocol": "SSL"} if tls else {}
    door = HttpDoor(Settings.read({"connection.url": url, **protocol, **config}).connection)
    try:
        return door.request("GET", "/").status
    finally:
        door.close()


def jks(*entries: bytes, password: str = "changeit") -> bytes:
    """A keystore in Java's old format."""
    content = struct.pack(">III", 0xFEEDFEED, 2, len(entries)) + b"".join(entries)
    secret = password.encode("utf-16-be")
    return content + hashlib.sha1(secret + b"Mighty Aphrodite" + content, usedforsecurity=False).digest()


def jks_certificate(certificate: bytes) -> bytes:
    kind = b"X.509"
    return struct.pack(">H", len(kind)) + kind + struct.pack(">I", len(certificate)) + certificate


def jks_trusted(certificate: bytes) -> bytes:
    return struct.pack(">IH", 2, 2) + b"ca" + struct.pack(">Q", 0) + jks_certificate(certificate)


def jks_key(key: bytes, certificate: bytes, password: str) -> bytes:
    """A private key as Java hides it: XORed with digests of the password."""
    secret, salt = password.encode("utf-16-be"), bytes(20)
    stream, block = b"", salt
    while len(stream) < len(key):
        block = hashlib.sha1(secret + block, usedforsecurity=False).digest()
        stream += block
    hidden = bytes(a ^ b for a, b in zip(key, stream, strict=False))
    octets = salt + hidden + hashlib.sha1(secret + key, usedforsecurity=False).digest()
    algorithm = der(0x30, bytes.fromhex("060a2b060104012a02110101") + b"\x05\x00")
    protected = der(0x30, algorithm + der(0x04, octets))
    entry = struct.pack(">IH", 1, 2) + b"me" + struct.pack(">QI", 0, len(protected)) + protected
    return entry + struct.pack(">I", 1) + jks_certificate(certificate)


def der(tag: int, content: bytes) -> bytes:
    return bytes([tag, 0x82]) + struct.pack(">H", len(content)) + content


def test_a_stranger_is_not_trusted(url: str) -> None:
    """The system's certificates don't know this server."""
    with pytest.raises(RequestFailed, match="certificate verify failed"):
        status(url)


def test_truststores_of_all_kinds(url: str, tmp_path: Path, server_party: Party) -> None:
    """PEM text, PEM, JKS and PKCS12 files."""
    pem, java, twelve = tmp_path / "t.pem", tmp_path / "t.jks", tmp_path / "t.p12"
    pem.write_bytes(server_party.certificate_pem)
    java.write_bytes(jks(jks_trusted(server_party.certificate.public_bytes(Encoding.DER))))
    twelve.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"x", None, None, [server_party.certificate], BestAvailableEncryption(PASSWORD)
        )
    )
    assert status(url, truststore_certificates=server_party.certificate_pem.decode()) == 200
    assert status(url, truststore_location=str(pem)) == 200
    assert status(url, truststore_location=str(java), truststore_password="changeit") == 200
    assert status(url, truststore_location=str(twelve), truststore_password="changeit") == 200


def test_own_certificates(url: str, tmp_path: Path, server_party: Party, client_party: Party) -> None:
    """From a PKCS12 keystore, and as PEM text with a key."""
    trust = {"truststore_certificates": server_party.certificate_pem.decode()}
    store = tmp_path / "k.p12"
    store.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"me", client_party.key, client_party.certificate, None, BestAvailableEncryption(PASSWORD)
        )
    )
    assert status(url, keystore_location=str(store), keystore_password="changeit", **trust) == 200
    own = {
        "keystore_key": client_party.key_pem.decode(),
        "keystore_certificate_chain": client_party.certificate_pem.decode(),
    }
    assert status(url, **own, **trust) == 200


def test_host_names_need_not_be_checked(url: str, server_party: Party) -> None:
    """An empty endpoint.identification.algorithm takes any name."""
    trust = {"truststore_certificates": server_party.certificate_pem.decode()}
    elsewhere = url.replace("127.0.0.1", "localhost")
    with pytest.raises(RequestFailed, match=r"(?i)hostname mismatch|doesn't match"):
        status(elsewhere, **trust)
    assert status(elsewhere, endpoint_identification_algorithm="", **trust) == 200


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"hello", "neither PEM nor PKCS12 nor JKS"),
        (b"\xfe\xed\xfe\xed\x00", "can't be opened as JKS: not a keystore"),
        (b"\x30\x82broken", "can't be opened as PKCS12"),
        (b"-----BEGIN NOTHING-----", "there is no certificate in it"),
        (None, "can't be read: No such file or directory"),
    ],
)
def test_files_that_are_no_truststores(tmp_path: Path, content: bytes | None, text: str) -> None:
    """The key, the file and what is wrong."""
    file = tmp_path / "store"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigException, match=text):
        status("https://127.0.0.1:1", truststore_location=str(file))


def test_own_keys_in_the_old_java_format(url: str, tmp_path: Path, server_party: Party, client_party: Party) -> None:
    """With a password for the key, or the store's; what can't be opened is told."""
    key = client_party.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    certificate = client_party.certificate.public_bytes(Encoding.DER)
    store, other, empty = tmp_path / "k.jks", tmp_path / "o.jks", tmp_path / "e.jks"
    store.write_bytes(jks(jks_key(key, certificate, "changeit")))
    other.write_bytes(jks(jks_key(key, certificate, "of the key")))
    empty.write_bytes(jks(jks_trusted(certificate)))
    trust = {"truststore_certificates": server_party.certificate_pem.decode(), "keystore_password": "changeit"}
    assert status(url, keystore_location=str(store), **trust) == 200
    assert status(url, keystore_location=str(other), key_password="of the key", **trust) == 200
    with pytest.raises(ConfigException, match="wrong password for key me"):
        status(url, keystore_location=str(other), **trust)
    with pytest.raises(ConfigException, match="there is no private key in it"):
        status(url, keystore_location=str(empty), **trust)
    with pytest.raises(ConfigException, match="can't be opened as JKS: wrong password"):
        status(url, keystore_location=str(store), **{**trust, "keystore_password": "x"})


def test_unknown_versions_are_named() -> None:
    """With those that are known."""
    with pytest.raises(ConfigException, match=r"known are TLSv1, TLSv1\.1, TLSv1\.2, TLSv1\.3"):
        status("https://127.0.0.1:1", enabled_protocols="SSLv3")

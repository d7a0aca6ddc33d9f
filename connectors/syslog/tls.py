"""TLS contexts of listeners: from PEM files, from keystores, or with a certificate made on the spot."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
from typing import NamedTuple

from connect.api import ConfigException
from connect.api.keystores import Identity, identify, read_certificates, read_identity, trust

_SELF_SIGNED_DAYS = 3650


class StoreKeys(NamedTuple):
    """A file and its password, with the name of the setting that gave the file."""

    key: str
    location: str
    password: str


def pem_context(chain: str, private_key: str, password: str, client_ca: str, *, demand_client: bool) -> ssl.SSLContext:
    """A context from PEM files. Raises ConfigException."""
    context = _server_context()
    try:
        context.load_cert_chain(chain, private_key, password)
    except (ssl.SSLError, OSError) as error:
        raise ConfigException("syslog.ssl.cert.chain.path", chain, f"chain or key can't be used: {error}") from error
    if demand_client:
        _demand_client(context, StoreKeys("syslog.ssl.root.ca.cert.chain.path", client_ca, ""))
    return context


def store_context(keystore: StoreKeys, truststore: StoreKeys) -> ssl.SSLContext:
    """A context from keystores; a truststore makes client certificates necessary. Raises ConfigException."""
    context = _server_context()
    key, location, password = keystore
    identify(context, key, location, read_identity(key, location, password, password), password)
    if truststore.location:
        _demand_client(context, truststore)
    return context


def self_signed_context(client_ca: str, *, demand_client: bool) -> ssl.SSLContext:
    """A context with a new certificate for this host's name. Raises ConfigException."""
    context = _server_context()
    name = "syslog.ssl.self.signed.certificate.enable"
    identify(context, name, "true", Identity(_self_signed(name), encrypted=False), None)
    if demand_client:
        _demand_client(context, StoreKeys("syslog.ssl.root.ca.cert.chain.path", client_ca, ""))
    return context


def _server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Senders that only write never read a session ticket, and an unread one makes their close a reset: messages lost.
    context.num_tickets = 0
    return context


def _demand_client(context: ssl.SSLContext, store: StoreKeys) -> None:
    trust(context, store.key, store.location, read_certificates(*store))
    context.verify_mode = ssl.CERT_REQUIRED


def _self_signed(name: str) -> str:
    """A key and its certificate as PEM."""
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    except ImportError as error:
        advice = "needs the package cryptography: pip install 'kafka-connect-worker[keystores]'"
        raise ConfigException(name, True, advice) from error
    key = ec.generate_private_key(ec.SECP256R1())
    host = socket.gethostname()[:64]
    subject = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, host)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=_SELF_SIGNED_DAYS))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return (private + certificate.public_bytes(Encoding.PEM)).decode("ascii")

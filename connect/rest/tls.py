"""TLS for https listeners, from Java's ``ssl.*`` settings."""

from __future__ import annotations

import logging
import ssl
import tempfile
from collections.abc import Mapping
from pathlib import Path

from connect.api import ConfigException
from connect.kafka.keystores import Kind, certificates, kind, unsupported_jks
from connect.rest.cipher_suites import restrict_ciphers

log = logging.getLogger(__name__)

_VERSIONS = {
    "TLSv1": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}
_OF_THE_JVM = (
    "ssl.provider",
    "ssl.engine.factory.class",
    "ssl.keymanager.algorithm",
    "ssl.trustmanager.algorithm",
    "ssl.secure.random.implementation",
)
_CLIENT_AUTH = {"required": ssl.CERT_REQUIRED, "requested": ssl.CERT_OPTIONAL, "none": ssl.CERT_NONE}


def ssl_settings(properties: Mapping[str, str], prefix: str) -> dict[str, str]:
    """The ``ssl.*`` settings of a listener: those under the prefix if there are any, else the worker's own."""
    own = {key[len(prefix) :]: value for key, value in properties.items() if key.startswith(prefix)}
    return own or {key: value for key, value in properties.items() if key.startswith("ssl.")}


def server_context(settings: Mapping[str, str]) -> ssl.SSLContext:
    """How an https listener talks. Raises ConfigException when the certificate or the key can't be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    versions = [name.strip() for name in settings.get("ssl.enabled.protocols", "TLSv1.2,TLSv1.3").split(",")]
    known = sorted(_VERSIONS[name] for name in versions if name in _VERSIONS)
    if not known:
        raise ConfigException("ssl.enabled.protocols", ",".join(versions), f"expected some of {', '.join(_VERSIONS)}")
    context.minimum_version, context.maximum_version = known[0], known[-1]
    if settings.get("ssl.cipher.suites"):
        restrict_ciphers(context, settings["ssl.cipher.suites"])
    _warn_of_ignored(settings)
    _load_own(context, settings)
    wanted = settings.get("ssl.client.auth", "none").lower()
    if wanted not in _CLIENT_AUTH:
        raise ConfigException("ssl.client.auth", wanted, f"String must be one of: {', '.join(_CLIENT_AUTH)}")
    if wanted != "none":
        _load_trusted(context, settings)
        context.verify_mode = _CLIENT_AUTH[wanted]
    return context


def _warn_of_ignored(settings: Mapping[str, str]) -> None:
    ignored = [key for key in _OF_THE_JVM if settings.get(key)]
    if ignored:
        log.warning("https listeners don't obey these settings, which choose parts of a JVM: %s", ", ".join(ignored))


def _load_own(context: ssl.SSLContext, settings: Mapping[str, str]) -> None:
    password = settings.get("ssl.key.password") or settings.get("ssl.keystore.password")
    key, chain = settings.get("ssl.keystore.key"), settings.get("ssl.keystore.certificate.chain")
    location = settings.get("ssl.keystore.location")
    if key and chain:
        _load_pem(context, f"{key}\n{chain}", password, "ssl.keystore.key")
    elif location:
        path = Path(location)
        found = kind("ssl.keystore.location", path)
        if found is Kind.JKS:
            raise unsupported_jks("ssl.keystore.location", path)
        text = path.read_text() if found is Kind.PEM else _pkcs12_pem(path, settings.get("ssl.keystore.password"))
        _load_pem(context, text, password if found is Kind.PEM else None, "ssl.keystore.location")
    else:
        raise ConfigException(
            "An https listener needs a certificate: set ssl.keystore.location, or ssl.keystore.key and "
            "ssl.keystore.certificate.chain"
        )


def _load_pem(context: ssl.SSLContext, text: str, password: str | None, key: str) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:  # only its owner can read it
        file.write(text)
        file.flush()
        try:
            context.load_cert_chain(file.name, password=password or "")
        except (ssl.SSLError, OSError) as error:
            raise ConfigException(f"{key}: the certificate and its key can't be used: {error}") from error


def _pkcs12_pem(path: Path, password: str | None) -> str:
    try:
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12
    except ImportError:
        hint = "pip install 'kafka-connect-worker[keystores]' to read PKCS12, or convert it to PEM"
        raise ConfigException("ssl.keystore.location", path, hint) from None
    try:
        store = pkcs12.load_pkcs12(path.read_bytes(), password.encode() if password else None)
    except ValueError as error:
        raise ConfigException("ssl.keystore.location", path, f"can't be opened as PKCS12: {error}") from error
    if store.key is None or store.cert is None:
        raise ConfigException("ssl.keystore.location", path, "holds no key with its certificate")
    key = store.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    chain = [store.cert, *store.additional_certs]
    return b"".join([key, *(each.certificate.public_bytes(Encoding.PEM) for each in chain)]).decode()


def _load_trusted(context: ssl.SSLContext, settings: Mapping[str, str]) -> None:
    text, location = settings.get("ssl.truststore.certificates"), settings.get("ssl.truststore.location")
    if not text and location:
        path = Path(location)
        found = kind("ssl.truststore.location", path)
        text = (
            path.read_text()
            if found is Kind.PEM
            else certificates("ssl.truststore.location", path, found, settings.get("ssl.truststore.password"))
        )
    if not text:
        raise ConfigException("ssl.client.auth needs ssl.truststore.location or ssl.truststore.certificates")
    try:
        context.load_verify_locations(cadata=text)
    except ssl.SSLError as error:
        raise ConfigException(f"The certificates to trust can't be used: {error}") from error

"""TLS for https listeners, from Java's ``ssl.*`` settings."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Mapping

from connect.api import ConfigException
from connect.api.keystores import Identity, identify, read_certificates, read_identity, trust
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
    store_password, key_password = settings.get("ssl.keystore.password"), settings.get("ssl.key.password")
    key, chain = settings.get("ssl.keystore.key"), settings.get("ssl.keystore.certificate.chain")
    location = settings.get("ssl.keystore.location")
    if key and chain:
        name, location, identity = "ssl.keystore.key", "[hidden]", Identity(f"{key}\n{chain}", encrypted=True)
    elif location:
        name = "ssl.keystore.location"
        identity = read_identity(name, location, store_password, key_password)
    else:
        raise ConfigException(
            "An https listener needs a certificate: set ssl.keystore.location, or ssl.keystore.key and "
            "ssl.keystore.certificate.chain"
        )
    identify(context, name, location, identity, key_password or store_password)


def _load_trusted(context: ssl.SSLContext, settings: Mapping[str, str]) -> None:
    text, location = settings.get("ssl.truststore.certificates"), settings.get("ssl.truststore.location")
    if not text and location:
        text = read_certificates("ssl.truststore.location", location, settings.get("ssl.truststore.password"))
    if not text:
        raise ConfigException("ssl.client.auth needs ssl.truststore.location or ssl.truststore.certificates")
    trust(context, "ssl.truststore.location", location or "", text)

"""TLS for a connection, from PEM, PKCS12 or JKS files."""

from __future__ import annotations

import ssl
import tempfile

from connect.api import ConfigException
from connectors.elasticsearch.stores import read_certificates, read_identity
from connectors.mqtt.settings import TlsSettings


def tls_context(settings: TlsSettings) -> ssl.SSLContext:
    """A context that trusts what the store holds, or the system's authorities. Raises ConfigException."""
    trusted = None
    if settings.trust_store:
        trusted = read_certificates(settings.trust_key, settings.trust_store, settings.trust_password or None)
    try:
        context = ssl.create_default_context(cadata=trusted)
    except ssl.SSLError as error:
        raise ConfigException(
            settings.trust_key, settings.trust_store, f"the certificates can't be used: {error}"
        ) from error
    context.check_hostname = settings.check_host_name
    if settings.key_store:
        _identify(context, settings)
    return context


def _identify(context: ssl.SSLContext, settings: TlsSettings) -> None:
    key, location = settings.identity_key, settings.key_store
    try:
        if settings.separate_key:
            context.load_cert_chain(location, settings.separate_key, password=settings.key_password or "")
            return
        identity = read_identity(key, location, settings.key_store_password or None)
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:  # the ssl module reads keys from files only
            file.write(identity.pem)
            file.flush()
            context.load_cert_chain(file.name, password=settings.key_password or settings.key_store_password or "")
    except (ssl.SSLError, OSError) as error:
        raise ConfigException(key, location, f"key or certificate can't be used: {error}") from error

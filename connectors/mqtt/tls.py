"""TLS for a connection, from PEM, PKCS12 or JKS files."""

from __future__ import annotations

import ssl

from connect.api import ConfigException
from connect.api.keystores import identify, read_certificates, read_identity, trusting
from connectors.mqtt.settings import TlsSettings


def tls_context(settings: TlsSettings) -> ssl.SSLContext:
    """A context that trusts what the store holds, or the system's authorities. Raises ConfigException."""
    trusted = None
    if settings.trust_store:
        trusted = read_certificates(settings.trust_key, settings.trust_store, settings.trust_password or None)
    context = trusting(settings.trust_key, settings.trust_store, trusted)
    context.check_hostname = settings.check_host_name
    if settings.key_store:
        _identify(context, settings)
    return context


def _identify(context: ssl.SSLContext, settings: TlsSettings) -> None:
    key, location = settings.identity_key, settings.key_store
    password = settings.key_password or settings.key_store_password or None
    if not settings.separate_key:
        identity = read_identity(key, location, settings.key_store_password or None, password)
        identify(context, key, location, identity, password)
        return
    try:
        context.load_cert_chain(location, settings.separate_key, password=settings.key_password or "")
    except (ssl.SSLError, OSError) as error:
        raise ConfigException(key, location, f"key or certificate can't be used: {error}") from error

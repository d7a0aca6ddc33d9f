"""The ``schema.registry.ssl.*`` keys as an ``ssl.SSLContext``."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

from connect.api.keystores import Identity, identify, read_certificates, read_identity, trusting
from converters.registry_config import TLS_PREFIX


def tls_context(config: Mapping[str, Any]) -> ssl.SSLContext:
    """Whom to trust and who we are. Raises ConfigException for files that can't be used."""
    values = {key.removeprefix(f"{TLS_PREFIX}ssl."): _plain(value) for key, value in config.items()}
    key, location = f"{TLS_PREFIX}ssl.truststore.location", values["truststore.location"]
    trusted = values["truststore.certificates"]
    if not trusted and location:
        trusted = read_certificates(key, location, values["truststore.password"])
    context = trusting(key, location, trusted)
    context.check_hostname = bool(values["endpoint.identification.algorithm"])
    _identify(context, values)
    return context


def _plain(value: Any) -> Any:
    return getattr(value, "value", value)


def _identify(context: ssl.SSLContext, values: Mapping[str, Any]) -> None:
    key, location = f"{TLS_PREFIX}ssl.keystore.location", values["keystore.location"]
    password = values["key.password"] or values["keystore.password"]
    if values["keystore.certificate.chain"]:
        pem = f"{values['keystore.key'] or ''}\n{values['keystore.certificate.chain']}"
        identity = Identity(pem, encrypted=True)
    elif location:
        identity = read_identity(key, location, values["keystore.password"], password)
    else:
        return
    identify(context, key, location, identity, password)

"""The ``elastic.https.ssl.*`` keys as an ``ssl.SSLContext``."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Mapping
from typing import Any

from connect.api import ConfigException
from connectors.elasticsearch.settings import ConnectionSettings
from connectors.elasticsearch.stores import Identity, read_certificates, read_identity
from connectors.elasticsearch.tls_keys import TLS_PREFIX

_VERSIONS = {
    "TLSv1": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}


def tls_options(settings: ConnectionSettings) -> dict[str, Any]:
    """What a node's configuration needs for TLS. Raises ConfigException for files that can't be used."""
    values = {name.removeprefix(TLS_PREFIX): value for name, value in settings.tls.items()}
    secured = str(settings.tls["elastic.security.protocol"]).lower() == "ssl"
    context = _trusting(values) if secured else ssl.create_default_context()
    if secured:
        _limit_versions(context, values)
        _identify(context, values)
        if values["ssl.cipher.suites"]:
            context.set_ciphers(":".join(values["ssl.cipher.suites"]))
    context.check_hostname = bool(values["ssl.endpoint.identification.algorithm"])
    return {"ssl_context": context}


def _limit_versions(context: ssl.SSLContext, values: Mapping[str, Any]) -> None:
    unknown = [name for name in values["ssl.enabled.protocols"] if name not in _VERSIONS]
    if unknown:
        raise ConfigException(f"{TLS_PREFIX}ssl.enabled.protocols", unknown[0], f"known are {', '.join(_VERSIONS)}")
    versions = [_VERSIONS[name] for name in values["ssl.enabled.protocols"]]
    if versions:
        context.minimum_version, context.maximum_version = min(versions), max(versions)


def _trusting(values: Mapping[str, Any]) -> ssl.SSLContext:
    """A context that trusts what the truststore holds; the system's certificates where there is none."""
    key, location = f"{TLS_PREFIX}ssl.truststore.location", values["ssl.truststore.location"]
    pem = values["ssl.truststore.certificates"]
    if not pem and location:
        pem = read_certificates(key, location, values["ssl.truststore.password"])
    try:
        return ssl.create_default_context(cadata=pem or None)
    except ssl.SSLError as error:
        raise ConfigException(key, location, f"the certificates can't be used: {error}") from error


def _identify(context: ssl.SSLContext, values: Mapping[str, Any]) -> None:
    key, location = f"{TLS_PREFIX}ssl.keystore.location", values["ssl.keystore.location"]
    chain = values["ssl.keystore.certificate.chain"]
    if chain:
        identity = Identity(f"{values['ssl.keystore.key'] or ''}\n{chain}", encrypted=True)
    elif location:
        identity = read_identity(key, location, values["ssl.keystore.password"], values["ssl.key.password"])
    else:
        return
    password = values["ssl.key.password"] or values["ssl.keystore.password"] if identity.encrypted else None
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:  # the ssl module reads keys from files only
        file.write(identity.pem)
        file.flush()
        try:
            context.load_cert_chain(file.name, password=password or "")
        except (ssl.SSLError, OSError) as error:
            raise ConfigException(key, location, f"key or certificate can't be used: {error}") from error

"""The ``elastic.https.ssl.*`` keys as an ``ssl.SSLContext``."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connect.api import ConfigException
from connectors.elasticsearch.settings import ConnectionSettings
from connectors.elasticsearch.tls_keys import TLS_PREFIX

_VERSIONS = {
    "TLSv1": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}


def tls_options(settings: ConnectionSettings) -> dict[str, Any]:
    """What a node's configuration needs for TLS. Raises ConfigException for files that can't be read."""
    context = ssl.create_default_context()
    values = {name.removeprefix(TLS_PREFIX): value for name, value in settings.tls.items()}
    if str(settings.tls["elastic.security.protocol"]).lower() == "ssl":
        _limit_versions(context, values)
        _trust(context, values)
        _identify(context, values)
        if values["ssl.cipher.suites"]:
            context.set_ciphers(":".join(values["ssl.cipher.suites"]))
    check_host = bool(values["ssl.endpoint.identification.algorithm"])
    context.check_hostname = check_host
    return {"ssl_context": context, "ssl_assert_hostname": None if check_host else False}


def _limit_versions(context: ssl.SSLContext, values: Mapping[str, Any]) -> None:
    unknown = [name for name in values["ssl.enabled.protocols"] if name not in _VERSIONS]
    if unknown:
        raise ConfigException(f"{TLS_PREFIX}ssl.enabled.protocols", unknown[0], f"known are {', '.join(_VERSIONS)}")
    versions = [_VERSIONS[name] for name in values["ssl.enabled.protocols"]]
    if versions:
        context.minimum_version, context.maximum_version = min(versions), max(versions)


def _trust(context: ssl.SSLContext, values: Mapping[str, Any]) -> None:
    pem = values["ssl.truststore.certificates"]
    location = values["ssl.truststore.location"]
    if not pem and not location:
        return
    fresh = pem or _read_pem("ssl.truststore.location", location)
    try:
        context.load_verify_locations(cadata=fresh)
    except ssl.SSLError as error:
        raise ConfigException(f"{TLS_PREFIX}ssl.truststore.location", location, str(error)) from error


def _identify(context: ssl.SSLContext, values: Mapping[str, Any]) -> None:
    chain, key, location = (values[f"ssl.keystore.{part}"] for part in ("certificate.chain", "key", "location"))
    if not chain and not location:
        return
    pem = f"{key}\n{chain}" if chain else _read_pem("ssl.keystore.location", location)
    password = values["ssl.key.password"] or values["ssl.keystore.password"]
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(pem)
        file.flush()
        try:
            context.load_cert_chain(file.name, password=password or "")
        except (ssl.SSLError, OSError) as error:
            raise ConfigException(f"{TLS_PREFIX}ssl.keystore.location", location, str(error)) from error


def _read_pem(name: str, location: str) -> str:
    try:
        data = Path(location).read_bytes()
    except OSError as error:
        raise ConfigException(TLS_PREFIX + name, location, str(error.strerror)) from error
    if b"-----BEGIN" not in data:
        raise ConfigException(
            TLS_PREFIX + name,
            location,
            "not a PEM file; convert it, for instance with: openssl pkcs12 -in FILE -nodes",
        )
    return data.decode("ascii", "replace")

"""The ``schema.registry.ssl.*`` keys as an ``ssl.SSLContext``."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connect.api import ConfigException
from converters.registry_config import TLS_PREFIX

_PKCS12_START = b"\x30"
_JKS_START = b"\xfe\xed\xfe\xed"


def tls_context(config: Mapping[str, Any]) -> ssl.SSLContext:
    """Whom to trust and who we are. Raises ConfigException for files that can't be used."""
    values = {key.removeprefix(f"{TLS_PREFIX}ssl."): _plain(value) for key, value in config.items()}
    key, location = f"{TLS_PREFIX}ssl.truststore.location", values["truststore.location"]
    trusted = values["truststore.certificates"]
    if not trusted and location:
        trusted = _read_store(key, location, values["truststore.password"], private=False)
    try:
        context = ssl.create_default_context(cadata=trusted or None)
    except ssl.SSLError as error:
        raise ConfigException(key, location, f"the certificates can't be used: {error}") from error
    context.check_hostname = bool(values["endpoint.identification.algorithm"])
    _identify(context, values)
    return context


def _plain(value: Any) -> Any:
    return getattr(value, "value", value)


def _identify(context: ssl.SSLContext, values: Mapping[str, Any]) -> None:
    key, location = f"{TLS_PREFIX}ssl.keystore.location", values["keystore.location"]
    password = values["key.password"] or values["keystore.password"] or ""
    if values["keystore.certificate.chain"]:
        pem = f"{values['keystore.key'] or ''}\n{values['keystore.certificate.chain']}"
    elif location:
        pem = _read_store(key, location, values["keystore.password"], private=True)
    else:
        return
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:  # the ssl module reads keys from files only
        file.write(pem)
        file.flush()
        try:
            context.load_cert_chain(file.name, password=password)
        except (ssl.SSLError, OSError) as error:
            raise ConfigException(key, location, f"key or certificate can't be used: {error}") from error


def _read_store(key: str, location: str, password: str | None, *, private: bool) -> str:
    try:
        content = Path(location).read_bytes()
    except OSError as error:
        raise ConfigException(key, location, f"can't be read: {error.strerror}") from error
    if content.startswith(_JKS_START):
        convert = f"keytool -importkeystore -srckeystore {location} -destkeystore store.p12 -deststoretype PKCS12"
        raise ConfigException(key, location, f"the old JKS format isn't supported; convert it: {convert}")
    if not content.startswith(_PKCS12_START):
        return content.decode("utf-8", "replace")
    return _read_pkcs12(key, location, content, password, private=private)


def _read_pkcs12(key: str, location: str, content: bytes, password: str | None, *, private: bool) -> str:
    try:
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12
    except ImportError:
        hint = "pip install 'kafka-connect-worker[keystores]' to read PKCS12, or convert it to PEM"
        raise ConfigException(key, location, hint) from None
    try:
        store = pkcs12.load_pkcs12(content, password.encode() if password else None)
    except ValueError as error:
        raise ConfigException(key, location, f"can't be opened as PKCS12: {error}") from error
    own = [store.cert] if store.cert else []
    pem = "".join(entry.certificate.public_bytes(Encoding.PEM).decode() for entry in (*own, *store.additional_certs))
    if private and store.key is not None:
        pem += store.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return pem

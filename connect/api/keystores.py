"""Keys and certificates out of PEM, PKCS12 and JKS files, as PEM text.

A file's kind is told by its first bytes, not by ``ssl.*store.type``: Java, too, opens PKCS12 files as JKS.
"""

from __future__ import annotations

import ssl
import tempfile
from pathlib import Path
from typing import NamedTuple

from connect.api.errors import ConfigException
from connect.api.jks import MAGIC, JavaKeystore, pem, read_jks

_SEQUENCE = b"\x30"


class Identity(NamedTuple):
    """A private key (perhaps still encrypted) with its certificates, as PEM."""

    pem: str
    encrypted: bool


def read_certificates(key: str, location: str, password: str | None) -> str:
    """All certificates of a truststore as PEM. Raises ConfigException, naming ``key``."""
    data = _read(key, location)
    if data.startswith(MAGIC):
        store = _open_jks(key, location, data, password)
        trusted = [*store.trusted, *(own.chain[0] for own in store.keys if own.chain)]
        found = "".join(pem("CERTIFICATE", certificate) for certificate in trusted)
    elif data.startswith(_SEQUENCE):
        found = _open_pkcs12(key, location, data, password)[1]
    else:
        found = _pem_text(key, location, data)
    if "-----BEGIN CERTIFICATE" not in found:
        raise ConfigException(key, location, "there is no certificate in it")
    return found


def read_identity(key: str, location: str, password: str | None, key_password: str | None) -> Identity:
    """Own key and certificates of a keystore; a key without password of its own has the store's.

    Raises ConfigException, naming ``key``.
    """
    data = _read(key, location)
    if data.startswith(MAGIC):
        store = _open_jks(key, location, data, password)
        return _jks_identity(key, location, store, key_password or password)
    if data.startswith(_SEQUENCE):
        private, certificates = _open_pkcs12(key, location, data, password)
        if not private:
            raise ConfigException(key, location, "there is no private key in it")
        return Identity(private + certificates, encrypted=False)
    return Identity(_pem_text(key, location, data), encrypted=True)


def trusting(key: str, location: str, certificates: str | None) -> ssl.SSLContext:
    """A client's context that trusts those certificates (PEM), or the system's authorities where there are none.

    Raises ConfigException, naming ``key``, when they are no certificates.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificates:
        trust(context, key, location, certificates)
    else:
        context.load_default_certs()
    return context


def trust(context: ssl.SSLContext, key: str, location: str, certificates: str) -> None:
    """Have a context trust those certificates (PEM) as Java does: each of them, whoever has issued it.

    Raises ConfigException, naming ``key``, when they are no certificates.
    """
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        context.load_verify_locations(cadata=certificates)
    except ssl.SSLError as error:
        raise ConfigException(key, location, f"the certificates can't be used: {error}") from error


def identify(context: ssl.SSLContext, key: str, location: str, identity: Identity, password: str | None) -> None:
    """Have a context show that identity. Raises ConfigException, naming ``key``, when key or certificate are none."""
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:  # the ssl module reads keys from files only
        file.write(identity.pem)
        file.flush()
        try:
            context.load_cert_chain(file.name, password=password or "")
        except (ssl.SSLError, OSError) as error:
            raise ConfigException(key, location, f"key or certificate can't be used: {error}") from error


def _read(key: str, location: str) -> bytes:
    try:
        return Path(location).read_bytes()
    except OSError as error:
        raise ConfigException(key, location, f"can't be read: {error.strerror}") from error


def _pem_text(key: str, location: str, data: bytes) -> str:
    if b"-----BEGIN" not in data:
        raise ConfigException(key, location, "it is neither PEM nor PKCS12 nor JKS")
    return data.decode("ascii", "replace")


def _open_pkcs12(key: str, location: str, data: bytes, password: str | None) -> tuple[str, str]:
    """Private key ("" when there is none) and certificates."""
    try:
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12
    except ImportError:
        hint = "pip install 'kafka-connect-worker[keystores]' to read PKCS12, or convert it to PEM"
        raise ConfigException(key, location, hint) from None
    try:
        store = pkcs12.load_pkcs12(data, password.encode() if password else None)
    except ValueError as error:
        raise ConfigException(key, location, f"can't be opened as PKCS12: {error}") from error
    private = b""
    if store.key is not None:
        private = store.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    found = [*([store.cert] if store.cert else []), *store.additional_certs]
    certificates = b"".join(each.certificate.public_bytes(Encoding.PEM) for each in found)
    return private.decode(), certificates.decode()


def _open_jks(key: str, location: str, data: bytes, password: str | None) -> JavaKeystore:
    try:
        return read_jks(data, password or None)
    except ValueError as error:
        raise ConfigException(key, location, f"can't be opened as JKS: {error}") from error


def _jks_identity(key: str, location: str, store: JavaKeystore, password: str | None) -> Identity:
    if not store.keys:
        raise ConfigException(key, location, "there is no private key in it")
    own = store.keys[0]
    try:
        private = own.decrypt(password or "")
    except ValueError as error:
        raise ConfigException(key, location, str(error)) from error
    return Identity(pem("PRIVATE KEY", private) + "".join(pem("CERTIFICATE", each) for each in own.chain), False)

"""Keys and certificates out of PEM, PKCS12 and JKS files, as PEM text.

A file's kind is told by its first bytes, not by ``ssl.*store.type``: Java, too, opens PKCS12 files as JKS.
"""

from __future__ import annotations

import ssl
import struct
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from connect.api import ConfigException

_JKS = b"\xfe\xed\xfe\xed"
_SEQUENCE = b"\x30"
_TRUSTED_CERTIFICATE = 2


class Identity(NamedTuple):
    """A private key (perhaps still encrypted) with its certificates, as PEM."""

    pem: str
    encrypted: bool


def read_certificates(key: str, location: str, password: str | None) -> str:
    """All certificates of a truststore as PEM. Raises ConfigException, naming ``key``."""
    data = _read(key, location)
    if data.startswith(_JKS):
        found = "".join(ssl.DER_cert_to_PEM_cert(certificate) for certificate in _jks_certificates(key, location, data))
    elif data.startswith(_SEQUENCE):
        found = _open_pkcs12(key, location, data, password)[1]
    else:
        found = _pem_text(key, location, data)
    if "-----BEGIN CERTIFICATE" not in found:
        raise ConfigException(key, location, "there is no certificate in it")
    return found


def read_identity(key: str, location: str, password: str | None) -> Identity:
    """Own key and certificates of a keystore. Raises ConfigException, naming ``key``."""
    data = _read(key, location)
    if data.startswith(_JKS):
        convert = f"keytool -importkeystore -srckeystore {location} -destkeystore keystore.p12 -deststoretype PKCS12"
        raise ConfigException(key, location, f"keys can't be read from the old JKS format; convert it: {convert}")
    if data.startswith(_SEQUENCE):
        private, certificates = _open_pkcs12(key, location, data, password)
        if not private:
            raise ConfigException(key, location, "there is no private key in it")
        return Identity(private + certificates, encrypted=False)
    return Identity(_pem_text(key, location, data), encrypted=True)


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
        hint = "pip install cryptography to read PKCS12, or convert it: openssl pkcs12 -nodes -in FILE"
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


def _jks_certificates(key: str, location: str, data: bytes) -> Iterator[bytes]:
    """The trusted certificates of a JKS file; they are not encrypted, the password only guards against changes."""
    stream = BytesIO(data)
    try:
        _, version, count = _unpack(stream, ">III")
        for _ in range(count):
            (tag,) = _unpack(stream, ">I")
            _text(stream)
            _unpack(stream, ">Q")
            if tag != _TRUSTED_CERTIFICATE:
                raise ConfigException(key, location, "it holds keys, not certificates alone")
            if version > 1:
                _text(stream)
            (length,) = _unpack(stream, ">I")
            yield stream.read(length)
    except struct.error:
        raise ConfigException(key, location, "it is cut short") from None


def _unpack(stream: BytesIO, form: str) -> tuple[int, ...]:
    return struct.unpack(form, stream.read(struct.calcsize(form)))


def _text(stream: BytesIO) -> bytes:
    (length,) = _unpack(stream, ">H")
    return stream.read(length)

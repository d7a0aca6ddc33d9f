"""Java keystores: what kind a file is, and the certificates in it as PEM.

The kind is told by the file's first bytes, not by ``ssl.*store.type``: Java itself opens PKCS12 files as type JKS.
"""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from connect.api.errors import ConfigException


class Kind(Enum):
    """The format of a keystore."""

    PEM = "PEM"
    PKCS12 = "PKCS12"
    JKS = "JKS"


def kind(key: str, path: Path) -> Kind:
    """The file's format. Raises ConfigException, naming ``key``, when it can't be read."""
    try:
        start = path.open("rb").read(4)
    except OSError as error:
        raise ConfigException(key, path, f"can't be read: {error.strerror}") from error
    if start == b"\xfe\xed\xfe\xed":
        return Kind.JKS
    return Kind.PKCS12 if start[:1] == b"\x30" else Kind.PEM


def certificates(key: str, path: Path, kind: Kind, password: str | None) -> str:
    """All certificates of a PKCS12 file as PEM. Raises ConfigException when they can't be had."""
    if kind is Kind.JKS:
        raise unsupported_jks(key, path)
    try:
        from cryptography.hazmat.primitives.serialization import Encoding, pkcs12
    except ImportError:
        hint = "pip install 'kafka-connect-worker[keystores]' to read PKCS12, or convert it to PEM"
        raise ConfigException(key, path, hint) from None
    try:
        store = pkcs12.load_pkcs12(path.read_bytes(), password.encode() if password else None)
    except ValueError as error:
        raise ConfigException(key, path, f"can't be opened as PKCS12: {error}") from error
    found = [*store.additional_certs, *([store.cert] if store.cert else [])]
    return "".join(entry.certificate.public_bytes(Encoding.PEM).decode() for entry in found)


def unsupported_jks(key: str, path: Path) -> ConfigException:
    """What to do about a keystore in Java's old format."""
    command = f"keytool -importkeystore -srckeystore {path} -destkeystore {path.stem}.p12 -deststoretype PKCS12"
    return ConfigException(key, path, f"the old JKS format isn't supported; convert it: {command}")

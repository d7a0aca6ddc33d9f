"""Java keystores for the clients and for https listeners: what kind a file is, and the certificates in it as PEM."""

from __future__ import annotations

from pathlib import Path

from connect.api.errors import ConfigException
from connect.api.keystores import Kind, read_certificates
from connect.api.keystores import kind as kind_of

__all__ = ["Kind", "certificates", "kind", "unsupported_jks"]


def kind(key: str, path: Path) -> Kind:
    """The file's format. Raises ConfigException, naming ``key``, when it can't be read."""
    return kind_of(key, str(path))


def certificates(key: str, path: Path, kind: Kind, password: str | None) -> str:
    """All certificates of a file as PEM. Raises ConfigException when they can't be had."""
    return read_certificates(key, str(path), password)


def unsupported_jks(key: str, path: Path) -> ConfigException:
    """What to do about a keystore in Java's old format."""
    command = f"keytool -importkeystore -srckeystore {path} -destkeystore {path.stem}.p12 -deststoretype PKCS12"
    return ConfigException(key, path, f"keys can't be read from the old JKS format; convert it: {command}")

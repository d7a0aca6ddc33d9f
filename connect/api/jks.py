"""Java's own keystore format (JKS): the certificates that are trusted, and private keys with their certificates.

The format is that of ``sun.security.provider.JavaKeyStore``: big-endian numbers, texts with a length of two bytes, and
at the end a SHA-1 over password and content. Private keys are XORed with a stream of SHA-1 digests.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import textwrap
from dataclasses import dataclass

MAGIC = b"\xfe\xed\xfe\xed"
_SALT = _DIGEST = 20
_WHITENER = b"Mighty Aphrodite"
_PRIVATE_KEY, _TRUSTED = 1, 2
_PROTECTION = bytes.fromhex("060a2b060104012a02110101")
"""DER of the object identifier 1.3.6.1.4.1.42.2.17.1.1."""


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A key that is still encrypted, with its certificates as DER, its own first."""

    alias: str
    protected: bytes
    chain: list[bytes]

    def decrypt(self, password: str) -> bytes:
        """The key as PKCS #8 in DER. Raises ValueError for a wrong password and what is no such key."""
        content = _octets_of(self.protected)
        secret = password.encode("utf-16-be")
        block, encrypted, check = content[:_SALT], content[_SALT:-_DIGEST], content[-_DIGEST:]
        stream = bytearray()
        while len(stream) < len(encrypted):
            block = hashlib.sha1(secret + block, usedforsecurity=False).digest()
            stream += block
        plain = bytes(a ^ b for a, b in zip(encrypted, stream, strict=False))
        if not hmac.compare_digest(hashlib.sha1(secret + plain, usedforsecurity=False).digest(), check):
            raise ValueError(f"wrong password for key {self.alias}")
        return plain


@dataclass(frozen=True, slots=True)
class JavaKeystore:
    """What is in a file."""

    keys: list[PrivateKey]
    trusted: list[bytes]
    """Certificates as DER."""


def read_jks(data: bytes, password: str | None) -> JavaKeystore:
    """Read a keystore; without a password its integrity isn't checked, as in Java. Raises ValueError."""
    if not data.startswith(MAGIC) or len(data) < len(MAGIC) + 8 + _DIGEST:
        raise ValueError("not a keystore in the format JKS")
    content, digest = data[:-_DIGEST], data[-_DIGEST:]
    if password is not None:
        hashed = hashlib.sha1(password.encode("utf-16-be") + _WHITENER + content, usedforsecurity=False).digest()
        if not hmac.compare_digest(hashed, digest):
            raise ValueError("wrong password, or the file is damaged")
    reader = _Reader(content, len(MAGIC))
    version = reader.number(4)
    if version not in (1, 2):
        raise ValueError(f"unknown version {version}")
    store = JavaKeystore([], [])
    for _ in range(reader.number(4)):
        tag, alias = reader.number(4), reader.text()
        reader.number(8)  # when it was made
        if tag == _PRIVATE_KEY:
            protected = reader.take(reader.number(4))
            chain = [reader.certificate(version) for _ in range(reader.number(4))]
            store.keys.append(PrivateKey(alias, protected, chain))
        elif tag == _TRUSTED:
            store.trusted.append(reader.certificate(version))
        else:
            raise ValueError(f"unknown kind {tag} of entry {alias}")
    return store


def pem(label: str, der: bytes) -> str:
    """DER as PEM: ``label`` is ``CERTIFICATE`` or ``PRIVATE KEY``."""
    body = "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64))
    return f"-----BEGIN {label}-----\n{body}\n-----END {label}-----\n"


class _Reader:
    """Takes one thing after the other; what isn't there any more is a ValueError."""

    def __init__(self, data: bytes, position: int) -> None:
        self._data = data
        self._position = position

    def take(self, count: int) -> bytes:
        end = self._position + count
        if end > len(self._data):
            raise ValueError("the file ends too early")
        taken = self._data[self._position : end]
        self._position = end
        return taken

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size))

    def text(self) -> str:
        return self.take(self.number(2)).decode(errors="replace")

    def certificate(self, version: int) -> bytes:
        if version > 1:
            self.text()  # X.509, there is no other
        return self.take(self.number(4))


def _octets_of(der: bytes) -> bytes:
    """The encrypted octets of an EncryptedPrivateKeyInfo with Java's own protection."""
    outer, _ = _element(der, 0x30)
    algorithm, rest = _element(outer, 0x30)
    if not algorithm.startswith(_PROTECTION):
        raise ValueError("the key is protected in a way that isn't the one of JKS")
    octets, _ = _element(rest, 0x04)
    if len(octets) <= _SALT + _DIGEST:
        raise ValueError("the key is damaged")
    return octets


def _element(der: bytes, tag: int) -> tuple[bytes, bytes]:
    """Content of the first element, and what follows it. Raises ValueError if it has another tag or is cut."""
    if len(der) < 2 or der[0] != tag:
        raise ValueError("the key is damaged")
    length, start = der[1], 2
    if length & 0x80:
        start = 2 + (length & 0x7F)
        length = int.from_bytes(der[2:start])
    if start + length > len(der):
        raise ValueError("the key is damaged")
    return der[start : start + length], der[start + length :]

"""Requests between workers are signed with a key that the leader hands to all through the config topic (KIP-507)."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass

from connect.herder.errors import BadRequest, NotSigned, StillStarting
from connect.storage.cluster_state import SessionKey

SIGNATURE_HEADER = "X-Connect-Authorization"
ALGORITHM_HEADER = "X-Connect-Request-Signature-Algorithm"

_DIGESTS = {
    "HmacMD5": ("md5", 64),
    "HmacSHA1": ("sha1", 64),
    "HmacSHA224": ("sha224", 28),
    "HmacSHA256": ("sha256", 32),
    "HmacSHA384": ("sha384", 48),
    "HmacSHA512": ("sha512", 64),
}
"""By Java's name: the hash's name here, and the bytes of a key when its size isn't configured."""


@dataclass(frozen=True, slots=True)
class SigningSettings:
    """``inter.worker.*`` of the worker's properties; times in ms, ``key_bits`` None for the algorithm's own size."""

    key_algorithm: str
    key_bits: int | None
    key_ttl: int
    algorithm: str
    accepted: tuple[str, ...]

    @staticmethod
    def of(properties: Mapping[str, str]) -> SigningSettings:
        """From the worker's properties."""
        bits = properties.get("inter.worker.key.size")
        accepted = properties.get("inter.worker.verification.algorithms", "HmacSHA256").split(",")
        return SigningSettings(
            properties.get("inter.worker.key.generation.algorithm", "HmacSHA256"),
            int(bits) if bits else None,
            int(properties.get("inter.worker.key.ttl.ms", "3600000")),
            properties.get("inter.worker.signature.algorithm", "HmacSHA256"),
            tuple(name.strip() for name in accepted),
        )

    @property
    def key_length(self) -> int:
        """Bytes of a new key."""
        return self.key_bits // 8 if self.key_bits else _DIGESTS[self.key_algorithm][1]


def new_key(settings: SigningSettings) -> SessionKey:
    """A fresh key."""
    key = secrets.token_bytes(settings.key_length)
    return SessionKey(key, settings.key_algorithm, int(time.time() * 1000))


def needs_new_key(settings: SigningSettings, key: SessionKey | None) -> bool:
    """Whether the leader has to make a key: there is none, it is too old, or it isn't what is configured."""
    if key is None or key.algorithm != settings.key_algorithm or len(key.key) != settings.key_length:
        return True
    return settings.key_ttl > 0 and seconds_left(settings, key) <= 0


def seconds_left(settings: SigningSettings, key: SessionKey) -> float:
    """How long the key may be used."""
    return (key.creation_timestamp + settings.key_ttl) / 1000 - time.time()


def sign(settings: SigningSettings, key: SessionKey, body: bytes) -> dict[str, str]:
    """The headers of a signed request."""
    digest = _digest(settings.algorithm, key, body)
    return {SIGNATURE_HEADER: base64.b64encode(digest).decode(), ALGORITHM_HEADER: settings.algorithm}


def verify(settings: SigningSettings, key: SessionKey | None, headers: Mapping[str, str], body: bytes) -> None:
    """Check a request. Raises BadRequest, StillStarting, NotSigned."""
    signature, algorithm = headers.get(SIGNATURE_HEADER), headers.get(ALGORITHM_HEADER)
    if signature is None or algorithm is None:
        raise BadRequest("Internal request missing required signature")
    if algorithm not in settings.accepted or algorithm not in _DIGESTS:
        raise BadRequest(
            f"This worker does not support the '{algorithm}' key signing algorithm used by other workers. "
            f"This worker is currently configured to use: {list(settings.accepted)}. "
            "Check that all workers' configuration files permit the same set of signature algorithms, "
            "and correct any misconfigured worker and restart it."
        )
    if key is None:
        raise StillStarting(
            "This worker is still starting up and has not been able to read a session key from the config topic yet"
        )
    try:
        given = base64.b64decode(signature, validate=True)
    except binascii.Error as error:
        raise BadRequest(f"{SIGNATURE_HEADER} is not Base64: {error}") from None
    if not hmac.compare_digest(given, _digest(algorithm, key, body)):
        raise NotSigned("Internal request contained invalid signature.")


def _digest(algorithm: str, key: SessionKey, body: bytes) -> bytes:
    return hmac.digest(key.key, body, _DIGESTS[algorithm][0])

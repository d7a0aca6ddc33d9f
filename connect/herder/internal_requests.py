"""Requests that workers send to each other are signed with a key that only workers can read."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from connect.herder.errors import BadRequest, Forbidden, Unavailable
from connect.storage.cluster_state import SessionKey

SIGNATURE_HEADER = "X-Connect-Authorization"
ALGORITHM_HEADER = "X-Connect-Request-Signature-Algorithm"
_BASE64 = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
_DIGESTS = {
    "HmacMD5": hashlib.md5,
    "HmacSHA1": hashlib.sha1,
    "HmacSHA224": hashlib.sha224,
    "HmacSHA256": hashlib.sha256,
    "HmacSHA384": hashlib.sha384,
    "HmacSHA512": hashlib.sha512,
}


@dataclass(frozen=True, slots=True)
class Signature:
    """What a request carries: a code over its body, and how that was made."""

    algorithm: str
    code: bytes

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Signature | None:
        """The signature of a request; None when it has none. Raises BadRequest for one that can't be read."""
        code, algorithm = headers.get(SIGNATURE_HEADER), headers.get(ALGORITHM_HEADER)
        if code is None or algorithm is None:
            return None
        if algorithm not in _DIGESTS:
            raise BadRequest(f"Algorithm {algorithm} not available")
        return cls(algorithm, _decoded(code))

    def headers(self) -> dict[str, str]:
        """As a request carries it."""
        return {SIGNATURE_HEADER: base64.b64encode(self.code).decode(), ALGORITHM_HEADER: self.algorithm}


def _decoded(text: str) -> bytes:
    for byte in text.encode():
        if byte not in _BASE64:
            raise BadRequest(f"Illegal base64 character {byte:x}")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise BadRequest(f"Input byte array has wrong 4-byte ending unit: {error}") from None


def sign(body: bytes, key: SessionKey, algorithm: str) -> Signature:
    """The signature of a body."""
    return Signature(algorithm, hmac.new(key.key, body, _DIGESTS[algorithm]).digest())


class InternalRequests:
    """Checks signatures under the settings of a worker."""

    def __init__(self, worker: Mapping[str, str]) -> None:
        self.is_signed = worker.get("connect.protocol", "sessioned").lower() == "sessioned"
        listed = worker.get("inter.worker.verification.algorithms", "HmacSHA256")
        self._algorithms = [name.strip() for name in listed.split(",") if name.strip()]

    def check(self, body: bytes, signature: Signature | None, key: SessionKey | None) -> None:
        """Raises BadRequest, Unavailable or Forbidden unless a worker of this cluster has sent that body."""
        if not self.is_signed:
            return
        if signature is None:
            raise BadRequest("Internal request missing required signature")
        if signature.algorithm not in self._algorithms:
            raise BadRequest(
                f"This worker does not support the '{signature.algorithm}' key signing algorithm used by other "
                "workers. This worker is currently configured to use: "
                f"[{', '.join(self._algorithms)}]. Check that all workers' configuration files permit the same set of "
                "signature algorithms, and correct any misconfigured worker and restart it."
            )
        if key is None:
            raise Unavailable(
                "This worker is still starting up and has not been able to read a session key from the config topic yet"
            )
        if not hmac.compare_digest(sign(body, key, signature.algorithm).code, signature.code):
            raise Forbidden("Internal request contained invalid signature.")

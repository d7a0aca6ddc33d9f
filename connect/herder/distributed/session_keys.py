"""The key with which workers sign requests to each other; the leader makes it, the config topic brings it to all."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass

from connect.storage.cluster_state import SessionKey

_LENGTHS = {"HmacMD5": 64, "HmacSHA1": 64, "HmacSHA224": 28, "HmacSHA256": 32, "HmacSHA384": 48, "HmacSHA512": 64}
"""Bytes of a key when its size isn't configured, as Java's key generators have them."""


@dataclass(frozen=True, slots=True)
class SessionKeys:
    """How keys are made: by which algorithm, how long in bytes, and for how many ms they are good (0: for ever)."""

    algorithm: str
    length: int
    ttl: int

    @staticmethod
    def of(properties: Mapping[str, str]) -> SessionKeys:
        """From the worker's properties."""
        algorithm = properties.get("inter.worker.key.generation.algorithm", "HmacSHA256")
        bits = properties.get("inter.worker.key.size")
        length = int(bits) // 8 if bits else _LENGTHS[algorithm]
        return SessionKeys(algorithm, length, int(properties.get("inter.worker.key.ttl.ms", "3600000")))

    def new(self) -> SessionKey:
        """A fresh key."""
        return SessionKey(secrets.token_bytes(self.length), self.algorithm, int(time.time() * 1000))

    def must_replace(self, key: SessionKey | None) -> bool:
        """Whether there is no key, or it is too old or isn't what is configured."""
        if key is None or key.algorithm != self.algorithm or len(key.key) != self.length:
            return True
        return self.ttl > 0 and self.seconds_left(key) <= 0

    def seconds_left(self, key: SessionKey) -> float:
        """How long a key may be used."""
        return (key.creation_timestamp + self.ttl) / 1000 - time.time() if self.ttl > 0 else float("inf")

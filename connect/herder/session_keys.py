"""The secret with which workers sign requests to each other: made by the leader, kept in the config topic."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping

from connect.storage.cluster_state import SessionKey

_ALGORITHM, _SIZE, _TTL = (
    "inter.worker.key.generation.algorithm",
    "inter.worker.key.size",
    "inter.worker.key.ttl.ms",
)
_DEFAULT_TTL_MS = 3_600_000
_USUAL_BYTES = {"HmacMD5": 64, "HmacSHA1": 64, "HmacSHA224": 28, "HmacSHA256": 32, "HmacSHA384": 48, "HmacSHA512": 64}


def new_session_key(worker: Mapping[str, str]) -> SessionKey:
    """A fresh key under the settings of a worker."""
    algorithm = worker.get(_ALGORITHM, "HmacSHA256")
    bits = worker.get(_SIZE)
    size = _USUAL_BYTES.get(algorithm, 32) if bits is None else (int(bits) + 7) // 8
    return SessionKey(secrets.token_bytes(size), algorithm, int(time.time() * 1000))


def is_expired(key: SessionKey | None, worker: Mapping[str, str]) -> bool:
    """Whether a leader has to replace a key, or there is none."""
    ttl = int(worker.get(_TTL, _DEFAULT_TTL_MS))
    return key is None or time.time() * 1000 - key.creation_timestamp >= ttl

"""Source offsets in memory."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from connect.api import ConnectException

SourcePartition = Mapping[str, Any]
SourceOffset = Mapping[str, Any]


class MemoryOffsets:
    """Keeps the offsets of one connector, and outlives its runs; used from the tasks' threads.

    ``refusing`` makes every store fail, as if the process died before it could be done.
    """

    def __init__(self) -> None:
        self.refusing = False
        self._lock = threading.Lock()
        self._stored: dict[str, SourceOffset] = {}

    def stored(self) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """All partitions with their offsets."""
        with self._lock:
            return [(json.loads(partition), dict(offset)) for partition, offset in self._stored.items()]

    def load(self, partitions: Sequence[SourcePartition]) -> list[dict[str, Any] | None]:
        """The stored offset per partition; None where there is none."""
        with self._lock:
            found = [self._stored.get(_key(partition)) for partition in partitions]
        return [None if offset is None else dict(offset) for offset in found]

    def store(self, offsets: Sequence[tuple[SourcePartition, SourceOffset | None]], timeout: float) -> None:
        """Store offsets; None forgets one. Raises ConnectException while ``refusing``."""
        if self.refusing:
            raise ConnectException("The test refuses to store offsets")
        with self._lock:
            for partition, offset in offsets:
                if offset is None:
                    self._stored.pop(_key(partition), None)
                else:
                    self._stored[_key(partition)] = json.loads(json.dumps(dict(offset)))

    def store_in_worker(self, offsets: Sequence[tuple[SourcePartition, SourceOffset | None]], timeout: float) -> None:
        """The same: there is one store."""
        self.store(offsets, timeout)

    def mirror(self, offsets: Sequence[tuple[SourcePartition, SourceOffset | None]]) -> None:
        """Done already: there is one store."""

    def fence(self) -> None:
        """Former tasks have ended before a run starts."""


def _key(partition: SourcePartition) -> str:
    return json.dumps(dict(partition), sort_keys=True)

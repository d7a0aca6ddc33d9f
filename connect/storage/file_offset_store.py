"""Source offsets of a standalone worker, in the same file that Java's worker reads and writes."""

from __future__ import annotations

import os
from pathlib import Path

from connect.api.errors import ConnectException
from connect.storage import java_hash_map
from connect.storage.offset_store import Entries, MemoryOffsetBackingStore


class FileOffsetBackingStore(MemoryOffsetBackingStore):
    """All entries are in memory; each write replaces the whole file at once, so that a crash leaves the old one."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def start(self) -> None:
        """Read the file; a missing or empty one is a fresh start. Raises ConnectException for anything else."""
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            raise ConnectException(f"Offset file {self._path} can't be read: {error.strerror}") from error
        if not content:
            return
        try:
            with self._lock:
                self._entries = java_hash_map.loads(content)
        except ValueError as error:
            raise ConnectException(f"Offset file {self._path}: {error}") from error

    def _save(self, entries: Entries) -> None:
        beside = self._path.with_name(f".{self._path.name}.{os.getpid()}.tmp")
        try:
            with beside.open("wb") as file:
                file.write(java_hash_map.dumps(entries))
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._path)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise ConnectException(f"Offset file {self._path} can't be written: {error.strerror}") from error

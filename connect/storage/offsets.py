"""Source offsets: their keys and values as bytes, and the reader and writer that tasks use."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from connect.api.errors import ConnectException, DataException
from connect.storage.java_json import dumps, loads
from connect.storage.offset_store import OffsetBackingStore

log = logging.getLogger(__name__)

Offset = Mapping[str, Any]
INT64 = range(-(2**63), 2**63)


def offset_key(connector: str, partition: Offset | None) -> bytes:
    """The key of a source partition: ``["connector",{...}]``. Raises DataException for what offsets can't hold."""
    check_offset(partition)
    return dumps([connector, partition])


def offset_value(offset: Offset | None) -> bytes | None:
    """The value of a source offset; None, a tombstone, for None. Raises DataException for what offsets can't hold."""
    check_offset(offset)
    return None if offset is None else dumps(offset)


def parse_key(key: bytes | None) -> tuple[str, dict[str, Any]] | None:
    """Connector and source partition of a key; None, with a warning, for a foreign one."""
    try:
        content = loads(key or b"null")
    except ValueError:
        content = None
    if isinstance(content, list) and len(content) == 2 and isinstance(content[0], str):
        connector, partition = content
        if isinstance(partition, dict):
            return connector, partition
        if partition is None:
            return None
    log.warning("Ignoring an offset whose key isn't a list of connector and source partition: %r", key)
    return None


def parse_value(value: bytes | None) -> dict[str, Any] | None:
    """The source offset of a value. Raises DataException when it isn't one."""
    if value is None:
        return None
    try:
        content = loads(value)
    except ValueError as error:
        raise DataException(f"Offset is not JSON: {value!r}") from error
    if content is not None and not isinstance(content, dict):
        raise DataException("Offsets must be specified as a Map")
    return content


def check_offset(offset: Any) -> None:
    """Raises DataException unless the partition or offset is a map of strings to primitive values."""
    if offset is None:
        return
    if not isinstance(offset, Mapping):
        raise DataException("Offsets must be specified as a Map")
    for name, value in offset.items():
        if not isinstance(name, str):
            raise DataException("Offsets may only use String keys")
        found = _not_primitive(value)
        if found:
            raise DataException(
                f"Offsets may only contain primitive types as values, but field {name} contains {found}"
            )


def _not_primitive(value: Any) -> str | None:
    """The Connect type of a value that offsets can't hold; None for one that they can."""
    match value:
        case None | bool() | str() | float() | bytes() | bytearray() | memoryview():
            return None
        case int():
            return None if value in INT64 else "null"
        case Mapping():
            return "MAP"
        case Sequence():
            return "ARRAY"
    return "null"


class StoredOffsetReader:
    """The ``OffsetStorageReader`` of one connector. ``close`` makes a reader that waits give up."""

    def __init__(self, store: OffsetBackingStore, connector: str) -> None:
        self._store = store
        self._connector = connector
        self._closed = threading.Event()

    def offset(self, partition: Offset) -> dict[str, Any] | None:
        """The offset of a source partition, or None. Raises ConnectException when it can't be read."""
        return self.offsets([partition])[0]

    def offsets(self, partitions: Sequence[Offset]) -> list[dict[str, Any] | None]:
        """The offsets of several source partitions, in their order."""
        if self._closed.is_set():
            raise ConnectException(
                "Offset reader is closed. This is likely because the task has already been scheduled to stop but has"
                " taken longer than the graceful shutdown period to do so."
            )
        keys = [self._key(partition) for partition in partitions]
        try:
            values = self._store.get([key for key in keys if key is not None])
        except (ConnectException, TimeoutError) as error:
            if self._closed.is_set():
                raise ConnectException(
                    "Offset reader closed while attempting to read offsets. This is likely because the task was been"
                    " scheduled to stop but has taken longer than the graceful shutdown period to do so."
                ) from error
            raise ConnectException("Failed to fetch offsets.") from error
        return [None if key is None else self._value(values.get(key)) for key in keys]

    def close(self) -> None:
        """Let all later reads fail."""
        self._closed.set()

    def _key(self, partition: Offset) -> bytes | None:
        try:
            return offset_key(self._connector, partition)
        except (DataException, TypeError) as error:
            log.error(
                "CRITICAL: the key of source partition %s of connector %s can't be made, so its data may be read"
                " again: %s",
                partition,
                self._connector,
                error,
            )
            return None

    def _value(self, value: bytes | None) -> dict[str, Any] | None:
        try:
            return parse_value(value)
        except DataException as error:
            log.error(
                "CRITICAL: an offset of connector %s can't be understood, so data may be read again: %s",
                self._connector,
                error,
            )
            return None


class OffsetStorageWriter:
    """Gathers source offsets until they are flushed to the store; newer offsets of a partition replace older ones.

    Used by one thread at a time. A flush takes what is gathered; offsets that come meanwhile wait for the next one. If
    it fails, ``cancel_flush`` puts its offsets back behind the newer ones.
    """

    def __init__(self, store: OffsetBackingStore, connector: str) -> None:
        self._store = store
        self._connector = connector
        self._gathered: dict[bytes, bytes | None] = {}
        self._flushing: dict[bytes, bytes | None] | None = None

    def offset(self, partition: Offset, offset: Offset | None) -> None:
        """Remember an offset. Raises DataException for what offsets can't hold."""
        self._gathered[offset_key(self._connector, partition)] = offset_value(offset)

    def begin_flush(self) -> bool:
        """Take what is gathered; False when that is nothing. Raises ConnectException while a flush is going on."""
        if self._flushing is not None:
            raise ConnectException("OffsetStorageWriter is already flushing")
        if not self._gathered:
            return False
        self._flushing, self._gathered = self._gathered, {}
        return True

    def flush(self, timeout: float) -> None:
        """Write what ``begin_flush`` took, and wait.

        Raises ConnectException or TimeoutError; what was taken is then gathered again.
        """
        if self._flushing is None:
            return
        written: Future[None] = self._store.set(self._flushing)
        try:
            written.result(timeout)
        except BaseException:
            self.cancel_flush()
            raise
        self._flushing = None

    def cancel_flush(self) -> None:
        """Give up the flush that is going on, if any; its offsets are gathered again."""
        if self._flushing is not None:
            self._gathered = {**self._flushing, **self._gathered}
            self._flushing = None

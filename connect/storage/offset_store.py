"""Where source offsets are kept, as bytes: the interface, the store without a disk, and the layering of two stores."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Protocol

from connect.api.errors import ConnectException

log = logging.getLogger(__name__)

Entries = Mapping[bytes, bytes | None]


class OffsetBackingStore(Protocol):
    """Keys and values are the bytes of ``offsets.offset_key`` and ``offset_value``; a value None is a tombstone."""

    def start(self) -> None:
        """Read everything there is. Raises ConnectException."""

    def stop(self) -> None:
        """Give everything back."""

    def get(self, keys: Sequence[bytes]) -> dict[bytes, bytes | None]:
        """The newest values; a key that has none is left out. Raises ConnectException."""

    def set(self, entries: Entries) -> Future[None]:
        """Write values; the future is done when they are safe, or raises ConnectException."""

    def keys(self) -> list[bytes]:
        """All keys that have a value."""


class MemoryOffsetBackingStore:
    """Forgets everything when the process ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: dict[bytes, bytes | None] = {}

    def start(self) -> None:
        """There is nothing to read."""

    def stop(self) -> None:
        """There is nothing to give back."""

    def get(self, keys: Sequence[bytes]) -> dict[bytes, bytes | None]:
        """The newest values."""
        with self._lock:
            return {key: self._entries[key] for key in keys if key in self._entries}

    def set(self, entries: Entries) -> Future[None]:
        """Remember values."""
        done: Future[None] = Future()
        with self._lock:
            self._entries.update(entries)
            try:
                self._save(self._entries)
            except ConnectException as error:
                done.set_exception(error)
                return done
        done.set_result(None)
        return done

    def keys(self) -> list[bytes]:
        """All keys that have a value."""
        with self._lock:
            return [key for key, value in self._entries.items() if value is not None]

    def _save(self, entries: Entries) -> None:
        """For stores that also keep the entries elsewhere; called with the lock held. Raises ConnectException."""


class ConnectorOffsetBackingStore:
    """A connector's own store before the worker's: reads see the worker's entries where the connector has none.

    Tombstones go to the worker's store first and must arrive there, or else the old offset would shine through again.
    Other entries go to the connector's store, and then to the worker's as well as that goes.
    """

    def __init__(self, worker: OffsetBackingStore, connector: OffsetBackingStore) -> None:
        self._worker = worker
        self._connector = connector

    def wrapped(self, wrap: Callable[[OffsetBackingStore], OffsetBackingStore]) -> ConnectorOffsetBackingStore:
        """The same stores, with something around the connector's."""
        return ConnectorOffsetBackingStore(self._worker, wrap(self._connector))

    def start(self) -> None:
        """Start the connector's store; the worker's runs already."""
        self._connector.start()

    def stop(self) -> None:
        """Stop the connector's store."""
        self._connector.stop()

    def get(self, keys: Sequence[bytes]) -> dict[bytes, bytes | None]:
        """The newest values."""
        return self._worker.get(keys) | self._connector.get(keys)

    def set(self, entries: Entries) -> Future[None]:
        """Write values to both stores, in the order that is safe."""
        tombstones = {key: value for key, value in entries.items() if value is None}
        done: Future[None] = Future()
        if tombstones:
            first = self._worker.set(tombstones)
            first.add_done_callback(lambda written: self._set_own(entries, done, written))
        else:
            self._set_own(entries, done, _done())
        return done

    def keys(self) -> list[bytes]:
        """All keys that have a value in either store."""
        both = dict.fromkeys([*self._worker.keys(), *self._connector.keys()])
        return [key for key, value in self.get(list(both)).items() if value is not None]

    def _set_own(self, entries: Entries, done: Future[None], tombstones: Future[None]) -> None:
        error = tombstones.exception()
        if error is not None:
            done.set_exception(error)
            return
        self._connector.set(entries).add_done_callback(lambda written: self._finish(entries, done, written))

    def _finish(self, entries: Entries, done: Future[None], written: Future[None]) -> None:
        error = written.exception()
        if error is not None:
            done.set_exception(error)
            return
        values = {key: value for key, value in entries.items() if value is not None}
        if values:
            self._worker.set(values).add_done_callback(_log_failure)
        done.set_result(None)


def _log_failure(written: Future[None]) -> None:
    error = written.exception()
    if error is not None:
        log.warning("Offsets are safe in the connector's topic, but not in the worker's: %s", error)


def _done() -> Future[None]:
    future: Future[None] = Future()
    future.set_result(None)
    return future

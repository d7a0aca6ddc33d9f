"""Ends a query that runs while its task is asked to stop."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.25
_PATIENCE_SECONDS = 0.5
"""A query that ends by itself in that time isn't worth a cancellation."""


class Interrupter:
    """A thread that looks, while a query runs, whether the task is to stop; idle otherwise.

    ``is_stopping`` says so; it's called from the thread.
    """

    def __init__(self, is_stopping: Callable[[], bool]) -> None:
        self._is_stopping = is_stopping
        self._lock = threading.Lock()
        self._busy = threading.Event()
        self._closed = threading.Event()
        self._cancel: Callable[[], None] | None = None
        self._since = 0.0
        self._thread: threading.Thread | None = None
        self.interrupted = False

    @contextmanager
    def watching(self, cancel: Callable[[], None]) -> Iterator[None]:
        """While inside, ``cancel`` is called when the task is to stop. ``interrupted`` tells afterwards."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="jdbc-interrupter", daemon=True)
            self._thread.start()
        self.interrupted = False
        self._since = time.monotonic()
        self._cancel = cancel
        if not self._busy.is_set():
            self._busy.set()
        try:
            yield
        finally:
            with self._lock:
                self._cancel = None

    def rest(self) -> None:
        """Nothing will run for a while."""
        self._busy.clear()

    def close(self) -> None:
        """End the thread."""
        self._closed.set()
        self._busy.set()

    def _watch(self) -> None:
        while not self._closed.is_set():
            self._busy.wait()
            if not self._closed.wait(_LOOK_SECONDS):
                self._look()

    def _look(self) -> None:
        if self._cancel is None or self.interrupted or time.monotonic() - self._since < _PATIENCE_SECONDS:
            return
        if not self._is_stopping():
            return
        with self._lock:
            if self._cancel is None:
                return
            self.interrupted = True
            try:
                log.info("The task is to stop: ending the running query")
                self._cancel()
            except Exception:  # whatever the driver raises, the thread goes on
                log.warning("Couldn't end the running query", exc_info=True)

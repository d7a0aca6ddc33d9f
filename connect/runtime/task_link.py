"""What a running task needs from its surroundings: to be told to stop or pause, and to report how it goes.

The loops depend on this alone and don't know whether they run in a process of their own, in a thread, or in a test.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from connect.runtime.ids import State

SourcePartition = Mapping[str, Any]
SourceOffset = Mapping[str, Any]


class TaskReporter(Protocol):
    """Takes the states of a task."""

    def report_state(self, state: State, trace: str | None = None) -> None:
        """The task is now in that state."""

    def report_topics(self, topics: Sequence[str]) -> None:
        """The task has used those topics for the first time."""


class OffsetClient(Protocol):
    """Reads and stores the source offsets of one connector."""

    def load(self, partitions: Sequence[SourcePartition]) -> list[dict[str, Any] | None]:
        """The stored offset per partition. Raises ConnectException."""

    def store(self, offsets: Sequence[tuple[SourcePartition, SourceOffset | None]], timeout: float) -> None:
        """Store offsets durably. Raises ConnectException, or TimeoutError after ``timeout`` seconds."""

    def store_in_worker(self, offsets: Sequence[tuple[SourcePartition, SourceOffset | None]], timeout: float) -> None:
        """The same for the worker's own store, past the connector's own topic."""

    def mirror(self, offsets: Sequence[tuple[SourcePartition, SourceOffset | None]]) -> None:
        """Store offsets in the worker's own store as well as that goes."""

    def fence(self) -> AbstractContextManager[None]:
        """While its body runs, the task claims its transactional id.

        Waits first until former tasks of the connector can write no more, and afterwards makes sure that the task still
        is to run. Raises ConnectException.
        """


class TaskControl:
    """The will of the outside: stop, pause, resume. Set from any thread, obeyed by the task's own."""

    def __init__(self, *, paused: bool = False) -> None:
        self._changed = threading.Condition()
        self._stopping = False
        self._paused = paused

    @property
    def stopping(self) -> bool:
        """The task is asked to end."""
        return self._stopping

    @property
    def paused(self) -> bool:
        """The task is asked to pause."""
        return self._paused

    def stop(self) -> None:
        """Ask the task to end."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def pause(self, paused: bool) -> None:
        """Ask the task to pause, or to go on."""
        with self._changed:
            self._paused = paused
            self._changed.notify_all()

    def wait(self, seconds: float) -> bool:
        """Sleep; True at once when the task is asked to stop or pause."""
        with self._changed:
            return self._changed.wait_for(lambda: self._stopping or self._paused, seconds)

    def wait_for_stop(self, seconds: float) -> bool:
        """Sleep; True at once when the task is asked to stop, whatever about pausing."""
        with self._changed:
            return self._changed.wait_for(lambda: self._stopping, seconds)

    def wait_for_stop_or(self, condition: Callable[[], bool], seconds: float) -> None:
        """Sleep; at an end at once when the task is asked to stop, or :meth:`wake` finds the condition true."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or condition(), seconds)

    def wake(self) -> None:
        """Have sleepers look at their conditions."""
        with self._changed:
            self._changed.notify_all()

    def wait_while_paused(self) -> None:
        """Sleep until the task may go on or has to end."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or not self._paused)

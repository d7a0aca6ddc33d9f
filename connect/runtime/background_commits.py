"""Commits of source offsets while the task's loop is away, in a poll that takes long for one."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Protocol

from connect.logging import connector_context
from connect.runtime.ids import ConnectorTaskId
from connect.runtime.task_link import TaskControl

_LOOP_FIRST_SECONDS = 0.3
"""How long the loop is given to commit by itself when a commit is due, or when the task is to stop."""
_SERVE_EVERY_SECONDS = 0.05
_LONGEST_WAIT_FOR_TURN_SECONDS = 1.0


class Committer(Protocol):
    """What there is to do, for whoever has the turn."""

    def seconds_until_due(self) -> float:
        """How long until a commit is due. Called by any thread."""

    def has_uncommitted(self) -> bool:
        """Whether records were sent whose offsets are not stored. Called by any thread."""

    def serve(self) -> bool:
        """Tell the task what became of its records; True while it wants to hear of more."""

    def commit_for_loop(self) -> None:
        """Commit on behalf of a loop that is away. Raises nothing."""


class BackgroundCommits:
    """A thread that commits when the loop can't, since it is away. The two take turns.

    The loop has the turn all the time but while it is :meth:`away`, so that the record path needs no lock.
    """

    def __init__(self, task_id: ConnectorTaskId, control: TaskControl, committer: Committer) -> None:
        self._id = task_id
        self._control = control
        self._committer = committer
        self._turn = threading.Lock()
        self._called = False
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    # Called by the loop

    def start(self) -> None:
        """The loop begins, with its turn."""
        self._turn.acquire()

    def ensure_thread(self) -> None:
        """There is something to commit from now on: a task that never sends anything needs no thread."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="offsets", daemon=True)
            self._thread.start()

    def call(self) -> None:
        """The task wants to hear what becomes of its records, maybe before the loop comes back."""
        self._called = True
        self._control.wake()

    @contextlib.contextmanager
    def away(self) -> Iterator[None]:
        """While the body runs, the thread may commit."""
        self._turn.release()
        try:
            yield
        finally:
            self._turn.acquire()

    def end(self) -> None:
        """The loop has ended; the thread does so."""
        self._ended.set()
        self._control.wake()
        if self._turn.locked():
            self._turn.release()

    # The thread

    def _run(self) -> None:
        with connector_context(self._id.connector, f"task-{self._id.task}|offsets"):
            while not self._control.stopping and not self._ended.is_set():
                self._control.wait_for_stop_or(self._is_called, self._seconds_to_sleep())
                if self._is_late():
                    self._take_turn()
            # A task whose poll doesn't come back will be killed.
            while not self._ended.wait(_LOOP_FIRST_SECONDS) and self._committer.has_uncommitted():
                self._take_turn()

    def _is_called(self) -> bool:
        return self._called or self._ended.is_set()

    def _is_late(self) -> bool:
        return self._committer.seconds_until_due() <= -_LOOP_FIRST_SECONDS

    def _seconds_to_sleep(self) -> float:
        self._called = False
        seconds = max(0.0, self._committer.seconds_until_due() + _LOOP_FIRST_SECONDS)
        return min(seconds, _SERVE_EVERY_SECONDS) if self._serve() else seconds

    def _serve(self) -> bool:
        if not self._turn.acquire(blocking=False):
            return False  # the loop is back, and serves for itself
        try:
            return not self._ended.is_set() and self._committer.serve()
        finally:
            self._turn.release()

    def _take_turn(self) -> None:
        if not self._turn.acquire(timeout=_LONGEST_WAIT_FOR_TURN_SECONDS):
            return
        try:
            if not self._ended.is_set() and (self._is_late() or self._control.stopping):
                self._committer.commit_for_loop()
        finally:
            self._turn.release()

"""One task over one channel, in whatever process and thread: takes a start message, runs the loop, and reports."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
import traceback
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from connect.api import ConnectException
from connect.kafka.clients import RealKafka
from connect.loggers import Loggers
from connect.logging import connector_context
from connect.plugins.registry import process_plugins
from connect.provided_secrets import remember_all
from connect.runtime import pulse
from connect.runtime.channel import ChildChannel, format_trace
from connect.runtime.ids import ConnectorTaskId, State
from connect.runtime.progress import HEARTBEAT_SECONDS, QUIET_HEARTBEAT_SECONDS, Progress
from connect.runtime.rate_limits import RateLimits
from connect.runtime.task_builder import TaskBuilder, TaskSpec
from connect.runtime.task_link import SourceOffset, SourcePartition, TaskControl

log = logging.getLogger(__name__)

_OFFSET_READ_SECONDS = 60.0
_FENCE_SECONDS = 120.0


def _pairs(offsets: Sequence[tuple[SourcePartition, SourceOffset | None]]) -> list[list[dict[str, Any] | None]]:
    return [[dict(partition), None if offset is None else dict(offset)] for partition, offset in offsets]


class ChannelOffsets:
    """Source offsets, kept by the worker for all tasks of a connector."""

    def __init__(self, channel: ChildChannel) -> None:
        self._channel = channel

    def load(self, partitions: Sequence[SourcePartition]) -> list[dict[str, Any] | None]:
        """The stored offset per partition. Raises ConnectException."""
        try:
            found = self._channel.call("load_offsets", _OFFSET_READ_SECONDS, partitions=[dict(p) for p in partitions])
        except TimeoutError as error:
            raise ConnectException("Timed out while reading source offsets") from error
        return list(found)

    def store(self, offsets: Sequence[tuple[SourcePartition, SourceOffset | None]], timeout: float) -> None:
        """Store offsets. Raises ConnectException or TimeoutError."""
        self._channel.call("store_offsets", timeout, offsets=_pairs(offsets))

    def store_in_worker(self, offsets: Sequence[tuple[SourcePartition, SourceOffset | None]], timeout: float) -> None:
        """Store offsets in the worker's own store. Raises ConnectException or TimeoutError."""
        self._channel.call("store_worker_offsets", timeout, offsets=_pairs(offsets))

    def mirror(self, offsets: Sequence[tuple[SourcePartition, SourceOffset | None]]) -> None:
        """Store offsets in the worker's own store as well as that goes."""
        self._channel.notify("store_worker_offsets", offsets=_pairs(offsets))

    @contextmanager
    def fence(self) -> Iterator[None]:
        """The worker asks the leader of its group. Raises ConnectException."""
        try:
            self._channel.call("fence", _FENCE_SECONDS)
            yield
            self._channel.call("confirm", _FENCE_SECONDS)
        except TimeoutError as error:
            raise ConnectException("Timed out while waiting for former tasks to be fenced off") from error


class ChannelReporter:
    """Tells the worker about the task's states."""

    def __init__(self, channel: ChildChannel) -> None:
        self._channel = channel

    def report_state(self, state: State, trace: str | None = None) -> None:
        """The task is now in that state."""
        self._channel.notify("state", state=state.value, trace=trace)

    def report_topics(self, topics: Sequence[str]) -> None:
        """The task has used those topics for the first time."""
        self._channel.notify("topics", topics=list(topics))


class TaskRun:
    """A task from its start message to its end. Where it runs is its caller's choice."""

    def __init__(self, sock: socket.socket, on_start: Callable[[ConnectorTaskId], None]) -> None:
        """``on_start`` hears, before anything of the task runs, which one it is."""
        self._channel = ChildChannel(sock)
        self._on_start = on_start
        self._control = TaskControl()
        self._progress = Progress()
        self._limits = RateLimits()
        self._start: dict[str, Any] | None = None
        self._started = threading.Event()
        self._ended = threading.Event()
        _runs.add(self)

    def run(self, on_worker_gone: Callable[[], None] | None = None) -> None:
        """Run the task to its end.

        When the worker closes the channel, the task is asked to stop, and ``on_worker_gone`` is called on a thread.
        """

        def read() -> None:
            self._channel.serve(self._handle)
            self._started.set()
            if not self._ended.is_set():
                self._control.stop()
                if on_worker_gone is not None:
                    on_worker_gone()

        threading.Thread(target=read, name="channel", daemon=True).start()
        self._started.wait()
        if self._start is not None:
            task_id = ConnectorTaskId(self._start["connector"], self._start["task"])
            self._on_start(task_id)
            with connector_context(task_id.connector, f"task-{task_id.task}"):
                self._run_task(task_id, self._start)
        self._channel.shut()

    def _handle(self, method: str, params: dict[str, Any], answer: Callable[[Any], None]) -> None:
        match method:
            case "start":
                self._start = params
                self._started.set()
            case "stop":
                self._control.stop()
            case "pause":
                self._control.pause(True)
            case "resume":
                self._control.pause(False)
            case "log_level":
                Loggers().set_level(params["logger"], params["level"])
            case "limits":
                self._limits.set(**params)

    def _run_task(self, task_id: ConnectorTaskId, params: Mapping[str, Any]) -> None:
        remember_all(params["provided_secrets"])
        for logger, level in params["levels"].items():
            Loggers().set_level(logger, level)
        if params["paused"]:
            self._control.pause(True)
        reporter = ChannelReporter(self._channel)
        threading.Thread(target=self._heartbeat, name="heartbeat", daemon=True).start()
        if params["patience"] is not None:
            watch = threading.Thread(target=self._watch_worker, args=[params["patience"]], name="pulse", daemon=True)
            watch.start()
        try:
            spec = TaskSpec(
                task_id, params["connector_config"], params["task_config"], params["worker"], params["group_id"]
            )
            builder = TaskBuilder(
                spec,
                process_plugins(),
                RealKafka(),
                ChannelOffsets(self._channel),
                self._control,
                reporter,
                self._progress,
                self._limits,
            )
            run = builder.build()
            self._channel.notify("facts", **builder.facts())
            run()
        except BaseException as error:  # a plugin may even raise SystemExit
            if isinstance(error, MemoryError):
                traceback.clear_frames(error.__traceback__)  # or what filled the memory would still be held
            log.error("Task %s has failed and won't recover until it is restarted", task_id, exc_info=error)
            self._ended.set()
            self._channel.notify("progress", **self._progress.report())
            reporter.report_state(State.FAILED, format_trace(error))
        else:
            self._ended.set()
            self._channel.notify("progress", **self._progress.report())
        self._channel.notify("ended")

    def abandon(self) -> None:
        """In a process that a plugin has forked: it is not this task, and must not speak for it."""
        self._control.stop()
        self._channel.abandon()

    def _heartbeat(self) -> None:
        told: dict[str, Any] = {}
        at = 0.0
        while not self._ended.wait(HEARTBEAT_SECONDS):
            counters, now = dict(self._progress.counters), time.monotonic()
            if counters != told or now - at >= QUIET_HEARTBEAT_SECONDS:
                told, at = counters, now
                self._channel.notify("progress", **self._progress.report())

    def _watch_worker(self, patience: float) -> None:
        """End at once when the worker no longer acts: its group is about to give this task to another one.

        Looks twice, so that a machine that was asleep as a whole gives the worker a chance.
        """
        silent = False
        while not self._ended.wait(pulse.BEAT_SECONDS):
            seconds = pulse.silent_seconds()
            if silent and seconds > patience:
                log.error("The worker does not act since %.1f s: this task ends, since another will take over", seconds)
                os._exit(pulse.SILENT_WORKER)
            silent = seconds > patience


_runs: weakref.WeakSet[TaskRun] = weakref.WeakSet()


def _abandon_all() -> None:
    for run in list(_runs):
        run.abandon()


os.register_at_fork(after_in_child=_abandon_all)

"""A task's own process: takes a start message, runs the loop, and reports over the channel."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connect import logging as connect_logging
from connect.api import ConnectException
from connect.kafka.clients import RealKafka
from connect.loggers import Loggers
from connect.plugins.registry import process_plugins
from connect.provided_secrets import remember_all
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

    def fence(self) -> None:
        """Wait until former tasks of the connector can write no more. Raises ConnectException."""
        try:
            self._channel.call("fence", _FENCE_SECONDS)
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


class TaskProcess:
    """One task over one channel; ``main`` runs it in a process of its own."""

    def __init__(self, sock: socket.socket) -> None:
        self._channel = ChildChannel(sock)
        self._control = TaskControl()
        self._progress = Progress()
        self._limits = RateLimits()
        self._start: dict[str, Any] | None = None
        self._started = threading.Event()
        self._ended = threading.Event()

    def run(self, on_worker_gone: Callable[[], None]) -> None:
        """Run the task to its end. ``on_worker_gone`` is called on the reader thread when the channel closes."""

        def read() -> None:
            self._channel.serve(self._handle)
            self._started.set()
            on_worker_gone()

        threading.Thread(target=read, name="channel", daemon=True).start()
        self._started.wait()
        if self._start is not None:
            self._run_task(self._start)

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

    def _run_task(self, params: Mapping[str, Any]) -> None:
        task_id = ConnectorTaskId(params["connector"], params["task"])
        connect_logging.set_process_context(task_id.connector, f"task-{task_id.task}")
        connect_logging.capture_standard_output()
        remember_all(params["provided_secrets"])
        for logger, level in params["levels"].items():
            Loggers().set_level(logger, level)
        os.register_at_fork(after_in_child=self._on_forked)
        if params["paused"]:
            self._control.pause(True)
        reporter = ChannelReporter(self._channel)
        threading.Thread(target=self._heartbeat, name="heartbeat", daemon=True).start()
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
            log.error("Task %s has failed and won't recover until it is restarted", task_id, exc_info=error)
            self._ended.set()
            self._channel.notify("progress", **self._progress.report())
            reporter.report_state(State.FAILED, format_trace(error))
        else:
            self._ended.set()
            self._channel.notify("progress", **self._progress.report())
            self._channel.notify("ended")

    def _on_forked(self) -> None:
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


def main(sock: socket.socket) -> None:
    """Entry point of a task process; a worker that is gone ends it at once."""
    TaskProcess(sock).run(on_worker_gone=lambda: os._exit(0))

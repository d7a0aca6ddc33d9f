"""The process in which connector instances live: their start, task configurations, validation, monitoring threads.

Each connector has a thread of its own here, so that one that takes its time doesn't delay the others; one that hangs is
given up by the worker, which replaces the whole process.
"""

from __future__ import annotations

import logging
import os
import queue
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any

from connect.api import ConnectException, Connector, Task
from connect.loggers import Loggers
from connect.logging import connector_context
from connect.plugins.registry import CONNECTOR_KINDS, PluginRegistry, process_plugins
from connect.provided_secrets import remember_all
from connect.runtime.channel import ChildChannel, format_trace
from connect.runtime.memory import collect_often
from connect.runtime.task_context import OffsetReader
from connect.runtime.task_run import ChannelOffsets

log = logging.getLogger(__name__)

Answer = Callable[[Any], None]


class HostedConnectorContext:
    """What a connector may ask of the runtime."""

    def __init__(self, name: str, channel: ChildChannel) -> None:
        self._name = name
        self._channel = channel
        self._reader = OffsetReader(_ConnectorOffsets(name, channel))

    def request_task_reconfiguration(self) -> None:
        """Ask for ``task_configs`` to be called again."""
        self._channel.notify("request_task_reconfiguration", connector=self._name)

    def raise_error(self, error: BaseException) -> None:
        """Make the connector FAILED."""
        self._channel.notify("connector_failed", connector=self._name, trace=format_trace(error))

    @property
    def offset_storage_reader(self) -> OffsetReader:
        """Reads the source offsets of this connector."""
        return self._reader


class _ConnectorOffsets(ChannelOffsets):
    """Reads through a channel that several connectors share."""

    def __init__(self, name: str, channel: ChildChannel) -> None:
        super().__init__(channel)
        self._name = name

    def load(self, partitions: Any) -> list[dict[str, Any] | None]:
        found = self._channel.call("load_offsets", 60, connector=self._name, partitions=[dict(p) for p in partitions])
        return list(found)


class HostedConnector:
    """One connector instance and the thread that calls it."""

    def __init__(self, name: str, channel: ChildChannel, registry: PluginRegistry) -> None:
        self._name = name
        self._channel = channel
        self._registry = registry
        self._connector: Connector | None = None
        self._calls: queue.SimpleQueue[tuple[str, dict[str, Any], Answer] | None] = queue.SimpleQueue()
        threading.Thread(target=self._run, name=f"connector-thread-{name}", daemon=True).start()

    def call(self, method: str, params: dict[str, Any], answer: Answer) -> None:
        """Have a method run on the connector's thread."""
        self._calls.put((method, params, answer))

    def end(self) -> None:
        """Let the thread end after what is queued."""
        self._calls.put(None)

    def _run(self) -> None:
        with connector_context(self._name, "worker"):
            while (item := self._calls.get()) is not None:
                method, params, answer = item
                try:
                    answer(getattr(self, f"_{method}")(**params))
                except BaseException as error:  # a plugin may even raise SystemExit
                    answer(error)

    def _start(self, config: Mapping[str, str], provided_secrets: Mapping[str, str]) -> None:
        remember_all(provided_secrets)
        connector: Connector = self._registry.load(config["connector.class"], *CONNECTOR_KINDS)()
        connector.initialize(HostedConnectorContext(self._name, self._channel))
        self._connector = connector
        connector.start(config)

    def _stop(self) -> None:
        if self._connector is not None:
            self._connector.stop()
            self._connector = None

    def _task_configs(self, max_tasks: int) -> dict[str, Any]:
        connector = self._running()
        configs = connector.task_configs(max_tasks)
        return {"task_class": task_class_name(connector.task_class()), "configs": [dict(config) for config in configs]}

    def _running(self) -> Connector:
        if self._connector is None:
            raise ConnectException(f"Connector {self._name} is not running")
        return self._connector


class ConnectorHost:
    """All connectors of one plugin environment, over one channel."""

    def __init__(self, sock: socket.socket) -> None:
        self._channel = ChildChannel(sock)
        self._registry = process_plugins()
        self._connectors: dict[str, HostedConnector] = {}

    def run(self) -> None:
        """Serve until the worker is gone."""
        self._channel.serve(self._handle)

    def _handle(self, method: str, params: dict[str, Any], answer: Answer) -> None:
        name = params.pop("connector", None)
        if name is None:
            if method == "log_level":
                Loggers().set_level(params["logger"], params["level"])
            return
        hosted = self._connectors.get(name)
        if hosted is None:
            try:
                hosted = HostedConnector(name, self._channel, self._registry)
            except RuntimeError as error:  # no memory for one more thread
                answer(error)
                return
            self._connectors[name] = hosted
        hosted.call(method, params, answer)
        if method == "stop":
            hosted.end()
            del self._connectors[name]


def task_class_name(task_class: type[Task]) -> str:
    """The name that task configurations carry: the Java task's where ours stands for one."""
    return task_class.JAVA_CLASS or f"{task_class.__module__}.{task_class.__qualname__}"


def main(sock: socket.socket) -> None:
    """Entry point of a connector host process."""
    collect_often()
    ConnectorHost(sock).run()
    os._exit(0)

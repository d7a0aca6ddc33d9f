"""Starts and stops connectors and tasks. Knows nothing about the cluster."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable, Mapping
from typing import Any, Protocol

from connect.api import ConfigException, ConnectException
from connect.provided_secrets import provided
from connect.runtime import pulse
from connect.runtime.channel import format_trace
from connect.runtime.connector_hosts import ConnectorHosts
from connect.runtime.ids import ConnectorTaskId, State
from connect.runtime.metrics.worker_metrics import WorkerMetrics
from connect.runtime.running_tasks import RunningTask, RunningTasks
from connect.runtime.supervisor import Supervisor
from connect.runtime.task_homes import TaskHomes
from connect.runtime.task_rules import TaskRules

log = logging.getLogger(__name__)


class OffsetStore(Protocol):
    """Source offsets by connector, as the worker's tasks need them."""

    async def open(self, connector: str, config: Mapping[str, str]) -> None:
        """Called before a connector or task starts. Raises ConnectException when its offsets can't be read."""

    async def load(self, connector: str, partitions: list[dict[str, Any]]) -> list[dict[str, Any] | None]:
        """The stored offset per partition. Raises ConnectException."""

    async def store(self, connector: str, offsets: list[tuple[dict[str, Any], dict[str, Any] | None]]) -> None:
        """Store offsets; returns when they are durable. Raises ConnectException."""

    async def store_in_worker(
        self, connector: str, offsets: list[tuple[dict[str, Any], dict[str, Any] | None]]
    ) -> None:
        """The same for the worker's own store, past the connector's own topic."""

    async def close(self) -> None:
        """Close the stores of connectors' own topics."""


class WorkerListener(Protocol):
    """Hears of everything that connectors and tasks do by themselves. Called on the event loop."""

    def on_task_state(self, task_id: ConnectorTaskId, state: State, trace: str | None) -> None:
        """A task is now in that state. A trace without FAILED is the evidence that the task makes no progress."""

    def on_connector_failed(self, connector: str, trace: str) -> None:
        """A running connector has failed."""

    def on_topics(self, task_id: ConnectorTaskId, topics: list[str]) -> None:
        """A task has used those topics for the first time."""

    def on_reconfiguration_requested(self, connector: str) -> None:
        """A connector asks for new task configurations."""


class TransactionGuard(Protocol):
    """What an exactly-once task has to wait for before it claims its transactional id, and right after."""

    async def fence(self, task_id: ConnectorTaskId) -> None:
        """End former tasks of the connector. Raises ConnectException."""

    async def confirm(self, task_id: ConnectorTaskId) -> None:
        """Raises ConnectException when the task is not to run here any more."""


class Worker:
    """The connectors and tasks of this worker process."""

    def __init__(
        self,
        properties: Mapping[str, str],
        supervisor: Supervisor,
        offsets: OffsetStore,
        listener: WorkerListener,
        group_id: str | None = None,
    ) -> None:
        self._properties = dict(properties)
        self._offsets = offsets
        self._listener = listener
        self._group_id = group_id
        self.stop_seconds = int(properties.get("task.shutdown.graceful.timeout.ms", "5000")) / 1000
        self._patience = _patience(properties) if group_id else None
        self._levels: dict[str, str] = {}
        self.guard: TransactionGuard | None = None
        """A cluster's herder sets it; a worker alone has only former runs of the same tasks to fence off."""
        self.metrics = WorkerMetrics.from_properties(properties)
        self._hosts = ConnectorHosts(
            supervisor,
            self._on_host_message,
            listener.on_connector_failed,
            call_seconds=int(properties.get("connector.call.timeout.ms", "60000")) / 1000,
            memory_max=int(properties.get("connector.memory.max.bytes", "0")),
        )
        self._tasks = RunningTasks(
            TaskHomes(supervisor),
            self._on_task_message,
            self._on_task_state,
            stop_seconds=self.stop_seconds,
            metrics_window=self.metrics.window,
        )

    @property
    def connectors(self) -> Mapping[str, Mapping[str, str]]:
        """The connectors that were started, with their configurations."""
        return self._hosts.connectors

    @property
    def tasks(self) -> Mapping[ConnectorTaskId, RunningTask]:
        """The tasks that were started, those that have failed too."""
        return self._tasks.tasks

    # Connectors

    async def start_connector(self, name: str, config: Mapping[str, str]) -> None:
        """Create and start a connector instance. Raises RemoteError with what its ``start`` raised."""
        self.metrics.connector_startups.attempt()
        success = False
        try:
            await self._offsets.open(name, config)
            await self._hosts.start(name, config)
            success = True
        finally:
            self.metrics.connector_startups.end(success=success)

    async def stop_connector(self, name: str) -> None:
        """Stop a connector instance; one that doesn't stop in time is killed."""
        await self._hosts.stop(name)

    async def task_configs(self, name: str, max_tasks: int) -> tuple[str, list[dict[str, str]]]:
        """The class of a connector's tasks, and their configurations. Raises RemoteError."""
        answer = await self._hosts.call(name, "task_configs", max_tasks=max_tasks)
        return answer["task_class"], answer["configs"]

    async def _on_host_message(self, method: str, params: dict[str, Any]) -> Any:
        name = params["connector"]
        match method:
            case "load_offsets":
                return await self._offsets.load(name, params["partitions"])
            case "request_task_reconfiguration":
                self._listener.on_reconfiguration_requested(name)
            case "connector_failed":
                self._listener.on_connector_failed(name, params["trace"])
        return None

    # Tasks

    async def start_task(
        self,
        task_id: ConnectorTaskId,
        connector_config: Mapping[str, str],
        task_config: Mapping[str, str],
        *,
        paused: bool = False,
    ) -> None:
        """Start a task; its states come through the listener, a failure to start it too."""
        start = {
            "connector": task_id.connector,
            "task": task_id.task,
            "connector_config": dict(connector_config),
            "provided_secrets": provided(),
            "task_config": dict(task_config),
            "worker": self._properties,
            "group_id": self._group_id,
            "levels": self._levels,
            "paused": paused,
            "patience": self._patience,
        }
        self.metrics.task_startups.attempt()
        try:
            rules = TaskRules.read(self._properties, connector_config)
            await self._offsets.open(task_id.connector, connector_config)
        except (ConfigException, ConnectException) as error:
            self.metrics.task_startups.end(success=False)
            self._listener.on_task_state(task_id, State.FAILED, format_trace(error))
            return
        if rules.in_thread:  # it stands still together with the worker, whose group need not be feared for
            start["patience"] = None
        await self._tasks.start(task_id, rules, start)

    async def stop_tasks(self, task_ids: Iterable[ConnectorTaskId]) -> list[ConnectorTaskId]:
        """Stop tasks together, kill those that don't end in time; the ones that ended by themselves."""
        return await self._tasks.stop(task_ids)

    def pause_tasks(self, connector: str, *, paused: bool) -> None:
        """Pause or resume the tasks of a connector."""
        for task_id, running in self.tasks.items():
            if task_id.connector == connector:
                running.start["paused"] = paused
                running.tell("pause" if paused else "resume")

    def adjust_tasks(self, connector: str, config: Mapping[str, str]) -> None:
        """Let the tasks of a connector follow changed limits (``LIVE_KEYS``). Raises ConfigException."""
        rules = TaskRules.read(self._properties, config)
        for task_id, running in self.tasks.items():
            if task_id.connector == connector:
                running.start["connector_config"] = dict(config)
                self._tasks.adjust(running, rules)

    def set_log_level(self, logger: str, level: str) -> None:
        """Change a log level in all processes, and in those that are yet to come."""
        self._levels.pop(logger, None)  # the order tells which of two levels for the same logger holds
        self._levels[logger] = level
        self._hosts.set_level(logger, level)
        for running in self.tasks.values():
            running.tell("log_level", logger=logger, level=level)

    async def await_first_report(self, task_id: ConnectorTaskId, timeout: float) -> None:
        """Wait until a task that was just started has told its state; ``timeout`` seconds at most."""
        await self._tasks.await_first_report(task_id, timeout)

    def _on_task_state(self, task_id: ConnectorTaskId, state: State, trace: str | None) -> None:
        running = self.tasks.get(task_id)
        if running is not None and not running.came_up and state in (State.RUNNING, State.PAUSED, State.FAILED):
            running.came_up = True
            self.metrics.task_startups.end(success=state is not State.FAILED)
        self._listener.on_task_state(task_id, state, trace)

    async def _on_task_message(self, running: RunningTask, method: str, params: dict[str, Any]) -> Any:
        connector = running.task_id.connector
        match method:
            case "load_offsets":
                return await self._offsets.load(connector, params["partitions"])
            case "store_offsets":
                await self._offsets.store(connector, [(p, o) for p, o in params["offsets"]])
            case "store_worker_offsets":
                await self._offsets.store_in_worker(connector, [(p, o) for p, o in params["offsets"]])
            case "fence" if self.guard is not None:
                await _unless_stopped(running, self.guard.fence(running.task_id))
            case "confirm" if self.guard is not None:
                await _unless_stopped(running, self.guard.confirm(running.task_id))
            case "topics":
                self._listener.on_topics(running.task_id, params["topics"])
        return None

    async def close(self) -> None:
        """Stop everything."""
        await self._hosts.close()
        await self._tasks.close()
        await self._offsets.close()


def _patience(properties: Mapping[str, str]) -> float:
    session = int(properties.get("session.timeout.ms", "10000")) / 1000
    return pulse.patience(session, int(properties.get("heartbeat.interval.ms", "3000")) / 1000)


async def _unless_stopped(running: RunningTask, waiting: Coroutine[Any, Any, None]) -> None:
    """Wait for something that may take long, but not when the task has to end; its answer is of no interest then."""
    asked, stopped = asyncio.ensure_future(waiting), asyncio.ensure_future(running.stopping.wait())
    await asyncio.wait([asked, stopped], return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not asked.done():
        asked.cancel()
        raise ConnectException(f"Task {running.task_id} was stopped before it could start")
    asked.result()

"""Starts and stops connectors and tasks, each in its process. Knows nothing about the cluster."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from connect.api import ConnectException
from connect.runtime.channel import ChannelClosed, RemoteError
from connect.runtime.ids import ConnectorTaskId, State
from connect.runtime.supervisor import CONNECTOR_HOST, TASK, ChildProcess, Supervisor

log = logging.getLogger(__name__)

CONNECTOR_STOP_SECONDS = 5.0
_ENDING_SECONDS = 1.0


class OffsetStore(Protocol):
    """Source offsets by connector, as the worker's tasks need them."""

    async def load(self, connector: str, partitions: list[dict[str, Any]]) -> list[dict[str, Any] | None]:
        """The stored offset per partition. Raises ConnectException."""

    async def store(self, connector: str, offsets: list[tuple[dict[str, Any], dict[str, Any] | None]]) -> None:
        """Store offsets; returns when they are durable. Raises ConnectException."""


class WorkerListener(Protocol):
    """Hears of everything that connectors and tasks do by themselves. Called on the event loop."""

    def on_task_state(self, task_id: ConnectorTaskId, state: State, trace: str | None) -> None:
        """A task is now in that state."""

    def on_connector_failed(self, connector: str, trace: str) -> None:
        """A running connector has failed."""

    def on_topics(self, task_id: ConnectorTaskId, topics: list[str]) -> None:
        """A task has used those topics for the first time."""

    def on_reconfiguration_requested(self, connector: str) -> None:
        """A connector asks for new task configurations."""


@dataclass(slots=True, eq=False)
class RunningTask:
    """A task and what is known of it. Times by ``time.monotonic``; ``progress`` is its last report."""

    child: ChildProcess
    state: State = State.UNASSIGNED
    progress: dict[str, Any] = field(default_factory=dict)
    heard: float = field(default_factory=time.monotonic)
    stopping: bool = False
    reported: asyncio.Event = field(default_factory=asyncio.Event)


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
        self._supervisor = supervisor
        self._offsets = offsets
        self._listener = listener
        self._group_id = group_id
        self.stop_seconds = int(properties.get("task.shutdown.graceful.timeout.ms", "5000")) / 1000
        self._host: ChildProcess | None = None
        self._host_lock = asyncio.Lock()
        self._watchers: set[asyncio.Task[None]] = set()
        self._closing = False
        self.connectors: dict[str, dict[str, str]] = {}
        self.tasks: dict[ConnectorTaskId, RunningTask] = {}

    # Connectors

    async def start_connector(self, name: str, config: Mapping[str, str]) -> None:
        """Create and start a connector instance. Raises RemoteError with what its ``start`` raised."""
        if name in self.connectors:
            raise ConnectException(f"Connector with name {name} already exists")
        self.connectors[name] = dict(config)
        await self._call_host("start", connector=name, config=dict(config))

    async def stop_connector(self, name: str) -> None:
        """Stop a connector instance; one that doesn't stop in time is left to itself."""
        if self.connectors.pop(name, None) is None or self._host is None:
            return
        try:
            await self._host.channel.call("stop", CONNECTOR_STOP_SECONDS, connector=name)
        except TimeoutError:
            log.error("Connector %s did not stop within %s s and is given up", name, CONNECTOR_STOP_SECONDS)
        except RemoteError as error:
            log.error("Connector %s failed to stop:\n%s", name, error.trace)
        except ChannelClosed:
            log.debug("Connector %s ended with its process", name)

    async def task_configs(self, name: str, max_tasks: int) -> tuple[str, list[dict[str, str]]]:
        """The class of a connector's tasks, and their configurations. Raises RemoteError."""
        answer = await self._call_host("task_configs", connector=name, max_tasks=max_tasks)
        return answer["task_class"], answer["configs"]

    async def alter_offsets(self, name: str, config: Mapping[str, str], offsets: list[Any]) -> bool:
        """Ask a connector that is not running to check a change of its offsets. Raises RemoteError."""
        return bool(await self._call_host("alter_offsets", connector=name, config=dict(config), offsets=offsets))

    async def _call_host(self, method: str, **params: Any) -> Any:
        async with self._host_lock:
            if self._host is None:
                self._host = await self._supervisor.start(CONNECTOR_HOST, self._on_host_message)
                self._watch(self._watch_host(self._host))
        return await self._host.channel.call(method, **params)

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

    async def _watch_host(self, host: ChildProcess) -> None:
        await asyncio.wait([host.exit_status])
        if self._closing:
            return
        await host.channel.close()
        self._host = None
        log.error("The process of the connectors %s", host.describe_exit())
        for name in list(self.connectors):
            self._listener.on_connector_failed(name, f"The process of the connector {host.describe_exit()}")

    # Tasks

    async def start_task(
        self,
        task_id: ConnectorTaskId,
        connector_config: Mapping[str, str],
        task_config: Mapping[str, str],
        *,
        paused: bool = False,
    ) -> None:
        """Start a task in a process of its own; its states come through the listener."""
        if task_id in self.tasks:
            raise ConnectException(f"Task already exists in this worker: {task_id}")

        async def handle(method: str, params: dict[str, Any]) -> Any:
            return await self._on_task_message(task_id, running, method, params)

        running = RunningTask(await self._supervisor.start(TASK, handle))
        self.tasks[task_id] = running
        self._watch(self._watch_task(task_id, running))
        running.child.channel.notify(
            "start",
            connector=task_id.connector,
            task=task_id.task,
            connector_config=dict(connector_config),
            task_config=dict(task_config),
            worker=self._properties,
            group_id=self._group_id,
            paused=paused,
        )

    async def stop_tasks(self, task_ids: Iterable[ConnectorTaskId]) -> list[ConnectorTaskId]:
        """Stop tasks together, kill those that don't end in time; the ones that ended by themselves."""
        stopping = {task_id: self.tasks[task_id] for task_id in task_ids if task_id in self.tasks}
        for running in stopping.values():
            running.stopping = True
            running.child.channel.notify("stop")
        ended = await asyncio.gather(*(running.child.wait(self.stop_seconds) for running in stopping.values()))
        graceful = []
        for (task_id, running), in_time in zip(stopping.items(), ended, strict=True):
            if in_time:
                graceful.append(task_id)
            else:
                stage = running.progress.get("stage", "unknown")
                log.error("Task %s did not stop within %s s (stage %s): killed", task_id, self.stop_seconds, stage)
            await running.child.kill()
            if self.tasks.get(task_id) is running:
                del self.tasks[task_id]
        return graceful

    async def await_first_report(self, task_id: ConnectorTaskId, timeout: float) -> None:
        """Wait until a task that was just started has told its state; ``timeout`` seconds at most."""
        running = self.tasks.get(task_id)
        if running is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(running.reported.wait(), timeout)

    def pause_tasks(self, connector: str, *, paused: bool) -> None:
        """Pause or resume the tasks of a connector."""
        for task_id, running in self.tasks.items():
            if task_id.connector == connector:
                running.child.channel.notify("pause" if paused else "resume")

    async def _on_task_message(
        self, task_id: ConnectorTaskId, running: RunningTask, method: str, params: dict[str, Any]
    ) -> Any:
        running.heard = time.monotonic()
        match method:
            case "load_offsets":
                return await self._offsets.load(task_id.connector, params["partitions"])
            case "store_offsets":
                await self._offsets.store(task_id.connector, [(p, o) for p, o in params["offsets"]])
            case "progress":
                running.progress = params
            case "state":
                self._on_task_state(task_id, running, State(params["state"]), params["trace"])
            case "topics":
                self._listener.on_topics(task_id, params["topics"])
        return None

    def _on_task_state(self, task_id: ConnectorTaskId, running: RunningTask, state: State, trace: str | None) -> None:
        running.state = state
        running.reported.set()
        if not running.stopping:
            self._listener.on_task_state(task_id, state, trace)

    async def _watch_task(self, task_id: ConnectorTaskId, running: RunningTask) -> None:
        await asyncio.wait([running.child.exit_status])
        if running.stopping:
            return
        await running.child.channel.drained(_ENDING_SECONDS)
        if running.state is not State.FAILED:
            trace = f"The process of the task {running.child.describe_exit()} in stage {running.progress.get('stage')}"
            log.error("%s: %s", task_id, trace)
            self._on_task_state(task_id, running, State.FAILED, trace)

    def _watch(self, coroutine: Any) -> None:
        task = asyncio.create_task(coroutine)
        self._watchers.add(task)
        task.add_done_callback(self._watchers.discard)

    async def close(self) -> None:
        """Stop everything."""
        await asyncio.gather(*(self.stop_connector(name) for name in list(self.connectors)))
        await self.stop_tasks(list(self.tasks))
        self._closing = True

"""Makes what runs on this worker match what was asked for, one connector at a time.

A runner compares the wanted picture (configs and target state) with what it has started, and acts on the difference:
stop what is no longer wanted or has changed, start what is missing, pause or resume. It is woken whenever something may
have changed, and waking it too often does no harm. Runners don't wait for each other.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from connect.api import ConnectException
from connect.herder.task_configs import complete_task_configs, too_many_tasks
from connect.logging import connector_context
from connect.runtime.channel import ChannelClosed, RemoteError, format_trace
from connect.runtime.connector_hosts import ConnectorLost
from connect.runtime.ids import ConnectorTaskId, State, TargetState
from connect.runtime.task_rules import LIVE_KEYS, without_live_keys
from connect.runtime.worker import Worker
from connect.storage.cluster_state import Config

log = logging.getLogger(__name__)

_FIRST_RETRY_SECONDS = 0.25
_LONGEST_RETRY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What this worker should run of a connector.

    ``config`` is None when the connector was deleted or belongs to another worker. ``stored_tasks`` are all task
    configurations as stored, ``tasks`` those that this worker should run; ``applied`` is the connector's configuration
    that they were made from.
    """

    config: Config | None
    target: TargetState
    applied: Config | None
    stored_tasks: list[Config]
    tasks: Mapping[ConnectorTaskId, Config]


class RunnerHost(Protocol):
    """What a runner needs from the herder."""

    def wanted(self, connector: str) -> Wanted:
        """The present picture of a connector."""

    def resolve(self, config: Config) -> dict[str, str]:
        """A configuration with its variables replaced by their values."""

    def report_connector(self, connector: str, state: State, trace: str | None = None) -> None:
        """Publish a connector's state; DESTROYED removes it."""

    def report_task(self, task_id: ConnectorTaskId, state: State, trace: str | None = None) -> None:
        """Publish a task's state; DESTROYED removes it."""

    async def publish_task_configs(self, connector: str, configs: Sequence[Config]) -> None:
        """Store new task configurations; the runner is woken when they are there."""


class ConnectorRunner:
    """Runs one connector's share of this worker."""

    def __init__(self, name: str, worker: Worker, host: RunnerHost) -> None:
        self._name = name
        self._worker = worker
        self._host = host
        self._dirty = asyncio.Event()
        self._settled = asyncio.Condition()
        self._instance: Config | None = None
        self._starting = False
        self._failed_config: Config | None = None
        self._shown: State | None = None
        self._tasks: dict[ConnectorTaskId, tuple[Config | None, Config | None]] = {}
        self._limits: Config | None = None
        self._tasks_paused = False
        self._reconfigure = self._closed = False
        self._retry_seconds = _FIRST_RETRY_SECONDS
        self._running = asyncio.create_task(self._run())

    @property
    def idle(self) -> bool:
        """Nothing of the connector runs here."""
        return self._instance is None and not self._tasks

    def wake(self) -> None:
        """Something may have changed."""
        self._dirty.set()

    def request_reconfiguration(self) -> None:
        """The connector wants its task configurations made anew."""
        self._reconfigure = True
        self._dirty.set()

    async def settle(self) -> None:
        """Wait until everything known by now has been acted upon."""
        async with self._settled:
            self._dirty.set()
            await self._settled.wait_for(lambda: self._closed or not self._dirty.is_set())

    async def restart_instance(self) -> None:
        """Stop the connector instance and start it again, also when it has failed."""
        await self._change(self._forget_instance)

    async def restart_tasks(self, task_ids: list[ConnectorTaskId]) -> None:
        """Stop tasks and start them again, also those that have failed."""

        async def forget() -> None:
            await self._worker.stop_tasks(task_ids)
            for task_id in task_ids:
                self._tasks.pop(task_id, None)

        await self._change(forget)

    async def report_failure(self, trace: str) -> None:
        """The instance has reported a failure, or its process is gone."""
        async with self._settled:
            await self._fail_instance(trace)

    async def _fail_instance(self, trace: str) -> None:
        self._failed_config = self._instance
        await self._worker.stop_connector(self._name)
        self._instance = None
        self._show(State.FAILED, trace)

    async def close(self) -> None:
        """Stop everything of this connector, for shutdown."""
        self._running.cancel()
        await asyncio.wait([self._running])
        for task_id in await self._worker.stop_tasks(list(self._tasks)):
            self._host.report_task(task_id, State.UNASSIGNED)
        if self._instance is not None or self._starting:
            await self._worker.stop_connector(self._name)
        if self._instance is not None:
            self._host.report_connector(self._name, State.UNASSIGNED)
        async with self._settled:
            self._closed = True
            self._settled.notify_all()

    async def _change(self, forget: Callable[[], Awaitable[None]]) -> None:
        async with self._settled:
            await forget()
        await self.settle()

    async def _forget_instance(self) -> None:
        await self._worker.stop_connector(self._name)
        self._instance = self._failed_config = None

    async def _run(self) -> None:
        with connector_context(self._name, "worker"):
            while True:
                await self._dirty.wait()
                async with self._settled:
                    self._dirty.clear()
                    try:
                        await self._reconcile(self._host.wanted(self._name))
                    except Exception:
                        log.exception("Could not bring connector %s to its wanted state", self._name)
                        self._retry_later()
                    self._settled.notify_all()

    async def _reconcile(self, wanted: Wanted) -> None:
        await self._stop_tasks(wanted)
        await self._stop_instance(wanted)
        if wanted.config is not None and wanted.target is TargetState.STARTED:
            await self._start_instance(wanted.config)
            if self._reconfigure and self._instance is not None:
                await self._make_task_configs(wanted)
        await self._start_tasks(wanted)
        self._adjust_tasks(wanted)
        self._pause_tasks(paused=wanted.target is TargetState.PAUSED)

    async def _stop_tasks(self, wanted: Wanted) -> None:
        stale = [
            task_id
            for task_id, started_with in self._tasks.items()
            if task_id not in wanted.tasks or started_with != _needs_restart(wanted.applied, wanted.tasks[task_id])
        ]
        if not stale:
            return
        graceful = await self._worker.stop_tasks(stale)
        for task_id in stale:
            del self._tasks[task_id]
            if task_id.task >= len(wanted.stored_tasks):
                self._host.report_task(task_id, State.DESTROYED)
            elif task_id in graceful:
                self._host.report_task(task_id, State.UNASSIGNED)

    async def _stop_instance(self, wanted: Wanted) -> None:
        started = wanted.target is TargetState.STARTED
        changed = without_live_keys(wanted.config) != without_live_keys(self._instance)
        if self._instance is not None and (not started or changed):
            await self._worker.stop_connector(self._name)
            self._instance = None
        if wanted.config is None:
            if self._shown is not None:
                self._host.report_connector(self._name, State.UNASSIGNED)
            self._shown = self._failed_config = None
        elif wanted.target is TargetState.STOPPED:
            self._failed_config = None
            self._show_once(State.STOPPED)
        elif wanted.target is TargetState.PAUSED:
            self._show_once(State.PAUSED)

    async def _start_instance(self, config: Config) -> None:
        if self._instance is not None or config == self._failed_config:
            return
        self._starting = True  # until it is known how that went; whoever closes this runner meanwhile stops it
        try:
            await self._worker.start_connector(self._name, self._host.resolve(config))
        except ConnectException as error:
            trace = error.trace if isinstance(error, RemoteError) else format_trace(error)
            log.error("Connector %s could not be started:\n%s", self._name, trace)
            await self._worker.stop_connector(self._name)
            self._failed_config, self._starting = config, False
            self._show(State.FAILED, trace)
            return
        self._instance, self._starting = config, False
        self._failed_config = None
        self._show(State.RUNNING)
        self._reconfigure = True

    async def _make_task_configs(self, wanted: Wanted) -> None:
        config = self._host.resolve(wanted.config or {})
        maximum = int(config.get("tasks.max", "1"))
        try:
            task_class, made = await self._worker.task_configs(self._name, maximum)
        except ConnectorLost as error:
            await self._fail_instance(error.trace)
            return
        except (RemoteError, ChannelClosed) as error:
            log.error("Connector %s could not make its task configurations: %s", self._name, error)
            self._retry_later()
            return
        self._reconfigure = False
        self._retry_seconds = _FIRST_RETRY_SECONDS
        problem = too_many_tasks(self._name, len(made), maximum)
        if problem and config.get("tasks.max.enforce", "true").lower() != "false":
            await self._fail_instance(problem)
            return
        if problem:
            log.warning("%s", problem)
        configs = complete_task_configs(wanted.config or {}, task_class, made)
        if configs != wanted.stored_tasks or wanted.config != wanted.applied:
            await self._host.publish_task_configs(self._name, configs)

    async def _start_tasks(self, wanted: Wanted) -> None:
        missing = [task_id for task_id in wanted.tasks if task_id not in self._tasks]
        if not missing:
            return
        paused = wanted.target is TargetState.PAUSED
        config = wanted.config or {}
        limits = {key: value for key, value in config.items() if key in LIVE_KEYS}
        connector_config = self._host.resolve({**(without_live_keys(wanted.applied or config) or {}), **limits})
        for task_id in missing:
            task_config = wanted.tasks[task_id]
            self._tasks[task_id] = _needs_restart(wanted.applied, task_config)
            await self._worker.start_task(task_id, connector_config, self._host.resolve(task_config), paused=paused)
        self._tasks_paused = paused

    def _adjust_tasks(self, wanted: Wanted) -> None:
        """Limits that changed reach the tasks while they run."""
        config = wanted.config or {}
        limits = {key: value for key, value in config.items() if key in LIVE_KEYS}
        if self._limits is not None and limits != self._limits and self._tasks:
            self._worker.adjust_tasks(self._name, self._host.resolve(config))
        self._limits = limits

    def _pause_tasks(self, *, paused: bool) -> None:
        if self._tasks and paused != self._tasks_paused:
            self._tasks_paused = paused
            self._worker.pause_tasks(self._name, paused=paused)

    def _retry_later(self) -> None:
        asyncio.get_running_loop().call_later(self._retry_seconds, self.wake)
        self._retry_seconds = min(self._retry_seconds * 2, _LONGEST_RETRY_SECONDS)

    def _show(self, state: State, trace: str | None = None) -> None:
        self._shown = state
        self._host.report_connector(self._name, state, trace)

    def _show_once(self, state: State) -> None:
        if self._shown is not state:
            self._show(state)


def _needs_restart(applied: Config | None, task: Config) -> tuple[Config | None, Config | None]:
    """What of a task's configurations can't change while it runs."""
    return without_live_keys(applied), without_live_keys(task)

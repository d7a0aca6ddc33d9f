"""The connectors of this worker, or of the cluster: what REST and the command line ask for, and what becomes of it.

What was asked for lives in the config store; a :class:`ConnectorRunner` per connector makes it so. All methods run on
the worker's event loop, which owns this object's state; stores that block are called on threads.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from connect.api import AlreadyExistsException, ConnectException, NotFoundException
from connect.herder import entities
from connect.herder.entities import Json
from connect.herder.internal_requests import InternalRequests, Signature
from connect.herder.plugin_listing import PluginListing
from connect.herder.restart_plan import RestartPlan, plan_restart
from connect.herder.runner import ConnectorRunner, Wanted
from connect.herder.task_writes import TaskWrites
from connect.herder.topics import ConnectorTopics
from connect.herder.validation import ConnectorValidation, patched
from connect.loggers import Loggers, is_level
from connect.plugins.secrets import ConfigTransformer
from connect.runtime.ids import ConnectorTaskId, State, TargetState
from connect.runtime.worker import Worker
from connect.storage.cluster_state import ClusterConfigState, Config, RestartRequest, SessionKey
from connect.storage.config_store import ConfigBackingStore
from connect.storage.status import ConnectorStatus, Status, TaskStatus
from connect.storage.status_store import StatusBackingStore

log = logging.getLogger(__name__)

_FIRST_REPORT_SECONDS = 5.0


class Herder:
    """One worker that runs everything: standalone, or alone in its group."""

    def __init__(
        self,
        worker_id: str,
        properties: Mapping[str, str],
        configs: ConfigBackingStore,
        statuses: StatusBackingStore,
        plugins: PluginListing,
        validation: ConnectorValidation,
        loggers: Loggers,
        *,
        standalone: bool,
    ) -> None:
        """``standalone``: answers to create and update come when the tasks are there."""
        self._worker_id = worker_id
        self._properties = dict(properties)
        self._configs = configs
        self._task_writes = TaskWrites(configs)
        self._statuses = statuses
        self._plugins = plugins
        self._validation = validation
        self._loggers = loggers
        self._standalone = standalone
        self.topics = ConnectorTopics(statuses, properties)
        self._internal = InternalRequests(properties)
        self._transformer = ConfigTransformer(properties)
        self._runners: dict[str, ConnectorRunner] = {}
        self._background: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = False
        self.generation = 0
        self.worker: Worker

    @property
    def worker_id(self) -> str:
        """This worker's id in its cluster: host and port of its REST API."""
        return self._worker_id

    def start(self, worker: Worker) -> None:
        """Begin to run what the stores hold."""
        self._loop = asyncio.get_running_loop()
        self.worker = worker
        self._spawn(self._learn_plugins())
        for name in self._state().connectors():
            self._wake(name)

    async def _learn_plugins(self) -> None:
        for config in self._state().connector_configs.values():
            await self._plugins.learn(config.get("connector.class"))

    async def stop(self) -> None:
        """Stop all connectors and tasks."""
        self._closing = True
        await asyncio.gather(*(runner.close() for runner in self._runners.values()))

    # What the stores tell (ConfigStoreListener), on their threads

    def on_connector_config_update(self, connector: str) -> None:
        """A connector has a new configuration."""
        self._wake_soon(connector)

    def on_connector_config_remove(self, connector: str) -> None:
        """A connector was deleted."""
        self._wake_soon(connector)

    def on_task_config_update(self, tasks: Sequence[ConnectorTaskId]) -> None:
        """A connector has new task configurations; with none left it is not said which."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake_all)

    def on_connector_target_state_change(self, connector: str) -> None:
        """A connector is to be started, paused or stopped."""
        self._wake_soon(connector)

    def on_session_key_update(self, key: SessionKey) -> None:
        """Requests between workers are signed with it; a worker alone makes none."""

    def on_restart_request(self, request: RestartRequest) -> None:
        """Another worker's request; a worker alone carries out its own at once."""

    def on_logging_level_update(self, logger: str, level: str) -> None:
        """A log level changes on all workers."""
        if is_level(level) and self._loop is not None:
            self._loop.call_soon_threadsafe(self.set_logger_level, logger, level)

    def _wake_all(self) -> None:
        for runner in self._runners.values():
            runner.wake()

    def _wake_soon(self, connector: str) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake, connector)

    def _wake(self, connector: str) -> ConnectorRunner | None:
        if self._closing:
            return None
        if connector not in self._runners:
            self._runners[connector] = ConnectorRunner(connector, self.worker, self)
        self._runners[connector].wake()
        return self._runners[connector]

    # What runners need (RunnerHost)

    def wanted(self, connector: str) -> Wanted:
        """The present picture of a connector."""
        state = self._state()
        config = state.connector_config(connector)
        target = state.target_state(connector) or TargetState.STARTED
        stored = state.all_task_configs(connector)
        run = {} if config is None or target is TargetState.STOPPED else stored
        return Wanted(config, target, state.applied_config(connector), list(stored.values()), run)

    def resolve(self, config: Config) -> dict[str, str]:
        """A configuration with its variables replaced by their values."""
        return self._transformer.transform(config)

    def report_connector(self, connector: str, state: State, trace: str | None = None) -> None:
        """Publish a connector's state."""
        self._report(
            ConnectorStatus(connector, state, self._worker_id, self.generation, trace, self._version(connector))
        )

    def report_task(self, task_id: ConnectorTaskId, state: State, trace: str | None = None) -> None:
        """Publish a task's state."""
        version = self._version(task_id.connector)
        self._report(TaskStatus(task_id, state, self._worker_id, self.generation, trace, version))

    def _report(self, status: Status) -> None:
        connector = status.connector if isinstance(status, ConnectorStatus) else status.task.connector
        if status.state is not State.DESTROYED and not self._state().contains(connector):
            return  # deleted meanwhile
        if status.state in (State.UNASSIGNED, State.FAILED):
            self._statuses.put_safe(status)
        else:
            self._statuses.put(status)

    async def publish_task_configs(self, connector: str, configs: Sequence[Config]) -> None:
        """Store new task configurations."""
        await self._task_writes.put(connector, configs)
        self._wake(connector)

    # What the worker tells (WorkerListener)

    def on_task_state(self, task_id: ConnectorTaskId, state: State, trace: str | None) -> None:
        """A task is now in that state."""
        self.report_task(task_id, state, trace)

    def on_connector_failed(self, connector: str, trace: str) -> None:
        """A running connector has failed."""
        runner = self._runners.get(connector)
        if runner is not None and not self._closing:
            self._spawn(runner.report_failure(trace))

    def on_topics(self, task_id: ConnectorTaskId, topics: list[str]) -> None:
        """A task has used those topics for the first time."""
        self.topics.note(task_id, topics)

    def on_reconfiguration_requested(self, connector: str) -> None:
        """A connector asks for new task configurations."""
        if connector in self._runners:
            self._runners[connector].request_reconfiguration()

    def _spawn(self, coroutine: Any) -> None:
        task = asyncio.create_task(coroutine)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    # Reading

    def connectors(self) -> list[str]:
        """The names of all connectors."""
        return list(self._state().connectors())

    def connector_info(self, connector: str) -> Json:
        """Configuration, tasks and type. Raises NotFoundException."""
        state = self._known(connector)
        config = state.connector_config(connector) or {}
        return entities.connector_info(connector, config, state.tasks(connector), self.connector_type(connector))

    def connector_config(self, connector: str) -> Json:
        """The configuration as it was given. Raises NotFoundException."""
        return dict(self._known(connector).connector_config(connector) or {})

    def tasks(self, connector: str) -> list[Json]:
        """The configurations of all tasks. Raises NotFoundException."""
        state = self._known(connector)
        return [
            {"id": entities.task_id_json(task_id), "config": dict(state.task_config(task_id) or {})}
            for task_id in state.tasks(connector)
        ]

    def connector_status(self, connector: str) -> Json:
        """The states of the connector and its tasks. Raises NotFoundException."""
        found = self._statuses.connector_status(connector)
        if found is None:
            raise NotFoundException(f"No status found for connector {connector}")
        shown = entities.state_json(found.state.value, found.worker_id, found.version, found.trace)
        tasks = [
            entities.state_json(task.state.value, task.worker_id, task.version, task.trace, task.task.task)
            for task in self._statuses.task_statuses(connector)
        ]
        return entities.connector_status(connector, shown, tasks, self.connector_type(connector))

    def task_status(self, task_id: ConnectorTaskId) -> Json:
        """The state of a task. Raises NotFoundException."""
        found = self._statuses.task_status(task_id)
        if found is None:
            raise NotFoundException(f"No status found for task {task_id}")
        return entities.state_json(found.state.value, found.worker_id, found.version, found.trace, task_id.task)

    def connector_type(self, connector: str) -> str:
        """``source``, ``sink``, or ``unknown`` when the class is not there."""
        return self._plugins.connector_type((self._state().connector_config(connector) or {}).get("connector.class"))

    # Changing

    async def create_connector(self, connector: str, config: Config, initial: TargetState | None) -> Json:
        """Add a connector. Raises AlreadyExistsException, BadRequest."""
        await self._validation.require_valid(config)
        await self.require_leader()
        if self._state().contains(connector):
            raise AlreadyExistsException(f"Connector {connector} already exists")
        return await self._put(connector, config, initial)

    async def put_connector_config(self, connector: str, config: Config) -> tuple[bool, Json]:
        """Add or change a connector: whether it is new, and what it is. Raises BadRequest."""
        await self._validation.require_valid(config)
        await self.require_leader()
        created = not self._state().contains(connector)
        return created, await self._put(connector, config, None)

    async def patch_connector_config(self, connector: str, patch: Config) -> Json:
        """Change some keys; None removes one. Raises NotFoundException, BadRequest."""
        await self.require_leader()
        _, info = await self.put_connector_config(connector, patched(self.connector_config(connector), patch))
        return info

    async def _put(self, connector: str, config: Config, initial: TargetState | None) -> Json:
        before = self._state().tasks(connector)
        await self._plugins.learn(config.get("connector.class"))
        await asyncio.to_thread(self._configs.put_connector_config, connector, dict(config), initial)
        runner = self._wake(connector)
        if self._standalone and runner is not None:
            await runner.settle()
            before = self._state().tasks(connector)
        return entities.connector_info(connector, config, before, self.connector_type(connector))

    async def delete_connector(self, connector: str) -> None:
        """Stop and forget a connector. Raises NotFoundException."""
        await self.require_leader()
        tasks = self._known(connector).tasks(connector)
        await self._task_writes.remove(connector)
        runner = self._runners.pop(connector, None)
        if runner is not None:
            await runner.close()
        for task_id in tasks:
            self.report_task(task_id, State.DESTROYED)
        self.report_connector(connector, State.DESTROYED)
        self.topics.forget(connector)

    async def set_target_state(self, connector: str, target: TargetState) -> None:
        """Start, pause or stop a connector. Raises NotFoundException."""
        if target is TargetState.STOPPED:
            await self.require_leader()
        if not self._state().contains(connector):
            if self._standalone and target is TargetState.STOPPED:
                raise ConnectException(f"No connector `{connector}` configured")
            raise NotFoundException(f"Unknown connector {connector}")
        if target is TargetState.STOPPED:
            await self._task_writes.stop(connector)
        else:
            await asyncio.to_thread(self._configs.put_target_state, connector, target)
        runner = self._wake(connector)
        if target is TargetState.STOPPED and runner is not None:
            await runner.settle()

    async def restart_connector(
        self, connector: str, *, include_tasks: bool = False, only_failed: bool = False
    ) -> Json | None:
        """Restart the instance, with flags also tasks; with flags the answer is the status right after.

        Raises NotFoundException.
        """
        if not self._state().contains(connector):
            if self._standalone and not (include_tasks or only_failed):
                raise ConnectException(f"No connector `{connector}` configured")
            raise NotFoundException(f"Unknown connector: {connector}")
        if not include_tasks and not only_failed:
            await self._runner(connector).restart_instance()
            return None
        plan = plan_restart(self.connector_status(connector), include_tasks=include_tasks, only_failed=only_failed)
        for number in plan.tasks:
            self.report_task(ConnectorTaskId(connector, number), State.RESTARTING)
        if plan.instance:
            self.report_connector(connector, State.RESTARTING)
        self._spawn(self._restart(connector, plan))
        return plan.status

    async def _restart(self, connector: str, plan: RestartPlan) -> None:
        runner = self._runner(connector)
        if plan.instance:
            await runner.restart_instance()
        if plan.tasks:
            await runner.restart_tasks([ConnectorTaskId(connector, number) for number in plan.tasks])

    async def restart_task(self, task_id: ConnectorTaskId) -> None:
        """Stop and start a task. Raises NotFoundException."""
        state = self._state()
        if self._standalone and task_id not in state.tasks(task_id.connector):
            raise ConnectException(
                f"Failed to start task {task_id} since it is not a recognizable type (source or sink)"
            )
        if not state.contains(task_id.connector):
            raise NotFoundException(f"Unknown connector: {task_id.connector}")
        if task_id not in state.tasks(task_id.connector):
            raise NotFoundException(f"Unknown task: {task_id}")
        await self._runner(task_id.connector).restart_tasks([task_id])
        await self.worker.await_first_report(task_id, _FIRST_REPORT_SECONDS)

    def _runner(self, connector: str) -> ConnectorRunner:
        runner = self._wake(connector)
        if runner is None:
            raise ConnectException("Worker is shutting down")
        return runner

    async def require_leader(self) -> None:
        """Raises HandledElsewhere when another worker has to make a change; a worker alone makes all."""

    # What other workers ask, and what concerns the worker as a whole

    async def take_task_configs(
        self, connector: str, configs: Sequence[Config], body: bytes, signature: Signature | None
    ) -> None:
        """Store task configurations that another worker has made. Raises NotFoundException, BadRequest, Forbidden."""
        if self._standalone:
            raise ConnectException(
                "Kafka Connect in standalone mode does not support externally setting task configurations."
            )
        self._internal.check(body, signature, self._state().session_key)
        self._known(connector)
        await self.publish_task_configs(connector, configs)

    async def fence_zombies(self, connector: str, body: bytes, signature: Signature | None) -> None:
        """Fence off former tasks for another worker; a worker alone has no others."""
        raise ConnectException("Kafka Connect in standalone mode does not support exactly-once source connectors.")

    async def fence_former_tasks(self, connector: str) -> None:
        """The same on behalf of a user who changes offsets; a worker alone has stopped them all."""

    def set_logger_level(self, namespace: str, level: str) -> list[str]:
        """Set log levels of this worker and its processes; the loggers whose level has changed."""
        if not self._loggers.has_room_for(namespace):
            log.warning("The level of logger %.100s is not set: nothing logs to it, as to too many others", namespace)
            return []
        self.worker.set_log_level(namespace, level)
        return self._loggers.set_level(namespace, level)

    async def set_cluster_logger_level(self, namespace: str, level: str) -> None:
        """Set log levels of all workers."""
        if self._standalone:
            self.set_logger_level(namespace, level)
        else:
            await asyncio.to_thread(self._configs.put_logger_level, namespace, level)

    @property
    def is_ready(self) -> bool:
        """Whether the worker has begun to run connectors."""
        return self._loop is not None

    async def check_health(self, timeout: float) -> None:
        """Raises TimeoutError when the stores or the event loop don't answer within ``timeout`` seconds."""
        async with asyncio.timeout(timeout):
            await asyncio.to_thread(self._configs.snapshot)

    # Helpers

    def _state(self) -> ClusterConfigState:
        return self._configs.snapshot()

    def _known(self, connector: str) -> ClusterConfigState:
        state = self._state()
        if not state.contains(connector):
            raise NotFoundException(f"Connector {connector} not found")
        return state

    def _version(self, connector: str) -> str | None:
        return self._plugins.connector_version((self._state().connector_config(connector) or {}).get("connector.class"))

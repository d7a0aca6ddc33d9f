"""A worker in memory for herder tests: it notes what it is told, and can be told to fail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connect.api.errors import java_class_name
from connect.herder.cluster_view import HerderStores
from connect.herder.herder import Herder
from connect.herder.plugin_listing import PluginListing
from connect.herder.validation import ConnectorValidation
from connect.loggers import Loggers
from connect.plugins.registry import PluginRegistry, process_plugins
from connect.plugins.secrets import ConfigTransformer
from connect.runtime.channel import RemoteError
from connect.runtime.ids import ConnectorTaskId, State
from connect.runtime.plugin_process import PluginRequests
from connect.storage.config_store import MemoryConfigBackingStore
from connect.storage.status_store import MemoryStatusBackingStore


class FakeWorker:
    """Starts nothing; tasks run as soon as they are started."""

    def __init__(self, herder: Herder, tasks: int = 1) -> None:
        self._herder = herder
        self.calls: list[str] = []
        self.tasks_per_connector = tasks
        self.start_error: str | None = None
        self.task_config_errors = 0

    async def start_connector(self, name: str, config: Mapping[str, str]) -> None:
        self.calls.append(f"start {name}")
        if self.start_error:
            raise RemoteError("X", self.start_error, f"Traceback: {self.start_error}")

    async def stop_connector(self, name: str) -> None:
        self.calls.append(f"stop {name}")

    async def task_configs(self, name: str, max_tasks: int) -> tuple[str, list[dict[str, str]]]:
        if self.task_config_errors:
            self.task_config_errors -= 1
            raise RemoteError("X", "not now", "Traceback: not now")
        return "T", [{"part": str(number)} for number in range(self.tasks_per_connector)]

    async def start_task(
        self,
        task_id: ConnectorTaskId,
        connector_config: Mapping[str, str],
        task_config: Mapping[str, str],
        *,
        paused: bool = False,
    ) -> None:
        self.calls.append(f"start task {task_id} {task_config.get('secret', '')}".strip())
        self._herder.on_task_state(task_id, State.PAUSED if paused else State.RUNNING, None)

    async def stop_tasks(self, task_ids: Iterable[ConnectorTaskId]) -> list[ConnectorTaskId]:
        stopped = list(task_ids)
        self.calls += [f"stop task {task_id}" for task_id in stopped]
        return stopped

    async def await_first_report(self, task_id: ConnectorTaskId, timeout: float) -> None:
        """Tasks report when they are started."""

    def pause_tasks(self, connector: str, *, paused: bool) -> None:
        self.calls.append(f"{'pause' if paused else 'resume'} tasks of {connector}")

    def adjust_tasks(self, connector: str, config: Mapping[str, str]) -> None:
        self.calls.append(f"adjust tasks of {connector}")

    def set_log_level(self, logger: str, level: str) -> None:
        self.calls.append(f"level {logger} {level}")

    def taken(self) -> list[str]:
        """The calls since the last time."""
        calls, self.calls = self.calls, []
        return calls


class PluginCallsHere:
    """Asks plugins in this process, where tests trust them."""

    def __init__(self, registry: PluginRegistry) -> None:
        self._requests = PluginRequests(registry)

    async def call(self, method: str, **params: Any) -> Any:
        try:
            return getattr(self._requests, method)(lambda _description: None, **params)
        except Exception as error:
            raise RemoteError(java_class_name(error), str(error), "Traceback") from error


def start_herder(properties: Mapping[str, str] | None = None, **worker: Any) -> tuple[Herder, FakeWorker]:
    """A standalone herder over stores in memory. Call it on the event loop."""
    configs = MemoryConfigBackingStore()
    worker_properties = dict(properties or {})
    calls: Any = PluginCallsHere(process_plugins())
    herder = Herder(
        "here:1",
        worker_properties,
        HerderStores(configs, MemoryStatusBackingStore()),
        PluginListing(process_plugins(), calls),
        ConnectorValidation(calls, worker_properties, ConfigTransformer(worker_properties), None),
        Loggers(),
        standalone=True,
    )
    fake = FakeWorker(herder, **worker)
    configs.set_listener(herder)
    configs.start()
    herder.start(fake)  # type: ignore[arg-type]  # the part of it that is used
    return herder, fake

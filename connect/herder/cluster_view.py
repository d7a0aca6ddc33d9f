"""What connectors there are and how they fare, read from the stores."""

from __future__ import annotations

from typing import NamedTuple

from connect.api import NotFoundException
from connect.herder import entities
from connect.herder.entities import Json
from connect.herder.plugin_listing import PluginListing
from connect.runtime.ids import ConnectorTaskId
from connect.storage.cluster_state import ClusterConfigState
from connect.storage.config_store import ConfigBackingStore
from connect.storage.status_store import StatusBackingStore


class HerderStores(NamedTuple):
    """What was asked for, and what became of it."""

    configs: ConfigBackingStore
    statuses: StatusBackingStore


class ClusterView:
    """Answers from memory, at any time and on any thread."""

    def __init__(self, stores: HerderStores, plugins: PluginListing) -> None:
        self._configs = stores.configs
        self._statuses = stores.statuses
        self._plugins = plugins

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

    def _state(self) -> ClusterConfigState:
        return self._configs.snapshot()

    def _known(self, connector: str) -> ClusterConfigState:
        state = self._state()
        if not state.contains(connector):
            raise NotFoundException(f"Connector {connector} not found")
        return state

    def _version(self, connector: str) -> str | None:
        return self._plugins.connector_version((self._state().connector_config(connector) or {}).get("connector.class"))

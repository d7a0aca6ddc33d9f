"""Who wants to hear of changes in the config topic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from connect.runtime.ids import ConnectorTaskId
from connect.storage.cluster_state import RestartRequest, SessionKey


class ConfigStoreListener(Protocol):
    """Called on the thread that reads the config topic, after the picture has changed; must not wait for anything."""

    def on_connector_config_update(self, connector: str) -> None:
        """The connector was created, or its config changed."""

    def on_connector_config_remove(self, connector: str) -> None:
        """The connector was deleted."""

    def on_task_config_update(self, tasks: Sequence[ConnectorTaskId]) -> None:
        """Tasks were committed; ``tasks`` may be empty, when they became fewer or are incomplete."""

    def on_connector_target_state_change(self, connector: str) -> None:
        """The connector is to be started, paused or stopped."""

    def on_session_key_update(self, key: SessionKey) -> None:
        """The leader has chosen a new session key."""

    def on_restart_request(self, request: RestartRequest) -> None:
        """A connector and perhaps its tasks are to be restarted."""

    def on_logging_level_update(self, logger: str, level: str) -> None:
        """A log level changes on all workers."""

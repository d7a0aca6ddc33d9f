"""Where connector configs, task configs and target states are kept: the interface, and the store without Kafka."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Protocol

from connect.api.errors import ConnectException
from connect.runtime.ids import ConnectorTaskId, TargetState
from connect.storage import config_records as records
from connect.storage.cluster_state import ClusterConfigState, Config, RestartRequest, SessionKey
from connect.storage.config_fold import ConfigFold
from connect.storage.listener import ConfigStoreListener


class PrivilegedWriteException(ConnectException):
    """The leader could not write: somebody else may be leader now, so privileges must be claimed again."""


class ConfigBackingStore(Protocol):
    """Keeps what users asked for. All methods but ``snapshot`` and ``contains`` may wait for Kafka.

    Writes return when they are visible in ``snapshot`` (target states, restart requests, session keys and logger
    levels: when Kafka has them), and raise ConnectException when they failed or took longer than 30 s.
    """

    def start(self) -> None:
        """Read everything there is; the listener hears of later changes only."""

    def stop(self) -> None:
        """Give everything back."""

    def set_listener(self, listener: ConfigStoreListener) -> None:
        """Who hears of changes; set before ``start``."""

    def snapshot(self) -> ClusterConfigState:
        """The picture as it is now."""

    def contains(self, connector: str) -> bool:
        """True when the connector has a config."""

    def refresh(self, timeout: float) -> None:
        """Catch up with the other workers. Raises TimeoutError after ``timeout`` seconds."""

    def claim_write_privileges(self) -> None:
        """Become the only writer (leader with exactly-once support). Raises ConnectException."""

    @property
    def may_write(self) -> bool:
        """False where write privileges have to be claimed, for the first time or again, before the leader writes."""

    def put_connector_config(self, connector: str, config: Config, target_state: TargetState | None = None) -> None:
        """Create or update a connector; ``target_state`` is its initial state."""

    def remove_connector_config(self, connector: str) -> None:
        """Delete a connector."""

    def put_task_configs(self, connector: str, configs: Sequence[Config]) -> None:
        """Replace all task configs of a connector."""

    def remove_task_configs(self, connector: str) -> None:
        """Leave the connector without tasks."""

    def put_target_state(self, connector: str, state: TargetState) -> None:
        """Ask that the connector be started, paused or stopped."""

    def put_session_key(self, key: SessionKey) -> None:
        """Hand a new session key to all workers."""

    def put_restart_request(self, request: RestartRequest) -> None:
        """Ask all workers to restart their part of a connector."""

    def put_task_count_record(self, connector: str, count: int) -> None:
        """Note how many task producers may have to be fenced off next time."""

    def put_logger_level(self, logger: str, level: str) -> None:
        """Set a log level on all workers."""


class MemoryConfigBackingStore:
    """The store of a standalone worker: forgets everything when the process ends.

    Session keys, restart requests, task counts and logger levels make no sense for a single worker and do nothing.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._fold = ConfigFold()
        self._listener: ConfigStoreListener | None = None
        self._written = 0

    def start(self) -> None:
        """From now on the listener hears of changes."""
        self._fold.listener = self._listener

    def stop(self) -> None:
        """There is nothing to give back."""

    def set_listener(self, listener: ConfigStoreListener) -> None:
        """Who hears of changes."""
        self._listener = listener

    def snapshot(self) -> ClusterConfigState:
        """The picture as it is now."""
        with self._lock:
            return self._fold.snapshot()

    def contains(self, connector: str) -> bool:
        """True when the connector has a config."""
        with self._lock:
            return self._fold.contains(connector)

    def refresh(self, timeout: float) -> None:
        """Nobody else writes."""

    def claim_write_privileges(self) -> None:
        """There is nobody else to keep away."""

    @property
    def may_write(self) -> bool:
        """There is nobody else who writes."""
        return True

    def put_connector_config(self, connector: str, config: Config, target_state: TargetState | None = None) -> None:
        """Create or update a connector."""
        first = [] if target_state is None else [records.target_state(connector, target_state)]
        self._apply(*first, records.connector_config(connector, config))

    def remove_connector_config(self, connector: str) -> None:
        """Delete a connector."""
        self._apply(records.connector_config(connector, None), records.target_state(connector, None))

    def put_task_configs(self, connector: str, configs: Sequence[Config]) -> None:
        """Replace all task configs of a connector."""
        tasks = [records.task_config(ConnectorTaskId(connector, at), each) for at, each in enumerate(configs)]
        self._apply(*tasks, records.commit_tasks(connector, len(configs)))

    def remove_task_configs(self, connector: str) -> None:
        """Leave the connector without tasks."""
        self.put_task_configs(connector, [])

    def put_target_state(self, connector: str, state: TargetState) -> None:
        """Ask that the connector be started, paused or stopped. Raises ConnectException for an unknown connector."""
        if not self.contains(connector):
            raise ConnectException(f"No connector {connector} found")
        self._apply(records.target_state(connector, state))

    def put_session_key(self, key: SessionKey) -> None:
        """Nothing to do."""

    def put_restart_request(self, request: RestartRequest) -> None:
        """Nothing to do."""

    def put_task_count_record(self, connector: str, count: int) -> None:
        """Nothing to do."""

    def put_logger_level(self, logger: str, level: str) -> None:
        """Nothing to do."""

    def _apply(self, *written: records.Record) -> None:
        with self._lock:
            for record in written:
                self._fold.apply(self._written, record.key, record.value)
                self._written += 1

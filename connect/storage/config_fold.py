"""How the records of the config topic fold into a picture; no Kafka in it.

Task configs are held back until the commit record that follows them. A compacted topic may lack old task configs, so
a commit may find too few of them: the connector is then inconsistent, and has no tasks, until the next commit.
"""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Callable, Mapping
from typing import Any

from connect.runtime.ids import ConnectorTaskId, TargetState
from connect.storage import config_records as records
from connect.storage.cluster_state import ClusterConfigState, Config, RestartRequest, SessionKey
from connect.storage.java_json import loads
from connect.storage.listener import ConfigStoreListener

log = logging.getLogger(__name__)


class ConfigFold:
    """The picture so far. ``listener`` hears of changes from the moment it is set. Not thread-safe."""

    def __init__(self) -> None:
        self.listener: ConfigStoreListener | None = None
        self._offset = -1
        self._session_key: SessionKey | None = None
        self._task_counts: dict[str, int] = {}
        self._configs: dict[str, Config] = {}
        self._target_states: dict[str, TargetState] = {}
        self._task_configs: dict[ConnectorTaskId, Config] = {}
        self._task_count_records: dict[str, int] = {}
        self._generations: dict[str, int] = {}
        self._applied: dict[str, Config] = {}
        self._pending_fencing: set[str] = set()
        self._inconsistent: set[str] = set()
        self._commit_offsets: dict[str, int] = {}
        self._deferred: dict[str, dict[ConnectorTaskId, Config]] = {}
        self._picture: ClusterConfigState | None = None
        self._handlers: tuple[tuple[str, Callable[[str, Any], None]], ...] = (
            (records.TARGET_STATE, self._target_state),
            (records.CONNECTOR, self._connector_config),
            (records.TASK, self._task_config),
            (records.COMMIT, self._commit),
            (records.RESTART, self._restart),
            (records.FENCING, self._task_count),
            (records.LOGGER, self._logger_level),
        )

    def contains(self, connector: str) -> bool:
        """True when the connector has a config."""
        return connector in self._configs

    def snapshot(self) -> ClusterConfigState:
        """The picture as it is now; the same one until a record changes it."""
        if self._picture is None:
            self._picture = self._draw()
        return self._picture

    def _draw(self) -> ClusterConfigState:
        return ClusterConfigState(
            self._offset,
            self._session_key,
            dict(self._task_counts),
            dict(self._configs),
            dict(self._target_states),
            dict(self._task_configs),
            dict(self._task_count_records),
            dict(self._generations),
            dict(self._applied),
            frozenset(self._pending_fencing),
            frozenset(self._inconsistent),
            dict(self._commit_offsets),
        )

    def apply(self, offset: int, key: bytes | None, value: bytes | None) -> None:
        """Take one record. What can't be understood is logged and ignored."""
        self._picture = None
        try:
            self._take(offset, key, value)
        finally:
            self._picture = None  # the listener may have asked for one in between

    def _take(self, offset: int, key: bytes | None, value: bytes | None) -> None:
        name = (key or b"").decode(errors="replace")
        try:
            content = None if value is None else loads(value)
        except ValueError as error:
            log.error("Config record '%s' at offset %d is not JSON: %s", name, offset, error)
            return
        self._offset = offset + 1
        if name == records.SESSION_KEY:
            self._take_session_key(content)
            return
        for prefix, handle in self._handlers:
            if name.startswith(prefix):
                handle(name[len(prefix) :], content)
                return
        log.error("Ignoring config record with unknown key '%s'", name)

    # --- one method per kind of record

    def _target_state(self, connector: str, content: Any) -> None:
        if content is None:
            self._target_states.pop(connector, None)
            if connector in self._configs:
                self._target_states[connector] = TargetState.STARTED
            return
        state = _read_target_state(content)
        if state is None:
            log.error("Ignoring target state of connector '%s', which is not understood: %s", connector, content)
            return
        before = self._target_states.get(connector)
        self._target_states[connector] = state
        # An initial state comes before its connector; nobody can act on it yet.
        if self.listener is not None and connector in self._configs and state is not before:
            self.listener.on_connector_target_state_change(connector)

    def _connector_config(self, connector: str, content: Any) -> None:
        if content is None:
            self._remove_connector(connector)
            if self.listener is not None:
                self.listener.on_connector_config_remove(connector)
            return
        properties = _read_properties(content)
        if properties is None:
            log.error("Ignoring config of connector '%s': it has no map 'properties'", connector)
            return
        self._configs[connector] = properties
        self._target_states.setdefault(connector, TargetState.STARTED)
        if self.listener is not None:
            self.listener.on_connector_config_update(connector)

    def _remove_connector(self, connector: str) -> None:
        self._configs.pop(connector, None)
        self._task_counts.pop(connector, None)
        self._deferred.pop(connector, None)
        self._applied.pop(connector, None)
        self._commit_offsets.pop(connector, None)
        for task in [task for task in self._task_configs if task.connector == connector]:
            del self._task_configs[task]

    def _task_config(self, name: str, content: Any) -> None:
        connector, _, number = name.rpartition("-")
        if not connector or not number.isdecimal():
            log.error("Ignoring task config with unreadable key '%s%s'", records.TASK, name)
            return
        task = ConnectorTaskId(connector, int(number))
        properties = _read_properties(content)
        if properties is None:
            log.error("Ignoring config of task %s: it has no map 'properties'", task)
            return
        self._deferred.setdefault(connector, {})[task] = properties

    def _commit(self, connector: str, content: Any) -> None:
        if connector not in self._configs:
            # The connector was deleted, and compaction has left its tasks behind.
            self._remove_connector(connector)
            log.debug("Ignoring tasks of connector %s, which has no config", connector)
            return
        count = _read_integer(content, "tasks")
        if count is None:
            log.error("Ignoring commit of connector '%s', which is not understood: %s", connector, content)
            return
        deferred = self._deferred.get(connector)
        updated: list[ConnectorTaskId] = []
        if _has_all(connector, count, deferred or {}):
            updated = self._apply_tasks(connector, deferred)
        else:
            log.debug("Connector %s has no complete set of task configs", connector)
            self._inconsistent.add(connector)
        if deferred is not None:
            deferred.clear()
        self._task_counts[connector] = count
        self._commit_offsets[connector] = self._offset
        self._pending_fencing.add(connector)
        if self.listener is not None:
            self.listener.on_task_config_update(updated)

    def _apply_tasks(self, connector: str, deferred: Mapping[ConnectorTaskId, Config] | None) -> list[ConnectorTaskId]:
        self._inconsistent.discard(connector)
        self._applied[connector] = self._configs[connector]
        if deferred is None:
            return []
        self._task_configs.update(deferred)
        self._generations[connector] = self._generations.get(connector, -1) + 1
        return sorted(deferred)

    def _restart(self, connector: str, content: Any) -> None:
        if self.listener is None:
            return
        if not isinstance(content, dict):
            log.debug("Ignoring restart request for connector '%s': %s", connector, content)
            return
        only_failed = _read_flag(connector, content, "only-failed")
        include_tasks = _read_flag(connector, content, "include-tasks")
        self.listener.on_restart_request(RestartRequest(connector, only_failed, include_tasks))

    def _task_count(self, connector: str, content: Any) -> None:
        count = _read_integer(content, "task-count")
        if count is None:
            log.error("Ignoring task count of connector '%s', which is not understood: %s", connector, content)
            return
        self._task_count_records[connector] = count
        self._pending_fencing.discard(connector)

    def _take_session_key(self, content: Any) -> None:
        key = _read_session_key(content)
        if key is None:
            log.error("Ignoring a session key that is not understood")
            return
        self._session_key = key
        if self.listener is not None:
            self.listener.on_session_key_update(key)

    def _logger_level(self, logger: str, content: Any) -> None:
        if self.listener is None:
            return
        level = content.get("level") if isinstance(content, dict) else None
        if not isinstance(level, str):
            log.error("Ignoring level of logger '%s', which is not understood: %s", logger, content)
            return
        self.listener.on_logging_level_update(logger, level)


def _has_all(connector: str, count: int, deferred: Mapping[ConnectorTaskId, Config]) -> bool:
    # The sizes first: a damaged record may name any count. More task configs than tasks are what compaction leaves.
    return count <= len(deferred) and all(ConnectorTaskId(connector, number) in deferred for number in range(count))


def _read_properties(content: Any) -> Config | None:
    properties = content.get("properties") if isinstance(content, dict) else None
    return properties if isinstance(properties, dict) else None


def _read_target_state(content: Any) -> TargetState | None:
    if not isinstance(content, dict):
        return None
    name = content.get("state.v2")
    if not isinstance(name, str):
        name = content.get("state")
    return TargetState.__members__.get(name) if isinstance(name, str) else None


def _read_flag(connector: str, content: Mapping[str, Any], name: str) -> bool:
    value = content.get(name)
    if isinstance(value, bool):
        return value
    log.warning("Restart request for connector '%s': '%s' is not a boolean, false is taken: %s", connector, name, value)
    return False


def _read_session_key(content: Any) -> SessionKey | None:
    created = _read_integer(content, "creation-timestamp")
    if created is None:
        return None
    key, algorithm = content.get("key"), content.get("algorithm")
    if not (isinstance(key, str) and isinstance(algorithm, str)):
        return None
    try:
        return SessionKey(base64.b64decode(key, validate=True), algorithm, created)
    except binascii.Error:
        return None


def _read_integer(content: Any, name: str) -> int | None:
    value = content.get(name) if isinstance(content, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None

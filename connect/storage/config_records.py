"""The records of the config topic: keys and values, byte for byte as Java writes them."""

from __future__ import annotations

import base64
from typing import NamedTuple

from connect.runtime.ids import ConnectorTaskId, TargetState
from connect.storage.cluster_state import Config, RestartRequest, SessionKey
from connect.storage.java_json import dumps

TARGET_STATE = "target-state-"
CONNECTOR = "connector-"
TASK = "task-"
COMMIT = "commit-"
RESTART = "restart-connector-"
FENCING = "tasks-fencing-"
SESSION_KEY = "session-key"
LOGGER = "logger-cluster-"


class Record(NamedTuple):
    """A record to write; ``value`` None deletes the key."""

    key: bytes
    value: bytes | None


def connector_config(connector: str, config: Config | None) -> Record:
    """The connector's config; None deletes the connector."""
    return _record(f"{CONNECTOR}{connector}", None if config is None else {"properties": config})


def task_config(task: ConnectorTaskId, config: Config) -> Record:
    """A task's config; it counts once the tasks are committed."""
    return _record(f"{TASK}{task}", {"properties": config})


def commit_tasks(connector: str, count: int) -> Record:
    """The task configs written before are complete."""
    return _record(f"{COMMIT}{connector}", {"tasks": count})


def target_state(connector: str, state: TargetState | None) -> Record:
    """What is asked of the connector; workers before 3.5 know no STOPPED and read PAUSED. None forgets it."""
    if state is None:
        return _record(f"{TARGET_STATE}{connector}", None)
    old = TargetState.PAUSED if state is TargetState.STOPPED else state
    return _record(f"{TARGET_STATE}{connector}", {"state": old.value, "state.v2": state.value})


def task_count(connector: str, count: int) -> Record:
    """How many producers an exactly-once source may be running from now on."""
    return _record(f"{FENCING}{connector}", {"task-count": count})


def session_key(key: SessionKey) -> Record:
    """The cluster's new session key."""
    return _record(
        SESSION_KEY,
        {
            "key": base64.b64encode(key.key).decode(),
            "algorithm": key.algorithm,
            "creation-timestamp": key.creation_timestamp,
        },
    )


def restart_request(request: RestartRequest) -> Record:
    """A restart that all workers take part in."""
    flags = {"include-tasks": request.include_tasks, "only-failed": request.only_failed}
    return _record(f"{RESTART}{request.connector}", flags)


def logger_level(logger: str, level: str) -> Record:
    """A log level for all workers."""
    return _record(f"{LOGGER}{logger}", {"level": level})


def _record(key: str, value: object) -> Record:
    return Record(key.encode(), None if value is None else dumps(value))

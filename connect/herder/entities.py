"""The values that REST shows, in the order of their members."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connect.runtime.ids import ConnectorTaskId

Json = dict[str, Any]


def task_id_json(task_id: ConnectorTaskId) -> Json:
    """A task's id."""
    return {"connector": task_id.connector, "task": task_id.task}


def connector_info(
    name: str, config: Mapping[str, str | None], tasks: Sequence[ConnectorTaskId], connector_type: str
) -> Json:
    """A connector: its configuration as it was given, and its tasks."""
    return {
        "name": name,
        "config": dict(config),
        "tasks": [task_id_json(task_id) for task_id in tasks],
        "type": connector_type,
    }


def state_json(state: str, worker_id: str, version: str | None, trace: str | None, task: int | None = None) -> Json:
    """The state of a connector, or of a task when its number is given; ``trace`` only where there is one."""
    shown: Json = {} if task is None else {"id": task}
    shown |= {"state": state, "worker_id": worker_id}
    if version is not None:
        shown["version"] = version
    if trace:
        shown["trace"] = trace
    return shown


def connector_status(name: str, connector: Json, tasks: Sequence[Json], connector_type: str) -> Json:
    """The states of a connector and of its tasks, by number."""
    by_number = sorted(tasks, key=lambda task: int(task["id"]))
    return {"name": name, "connector": connector, "tasks": by_number, "type": connector_type}

"""Which parts of a connector a restart touches, decided before anything is done."""

from __future__ import annotations

from dataclasses import dataclass

from connect.herder.entities import Json
from connect.runtime.ids import State


@dataclass(frozen=True, slots=True)
class RestartPlan:
    """Whether the instance is restarted, which tasks are, and the connector's status as the answer shows it."""

    instance: bool
    tasks: tuple[int, ...]
    status: Json


def plan_restart(status: Json, *, include_tasks: bool, only_failed: bool) -> RestartPlan:
    """The plan for a connector with that status."""

    def is_chosen(part: Json) -> bool:
        return not only_failed or part["state"] == State.FAILED.value

    instance = is_chosen(status["connector"])
    tasks = tuple(task["id"] for task in status["tasks"] if include_tasks and is_chosen(task))
    restarting = {"state": State.RESTARTING.value}
    shown = {
        **status,
        "connector": status["connector"] | (restarting if instance else {}),
        "tasks": [task | (restarting if task["id"] in tasks else {}) for task in status["tasks"]],
    }
    return RestartPlan(instance, tasks, shown)

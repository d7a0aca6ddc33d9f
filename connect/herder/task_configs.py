"""From what a connector answers to the task configurations that are stored."""

from __future__ import annotations

from collections.abc import Sequence

from connect.plugins.secrets import contains_variable
from connect.storage.cluster_state import Config

_COPIED_KEYS = ("topics", "topics.regex")


def complete_task_configs(connector: Config, task_class: str, made: Sequence[Config]) -> list[Config]:
    """Add the task class and the topics; put variables back where the connector's configuration has them."""
    completed: list[Config] = []
    for config in made:
        task = dict(config)
        task["task.class"] = task_class
        task.update({key: connector[key] for key in _COPIED_KEYS if key in connector})
        for key, raw in connector.items():
            if key in task and raw is not None and contains_variable(raw):
                task[key] = raw
        completed.append(task)
    return completed


def too_many_tasks(connector: str, made: int, maximum: int) -> str | None:
    """What to say when a connector made more tasks than ``tasks.max``; None when it didn't."""
    if made <= maximum:
        return None
    return (
        f"The connector {connector} has generated {made} tasks, which is greater than {maximum}, the maximum number of "
        "tasks it is configured to create. This behaviour should be considered a bug and is disallowed. If necessary, "
        "it can be permitted by reconfiguring the connector with 'tasks.max.enforce' set to false; however, this "
        "option may be removed in a future version of Kafka Connect."
    )

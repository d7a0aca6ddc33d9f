"""What source connectors that subscribe to MQTT topics share, whatever their keys are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connect.api import ConfigValue, ExactlyOnceSupport, SourceConnector

TASK_FILTERS, TASK_NUMBER, CONNECTOR = "connect.task.topics", "connect.task.number", "name"
SHARE = "$share/"


class MqttSubscriber(SourceConnector):
    """Divides topic filters among tasks. ``start`` sets ``config`` (as given) and ``filters``."""

    config: dict[str, str]
    filters: list[str]

    def task_configs(self, max_tasks: int) -> list[dict[str, str]]:
        return [
            {**self.config, TASK_FILTERS: "\n".join(filters), TASK_NUMBER: str(number)}
            for number, filters in enumerate(divided(self.filters, max_tasks))
        ]

    def exactly_once_support(self, config: Mapping[str, str]) -> ExactlyOnceSupport:
        return ExactlyOnceSupport.UNSUPPORTED

    @classmethod
    def validate(cls, config: Mapping[str, str]) -> list[ConfigValue]:
        return cls.CONFIG.validate(config)


def divided(filters: Sequence[str], tasks: int) -> list[list[str]]:
    """The filters of each task: shared ones for all tasks, the others in turn, as few tasks as have something to do."""
    shared = [name for name in filters if name.startswith(SHARE)]
    others = [name for name in filters if not name.startswith(SHARE)]
    count = tasks if shared else min(tasks, len(others))
    return [[*shared, *others[number::count]] for number in range(count)]

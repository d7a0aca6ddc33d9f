"""An immutable picture of all connectors and tasks, as the config topic tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from connect.runtime.ids import ConnectorTaskId, TargetState

Config = Mapping[str, str | None]


class SessionKey(NamedTuple):
    """The secret with which workers sign requests to each other; ``creation_timestamp`` in ms."""

    key: bytes
    algorithm: str
    creation_timestamp: int


class RestartRequest(NamedTuple):
    """A restart that was asked for a connector."""

    connector: str
    only_failed: bool
    include_tasks: bool

    @property
    def impact(self) -> int:
        """How much is restarted; of several pending requests the one with the highest impact counts."""
        return (0 if self.only_failed else 2) + (1 if self.include_tasks else 0)


@dataclass(frozen=True, slots=True)
class ClusterConfigState:
    """The picture after ``offset`` records of the config topic; -1 when nothing was read.

    Configs are as stored: variables are not resolved.
    """

    offset: int = -1
    session_key: SessionKey | None = None
    task_counts: Mapping[str, int] = field(default_factory=dict)
    connector_configs: Mapping[str, Config] = field(default_factory=dict)
    target_states: Mapping[str, TargetState] = field(default_factory=dict)
    task_configs: Mapping[ConnectorTaskId, Config] = field(default_factory=dict)
    task_count_records: Mapping[str, int] = field(default_factory=dict)
    task_config_generations: Mapping[str, int] = field(default_factory=dict)
    applied_configs: Mapping[str, Config] = field(default_factory=dict)
    pending_fencing: frozenset[str] = frozenset()
    inconsistent: frozenset[str] = frozenset()
    commit_offsets: Mapping[str, int] = field(default_factory=dict)

    def contains(self, connector: str) -> bool:
        """True when the connector has a config."""
        return connector in self.connector_configs

    def connectors(self) -> list[str]:
        """The names of all connectors."""
        return list(self.connector_configs)

    def connector_config(self, connector: str) -> Config | None:
        """The connector's config, or None."""
        return self.connector_configs.get(connector)

    def target_state(self, connector: str) -> TargetState | None:
        """What was asked of the connector, or None."""
        return self.target_states.get(connector)

    def task_config(self, task: ConnectorTaskId) -> Config | None:
        """The task's config, or None."""
        return self.task_configs.get(task)

    def task_count(self, connector: str) -> int:
        """How many tasks were committed last."""
        return self.task_counts.get(connector, 0)

    def tasks(self, connector: str) -> list[ConnectorTaskId]:
        """The connector's tasks; none while its task configs are inconsistent."""
        if connector in self.inconsistent:
            return []
        return [ConnectorTaskId(connector, number) for number in range(self.task_count(connector))]

    def all_task_configs(self, connector: str) -> dict[ConnectorTaskId, Config]:
        """The configs of the connector's tasks, in order."""
        found = ((task, self.task_configs.get(task)) for task in self.tasks(connector))
        return {task: config for task, config in found if config is not None}

    def commit_offset(self, connector: str) -> int:
        """How many records had been read when the connector's tasks were committed last; -1 before that."""
        return self.commit_offsets.get(connector, -1)

    def task_count_record(self, connector: str) -> int | None:
        """How many task producers may have to be fenced off, or None."""
        return self.task_count_records.get(connector)

    def task_config_generation(self, connector: str) -> int | None:
        """Counts the connector's task config updates, or None before the first."""
        return self.task_config_generations.get(connector)

    def applied_config(self, connector: str) -> Config | None:
        """The connector config from which the current task configs were made, or None."""
        return self.applied_configs.get(connector)

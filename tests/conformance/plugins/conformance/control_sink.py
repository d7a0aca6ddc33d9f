"""``conformance.ControlSink``: a sink that ignores its records and fails where it is told to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from conformance.control import ALTER_OFFSETS, fail_at_key, fail_if_asked, offsets_answer, task_configs
from connect.api import ConfigDef, SinkConnector, SinkRecord, SinkTask


class ControlSink(SinkConnector):
    """Ignores its records and fails where it is told to."""

    VERSION = "1.2.3"
    CONFIG = ConfigDef(fail_at_key("connector-start", "task-configs", "task-start", "put"), ALTER_OFFSETS)

    def start(self, config: Mapping[str, str]) -> None:
        fail_if_asked(config, "connector-start")
        self._config = dict(config)

    def task_class(self) -> type[SinkTask]:
        return ControlSinkTask

    def task_configs(self, max_tasks: int) -> list[dict[str, str]]:
        return task_configs(self._config, max_tasks)

    def alter_offsets(self, config: Mapping[str, str], offsets: Mapping[tuple[str, int], int | None]) -> bool:
        answer = offsets_answer(config)
        return super().alter_offsets(config, offsets) if answer is None else answer


class ControlSinkTask(SinkTask):
    VERSION = "1.2.3"
    JAVA_CLASS = "conformance.ControlSinkTask"

    def start(self, config: Mapping[str, str]) -> None:
        fail_if_asked(config, "task-start")
        self._config = config

    def put(self, records: Sequence[SinkRecord]) -> None:
        fail_if_asked(self._config, "put")

    def stop(self) -> None:
        """There is nothing to release."""

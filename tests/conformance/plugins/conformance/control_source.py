"""``conformance.ControlSource``: a source whose every step can be made to fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, TypeVar

from conformance.control import ALTER_OFFSETS, fail_at_key, fail_if_asked, offsets_answer, task_configs
from connect.api import (
    ConfigDef,
    ConfigType,
    ConnectException,
    ConnectorTransactionBoundaries,
    ExactlyOnceSupport,
    Importance,
    Key,
    SourceConnector,
    SourceRecord,
    SourceTask,
)
from connect.api.schema import STRING_SCHEMA

E = TypeVar("E", bound=Enum)


class ControlSource(SourceConnector):
    """Emits ``r-1``, ``r-2``, ... and fails where it is told to."""

    VERSION = "1.2.3"
    CONFIG = ConfigDef(
        Key("topic", ConfigType.STRING, "control", "The topic to write to.", Importance.HIGH),
        Key("records", ConfigType.LONG, 0, "Records per task; -1 for no end."),
        Key("interval.ms", ConfigType.INT, 50, "Pause per record, in ms.", Importance.LOW),
        Key("task.count", ConfigType.INT, -1, "Number of tasks, whatever tasks.max is.", Importance.LOW),
        fail_at_key("connector-start", "task-configs", "task-start", "poll"),
        ALTER_OFFSETS,
        Key("exactly.once", ConfigType.STRING, "null", "Answer about exactly-once support.", Importance.LOW),
        Key("boundaries", ConfigType.STRING, "null", "Answer about transaction boundaries.", Importance.LOW),
    )

    def start(self, config: Mapping[str, str]) -> None:
        fail_if_asked(config, "connector-start")
        self._config = dict(config)

    def task_class(self) -> type[SourceTask]:
        return ControlSourceTask

    def task_configs(self, max_tasks: int) -> list[dict[str, str]]:
        count = self.CONFIG.parse(self._config)["task.count"]
        return task_configs(self._config, max_tasks if count < 0 else count)

    def exactly_once_support(self, config: Mapping[str, str]) -> ExactlyOnceSupport | None:
        return _answer(ExactlyOnceSupport, config.get("exactly.once"), "exactlyOnceSupport")

    def can_define_transaction_boundaries(self, config: Mapping[str, str]) -> ConnectorTransactionBoundaries | None:
        return _answer(ConnectorTransactionBoundaries, config.get("boundaries"), "canDefineTransactionBoundaries")

    def alter_offsets(
        self, config: Mapping[str, str], offsets: list[tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]]
    ) -> bool:
        answer = offsets_answer(config)
        return super().alter_offsets(config, offsets) if answer is None else answer


def _answer(kind: type[E], text: str | None, query: str) -> E | None:
    if text == "throw":
        raise ConnectException(f"control failure at {query}")
    return None if text in (None, "null") else kind(text.upper())


class ControlSourceTask(SourceTask):
    VERSION = "1.2.3"
    JAVA_CLASS = "conformance.ControlSourceTask"

    def start(self, config: Mapping[str, str]) -> None:
        fail_if_asked(config, "task-start")
        settings = ControlSource.CONFIG.parse(config)
        self._config = config
        self._topic: str = settings["topic"]
        self._records: int = settings["records"]
        self._interval: float = settings["interval.ms"] / 1000
        self._partition = {"task": int(config["task.index"])}
        offset = self.context.offset_storage_reader.offset(self._partition)
        self._sequence = int((offset or {}).get("seq", 0))

    def poll(self) -> Sequence[SourceRecord] | None:
        fail_if_asked(self._config, "poll")
        self.context.wait(self._interval)
        if 0 <= self._records <= self._sequence:
            return None
        self._sequence += 1
        offset = {"seq": self._sequence}
        value = f"r-{self._sequence}"
        return [SourceRecord(self._partition, offset, self._topic, value_schema=STRING_SCHEMA, value=value)]

    def stop(self) -> None:
        """There is nothing to release."""

"""A source whose poll waits for ever once it has given its record; it writes down when it is told of a commit."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from connect.api import ConfigDef, ConfigType, Key, SourceConnector, SourceRecord, SourceTask


class WaitingSourceTask(SourceTask):
    def start(self, config: Mapping[str, str]) -> None:
        self._config = config
        self._polls = 0

    def poll(self) -> Sequence[SourceRecord] | None:
        self._polls += 1
        if self._polls > 1:
            threading.Event().wait()
        return [SourceRecord({"p": 0}, {"o": 1}, self._config["topic"], value="one")]

    def commit(self) -> None:
        with Path(self._config["commits"]).open("a") as file:
            file.write("told\n")

    def stop(self) -> None: ...


class WaitingSource(SourceConnector):
    CONFIG = ConfigDef(Key("topic", ConfigType.STRING), Key("commits", ConfigType.STRING))

    def start(self, config: Mapping[str, str]) -> None:
        self._config = dict(config)

    def task_class(self) -> type[SourceTask]:
        return WaitingSourceTask

    def task_configs(self, max_tasks: int) -> list[dict[str, str]]:
        return [self._config]

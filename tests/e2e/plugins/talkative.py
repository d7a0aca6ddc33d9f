"""A source that tells its secret wherever it can: prints it, logs it, and fails with it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from connect.api import ConfigDef, ConfigType, ConnectException, Key, SourceConnector, SourceRecord, SourceTask

log = logging.getLogger("connect.talkative")


class Talkative(SourceConnector):
    CONFIG = ConfigDef(Key("said", ConfigType.STRING))

    def start(self, config: Mapping[str, str]) -> None:
        self._config = dict(config)
        log.warning("The connector was told %s", config["said"])

    def task_class(self) -> type[SourceTask]:
        return TalkativeTask

    def task_configs(self, max_tasks: int) -> list[dict[str, str]]:
        return [self._config]


class TalkativeTask(SourceTask):
    def start(self, config: Mapping[str, str]) -> None:
        log.warning("The task was told %s", config["said"])
        print("A plugin's own words:", config["said"])
        raise ConnectException(f"Nobody opens to {config['said']}")

    def poll(self) -> Sequence[SourceRecord] | None:
        raise AssertionError("it doesn't start")

    def stop(self) -> None:
        """Nothing was opened."""

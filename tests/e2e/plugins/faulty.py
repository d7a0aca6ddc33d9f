"""A connector whose task goes wrong in the way that its configuration names."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Mapping, Sequence

from connect.api import ConfigDef, ConfigType, ConnectException, Key, SourceConnector, SourceRecord, SourceTask


class FaultySourceTask(SourceTask):
    def start(self, config: Mapping[str, str]) -> None:
        self._fault = config["fault"]

    def poll(self) -> Sequence[SourceRecord] | None:
        match self._fault:
            case "exit":
                os._exit(7)
            case "segfault":
                ctypes.string_at(0)
            case "raise":
                raise ConnectException("no luck")
            case "hang":
                threading.Event().wait()
        return None

    def stop(self) -> None:
        return


class FaultySource(SourceConnector):
    CONFIG = ConfigDef(Key("fault", ConfigType.STRING))

    def start(self, config: Mapping[str, str]) -> None:
        self._config = dict(config)

    def task_class(self) -> type[SourceTask]:
        return FaultySourceTask

    def task_configs(self, max_tasks: int) -> list[dict[str, str]]:
        return [self._config]

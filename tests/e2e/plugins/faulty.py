"""Connectors that go wrong in the way and in the method that their configuration names.

``at`` is a method of the task, or ``connector.<method>``; ``fault`` is what happens there.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connect.api import (
    ConfigDef,
    ConfigType,
    ConfigValue,
    ConnectException,
    Key,
    RetriableException,
    SinkConnector,
    SinkRecord,
    SinkTask,
    SourceConnector,
    SourceRecord,
    SourceTask,
    TopicPartition,
)

_CONFIG = ConfigDef(Key("fault", ConfigType.STRING), Key("at", ConfigType.STRING, "poll"))


def go_wrong(config: Mapping[str, str], method: str) -> None:
    """Do what the configuration says for that method."""
    if config.get("at", "poll") != method:
        return
    match config["fault"]:
        case "raise":
            raise ConnectException("no luck")
        case "raise SystemExit":
            raise SystemExit("off I go")
        case "exit":
            os._exit(7)
        case "segfault":
            ctypes.string_at(0)
        case "hang":
            threading.Event().wait()
        case "freeze":  # in C, with the interpreter's lock held: a mutex that is locked twice
            mutex = ctypes.create_string_buffer(64)
            ctypes.PyDLL(None).pthread_mutex_lock(mutex)
            ctypes.PyDLL(None).pthread_mutex_lock(mutex)
        case "allocate":
            go_wrong.hoard = [b"x" * (64 << 20) for _ in range(32)]  # type: ignore[attr-defined]
        case "ask for patience":
            first = go_wrong.__dict__.setdefault("first", time.monotonic())
            if time.monotonic() - first < 9:
                raise RetriableException("not now")
        case "print":
            sys.stdout.write("a plugin's own words\n")
        case "fork":
            if os.fork() == 0:
                threading.Event().wait()


class FaultySourceTask(SourceTask):
    def start(self, config: Mapping[str, str]) -> None:
        self._config = config
        self._polls = 0
        go_wrong(config, "start")

    def poll(self) -> Sequence[SourceRecord] | None:
        go_wrong(self._config, "poll")
        self._polls += 1
        self.context.wait(0.1)
        if self._polls > 3:
            return None
        return [SourceRecord({"p": 0}, {"o": self._polls}, self._config["topic"], value=str(self._polls))]

    def commit(self) -> None:
        go_wrong(self._config, "commit")

    def stop(self) -> None:
        go_wrong(self._config, "stop")


class FaultySinkTask(SinkTask):
    def start(self, config: Mapping[str, str]) -> None:
        self._config = config
        go_wrong(config, "start")

    def open(self, partitions: Iterable[TopicPartition]) -> None:
        go_wrong(self._config, "open")

    def put(self, records: Sequence[SinkRecord]) -> None:
        if records:
            go_wrong(self._config, "put")

    def flush(self, offsets: Mapping[TopicPartition, int]) -> None:
        go_wrong(self._config, "flush")

    def pre_commit(self, offsets: Mapping[TopicPartition, int]) -> Mapping[TopicPartition, int]:
        go_wrong(self._config, "pre_commit")
        return super().pre_commit(offsets)

    def close(self, partitions: Iterable[TopicPartition]) -> None:
        go_wrong(self._config, "close")

    def stop(self) -> None:
        go_wrong(self._config, "stop")


class _Faulty:
    CONFIG = _CONFIG
    _config: dict[str, str]

    @classmethod
    def validate(cls, config: Mapping[str, str]) -> list[ConfigValue]:
        go_wrong(config, "connector.validate")
        return cls.CONFIG.validate(config)

    def start(self, config: Mapping[str, str]) -> None:
        self._config = dict(config)
        go_wrong(config, "connector.start")

    def stop(self) -> None:
        go_wrong(self._config, "connector.stop")

    def task_configs(self, max_tasks: int) -> list[dict[str, str]]:
        go_wrong(self._config, "connector.task_configs")
        return [self._config]

    def alter_offsets(self, config: Mapping[str, str], offsets: Any) -> bool:
        go_wrong(config, "connector.alter_offsets")
        return True


class FaultySource(_Faulty, SourceConnector):
    def task_class(self) -> type[SourceTask]:
        return FaultySourceTask


class FaultySink(_Faulty, SinkConnector):
    def task_class(self) -> type[SinkTask]:
        return FaultySinkTask

"""Keys of our own that say how far a task may go: stalls, restarts, memory, speed, dropped records.

A connector may set them; the worker's properties give the defaults. With none set a task behaves as under Java Connect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connect.api import ConfigDef, ConfigException, ConfigType, Importance, Key

_GROUP = "Task Supervision"


def _at_least_zero(key: str, value: Any) -> None:
    if value is None or value < 0:
        raise ConfigException(key, value, "Value must be at least 0")


def _one_of(*allowed: str) -> Any:
    def check(key: str, value: Any) -> None:
        if value not in allowed:
            raise ConfigException(key, value, f"String must be one of: {', '.join(allowed)}")

    return check


def _at_least_one(key: str, value: Any) -> None:
    if value is None or value < 1:
        raise ConfigException(key, value, "Value must be at least 1")


def _number(name: str, kind: ConfigType, default: int, doc: str) -> Key:
    return Key(name, kind, default, doc, Importance.LOW, _at_least_zero, _GROUP)


_LONG, _DOUBLE = ConfigType.LONG, ConfigType.DOUBLE
RULES_CONFIG = ConfigDef(
    _number("task.stall.timeout.ms", _LONG, 300_000, "How long one step of a task may take; 0 = as long as it likes."),
    Key(
        "task.stall.action",
        ConfigType.STRING,
        "report",
        "What a stalled task leads to: 'report' shows stage, age and stacks in its status, 'restart' also restarts it.",
        Importance.LOW,
        _one_of("report", "restart"),
        _GROUP,
    ),
    Key(
        "task.restart.policy",
        ConfigType.STRING,
        "none",
        "'on-failure' starts a failed task again after a while; 'none' leaves it FAILED, as Kafka Connect does.",
        Importance.LOW,
        _one_of("none", "on-failure"),
        _GROUP,
    ),
    _number("task.restart.backoff.ms", _LONG, 1000, "The wait before the first restart; it doubles with each."),
    _number("task.restart.backoff.max.ms", _LONG, 60_000, "The longest wait before a restart."),
    _number(
        "task.restart.max", _LONG, 5, "How many restarts within task.restart.window.ms are a crash loop; then FAILED."
    ),
    _number("task.restart.window.ms", _LONG, 600_000, "How long a restart counts."),
    _number("task.memory.max.bytes", _LONG, 0, "How much memory of its own a task may take; 0 = no limit."),
    _number("records.per.second.max", _DOUBLE, 0, "How many records a task may copy per second; 0 = no limit."),
    _number(
        "bytes.per.second.max",
        _DOUBLE,
        0,
        "How many bytes of keys and values a task may copy per second; 0 = no limit.",
    ),
    Key(
        "errors.put.alone",
        ConfigType.BOOLEAN,
        False,
        "With errors.tolerance=all: when put fails, its records are put again one by one, and those that fail are "
        "reported. A sink that had written some of them writes those twice.",
        Importance.LOW,
        None,
        _GROUP,
    ),
    Key(
        "task.isolation",
        ConfigType.STRING,
        "process",
        "Where tasks run: 'process' gives them processes, 'thread' threads of the worker, for embedding and small "
        "devices; a task that hangs there can't be ended, and its memory not be limited.",
        Importance.LOW,
        _one_of("process", "thread"),
        _GROUP,
    ),
    Key(
        "tasks.per.process",
        ConfigType.INT,
        1,
        "How many tasks of a connector share a process. That saves memory; they share one interpreter's lock, and what "
        "kills the process ends them all.",
        Importance.LOW,
        _at_least_one,
        _GROUP,
    ),
    _number("errors.drop.max.count", _LONG, 0, "More dropped records than that fail the task; 0 = no limit."),
    _number("errors.drop.max.percent", _DOUBLE, 0, "A larger share of dropped records fails the task; 0 = no limit."),
)
LIVE_KEYS = frozenset({"records.per.second.max", "bytes.per.second.max", "task.memory.max.bytes"})
"""Keys whose change reaches running tasks; nothing is restarted for it."""


@dataclass(frozen=True, slots=True)
class TaskRules:
    """The keys, read. Times in seconds; 0 = off or no limit."""

    stall_timeout: float = 300.0
    restart_stalled: bool = False
    restart_failed: bool = False
    restart_backoff: float = 1.0
    restart_backoff_max: float = 60.0
    restart_max: int = 5
    restart_window: float = 600.0
    memory_max: int = 0
    records_per_second: float = 0.0
    bytes_per_second: float = 0.0
    drop_max_count: int = 0
    drop_max_percent: float = 0.0
    put_alone: bool = False
    in_thread: bool = False
    tasks_per_process: int = 1

    @classmethod
    def read(cls, worker: Mapping[str, str], connector: Mapping[str, str]) -> TaskRules:
        """The connector's keys over the worker's. Raises ConfigException."""
        known = {name: source[name] for source in (worker, connector) for name in RULES_CONFIG.keys if name in source}
        parsed = RULES_CONFIG.parse(known)
        return cls(
            stall_timeout=parsed["task.stall.timeout.ms"] / 1000,
            restart_stalled=parsed["task.stall.action"] == "restart",
            restart_failed=parsed["task.restart.policy"] == "on-failure",
            restart_backoff=parsed["task.restart.backoff.ms"] / 1000,
            restart_backoff_max=parsed["task.restart.backoff.max.ms"] / 1000,
            restart_max=parsed["task.restart.max"],
            restart_window=parsed["task.restart.window.ms"] / 1000,
            memory_max=parsed["task.memory.max.bytes"],
            records_per_second=parsed["records.per.second.max"],
            bytes_per_second=parsed["bytes.per.second.max"],
            drop_max_count=parsed["errors.drop.max.count"],
            drop_max_percent=parsed["errors.drop.max.percent"],
            put_alone=parsed["errors.put.alone"],
            in_thread=parsed["task.isolation"] == "thread",
            tasks_per_process=parsed["tasks.per.process"],
        )


def without_live_keys(config: Mapping[str, str | None] | None) -> dict[str, str | None] | None:
    """What of a configuration needs a restart when it changes."""
    return None if config is None else {key: value for key, value in config.items() if key not in LIVE_KEYS}

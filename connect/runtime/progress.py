"""What a task is doing, for the watchdog and the metrics: one attribute write per stage and batch, no locks."""

from __future__ import annotations

import enum
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

HEARTBEAT_SECONDS = 2.0
"""How often a task tells the worker where it is."""
QUIET_HEARTBEAT_SECONDS = 6.0
"""How often it does so while nothing changes."""
PLUGIN_COUNTER = "plugin/"
"""Before the name of a counter or gauge that is a plugin's own."""


class Stage(enum.Enum):
    """Where a task is. The upper-case values are the stages of error handling, as Kafka Connect names them."""

    START = "start"
    TASK_POLL = "poll"
    TRANSFORMATION = "transform"
    KEY_CONVERTER = "convert key"
    VALUE_CONVERTER = "convert value"
    HEADER_CONVERTER = "convert headers"
    KAFKA_PRODUCE = "send"
    KAFKA_CONSUME = "consume"
    OPEN = "open"
    TASK_PUT = "put"
    CLOSE = "close"
    COMMIT = "commit"
    PAUSED = "paused"
    THROTTLED = "wait for records.per.second.max or bytes.per.second.max"
    STOP = "stop"


class Progress:
    """The stage that a task is in, since when, and its counters by metric name.

    Written by the task's thread, reported by the heartbeat's. Counters only grow; maxima and minima are those since the
    last report; gauges are asked for their value when it is reported.
    """

    __slots__ = ("_extremes", "counters", "gauges", "since", "stage", "stamps")

    def __init__(self) -> None:
        self.stage = Stage.START
        self.since = time.monotonic()
        self.counters: Counter[str] = Counter()
        self.stamps: dict[str, float] = {}
        self.gauges: dict[str, Callable[[], float]] = {}
        self._extremes: dict[str, tuple[float, float]] = {}

    def enter(self, stage: Stage) -> None:
        """The task begins that stage."""
        self.stage = stage
        self.since = time.monotonic()

    def touch(self) -> None:
        """The task is still in its stage, and well."""
        self.since = time.monotonic()

    def count(self, metric: str, amount: float = 1) -> None:
        """Add to a counter. Once per batch, never per record."""
        self.counters[metric] += amount  # type: ignore[assignment]  # times are fractions

    def spread(self, metric: str, value: float) -> None:
        """Take a value of which average, least and largest are of interest."""
        self.counters[f"{metric}-sum"] += value  # type: ignore[assignment]
        self.counters[f"{metric}-count"] += 1
        least, largest = self._extremes.get(metric, (value, value))
        self._extremes[metric] = (min(least, value), max(largest, value))

    def time(self, metric: str, seconds: float) -> None:
        """Take a duration; metrics show it in ms."""
        self.spread(metric, seconds * 1000)

    def report(self) -> dict[str, Any]:
        """What the worker is told: stage, its age in seconds, counters so far, extremes since the last report."""
        extremes, self._extremes = self._extremes, {}
        return {
            "stage": self.stage.name,
            "age": time.monotonic() - self.since,
            "counters": dict(self.counters),
            "stamps": dict(self.stamps),
            "gauges": {name: gauge() for name, gauge in list(self.gauges.items())},
            "extremes": extremes,
        }

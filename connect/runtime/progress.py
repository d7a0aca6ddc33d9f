"""What a task is doing, for the watchdog and the metrics: one attribute write per stage and batch, no locks."""

from __future__ import annotations

import enum
import time
from collections import Counter
from typing import Any


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
    TASK_PUT = "put"
    COMMIT = "commit"
    PAUSED = "paused"
    STOP = "stop"


class Progress:
    """The stage that a task is in, since when, and its counters by metric name."""

    __slots__ = ("counters", "maxima", "since", "stage")

    def __init__(self) -> None:
        self.stage = Stage.START
        self.since = time.monotonic()
        self.counters: Counter[str] = Counter()
        self.maxima: dict[str, float] = {}

    def enter(self, stage: Stage) -> None:
        """The task begins that stage."""
        self.stage = stage
        self.since = time.monotonic()

    def count(self, metric: str, amount: float = 1) -> None:
        """Add to a counter. Once per batch, never per record."""
        self.counters[metric] += amount  # type: ignore[assignment]  # times are fractions

    def observe(self, metric: str, value: float) -> None:
        """Remember the largest value seen."""
        if value > self.maxima.get(metric, float("-inf")):
            self.maxima[metric] = value

    def report(self) -> dict[str, Any]:
        """What the worker is told: stage, its age in seconds, counters and maxima so far."""
        return {
            "stage": self.stage.name,
            "age": time.monotonic() - self.since,
            "counters": dict(self.counters),
            "maxima": dict(self.maxima),
        }

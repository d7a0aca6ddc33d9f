"""A source task's context for tests: offsets from a dict, waiting that only counts, errors that are collected."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from connect.api import ConnectException, RecordBatch, SourceTask


class Errant(NamedTuple):
    """What a task reported instead of a record."""

    error: BaseException
    raw: bytes | None
    where: str


class Offsets:
    """An OffsetStorageReader over ``(partition, offset)`` pairs."""

    def __init__(self, stored: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]] = ()) -> None:
        self.stored = {json.dumps(partition, sort_keys=True): dict(offset) for partition, offset in stored}

    def offset(self, partition: Mapping[str, Any]) -> dict[str, Any] | None:
        return self.stored.get(json.dumps(partition, sort_keys=True))

    def offsets(self, partitions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any] | None]:
        return [self.offset(partition) for partition in partitions]


class FakeSourceContext:
    """Implements SourceTaskContext. ``on_wait`` is called in place of sleeping; ``tolerant`` False = errors raise."""

    transaction_context = None

    def __init__(
        self,
        offsets: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]] = (),
        *,
        tolerant: bool = True,
        on_wait: Callable[[], None] = lambda: None,
    ) -> None:
        self.offset_storage_reader = Offsets(offsets)
        self.errants: list[Errant] = []
        self.counts: Counter[str] = Counter()
        self.waits: list[float] = []
        self.tolerant = tolerant
        self.gauges: dict[str, float] = {}
        self.on_wait = on_wait

    def configs(self) -> dict[str, str]:
        return {}

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.on_wait()
        return False

    def count(self, metric: str, amount: float = 1) -> None:
        self.counts[metric] += int(amount)

    def gauge(self, metric: str, value: float) -> None:
        self.gauges[metric] = value

    def report_errant_record(self, error: BaseException, *, raw: bytes | None = None, where: str = "") -> None:
        if not self.tolerant:
            raise ConnectException("Tolerance exceeded in error handler") from error
        self.errants.append(Errant(error, raw, where))


def started(task: SourceTask, config: Mapping[str, str], context: FakeSourceContext | None = None) -> SourceTask:
    """The task after ``initialize`` and ``start``."""
    task.initialize(FakeSourceContext() if context is None else context)
    task.start(config)
    return task


def batches(task: SourceTask, *, idle_polls: int = 3) -> Iterator[RecordBatch]:
    """What the task returns until it has had nothing for ``idle_polls`` polls in a row."""
    idle = 0
    while idle < idle_polls:
        polled = task.poll_batch()
        idle = 0 if polled else idle + 1
        yield from polled or ()

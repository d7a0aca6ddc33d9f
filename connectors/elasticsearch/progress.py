"""How far each partition has got: which offsets may be committed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from connect.api import RecordBatch, TopicPartition
from connectors.elasticsearch.operations import Target


class Chunk:
    """The lines of one batch on their way to the server, and which of them have arrived.

    ``lines[i]`` belongs to record ``indexes[i]`` of ``batch``, whose offset is ``offsets[i]``.
    """

    __slots__ = ("_arrived", "_missing", "batch", "indexes", "lines", "offsets", "partition", "target")

    def __init__(
        self,
        partition: TopicPartition,
        target: Target,
        batch: RecordBatch,
        lines: list[bytes],
        indexes: Sequence[int],
        offsets: Sequence[int],
    ) -> None:
        self.partition = partition
        self.target = target
        self.batch = batch
        self.lines = lines
        self.indexes = indexes
        self.offsets = offsets
        self._arrived = bytearray(len(lines))
        self._missing = len(lines)

    def arrive(self, items: Sequence[int]) -> None:
        """These lines are done: written, or given up by policy. Each may be named once."""
        if isinstance(items, range):
            self._arrived[items.start : items.stop] = b"\x01" * len(items)
        else:
            for item in items:
                self._arrived[item] = 1
        self._missing -= len(items)

    @property
    def complete(self) -> bool:
        """True when all lines are done."""
        return self._missing <= 0

    @property
    def first_missing(self) -> int:
        """The offset of the first record that is not done."""
        return self.offsets[self._arrived.find(0)]


class Progress:
    """Per partition, the chunks that are not complete, in order of their offsets."""

    def __init__(self) -> None:
        self._first: dict[TopicPartition, int] = {}
        self._waiting: dict[TopicPartition, deque[Chunk]] = {}
        self._passed: dict[TopicPartition, int] = {}
        self._stuck: dict[TopicPartition, int] = {}

    def begin(self, partition: TopicPartition, offset: int) -> None:
        """Records from that offset on are about to be taken."""
        self._first.setdefault(partition, offset)

    def add(self, chunk: Chunk) -> None:
        """A chunk was taken."""
        chunks = self._waiting.setdefault(chunk.partition, deque())
        _drop_complete(chunks)
        chunks.append(chunk)

    def stick(self, partition: TopicPartition, offset: int) -> None:
        """The record at that offset can't be handled: never commit past it."""
        self._stuck[partition] = min(offset, self._stuck.get(partition, offset))

    def passed(self, partition: TopicPartition, offset: int) -> None:
        """Everything before that offset was taken."""
        self._passed[partition] = offset

    def committable(self, asked: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        """What to commit: the offset asked for, or that of the first outstanding record where there is one."""
        offsets = {}
        for partition, offset in asked.items():
            outstanding = self._first_outstanding(partition)
            offsets[partition] = offset if outstanding is None else min(offset, outstanding)
        return offsets

    def acknowledged(self, asked: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        """What to commit for a task that failed: only partitions of which something is known to be done."""
        offsets = {}
        for partition, asked_for in asked.items():
            outstanding = self._first_outstanding(partition)
            done = self._passed.get(partition) if outstanding is None else outstanding
            if done is not None and min(done, asked_for) > self._first[partition]:
                offsets[partition] = min(done, asked_for)
        return offsets

    def _first_outstanding(self, partition: TopicPartition) -> int | None:
        chunks = self._waiting.get(partition, deque())
        _drop_complete(chunks)
        waiting = [chunk.first_missing for chunk in chunks if not chunk.complete]
        stuck = self._stuck.get(partition)
        return min(waiting if stuck is None else [*waiting, stuck], default=None)

    def drop(self, partitions: Iterable[TopicPartition]) -> None:
        """Forget partitions that were taken away."""
        for partition in partitions:
            for kept in (self._first, self._waiting, self._passed, self._stuck):
                kept.pop(partition, None)


def _drop_complete(chunks: deque[Chunk]) -> None:
    while chunks and chunks[0].complete:
        chunks.popleft()

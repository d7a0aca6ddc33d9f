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
        self._waiting: dict[TopicPartition, deque[Chunk]] = {}
        self._done: dict[TopicPartition, int] = {}
        self._stuck: dict[TopicPartition, int] = {}

    def add(self, chunk: Chunk) -> None:
        """A chunk was taken; it comes after all earlier ones of its partition."""
        self._waiting.setdefault(chunk.partition, deque()).append(chunk)

    def stick(self, partition: TopicPartition, offset: int) -> None:
        """The record at that offset can't be handled: never commit past it."""
        self._stuck[partition] = min(offset, self._stuck.get(partition, offset))

    def passed(self, partition: TopicPartition, offset: int) -> None:
        """Everything before that offset was taken over or needs no writing."""
        self._done[partition] = offset

    def committable(self, asked: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        """What to commit: the offset asked for, or that of the first outstanding record where there is one."""
        offsets = {}
        for partition, offset in asked.items():
            outstanding = self._first_outstanding(partition)
            offsets[partition] = offset if outstanding is None else min(offset, outstanding)
        return offsets

    def acknowledged(self) -> dict[TopicPartition, int]:
        """For a task that failed: how far each partition is known to be done, whatever was delivered after."""
        partitions = self._waiting.keys() | self._done.keys() | self._stuck.keys()
        offsets = {}
        for partition in partitions:
            outstanding = self._first_outstanding(partition)
            offset = self._done.get(partition) if outstanding is None else outstanding
            if offset is not None:
                offsets[partition] = offset
        return offsets

    def _first_outstanding(self, partition: TopicPartition) -> int | None:
        chunks = self._waiting.get(partition)
        while chunks and chunks[0].complete:
            chunks.popleft()
        waiting = min((chunk.first_missing for chunk in chunks if not chunk.complete), default=None) if chunks else None
        stuck = self._stuck.get(partition)
        if waiting is None or stuck is None:
            return stuck if waiting is None else waiting
        return min(waiting, stuck)

    def drop(self, partitions: Iterable[TopicPartition]) -> None:
        """Forget partitions that were taken away."""
        for partition in partitions:
            self._waiting.pop(partition, None)
            self._done.pop(partition, None)
            self._stuck.pop(partition, None)

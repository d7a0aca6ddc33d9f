"""The consumer of a sink task: subscription, assignment, pausing, offsets; in terms of our own types."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connect.api import ConnectException, TopicPartition
from connect.kafka.door import ConsumerClient, KafkaException
from connect.kafka.door import TopicPartition as Position
from connect.kafka.errors import kafka_error
from connect.runtime.progress import Progress
from connect.runtime.topic_selection import TopicSelection

log = logging.getLogger(__name__)

_LEAVE_SECONDS = 4.0
_POSITION_SECONDS = 10.0
_USUAL_RECORDS, _MOST_RECORDS = 500, 2000
_QUICK_SECONDS = 0.1
_GOES_ON = ("_PARTITION_EOF", "UNKNOWN_TOPIC_OR_PART", "_ALL_BROKERS_DOWN", "_TRANSPORT", "_RESOLVE")

Offsets = Mapping[TopicPartition, int]
OnCommit = Callable[[Any, list[Any]], None]
OnPartitions = Callable[[Sequence[TopicPartition]], None]


@dataclass(frozen=True, slots=True)
class Start:
    """How reading of new partitions begins: where, where that isn't the position told, and which of them wait."""

    offsets: Offsets
    paused: Iterable[TopicPartition]


OnAssigned = Callable[[Offsets], Start]


@dataclass(frozen=True, slots=True)
class ConsumerSettings:
    """What the loop needs to know of the consumer's Java properties; ``max_poll_records`` is None where unset."""

    max_poll_records: int | None = None
    cooperative: bool = False
    reset_to_end: bool = False

    @classmethod
    def read(cls, properties: Mapping[str, str]) -> ConsumerSettings:
        """Read a consumer's properties."""
        assignors = [name.strip() for name in properties.get("partition.assignment.strategy", "").split(",")]
        most = properties.get("max.poll.records")
        return cls(
            None if most is None else int(most),
            all("ooperative" in name for name in assignors),
            properties.get("auto.offset.reset", "earliest").strip().lower() == "latest",
        )


class SinkConsumer:
    """Wraps the client's consumer. All methods are called by the task's thread; callbacks come inside ``consume``."""

    def __init__(
        self,
        create_consumer: Callable[[OnCommit], ConsumerClient],
        topics: TopicSelection,
        settings: ConsumerSettings,
        progress: Progress,
    ) -> None:
        """``create_consumer(on_commit)`` makes the client."""
        self._consumer = create_consumer(self._on_commit)
        self._topics = topics
        self._settings = settings
        self._progress = progress
        self._limit = settings.max_poll_records or _USUAL_RECORDS
        self._closed = False
        self._callbacks: dict[str, Callable[[Any, list[Any]], None]] = {}
        self._committed: dict[TopicPartition, int] = {}
        self._commits: deque[tuple[int, float]] = deque()
        self._sequence = 0
        progress.gauges["offset-commit-seq-no"] = lambda: self._sequence

    def subscribe(self, on_assigned: OnAssigned, on_revoked: OnPartitions, on_lost: OnPartitions) -> None:
        """Join the group. Nothing is assigned before the first ``consume``."""

        def assigned(_: Any, partitions: list[Any]) -> None:
            self._assign(partitions, on_assigned(self._positions(partitions)))

        def revoked(_: Any, partitions: list[Any]) -> None:
            if not self._closed and partitions:
                on_revoked([_ours(p) for p in partitions])
                self._forget(partitions)

        def lost(_: Any, partitions: list[Any]) -> None:
            if not self._closed and partitions:
                on_lost([_ours(p) for p in partitions])
                self._forget(partitions)

        self._callbacks = {"on_assign": assigned, "on_revoke": revoked, "on_lost": lost}
        self._topics.changed(self._consumer)
        self._subscribe()

    @property
    def only_topic(self) -> str | None:
        """The topic of all messages where the task reads no other."""
        return self._topics.names[0] if len(self._topics.names) == 1 and not self._topics.may_change else None

    def _subscribe(self) -> None:
        if self._topics.names:
            self._consumer.subscribe(list(self._topics.names), **self._callbacks)

    def _positions(self, partitions: list[Any]) -> dict[TopicPartition, int]:
        """Where reading of those partitions begins: the committed offset, else where ``auto.offset.reset`` points.

        A position that the brokers don't tell now is -1.
        """
        try:
            found = {_ours(p): p.offset for p in self._consumer.committed(list(partitions), _POSITION_SECONDS)}
            self._committed.update({partition: offset for partition, offset in found.items() if offset >= 0})
            return {
                partition: offset if offset >= 0 else self._reset_position(partition)
                for partition, offset in found.items()
            }
        except KafkaException as error:
            log.warning("Could not look up committed offsets: %s", kafka_error(error).str())
            return {_ours(p): -1 for p in partitions}

    def _reset_position(self, partition: TopicPartition) -> int:
        low, high = self._consumer.get_watermark_offsets(Position(*partition), _POSITION_SECONDS)
        return high if self._settings.reset_to_end else low

    def _assign(self, partitions: list[Any], start: Start) -> None:
        for partition in partitions:
            partition.offset = start.offsets.get(_ours(partition), partition.offset)
        if self._settings.cooperative:
            self._consumer.incremental_assign(partitions)
        else:
            self._consumer.assign(partitions)
        self.pause(start.paused)

    def consume(self, timeout: float, at_most: int | None = None) -> list[Any]:
        """The next messages, at most as many as suit the task; none after ``timeout`` seconds. Raises ConnectException.

        Returns as soon as there is something (the client's own ``consume`` waits for the full number).
        """
        if self._topics.changed(self._consumer):
            self._subscribe()
        limit = self._limit if at_most is None else min(at_most, self._limit)
        messages = list(self._consumer.consume(limit, 0))
        if not messages:
            first = self._consumer.poll(timeout)
            if first is None:
                return []
            messages = [first, *(self._consumer.consume(limit - 1, 0) if limit > 1 else ())]
        if not any(map(type(messages[0]).error, messages)):
            return messages
        good = []
        for message in messages:
            error = message.error()
            if error is None:
                good.append(message)
            elif error.fatal() or not (error.retriable() or error.name() in _GOES_ON):
                raise ConnectException(f"The consumer can't go on: {error.str()}")
            else:
                log.warning("The consumer goes on after: %s", error.str())
        return good

    def put_took(self, records: int, seconds: float) -> None:
        """How long a put took: a quick task is given more at a time, unless ``max.poll.records`` is set."""
        if self._settings.max_poll_records is None:
            quick = seconds * _MOST_RECORDS <= _QUICK_SECONDS * records
            self._limit = _MOST_RECORDS if quick else _USUAL_RECORDS

    def pause(self, partitions: Iterable[TopicPartition]) -> None:
        """Fetch no more from those partitions."""
        positions = [Position(p.topic, p.partition) for p in partitions]
        if positions:
            self._consumer.pause(positions)

    def resume(self, partitions: Iterable[TopicPartition]) -> None:
        """Fetch from those partitions again."""
        positions = [Position(p.topic, p.partition) for p in partitions]
        if positions:
            self._consumer.resume(positions)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Continue reading there."""
        self._consumer.seek(Position(partition.topic, partition.partition, offset))
        self._committed.pop(partition, None)

    @property
    def committing(self) -> float | None:
        """How long a commit has been going on, in seconds; None when none is."""
        return time.monotonic() - self._commits[-1][1] if self._commits else None

    def give_up_commit(self) -> None:
        """Wait no longer for the commit that is going on; its late end is counted as skipped."""
        self._sequence += 1
        self._commits.clear()

    def commit(self, offsets: Offsets, *, wait: bool) -> None:
        """Commit offsets that are not committed yet; with ``wait`` return when the broker has them.

        A failure is logged and counted, and the next commit tries again.
        """
        positions = [
            Position(partition.topic, partition.partition, offset)
            for partition, offset in offsets.items()
            if self._committed.get(partition) != offset
        ]
        self._sequence += 1
        if not positions:
            self._progress.count("offset-commit-success-total")
            return
        began = time.monotonic()
        if not wait:
            self._commits.append((self._sequence, began))
            self._consumer.commit(offsets=positions, asynchronous=True)
            return
        try:
            self._consumer.commit(offsets=positions, asynchronous=False)
        except KafkaException as error:
            self._end_commit(kafka_error(error), positions, began)
        else:
            self._end_commit(None, positions, began)

    def _on_commit(self, error: Any, positions: list[Any]) -> None:
        """A commit that nobody waited for has ended."""
        sequence, began = self._commits.popleft() if self._commits else (-1, 0.0)
        if sequence == self._sequence:
            self._end_commit(error, positions, began)
        else:
            self._progress.count("offset-commit-skip-total")

    def _end_commit(self, error: Any, positions: list[Any], began: float) -> None:
        self._progress.time("offset-commit", time.monotonic() - began)
        if error is not None:
            log.warning("Could not commit offsets: %s", error)
            self._progress.count("offset-commit-failure-total")
            return
        self._committed.update({_ours(p): p.offset for p in positions if p.error is None})
        self._progress.count("offset-commit-success-total")
        self._progress.count("offset-commit-completion-total")

    def _forget(self, partitions: list[Any]) -> None:
        for partition in partitions:
            self._committed.pop(_ours(partition), None)

    def uncommitted(self, consumed: Offsets) -> int:
        """How many of the consumed records are not committed. May be called from any thread."""
        committed = self._committed
        return sum(max(0, offset - committed.get(partition, 0)) for partition, offset in consumed.items())

    def committed(self, partitions: Sequence[TopicPartition]) -> Offsets:
        """The committed offsets of those partitions; where there are none, where reading began."""
        return self._positions([Position(p.topic, p.partition) for p in partitions])

    def close(self) -> None:
        """Leave the group. A client that is just joining may not come back from that: it is given a moment only."""
        self._closed = True
        leaving = threading.Thread(target=self._consumer.close, name="leave-group", daemon=True)
        leaving.start()
        leaving.join(_LEAVE_SECONDS)


def _ours(position: Any) -> TopicPartition:
    return TopicPartition(position.topic, position.partition)

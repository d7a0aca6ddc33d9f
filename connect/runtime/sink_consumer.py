"""The consumer of a sink task: subscription, pausing, offsets; in terms of our own types."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from connect.api import ConnectException, TopicPartition
from connect.kafka.door import ConsumerClient, KafkaException
from connect.kafka.door import TopicPartition as Position

log = logging.getLogger(__name__)

_LEAVE_SECONDS = 2.0

OnAssigned = Callable[[Mapping[TopicPartition, int]], None]
OnCommit = Callable[[Any, list[Any]], None]
OnPartitions = Callable[[Sequence[TopicPartition]], None]


class SinkConsumer:
    """Wraps the client's consumer. All methods are called by the task's thread; callbacks come inside ``consume``."""

    def __init__(
        self,
        create_consumer: Callable[[OnCommit], ConsumerClient],
        topics: Sequence[str],
        max_poll_records: int,
    ) -> None:
        """``create_consumer(on_commit)`` makes the client. A topic that begins with ``^`` is a regular expression."""
        self._consumer = create_consumer(self._on_commit)
        self._topics = list(topics)
        self._max_poll_records = max_poll_records
        self._closed = False
        self._committed: dict[TopicPartition, int] = {}
        self.paused = False

    def subscribe(self, on_assigned: OnAssigned, on_revoked: OnPartitions, on_lost: OnPartitions) -> None:
        """Join the group. Nothing is assigned before the first ``consume``."""

        def assigned(_: Any, partitions: list[Any]) -> None:
            on_assigned({_ours(p): max(p.offset, -1) for p in partitions})

        def revoked(_: Any, partitions: list[Any]) -> None:
            if not self._closed:
                on_revoked([_ours(p) for p in partitions])
                self._forget(partitions)

        def lost(_: Any, partitions: list[Any]) -> None:
            if not self._closed:
                on_lost([_ours(p) for p in partitions])
                self._forget(partitions)

        self._consumer.subscribe(self._topics, on_assign=assigned, on_revoke=revoked, on_lost=lost)

    def consume(self, timeout: float) -> list[Any]:
        """The next messages, at most ``max.poll.records``; none after ``timeout`` seconds. Raises ConnectException.

        Returns as soon as there is something (the client's own ``consume`` waits for the full number).
        """
        messages = list(self._consumer.consume(self._max_poll_records, 0))
        if not messages:
            first = self._consumer.poll(timeout)
            if first is None:
                return []
            messages = [first, *self._consumer.consume(self._max_poll_records, 0)]
        if not any(message.error() for message in messages):
            return messages
        good = []
        for message in messages:
            error = message.error()
            if error is None:
                good.append(message)
            elif error.fatal() or not error.retriable():
                self._judge(error)
            else:
                log.warning("The consumer goes on after: %s", error.str())
        return good

    def _judge(self, error: Any) -> None:
        if error.name() in ("_PARTITION_EOF", "UNKNOWN_TOPIC_OR_PART", "_ALL_BROKERS_DOWN", "_TRANSPORT", "_RESOLVE"):
            log.warning("The consumer goes on after: %s", error.str())
            return
        raise ConnectException(f"The consumer can't go on: {error.str()}")

    def pause(self, partitions: Iterable[TopicPartition]) -> None:
        """Fetch no more from those partitions."""
        self._consumer.pause([Position(p.topic, p.partition) for p in partitions])
        self.paused = True

    def resume(self, partitions: Iterable[TopicPartition]) -> None:
        """Fetch from those partitions again."""
        self._consumer.resume([Position(p.topic, p.partition) for p in partitions])
        self.paused = False

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Continue reading there."""
        self._consumer.seek(Position(partition.topic, partition.partition, offset))
        self._committed.pop(partition, None)

    def commit(self, offsets: Mapping[TopicPartition, int], *, wait: bool) -> None:
        """Commit offsets that are not committed yet; with ``wait`` return when the broker has them.

        A failure is logged, and the next commit tries again.
        """
        positions = [
            Position(partition.topic, partition.partition, offset)
            for partition, offset in offsets.items()
            if self._committed.get(partition) != offset
        ]
        if not positions:
            return
        if not wait:
            self._consumer.commit(offsets=positions, asynchronous=True)
            return
        try:
            self._consumer.commit(offsets=positions, asynchronous=False)
        except KafkaException as error:
            log.warning("Could not commit offsets: %s", error)
        else:
            self._on_commit(None, positions)

    def _on_commit(self, error: Any, positions: list[Any]) -> None:
        if error is not None:
            log.warning("Could not commit offsets: %s", error)
            return
        self._committed.update({_ours(p): p.offset for p in positions if p.error is None})

    def _forget(self, partitions: list[Any]) -> None:
        for partition in partitions:
            self._committed.pop(_ours(partition), None)

    def committed(self, partitions: Sequence[TopicPartition], timeout: float = 10) -> dict[TopicPartition, int]:
        """The committed offsets of those partitions, where there are any; 0 otherwise."""
        wanted = [Position(p.topic, p.partition) for p in partitions]
        return {_ours(p): max(p.offset, 0) for p in self._consumer.committed(wanted, timeout)}

    def close(self) -> None:
        """Leave the group. A client that is just joining may not come back from that: it is given a moment only."""
        self._closed = True
        leaving = threading.Thread(target=self._consumer.close, name="leave-group", daemon=True)
        leaving.start()
        leaving.join(_LEAVE_SECONDS)


def _ours(position: Any) -> TopicPartition:
    return TopicPartition(position.topic, position.partition)

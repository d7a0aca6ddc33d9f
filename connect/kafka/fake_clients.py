"""Producer and consumer of the in-memory cluster."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

from connect.kafka.door import (
    OFFSET_BEGINNING,
    OFFSET_END,
    OFFSET_INVALID,
    CommitCallback,
    DeliveryCallback,
    KafkaError,
    KafkaException,
    Message,
    RebalanceCallback,
    TopicPartition,
)
from connect.kafka.fake import FakeKafka, Position, end_offset
from connect.kafka.fake_admin import cluster_metadata

LONGEST_WAIT_SECONDS = 0.005
Queued = tuple[str, dict[str, Any], DeliveryCallback | None]


class FakeProducer:
    """Records wait here until ``poll`` or ``flush`` sends them; in a transaction, until it is committed."""

    def __init__(self, kafka: FakeKafka, config: Mapping[str, str]) -> None:
        self._kafka = kafka
        self._transactional_id = config.get("transactional.id")
        self._only_errors = config.get("librdkafka.delivery.report.only.error") == "true"
        self._queue: list[Queued] = []
        self._pending: list[Queued] | None = None
        self.closed = False

    def produce(
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        partition: int = -1,
        callback: DeliveryCallback | None = None,
        on_delivery: DeliveryCallback | None = None,
        timestamp: int = 0,
        headers: Any = None,
    ) -> None:
        """Queue one record."""
        self._check_owner()
        record = {"value": value, "key": key, "partition": partition, "timestamp": timestamp, "headers": headers}
        with self._kafka.changed:
            self._queue.append((topic, record, on_delivery or callback))
            self._kafka.changed.notify_all()

    def produce_batch(
        self,
        topic: str,
        messages: list[dict[str, Any]],
        partition: int = -1,
        callback: DeliveryCallback | None = None,
        on_delivery: DeliveryCallback | None = None,
    ) -> int:
        """Queue many records."""
        for message in messages:
            fields = {name: message[name] for name in ("value", "key", "timestamp") if name in message}
            done = message.get("callback") or on_delivery or callback
            self.produce(topic, **fields, partition=message.get("partition", partition), on_delivery=done)
        return len(messages)

    def poll(self, timeout: float = -1) -> int:
        """Send what is queued and run callbacks."""
        self._kafka.wait(
            lambda: bool(self._queue) and not self._kafka.down,
            min(timeout, LONGEST_WAIT_SECONDS) if timeout > 0 else 0.0,
        )
        with self._kafka.changed:
            batch, self._queue = ([], self._queue) if self._kafka.down else (self._queue, [])
        for queued in batch:
            self._deliver(queued)
        return len(batch)

    def flush(self, timeout: float = -1) -> int:
        """Send everything; the number of records left when the brokers stay away."""
        if self._kafka.down:
            self._kafka.wait(lambda: not self._kafka.down, timeout)
        self.poll(0)
        return len(self._queue)

    def purge(self, in_queue: bool = True, in_flight: bool = True, blocking: bool = True) -> None:
        """Forget what is queued."""
        queue, self._queue = self._queue, []
        for topic, record, done in queue:
            if done is not None:
                done(KafkaError(KafkaError._PURGE_QUEUE), Message(topic, key=record["key"], value=record["value"]))

    def init_transactions(self, timeout: float = -1) -> None:
        """Claim the transactional id."""
        self._kafka.check("init_transactions")
        if self._transactional_id is None:
            raise KafkaException(KafkaError(KafkaError._NOT_CONFIGURED))
        self._kafka.owners[self._transactional_id] = self

    def begin_transaction(self) -> None:
        """Open a transaction."""
        self._check_owner()
        self._kafka.check("begin_transaction")
        self._pending = []

    def commit_transaction(self, timeout: float = -1) -> None:
        """Make the transaction's records visible."""
        self._check_owner()
        self._kafka.check("commit_transaction")
        self.flush(timeout)
        pending, self._pending = self._pending or [], None
        with self._kafka.changed:
            for topic, record, _done in pending:
                self._kafka.append(topic, **record)

    def abort_transaction(self, timeout: float = -1) -> None:
        """Drop the transaction's records."""
        self._kafka.check("abort_transaction")
        self._queue, self._pending = [], None

    def send_offsets_to_transaction(
        self, positions: list[TopicPartition], group_metadata: Any, timeout: float = -1
    ) -> None:
        """Commit consumer offsets at once; the fake doesn't hold them back."""
        self._kafka.groups[group_metadata].update({(each.topic, each.partition): each.offset for each in positions})

    def list_topics(self, topic: str | None = None, timeout: float = -1) -> Any:
        """Cluster metadata."""
        self._kafka.check("list_topics")
        return cluster_metadata(self._kafka, topic)

    def close(self) -> bool:
        """Refuse all further work."""
        self.closed = True
        return True

    def __len__(self) -> int:
        return len(self._queue)

    def _check_owner(self) -> None:
        if self.closed:
            raise RuntimeError("Producer closed")
        if self._transactional_id is not None and self._kafka.owners.get(self._transactional_id) is not self:
            raise KafkaException(KafkaError(KafkaError._FENCED, fatal=True))

    def _deliver(self, queued: Queued) -> None:
        topic, record, done = queued
        message = Message(topic, key=record["key"], value=record["value"])
        error = self._kafka.failure("produce")
        if error is None:
            try:
                if self._pending is not None:
                    self._pending.append(queued)
                else:
                    message = self._kafka.append(topic, **record)
            except KafkaException as failed:
                error = failed.args[0]
        if done is not None and not (self._only_errors and error is None):
            done(error, message)


class FakeConsumer:
    """Reads assigned partitions, or as the only member of its group those of the topics it subscribed to."""

    def __init__(self, kafka: FakeKafka, config: Mapping[str, str], on_commit: CommitCallback | None) -> None:
        self._kafka = kafka
        self._group = config.get("group.id", "")
        self._reset = config.get("auto.offset.reset", "latest")
        self._eof = config.get("librdkafka.enable.partition.eof") == "true"
        self._on_commit = on_commit
        self._callbacks: dict[str, RebalanceCallback | None] = {}
        self._subscribed: list[str] = []
        self._forced: list[Position] | None = None
        self._lost = False
        self._next: dict[Position, int] = {}
        self._delivered: dict[Position, int] = {}
        self._at_end: dict[Position, int] = {}
        self._paused: set[Position] = set()
        self._committing: list[tuple[KafkaError | None, list[TopicPartition]]] = []
        self.closed = False

    # --- membership

    def subscribe(
        self,
        topics: list[str],
        on_assign: RebalanceCallback | None = None,
        on_revoke: RebalanceCallback | None = None,
        on_lost: RebalanceCallback | None = None,
    ) -> None:
        """Read those topics from the next ``poll`` on."""
        self._subscribed = list(topics)
        self._callbacks = {"assign": on_assign, "revoke": on_revoke, "lost": on_lost or on_revoke}

    def unsubscribe(self) -> None:
        """Give all partitions back."""
        self._subscribed = []
        self._rebalance([])

    def rebalance(self, partitions: list[Position] | None, *, lost: bool = False) -> None:
        """For tests: the group gives this member those partitions at the next ``poll``; None means all again."""
        with self._kafka.changed:
            self._forced, self._lost = partitions, lost
            self._kafka.changed.notify_all()

    def _wanted(self) -> list[Position]:
        if self._forced is not None:
            return sorted(self._forced)
        return sorted(
            (name, number)
            for name, topic in self._kafka.topics.items()
            if any(re.match(each, name) if each.startswith("^") else each == name for each in self._subscribed)
            for number in range(len(topic.partitions))
        )

    def _check_membership(self) -> None:
        if self._subscribed and not self._kafka.down and self._wanted() != sorted(self._next):
            self._rebalance(self._wanted())

    def _rebalance(self, wanted: list[Position]) -> None:
        held = [TopicPartition(*position) for position in self._next]
        if held:
            self._call("lost" if self._lost else "revoke", held)
            self.unassign()
        self._lost = False
        if wanted:
            partitions = [TopicPartition(*position) for position in wanted]
            self._call("assign", partitions)
            if not self._next:
                self.assign(partitions)

    def _call(self, name: str, partitions: list[TopicPartition]) -> None:
        callback = self._callbacks.get(name)
        if callback is not None:
            callback(self, partitions)

    # --- reading

    def poll(self, timeout: float = -1) -> Message | None:
        """The next record or event."""
        messages = self.consume(1, timeout)
        return messages[0] if messages else None

    def consume(self, num_messages: int = 1, timeout: float = -1) -> list[Message]:
        """What is there, up to that many; waits only while there is nothing."""
        if self.closed:
            raise RuntimeError("Consumer closed")
        if not self._kafka.down:
            self._kafka.check("poll")
        self._serve_commits()
        deadline = time.monotonic() + min(timeout, LONGEST_WAIT_SECONDS)
        while True:
            self._check_membership()
            with self._kafka.changed:
                found = self._take(num_messages)
                if found or (timeout >= 0 and time.monotonic() >= deadline):
                    return found
                self._kafka.changed.wait(LONGEST_WAIT_SECONDS)

    def _take(self, limit: int) -> list[Message]:
        found: list[Message] = []
        for position, offset in self._next.items():
            topic = self._kafka.topics.get(position[0])
            if topic is None or position in self._paused or self._kafka.down:
                continue
            log = topic.partitions[position[1]]
            fresh = [message for message in log if (message.offset() or 0) >= offset][: limit - len(found)]
            found += fresh
            if fresh:
                self._next[position] = self._delivered[position] = (fresh[-1].offset() or 0) + 1
            end = end_offset(log)
            if self._eof and self._next[position] >= end and self._at_end.get(position) != end and len(found) < limit:
                self._at_end[position] = end
                event = Message(*position, offset=end, error=KafkaError(KafkaError._PARTITION_EOF))
                found.append(event)
        return found

    def assign(self, partitions: list[TopicPartition]) -> None:
        """Read exactly those partitions."""
        self.unassign()
        self.incremental_assign(partitions)

    def unassign(self) -> None:
        """Read nothing."""
        for held in (self._next, self._delivered, self._at_end, self._paused):
            held.clear()

    def incremental_assign(self, partitions: list[TopicPartition]) -> None:
        """Read those partitions as well."""
        for each in partitions:
            self._next[each.topic, each.partition] = self._resolve(each)

    def incremental_unassign(self, partitions: list[TopicPartition]) -> None:
        """Read those partitions no more."""
        for each in partitions:
            position = (each.topic, each.partition)
            self._next.pop(position, None)
            self._delivered.pop(position, None)
            self._paused.discard(position)

    def _resolve(self, partition: TopicPartition) -> int:
        position = (partition.topic, partition.partition)
        offset = partition.offset
        if offset == OFFSET_INVALID:
            offset = self._kafka.groups[self._group].get(position, OFFSET_INVALID)
        if offset == OFFSET_INVALID:
            offset = OFFSET_BEGINNING if self._reset == "earliest" else OFFSET_END
        if offset >= 0:
            return offset
        topic = self._kafka.topics.get(partition.topic)
        return end_offset(topic.partitions[partition.partition]) if topic and offset == OFFSET_END else 0

    def assignment(self) -> list[TopicPartition]:
        """What is being read."""
        return [TopicPartition(*position) for position in self._next]

    def pause(self, partitions: list[TopicPartition]) -> None:
        """Deliver no more of those partitions."""
        self._paused.update((each.topic, each.partition) for each in partitions)

    def resume(self, partitions: list[TopicPartition]) -> None:
        """Deliver them again."""
        self._paused.difference_update((each.topic, each.partition) for each in partitions)

    def seek(self, partition: TopicPartition) -> None:
        """Continue at the partition's offset."""
        position = (partition.topic, partition.partition)
        if position not in self._next:
            raise KafkaException(KafkaError(KafkaError._STATE))
        self._next[position] = self._resolve(partition)
        self._at_end.pop(position, None)

    def position(self, partitions: list[TopicPartition]) -> list[TopicPartition]:
        """The offsets after the last records that were delivered."""
        return [
            TopicPartition(
                each.topic, each.partition, self._delivered.get((each.topic, each.partition), OFFSET_INVALID)
            )
            for each in partitions
        ]

    # --- offsets

    def commit(self, **kwargs: Any) -> list[TopicPartition] | None:
        """Commit ``offsets``."""
        offsets: list[TopicPartition] = kwargs.get("offsets") or self.position(self.assignment())
        error = self._kafka.failure("commit")
        if error is None:
            self._kafka.groups[self._group].update({(each.topic, each.partition): each.offset for each in offsets})
        if kwargs.get("asynchronous", True):
            self._committing.append((error, offsets))
            return None
        if error is not None:
            raise KafkaException(error)
        return offsets

    def _serve_commits(self) -> None:
        done, self._committing = self._committing, []
        for error, offsets in done:
            if self._on_commit is not None:
                self._on_commit(error, offsets)

    def committed(self, partitions: list[TopicPartition], timeout: float = -1) -> list[TopicPartition]:
        """The group's committed offsets."""
        self._kafka.check("committed")
        return [_at(each, self._kafka.groups[self._group]) for each in partitions]

    def get_watermark_offsets(
        self, partition: TopicPartition, timeout: float = -1, cached: bool = False
    ) -> tuple[int, int]:
        """The partition's first offset and the one after its last."""
        self._kafka.check("get_watermark_offsets")
        log = self._kafka.topics[partition.topic].partitions[partition.partition]
        return (log[0].offset() or 0 if log else 0), end_offset(log)

    def list_topics(self, topic: str | None = None, timeout: float = -1) -> Any:
        """Cluster metadata."""
        self._kafka.check("list_topics")
        return cluster_metadata(self._kafka, topic)

    def consumer_group_metadata(self) -> Any:
        """The group's id is all that the fake needs."""
        return self._group

    def memberid(self) -> str:
        """An id."""
        return f"member-{id(self):x}" if self._subscribed else ""

    def close(self) -> None:
        """Give all partitions back."""
        if not self.closed:
            if self._subscribed:
                self.unsubscribe()
            self._serve_commits()
            self.closed = True


def _at(partition: TopicPartition, offsets: Mapping[Position, int]) -> TopicPartition:
    offset = offsets.get((partition.topic, partition.partition), OFFSET_INVALID)
    return TopicPartition(partition.topic, partition.partition, offset)

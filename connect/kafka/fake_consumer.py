"""Consumer of the in-memory cluster."""

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
    KafkaError,
    KafkaException,
    Message,
    RebalanceCallback,
    TopicPartition,
)
from connect.kafka.fake import LONGEST_WAIT_SECONDS, FakeKafka, Position, end_offset
from connect.kafka.fake_admin import cluster_metadata


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

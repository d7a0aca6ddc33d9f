"""A Kafka cluster in memory, behind the same door as the real one.

It keeps the promises that the worker builds on: order per partition, Java's partitioner, keys, tombstones, committed
offsets, transactions that appear at once or never, and fencing. Unlike the real client, ``consume`` returns as soon as
there is something, no ``poll`` waits longer than 5 ms (so loops end quickly in tests), and a consumer group has one
member. Tests may switch the brokers off (``set_down``), let calls fail
(``fail``), make producers' queues small (``queue_limit``) and move partitions (``FakeConsumer.rebalance``).
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import murmur2

from connect.kafka.door import (
    AdminClient,
    CommitCallback,
    ConsumerClient,
    GroupAdmin,
    KafkaError,
    KafkaException,
    Message,
    ProducerClient,
)

LONGEST_WAIT_SECONDS = 0.005
Position = tuple[str, int]


@dataclass(slots=True)
class FakeTopic:
    """Partitions with their records; ``configs`` as given at creation."""

    partitions: list[list[Message]]
    configs: dict[str, str] = field(default_factory=dict)
    replication_factor: int = 1


class FakeKafka:
    """The cluster. ``clients`` lists what was made: kind and Java properties."""

    def __init__(self, topics: Mapping[str, int] | None = None, *, auto_create: bool = True) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.topics: dict[str, FakeTopic] = {}
        self.groups: dict[str, dict[Position, int]] = defaultdict(dict)
        self.owners: dict[str, object] = {}
        self.clients: list[tuple[str, dict[str, str]]] = []
        self.auto_create = auto_create
        self.tells_configs = True
        self.down = False
        self.queue_limit: int | None = None
        self._failures: dict[str, list[int]] = defaultdict(list)
        self._next_partition = 0
        for name, partitions in (topics or {}).items():
            self.create_topic(name, partitions)

    # --- the door

    def producer(self, config: Mapping[str, str]) -> ProducerClient:
        """A producer."""
        from connect.kafka.fake_producer import FakeProducer

        self.clients.append(("producer", dict(config)))
        return FakeProducer(self, config)

    def consumer(self, config: Mapping[str, str], on_commit: CommitCallback | None = None) -> ConsumerClient:
        """A consumer."""
        from connect.kafka.fake_consumer import FakeConsumer

        self.clients.append(("consumer", dict(config)))
        return FakeConsumer(self, config, on_commit)

    def admin(self, config: Mapping[str, str]) -> AdminClient:
        """An admin client."""
        from connect.kafka.fake_admin import FakeAdmin

        self.clients.append(("admin", dict(config)))
        return FakeAdmin(self)

    def group_admin(self, config: Mapping[str, str]) -> GroupAdmin:
        """An admin client for groups."""
        from connect.kafka.fake_admin import FakeGroupAdmin

        self.clients.append(("group-admin", dict(config)))
        return FakeGroupAdmin(self)

    # --- for tests

    def create_topic(self, name: str, partitions: int = 1, configs: Mapping[str, str] | None = None) -> FakeTopic:
        """Make a topic; -1 partitions mean one."""
        with self.changed:
            topic = FakeTopic([[] for _ in range(max(partitions, 1))], dict(configs or {}))
            self.topics[name] = topic
            self.changed.notify_all()
            return topic

    def fail(self, operation: str, code: int, times: int = 1) -> None:
        """Let the next calls of a client method (``produce``, ``list_offsets``, ``commit``, ...) fail with that code.

        A failing ``produce`` is told to the delivery callback, all others raise or fail their future.
        """
        with self.changed:
            self._failures[operation].extend([code] * times)

    def set_down(self, down: bool) -> None:
        """Brokers go away or come back: records wait in producers, consumers get nothing, other calls fail."""
        with self.changed:
            self.down = down
            self.changed.notify_all()

    def records(self, topic: str) -> list[tuple[bytes | None, bytes | None]]:
        """Keys and values of all records, partition by partition."""
        return [(message.key(), message.value()) for message in self.messages(topic)]

    def messages(self, topic: str) -> list[Message]:
        """All records, partition by partition."""
        with self.changed:
            found = self.topics.get(topic)
            return [message for partition in found.partitions for message in partition] if found else []

    def compact(self, topic: str) -> None:
        """Drop records that a newer one with the same key has replaced; offsets stay."""
        with self.changed:
            for partition in self.topics[topic].partitions:
                newest = {message.key(): message.offset() for message in partition}
                partition[:] = [message for message in partition if newest[message.key()] == message.offset()]

    # --- for the clients

    def failure(self, operation: str) -> KafkaError | None:
        """The error with which that call must fail now, if any."""
        with self.changed:
            codes = self._failures[operation]
            if codes:
                return KafkaError(codes.pop(0))
            if self.down and operation != "produce":
                return KafkaError(KafkaError._TRANSPORT)
            return None

    def check(self, operation: str) -> None:
        """Raise KafkaException when that call must fail now."""
        error = self.failure(operation)
        if error is not None:
            raise KafkaException(error)

    def append(
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        *,
        partition: int = -1,
        timestamp: int = 0,
        headers: Any = None,
    ) -> Message:
        """Write a record as a broker would. Raises KafkaException for a topic or partition that isn't there."""
        with self.changed:
            target = self.topics.get(topic)
            if target is None:
                if not self.auto_create:
                    raise KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART))
                target = self.create_topic(topic)
            number = partition if partition >= 0 else self._choose_partition(key, len(target.partitions))
            if number >= len(target.partitions):
                raise KafkaException(KafkaError(KafkaError._UNKNOWN_PARTITION))
            log = target.partitions[number]
            offset = end_offset(log)
            stamp = (1, timestamp or int(time.time() * 1000))
            pairs = list(headers.items()) if isinstance(headers, Mapping) else headers
            message = Message(topic, number, offset, key, value, pairs or None, None, stamp)
            log.append(message)
            self.changed.notify_all()
            return message

    def wait(self, condition: Callable[[], bool], timeout: float) -> bool:
        """Wait until something makes the condition true; negative ``timeout`` waits for ever."""
        with self.changed:
            return self.changed.wait_for(condition, None if timeout < 0 else timeout)

    def _choose_partition(self, key: bytes | None, count: int) -> int:
        if key is not None:
            return murmur2(key, count)
        self._next_partition += 1
        return self._next_partition % count


def end_offset(log: list[Message]) -> int:
    """The offset after the last record."""
    return (log[-1].offset() or 0) + 1 if log else 0

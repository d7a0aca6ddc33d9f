"""Producer of the in-memory cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connect.kafka.door import DeliveryCallback, KafkaError, KafkaException, Message, TopicPartition
from connect.kafka.fake import LONGEST_WAIT_SECONDS, FakeKafka
from connect.kafka.fake_admin import cluster_metadata

Queued = tuple[str, dict[str, Any], DeliveryCallback | None]


_NOT_GIVEN: Any = object()


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
        callback: Any = _NOT_GIVEN,
        on_delivery: DeliveryCallback | None = None,
        timestamp: int = 0,
        headers: Any = None,
    ) -> None:
        """Queue one record. As in the real client, a ``callback`` of None wins over its alias ``on_delivery``."""
        self._check_owner()
        record = {"value": value, "key": key, "partition": partition, "timestamp": timestamp, "headers": headers}
        with self._kafka.changed:
            if self._kafka.queue_limit is not None and len(self._queue) >= self._kafka.queue_limit:
                raise BufferError("Local: Queue full")
            self._queue.append((topic, record, on_delivery if callback is _NOT_GIVEN else callback))
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

"""Hands encoded batches to the producer, with backpressure, and learns what became of them."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any

from connect.api import ConnectException, RecordMetadata, SourceRecord
from connect.kafka.door import ProducerClient
from connect.runtime.conversion import EncodedBatch
from connect.runtime.task_link import TaskControl

_QUEUE_FULL_WAIT_SECONDS = 0.05

Acknowledge = Callable[[SourceRecord, RecordMetadata | None], None]


class RecordProducer:
    """Sends batches; :meth:`flush` says whether Kafka has them all."""

    def __init__(
        self,
        create_producer: Callable[[], ProducerClient],
        control: TaskControl,
        acknowledge: Acknowledge | None = None,
        tolerate: Callable[[ConnectException], None] | None = None,
    ) -> None:
        """``create_producer`` is called for the first record: an idle task has no producer.

        ``acknowledge`` asks for one call per acknowledged record (slower). ``tolerate`` takes delivery failures of
        records when errors are tolerated; without it the first one fails the task.
        """
        self._create_producer = create_producer
        self._control = control
        self._acknowledge = acknowledge
        self._tolerate = tolerate
        self._producer: ProducerClient | None = None
        self._failure: BaseException | None = None

    def send(self, encoded: EncodedBatch) -> bool:
        """Queue a batch, waiting while the queue is full. False when the task was asked to stop before all was queued.

        Raises ConnectException when an earlier record could not be delivered.
        """
        self.raise_failure()
        if self._producer is None:
            self._producer = self._create_producer()
        if encoded.headers is None and self._acknowledge is None:
            return self._send_batch(self._producer, encoded)
        return self._send_singly(self._producer, encoded)

    def _send_batch(self, producer: ProducerClient, encoded: EncodedBatch) -> bool:
        messages = _messages(encoded)
        partition = -1 if encoded.partition is None else encoded.partition
        while True:
            queued = producer.produce_batch(encoded.topic, messages, partition, on_delivery=self._on_delivery)
            producer.poll(0)
            if queued == len(messages):
                break
            messages = self._not_queued(encoded.topic, messages)
            if messages and self._wait_for_room(producer):
                return False
        return True

    def _not_queued(self, topic: str, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The messages for which the queue had no room; others, such as oversized ones, have failed for good."""
        again = []
        for message in messages:
            error = message.pop("_error", None)
            if error is None:
                continue
            if error.name() == "_QUEUE_FULL":
                again.append(message)
            else:
                self._fail(ConnectException(f"Could not send a record to topic {topic}: {error.str()}"))
        self.raise_failure()
        return again

    def _send_singly(self, producer: ProducerClient, encoded: EncodedBatch) -> bool:
        keys = encoded.keys or itertools.repeat(None)
        timestamps = encoded.timestamps or itertools.repeat(None)
        headers = encoded.headers or itertools.repeat(None)
        rows = zip(range(len(encoded.values)), keys, encoded.values, timestamps, headers, strict=False)
        for index, key, value, timestamp, record_headers in rows:
            message: dict[str, Any] = {"key": key, "value": value, "on_delivery": self._on_delivery}
            if encoded.partition is not None:
                message["partition"] = encoded.partition
            if timestamp is not None:
                message["timestamp"] = timestamp
            if record_headers:
                message["headers"] = record_headers
            if self._acknowledge is not None:
                message["on_delivery"] = self._acknowledging(encoded, index, self._acknowledge)
            while True:
                try:
                    producer.produce(encoded.topic, **message)
                    break
                except BufferError:
                    if self._wait_for_room(producer):
                        return False
        producer.poll(0)
        return True

    def _acknowledging(self, encoded: EncodedBatch, index: int, acknowledge: Acknowledge) -> Callable[[Any, Any], None]:
        def on_delivery(error: Any, message: Any) -> None:
            if error is not None:
                self._on_delivery(error, message)
                return
            record = encoded.batch.record(index)
            metadata = RecordMetadata(message.topic(), message.partition(), message.offset(), message.timestamp()[1])
            if isinstance(record, SourceRecord):
                acknowledge(record, metadata)

        return on_delivery

    def _wait_for_room(self, producer: ProducerClient) -> bool:
        producer.poll(_QUEUE_FULL_WAIT_SECONDS)
        self.raise_failure()
        return self._control.stopping

    def _on_delivery(self, error: Any, message: Any) -> None:
        if error is None:
            return
        self._fail(ConnectException(f"Could not deliver a record to topic {message.topic()}: {error.str()}"))

    def _fail(self, failure: ConnectException) -> None:
        if self._tolerate is None:
            self._failure = self._failure or failure
        else:
            self._tolerate(failure)

    def raise_failure(self) -> None:
        """Raise ConnectException when a record could not be delivered and errors are not tolerated."""
        if self._failure is not None:
            raise ConnectException("Unrecoverable exception from producer send callback") from self._failure

    def flush(self, timeout: float) -> bool:
        """Wait until Kafka has everything. False when ``timeout`` seconds were not enough."""
        if self._producer is None:
            return True
        deadline = time.monotonic() + timeout
        while self._producer.flush(max(0.0, min(0.5, deadline - time.monotonic()))):
            if self._failure is not None or time.monotonic() >= deadline:
                return False
        return self._failure is None

    def close(self) -> None:
        """Forget what is still queued; the caller has flushed what it wanted to keep."""
        self._producer = None


def _messages(encoded: EncodedBatch) -> list[dict[str, Any]]:
    values, keys, timestamps = encoded.values, encoded.keys, encoded.timestamps
    if keys is None and timestamps is None:
        return [{"value": value} for value in values]
    if keys is None and timestamps is not None:
        messages = [{"value": v, "timestamp": t} for v, t in zip(values, timestamps, strict=True)]
    elif keys is not None and timestamps is None:
        return [{"value": v, "key": k} for v, k in zip(values, keys, strict=True)]
    else:
        rows = zip(values, keys or (), timestamps or (), strict=True)
        messages = [{"value": v, "key": k, "timestamp": t} for v, k, t in rows]
    if timestamps is not None and None in timestamps:
        for message in messages:
            if message["timestamp"] is None:
                del message["timestamp"]
    return messages

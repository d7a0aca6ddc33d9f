"""Hands encoded batches to the producer, with backpressure, and learns what became of them."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import starmap
from operator import length_hint
from typing import Any

from connect.api import ConnectException, RecordMetadata, SourceRecord
from connect.kafka.door import KafkaException, ProducerClient
from connect.kafka.errors import kafka_error
from connect.runtime.conversion import EncodedBatch
from connect.runtime.polled import Original
from connect.runtime.task_link import TaskControl

_FIRST_WAIT_SECONDS, _QUEUE_FULL_WAIT_SECONDS = 0.004, 0.05
_ABORT_SECONDS = 5.0

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
        self._aborting = False

    def client(self) -> ProducerClient:
        """The producer, made when it is first asked for."""
        if self._producer is None:
            self._producer = self._create_producer()
        return self._producer

    @property
    def queued(self) -> int:
        """Records that Kafka has not acknowledged yet. May be called from any thread."""
        producer = self._producer
        return 0 if producer is None else len(producer)

    @property
    def failed(self) -> bool:
        """Whether a record could not be delivered that had to be."""
        return self._failure is not None

    def send(self, encoded: EncodedBatch, original: Original | None = None) -> bool:
        """Queue a batch, waiting while the queue is full. False when the task was asked to stop before all was queued.

        ``original`` gives the records that are acknowledged, as they were polled. Raises ConnectException when an
        earlier record could not be delivered.
        """
        self.raise_failure()
        return self._produce(self.client(), encoded, original)

    def _produce(self, producer: ProducerClient, encoded: EncodedBatch, original: Original | None) -> bool:
        """One call per record, made in C: faster than the client's ``produce_batch``, which knows no headers."""
        values = iter(encoded.values)
        produced = starmap(
            producer.produce, _messages(encoded, values, self._reports(encoded.batch.positions, original))
        )
        while True:
            try:
                deque(produced, maxlen=0)
                break
            except BufferError:
                index = len(encoded.values) - length_hint(values) - 1
                report = next(self._reports(encoded.batch.positions[index:], original))
                if not self._produce_when_there_is_room(producer, _message(encoded, index, report)):
                    return False
            except KafkaException as error:
                index = len(encoded.values) - length_hint(values) - 1
                self._fail(
                    ConnectException(f"Could not send a record to topic {encoded.topic}: {kafka_error(error).str()}")
                )
                self.raise_failure()
                if self._acknowledge is not None and original is not None:
                    self._acknowledge(original(encoded.batch.positions[index]), None)
        producer.poll(0)
        return True

    def _reports(self, positions: Sequence[int], original: Original | None) -> Iterator[Any]:
        """For each record who hears what became of it."""
        acknowledge = self._acknowledge
        if acknowledge is None or original is None:
            return itertools.repeat(self._on_delivery)
        return (self._acknowledging(original(position), acknowledge) for position in positions)

    def _produce_when_there_is_room(self, producer: ProducerClient, message: tuple[Any, ...]) -> bool:
        """Without reports of success nothing wakes a waiting producer: it looks often at first, then less so."""
        seconds = _FIRST_WAIT_SECONDS
        while not self._wait_for_room(producer, seconds):
            try:
                producer.produce(*message)
            except BufferError:
                seconds = min(seconds * 2, _QUEUE_FULL_WAIT_SECONDS)
                continue
            return True
        return False

    def _acknowledging(self, record: SourceRecord, acknowledge: Acknowledge) -> Callable[[Any, Any], None]:
        def on_delivery(error: Any, message: Any) -> None:
            if error is not None:
                self._on_delivery(error, message)
                if self._tolerate is not None and not self._aborting:
                    acknowledge(record, None)
                return
            metadata = RecordMetadata(message.topic(), message.partition(), message.offset(), message.timestamp()[1])
            acknowledge(record, metadata)

        return on_delivery

    def _wait_for_room(self, producer: ProducerClient, seconds: float) -> bool:
        producer.poll(seconds)
        self.raise_failure()
        return self._control.stopping

    def serve(self) -> None:
        """Hear what became of the records that were sent."""
        if self._producer is not None:
            self._producer.poll(0)

    def send_one(self, topic: str, key: bytes | None, value: bytes | None) -> None:
        """Queue one record, waiting while the queue is full. Raises ConnectException."""
        producer = self.client()
        while True:
            try:
                producer.produce(topic, value, key, -1, self._on_delivery)
            except BufferError:
                producer.poll(_QUEUE_FULL_WAIT_SECONDS)
                self.raise_failure()
            else:
                return

    @contextlib.contextmanager
    def aborting(self) -> Iterator[None]:
        """While a transaction is aborted its records fail, and nobody minds."""
        self._aborting = True
        try:
            yield
            self.client().flush(_ABORT_SECONDS)
        finally:
            self._aborting = False

    def _on_delivery(self, error: Any, message: Any) -> None:
        if error is None or self._aborting:
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


def _messages(
    encoded: EncodedBatch, values: Iterator[bytes | None], reports: Iterator[Any]
) -> Iterator[tuple[Any, ...]]:
    """The arguments of ``produce`` for each record; fewer are faster.

    The report goes into the place of ``callback``: with None there the client ignores its alias ``on_delivery``.
    """
    always = itertools.repeat
    partition = -1 if encoded.partition is None else encoded.partition
    first = (always(encoded.topic), values, encoded.keys or always(None), always(partition), reports)
    if encoded.timestamps is None and encoded.headers is None:
        return zip(*first, strict=False)
    timestamps = always(0) if encoded.timestamps is None else [timestamp or 0 for timestamp in encoded.timestamps]
    return zip(*first, always(None), timestamps, encoded.headers or always(None), strict=False)


def _message(encoded: EncodedBatch, index: int, report: Any) -> tuple[Any, ...]:
    """The same for one record."""
    return (
        encoded.topic,
        encoded.values[index],
        encoded.keys[index] if encoded.keys else None,
        -1 if encoded.partition is None else encoded.partition,
        report,
        None,
        (encoded.timestamps[index] if encoded.timestamps else None) or 0,
        encoded.headers[index] if encoded.headers else None,
    )

"""A compacted topic that is read to its end, then tailed: how the worker keeps its own data in Kafka.

Two threads serve a log. The *tail* thread polls the consumer and hands every record to a callback; it sleeps inside
librdkafka until a record comes, and looks up five times a second whether it shall stop. The *acknowledge* thread
exists once something was sent, and only polls while an acknowledgement is due, so an idle log costs next to nothing.

Positions count a partition's end as reached when librdkafka says so (``enable.partition.eof``), because the last
offsets may belong to transaction markers or compacted records that never arrive as messages.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from connect.api.errors import ConnectException
from connect.kafka import topics
from connect.kafka.door import (
    AdminClient,
    ConsumerClient,
    KafkaDoor,
    KafkaError,
    KafkaException,
    Message,
    ProducerClient,
    TopicPartition,
)
from connect.kafka.errors import to_connect_exception
from connect.kafka.topics import TopicSettings

log = logging.getLogger(__name__)

POLL_SECONDS = 0.2
IDLE_SECONDS = 5.0
RECORDS_PER_POLL = 1000
CREATE_SECONDS = 60.0
START_SECONDS = 900.0
CLOSE_SECONDS = 5.0


class LogRecord(NamedTuple):
    """A record of the log; ``value`` None deletes the key. ``timestamp`` in ms."""

    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


RecordCallback = Callable[[LogRecord], None]


class TopicLog:
    """A topic that is read from its first record on.

    ``on_record`` is called on the tail thread, in order per partition, for old records before ``start`` returns and
    for new ones later, also those that this worker writes. What it raises is logged and goes no further.
    """

    def __init__(
        self,
        door: KafkaDoor,
        topic: TopicSettings,
        on_record: RecordCallback,
        *,
        admin: AdminClient,
        producer: Mapping[str, str],
        consumer: Mapping[str, str],
    ) -> None:
        """Take the settings (Java client properties for the clients); nothing is connected before ``start``."""
        self._door = door
        self.topic = topic
        self.partitions = 0
        self._on_record = on_record
        self._admin = admin
        self._producer_properties = producer
        self._consumer_properties = consumer
        self._producer: ProducerClient | None = None
        self._state = threading.Condition()
        self._positions: dict[int, int] = {}
        self._unacknowledged = 0
        self._sent = threading.Event()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._failure: BaseException | None = None

    def start(self, timeout: float = START_SECONDS) -> None:
        """Create the topic if missing, read it to its end and go on tailing it.

        Raises ConfigException for a topic with the wrong cleanup policy, ConnectException when Kafka can't be reached.
        """
        self.partitions = topics.ensure_compacted(self._admin, self.topic, min(timeout, CREATE_SECONDS))
        deadline = time.monotonic() + timeout
        doing = f"Looking up the offsets of topic {self.topic.name}"
        numbers = range(self.partitions)
        self._positions = topics.retry(
            lambda: topics.beginning_offsets(self._admin, self.topic.name, numbers), deadline, doing
        )
        # A transaction that a killed process left open is ended by its next owner, who can't start before this one.
        committed = self._consumer_properties.get("isolation.level") == "read_committed"
        ends = self._fetch_ends(deadline, stable=committed)
        consumer = self._door.consumer(self._consumer_properties)
        self._spawn("tail", lambda: self._tail(consumer, ends))
        self._wait_for(ends, deadline)

    def read_to_end(self, timeout: float | None = None) -> None:
        """Wait until the callback has seen every record that was in the topic when this was called.

        Waits for this log's own unacknowledged records first. ``timeout`` in seconds; None waits for ever. Raises
        TimeoutError, or ConnectException when the end can't be looked up or the log was stopped.
        """
        deadline = time.monotonic() + (timeout if timeout is not None else float("inf"))
        with self._state:
            self._wait(lambda: self._unacknowledged == 0, deadline)
        self._wait_for(self._fetch_ends(deadline), deadline)

    def send(self, key: bytes, value: bytes | None) -> Future[None]:
        """Write a record; None deletes the key. The future is done when the broker has it."""
        return self.send_all([(key, value)])

    def send_all(self, records: Sequence[tuple[bytes, bytes | None]]) -> Future[None]:
        """Write records in order. The future is done when the broker has all of them; the first error fails it.

        Waits while the producer's queue is full. Raises ConnectException at once for a record that can't be queued.
        """
        batch = _Batch(len(records))
        if not records:
            batch.future.set_result(None)
            return batch.future
        producer = self._ensure_producer()
        for key, value in records:
            self._produce(producer, key, value, batch)
        self._sent.set()
        return batch.future

    def stop(self) -> None:
        """End both threads and close the clients; unacknowledged records get a moment to arrive."""
        self._stopping.set()
        self._sent.set()
        with self._state:
            self._state.notify_all()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()
        self._threads = []

    # --- reading

    def _tail(self, consumer: ConsumerClient, ends: Mapping[int, int]) -> None:
        """Poll until stopped. Partitions with old records are read first.

        Were empty ones fetched along, the broker would let that request wait for new records, and the others with it.
        """
        unread = [number for number, end in ends.items() if self._positions[number] < end]
        empty = [number for number in ends if number not in set(unread)]
        try:
            consumer.assign(self._at_positions(unread or empty))
            late = empty if unread else []
            while not self._stopping.is_set():
                if late and self._reached(ends):
                    consumer.incremental_assign(self._at_positions(late))
                    late = []
                self._poll(consumer)
        except Exception as error:
            log.exception("Topic %s can't be read any more", self.topic.name)
            with self._state:
                self._failure = error
                self._state.notify_all()
        finally:
            consumer.close()

    def _at_positions(self, numbers: Iterable[int]) -> list[TopicPartition]:
        return [TopicPartition(self.topic.name, number, self._positions[number]) for number in numbers]

    def _poll(self, consumer: ConsumerClient) -> None:
        try:
            message = consumer.poll(POLL_SECONDS)
            if message is None:
                return
            messages = [message, *consumer.consume(RECORDS_PER_POLL, 0)]
        except KafkaException as error:
            log.error("Reading topic %s failed, will be tried again: %s", self.topic.name, error)
            self._stopping.wait(1.0)
            return
        positions = {}
        for message in messages:
            partition, offset = message.partition() or 0, message.offset() or 0
            error_found = message.error()
            if error_found is None:
                record = LogRecord(partition, offset, message.timestamp()[1], message.key(), message.value())
                self._deliver(record)
                positions[partition] = offset + 1
            elif error_found.code() == KafkaError._PARTITION_EOF:
                positions[partition] = offset
            # The reader belongs to no group, but librdkafka looks for the group's coordinator all the same.
            elif error_found.code() != KafkaError.GROUP_AUTHORIZATION_FAILED:
                log.warning("Reading topic %s: %s", self.topic.name, error_found.str())
        with self._state:
            self._positions.update(positions)
            self._state.notify_all()

    def _deliver(self, record: LogRecord) -> None:
        try:
            self._on_record(record)
        except Exception:
            log.exception("Record %s-%d@%d can't be handled", self.topic.name, record.partition, record.offset)

    def _fetch_ends(self, deadline: float, *, stable: bool = False) -> dict[int, int]:
        numbers = range(self.partitions)
        return topics.retry(
            lambda: topics.end_offsets(self._admin, self.topic.name, numbers, stable=stable),
            deadline,
            f"Looking up the end of topic {self.topic.name}",
        )

    def _reached(self, ends: Mapping[int, int]) -> bool:
        return all(self._positions[number] >= end for number, end in ends.items())

    def _wait_for(self, ends: Mapping[int, int], deadline: float) -> None:
        with self._state:
            self._wait(lambda: self._reached(ends), deadline)

    def _wait(self, condition: Callable[[], bool], deadline: float) -> None:
        remaining = deadline - time.monotonic()
        timeout = None if remaining == float("inf") else remaining
        if not self._state.wait_for(lambda: condition() or self._is_over(), timeout):
            raise TimeoutError(f"Timed out reading to the end of topic {self.topic.name}")
        if self._is_over():
            raise ConnectException(f"The log of topic {self.topic.name} was stopped") from self._failure

    def _is_over(self) -> bool:
        return self._stopping.is_set() or self._failure is not None

    # --- writing

    def _ensure_producer(self) -> ProducerClient:
        """The producer is made at the first write: many workers never write to some of their topics."""
        with self._state:
            if self._stopping.is_set():
                raise ConnectException(f"The log of topic {self.topic.name} was stopped")
            if self._producer is None:
                producer = self._producer = self._door.producer(self._producer_properties)
                self._spawn("acknowledge", lambda: self._acknowledge(producer))
            return self._producer

    def _produce(self, producer: ProducerClient, key: bytes, value: bytes | None, batch: _Batch) -> None:
        def on_delivery(error: KafkaError | None, _message: Message) -> None:
            batch.acknowledge(to_connect_exception(error, f"Writing to topic {self.topic.name}") if error else None)
            with self._state:
                self._unacknowledged -= 1
                self._state.notify_all()

        with self._state:
            self._unacknowledged += 1
        while True:
            try:
                producer.produce(self.topic.name, value, key, on_delivery=on_delivery)
                return
            except BufferError:
                self._sent.set()
                with self._state:
                    self._state.wait(POLL_SECONDS)
            except KafkaException as error:
                with self._state:
                    self._unacknowledged -= 1
                raise to_connect_exception(error, f"Writing to topic {self.topic.name}") from error

    def _acknowledge(self, producer: ProducerClient) -> None:
        try:
            while not self._stopping.is_set():
                self._sent.wait(IDLE_SECONDS)
                self._sent.clear()
                producer.poll(0)
                while len(producer) and not self._stopping.is_set():
                    producer.poll(POLL_SECONDS)
            producer.flush(CLOSE_SECONDS)
        finally:
            producer.close()

    def _spawn(self, work: str, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, name=f"{work}-{self.topic.name}", daemon=True)
        self._threads.append(thread)
        thread.start()


class _Batch:
    """Records that are acknowledged together; callbacks come from the acknowledge thread alone."""

    def __init__(self, size: int) -> None:
        self.future: Future[None] = Future()
        self._open = size
        self._error: ConnectException | None = None

    def acknowledge(self, error: ConnectException | None) -> None:
        """Count one record."""
        self._open -= 1
        self._error = self._error or error
        if self._open == 0:
            if self._error is None:
                self.future.set_result(None)
            else:
                self.future.set_exception(self._error)


def start_all(logs: Sequence[TopicLog], timeout: float = START_SECONDS) -> None:
    """Start logs side by side. If one fails all are stopped and its error is raised."""
    with ThreadPoolExecutor(len(logs), thread_name_prefix="start-log") as pool:
        started = [pool.submit(log.start, timeout) for log in logs]
    failure = next((error for error in (each.exception() for each in started) if error is not None), None)
    if failure is not None:
        for each in logs:
            each.stop()
        raise failure

"""Tasks: the units that copy.

Each task runs in a process of its own; its methods are called by one thread, in the order described at each. A source's
``commit`` and ``commit_record`` are an exception: while a ``poll`` takes long another thread calls them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, cast

from connect.api.batch import RecordBatch, source_batches
from connect.api.record import SinkRecord, SourceRecord


class TopicPartition(NamedTuple):
    """A partition of a Kafka topic."""

    topic: str
    partition: int


class RecordMetadata(NamedTuple):
    """Where Kafka put a record. ``timestamp`` in ms, or None."""

    topic: str
    partition: int
    offset: int
    timestamp: int | None


class OffsetStorageReader(Protocol):
    """Reads the source offsets that earlier runs committed."""

    def offset(self, partition: Mapping[str, Any]) -> dict[str, Any] | None:
        """The offset of a source partition, or None. Raises ConnectException when it can't be read."""

    def offsets(self, partitions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any] | None]:
        """The offsets of several source partitions, in their order."""


class TransactionContext(Protocol):
    """Lets a source task define transactions (``transaction.boundary=connector``)."""

    def commit_transaction(self, record: SourceRecord | None = None) -> None:
        """Commit after the next batch, or after that record of it."""

    def abort_transaction(self, record: SourceRecord | None = None) -> None:
        """Drop what the open transaction holds, after the next batch or after that record."""

    def commit_transaction_at(self, batch: RecordBatch, index: int) -> None:
        """Commit after record ``index`` of a batch that ``poll_batch`` is about to return."""

    def abort_transaction_at(self, batch: RecordBatch, index: int) -> None:
        """Drop what the open transaction holds, after record ``index`` of such a batch."""


class TaskContext(Protocol):
    """What any task may ask of the runtime."""

    def configs(self) -> dict[str, str]:
        """The task's configuration as of now, variables resolved."""

    def wait(self, seconds: float) -> bool:
        """Sleep while there is nothing to do; True at once when the task is asked to stop or pause."""

    def count(self, metric: str, amount: float = 1) -> None:
        """Add to a counter of the plugin's own, which ``GET /metrics`` shows in the group ``task-plugin-metrics``.

        Once per batch, not per record. The name follows Kafka's: ``udp-dropped-total``.
        """

    def gauge(self, metric: str, value: float) -> None:
        """Say what a value of the plugin's own is now; shown as counters are, until it is said anew.

        A source that can tell how far it is behind says so as ``source-lag-`` and a unit: ``source-lag-bytes``.
        """

    def report_errant_record(self, error: BaseException, *, raw: bytes | None = None, where: str = "") -> None:
        """Hand a piece of input that can't become a record to the error handling (log, dead letter queue, tolerance).

        Raises ConnectException when errors are not tolerated. ``where`` names the place, such as ``file.csv line 7``.
        """


class SourceTaskContext(TaskContext, Protocol):
    """What a source task may ask of the runtime."""

    @property
    def offset_storage_reader(self) -> OffsetStorageReader:
        """Reads this connector's source offsets."""

    @property
    def transaction_context(self) -> TransactionContext | None:
        """Not None when the connector defines transactions."""


class ErrantRecordReporter(Protocol):
    """Takes records that a sink task can't deliver."""

    def report(self, record: SinkRecord, error: BaseException) -> None:
        """Send the record to log and dead letter queue. Raises ConnectException when errors are not tolerated."""

    def report_position(self, batch: RecordBatch, index: int, error: BaseException) -> None:
        """The same for record ``index`` of a batch."""


class SinkTaskContext(TaskContext, Protocol):
    """What a sink task may ask of the runtime."""

    def offset(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Continue reading from those offsets after this call of the task returns."""

    def timeout(self, milliseconds: int) -> None:
        """Call ``put`` again after that time at the latest (once)."""

    def assignment(self) -> set[TopicPartition]:
        """The partitions that this task holds now."""

    def pause(self, *partitions: TopicPartition) -> None:
        """Read no more of those partitions. Raises IllegalWorkerStateException for one that isn't held."""

    def resume(self, *partitions: TopicPartition) -> None:
        """Read those partitions again."""

    def request_commit(self) -> None:
        """Commit offsets soon."""

    @property
    def errant_record_reporter(self) -> ErrantRecordReporter | None:
        """None when neither dead letter queue nor error log is configured."""


class Task(ABC):
    """What source and sink tasks share."""

    VERSION: str | None = None
    JAVA_CLASS: str | None = None
    """The Java task that this one stands for: stored in task configurations, so that a Java worker can take over."""

    @abstractmethod
    def start(self, config: Mapping[str, str]) -> None:
        """Called once, after ``initialize``. Raises ConnectException."""

    @abstractmethod
    def stop(self) -> None:
        """Called last, after the final commit; also after a failed ``start``."""


class SourceTask(Task):
    """Reads records from another system. Implement ``poll`` or, for speed, ``poll_batch``."""

    context: SourceTaskContext

    COMMITS_WHILE_POLLING: bool = True
    """Whether ``commit`` and ``commit_record`` may be called by another thread while ``poll`` waits.

    False for a task that isn't prepared for that: it is then told when ``poll`` has come back. (Offsets of records that
    Kafka has are stored in time, unless the task overrides ``commit_record``.)
    """

    def initialize(self, context: SourceTaskContext) -> None:
        """Called once, before ``start``."""
        self.context = context

    def poll(self) -> Sequence[SourceRecord] | None:
        """The next records; None or nothing when there are none now. May wait with ``context.wait``.

        Raises RetriableException to be called again, anything else to fail the task.
        """
        raise NotImplementedError(f"{type(self).__name__} has neither poll nor poll_batch")

    def poll_batch(self) -> Sequence[RecordBatch] | None:
        """The next records as batches, in order. The default groups what ``poll`` returns."""
        records = self.poll()
        return source_batches(records) if records else None

    def commit(self) -> None:
        """Called after offsets were stored: everything polled before the flush began is safe in Kafka."""

    def commit_record(self, record: SourceRecord, metadata: RecordMetadata | None) -> None:
        """Called for each record that Kafka has acknowledged, or that was dropped (``metadata`` is None then).

        ``record`` is as it was polled. Overriding this costs speed: every record is then acknowledged singly.
        """


class SinkTask(Task):
    """Writes records to another system. Implement ``put`` or, for speed, ``put_batch``."""

    context: SinkTaskContext

    def initialize(self, context: SinkTaskContext) -> None:
        """Called once, before ``start``."""
        self.context = context

    def open(self, partitions: Iterable[TopicPartition]) -> None:
        """Called when partitions were assigned, before their first record."""

    def put(self, records: Sequence[SinkRecord]) -> None:
        """Take records. Called regularly, also with none.

        Raises RetriableException to be given the same records again, anything else to fail the task.
        """
        raise NotImplementedError(f"{type(self).__name__} has neither put nor put_batch")

    def put_batch(self, batches: Sequence[RecordBatch]) -> None:
        """Take records as batches, in order per partition. The default hands them to ``put``."""
        records = [record for batch in batches for record in batch.records()]
        self.put(cast(list[SinkRecord], records))

    def flush(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Make all records before those offsets durable. Raises to have them delivered again."""

    def pre_commit(self, offsets: Mapping[TopicPartition, int]) -> Mapping[TopicPartition, int]:
        """The offsets that may be committed (next offset to read); empty when none yet."""
        self.flush(offsets)
        return offsets

    def close(self, partitions: Iterable[TopicPartition]) -> None:
        """Called when partitions are taken away, after the last commit for them."""

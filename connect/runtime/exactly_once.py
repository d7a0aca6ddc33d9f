"""Exactly-once delivery of source records (KIP-618): records and their source offsets in the same transactions."""

from __future__ import annotations

import enum
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from connect.api import ConnectException, RecordBatch, RecordMetadata, SourceRecord, SourceTask
from connect.kafka.door import KafkaException, ProducerClient
from connect.kafka.errors import is_fenced, is_retriable, kafka_error
from connect.runtime.conversion import EncodedBatch
from connect.runtime.ids import ConnectorTaskId
from connect.runtime.polled import Original, Segment, SegmentEnd
from connect.runtime.progress import Progress, Stage
from connect.runtime.record_producer import RecordProducer
from connect.runtime.source_delivery import commit_record, commit_task
from connect.runtime.submitted import SubmittedRecords
from connect.runtime.task_link import OffsetClient
from connect.runtime.transaction_context import WorkerTransactionContext
from connect.storage.offsets import offset_key, offset_value

log = logging.getLogger(__name__)

_INIT_SECONDS = 60.0
_TRY_SECONDS = 5.0


class Boundary(enum.Enum):
    """``transaction.boundary``: what ends a transaction."""

    POLL = "poll"
    INTERVAL = "interval"
    CONNECTOR = "connector"


@dataclass(frozen=True, slots=True)
class TransactionPlan:
    """When transactions end. ``interval`` in seconds, for that boundary; ``context`` for the boundary ``connector``."""

    boundary: Boundary
    interval: float = 60.0
    context: WorkerTransactionContext | None = None


@dataclass(frozen=True, slots=True)
class OffsetTarget:
    """The topic that offsets are written to, within the transactions.

    ``other`` reaches the worker's store when the topic is the connector's own. ``fence`` is around the claim of the
    transactional id, see ``OffsetClient``.
    """

    topic: str
    other: OffsetClient | None = None
    fence: Callable[[], AbstractContextManager[None]] = nullcontext


class ExactlyOnce:
    """Commits transactions at the connector's boundaries; a failure fails the task, and the broker aborts the rest."""

    def __init__(
        self,
        task_id: ConnectorTaskId,
        task: SourceTask,
        producer: RecordProducer,
        offsets: OffsetTarget,
        progress: Progress,
        plan: TransactionPlan,
        *,
        before_commit: Callable[[], None] = lambda: None,
    ) -> None:
        """``before_commit`` makes reported records durable."""
        self._id = task_id
        self._task = task
        self._producer = producer
        self._offsets_topic = offsets.topic
        self._progress = progress
        self._boundary = plan.boundary
        self._interval = plan.interval
        self._context = plan.context
        self._other = offsets.other
        self._fence = offsets.fence
        self._before_commit = before_commit
        self._submitted = SubmittedRecords()
        self._open = self._incomplete = False
        self._records_in_transaction = 0
        self._committable: list[tuple[SourceRecord, RecordMetadata | None]] = []
        self._next_commit = 0.0

    # Called by the loop

    def start(self) -> None:
        """Fence off former tasks and former runs of this one. Raises ConnectException."""
        with self._fence():
            self._init_transactions()
        self._next_commit = time.monotonic() + self._interval

    def _init_transactions(self) -> None:
        deadline = time.monotonic() + _INIT_SECONDS
        while True:
            try:
                self._client.init_transactions(_TRY_SECONDS)
                return
            except KafkaException as error:
                if not is_retriable(error) or time.monotonic() > deadline:
                    reason = kafka_error(error).str()
                    raise ConnectException(f"Could not start transactions for task {self._id}: {reason}") from error
                self._client.poll(0.2)

    @property
    def _client(self) -> ProducerClient:
        return self._producer.client()

    def acknowledge(self, record: SourceRecord, metadata: RecordMetadata | None) -> None:
        """Kafka has the record; the task is told when its transaction is committed."""
        self._committable.append((record, metadata))

    def send(self, encoded: EncodedBatch, original: Original | None) -> bool:
        """Queue records within the open transaction."""
        if encoded.topic == self._offsets_topic:
            raise ConnectException(
                "Source tasks may not produce to their own offsets topics when exactly-once support is enabled"
            )
        self._begin()
        if not self._producer.send(encoded, original):
            self._incomplete = True  # a part of the batch must not be committed without its offsets
            return False
        self._records_in_transaction += len(encoded.values)
        self._submitted.submit(encoded.batch)
        return True

    def drop(self, record: SourceRecord) -> None:
        """The task is told after the next commit."""
        self._committable.append((record, None))

    def segments(self, records: Sequence[SourceRecord]) -> list[Segment]:
        """Cut where the connector asked for it, record by record."""
        return [Segment.of_records(records)] if self._context is None else self._context.segments(records)

    def batch_segments(self, batches: Sequence[RecordBatch]) -> list[Segment]:
        """Cut where the connector asked for it, record by record."""
        return [Segment(batches)] if self._context is None else self._context.batch_segments(batches)

    def end_segment(self, segment: Segment) -> None:
        """Commit or abort where the connector asked for it."""
        if segment.end is SegmentEnd.COMMIT:
            self.commit()
        elif segment.end is SegmentEnd.ABORT:
            self.abort()

    def end_poll(self, *, idle: bool) -> None:
        """Commit if the boundary is reached."""
        if self._boundary is Boundary.POLL:
            self.commit()
        elif self._boundary is Boundary.INTERVAL:
            if time.monotonic() >= self._next_commit:
                self.commit()
        elif self._context is not None and not idle:
            self.end_segment(Segment((), self._context.batch_end()))

    def pause(self) -> None:
        """Commit, unless only the connector may say so."""
        if self._boundary is not Boundary.CONNECTOR:
            self.commit()

    def finish(self, *, failed: bool) -> None:
        """Commit, unless the task failed or only the connector may say so."""
        if not failed and self._boundary is not Boundary.CONNECTOR:
            self.commit()

    def away(self) -> AbstractContextManager[None]:
        """Nothing happens meanwhile: offsets are part of transactions, which end at their boundaries."""
        return nullcontext()

    def raise_failure(self) -> None:
        """Raise ConnectException when a record could not be delivered."""
        self._producer.raise_failure()

    def close(self) -> None:
        """Let go of the producer; the broker drops an open transaction when the next owner comes, or in time."""
        if self._open:
            try:
                self._client.abort_transaction(_TRY_SECONDS)
            except KafkaException as error:
                log.info("%s: its open transaction is left to the broker: %s", self._id, kafka_error(error).str())
        self._producer.close()

    # Transactions

    def _begin(self) -> None:
        if self._open:
            return
        try:
            self._client.begin_transaction()
        except KafkaException as error:
            raise self._explain(error) from error
        self._open = True

    def commit(self) -> None:
        """Write the offsets and commit; without any records only the task is told. Raises ConnectException."""
        if self._incomplete:
            return
        self._progress.enter(Stage.COMMIT)
        began = time.monotonic()
        self._next_commit = began + self._interval
        self._submitted.acknowledge_all()
        offsets = self._submitted.committable()
        if self._open or offsets:
            try:
                self._commit_with(offsets)
            except KafkaException as error:
                self._progress.count("offset-commit-failure-total")
                raise self._explain(error) from error
            self._progress.time("offset-commit", time.monotonic() - began)
            self._progress.count("offset-commit-success-total")
            self._progress.spread("transaction-size", self._records_in_transaction)
        self._end(offsets)

    def _commit_with(self, offsets: list[tuple[Mapping[str, Any], Mapping[str, Any] | None]]) -> None:
        self._before_commit()
        self._begin()
        tombstones = [pair for pair in offsets if pair[1] is None]
        if self._other is not None and tombstones:
            self._other.store_in_worker(
                tombstones, _INIT_SECONDS
            )  # or else the worker's old offset would shine through
        for partition, offset in offsets:
            key, value = offset_key(self._id.connector, partition), offset_value(offset)
            self._producer.send_one(self._offsets_topic, key, value)
        while self._client.flush(_TRY_SECONDS):
            self._producer.raise_failure()
        self._producer.raise_failure()
        while True:
            try:
                self._client.commit_transaction(_TRY_SECONDS)
            except KafkaException as error:
                if not kafka_error(error).retriable():
                    raise
            else:
                break

    def _end(self, offsets: list[Any]) -> None:
        self._open, self._records_in_transaction = False, 0
        self._submitted.committed()
        if self._other is not None and offsets:
            self._other.mirror([pair for pair in offsets if pair[1] is not None])
        committable, self._committable = self._committable, []
        for record, metadata in committable:
            commit_record(self._id, self._task, record, metadata)
        commit_task(self._id, self._task)

    def abort(self) -> None:
        """Drop the open transaction's records; their offsets are committed all the same. Raises ConnectException."""
        if not self._open:
            log.warning("%s: the connector asked to abort a transaction that holds no records", self._id)
            return
        self._progress.enter(Stage.COMMIT)
        try:
            with self._producer.aborting():
                self._client.abort_transaction(_INIT_SECONDS)
        except KafkaException as error:
            raise self._explain(error) from error
        self._open, self._records_in_transaction = False, 0
        self._committable = [(record, None) for record, _ in self._committable]
        self.commit()

    def _explain(self, error: KafkaException) -> ConnectException:
        if is_fenced(error):
            return ConnectException(
                f"The task {self._id} was unable to finish writing records to Kafka before its producer transaction "
                "expired. Either another instance of the task has taken over, or its transactions take longer than "
                "the producer property 'transaction.timeout.ms' allows: raise it with the connector property "
                "'producer.override.transaction.timeout.ms', or let the connector make smaller transactions."
            )
        return ConnectException(f"Failed to flush offsets and/or records for task {self._id}")

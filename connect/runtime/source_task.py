"""The life of a source task: poll, transform, convert, produce, acknowledge, commit offsets."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connect.api import (
    ConnectException,
    RecordBatch,
    RecordMetadata,
    RetriableException,
    SourceOrigin,
    SourceRecord,
    SourceTask,
)
from connect.runtime.conversion import SourceConversion
from connect.runtime.errors.tolerance import Failure, ToleranceOperator
from connect.runtime.ids import ConnectorTaskId, State
from connect.runtime.progress import Progress, Stage
from connect.runtime.record_producer import RecordProducer
from connect.runtime.submitted import SubmittedRecords
from connect.runtime.task_link import OffsetClient, TaskControl, TaskReporter
from connect.runtime.transformations import TransformationChain

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SourcePath:
    """The parts that a source task's records go through."""

    chain: TransformationChain
    conversion: SourceConversion
    producer: RecordProducer
    tolerance: ToleranceOperator
    ensure_topic: Callable[[str], None]
    """Creates the topic when the connector asks for that; called once per topic. Raises ConnectException."""


class WorkerSourceTask:
    """Runs a :class:`SourceTask` until it is asked to stop or fails."""

    def __init__(
        self,
        task_id: ConnectorTaskId,
        task: SourceTask,
        path: SourcePath,
        offsets: OffsetClient,
        control: TaskControl,
        reporter: TaskReporter,
        progress: Progress,
        flush_interval: float,
        flush_timeout: float,
    ) -> None:
        """Intervals and timeouts in seconds."""
        self._id = task_id
        self._task = task
        self._path = path
        self._offsets = offsets
        self._control = control
        self._reporter = reporter
        self._progress = progress
        self._flush_interval = flush_interval
        self._flush_timeout = flush_timeout
        self._submitted = SubmittedRecords()
        self._topics: set[str] = set()
        self._next_commit = 0.0
        self._sent_since_commit = False
        self._started = False
        self._stop_needed = False

    def run(self, config: Mapping[str, str]) -> None:
        """Start the task and copy until stopped. Raises what made the task fail."""
        try:
            if self._control.paused:
                self._pause()
            if self._control.stopping:
                return
            self._progress.enter(Stage.START)
            self._stop_needed = True
            self._task.start(config)
            self._started = True
            self._reporter.report_state(State.RUNNING)
            self._next_commit = time.monotonic() + self._flush_interval
            self._copy()
        finally:
            self._close()

    def _copy(self) -> None:
        control = self._control
        while not control.stopping:
            if control.paused:
                self._pause()
                continue
            batches = self._poll()
            if batches:
                self._send(batches)
            if time.monotonic() >= self._next_commit:
                self.commit_offsets()
        self._path.producer.raise_failure()

    def _pause(self) -> None:
        if self._started:
            self.commit_offsets()
        self._reporter.report_state(State.PAUSED)
        self._progress.enter(Stage.PAUSED)
        self._control.wait_while_paused()
        if self._started and not self._control.stopping:
            self._reporter.report_state(State.RUNNING)

    def _poll(self) -> Sequence[RecordBatch] | None:
        self._path.producer.raise_failure()
        self._progress.enter(Stage.TASK_POLL)
        began = time.monotonic()
        try:
            batches = self._task.poll_batch()
        except RetriableException:
            log.warning("%s could not poll and will be asked again", self._id, exc_info=True)
            return None
        if batches:
            milliseconds = (time.monotonic() - began) * 1000
            self._progress.count("source-record-poll-total", sum(map(len, batches)))
            self._progress.count("poll-batch-time-ms-total", milliseconds)
            self._progress.count("poll-batch-total")
            self._progress.observe("poll-batch-max-time-ms", milliseconds)
        return batches

    def _send(self, batches: Sequence[RecordBatch]) -> None:
        for polled in batches:
            for batch in self._transform(polled):
                self._convert_and_produce(batch)

    def _transform(self, batch: RecordBatch) -> list[RecordBatch]:
        chain = self._path.chain
        if not chain:
            return [batch]
        self._progress.enter(Stage.TRANSFORMATION)
        transformed = self._path.tolerance.run(Stage.TRANSFORMATION, chain.failing_class, chain.apply, batch)
        self._report_dropped(batch, transformed)
        return transformed

    def _report_dropped(self, batch: RecordBatch, kept: Sequence[RecordBatch]) -> None:
        if not self._acknowledges_singly or sum(map(len, kept)) >= len(batch):
            return
        remaining = {position for part in kept for position in part.positions}
        for index, position in enumerate(batch.positions):
            record = batch.record(index)
            if position not in remaining and isinstance(record, SourceRecord):
                self.commit_record(record, None)

    def _convert_and_produce(self, batch: RecordBatch) -> None:
        self._progress.enter(Stage.VALUE_CONVERTER)
        for encoded in self._path.conversion.encode(batch):
            if encoded.topic not in self._topics:
                self._path.ensure_topic(encoded.topic)
                self._topics.add(encoded.topic)
                self._reporter.report_topics([encoded.topic])
            self._progress.enter(Stage.KAFKA_PRODUCE)
            if not self._path.producer.send(encoded):
                return
            self._sent_since_commit = True
            self._submitted.submit(encoded.batch)
            self._progress.count("source-record-write-total", len(encoded.values))

    @property
    def _acknowledges_singly(self) -> bool:
        return overrides_commit_record(self._task)

    def commit_record(self, record: SourceRecord, metadata: RecordMetadata | None) -> None:
        """Tell the task about one record; its errors are logged only, as in Kafka Connect."""
        try:
            self._task.commit_record(record, metadata)
        except Exception:
            log.exception("%s: commit_record failed", self._id)

    def tolerate_delivery_failure(self, failure: BaseException) -> None:
        """Count and log a record that Kafka refused, where errors are tolerated."""
        batch = RecordBatch(None, [None], origin=SourceOrigin([None], [None]))
        self._path.tolerance.fail(
            Failure(Stage.KAFKA_PRODUCE, "org.apache.kafka.connect.source.SourceTask", batch, failure)
        )

    def commit_offsets(self) -> bool:
        """Flush the producer, then store the offsets of what Kafka has. False when that failed: tried again later."""
        self._progress.enter(Stage.COMMIT)
        began = time.monotonic()
        self._next_commit = began + self._flush_interval
        if self._sent_since_commit and not self._flush():
            self._progress.count("offset-commit-failure-total")
            return False
        offsets = self._submitted.committable()
        left = max(0.1, began + self._flush_timeout - time.monotonic())
        if offsets and not self._store(offsets, left):
            self._progress.count("offset-commit-failure-total")
            return False
        self._submitted.committed()
        self._commit_task()
        milliseconds = (time.monotonic() - began) * 1000
        self._progress.count("offset-commit-success-total")
        self._progress.count("offset-commit-time-ms-total", milliseconds)
        self._progress.observe("offset-commit-max-time-ms", milliseconds)
        return True

    def _flush(self) -> bool:
        if not self._path.producer.flush(self._flush_timeout):
            log.error("%s: Kafka did not take all records within %s s", self._id, self._flush_timeout)
            return False
        self._submitted.acknowledge_all()
        self._sent_since_commit = False
        return True

    def _store(self, offsets: list[Any], timeout: float) -> bool:
        try:
            self._offsets.store(offsets, timeout)
        except (ConnectException, TimeoutError):
            log.exception("%s: could not store offsets; they are kept for the next commit", self._id)
            return False
        return True

    def _commit_task(self) -> None:
        try:
            self._task.commit()
        except Exception:
            log.exception("%s: commit failed", self._id)

    def _close(self) -> None:
        if self._started:
            self.commit_offsets()
        if self._stop_needed:
            self._progress.enter(Stage.STOP)
            try:
                self._task.stop()
            except Exception:
                log.exception("%s: stop failed", self._id)
        self._path.chain.close()
        self._path.producer.close()


def overrides_commit_record(task: SourceTask) -> bool:
    """Whether the task wants to hear of every single record."""
    return type(task).commit_record is not SourceTask.commit_record

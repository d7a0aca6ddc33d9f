"""How a source task's records and offsets reach Kafka: the part in which at-least-once and exactly-once differ."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, Protocol

from connect.api import ConnectException, SourceRecord, SourceTask
from connect.runtime.conversion import EncodedBatch
from connect.runtime.ids import ConnectorTaskId
from connect.runtime.polled import Original, Segment
from connect.runtime.progress import Progress, Stage
from connect.runtime.record_producer import RecordProducer
from connect.runtime.submitted import SubmittedRecords
from connect.runtime.task_link import OffsetClient

log = logging.getLogger(__name__)

_LONGEST_IDLE_SECONDS = 1.0


class SourceDelivery(Protocol):
    """Called by the task's loop, in its thread."""

    def start(self) -> None:
        """Called before the task's own ``start``. Raises ConnectException."""

    def send(self, encoded: EncodedBatch, original: Original | None) -> bool:
        """Queue records; False when the task was asked to stop before all were. Raises ConnectException."""

    def drop(self, record: SourceRecord) -> None:
        """A record, as it was polled, was filtered out or skipped."""

    def segments(self, records: list[SourceRecord]) -> list[Segment]:
        """The records of one poll, cut where the connector wants a transaction to end."""

    def end_segment(self, segment: Segment) -> None:
        """All of a segment was sent."""

    def end_poll(self, *, idle: bool) -> None:
        """All of a poll was sent, or (``idle``) it gave nothing: commit if it is time. Raises ConnectException."""

    def pause(self) -> None:
        """The task pauses: bring what was sent to an end. Raises ConnectException."""

    def finish(self, *, failed: bool) -> None:
        """The task ends: bring what was sent to an end. Raises ConnectException."""

    def raise_failure(self) -> None:
        """Raise ConnectException when a record could not be delivered."""

    def close(self) -> None:
        """Let go of the producer."""


def commit_record(task_id: ConnectorTaskId, task: SourceTask, record: SourceRecord, metadata: Any) -> None:
    """Tell the task about one record; its errors are logged only, as in Kafka Connect."""
    try:
        task.commit_record(record, metadata)
    except Exception:
        log.exception("%s: commit_record failed", task_id)


def commit_task(task_id: ConnectorTaskId, task: SourceTask) -> None:
    """Tell the task that offsets are stored; its errors are logged only."""
    try:
        task.commit()
    except Exception:
        log.exception("%s: commit failed", task_id)


class AtLeastOnce:
    """Records first; their offsets once Kafka has them, every ``flush_interval`` and as soon as the task is idle."""

    def __init__(
        self,
        task_id: ConnectorTaskId,
        task: SourceTask,
        producer: RecordProducer,
        offsets: OffsetClient,
        progress: Progress,
        flush_interval: float,
        flush_timeout: float,
        before_commit: Callable[[], None] = lambda: None,
    ) -> None:
        """Intervals and timeouts in seconds. ``before_commit`` makes reported records durable; raises when it can't."""
        self._id = task_id
        self._task = task
        self._producer = producer
        self._offsets = offsets
        self._progress = progress
        self._flush_interval = flush_interval
        self._flush_timeout = flush_timeout
        self._before_commit = before_commit
        self._submitted = SubmittedRecords()
        self._last_commit = time.monotonic()
        self._unflushed = False

    def start(self) -> None:
        """The first commit is due an interval from now."""
        self._last_commit = time.monotonic()

    def send(self, encoded: EncodedBatch, original: Original | None) -> bool:
        """Queue records."""
        self._unflushed = True
        if not self._producer.send(encoded, original):
            return False
        self._submitted.submit(encoded.batch)
        return True

    def drop(self, record: SourceRecord) -> None:
        """Tell the task at once."""
        commit_record(self._id, self._task, record, None)

    def segments(self, records: list[SourceRecord]) -> list[Segment]:
        """One: there are no transactions."""
        return [Segment(records)]

    def end_segment(self, segment: Segment) -> None:
        """There are no transactions."""

    def end_poll(self, *, idle: bool) -> None:
        """Commit when the interval is over, or soon when nothing more comes."""
        if idle and self._unflushed:
            self._producer.serve()  # a task may wait for its records' acknowledgements before it polls more
        since = time.monotonic() - self._last_commit
        if since >= self._flush_interval or (idle and self._unflushed and since >= _LONGEST_IDLE_SECONDS):
            self.commit()

    def pause(self) -> None:
        """Commit what Kafka takes within the timeout."""
        self.commit()

    def finish(self, *, failed: bool) -> None:
        """Commit what Kafka takes within the timeout, after a failure too."""
        self.commit()

    def raise_failure(self) -> None:
        """Raise ConnectException when a record could not be delivered and errors are not tolerated."""
        self._producer.raise_failure()

    def commit(self) -> bool:
        """Flush the producer, then store the offsets of what Kafka has. False when that failed: tried again later."""
        self._progress.enter(Stage.COMMIT)
        self._last_commit = began = time.monotonic()
        if self._unflushed and not self._flush():
            self._progress.count("offset-commit-failure-total")
            return False
        offsets = self._submitted.committable()
        left = max(0.1, began + self._flush_timeout - time.monotonic())
        if offsets and not self._store(offsets, left):
            self._progress.count("offset-commit-failure-total")
            return False
        self._submitted.committed()
        commit_task(self._id, self._task)
        self._progress.time("offset-commit", time.monotonic() - began)
        self._progress.count("offset-commit-success-total")
        return True

    def _flush(self) -> bool:
        if not self._producer.flush(self._flush_timeout):
            log.error("%s: Kafka did not take all records within %s s", self._id, self._flush_timeout)
            return False
        try:
            self._before_commit()
        except ConnectException:
            log.exception("%s: offsets are kept for the next commit", self._id)
            return False
        self._submitted.acknowledge_all()
        self._unflushed = False
        return True

    def _store(self, offsets: list[Any], timeout: float) -> bool:
        try:
            self._offsets.store(offsets, timeout)
        except (ConnectException, TimeoutError):
            log.exception("%s: could not store offsets; they are kept for the next commit", self._id)
            return False
        return True

    def close(self) -> None:
        """Let go of the producer."""
        self._producer.close()

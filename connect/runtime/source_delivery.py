"""How a source task's records and offsets reach Kafka: the part in which at-least-once and exactly-once differ."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

from connect.api import ConnectException, RecordBatch, SourceRecord, SourceTask
from connect.runtime.background_commits import BackgroundCommits
from connect.runtime.commit_rules import CommitRules
from connect.runtime.conversion import EncodedBatch
from connect.runtime.ids import ConnectorTaskId
from connect.runtime.polled import Original, Segment
from connect.runtime.progress import Progress, Stage
from connect.runtime.record_producer import RecordProducer
from connect.runtime.submitted import SubmittedRecords
from connect.runtime.task_link import OffsetClient, TaskControl

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

    def segments(self, records: Sequence[SourceRecord]) -> list[Segment]:
        """The records of one poll, cut where the connector wants a transaction to end. Raises ConnectException."""

    def batch_segments(self, batches: Sequence[RecordBatch]) -> list[Segment]:
        """The same for the batches of one poll."""

    def end_segment(self, segment: Segment) -> None:
        """All of a segment was sent."""

    def end_poll(self, *, idle: bool) -> None:
        """All of a poll was sent, or (``idle``) it gave nothing: commit if it is time. Raises ConnectException."""

    def pause(self) -> None:
        """The task pauses: bring what was sent to an end. Raises ConnectException."""

    def finish(self, *, failed: bool) -> None:
        """The task ends: bring what was sent to an end. Raises ConnectException."""

    def away(self) -> AbstractContextManager[None]:
        """Around what may take the loop long: another thread may commit meanwhile what was sent."""

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


def overrides_commit_record(task: SourceTask) -> bool:
    """Whether the task wants to hear of every single record."""
    return type(task).commit_record is not SourceTask.commit_record


def overrides_commit(task: SourceTask) -> bool:
    """Whether the task wants to hear of commits."""
    return type(task).commit is not SourceTask.commit


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
        rules: CommitRules,
        control: TaskControl | None = None,
    ) -> None:
        """With a ``control``, a thread commits while a poll takes long; without, polls have to come back for that."""
        self._id = task_id
        self._task = task
        self._producer = producer
        self._offsets = offsets
        self._progress = progress
        self._flush_interval = rules.interval
        self._flush_timeout = rules.timeout
        self._before_commit = rules.before
        self._submitted = SubmittedRecords()
        self._last_commit = time.monotonic()
        self._unflushed = self._owes_commit = False
        self._follows_records, self._follows_commits = overrides_commit_record(task), overrides_commit(task)
        anywhere = task.COMMITS_WHILE_POLLING or not self._follows_records
        self._background = BackgroundCommits(task_id, control, self) if control is not None and anywhere else None
        self._failure: BaseException | None = None

    def start(self) -> None:
        """The first commit is due an interval from now."""
        self._last_commit = time.monotonic()
        if self._background is not None:
            self._background.start()

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

    def segments(self, records: Sequence[SourceRecord]) -> list[Segment]:
        """One: there are no transactions."""
        return [Segment.of_records(records)]

    def batch_segments(self, batches: Sequence[RecordBatch]) -> list[Segment]:
        """One: there are no transactions."""
        return [Segment(batches)]

    def end_segment(self, segment: Segment) -> None:
        """There are no transactions."""

    def end_poll(self, *, idle: bool) -> None:
        """Commit when the interval is over, or soon when nothing more comes."""
        if idle and self._unflushed:
            self._producer.serve()  # a task may wait for its records' acknowledgements before it polls more
        since = time.monotonic() - self._last_commit
        waiting = idle and (self._unflushed or self._owes_commit)
        if since >= self._flush_interval or (waiting and since >= _LONGEST_IDLE_SECONDS):
            self.commit()

    def away(self) -> AbstractContextManager[None]:
        """A thread commits meanwhile, when it is time."""
        if self._background is None:
            return nullcontext()
        if self._unflushed or self._follows_commits:
            self._background.ensure_thread()
            if self._unflushed and self._follows_records:
                self._background.call()
        return self._background.away()

    def pause(self) -> None:
        """Commit what Kafka takes within the timeout."""
        self.commit()

    def finish(self, *, failed: bool) -> None:
        """Commit what Kafka takes within the timeout, after a failure too."""
        self.commit()

    def raise_failure(self) -> None:
        """Raise ConnectException when a record could not be delivered and errors are not tolerated."""
        self._producer.raise_failure()
        if self._failure is not None:
            raise self._failure

    # What the background does (Committer)

    def seconds_until_due(self) -> float:
        """How long until a commit is due."""
        return self._last_commit + self._flush_interval - time.monotonic()

    def has_uncommitted(self) -> bool:
        """Whether something was sent whose offsets are not stored."""
        return self._unflushed or bool(self._submitted.committable())

    def serve(self) -> bool:
        """Hear of acknowledged records, for a task that wants to be told of each."""
        if not self._follows_records or not self._unflushed:
            return False
        self._guarded(self._producer.serve)
        return self._producer.queued > 0

    def commit_for_loop(self) -> None:
        """Commit, and leave the loop's stage as it is; ``commit`` of a task that isn't prepared has to wait."""
        progress = self._progress
        stage, since = progress.stage, progress.since
        self._guarded(lambda: self.commit(tell=self._task.COMMITS_WHILE_POLLING))
        progress.stage, progress.since = stage, since

    def _guarded(self, call: Callable[[], object]) -> None:
        try:
            call()
        except BaseException as error:  # raised by the plugin, maybe SystemExit: the loop fails with it
            self._failure = self._failure or error

    # Commits

    def commit(self, *, tell: bool = True) -> bool:
        """Flush the producer, then store the offsets of what Kafka has. False when that failed: tried again later.

        ``tell`` calls the task's own ``commit``; else the loop's next commit does.
        """
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
        self._owes_commit = not tell and self._follows_commits
        if tell:
            commit_task(self._id, self._task)
        self._progress.time("offset-commit", time.monotonic() - began)
        self._progress.count("offset-commit-success-total")
        return True

    def _flush(self) -> bool:
        if not self._producer.flush(self._flush_timeout):
            if not self._producer.failed:  # that is told where it fails the task
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
        if self._background is not None:
            self._background.end()
        self._producer.close()

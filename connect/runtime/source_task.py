"""The life of a source task: poll, transform, convert, and hand over to a delivery, which also commits offsets."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from connect.api import RecordBatch, RetriableException, SourceOrigin, SourceTask
from connect.runtime.conversion import EncodedBatch, SourceConversion
from connect.runtime.errors.tolerance import Failure, ToleranceOperator
from connect.runtime.ids import ConnectorTaskId, State
from connect.runtime.polled import Original, Segment, polls_batches
from connect.runtime.progress import Progress, Stage
from connect.runtime.rate_limits import RateLimits
from connect.runtime.source_delivery import SourceDelivery, overrides_commit_record
from connect.runtime.task_link import TaskControl, TaskReporter
from connect.runtime.transformations import TransformationChain

log = logging.getLogger(__name__)

_LONGEST_PAUSE_SECONDS = 0.2

T = TypeVar("T", bound=Sequence[Any])


@dataclass(frozen=True, slots=True)
class SourcePath:
    """The parts that a source task's records go through."""

    chain: TransformationChain
    conversion: SourceConversion
    delivery: SourceDelivery
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
        control: TaskControl,
        reporter: TaskReporter,
        progress: Progress,
        limits: RateLimits,
    ) -> None:
        self._id = task_id
        self._task = task
        self._path = path
        self._control = control
        self._reporter = reporter
        self._progress = progress
        self._limits = limits
        self._topics: set[str] = set()
        self._follows_records = overrides_commit_record(task)
        self._started = False
        self._stop_needed = False

    def run(self, config: Mapping[str, str]) -> None:
        """Start the task and copy until stopped. Raises what made the task fail."""
        failed = True
        try:
            if self._control.paused:
                self._pause()
            if not self._control.stopping:
                self._start(config)
                self._copy()
            failed = False
        finally:
            self._close(failed=failed)

    def _start(self, config: Mapping[str, str]) -> None:
        self._progress.enter(Stage.START)
        self._path.delivery.start()
        self._stop_needed = True
        self._task.start(config)
        self._started = True
        self._reporter.report_state(State.RUNNING)

    def _copy(self) -> None:
        control, delivery = self._control, self._path.delivery
        while not control.stopping:
            if control.paused:
                self._pause()
                continue
            delivery.raise_failure()
            if polls_batches(self._task):
                batches = self._poll(self._task.poll_batch)
                segments = delivery.batch_segments(batches) if batches else []
            else:
                records = self._poll(self._task.poll)
                segments = delivery.segments(records) if records else []
            for segment in segments:
                if not self._send_segment(segment):
                    break  # offsets must not pass what was left out
            delivery.end_poll(idle=not segments)
        delivery.raise_failure()

    def _send_segment(self, segment: Segment) -> bool:
        """False when the task was asked to stop before all was sent."""
        for batch in segment.batches:
            if not self._send(batch, segment.original(batch) if self._follows_records else None):
                return False
        self._path.delivery.end_segment(segment)
        return True

    def _pause(self) -> None:
        if self._started:
            self._path.delivery.pause()
        self._reporter.report_state(State.PAUSED)
        self._progress.enter(Stage.PAUSED)
        if self._started:
            with self._path.delivery.away():
                self._control.wait_while_paused()
        else:
            self._control.wait_while_paused()
        if self._started and not self._control.stopping:
            self._reporter.report_state(State.RUNNING)

    def _poll(self, poll: Callable[[], T | None]) -> T | None:
        self._progress.enter(Stage.TASK_POLL)
        began = time.monotonic()
        try:
            with self._path.delivery.away():
                polled = poll()
        except RetriableException:
            log.warning("%s could not poll and will be asked again", self._id, exc_info=True)
            return None
        if polled:
            self._progress.time("poll-batch", time.monotonic() - began)
        return polled

    def _send(self, polled: RecordBatch, original: Original | None) -> bool:
        """False when the task was asked to stop before all was sent."""
        self._progress.count("source-record-poll-total", len(polled))
        self._progress.spread("batch-size", len(polled))
        if not self._limits.active:
            return self._send_now(polled, original)
        start = 0
        while start < len(polled):
            stop = start + self._limits.records_at_once  # which may change while this waits
            if not self._send_now(polled.slice(start, stop), original):
                return False
            self._wait_for_allowance()
            start = stop
        return True

    def _send_now(self, polled: RecordBatch, original: Original | None) -> bool:
        kept: list[RecordBatch] = []
        for batch in self._transform(polled):
            self._progress.enter(Stage.VALUE_CONVERTER)
            for encoded in self._path.conversion.encode(batch):
                if not self._deliver(encoded, original):
                    return False
                kept.append(encoded.batch)
        dropped = len(polled) - sum(map(len, kept))
        if dropped:
            self._progress.count("source-record-dropped-total", dropped)
            if original is not None:
                self._report_dropped(polled, kept, original)
        return True

    def _wait_for_allowance(self) -> None:
        while (seconds := self._limits.wait_seconds()) > 0:
            self._progress.enter(Stage.THROTTLED)
            if self.wait_for_stop(min(seconds, _LONGEST_PAUSE_SECONDS)):
                return

    def wait_for_stop(self, seconds: float) -> bool:
        """Sleep within the path of a batch; True at once when the task is asked to stop."""
        with self._path.delivery.away():
            return self._control.wait_for_stop(seconds)

    def _transform(self, batch: RecordBatch) -> list[RecordBatch]:
        chain = self._path.chain
        if not chain:
            return [batch]
        self._progress.enter(Stage.TRANSFORMATION)
        return self._path.tolerance.run(Stage.TRANSFORMATION, chain.failing_class, chain.apply, batch)

    def _report_dropped(self, polled: RecordBatch, kept: Sequence[RecordBatch], original: Original) -> None:
        remaining = {position for part in kept for position in part.positions}
        for position in polled.positions:
            if position not in remaining:
                self._path.delivery.drop(original(position))

    def _deliver(self, encoded: EncodedBatch, original: Original | None) -> bool:
        if encoded.topic not in self._topics:
            self._path.ensure_topic(encoded.topic)
            self._topics.add(encoded.topic)
            self._reporter.report_topics([encoded.topic])
        self._progress.enter(Stage.KAFKA_PRODUCE)
        if not self._path.delivery.send(encoded, original):
            return False
        self._progress.count("source-record-write-total", len(encoded.values))
        if self._limits.active:
            self._limits.spend(len(encoded.values), encoded.size())
        return True

    def tolerate_delivery_failure(self, failure: BaseException) -> None:
        """Count and log a record that Kafka refused, where errors are tolerated."""
        batch = RecordBatch(None, [None], origin=SourceOrigin([None], [None]))
        self._path.tolerance.fail(
            Failure(Stage.KAFKA_PRODUCE, "org.apache.kafka.connect.source.SourceTask", batch, failure)
        )

    def _close(self, *, failed: bool) -> None:
        try:
            if self._started:
                self._path.delivery.finish(failed=failed)
        finally:
            if self._stop_needed:
                self._progress.enter(Stage.STOP)
                try:
                    self._task.stop()
                except Exception:
                    log.exception("%s: stop failed", self._id)
            self._path.chain.close()
            self._path.delivery.close()

"""The life of a sink task: consume, convert, transform, put, commit offsets."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping, Sequence

from connect.api import (
    ConnectException,
    IllegalWorkerStateException,
    RecordBatch,
    RetriableException,
    SinkOrigin,
    SinkTask,
    TopicPartition,
)
from connect.runtime.commit_rules import CommitRules
from connect.runtime.consumed import (
    acceptable_offsets,
    consumed_bytes,
    group_messages,
    next_offsets,
    partition_of,
)
from connect.runtime.errors.tolerance import SINK_TASK_CLASS, Failure
from connect.runtime.ids import ConnectorTaskId, State
from connect.runtime.progress import Progress, Stage
from connect.runtime.rate_limits import RateLimits
from connect.runtime.sink_consumer import SinkConsumer, Start
from connect.runtime.sink_path import SinkPath
from connect.runtime.task_link import TaskControl, TaskReporter

log = logging.getLogger(__name__)

_RETRY_WAIT_SECONDS = 0.1
_IDLE_POLL_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS, _LONGEST_THROTTLE_SECONDS = 0.2, 60.0


class WorkerSinkTask:
    """Runs a :class:`SinkTask` until it is asked to stop or fails."""

    def __init__(
        self,
        task_id: ConnectorTaskId,
        task: SinkTask,
        path: SinkPath,
        consumer: SinkConsumer,
        control: TaskControl,
        reporter: TaskReporter,
        progress: Progress,
        limits: RateLimits,
        commits: CommitRules,
    ) -> None:
        self._id = task_id
        self._task = task
        self._path = path
        self._consumer = consumer
        self._control = control
        self._reporter = reporter
        self._progress = progress
        self._limits = limits
        self._flush_interval = commits.interval
        self._flush_timeout = commits.timeout
        self._before_commit = commits.before
        self._consumed: dict[TopicPartition, int] = {}
        self._undelivered: list[RecordBatch] = []
        self._task_paused: set[TopicPartition] = set()
        self._opening: set[TopicPartition] = set()
        self._redelivering = self._all_paused = False
        self._topics: set[str] = set()
        self._rewinds: dict[TopicPartition, int] = {}
        self._timeout: float | None = None
        self._commit_requested = False
        self._next_commit = 0.0
        self._rebalance_error: BaseException | None = None
        progress.gauges["partition-count"] = lambda: len(self._consumed)
        progress.gauges["sink-record-active-count"] = lambda: consumer.uncommitted(dict(self._consumed))

    # What the task may ask for (SinkTaskContext)

    def rewind(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Read on from those offsets after the current call of the task."""
        self._rewinds.update(offsets)

    def set_timeout(self, milliseconds: int) -> None:
        """Wait that long at most before the next ``put``, once."""
        self._timeout = milliseconds / 1000

    def request_commit(self) -> None:
        """Commit after the current iteration."""
        self._commit_requested = True

    def assignment(self) -> set[TopicPartition]:
        """The partitions held now."""
        return set(self._consumed)

    def pause_partitions(self, partitions: Iterable[TopicPartition]) -> None:
        """Stop reading those partitions."""
        wanted = self._assigned(partitions, "pause")
        self._task_paused |= wanted
        self._consumer.pause(wanted - self._opening)

    def resume_partitions(self, partitions: Iterable[TopicPartition]) -> None:
        """Read those partitions again, unless everything is paused at the moment."""
        wanted = self._assigned(partitions, "resume")
        self._task_paused -= wanted
        if not self._held:
            self._consumer.resume(wanted - self._opening)

    def _assigned(self, partitions: Iterable[TopicPartition], verb: str) -> set[TopicPartition]:
        wanted = set(partitions)
        if not wanted <= self._consumed.keys():
            raise IllegalWorkerStateException(
                f"SinkTasks may not {verb} partitions that are not currently assigned to them."
            )
        return wanted

    # The loop

    def run(self, config: Mapping[str, str]) -> None:
        """Start the task and copy until stopped. Raises what made the task fail."""
        started = False
        try:
            if self._control.paused:
                self._reporter.report_state(State.PAUSED)
                self._progress.enter(Stage.PAUSED)
                self._control.wait_while_paused()
            if self._control.stopping:
                return
            self._progress.enter(Stage.START)
            started = True
            self._task.start(config)
            self._consumer.subscribe(self._on_assigned, self._on_revoked, self._on_lost)
            self._reporter.report_state(State.RUNNING)
            self._next_commit = time.monotonic() + self._flush_interval
            self._copy()
        finally:
            self._close(started)

    def _copy(self) -> None:
        control = self._control
        while not control.stopping:
            if control.paused != self._all_paused:
                self._apply_pause(control.paused)
            self._iterate()

    @property
    def _held(self) -> bool:
        """Nothing is to be read: the task is paused, or a batch waits to be put again."""
        return self._redelivering or self._all_paused

    def _hold(self, *, redelivering: bool, all_paused: bool) -> None:
        """Pause or resume all partitions that the task hasn't paused itself."""
        held = self._held
        self._redelivering, self._all_paused = redelivering, all_paused
        if self._held and not held:
            self._consumer.pause(self._consumed)
        elif held and not self._held:
            self._consumer.resume(self._consumed.keys() - self._task_paused)

    def _apply_pause(self, paused: bool) -> None:
        self._hold(redelivering=self._redelivering, all_paused=paused)
        if paused:
            self._commit_requested = True
        self._reporter.report_state(State.PAUSED if paused else State.RUNNING)

    def _iterate(self) -> None:
        self._check_commit()
        if self._limits.active:
            self._wait_for_allowance()
        self._apply_rewinds()
        self._progress.enter(Stage.KAFKA_CONSUME)
        at_most = self._limits.records_at_once if self._limits.active else None
        messages = self._consumer.consume(self._poll_timeout(), at_most)
        self._raise_rebalance_error()
        if messages:
            self._undelivered += self._to_batches(group_messages(messages, self._consumer.only_topic))
        self._deliver()

    def _check_commit(self) -> None:
        committing = self._consumer.committing
        if committing is None:
            if self._commit_requested or time.monotonic() >= self._next_commit:
                self._commit()
        elif committing > self._flush_timeout:
            log.warning("%s: the commit of offsets takes longer than %s s", self._id, self._flush_timeout)
            self._progress.count("offset-commit-failure-total")
            self._consumer.give_up_commit()

    def _poll_timeout(self) -> float:
        timeout, self._timeout = self._timeout, None
        if timeout is None and self._undelivered:
            timeout = _RETRY_WAIT_SECONDS
        until_commit = max(0.0, self._next_commit - time.monotonic())
        return min(until_commit, _IDLE_POLL_SECONDS if timeout is None else timeout)

    def _apply_rewinds(self) -> None:
        if not self._rewinds:
            return
        rewinds, self._rewinds = self._rewinds, {}
        for partition, offset in rewinds.items():
            if partition in self._consumed:
                self._consumer.seek(partition, offset)
                self._consumed[partition] = offset

    def _to_batches(self, origins: Sequence[SinkOrigin]) -> list[RecordBatch]:
        count = sum(map(len, origins))
        self._progress.count("sink-record-read-total", count)
        self._consumed.update(next_offsets(origins))
        fresh = [origin.topic for origin in origins if origin.topic not in self._topics]
        if fresh:
            self._topics.update(fresh)
            self._reporter.report_topics(sorted(set(fresh)))
        self._progress.enter(Stage.VALUE_CONVERTER)
        decoded = [batch for origin in origins for batch in self._path.conversion.decode(origin)]
        chain = self._path.chain
        if not chain:
            return decoded
        self._progress.enter(Stage.TRANSFORMATION)
        run = self._path.tolerance.run
        return [out for batch in decoded for out in run(Stage.TRANSFORMATION, chain.failing_class, chain.apply, batch)]

    def _deliver(self) -> None:
        batches = self._undelivered
        self._progress.enter(Stage.TASK_PUT)
        began = time.monotonic()
        try:
            self._put(batches)
        except RetriableException:
            batches = self._undelivered
            log.warning("%s could not put %d records; they will be put again", self._id, sum(map(len, batches)))
            log.debug("%s: the reason to put again", self._id, exc_info=True)
            self._progress.count("put-retries-total")
            # A task may say so before it was given anything: then there is nothing to put again, and all to read.
            self._hold(redelivering=bool(batches), all_paused=self._all_paused)
            return
        if batches:
            self._note_put(batches, time.monotonic() - began)
            self._undelivered = []
        if self._redelivering:
            self._hold(redelivering=False, all_paused=self._all_paused)

    def _put(self, batches: list[RecordBatch]) -> None:
        try:
            self._task.put_batch(batches)
        except RetriableException:
            raise
        except Exception as error:
            if not (batches and self._path.put_alone):
                raise ConnectException("Exiting WorkerSinkTask due to unrecoverable exception.") from error
            log.warning("%s: put failed; its records are put again one by one: %s", self._id, error)
            self._put_alone([batch.slice(i, i + 1) for batch in batches for i in range(len(batch))])

    def _put_alone(self, singles: list[RecordBatch]) -> None:
        for place, single in enumerate(singles):
            self._progress.touch()
            try:
                self._task.put_batch([single])
            except RetriableException:
                self._undelivered = singles[place:]
                self._progress.count("sink-record-send-total", place)
                raise
            except Exception as error:
                self._path.tolerance.fail(Failure(Stage.TASK_PUT, SINK_TASK_CLASS, single, error))

    def _note_put(self, batches: Sequence[RecordBatch], seconds: float) -> None:
        count = sum(map(len, batches))
        self._progress.count("sink-record-send-total", count)
        self._progress.spread("batch-size", count)
        self._progress.time("put-batch", seconds)
        self._consumer.put_took(count, seconds)
        if self._limits.active:
            self._limits.spend(count, sum(map(consumed_bytes, batches)))

    def _wait_for_allowance(self) -> None:
        """Wait before more is consumed, in all not so long that the group gives the consumer up."""
        deadline = time.monotonic() + _LONGEST_THROTTLE_SECONDS
        while (seconds := self._limits.wait_seconds()) > 0 and time.monotonic() < deadline:
            self._progress.enter(Stage.THROTTLED)
            if self._control.wait_for_stop(min(seconds, _LONGEST_PAUSE_SECONDS)):
                return

    # Offsets

    def _deliverable(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Offsets up to which those partitions were put; -1 (nothing read yet) is left out."""
        offsets = {p: self._consumed[p] for p in partitions if self._consumed.get(p, -1) >= 0}
        for batch in reversed(self._undelivered):
            origin = batch.origin
            if isinstance(origin, SinkOrigin):
                partition = TopicPartition(origin.topic, origin.partition)
                if partition in offsets:
                    offsets[partition] = origin.offsets[batch.positions[0]]
        return offsets

    def _commit(self, *, closing: bool = False, partitions: Iterable[TopicPartition] | None = None) -> None:
        self._commit_requested = False
        self._next_commit = time.monotonic() + self._flush_interval
        self._progress.enter(Stage.COMMIT)
        current = self._deliverable(list(self._consumed) if partitions is None else partitions)
        if not current:
            return
        try:
            wanted = self._task.pre_commit(current)
            self._before_commit()
        except Exception:
            self._progress.count("offset-commit-failure-total")
            if closing:
                log.warning("%s: pre_commit failed while closing; nothing is committed", self._id, exc_info=True)
            else:
                log.exception("%s: pre_commit failed; going back to the last committed offsets", self._id)
                self._seek_to_committed(current)
            return
        if wanted:
            self._consumer.commit(acceptable_offsets(self._id, wanted, current), wait=closing)
        else:
            self._progress.count("offset-commit-success-total")

    def _seek_to_committed(self, current: Iterable[TopicPartition]) -> None:
        self._undelivered = []
        for partition, offset in self._consumer.committed(list(current)).items():
            if offset >= 0:
                self._consumer.seek(partition, offset)
                self._consumed[partition] = offset
        self._hold(redelivering=False, all_paused=self._all_paused)

    # Rebalances; called by the consumer inside consume()

    def _on_assigned(self, positions: Mapping[TopicPartition, int]) -> Start:
        self._consumed.update(positions)
        self._opening = set(positions)
        self._progress.enter(Stage.OPEN)
        try:
            self._task.open(list(positions))
        except BaseException as error:
            self._rebalance_error = error
        starts = {partition: offset for partition, offset in positions.items() if offset >= 0}
        for partition in self._opening & self._rewinds.keys():
            self._consumed[partition] = starts[partition] = self._rewinds.pop(partition)
        paused = self._opening if self._held else self._task_paused & self._opening
        self._opening = set()
        self._progress.enter(Stage.KAFKA_CONSUME)
        return Start(starts, paused)

    def _on_revoked(self, partitions: Sequence[TopicPartition]) -> None:
        self._commit(closing=True, partitions=partitions)
        self._release(partitions)

    def _on_lost(self, partitions: Sequence[TopicPartition]) -> None:
        self._release(partitions)

    def _release(self, partitions: Sequence[TopicPartition]) -> None:
        self._progress.enter(Stage.CLOSE)
        try:
            self._task.close(list(partitions))
        except BaseException as error:
            self._rebalance_error = error
        gone = set(partitions)
        for partition in gone:
            self._consumed.pop(partition, None)
            self._rewinds.pop(partition, None)
        self._task_paused -= gone
        self._undelivered = [batch for batch in self._undelivered if partition_of(batch) not in gone]
        self._progress.enter(Stage.KAFKA_CONSUME)

    def _raise_rebalance_error(self) -> None:
        if self._rebalance_error is not None:
            error, self._rebalance_error = self._rebalance_error, None
            raise error

    def _close(self, started: bool) -> None:
        if started:
            if self._consumed:
                held = list(self._consumed)
                self._commit(closing=True)
                self._release(held)
            self._progress.enter(Stage.STOP)
            try:
                self._task.stop()
            except Exception:
                log.exception("%s: stop failed", self._id)
        self._path.chain.close()
        self._consumer.close()

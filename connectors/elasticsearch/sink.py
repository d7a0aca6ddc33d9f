"""The connector and its task."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping, Sequence

from connect.api import (
    ConfigValue,
    ConnectException,
    DataException,
    RecordBatch,
    SinkConnector,
    SinkTask,
    TopicPartition,
)
from connectors.elasticsearch.bulk import BulkSender, Failure, Verdict, bulk_error
from connectors.elasticsearch.client import Door, HttpDoor
from connectors.elasticsearch.config import CONFIG
from connectors.elasticsearch.documents import NotAnObject
from connectors.elasticsearch.indices import Targets
from connectors.elasticsearch.operations import Operations, Plan, Target, record_offsets, sink_origin
from connectors.elasticsearch.progress import Chunk, Progress
from connectors.elasticsearch.retries import Retrier
from connectors.elasticsearch.server import detect
from connectors.elasticsearch.settings import MalformedBehavior, NullBehavior, Settings, VersionStrategy
from connectors.elasticsearch.validation import validate
from connectors.elasticsearch.writer import Writer

log = logging.getLogger(__name__)

_ROOM_SECONDS = 0.5
_PAUSED_CHECK_MS = 50
_OUTSTANDING_CHECK_MS = 100
_COMMIT_WAIT_SECONDS = 0.5
_STOP_SECONDS = 3.0
_OLD_KEYS = {
    "type.name": "mapping types are gone since Elasticsearch 7",
    "topic.index.map": "name indices by index.name.format, a transformation, or topic.to.external.resource.mapping",
    "auto.create.indices.at.start": "indices are created when their first record arrives",
}


class IndexingException(ConnectException):
    """The server refused a document; goes to the dead letter queue with the record."""

    java_class = "io.confluent.connect.elasticsearch.ElasticsearchClient$ReportingException"


class ElasticsearchSinkConnector(SinkConnector):
    """Writes records as documents to Elasticsearch or OpenSearch, each at least once.

    A document's id is the record's key, or topic, partition and offset with ``key.ignore=true``, so that a record
    that comes again replaces itself. Offsets are committed only for what the server has acknowledged. A busy server
    is waited for; ``behavior.on.malformed.documents`` says what becomes of a document that it refuses.
    """

    EXAMPLE = {
        "name": "ratings-index",
        "config": {
            "topics": "ratings",
            "connection.url": "http://localhost:9200",
            "key.ignore": "true",
            "schema.ignore": "true",
            "behavior.on.malformed.documents": "warn",
            "value.converter": "org.apache.kafka.connect.json.JsonConverter",
            "value.converter.schemas.enable": "false",
        },
    }

    CONFIG = CONFIG

    def start(self, config: Mapping[str, str]) -> None:
        Settings.read(config)
        self._config = dict(config)
        for key, note in _OLD_KEYS.items():
            if key in config:
                log.info("%s has no meaning any more and is ignored: %s", key, note)

    def task_class(self) -> type[SinkTask]:
        return ElasticsearchSinkTask

    def task_configs(self, max_tasks: int) -> list[dict[str, str]]:
        return [dict(self._config) for _ in range(max_tasks)]

    @classmethod
    def validate(cls, config: Mapping[str, str]) -> list[ConfigValue]:
        return validate(config)


class ElasticsearchSinkTask(SinkTask):
    """Turns batches into lines, queues them, and settles what the server refused."""

    JAVA_CLASS = "io.confluent.connect.elasticsearch.ElasticsearchSinkTask"

    _door: Door | None = None
    _writer: Writer | None = None

    def start(self, config: Mapping[str, str]) -> None:
        settings = self._settings = Settings.read(config)
        self._stopping = threading.Event()
        self._failure: BaseException | None = None
        self._paused: set[TopicPartition] = set()
        self._assigned: set[TopicPartition] = set()
        self._progress = Progress()
        self._door = self.open_door(settings)
        server = detect(self._door)
        log.info("writing to %s at %s", server, ", ".join(settings.connection.urls))
        retrier = Retrier(settings.bulk.retries, settings.bulk.backoff_seconds, self._stopping)
        self._targets = Targets(self._door, server, settings, retrier)
        self._operations = Operations(settings)
        sender = BulkSender(self._door, settings.bulk, self._stopping)
        self._writer = Writer(sender, settings.bulk, self._stopping)

    @staticmethod
    def open_door(settings: Settings) -> Door:
        """The way to the server; tests put another one here."""
        return HttpDoor(settings.connection)

    def open(self, partitions: Iterable[TopicPartition]) -> None:
        self._assigned.update(partitions)

    def close(self, partitions: Iterable[TopicPartition]) -> None:
        gone = set(partitions)
        self._assigned -= gone
        self._paused -= gone
        self._progress.drop(gone)

    def put_batch(self, batches: Sequence[RecordBatch]) -> None:
        self._settle()
        try:
            for batch in batches:
                self._take(batch)
            self._regulate()
        except Exception as error:
            self._failure = error
            raise

    def pre_commit(self, offsets: Mapping[TopicPartition, int]) -> Mapping[TopicPartition, int]:
        if self._settings.bulk.flush_synchronously and self._failure is None:
            self.flush(offsets)
        self._let_writes_end(_COMMIT_WAIT_SECONDS)
        try:
            self._settle()
        except Exception:  # noqa: BLE001  # the next put raises it; what was written before can be committed
            return self._progress.acknowledged(offsets)
        return self._progress.committable(offsets)

    def flush(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Wait until everything is written, at most ``flush.timeout.ms``."""
        writer = self._running_writer()
        writer.hurry(True)
        try:
            while writer.outstanding:
                if not writer.wait(self._settings.bulk.flush_seconds, 0):
                    raise ConnectException(
                        f"{writer.outstanding} records were not written within flush.timeout.ms; nothing is committed."
                    )
                self._settle()
        finally:
            writer.hurry(False)

    def _let_writes_end(self, seconds: float) -> None:
        """Wait a moment for what is on its way: what is acknowledged now isn't delivered again after a restart."""
        writer = self._running_writer()
        if writer.outstanding and not writer.resting_partitions():
            writer.hurry(True)
            writer.wait_until_idle(seconds)
            writer.hurry(False)

    def stop(self) -> None:
        if self._writer is not None:
            self._writer.stop(_STOP_SECONDS)
        if self._door is not None:
            self._door.close()

    def _running_writer(self) -> Writer:
        assert self._writer is not None
        return self._writer

    def _take(self, batch: RecordBatch) -> None:
        origin = sink_origin(batch)
        partition = TopicPartition(origin.topic, origin.partition)
        offsets = record_offsets(batch)
        if not offsets:
            return
        self._progress.begin(partition, offsets[0])
        try:
            parts = self._targets.split(batch) if self._writes(batch) else []
        except ConnectException:
            self._progress.stick(partition, offsets[0])
            raise
        for target, part in parts:
            self._queue(partition, target, part)
        self._progress.passed(partition, offsets[-1] + 1)

    def _writes(self, batch: RecordBatch) -> bool:
        """False for nothing but ignored nulls: they don't create an index either."""
        if self._settings.document.null_behavior is not NullBehavior.IGNORE:
            return True
        if any(value is not None for value in batch.values):
            return True
        self._report_nulls(batch, range(len(batch)))
        return False

    def _queue(self, partition: TopicPartition, target: Target, batch: RecordBatch) -> None:
        plan = self._operations.plan(batch, target)
        offsets = record_offsets(batch)
        fatal = self._sort_out(batch, plan) if plan.bad or plan.skipped else None
        if fatal is not None:
            plan = plan.before(fatal[0])
        if plan.lines:
            places = offsets if isinstance(plan.indexes, range) else [offsets[index] for index in plan.indexes]
            chunk = Chunk(partition, target, batch, plan.lines, plan.indexes, places)
            self._progress.add(chunk)
            self._running_writer().add(chunk, ordered=self._order_counts(target))
        if fatal is not None:
            index, error = fatal
            self._progress.stick(partition, offsets[index])
            raise error

    def _order_counts(self, target: Target) -> bool:
        """True when a later write must not overtake an earlier one, since no version tells them apart."""
        document = self._settings.document
        return not target.key_ignored and (document.upsert or document.version_strategy is VersionStrategy.NONE)

    def _sort_out(self, batch: RecordBatch, plan: Plan) -> tuple[int, ConnectException] | None:
        """Report what isn't written. Returns the first record that the task can't get past, and why."""
        if self._settings.document.null_behavior is NullBehavior.IGNORE:
            self._report_nulls(batch, plan.skipped)
        for index, error in plan.bad:
            droppable = isinstance(error, DataException)
            if droppable and not isinstance(error, NotAnObject):
                self._report(batch, index, error)
            if droppable and self._settings.document.drop_invalid:
                log.warning("dropping the record at %s: %s", _where(batch, index), error)
                continue
            if isinstance(error, NotAnObject):
                return index, bulk_error(f"record at {_where(batch, index)}: {error}", 1, error)
            return index, error
        return None

    def _report_nulls(self, batch: RecordBatch, indexes: Iterable[int]) -> None:
        for index in indexes:
            self._report(batch, index, ConnectException("Cannot write null valued record."))

    def _settle(self) -> None:
        """Decide about lines that the server refused. Raises when the task can't go on, from then on always."""
        if self._failure is not None:
            raise self._failure
        try:
            self._decide(self._running_writer().take_failures())
        except Exception as error:
            self._failure = error
            raise

    def _decide(self, failures: Sequence[Failure]) -> None:
        writer = self._running_writer()
        fatal: IndexingException | None = None
        for failure in failures:
            error = IndexingException(f"Indexing failed: {failure.text}")
            batch, index = failure.chunk.batch, failure.chunk.indexes[failure.item]
            if not (failure.verdict is Verdict.CONFLICT and failure.chunk.target.is_data_stream):
                self._report(batch, index, error)
            if self._ends_task(failure):
                fatal = fatal or error
                log.error("%s refuses the record at %s: %s", failure.chunk.target.name, _where(batch, index), error)
                continue
            if failure.verdict is Verdict.CONFLICT or self._settings.bulk.malformed is MalformedBehavior.WARN:
                log.warning("%s refuses the record at %s: %s", failure.chunk.target.name, _where(batch, index), error)
            writer.give_up(failure)
        if fatal is not None:
            raise ConnectException("Indexing record failed. Please check DLQ topic for errors.") from fatal

    def _ends_task(self, failure: Failure) -> bool:
        if failure.verdict is Verdict.MALFORMED:
            return self._settings.bulk.malformed is MalformedBehavior.FAIL
        return failure.verdict is Verdict.FATAL

    def _report(self, batch: RecordBatch, index: int, error: ConnectException) -> None:
        reporter = self.context.errant_record_reporter
        if reporter is not None:
            reporter.report_position(batch, index, error)

    def _regulate(self) -> None:
        """Wait a moment for room, then pause partitions rather than buffer more."""
        writer, most = self._running_writer(), self._settings.bulk.buffered_records
        crowded = writer.outstanding > most and not writer.wait(_ROOM_SECONDS, most)
        if crowded and writer.stalled_seconds > self._settings.bulk.flush_seconds:
            raise ConnectException(
                "Could not make space in the internal buffer fast enough. Consider increasing flush.timeout.ms or"
                " max.buffered.records."
            )
        crowded = crowded or (bool(self._paused) and writer.outstanding > most // 2)
        wanted = self._assigned if crowded else writer.resting_partitions() & self._assigned
        if wanted - self._paused:
            self.context.pause(*(wanted - self._paused))
        if self._paused - wanted:
            self.context.resume(*(self._paused - wanted))
        self._paused = set(wanted)
        if self._paused:
            self.context.timeout(_PAUSED_CHECK_MS)
        elif writer.outstanding:
            self.context.timeout(_OUTSTANDING_CHECK_MS)


def _where(batch: RecordBatch, index: int) -> str:
    origin = sink_origin(batch)
    return f"{origin.topic}-{origin.partition}@{record_offsets(batch)[index]}"

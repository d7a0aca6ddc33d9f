"""What tasks may ask of the runtime: the contexts that :mod:`connect.api.task` promises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connect.api import (
    ConnectException,
    ErrantRecordReporter,
    OffsetStorageReader,
    RecordBatch,
    SinkRecord,
    SourceOrigin,
    TopicPartition,
    TransactionContext,
)
from connect.api.batch import batch_of_sink_record
from connect.runtime.errors.tolerance import SINK_TASK_CLASS, Failure, ToleranceOperator
from connect.runtime.progress import PLUGIN_COUNTER, Stage
from connect.runtime.sink_task import WorkerSinkTask
from connect.runtime.task_link import OffsetClient, TaskControl

_SOURCE_TASK_CLASS = "org.apache.kafka.connect.source.SourceTask"


class OffsetReader:
    """Reads source offsets for a task."""

    def __init__(self, client: OffsetClient) -> None:
        self._client = client

    def offset(self, partition: Mapping[str, Any]) -> dict[str, Any] | None:
        """The offset of one source partition, or None."""
        return self._client.load([partition])[0]

    def offsets(self, partitions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any] | None]:
        """The offsets of several, in their order."""
        return self._client.load(partitions)


class WorkerTaskContext:
    """What source and sink tasks share."""

    def __init__(
        self, config: Mapping[str, str], control: TaskControl, tolerance: ToleranceOperator, task_class: str
    ) -> None:
        self._config = dict(config)
        self._control = control
        self._tolerance = tolerance
        self._task_class = task_class

    def configs(self) -> dict[str, str]:
        """The task's configuration."""
        return dict(self._config)

    def wait(self, seconds: float) -> bool:
        """Sleep; True at once when the task is asked to stop or pause."""
        asked = self._control.wait(seconds)
        self._tolerance.progress.touch()
        return asked

    def count(self, metric: str, amount: float = 1) -> None:
        """Add to a counter of the plugin's own."""
        self._tolerance.progress.count(f"{PLUGIN_COUNTER}{metric}", amount)

    def gauge(self, metric: str, value: float) -> None:
        """Set a value of the plugin's own."""
        self._tolerance.progress.gauges[f"{PLUGIN_COUNTER}{metric}"] = lambda: value

    def report_errant_record(self, error: BaseException, *, raw: bytes | None = None, where: str = "") -> None:
        """Report input that can't become a record; raises ConnectException unless errors are tolerated."""
        batch = RecordBatch(None, [raw], origin=SourceOrigin([{"where": where} if where else None], [None]))
        self._tolerance.fail(Failure(Stage.TASK_POLL, self._task_class, batch, error))


class WorkerSourceTaskContext(WorkerTaskContext):
    """The context of a source task."""

    def __init__(
        self,
        config: Mapping[str, str],
        control: TaskControl,
        tolerance: ToleranceOperator,
        offsets: OffsetClient,
        transactions: TransactionContext | None,
    ) -> None:
        super().__init__(config, control, tolerance, _SOURCE_TASK_CLASS)
        self._reader = OffsetReader(offsets)
        self._transactions = transactions

    @property
    def offset_storage_reader(self) -> OffsetStorageReader:
        """Reads this connector's source offsets."""
        return self._reader

    @property
    def transaction_context(self) -> TransactionContext | None:
        """Defines transactions; None unless exactly-once is on and ``transaction.boundary`` is ``connector``."""
        return self._transactions


class WorkerErrantRecordReporter:
    """Reports records that a sink task could not deliver."""

    def __init__(self, tolerance: ToleranceOperator) -> None:
        self._tolerance = tolerance

    def report(self, record: SinkRecord, error: BaseException) -> None:
        """Report one record. Raises ConnectException unless errors are tolerated."""
        batch = batch_of_sink_record(record)
        if batch is None:
            raise ConnectException("Only records that were given to put can be reported")
        self.report_position(batch, 0, error)

    def report_position(self, batch: RecordBatch, index: int, error: BaseException) -> None:
        """Report record ``index`` of a batch. Raises ConnectException unless errors are tolerated."""
        self._tolerance.fail(Failure(Stage.TASK_PUT, SINK_TASK_CLASS, batch.slice(index, index + 1), error))


class WorkerSinkTaskContext(WorkerTaskContext):
    """The context of a sink task."""

    def __init__(
        self,
        config: Mapping[str, str],
        control: TaskControl,
        tolerance: ToleranceOperator,
        worker_task: WorkerSinkTask,
    ) -> None:
        super().__init__(config, control, tolerance, SINK_TASK_CLASS)
        self._worker_task = worker_task
        self._reporter = WorkerErrantRecordReporter(tolerance) if tolerance.reporters else None

    def offset(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Continue reading from those offsets."""
        self._worker_task.rewind(offsets)

    def timeout(self, milliseconds: int) -> None:
        """Call ``put`` again after that time at the latest, once."""
        self._worker_task.set_timeout(milliseconds)

    def assignment(self) -> set[TopicPartition]:
        """The partitions held now."""
        return self._worker_task.assignment()

    def pause(self, *partitions: TopicPartition) -> None:
        """Read no more of those partitions."""
        self._worker_task.pause_partitions(partitions)

    def resume(self, *partitions: TopicPartition) -> None:
        """Read those partitions again."""
        self._worker_task.resume_partitions(partitions)

    def request_commit(self) -> None:
        """Commit offsets soon."""
        self._worker_task.request_commit()

    @property
    def errant_record_reporter(self) -> ErrantRecordReporter | None:
        """None when errors are reported nowhere."""
        return self._reporter

"""Records and offsets in the same transactions, on a Kafka cluster in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from connect.api import ConnectException, RecordBatch, SourceRecord
from connect.kafka.door import KafkaError
from connect.kafka.fake import FakeKafka
from connect.runtime.conversion import SourceConversion
from connect.runtime.exactly_once import Boundary, ExactlyOnce, OffsetTarget, TransactionPlan
from connect.runtime.ids import ConnectorTaskId
from connect.runtime.rate_limits import RateLimits
from connect.runtime.record_producer import RecordProducer
from connect.runtime.source_delivery import overrides_commit_record
from connect.runtime.source_task import SourcePath, WorkerSourceTask
from connect.runtime.task_link import TaskControl
from connect.runtime.transaction_context import WorkerTransactionContext
from connect.runtime.transformations import TransformationChain, TransformationStage
from tests.unit.runtime.parts import (
    AcknowledgedSource,
    Change,
    ScriptedSource,
    States,
    StoredOffsets,
    batch_of,
    operator,
    record,
    text_converters,
)

TASK = ConnectorTaskId("c", 0)


class Running:
    """An exactly-once source task with everything around it in memory."""

    def __init__(
        self,
        polls: list[Any],
        *,
        boundary: Boundary = Boundary.POLL,
        interval: float = 3600,
        source: Any = ScriptedSource,
        keep: Callable[[Any], bool] = lambda _: True,
        other: StoredOffsets | None = None,
    ) -> None:
        self.kafka = FakeKafka({"t": 1, "offsets": 1})
        self.control = TaskControl()
        self.source = source(polls, self.control.stop)
        tolerance = operator()
        self.progress = tolerance.progress
        self.context = WorkerTransactionContext() if boundary is Boundary.CONNECTOR else None
        self.fenced: list[bool] = []
        self.producer = RecordProducer(
            lambda: self.kafka.producer({"transactional.id": "g-c-0"}),
            self.control,
            (lambda r, m: self.delivery.acknowledge(r, m)) if overrides_commit_record(self.source) else None,
        )
        self.delivery = ExactlyOnce(
            TASK,
            self.source,
            self.producer,
            OffsetTarget("offsets", other, self._fence),
            self.progress,
            TransactionPlan(boundary, interval, self.context),
        )
        stage = TransformationStage("keep", Change(lambda value: value if keep(value) else None), "Change")
        path = SourcePath(
            TransformationChain([stage]),
            SourceConversion(text_converters(), tolerance),
            self.delivery,
            tolerance,
            lambda _: None,
        )
        self.task = WorkerSourceTask(TASK, self.source, path, self.control, States(), self.progress, RateLimits())

    @contextmanager
    def _fence(self) -> Iterator[None]:
        self.fenced.append(bool(self.kafka.owners))
        yield
        self.fenced.append(bool(self.kafka.owners))

    def run(self) -> Running:
        self.task.run({})
        return self

    @property
    def seen(self) -> tuple[list[bytes | None], list[Any]]:
        """What a consumer that reads committed records sees: the values, and the offsets."""
        return (
            [value for _, value in self.kafka.records("t")],
            [json.loads(value or b"null") for _, value in self.kafka.records("offsets")],
        )


def test_every_poll_is_a_transaction_with_its_offsets() -> None:
    run = Running([[record("a", 1), record("b", 2)], None, [record("c", 3)]])
    run.source._polls = iter([[record("a", 1), record("b", 2)], lambda: seen.append(run.seen), [record("c", 3)]])
    seen: list[Any] = []
    run.run()
    assert seen == [([b"a", b"b"], [{"at": 2}])]
    assert run.seen == ([b"a", b"b", b"c"], [{"at": 2}, {"at": 3}])
    assert run.kafka.records("offsets")[0][0] == b'["c",{"from":"p"}]'
    assert run.fenced == [False, True]  # before the task claims its transactional id, and after


def test_by_interval_many_polls_make_one_transaction() -> None:
    run = Running([[record("a", 1)], [record("b", 2)]], boundary=Boundary.INTERVAL).run()
    assert run.seen == ([b"a", b"b"], [{"at": 2}])
    assert run.progress.counters["transaction-size-sum"] == 2
    assert run.progress.counters["transaction-size-count"] == 1


def test_a_record_that_is_dropped_has_no_offset_written_and_is_told_after_the_commit() -> None:
    run = Running([[record("a", 1), record("drop", 2)]], keep=lambda v: v != "drop", source=AcknowledgedSource).run()
    assert run.seen == ([b"a"], [{"at": 1}])
    assert sorted(value for value, _ in run.source.acknowledged) == ["a", "drop"]


def test_a_poll_without_records_still_has_the_task_told() -> None:
    run = Running([None, None]).run()
    assert run.source.calls.count("commit") >= 2
    assert run.seen == ([], [])


def test_a_failure_leaves_nothing_of_the_open_transaction() -> None:
    run = Running([[record("a", 1)], ConnectException("broken")], boundary=Boundary.INTERVAL)
    with pytest.raises(ConnectException, match="broken"):
        run.run()
    assert run.seen == ([], [])


def test_a_task_that_was_fenced_off_says_so() -> None:
    run = Running([])
    run.source._polls = iter([[record("a", 1)], lambda: steal(run)])
    with pytest.raises(ConnectException, match="unable to finish writing records"):
        run.run()
    assert run.seen == ([b"a"], [{"at": 1}])


def steal(run: Running) -> list[SourceRecord]:
    run.kafka.producer({"transactional.id": "g-c-0"}).init_transactions()
    return [record("b", 2)]


def test_an_undeliverable_record_fails_the_transaction() -> None:
    run = Running([[record("a", 1)]])
    run.kafka.fail("produce", KafkaError.MSG_SIZE_TOO_LARGE)
    with pytest.raises(ConnectException, match="Unrecoverable exception"):
        run.run()
    assert run.seen == ([], [])


def test_records_for_the_offsets_topic_are_refused() -> None:
    with pytest.raises(ConnectException, match="may not produce to their own offsets topics"):
        Running([[record("a", 1, topic="offsets")]]).run()


def test_the_connector_ends_transactions_where_it_wants() -> None:
    first, second, third = record("a", 1), record("b", 2), record("c", 3)
    run = Running([], boundary=Boundary.CONNECTOR)
    seen: list[Any] = []

    def ask() -> list[SourceRecord]:
        assert run.context is not None
        run.context.commit_transaction(second)
        return [first, second, third]

    def ask_for_the_batch() -> list[SourceRecord]:
        seen.append(run.seen)
        assert run.context is not None
        run.context.commit_transaction()
        return [record("d", 4)]

    run.source._polls = iter([ask, ask_for_the_batch, [record("never", 5)]])
    run.run()
    assert seen == [([b"a", b"b"], [{"at": 2}])]
    assert run.seen == ([b"a", b"b", b"c", b"d"], [{"at": 2}, {"at": 4}])


class BatchSource(ScriptedSource):
    """Polls batches."""

    def poll_batch(self) -> Any:
        return self.poll()


def test_the_connector_ends_transactions_within_batches() -> None:
    run = Running([], boundary=Boundary.CONNECTOR, source=BatchSource)
    seen: list[Any] = []

    def ask() -> list[RecordBatch]:
        assert run.context is not None
        batches = [batch_of(*"abcdef"), batch_of(*"gh"), batch_of("i")]
        run.context.commit_transaction_at(batches[0], 1)
        run.context.abort_transaction_at(batches[0], 3)
        run.context.commit_transaction_at(batches[1], 0)
        run.context.commit_transaction_at(batches[2], 0)
        return batches

    run.source._polls = iter([ask, lambda: seen.append(run.seen), [batch_of("never")]])
    run.run()
    assert seen == [([b"a", b"b", b"e", b"f", b"g", b"h", b"i"], [{"at": at} for at in (1, 3, 0, 0)])]
    assert run.seen == seen[0]
    assert run.progress.counters["transaction-size-sum"] == 7


def test_a_request_for_a_record_that_a_batch_has_not_is_refused() -> None:
    with pytest.raises(IndexError, match="A batch of 2 records has no record 2"):
        WorkerTransactionContext().commit_transaction_at(batch_of("a", "b"), 2)


def test_a_task_stopped_within_a_batch_sends_none_of_the_next() -> None:
    run = Running([], source=BatchSource)
    run.kafka.queue_limit = 1

    def stop_and_give() -> list[RecordBatch]:
        run.control.stop()
        return [batch_of("a", "b"), batch_of("c")]

    run.source._polls = iter([stop_and_give])
    run.run()
    assert run.seen == ([], [])


def test_an_aborted_transaction_leaves_its_offsets_alone_behind() -> None:
    run = Running([], boundary=Boundary.CONNECTOR)

    def ask() -> list[SourceRecord]:
        assert run.context is not None
        run.context.abort_transaction()
        return [record("a", 1), record("b", 2)]

    run.source._polls = iter([ask])
    run.run()
    assert run.seen == ([], [{"at": 2}])


def test_a_contradiction_fails_the_task() -> None:
    context = WorkerTransactionContext()
    contested = record("a", 1)
    context.commit_transaction()
    context.abort_transaction()
    with pytest.raises(ConnectException, match="both commit and abort of same transaction"):
        context.batch_end()
    batch = batch_of("a")
    context.commit_transaction_at(batch, 0)
    context.abort_transaction_at(batch, 0)
    with pytest.raises(ConnectException, match="both commit and abort of same record against topic/partition t/None"):
        context.batch_segments([batch])
    context.commit_transaction(contested)
    context.abort_transaction(contested)
    with pytest.raises(ConnectException, match="both commit and abort of same record"):
        context.segments([contested])


def test_with_a_topic_of_its_own_the_workers_store_gets_tombstones_first_and_the_rest_after() -> None:
    other = StoredOffsets()
    run = Running([[record("a", 1), SourceRecord({"from": "gone"}, None, "t", value="b")]], other=other).run()
    assert run.seen[0] == [b"a", b"b"]
    assert other.stored == {"gone": None, "p": {"at": 1}}


def test_a_task_stopped_while_the_queue_is_full_commits_no_half_batch() -> None:
    run = Running([])
    run.kafka.queue_limit = 1
    run.source._polls = iter([lambda: stop_and_give(run)])
    run.run()
    assert run.seen == ([], [])


def stop_and_give(run: Running) -> list[SourceRecord]:
    run.control.stop()
    return [record("a", 1), record("b", 2)]

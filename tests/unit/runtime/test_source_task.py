"""The life of a source task, on a Kafka cluster in memory."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from connect.api import ConnectException, RecordBatch, RetriableException
from connect.kafka.door import KafkaError
from connect.kafka.fake import FakeKafka
from connect.runtime.commit_rules import CommitRules
from connect.runtime.conversion import SourceConversion
from connect.runtime.ids import ConnectorTaskId, State
from connect.runtime.rate_limits import RateLimits
from connect.runtime.record_producer import RecordProducer
from connect.runtime.source_delivery import AtLeastOnce, commit_record, overrides_commit_record
from connect.runtime.source_task import SourcePath, WorkerSourceTask
from connect.runtime.task_link import TaskControl
from connect.runtime.transformations import TransformationChain, TransformationStage
from tests.unit.runtime.parts import (
    AcknowledgedSource,
    Change,
    CollectingReporter,
    ScriptedSource,
    States,
    StoredOffsets,
    batch_of,
    operator,
    record,
    text_converters,
)


class Running:
    """A source task with everything around it in memory; it ends when its source has nothing more."""

    def __init__(
        self,
        polls: list[Any],
        *stages: Any,
        tolerate_all: bool = False,
        source: Any = ScriptedSource,
        flush_interval: float = 3600,
    ) -> None:
        self.kafka = FakeKafka()
        self.control = TaskControl()
        self.states = States()
        self.offsets = StoredOffsets()
        self.reporter = CollectingReporter()
        self.source = source(polls, self.control.stop)
        self.ensured: list[str] = []
        tolerance = operator(self.reporter, tolerate_all=tolerate_all)
        each = overrides_commit_record(self.source)
        settings = {"librdkafka.delivery.report.only.error": "false" if each else "true"}
        self.progress = tolerance.progress
        delivery = AtLeastOnce(
            ConnectorTaskId("c", 0),
            self.source,
            RecordProducer(
                lambda: self.kafka.producer(settings),
                self.control,
                (lambda r, m: commit_record(ConnectorTaskId("c", 0), self.source, r, m)) if each else None,
                (lambda failure: self.task.tolerate_delivery_failure(failure)) if tolerate_all else None,
            ),
            self.offsets,
            self.progress,
            CommitRules(flush_interval, timeout=0.2),
            self.control,
        )
        self.delivery = delivery
        path = SourcePath(
            TransformationChain(
                [TransformationStage(str(n), Change(stage), "Change") for n, stage in enumerate(stages)]
            ),
            SourceConversion(text_converters(), tolerance),
            delivery,
            tolerance,
            self.ensured.append,
        )
        self.task = WorkerSourceTask(
            ConnectorTaskId("c", 0), self.source, path, self.control, self.states, self.progress, RateLimits()
        )

    def run(self) -> Running:
        self.task.run({})
        return self

    def values(self, topic: str = "t") -> list[bytes | None]:
        return [value for _, value in self.kafka.records(topic)]


def test_records_arrive_and_their_offsets_are_stored() -> None:
    done = Running([[record("a", 1), record("b", 2)], None, [record("c", 3)]]).run()
    assert done.values() == [b"a", b"b", b"c"]
    assert done.offsets.stored == {"p": {"at": 3}}
    assert done.states.states == [State.RUNNING]
    assert done.source.calls == ["start", "commit", "stop"]
    assert (done.states.topics, done.ensured) == (["t"], ["t"])


def test_a_poll_that_may_be_repeated_is_repeated() -> None:
    assert Running([RetriableException("not yet"), [record("a")]]).run().values() == [b"a"]


def test_transformations_may_drop_and_change() -> None:
    done = Running([[record("a", 1), record("b", 2), record("c", 3)]], lambda v: v.upper() if v != "c" else None).run()
    assert done.values() == [b"A", b"B"]
    assert done.offsets.stored == {"p": {"at": 2}}


def test_records_go_to_their_topics_partitions_and_keep_key_and_timestamp() -> None:
    run = Running([[record("a", 1, topic="x", partition="p", key="k", timestamp=77), record("b", 2, topic="y")]])
    run.run()
    (message,) = run.kafka.messages("x")
    assert (message.key(), message.timestamp()[1]) == (b"k", 77)
    assert run.values("y") == [b"b"]


def test_offsets_do_not_pass_what_kafka_has_not_acknowledged() -> None:
    run = Running([])
    run.source = run.task._task = ScriptedSource(
        [[record("a", 1)], lambda: run.kafka.set_down(True), [record("b", 2)]], run.control.stop
    )
    run.run()
    assert run.offsets.stored == {}
    assert run.progress.counters["offset-commit-failure-total"] == 1


def test_offsets_that_could_not_be_stored_are_stored_by_the_next_commit() -> None:
    run = Running([])
    run.offsets.failures = [ConnectException("offsets topic is away")]
    commits: list[bool] = []
    run.task._task = ScriptedSource([[record("a", 1)], lambda: commits.append(run.delivery.commit())], run.control.stop)
    run.run()
    assert commits == [False]
    assert run.offsets.stored == {"p": {"at": 1}}


def test_a_record_that_can_not_be_delivered_fails_the_task() -> None:
    run = Running([[record("a", 1)], None])
    run.kafka.fail("produce", KafkaError.MSG_SIZE_TOO_LARGE)
    with pytest.raises(ConnectException, match="Unrecoverable exception"):
        run.run()
    assert run.offsets.stored == {}


def test_with_tolerance_an_undeliverable_record_is_reported_and_the_rest_goes_on() -> None:
    run = Running([[record("a", 1), record("b", 2)]], tolerate_all=True)
    run.kafka.fail("produce", KafkaError.MSG_SIZE_TOO_LARGE)
    run.run()
    assert run.values() == [b"b"]
    assert [failure.stage.name for failure in run.reporter.failures] == ["KAFKA_PRODUCE"]
    assert run.offsets.stored == {"p": {"at": 2}}


def test_a_bad_record_fails_the_task_after_its_report() -> None:
    run = Running([[record("a", 1), record("bad", 2)]])
    with pytest.raises(ConnectException, match="Tolerance exceeded"):
        run.run()
    assert len(run.reporter.failures) == 1
    assert run.source.calls[-1] == "stop"


def test_a_task_that_asks_hears_of_every_record_also_of_dropped_ones() -> None:
    done = Running(
        [[record("a", 1), record("b", 2), record("c", 3)]],
        lambda v: None if v == "b" else v.upper(),
        source=AcknowledgedSource,
    ).run()
    assert sorted(done.source.acknowledged) == [("a", 0), ("b", None), ("c", 1)]


def test_a_failing_start_stops_the_task_and_stores_nothing() -> None:
    class Failing(ScriptedSource):
        def start(self, config: Any) -> None:
            raise ConnectException("no such file")

    run = Running([], source=Failing)
    with pytest.raises(ConnectException, match="no such file"):
        run.run()
    assert run.source.calls == ["stop"]
    assert run.states.states == []


def test_a_paused_task_polls_no_more_until_it_is_resumed() -> None:
    run = Running([])
    run.source = run.task._task = ScriptedSource(
        [[record("a", 1)], lambda: run.control.pause(True), [record("b", 2)]], run.control.stop
    )
    thread = threading.Thread(target=run.run)
    thread.start()
    run.states.wait_for(State.PAUSED)
    assert run.values() == [b"a"]
    assert run.offsets.stored == {"p": {"at": 1}}
    run.control.pause(False)
    thread.join(10)
    assert run.values() == [b"a", b"b"]
    assert run.states.states == [State.RUNNING, State.PAUSED, State.RUNNING]


def test_a_task_created_paused_starts_when_it_is_resumed() -> None:
    run = Running([[record("a", 1)]])
    run.control.pause(True)
    thread = threading.Thread(target=run.run)
    thread.start()
    run.states.wait_for(State.PAUSED)
    assert run.source.calls == []
    run.control.pause(False)
    thread.join(10)
    assert run.values() == [b"a"]


def test_offsets_do_not_pass_a_batch_that_was_left_half_sent_when_the_task_was_stopped() -> None:
    class BatchSource(ScriptedSource):
        def poll_batch(self) -> Any:
            return self.poll()

    run = Running([], source=BatchSource)
    run.kafka.queue_limit = 1

    def stop_and_give() -> list[RecordBatch]:
        run.control.stop()
        return [batch_of("a", "b"), batch_of("c", topic="u")]

    run.source._polls = iter([stop_and_give])
    run.run()
    assert run.offsets.stored == {}
    assert run.values("u") == []

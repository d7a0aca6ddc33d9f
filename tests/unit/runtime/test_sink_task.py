"""The life of a sink task, on a Kafka cluster in memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from connect.api import (
    ConnectException,
    IllegalWorkerStateException,
    RetriableException,
    SinkRecord,
    TopicPartition,
)
from connect.kafka.fake import FakeKafka
from connect.runtime.commit_rules import CommitRules
from connect.runtime.conversion import SinkConversion
from connect.runtime.ids import ConnectorTaskId, State
from connect.runtime.progress import Progress, Stage
from connect.runtime.rate_limits import RateLimits
from connect.runtime.sink_consumer import ConsumerSettings, SinkConsumer, Start
from connect.runtime.sink_path import SinkPath
from connect.runtime.sink_task import WorkerSinkTask
from connect.runtime.task_link import TaskControl
from connect.runtime.topic_selection import TopicSelection
from connect.runtime.transformations import TransformationChain
from tests.unit.runtime.parts import CollectingReporter, ScriptedSink, States, operator, text_converters

GROUP = "connect-c"
P0, P1 = TopicPartition("t", 0), TopicPartition("t", 1)


class Running:
    """A sink task on its own thread with everything around it in memory."""

    def __init__(
        self,
        sink: ScriptedSink,
        *values: str,
        partitions: int = 1,
        tolerate_all: bool = False,
        put_alone: bool = False,
        **selection: str,
    ) -> None:
        topics = {key.replace("_", "."): value for key, value in (selection or {"topics": "t"}).items()}
        self.kafka = FakeKafka({"t": partitions})
        producer = self.kafka.producer({})
        for number, value in enumerate(values):
            producer.produce("t", value.encode(), None, number % partitions)
        producer.flush()
        self.sink = sink
        self.control = TaskControl()
        self.states = States()
        self.reporter = CollectingReporter()
        self.consumers: list[Any] = []
        self.error: BaseException | None = None
        tolerance = operator(self.reporter, tolerate_all=tolerate_all)
        self.progress = tolerance.progress
        self.task = WorkerSinkTask(
            ConnectorTaskId("c", 0),
            sink,
            SinkPath(SinkConversion(text_converters(), tolerance), TransformationChain(), tolerance, put_alone),
            SinkConsumer(
                self._create_consumer,
                TopicSelection({"name": "c", "connector.class": "C", **topics}, 0.0),
                ConsumerSettings(),
                self.progress,
            ),
            self.control,
            self.states,
            self.progress,
            RateLimits(),
            CommitRules(3600, 5),
        )
        self._thread = threading.Thread(target=self._run)

    def _create_consumer(self, on_commit: Any) -> Any:
        consumer = self.kafka.consumer({"group.id": GROUP, "auto.offset.reset": "earliest"}, on_commit)
        self.consumers.append(consumer)
        return consumer

    def _run(self) -> None:
        try:
            self.task.run({})
        except BaseException as error:
            self.error = error

    def start(self) -> Running:
        self._thread.start()
        return self

    def stop(self) -> Running:
        self.control.stop()
        return self.join()

    def join(self) -> Running:
        self._thread.join(10)
        assert not self._thread.is_alive()
        return self

    def until(self, condition: Callable[[], bool]) -> Running:
        deadline = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < deadline, "the condition did not become true"
            with self.kafka.changed:
                self.kafka.changed.wait(0.01)
        return self

    @property
    def committed(self) -> dict[tuple[str, int], int]:
        return dict(self.kafka.groups[GROUP])


def test_records_are_put_and_committed_at_the_end() -> None:
    run = Running(ScriptedSink(), "a", "b").start()
    run.until(lambda: run.sink.values == ["a", "b"]).stop()
    assert run.committed == {P0: 2}
    assert run.sink.calls == [
        "start",
        f"open {[P0]}",
        f"flush {{{P0!r}: 2}}",
        f"close {[P0]}",
        "stop",
    ]
    assert run.states.states == [State.RUNNING]
    assert run.states.topics == ["t"]


def test_what_was_committed_is_not_read_again() -> None:
    run = Running(ScriptedSink(), "a", "b")
    run.kafka.groups[GROUP] = {P0: 1}
    run.start().until(lambda: run.sink.values == ["b"]).stop()
    assert run.committed == {P0: 2}


def test_a_retriable_failure_has_the_same_records_put_again() -> None:
    outcomes: list[Exception] = [RetriableException("busy"), RetriableException("busy")]
    given: list[list[str]] = []

    def on_put(records: list[SinkRecord]) -> None:
        if records:
            given.append([record.value for record in records])
        if records and outcomes:
            raise outcomes.pop()

    run = Running(ScriptedSink(on_put), "a", "b").start()
    run.until(lambda: run.sink.values == ["a", "b"]).stop()
    assert given == [["a", "b"]] * 3
    assert run.error is None


def test_a_task_that_asks_for_patience_before_it_was_given_anything_gets_its_records() -> None:
    asked: list[int] = []

    def on_put(records: list[SinkRecord]) -> None:
        asked.append(len(records))
        if len(asked) < 4:
            raise RetriableException("not now")

    run = Running(ScriptedSink(on_put))
    run.task.set_timeout(0)
    run.start().until(lambda: len(asked) > 0)
    producer = run.kafka.producer({})
    producer.produce("t", b"a")
    producer.flush()
    run.until(lambda: run.sink.values == ["a"]).stop()
    assert asked[0] == 0


def test_records_to_be_put_again_that_another_member_takes_over_do_not_hold_the_rest_back() -> None:
    refused: list[str] = []

    def on_put(records: list[SinkRecord]) -> None:
        refused.extend(record.value for record in records if record.partition == 1)
        if refused and any(record.partition == 1 for record in records):
            raise RetriableException("not now")

    run = Running(ScriptedSink(on_put), "a", "b", partitions=2).start().until(lambda: refused != [])
    run.consumers[0].rebalance([("t", 0)])
    run.until(lambda: "a" in run.sink.values)
    producer = run.kafka.producer({})
    producer.produce("t", b"c", None, 0)
    producer.flush()
    run.until(lambda: "c" in run.sink.values).stop()
    assert "b" not in run.sink.values


def test_nothing_is_committed_beyond_what_is_to_be_put_again() -> None:
    def on_put(records: list[SinkRecord]) -> None:
        if records:
            raise RetriableException("busy")

    run = Running(ScriptedSink(on_put), "a", "b").start()
    run.until(lambda: run.progress.counters["put-retries-total"] >= 2).stop()
    assert run.committed.get(P0, 0) == 0


def test_any_other_failure_of_put_fails_the_task() -> None:
    def on_put(records: list[SinkRecord]) -> None:
        if records:
            raise ValueError("broken")

    run = Running(ScriptedSink(on_put), "a").start().join()
    assert str(run.error) == "Exiting WorkerSinkTask due to unrecoverable exception."
    assert isinstance(run.error.__cause__, ValueError)  # type: ignore[union-attr]
    assert run.committed.get(P0, 0) == 0
    assert run.sink.calls[-1] == "stop"


def test_one_record_that_a_sink_refuses_costs_its_neighbours_nothing_where_they_may_be_put_alone() -> None:
    later = iter([True, False])

    def on_put(records: list[SinkRecord]) -> None:
        values = [record.value for record in records]
        if "refused" in values:
            raise ValueError("not that one")
        if values == ["d"] and next(later, False):
            raise RetriableException("not now")

    run = Running(ScriptedSink(on_put), "a", "refused", "c", "d", "e", tolerate_all=True, put_alone=True).start()
    run.until(lambda: len(run.sink.values) == 4).stop()
    assert run.error is None
    assert run.sink.values == ["a", "c", "d", "e"]
    [failure] = run.reporter.failures
    assert (failure.stage, failure.executing_class) == (Stage.TASK_PUT, "org.apache.kafka.connect.sink.SinkTask")
    assert failure.batch.record(0).value == "refused"
    assert run.committed == {("t", 0): 5}
    assert run.progress.counters["sink-record-send-total"] == 5


def test_a_bad_record_is_skipped_with_tolerance_and_its_offset_passed() -> None:
    run = Running(ScriptedSink(), "a", "bad", "b", tolerate_all=True).start()
    run.until(lambda: run.sink.values == ["a", "b"]).stop()
    assert run.committed == {P0: 3}
    assert len(run.reporter.failures) == 1


def test_a_failing_flush_goes_back_to_the_last_committed_offsets() -> None:
    class Flushing(ScriptedSink):
        failures = 1

        def flush(self, offsets: Any) -> None:
            if self.failures:
                self.failures -= 1
                raise ConnectException("disk full")

    run = Running(Flushing(), "a", "b").start()
    run.until(lambda: run.sink.values == ["a", "b"])
    run.task.request_commit()
    run.until(lambda: run.sink.values == ["a", "b", "a", "b"]).stop()
    assert run.committed == {P0: 2}


def test_revoked_partitions_are_committed_and_closed_and_their_records_forgotten() -> None:
    run = Running(ScriptedSink(), "a", "b", partitions=2).start()
    run.until(lambda: sorted(run.sink.values) == ["a", "b"])
    run.consumers[0].rebalance([P0])
    run.until(lambda: f"open {[P0]}" in run.sink.calls)
    assert run.committed == {P0: 1, P1: 1}
    run.stop()
    assert f"close {[P0, P1]}" in run.sink.calls


def test_lost_partitions_are_closed_without_a_commit() -> None:
    run = Running(ScriptedSink(), "a").start()
    run.until(lambda: run.sink.values == ["a"])
    run.consumers[0].rebalance([], lost=True)
    run.until(lambda: f"close {[P0]}" in run.sink.calls)
    assert run.committed.get(P0, 0) == 0
    run.stop()


def test_a_paused_task_is_put_nothing_and_goes_on_after() -> None:
    run = Running(ScriptedSink(), "a").start()
    run.until(lambda: run.sink.values == ["a"])
    run.control.pause(True)
    run.states.wait_for(State.PAUSED)
    producer = run.kafka.producer({})
    producer.produce("t", b"b")
    producer.flush()
    assert run.sink.values == ["a"]
    run.control.pause(False)
    run.until(lambda: run.sink.values == ["a", "b"]).stop()


def test_a_task_may_read_again_from_an_offset() -> None:
    run = Running(ScriptedSink(), "a", "b").start()
    run.until(lambda: run.sink.values == ["a", "b"])
    run.task.rewind({P0: 1})
    run.until(lambda: run.sink.values == ["a", "b", "b"]).stop()


def test_partitions_of_others_can_not_be_paused() -> None:
    run = Running(ScriptedSink(), "a").start()
    run.until(lambda: run.sink.values == ["a"])
    with pytest.raises(IllegalWorkerStateException, match="may not pause partitions"):
        run.task.pause_partitions([TopicPartition("other", 0)])
    run.stop()


def test_positions_are_known_when_partitions_are_assigned() -> None:
    run = Running(ScriptedSink(), partitions=2)
    run.kafka.groups[GROUP] = {("t", 0): 0}
    run.start()
    run.until(lambda: len(run.task.assignment()) == 2)
    run.task.request_commit()
    run.until(lambda: f"flush {dict.fromkeys([P0, P1], 0)}" in run.sink.calls).stop()


def test_a_task_may_begin_elsewhere_and_pause_when_it_is_given_partitions() -> None:
    class Opening(ScriptedSink):
        def open(self, partitions: Any) -> None:
            super().open(partitions)
            run.task.rewind({P0: 1})
            run.task.pause_partitions([P1])

    sink = Opening()
    run = Running(sink, "a", "b", "c", "d", partitions=2)
    run.start()
    run.until(lambda: sink.values == ["c"])
    run.task.resume_partitions([P1])
    run.until(lambda: sorted(sink.values) == ["b", "c", "d"]).stop()


def test_offsets_beyond_what_was_put_are_not_committed() -> None:
    class Ahead(ScriptedSink):
        def pre_commit(self, offsets: Any) -> Any:
            return {P0: 99, TopicPartition("other", 0): 1}

    run = Running(Ahead(), "a").start()
    run.until(lambda: run.sink.values == ["a"])
    run.stop()
    assert run.committed == {}


def test_a_commit_that_comes_too_late_is_counted_as_skipped() -> None:
    run = Running(ScriptedSink(), "a").start()
    run.until(lambda: run.sink.values == ["a"]).stop()
    consumer = run.task._consumer
    consumer._committed.clear()
    consumer.commit({P0: 1}, wait=False)
    assert consumer.committing is not None
    consumer.give_up_commit()
    consumer._on_commit(None, [])
    assert run.progress.counters["offset-commit-skip-total"] == 1


def test_records_reported_to_a_queue_that_is_away_hold_the_commit_back() -> None:
    def away() -> None:
        raise ConnectException("the dead letter queue is away")

    run = Running(ScriptedSink(), "a")
    run.task._before_commit = away
    run.start().until(lambda: run.sink.values == ["a"])
    run.task.request_commit()
    run.until(lambda: run.progress.counters["offset-commit-failure-total"] >= 1)
    assert run.committed == {}
    run.stop()


def test_topics_are_chosen_by_a_pattern_in_javas_dialect() -> None:
    run = Running(ScriptedSink(), "a", topics_regex="[a-z&&[^u]]").start()
    run.until(lambda: run.sink.values == ["a"])
    for topic in ("u", "v", "ww"):
        producer = run.kafka.producer({})
        producer.produce(topic, topic.encode())
        producer.flush()
    run.until(lambda: "v" in run.sink.values).stop()
    assert not {"u", "ww"} & set(run.sink.values)


def test_a_limited_task_takes_records_step_by_step() -> None:
    run = Running(ScriptedSink(), *"abcdefghij")
    run.task._limits.set(20.0, 0.0)
    run.start().until(lambda: len(run.sink.values) == 10).stop()
    assert run.sink.values == list("abcdefghij")


@pytest.mark.parametrize(
    ("properties", "seconds", "limit"),
    [({}, 0.001, 2000), ({}, 0.5, 500), ({"max.poll.records": "700"}, 0.001, 700)],
)
def test_a_quick_task_is_given_more_records_at_a_time_unless_a_number_is_set(
    properties: dict[str, str], seconds: float, limit: int
) -> None:
    kafka = FakeKafka({"t": 1})
    producer = kafka.producer({})
    for number in range(5000):
        producer.produce("t", str(number).encode())
    producer.flush()
    consumer = SinkConsumer(
        lambda on_commit: kafka.consumer({"group.id": GROUP, "auto.offset.reset": "earliest"}, on_commit),
        TopicSelection({"name": "c", "connector.class": "C", "topics": "t"}, 0.0),
        ConsumerSettings.read(properties),
        Progress(),
    )
    consumer.subscribe(lambda positions: Start(positions, ()), lambda _: None, lambda _: None)
    first = consumer.consume(1.0)
    consumer.put_took(len(first), seconds)
    assert len(first) <= min(limit, 700)
    assert len(consumer.consume(1.0)) == limit
    consumer.close()

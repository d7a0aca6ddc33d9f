"""One bad record never fails its neighbours; retries end in time; what fails is reported."""

from __future__ import annotations

from typing import Any

import pytest

from connect.api import ConnectException, DataException, RecordBatch, RetriableException
from connect.runtime.progress import Stage
from tests.unit.runtime.parts import CollectingReporter, batch_of, operator


def refuse(bad: Any, error: type[Exception] = DataException) -> Any:
    def operation(batch: RecordBatch) -> list[Any]:
        if bad in batch.values:
            raise error(f"no {bad}")
        return list(batch.values)

    return operation


def test_a_good_batch_passes_whole() -> None:
    assert operator().run(Stage.TRANSFORMATION, "C", lambda b: [len(b)], batch_of(1, 2, 3)) == [3]


def test_only_the_guilty_record_is_skipped_and_reported() -> None:
    reporter = CollectingReporter()
    judge = operator(reporter, tolerate_all=True)
    assert judge.run(Stage.VALUE_CONVERTER, "C", refuse(2), batch_of(1, 2, 3)) == [1, 3]
    (failure,) = reporter.failures
    assert (failure.stage, failure.executing_class, failure.batch.values) == (Stage.VALUE_CONVERTER, "C", [2])
    assert judge.progress.counters["total-records-skipped"] == 1


def test_without_tolerance_the_first_bad_record_is_reported_and_fails_the_task() -> None:
    reporter = CollectingReporter()
    with pytest.raises(ConnectException, match="Tolerance exceeded in error handler") as caught:
        operator(reporter).run(Stage.TRANSFORMATION, "C", refuse(2), batch_of(1, 2, 3))
    assert str(caught.value.__cause__) == "no 2"
    assert len(reporter.failures) == 1


def test_a_retriable_error_is_tried_again_until_it_works() -> None:
    outcomes = [RetriableException("1"), RetriableException("2"), None]
    waits: list[float] = []

    def operation(batch: RecordBatch) -> list[Any]:
        if (outcome := outcomes.pop(0)) is not None:
            raise outcome
        return ["done"]

    judge = operator(wait=lambda seconds: bool(waits.append(seconds)), retry_timeout=-1)
    assert judge.run(Stage.TRANSFORMATION, "C", operation, batch_of(1)) == ["done"]
    assert waits == [0.3, 0.6]
    assert judge.progress.counters["total-retries"] == 2


def test_retries_end_with_their_time() -> None:
    judge = operator(tolerate_all=True, retry_timeout=0.0001, wait=lambda _: False)
    assert judge.run(Stage.TRANSFORMATION, "C", refuse(1, RetriableException), batch_of(1)) == []


def test_no_more_retries_when_the_task_is_asked_to_stop() -> None:
    judge = operator(retry_timeout=-1, wait=lambda _: True)
    with pytest.raises(ConnectException):
        judge.run(Stage.TRANSFORMATION, "C", refuse(1, RetriableException), batch_of(1))


def test_long_waits_are_spread_below_the_maximum() -> None:
    waits: list[float] = []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        return len(waits) == 20

    judge = operator(tolerate_all=True, retry_timeout=-1, retry_delay_max=1, wait=wait)
    judge.run(Stage.TRANSFORMATION, "C", refuse(1, RetriableException), batch_of(1))
    assert len(waits) == 20
    assert all(0 <= seconds <= 1 for seconds in waits)

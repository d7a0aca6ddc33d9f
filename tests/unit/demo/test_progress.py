import io

import pytest
from rich.console import Console

from connect.demo import progress
from connect.demo.process import DemoFailed
from connect.demo.progress import Meter, watch


def test_a_rate_runs_from_the_first_record_to_the_last_change():
    """Neither the time before the first one nor the time after the last one counts."""
    meter = Meter()
    for now, count in ((0.0, 0), (10.0, 0), (11.0, 50), (12.0, 100), (30.0, 100)):
        meter.update(count, now)

    assert meter.rate == 50.0


def test_a_meter_that_saw_nothing_has_no_rate():
    """It is zero, not a division by zero."""
    assert Meter().rate == 0.0


def test_both_sides_are_watched_until_everything_is_there():
    """The bars end with both counts at the number of rows."""
    topic, index = iter((0, 5, 10, 10, 10)), iter((0, 0, 4, 9, 10))
    output = io.StringIO()

    arrivals = watch(Console(file=output, width=100), 10, lambda: next(topic), lambda: next(index), lambda: None)

    assert (arrivals.topic.count, arrivals.index.count) == (10, 10)
    assert arrivals.topic.rate > 0
    assert output.getvalue().count("10/10") == 2


def test_a_failure_ends_the_watch():
    """What the check finds is passed on at once."""

    def check() -> None:
        raise DemoFailed("flights-sink task 0 failed:\nTraceback")

    with pytest.raises(DemoFailed, match="task 0 failed"):
        watch(Console(file=io.StringIO()), 10, lambda: 0, lambda: 0, check)


def test_a_stall_is_no_endless_wait(monkeypatch):
    """When nothing arrives any more, the counts are reported."""
    monkeypatch.setattr(progress, "_PATIENCE_SECONDS", 0.2)

    with pytest.raises(DemoFailed, match="5 in the topic, 0 in the index of 10 records"):
        watch(Console(file=io.StringIO()), 10, lambda: 5, lambda: 0, lambda: None)

"""Offsets are committed in time although a poll takes long: by another thread, which leaves the rest to the loop."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from connect.api import ConnectException
from connect.runtime import background_commits
from connect.runtime.progress import Stage
from tests.unit.runtime.parts import AcknowledgedSource, ScriptedSource, record
from tests.unit.runtime.test_source_task import Running
from tests.waiting import wait_until

SOON = 0.01


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background_commits, "_LOOP_FIRST_SECONDS", SOON)


class Blocking:
    """A poll that doesn't come back until it is let go."""

    def __init__(self) -> None:
        self.entered, self.let_go = threading.Event(), threading.Event()

    def __call__(self) -> None:
        self.entered.set()
        assert self.let_go.wait(30)


@contextmanager
def blocked(*, flush_interval: float = SOON, source: Any = ScriptedSource) -> Iterator[Running]:
    """A task that has polled one record and is in a poll that takes long."""
    poll = Blocking()
    run = Running([[record("a", 1)], poll], source=source, flush_interval=flush_interval)
    failures: list[BaseException] = []
    thread = threading.Thread(target=lambda: _run(run, failures))
    thread.start()
    try:
        assert poll.entered.wait(10)
        yield run
    finally:
        poll.let_go.set()
        thread.join(10)
        assert not thread.is_alive()
    if failures:
        raise failures[0]


def _run(run: Running, failures: list[BaseException]) -> None:
    try:
        run.run()
    except BaseException as failure:
        failures.append(failure)


def _offset_threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "offsets"}


def test_offsets_are_committed_and_the_task_is_told_while_its_poll_waits() -> None:
    with blocked() as run:
        wait_until(lambda: run.offsets.stored == {"p": {"at": 1}})
        wait_until(lambda: run.source.calls.count("commit") >= 2)  # every interval, also without news
        assert run.progress.stage in (Stage.TASK_POLL, Stage.COMMIT)
        assert run.progress.counters["offset-commit-success-total"] >= 1
    assert run.source.calls[-1] == "stop"
    wait_until(lambda: not _offset_threads(), what="the end of the thread")


def test_a_failed_commit_is_repeated() -> None:
    run: Running
    with blocked(flush_interval=0.05) as run:
        run.offsets.failures.append(ConnectException("offsets topic is away"))
        wait_until(lambda: run.offsets.stored == {"p": {"at": 1}})
        assert run.progress.counters["offset-commit-failure-total"] == 1


def test_a_task_that_is_asked_to_stop_commits_before_its_poll_comes_back() -> None:
    with blocked(flush_interval=3600) as run:
        assert run.offsets.stored == {}
        run.control.stop()
        wait_until(lambda: run.offsets.stored == {"p": {"at": 1}})


def test_a_task_may_wait_in_its_poll_for_the_acknowledgement_of_its_records() -> None:
    with blocked(flush_interval=3600, source=AcknowledgedSource) as run:
        wait_until(lambda: run.source.acknowledged == [("a", 0)])
        assert run.offsets.stored == {}


def test_a_task_that_is_not_prepared_is_told_when_its_poll_has_come_back() -> None:
    class Unprepared(ScriptedSource):
        COMMITS_WHILE_POLLING = False

    with blocked(source=Unprepared) as run:
        wait_until(lambda: run.offsets.stored == {"p": {"at": 1}})
        assert "commit" not in run.source.calls
    assert run.source.calls[:2] == ["start", "commit"]


def test_a_task_that_is_not_prepared_to_hear_of_its_records_is_left_alone() -> None:
    class Unprepared(AcknowledgedSource):
        COMMITS_WHILE_POLLING = False

    before = _offset_threads()
    with blocked(source=Unprepared) as run:
        assert _offset_threads() <= before  # those of other tests may end meanwhile
    assert run.source.acknowledged == [("a", 0)]
    assert run.offsets.stored == {"p": {"at": 1}}


def test_what_a_commit_raises_that_is_no_error_fails_the_task() -> None:
    class Leaving(ScriptedSource):
        def commit(self) -> None:
            self.calls.append("commit")
            raise SystemExit("off I go")

    with pytest.raises(SystemExit, match="off I go"), blocked(source=Leaving) as run:
        wait_until(lambda: "commit" in run.source.calls)


def test_offsets_are_committed_while_a_task_is_paused() -> None:
    run = Running([], flush_interval=SOON)
    run.source = run.task._task = ScriptedSource([[record("a", 1)], lambda: run.control.pause(True)], run.control.stop)
    run.offsets.failures.append(ConnectException("offsets topic is away"))
    thread = threading.Thread(target=run.run)
    thread.start()
    wait_until(lambda: run.offsets.stored == {"p": {"at": 1}})
    run.control.pause(False)
    thread.join(10)

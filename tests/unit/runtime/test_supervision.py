"""Rules for tasks: stalls, restarts, speed, dropped records. No process and no clock but the test's."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from connect import logging as connect_logging
from connect.api import ConfigException, ConnectException
from connect.runtime.errors.tolerance import DropBudget, ErrorPolicy, Failure, ToleranceOperator
from connect.runtime.progress import Progress, Stage
from connect.runtime.rate_limits import RateLimits
from connect.runtime.restarts import RestartHistory
from connect.runtime.task_rules import TaskRules, without_live_keys
from connect.runtime.watchdog import describe_stall, stalled_for
from tests.unit.runtime.parts import batch_of


def test_the_connectors_keys_win_over_the_workers() -> None:
    worker = {"task.restart.policy": "on-failure", "task.stall.timeout.ms": "1000"}
    rules = TaskRules.read(worker, {"task.stall.timeout.ms": "2500", "file": "x"})
    assert (rules.restart_failed, rules.stall_timeout) == (True, 2.5)
    with pytest.raises(ConfigException, match="String must be one of: report, restart"):
        TaskRules.read({}, {"task.stall.action": "pray"})


def test_limits_may_change_without_a_restart() -> None:
    assert without_live_keys({"a": "1", "records.per.second.max": "5"}) == {"a": "1"}


@pytest.mark.parametrize(
    ("stage", "age", "silent", "expected"),
    [
        ("TASK_PUT", 20.0, 1.0, 20.0),
        ("TASK_PUT", 5.0, 1.0, None),
        ("TASK_PUT", 5.0, 15.0, 20.0),  # the interpreter is blocked: no more reports
        ("KAFKA_CONSUME", 5000.0, 1.0, None),
        ("PAUSED", 5000.0, 1.0, None),
        ("KAFKA_CONSUME", 1.0, 50.0, 50.0),
    ],
)
def test_who_makes_no_progress(stage: str, age: float, silent: float, expected: float | None) -> None:
    assert stalled_for({"stage": stage, "age": age}, silent, timeout=10) == expected


def test_a_timeout_of_0_lets_everything_pass() -> None:
    assert stalled_for({"stage": "TASK_PUT", "age": 1e9}, 1e9, timeout=0) is None


def test_the_evidence_names_stage_and_age() -> None:
    text = describe_stall({"stage": Stage.TASK_PUT.name}, 61.4, "Thread MainThread: ...")
    assert text.splitlines() == ["The task makes no progress: it is in stage 'put' for 61 s.", "Thread MainThread: ..."]


def test_restarts_back_off_and_end_in_a_crash_loop() -> None:
    history = RestartHistory(TaskRules(restart_failed=True, restart_max=3, restart_window=100, restart_backoff=1))
    assert [history.next_delay("boom", now) for now in (0.0, 10.0, 20.0, 30.0)] == [1, 2, 4, None]
    assert history.next_delay("boom", 105.0) == 4  # the first has left the window
    assert history.describe().startswith("Restarted 4 times, limit 3:")
    assert "boom" in history.describe()


def test_without_a_policy_nothing_is_restarted() -> None:
    assert RestartHistory(TaskRules()).next_delay("boom", 0.0) is None
    assert RestartHistory(TaskRules(restart_failed=True)).next_delay("boom", 0.0, stalled=True) is None
    assert RestartHistory(TaskRules(restart_stalled=True)).next_delay("stalled", 0.0, stalled=True) == 1


def test_rates_are_kept_and_may_change() -> None:
    now = [0.0]
    limits = RateLimits(lambda: now[0])
    assert not limits.active
    limits.set(100.0, 0.0)
    assert (limits.active, limits.records_at_once) == (True, 100)
    limits.spend(100, 10_000)
    assert limits.wait_seconds() == pytest.approx(1.0)
    now[0] = 0.5
    assert limits.wait_seconds() == pytest.approx(0.5)
    limits.set(0.0, 1000.0)
    limits.spend(1, 2000)
    assert limits.wait_seconds() > 1
    limits.set(0.0, 0.0)
    assert limits.wait_seconds() == 0


def test_a_step_is_never_longer_than_a_second() -> None:
    limits = RateLimits(lambda: 0.0)
    limits.set(0.5, 0.0)
    assert limits.records_at_once == 1
    limits.set(1e6, 0.0)
    assert limits.records_at_once == 1000
    limits.set(0.0, 1000.0)
    assert limits.records_at_once == 1  # as long as it is not known how large records are
    limits.spend(1, 100)
    assert limits.records_at_once == 10


def test_what_was_copied_under_another_limit_is_not_counted() -> None:
    limits = RateLimits(lambda: 0.0)
    limits.set(1000.0, 0.0)
    limits.spend(1000, 10)
    limits.set(0.5, 0.0)
    assert limits.wait_seconds() == 0
    limits.spend(1, 10)
    assert limits.wait_seconds() == 2


@pytest.mark.parametrize(
    ("budget", "allowed", "says"),
    [
        (DropBudget(max_count=2), 2, "3 records were dropped, .* errors.drop.max.count=2 allows"),
        (DropBudget(max_percent=1.5), 3, "4 of 200 records were dropped, .* errors.drop.max.percent=1.5 allows"),
    ],
)
def test_a_drop_budget_fails_the_task(budget: DropBudget, allowed: int, says: str) -> None:
    progress = Progress()
    progress.count("sink-record-read-total", 200)
    operator = ToleranceOperator(ErrorPolicy(tolerate_all=True), [], progress, lambda _: False, budget)
    failure = Failure(Stage.VALUE_CONVERTER, "C", batch_of("x"), ValueError("bad"))
    for _ in range(allowed):
        operator.fail(failure)
    with pytest.raises(ConnectException, match=says):
        operator.fail(failure)


def test_lines_as_json(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", list(root.handlers))
    level = root.level
    connect_logging.configure(json_lines=True)
    with connect_logging.connector_context("a|b", "task-0|offsets"):
        logging.getLogger("x").info("moved %d", 3)
    root.setLevel(level)
    line = json.loads(capsys.readouterr().out)
    assert {key: line[key] for key in ("level", "connector", "scope", "logger", "message")} == {
        "level": "INFO",
        "connector": "a|b",
        "scope": "task-0|offsets",
        "logger": "x",
        "message": "moved 3",
    }


def test_what_a_task_prints_becomes_lines(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    connect_logging.capture_standard_output()
    with caplog.at_level(logging.INFO):
        sys.stdout.write("one\ntwo")
        sys.stdout.write(" and a half\n")
    assert [record.message for record in caplog.records] == ["one", "two and a half"]

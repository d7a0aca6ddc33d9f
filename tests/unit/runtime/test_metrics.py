"""Metrics: what history makes of counters, which attributes there are, and how Prometheus gets them."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import pytest

from connect.api.metrics_reporter import Metric
from connect.runtime.ids import ConnectorTaskId, State
from connect.runtime.metrics.history import CounterHistory, StateHistory
from connect.runtime.metrics.prometheus import render
from connect.runtime.metrics.task_metrics import TaskMetrics
from connect.runtime.metrics.worker_metrics import ConnectorFacts, WorkerMetrics
from connect.runtime.progress import Progress
from connect.runtime.restarts import RestartHistory
from connect.runtime.running_tasks import RunningTask
from connect.runtime.task_context import WorkerTaskContext
from connect.runtime.task_link import TaskControl
from connect.runtime.task_rules import TaskRules
from tests.unit.runtime.parts import operator

_FACTS = {
    "connector-class": "C",
    "connector-version": "1",
    "task-class": "T",
    "task-version": "1",
    **{f"{part}-converter-{what}": "x" for part in ("key", "value", "header") for what in ("class", "version")},
    "transforms": [["t", "Hoist", "1"]],
    "predicates": [["p", "HasHeader", "1"]],
}


def test_rates_look_back_as_far_as_the_window() -> None:
    history = CounterHistory(60, now=0)
    for second in range(0, 200, 2):
        history.add(second, {"n": 10 * second})
    assert history.total("n") == 1980
    assert history.rate("n", 198) == pytest.approx(10, rel=0.05)
    assert history.rate("n", 1000) == 0


def test_averages_and_extremes_forget() -> None:
    history = CounterHistory(60, now=0)
    history.add(1, {"t-sum": 30, "t-count": 2}, {"t": (10, 20)})
    history.add(50, {"t-sum": 36, "t-count": 3}, {"t": (6, 6)})
    assert (history.average("t", 50), history.least("t", 50), history.largest("t", 50)) == (12, 6, 20)
    assert (history.average("t", 65), history.largest("t", 65)) == (6, 6)
    assert math.isnan(history.average("t", 500))


def test_shares_add_up() -> None:
    history = CounterHistory(60, now=0)
    history.add(1, {"good": 3, "bad": 1})
    assert history.share("good", ("good", "bad"), 1) == 0.75
    assert history.share("other", ("other",), 1) == 0


def test_ratios_of_states() -> None:
    states = StateHistory(100, 0, "UNASSIGNED")
    states.change(10, "RUNNING")
    states.change(40, "PAUSED")
    assert states.ratio("RUNNING", 50) == pytest.approx(0.6)
    assert states.ratio("PAUSED", 50) == pytest.approx(0.2)
    assert states.ratio("RUNNING", 200) == 0


def test_counters_go_on_after_a_restart() -> None:
    metrics = TaskMetrics(60, 0)
    metrics.report(1, {"counters": {"total-retries": 5}})
    metrics.restarted()
    metrics.report(2, {"counters": {"total-retries": 2}})
    assert metrics.groups(2)["task-error-metrics"]["total-retries"] == 7


def test_what_a_plugin_counts_and_measures_is_shown_as_its_own() -> None:
    control, tolerance = TaskControl(), operator()
    context = WorkerTaskContext({}, control, tolerance, "T")
    context.count("udp-dropped-total", 2)
    context.gauge("source-lag-bytes", 9)
    context.gauge("source-lag-bytes", 7)
    metrics = TaskMetrics(60, 0)
    metrics.report(1, tolerance.progress.report())
    assert metrics.groups(1)["task-plugin-metrics"] == {"udp-dropped-total": 2, "source-lag-bytes": 7}


def _running(task_id: ConnectorTaskId, kind: str) -> RunningTask:
    progress = Progress()
    progress.count("source-record-poll-total", 3)
    progress.time("poll-batch", 0.002)
    progress.spread("transaction-size", 3)
    metrics = TaskMetrics(60, 0)
    metrics.facts = {**_FACTS, "connector-type": kind}
    metrics.report(1, progress.report())
    metrics.change_state(1, State.RUNNING)
    return RunningTask(task_id, {}, TaskRules(), RestartHistory(TaskRules()), metrics, state=State.RUNNING)


def _collected() -> list[Metric]:
    tasks = {
        task_id: _running(task_id, task_id.connector)
        for task_id in (ConnectorTaskId("source", 0), ConnectorTaskId("sink", 0))
    }
    connectors = {name: ConnectorFacts("RUNNING", name, "C", "1") for name in ("source", "sink")}
    return WorkerMetrics(60).collect(tasks, connectors)


def _expected() -> dict[str, set[str]]:
    """Group to attributes, of the MBeans that a worker's connectors and tasks have."""
    default = Path(__file__).parents[4] / "shared" / "conformance"
    folder = Path(os.environ.get("CONFORMANCE_DIR", default))
    beans = json.loads((folder / "metrics" / "jmx-mbeans.json").read_text())["mbeans"]
    groups: dict[str, set[str]] = {}
    for bean in beans:
        domain, _, properties = bean["mbean"].partition(":")
        group = properties.split(",")[0].removeprefix("type=")
        if domain == "kafka.connect":
            groups.setdefault(group, set()).update(bean["attributes"])
    return groups


# What the group's member and its connections measure comes from where they are; see WorkerMetrics.sources.
_OF_THE_MEMBER = {
    "connect-coordinator-metrics",
    "connect-metrics",
    "connect-node-metrics",
    "connect-worker-rebalance-metrics",
}


def test_every_attribute_of_connectors_and_tasks_is_there() -> None:
    have: dict[str, set[str]] = {}
    for metric in _collected():
        have.setdefault(metric.group, set()).add(metric.attribute)
    expected = {group: names for group, names in _expected().items() if group not in _OF_THE_MEMBER}
    expected["app-info"] = {"version", "commit-id", "start-time-ms"}  # the upper-case ones are the same once more
    assert len(expected) == 10
    missing = {group: sorted(names - have.get(group, set())) for group, names in expected.items()}
    assert not any(missing.values()), missing


def test_prometheus_text() -> None:
    tags = {"connector": 'a"b', "task": "0"}
    text = render(
        [
            Metric("source-task-metrics", "source-record-poll-total", 3, tags),
            Metric("connector-task-metrics", "status", "running", tags),
            Metric("connector-task-metrics", "batch-size-avg", math.nan, tags),
            Metric("connect-worker-metrics", "task-count", 2.5, {}),
        ]
    )
    assert text.splitlines() == [
        "# TYPE kafka_connect_source_task_metrics_source_record_poll_total counter",
        'kafka_connect_source_task_metrics_source_record_poll_total{connector="a\\"b",task="0"} 3',
        "# TYPE kafka_connect_connector_task_metrics_status gauge",
        'kafka_connect_connector_task_metrics_status{connector="a\\"b",task="0",status="running"} 1',
        "# TYPE kafka_connect_connector_task_metrics_batch_size_avg gauge",
        'kafka_connect_connector_task_metrics_batch_size_avg{connector="a\\"b",task="0"} NaN',
        "# TYPE kafka_connect_connect_worker_metrics_task_count gauge",
        "kafka_connect_connect_worker_metrics_task_count 2.5",
    ]


def test_the_names_of_the_exporters_example_rules() -> None:
    tags = {"connector": "a", "task": "0"}
    text = render(
        [
            Metric("source-task-metrics", "source-record-poll-total", 3, tags),
            Metric("connector-task-metrics", "status", "running", tags),
            Metric("connect-worker-metrics", "task-count", 2, {}),
            Metric("connect-worker-metrics", "connector-failed-task-count", 1, {"connector": "a"}),
            Metric("connect-worker-rebalance-metrics", "epoch", 4, {}),
        ],
        short=True,
    )
    assert [line for line in text.splitlines() if not line.startswith("#")] == [
        'kafka_connect_source_task_source_record_poll_total{connector="a",task="0"} 3',
        'kafka_connect_connector_status{connector="a",task="0",status="running"} 1',
        "kafka_connect_worker_task_count 2",
        'kafka_connect_connect_worker_connector_failed_task_count{connector="a"} 1',
        "kafka_connect_worker_rebalance_epoch 4",
    ]


def test_a_failed_task_keeps_its_metrics() -> None:
    running: Any = _running(ConnectorTaskId("source", 0), "source")
    running.metrics.change_state(2, State.FAILED)
    groups = running.metrics.groups(3)
    assert groups["connector-task-metrics"]["status"] == "failed"
    assert groups["source-task-metrics"]["source-record-poll-total"] == 3


def test_what_a_plugin_counts_is_a_group_of_its_own() -> None:
    metrics = TaskMetrics(60, now=0)
    metrics.report(1, {"counters": {"plugin/messages-dropped-total": 3, "source-record-poll-total": 1}})
    assert metrics.groups(1)["task-plugin-metrics"] == {"messages-dropped-total": 3}
    metrics.restarted()
    metrics.report(2, {"counters": {"plugin/messages-dropped-total": 2}})
    assert metrics.groups(2)["task-plugin-metrics"] == {"messages-dropped-total": 5}
    assert "task-plugin-metrics" not in TaskMetrics(60, now=0).groups(1)


def test_a_busy_time_takes_no_more_memory_than_a_quiet_one() -> None:
    """Thousands of events within a window are kept as a few, whose totals, rates and extremes are right."""
    history = CounterHistory(60, now=0)
    for tick in range(1, 12_001):
        history.add(tick / 100, {"n": tick}, {"n": (tick, tick)})
    assert len(history._points) <= 2 * 60 + 3
    assert len(history._extremes) <= 60 + 2
    assert history.total("n") == 12_000
    assert history.increase("n", 120) == pytest.approx(6_000, abs=200)
    assert history.largest("n", 120) == 12_000
    assert history.least("n", 120) == pytest.approx(6_000, abs=200)

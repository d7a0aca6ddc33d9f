"""All metrics of a worker: its own, those of its connectors, and those of its tasks."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from connect import KAFKA_VERSION
from connect.api.metrics_reporter import Metric
from connect.runtime.ids import ConnectorTaskId, State
from connect.runtime.metrics.history import CounterHistory
from connect.runtime.running_tasks import RunningTask

_COUNTED = (State.RUNNING, State.PAUSED, State.FAILED, State.UNASSIGNED, State.DESTROYED, State.RESTARTING)


Source = Callable[[], Iterable[Metric]]


class ConnectorFacts(NamedTuple):
    """What is shown of a connector on this worker."""

    status: str
    kind: str
    class_name: str
    version: str


class Startups:
    """How often connectors or tasks were started, and how that went."""

    def __init__(self, noun: str, window: float) -> None:
        self._noun = noun
        self._counters: Counter[str] = Counter()
        self._history = CounterHistory(window, time.monotonic())

    def attempt(self) -> None:
        """Something is started."""
        self._count("attempts")

    def end(self, *, success: bool) -> None:
        """It came up, or it did not."""
        self._count("success" if success else "failure")

    def _count(self, what: str) -> None:
        self._counters[what] += 1
        self._history.add(time.monotonic(), self._counters)

    def metrics(self) -> Iterator[Metric]:
        """Totals and shares."""
        now = time.monotonic()
        prefix = f"{self._noun}-startup"
        yield Metric("connect-worker-metrics", f"{prefix}-attempts-total", self._counters["attempts"], {})
        for what in ("success", "failure"):
            share = self._history.share(what, ("success", "failure"), now)
            yield Metric("connect-worker-metrics", f"{prefix}-{what}-total", self._counters[what], {})
            yield Metric("connect-worker-metrics", f"{prefix}-{what}-percentage", share, {})


class WorkerMetrics:
    """Collects; other parts of the worker may add sources, such as its membership in the group."""

    def __init__(self, window: float) -> None:
        """``window`` in seconds: how far rates and averages look back."""
        self.window = window
        self.connector_startups = Startups("connector", window)
        self.task_startups = Startups("task", window)
        self.sources: list[Source] = []
        self._started_ms = int(time.time() * 1000)

    @classmethod
    def from_properties(cls, properties: Mapping[str, str]) -> WorkerMetrics:
        """``metrics.sample.window.ms`` times ``metrics.num.samples``."""
        sample = int(properties.get("metrics.sample.window.ms", "30000"))
        return cls(sample * int(properties.get("metrics.num.samples", "2")) / 1000)

    def collect(
        self, tasks: Mapping[ConnectorTaskId, RunningTask], connectors: Mapping[str, ConnectorFacts]
    ) -> list[Metric]:
        """Everything, now."""
        found = [*self._worker(tasks, connectors), *self._connectors(tasks, connectors), *self._tasks(tasks)]
        for source in self.sources:
            found += source()
        found.append(Metric("kafka-metrics-count", "count", len(found) + 1, {}))
        return found

    def _worker(
        self, tasks: Mapping[ConnectorTaskId, RunningTask], connectors: Mapping[str, ConnectorFacts]
    ) -> Iterator[Metric]:
        yield Metric("app-info", "version", KAFKA_VERSION, {})
        yield Metric("app-info", "commit-id", "unknown", {})
        yield Metric("app-info", "start-time-ms", self._started_ms, {})
        yield Metric("connect-worker-metrics", "connector-count", len(connectors), {})
        yield Metric("connect-worker-metrics", "task-count", len(tasks), {})
        yield from self.connector_startups.metrics()
        yield from self.task_startups.metrics()

    def _connectors(
        self, tasks: Mapping[ConnectorTaskId, RunningTask], connectors: Mapping[str, ConnectorFacts]
    ) -> Iterator[Metric]:
        states: dict[str, Counter[State]] = {name: Counter() for name in connectors}
        for task_id, running in tasks.items():
            states.setdefault(task_id.connector, Counter())[running.state] += 1
        for name, counted in states.items():
            tags = {"connector": name}
            group = "connect-worker-metrics"
            yield Metric(group, "connector-total-task-count", counted.total(), tags)
            for state in _COUNTED:
                yield Metric(group, f"connector-{state.value.lower()}-task-count", counted[state], tags)
        for name, facts in connectors.items():
            tags = {"connector": name}
            yield Metric("connector-metrics", "status", facts.status.lower(), tags)
            yield Metric("connector-metrics", "connector-type", facts.kind, tags)
            yield Metric("connector-metrics", "connector-class", facts.class_name, tags)
            yield Metric("connector-metrics", "connector-version", facts.version, tags)

    def _tasks(self, tasks: Mapping[ConnectorTaskId, RunningTask]) -> Iterator[Metric]:
        now = time.monotonic()
        for task_id, running in tasks.items():
            tags = {"connector": task_id.connector, "task": str(task_id.task)}
            for group, attributes in running.metrics.groups(now).items():
                for attribute, value in attributes.items():
                    yield Metric(group, attribute, value, tags)
            for group, alias, attributes in running.metrics.plugins():
                label = "transform" if "transform" in group else "predicate"
                for attribute, value in attributes.items():
                    yield Metric(group, attribute, value, {**tags, label: alias})
            yield Metric("connector-task-metrics", "stalled", float(running.stalled), tags)
            yield Metric("connector-task-metrics", "restart-total", running.restarts.total, tags)

"""The metrics of one task, by group and attribute as Kafka Connect names them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connect.runtime.ids import State
from connect.runtime.metrics.history import CounterHistory, StateHistory
from connect.runtime.progress import PLUGIN_COUNTER

Value = float | str
Attributes = dict[str, Value]

_ERROR_TOTALS = (
    "total-record-failures",
    "total-record-errors",
    "total-records-skipped",
    "total-retries",
    "total-errors-logged",
    "deadletterqueue-produce-requests",
    "deadletterqueue-produce-failures",
)
_COMMITS = ("offset-commit-success-total", "offset-commit-failure-total")
_GAUGES = ("source-record-active-count", "sink-record-active-count")


class TaskMetrics:
    """Fed with a task's reports and states; keeps its values when the task has failed."""

    def __init__(self, window: float, now: float) -> None:
        self._counters = CounterHistory(window, now)
        self._states = StateHistory(window, now, State.UNASSIGNED.value)
        self._state = State.UNASSIGNED
        self._carried: dict[str, float] = {}
        self._latest: Mapping[str, float] = {}
        self._gauges: Mapping[str, float] = {}
        self._stamps: Mapping[str, float] = {}
        self.facts: dict[str, Any] = {}
        """Kind, classes and versions; see ``task_facts``."""

    def report(self, now: float, report: Mapping[str, Any]) -> None:
        """The task's process has told its counters."""
        self._latest = report.get("counters", {})
        self._gauges, self._stamps = report.get("gauges", {}), report.get("stamps", {})
        counters = dict(self._carried)
        for name, value in self._latest.items():
            counters[name] = counters.get(name, 0.0) + value
        extremes = dict(report.get("extremes", {}))
        for name in _GAUGES:
            if name in self._gauges:
                value = self._gauges[name]
                extremes[name] = (value, value)
                counters[f"{name}-sum"] = self._counters.total(f"{name}-sum") + value
                counters[f"{name}-count"] = self._counters.total(f"{name}-count") + 1
        self._counters.add(now, counters, extremes)

    def restarted(self) -> None:
        """The task has got a new process, whose counters begin at 0; ours go on."""
        for name, value in self._latest.items():
            self._carried[name] = self._carried.get(name, 0.0) + value
        self._latest, self._gauges = {}, {}

    def change_state(self, now: float, state: State) -> None:
        """The task is in that state from now on."""
        self._state = state
        self._states.change(now, state.value)

    def groups(self, now: float) -> dict[str, Attributes]:
        """All groups but those of transformations and predicates."""
        groups = {"connector-task-metrics": self._task(now), "task-error-metrics": self._errors()}
        kind = self.facts.get("connector-type")
        if kind == "source":
            groups["source-task-metrics"] = self._source(now)
        elif kind == "sink":
            groups["sink-task-metrics"] = self._sink(now)
        own = self._own()
        return groups | ({"task-plugin-metrics": own} if own else {})

    def _own(self) -> Attributes:
        """What the plugin counts and measures itself."""
        names = [name for name in self._carried | dict(self._latest) if name.startswith(PLUGIN_COUNTER)]
        own: Attributes = {name.removeprefix(PLUGIN_COUNTER): self._counters.total(name) for name in sorted(names)}
        gauges = {name: value for name, value in self._gauges.items() if name.startswith(PLUGIN_COUNTER)}
        return own | {name.removeprefix(PLUGIN_COUNTER): value for name, value in sorted(gauges.items())}

    def plugins(self) -> list[tuple[str, str, Attributes]]:
        """Transformations and predicates: group, alias, class and version."""
        return [
            (f"connector-{kind}-metrics", alias, {f"{kind}-class": name, f"{kind}-version": version})
            for kind in ("transform", "predicate")
            for alias, name, version in self.facts.get(f"{kind}s", ())
        ]

    def _task(self, now: float) -> Attributes:
        history = self._counters
        return {
            "status": self._state.value.lower(),
            "running-ratio": self._states.ratio(State.RUNNING.value, now),
            "pause-ratio": self._states.ratio(State.PAUSED.value, now),
            "batch-size-avg": history.average("batch-size", now),
            "batch-size-max": history.largest("batch-size", now),
            "offset-commit-avg-time-ms": history.average("offset-commit", now),
            "offset-commit-max-time-ms": history.largest("offset-commit", now),
            "offset-commit-success-percentage": history.share(_COMMITS[0], _COMMITS, now),
            "offset-commit-failure-percentage": history.share(_COMMITS[1], _COMMITS, now),
            **{name: value for name, value in self.facts.items() if isinstance(value, str)},
        }

    def _rates(self, now: float, *names: str) -> Attributes:
        values: Attributes = {}
        for name in names:
            values[f"{name}-rate"] = self._counters.rate(f"{name}-total", now)
            values[f"{name}-total"] = self._counters.total(f"{name}-total")
        return values

    def _batches(self, now: float, name: str) -> Attributes:
        return {
            f"{name}-batch-max-time-ms": self._counters.largest(f"{name}-batch", now),
            f"{name}-batch-avg-time-ms": self._counters.average(f"{name}-batch", now),
        }

    def _active(self, now: float, name: str) -> Attributes:
        return {
            name: self._gauges.get(name, 0.0),
            f"{name}-max": self._counters.largest(name, now),
            f"{name}-avg": self._counters.average(name, now),
        }

    def _source(self, now: float) -> Attributes:
        values = self._rates(now, "source-record-poll", "source-record-write")
        values |= self._batches(now, "poll") | self._active(now, "source-record-active-count")
        if self._counters.total("transaction-size-count"):
            values |= {
                "transaction-size-min": self._counters.least("transaction-size", now),
                "transaction-size-max": self._counters.largest("transaction-size", now),
                "transaction-size-avg": self._counters.average("transaction-size", now),
            }
        return values

    def _sink(self, now: float) -> Attributes:
        values = self._rates(
            now, "sink-record-read", "sink-record-send", "offset-commit-completion", "offset-commit-skip"
        )
        values |= self._batches(now, "put") | self._active(now, "sink-record-active-count")
        values |= {name: self._gauges.get(name, 0.0) for name in ("partition-count", "offset-commit-seq-no")}
        return values

    def _errors(self) -> Attributes:
        values: Attributes = {name: self._counters.total(name) for name in _ERROR_TOTALS}
        return values | {"last-error-timestamp": self._stamps.get("last-error-timestamp", 0.0)}

"""Figures of a worker's membership: its rounds, and its talk with the coordinator; under Java's names."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Iterator

from connect.api.metrics_reporter import Metric
from connect.herder.distributed.group import GroupView
from connect.runtime.metrics.history import CounterHistory

_SECONDS_PER_HOUR = 3600


class GroupMetrics:
    """Told by the group, on any thread. ``window`` in seconds: how far rates and averages look back."""

    def __init__(self, client_id: str, window: float) -> None:
        self._tags = {"client-id": client_id}
        self._lock = threading.Lock()
        self._counters: Counter[str] = Counter()
        self._history = CounterHistory(window, time.monotonic())
        self._began: float | None = None
        self._ended = self._heartbeat = -math.inf
        self._view: GroupView | None = None

    def took(self, step: str, seconds: float) -> None:
        """The coordinator has answered a ``join``, ``sync`` or ``heartbeat`` after so long."""
        with self._lock:
            if step == "heartbeat":
                self._heartbeat = time.monotonic()
            self._note(step, seconds)

    def begin(self) -> None:
        """A round of the group begins, unless the one before hasn't ended yet."""
        with self._lock:
            self._began = time.monotonic() if self._began is None else self._began

    def formed(self, view: GroupView) -> None:
        """The coordinator has told what this worker is to do."""
        with self._lock:
            self._view = view
            if self._began is not None:
                self._note("rebalance-latency", time.monotonic() - self._began)

    def end(self) -> None:
        """This worker does what it was told to."""
        with self._lock:
            self._ended = time.monotonic()
            if self._began is not None:
                self._note("rebalance", self._ended - self._began)
            self._began = None

    def fail(self) -> None:
        """The worker is out of the group."""
        with self._lock:
            self._note("failed-rebalance", 0.0)

    def _note(self, what: str, seconds: float) -> None:
        milliseconds = seconds * 1000
        self._counters[f"{what}-count"] += 1
        self._counters[f"{what}-sum"] += milliseconds  # type: ignore[assignment]  # times are fractions
        self._history.add(time.monotonic(), self._counters, {what: (milliseconds, milliseconds)})

    # Shown

    def metrics(self) -> Iterator[Metric]:
        """All figures, now."""
        with self._lock:
            own, talk = self._of_the_worker(), self._with_the_coordinator()
        for attribute, value in own.items():
            yield Metric("connect-worker-rebalance-metrics", attribute, value, {})
        for attribute, number in talk.items():
            yield Metric("connect-coordinator-metrics", attribute, number, self._tags)

    def _of_the_worker(self) -> dict[str, float | str]:
        now, view = time.monotonic(), self._view
        return {
            "connect-protocol": "" if view is None else view.protocol.name,
            "leader-name": "" if view is None else view.leader_url,
            "epoch": 0 if view is None else view.generation,
            "completed-rebalances-total": self._counters["rebalance-count"],
            "rebalancing": float(self._began is not None),
            "rebalance-avg-time-ms": self._history.average("rebalance", now),
            "rebalance-max-time-ms": self._history.largest("rebalance", now),
            "time-since-last-rebalance-ms": (now - self._ended) * 1000,
        }

    def _with_the_coordinator(self) -> dict[str, float]:
        now, history, view = time.monotonic(), self._history, self._view
        found: dict[str, float] = {
            "assigned-connectors": 0 if view is None else len(view.work.connectors),
            "assigned-tasks": 0 if view is None else len(view.work.tasks),
            "heartbeat-response-time-max": history.largest("heartbeat", now),
            "last-heartbeat-seconds-ago": now - self._heartbeat if self._heartbeat > 0 else -1,
            "last-rebalance-seconds-ago": now - self._ended if self._ended > 0 else -1,
            "rebalance-latency-avg": history.average("rebalance-latency", now),
            "rebalance-latency-max": history.largest("rebalance-latency", now),
            "rebalance-latency-total": self._counters["rebalance-latency-sum"],
        }
        for step in ("heartbeat", "join", "sync"):
            found[f"{step}-rate"] = history.rate(f"{step}-count", now)
            found[f"{step}-total"] = self._counters[f"{step}-count"]
        for step in ("join", "sync"):
            found[f"{step}-time-avg"] = history.average(step, now)
            found[f"{step}-time-max"] = history.largest(step, now)
        for what in ("rebalance", "failed-rebalance"):
            found[f"{what}-rate-per-hour"] = history.rate(f"{what}-count", now) * _SECONDS_PER_HOUR
            found[f"{what}-total"] = self._counters[f"{what}-count"]
        return found

"""Counters over time: rates, averages and extremes of the last while, from reports that come every few seconds."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping

_SLICES = 60
"""Reports that come faster than this many to a window are put together, or a busy time would fill the memory."""

Extremes = Mapping[str, tuple[float, float]]
"""By metric: the least and the largest value since the last report."""


class CounterHistory:
    """Growing counters as they were at several times, for as long as the window reaches back. Times in seconds."""

    def __init__(self, window: float, now: float) -> None:
        self._window = window
        self._slice = window / _SLICES
        self._began = now
        self._points: deque[tuple[float, Mapping[str, float]]] = deque([(now, {})])
        self._extremes: deque[tuple[float, Extremes]] = deque()

    def add(self, now: float, counters: Mapping[str, float], extremes: Extremes | None = None) -> None:
        """What the counters are now."""
        if counters != self._points[-1][1]:
            if len(self._points) > 1 and now - self._points[-2][0] < self._slice:
                self._points.pop()
            self._points.append((now, dict(counters)))
        if extremes:
            self._add_extremes(now, extremes)
        while len(self._points) > 1 and self._points[1][0] <= now - self._window:
            self._points.popleft()
        while self._extremes and self._extremes[0][0] < now - self._window:
            self._extremes.popleft()

    def _add_extremes(self, now: float, extremes: Extremes) -> None:
        if not self._extremes or now - self._extremes[-1][0] >= self._slice:
            self._extremes.append((now, dict(extremes)))
            return
        at, known = self._extremes.pop()
        merged = dict(known)
        for metric, (least, largest) in extremes.items():
            before = known.get(metric, (least, largest))
            merged[metric] = (min(least, before[0]), max(largest, before[1]))
        self._extremes.append((at, merged))

    def total(self, metric: str) -> float:
        """The counter."""
        return self._points[-1][1].get(metric, 0.0)

    def increase(self, metric: str, now: float) -> float:
        """How much the counter has grown within the window."""
        base = 0.0
        for at, counters in self._points:
            if at > now - self._window:
                break
            base = counters.get(metric, 0.0)
        return self.total(metric) - base

    def rate(self, metric: str, now: float) -> float:
        """Growth per second within the window."""
        seconds = min(self._window, now - self._began)
        return self.increase(metric, now) / seconds if seconds > 0 else 0.0

    def average(self, metric: str, now: float) -> float:
        """The average of the values taken within the window; NaN without any."""
        count = self.increase(f"{metric}-count", now)
        return self.increase(f"{metric}-sum", now) / count if count else math.nan

    def share(self, metric: str, others: tuple[str, ...], now: float) -> float:
        """What part of the growth of all those counters this one has, from 0 to 1; 0 when none has grown."""
        all_of_them = sum(self.increase(other, now) for other in others)
        return self.increase(metric, now) / all_of_them if all_of_them else 0.0

    def least(self, metric: str, now: float) -> float:
        """The least value within the window; NaN without any."""
        return min((values[metric][0] for at, values in self._recent(now) if metric in values), default=math.nan)

    def largest(self, metric: str, now: float) -> float:
        """The largest value within the window; NaN without any."""
        return max((values[metric][1] for at, values in self._recent(now) if metric in values), default=math.nan)

    def _recent(self, now: float) -> list[tuple[float, Extremes]]:
        return [point for point in self._extremes if point[0] >= now - self._window]


class StateHistory:
    """Which part of the window was spent in which state."""

    def __init__(self, window: float, now: float, state: str) -> None:
        self._window = window
        self._began = now
        self._changes: deque[tuple[float, str]] = deque([(now, state)])

    def change(self, now: float, state: str) -> None:
        """The state is another one from now on."""
        self._changes.append((now, state))
        while len(self._changes) > 1 and self._changes[1][0] <= now - self._window:
            self._changes.popleft()

    def ratio(self, state: str, now: float) -> float:
        """From 0 to 1."""
        begin = max(self._began, now - self._window)
        if now <= begin:
            return 0.0
        ends = [*[at for at, _ in self._changes][1:], now]
        spent = sum(
            max(0.0, end - max(at, begin)) for (at, held), end in zip(self._changes, ends, strict=True) if held == state
        )
        return spent / (now - begin)

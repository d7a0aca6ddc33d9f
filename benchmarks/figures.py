"""The arithmetic of the results: medians, spreads, ratios, and what moved."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Figures = dict[str, float]
"""What one run shows, by name; units are in the names."""

RATE, STEADY, FIRST = "records/s", "steady records/s", "first record, s"
CPU, PSS, PEAK = "CPU s/M records", "PSS MB", "peak PSS MB"
MOVED = 0.15
"""A change beyond this part is told."""


@dataclass(frozen=True)
class Spread:
    """The median of some values, with the smallest and the largest."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        if self.low == self.high:
            return number(self.median)
        return f"{number(self.median)} ({number(self.low)} .. {number(self.high)})"


def spread(values: Sequence[float]) -> Spread | None:
    """Of any number of values; None of none."""
    if not values:
        return None
    return Spread(statistics.median(values), min(values), max(values))


def number(value: float) -> str:
    """Three digits that tell something."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def values_of(runs: Sequence[Figures], name: str) -> list[float]:
    """One figure of all runs that have it."""
    return [run[name] for run in runs if name in run]


def ratios(ours: Sequence[Figures], others: Sequence[Figures], name: str) -> list[float]:
    """Ours / theirs, pair by pair; pairs in which either lacks the figure or theirs isn't above 0 are left out."""
    pairs = zip(ours, others, strict=False)
    return [our[name] / other[name] for our, other in pairs if name in our and other.get(name, 0.0) > 0]


def moved(before: Mapping[str, float], now: Mapping[str, float]) -> dict[str, float]:
    """By how much (0.2: a fifth more) each figure changed that both have and that changed by more than MOVED."""
    changes = {name: now[name] / value - 1 for name, value in before.items() if value and name in now}
    return {name: change for name, change in changes.items() if abs(change) > MOVED}


def steady_rate(samples: Sequence[tuple[float, int]]) -> float:
    """Records per second between the sample with a fifth of the last count and the last, of (seconds, count).

    The time that a worker takes to create a connector and to start its clients stays out. Where there are too few
    samples for that, the rate from the beginning.
    """
    last_time, last = samples[-1]
    from_time, reached = next(each for each in samples if each[1] * 5 >= last)
    if reached == last:
        from_time, reached = 0.0, 0
    return (last - reached) / (last_time - from_time)

"""The two bars: how many records have reached the topic, and how many the index."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from connect.demo.process import DemoFailed

_POLL_SECONDS = 0.1
_CHECK_SECONDS = 1.0
_PATIENCE_SECONDS = 60.0


@dataclass
class Meter:
    """How many records have arrived at one place, and how fast: from the last look that saw none to the last change."""

    count: int = 0
    started: float = field(default_factory=time.monotonic)
    changed: float = field(default_factory=time.monotonic)

    def update(self, count: int, now: float) -> None:
        if count == 0:
            self.started = now
        if count != self.count:
            self.count, self.changed = count, now

    @property
    def rate(self) -> float:
        """Records per second."""
        return self.count / (self.changed - self.started) if self.changed > self.started else 0.0


@dataclass(frozen=True)
class Arrivals:
    topic: Meter
    index: Meter


def watch(
    console: Console,
    expected: int,
    count_topic: Callable[[], int],
    count_index: Callable[[], int],
    check: Callable[[], None],
    names: tuple[str, str] = ("CSV → Kafka", "Kafka → index"),
) -> Arrivals:
    """Show the bars until both counts are as expected; ``check`` is called every second and raises if something failed.

    Raises DemoFailed when nothing has arrived anywhere for a minute.
    """
    arrivals = Arrivals(Meter(), Meter())
    with _progress(console) as progress:
        bars = [progress.add_task(name, total=expected, rate="") for name in names]
        next_check = 0.0
        while True:
            now = time.monotonic()
            arrivals.topic.update(count_topic(), now)
            arrivals.index.update(count_index(), now)
            _show(progress, bars, arrivals)
            if arrivals.topic.count >= expected and arrivals.index.count >= expected:
                return arrivals
            if now >= next_check:
                check()
                next_check = now + _CHECK_SECONDS
            if now - max(arrivals.topic.changed, arrivals.index.changed) > _PATIENCE_SECONDS:
                counts = f"{arrivals.topic.count:,} in the topic, {arrivals.index.count:,} in the index"
                raise DemoFailed(
                    f"Nothing has arrived for {_PATIENCE_SECONDS:.0f} s: {counts} of {expected:,} records."
                )
            time.sleep(_POLL_SECONDS)


def _progress(console: Console) -> Progress:
    columns = ("  {task.description:<14}", BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"))
    return Progress(*columns, console=console)


def _show(progress: Progress, bars: list[TaskID], arrivals: Arrivals) -> None:
    for bar, meter in zip(bars, (arrivals.topic, arrivals.index), strict=True):
        progress.update(bar, completed=meter.count, rate=f"{meter.rate:,.0f} records/s" if meter.count else "")

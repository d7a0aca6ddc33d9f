"""Whether a failed task is started again, and what was done so far."""

from __future__ import annotations

import datetime
from collections import deque
from dataclasses import dataclass

from connect.runtime.task_rules import TaskRules


@dataclass(frozen=True, slots=True)
class Restart:
    """A restart that has taken place: when (``time.monotonic`` and in words), and after what."""

    at: float
    moment: str
    reason: str


class RestartHistory:
    """The restarts of one task, and the crash-loop limit on them."""

    def __init__(self, rules: TaskRules) -> None:
        self._rules = rules
        self._restarts: deque[Restart] = deque(maxlen=100)
        self.total = 0

    def next_delay(self, reason: str, now: float, *, stalled: bool = False) -> float | None:
        """Seconds until the task is to be started again; None when it stays as it is. Remembers the restart."""
        rules = self._rules
        if not (rules.restart_stalled if stalled else rules.restart_failed):
            return None
        recent = self._recent(now)
        if len(recent) >= rules.restart_max:
            return None
        self._restarts.append(Restart(now, datetime.datetime.now(datetime.UTC).isoformat(" ", "seconds"), reason))
        self.total += 1
        return min(rules.restart_backoff * 2.0 ** len(recent), rules.restart_backoff_max)

    def _recent(self, now: float) -> list[Restart]:
        return [restart for restart in self._restarts if restart.at > now - self._rules.restart_window]

    def describe(self) -> str:
        """The restarts so far, one line each; empty without any."""
        if not self._restarts:
            return ""
        lines = [f"  {restart.moment}: {restart.reason}" for restart in self._restarts]
        return "\n".join([f"Restarted {self.total} times, limit {self._rules.restart_max}:", *lines])

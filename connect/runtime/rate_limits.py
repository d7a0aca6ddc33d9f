"""How fast a task may copy: records and bytes per second, changeable while it runs."""

from __future__ import annotations

import time
from collections.abc import Callable

_RECORDS_AT_ONCE = 1000


class RateLimits:
    """An allowance of records and one of bytes; both grow with time up to a second's worth, and may be overdrawn.

    Set from the channel's thread, asked by the task's.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counted_at = clock()
        self._records_left = self._bytes_left = 0.0
        self._changed = False
        self._record_size = 0.0
        self.records_per_second = 0.0
        self.bytes_per_second = 0.0

    def set(self, records_per_second: float, bytes_per_second: float) -> None:
        """Change the limits; 0 = none. What was copied before counts no more."""
        self.records_per_second = records_per_second
        self.bytes_per_second = bytes_per_second
        self._changed = True

    @property
    def active(self) -> bool:
        """Whether there is any limit."""
        return self.records_per_second > 0 or self.bytes_per_second > 0

    @property
    def records_at_once(self) -> int:
        """How many records should be copied between two looks at the limits."""
        most: float = _RECORDS_AT_ONCE
        if self.records_per_second > 0:
            most = min(most, self.records_per_second)
        if self.bytes_per_second > 0:
            most = min(most, self.bytes_per_second / self._record_size) if self._record_size else 1
        return max(1, int(most))

    def spend(self, records: int, size: int) -> None:
        """So many records and bytes were copied."""
        self._grow()
        if records:
            self._record_size = size / records
        self._records_left -= records
        self._bytes_left -= size

    def wait_seconds(self) -> float:
        """How long to copy nothing, as things stand; 0 when there is allowance left."""
        self._grow()
        return max(_debt(self._records_left, self.records_per_second), _debt(self._bytes_left, self.bytes_per_second))

    def _grow(self) -> None:
        now = self._clock()
        if self._changed:  # a step made under a generous limit would take hours to pay under a narrow one
            self._changed = False
            self._records_left = self._bytes_left = 0.0
        seconds, self._counted_at = now - self._counted_at, now
        self._records_left = _grown(self._records_left, self.records_per_second, seconds)
        self._bytes_left = _grown(self._bytes_left, self.bytes_per_second, seconds)


def _grown(left: float, rate: float, seconds: float) -> float:
    return min(rate, left + rate * seconds) if rate > 0 else 0.0


def _debt(left: float, rate: float) -> float:
    return -left / rate if rate > 0 and left < 0 else 0.0

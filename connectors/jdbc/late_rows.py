"""Rows that become visible late, behind others that were read already: ``safe.read.window.ms``.

A transaction takes its ids, or its time, before it commits. Whoever reads meanwhile sees later rows first, and would
never look back. These classes look back for some time, and sort out what was sent already.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from connectors.jdbc.tracking import Position, PositionReader

Row = tuple[Any, ...]

_MOST_IDS = 100_000
"""How many ids behind a missing one are remembered. An old table has gaps everywhere; few of them are still open."""

_FIRST_ID = 1
"""Where databases begin to count."""


class LateRows(Protocol):
    """What a querier asks for rows that came late."""

    def begin(self, position: Position) -> Position:
        """A query begins: the position that it is to look back to."""

    def unseen(self, rows: list[Row], reader: PositionReader) -> list[Row]:
        """Those rows of the query that weren't sent before; they count as sent from now on."""

    def end(self) -> None:
        """The query that began last was read to its end."""

    def safe_position(self, position: Position) -> Position:
        """From where nothing would be lost, if ``position`` is how far everything was sent."""


class LateByTime:
    """For the timestamp modes: looks back by the window, and remembers the rows of that time by their hashes.

    A position needs no correction, as a restart looks back as well; it repeats the window's rows.
    """

    def __init__(self, window_nanos: int) -> None:
        self._window = window_nanos
        self._sent: dict[int, tuple[int, int]] = {}  # by hash of the row: its time, and how many equal rows were sent
        self._now: dict[int, int] = {}  # how many equal rows the running query has shown

    def begin(self, position: Position) -> Position:
        start = max(0, (position.nanos or 0) - self._window)
        self._sent = {key: sent for key, sent in self._sent.items() if sent[0] > start}
        self._now = {}
        return position._replace(nanos=start, incrementing=None)

    def unseen(self, rows: list[Row], reader: PositionReader) -> list[Row]:
        return [row for row in rows if self._is_new(row, reader)]

    def _is_new(self, row: Row, reader: PositionReader) -> bool:
        key = hash(row)
        count = self._now[key] = self._now.get(key, 0) + 1
        if count <= self._sent.get(key, (0, 0))[1]:
            return False
        self._sent[key] = (reader.nanos(row) or 0, count)
        return True

    def end(self) -> None:
        """What is remembered is forgotten by time, at the next query."""

    def safe_position(self, position: Position) -> Position:
        return position


class LateById:
    """For incrementing mode: waits for missing ids as long as the window, and holds stored offsets back till then."""

    def __init__(self, window_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._window = window_seconds
        self._clock = clock
        self._floor: int | None = None  # all ids up to here were sent, or are given up
        self._sent: set[int] = set()  # above the floor
        self._reached: deque[tuple[float, int]] = deque()  # the highest id, and since when
        self._began = 0.0

    def begin(self, position: Position) -> Position:
        highest = -1 if position.incrementing is None else position.incrementing
        if self._floor is None:
            self._floor = highest
        self._began = self._clock()
        if not self._reached or self._reached[-1][1] < highest:
            self._reached.append((self._began, highest))
        return position._replace(incrementing=self._floor)

    def unseen(self, rows: list[Row], reader: PositionReader) -> list[Row]:
        new = []
        for row in rows:
            number = reader.position(row).incrementing
            assert number is not None
            if number not in self._sent:
                self._sent.add(number)
                new.append(row)
        self._close_gaps()
        return new

    def end(self) -> None:
        """Give up ids that a query didn't find which began after their time.

        Not before such a query: the last one may have been long ago (a pause, a server that was away).
        """
        while self._reached and self._reached[0][0] <= self._began - self._window:
            self._raise_floor(self._reached.popleft()[1])

    def safe_position(self, position: Position) -> Position:
        return position._replace(incrementing=self._floor)

    def _close_gaps(self) -> None:
        floor = -1 if self._floor is None else self._floor
        if floor < _FIRST_ID and _FIRST_ID in self._sent:
            floor = _FIRST_ID
        while floor + 1 in self._sent:
            floor += 1
        self._raise_floor(floor)
        if len(self._sent) > _MOST_IDS:
            self._raise_floor(sorted(self._sent)[len(self._sent) // 2])

    def _raise_floor(self, floor: int) -> None:
        if self._floor is None or floor > self._floor:
            self._floor = floor
            self._sent = {number for number in self._sent if number > floor}


def late_rows(window_ms: int, *, by_time: bool, by_id: bool) -> LateRows | None:
    """What looks back in a mode; None where nothing is to be looked for."""
    if not window_ms or not (by_time or by_id):
        return None
    return LateByTime(window_ms * 1_000_000) if by_time else LateById(window_ms / 1000)


def highest(rows: Sequence[Row], reader: PositionReader, before: Position) -> Position:
    """The position behind some rows; it doesn't go back where they came late."""
    return max(before, reader.position(rows[-1]), key=lambda each: (each.nanos or 0, each.incrementing or 0))

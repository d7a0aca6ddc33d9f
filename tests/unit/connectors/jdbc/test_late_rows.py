"""Looking back for rows that are committed late."""

from __future__ import annotations

from typing import Any

from connectors.jdbc.late_rows import LateById, LateByTime
from connectors.jdbc.tracking import Position


class Reader:
    """Rows are ``(id, nanoseconds)``."""

    def position(self, row: tuple[Any, ...]) -> Position:
        return Position(None, row[0])

    def nanos(self, row: tuple[Any, ...]) -> int:
        return int(row[1])


READER: Any = Reader()


def rows(*ids: int) -> list[tuple[Any, ...]]:
    return [(number, 0) for number in ids]


def test_missing_ids_are_waited_for_as_long_as_the_window() -> None:
    now = 0.0
    late = LateById(10, lambda: now)
    assert late.begin(Position(None, 4)) == Position(None, 4)
    assert late.unseen(rows(5, 7, 8), READER) == rows(5, 7, 8)
    assert late.safe_position(Position(None, 8)) == Position(None, 5)
    assert late.begin(Position(None, 8)) == Position(None, 5)
    assert late.unseen(rows(6, 7, 8), READER) == rows(6)
    assert late.safe_position(Position(None, 8)) == Position(None, 8)
    assert late.unseen(rows(10), READER) == rows(10)
    late.begin(Position(None, 10))
    late.end()
    now = 11.0
    assert late.begin(Position(None, 10)) == Position(None, 8)
    late.end()
    assert late.begin(Position(None, 10)) == Position(None, 10)


def test_a_missing_id_is_given_up_only_by_a_query_that_ran_after_the_window() -> None:
    """The id appears in time, while nobody looks: the table is polled seldom, or the server was away."""
    now = 0.0
    late = LateById(10, lambda: now)
    late.begin(Position(None, 4))
    late.unseen(rows(5, 7), READER)
    late.begin(Position(None, 7))
    late.end()
    now = 60.0
    assert late.begin(Position(None, 7)) == Position(None, 5)
    assert late.unseen(rows(6, 7), READER) == rows(6)


def test_equal_rows_are_counted_and_rows_of_the_window_are_sent_once() -> None:
    late = LateByTime(10)
    late.begin(Position(100))
    twins = [(1, 95), (1, 95), (2, 99)]
    assert late.unseen(twins[:2], READER) == twins[:2]
    late.begin(Position(100))
    assert late.unseen([*twins, (1, 95)], READER) == [(2, 99), (1, 95)]


def test_rows_before_the_window_are_forgotten() -> None:
    late = LateByTime(10)
    assert late.begin(Position(100, 5)) == Position(90, None)
    late.unseen([(1, 95)], READER)
    assert late.begin(Position(200)) == Position(190, None)
    assert late.unseen([(1, 95)], READER) == [(1, 95)]

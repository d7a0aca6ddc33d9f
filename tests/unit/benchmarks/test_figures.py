"""The arithmetic of the benchmarks."""

from __future__ import annotations

import pytest

from benchmarks.data import Arrival
from benchmarks.figures import FIRST, RATE, STEADY, Spread, moved, number, ratios, spread, steady_rate, values_of


def test_a_spread_is_the_median_with_the_range() -> None:
    assert spread([3.0, 1.0, 8.0]) == Spread(3.0, 1.0, 8.0)
    assert spread([1.0, 2.0]) == Spread(1.5, 1.0, 2.0)
    assert spread([]) is None


def test_a_single_value_is_shown_without_a_range() -> None:
    assert str(Spread(2.0, 2.0, 2.0)) == "2"
    assert str(Spread(2.0, 1.25, 1234.5)) == "2 (1.25 .. 1,234)"


@pytest.mark.parametrize(("value", "shown"), [(123456.7, "123,457"), (99.94, "99.9"), (0.012345, "0.0123"), (0, "0")])
def test_numbers_have_three_digits(value: float, shown: str) -> None:
    assert number(value) == shown


def test_ratios_are_taken_pair_by_pair() -> None:
    ours, theirs = [{"a": 2.0}, {"a": 9.0}, {"a": 1.0}], [{"a": 1.0}, {"a": 3.0}]
    assert ratios(ours, theirs, "a") == [2.0, 3.0]
    assert ratios(ours, [], "a") == []


def test_the_control_is_near_one_where_both_are_the_same() -> None:
    ours, control = [{"a": 10.0}, {"a": 12.0}], [{"a": 10.0}, {"a": 10.0}]
    assert spread(ratios(ours, control, "a")) == Spread(1.1, 1.0, 1.2)


def test_pairs_without_the_figure_or_with_nothing_to_divide_by_are_left_out() -> None:
    assert ratios([{"a": 2.0}, {}, {"a": 4.0}], [{"a": 0.0}, {"a": 1.0}, {"a": 2.0}], "a") == [2.0]
    assert ratios([{"a": 2.0}], [{"a": -0.1}], "a") == []
    assert values_of([{"a": 1.0}, {}], "a") == [1.0]


def test_what_moved_is_more_than_fifteen_percent_away() -> None:
    before = {"same": 100.0, "up": 100.0, "down": 100.0, "gone": 1.0, "zero": 0.0}
    now = {"same": 114.0, "up": 120.0, "down": 80.0, "new": 5.0, "zero": 1.0}
    assert moved(before, now) == {"up": pytest.approx(0.2), "down": pytest.approx(-0.2)}


def test_the_steady_rate_leaves_the_start_out() -> None:
    assert steady_rate([(1.0, 0), (2.0, 200), (3.0, 600), (4.0, 1000)]) == 400
    assert steady_rate([(0.5, 100), (2.0, 1000)]) == 500, "all came at once: from the beginning"


def test_an_arrival_counts_records_whatever_is_sampled() -> None:
    """A file is watched by its size, and records are what is told."""
    figures = Arrival([(0.1, 0), (0.5, 2_000), (1.0, 6_000), (1.5, 10_000)]).figures(100)
    assert figures == {RATE: pytest.approx(100 / 1.5), STEADY: 80, FIRST: 0.5}

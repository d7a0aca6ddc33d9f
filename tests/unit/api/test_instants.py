"""Instants made of many milliseconds at once are those made one by one."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from connect.api.logical import from_millis, instants

usual = st.integers(0, 2**32 * 1000)


@given(st.lists(usual) | st.lists(usual | st.integers(-(2**63), 2**63 - 1)))
def test_a_list_is_read_as_its_items_are(millis: list[int]) -> None:
    assert instants(millis) == [from_millis(each) for each in millis]


def test_every_millisecond_of_some_seconds_is_exact() -> None:
    for second in (0, 1_700_000_000, 2**32 - 1):
        millis = range(second * 1000, second * 1000 + 1000)
        assert instants(list(millis)) == [from_millis(each) for each in millis]


def test_instants_are_in_utc() -> None:
    (instant,) = instants([0])
    assert isinstance(instant, dt.datetime)
    assert instant.tzinfo is dt.UTC

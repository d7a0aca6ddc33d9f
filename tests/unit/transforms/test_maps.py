"""Changed copies of schemaless maps: whatever the maps lack or have, and the maps themselves stay as they were."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect.api import Repeated
from connect.api.maps import make_map
from transforms.maps import converted_members, members, with_members, without_members

maps = st.lists(st.dictionaries(st.sampled_from("abcde"), st.integers(0, 9)), max_size=4)


def test_a_missing_member_reads_as_none() -> None:
    assert members([{"a": 1}, {}, {"a": None}], "a") == [1, None, None]


@given(maps)
def test_constants_and_columns_are_added_to_copies(values: list[dict[Any, Any]]) -> None:
    before = copy.deepcopy(values)
    column = list(range(len(values)))
    changed = with_members(values, {"x": "all", "a": 0}, {"y": column})
    assert changed == [{**value, "x": "all", "a": 0, "y": i} for i, value in enumerate(before)]
    assert values == before


@given(maps, st.sets(st.sampled_from("abc")), st.sampled_from([[], [("d", "x")], [("d", "x"), ("e", "y")]]))
def test_members_are_dropped_and_renamed_where_they_are_there(
    values: list[dict[Any, Any]], dropped: set[str], renamed: list[tuple[str, str]]
) -> None:
    before = copy.deepcopy(values)
    names = dict(renamed)
    changed = without_members(values, sorted(dropped), renamed)
    assert changed == [{names.get(k, k): v for k, v in value.items() if k not in dropped} for value in before]
    assert values == before


def test_a_new_name_that_is_taken_is_refused() -> None:
    with pytest.raises(KeyError):
        without_members([{"a": 1, "b": 2}], [], [("a", "b")])


def test_members_go_through_functions_as_lists() -> None:
    values = [{"a": 1, "b": 2}, {"b": 3}]
    functions = [("a", lambda items: [item or 0 for item in items]), ("b", lambda items: Repeated("x", len(items)))]
    assert converted_members(values, functions) == [{"a": 1, "b": "x"}, {"a": 0, "b": "x"}]


def test_a_map_of_mixed_keys_is_read_as_what_it_holds() -> None:
    mixed = make_map([(1, "int"), (True, "bool")])
    assert with_members([mixed], {"x": 1}, {})[0]["x"] == 1

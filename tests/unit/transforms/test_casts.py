"""Casts of lists give what casts of single values give, marks of numbers included."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connect.api import DataException, Schema, Type
from connect.api.schema import INT64_SCHEMA
from transforms.casts import TARGETS, cast_all_to, cast_to

numbers = st.integers(-5, 5) | st.integers(-(2**70), 2**70) | st.booleans() | st.floats() | st.none()


def outcome(cast: Any, value: Any) -> Any:
    try:
        return [(type(each), repr(each)) for each in cast(value)]
    except DataException as error:
        return str(error)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("schema", [None, INT64_SCHEMA], ids=["schemaless", "INT64"])
@given(values=st.lists(numbers, max_size=8) | st.lists(st.integers(-(2**63), 2**63 - 1), max_size=8))
def test_lists_are_cast_as_their_values_are(target: Type, schema: Schema | None, values: list[Any]) -> None:
    cast = cast_to(target, schema)
    assert outcome(cast_all_to(target, schema), values) == outcome(lambda items: [cast(i) for i in items], values)

"""Strategies for schemas and for values that fit them."""

from __future__ import annotations

import datetime as dt
import decimal
from typing import Any

from hypothesis import strategies as st

from connect.api.logical import DATE_SCHEMA, TIME_SCHEMA, TIMESTAMP_SCHEMA, decimal_schema, from_millis
from connect.api.maps import make_map
from connect.api.numbers import to_single
from connect.api.schema import Field, Schema, Type
from connect.api.struct import Struct

BITS = {Type.INT8: 8, Type.INT16: 16, Type.INT32: 32, Type.INT64: 64}
PRIMITIVES = [kind for kind in Type if kind.is_primitive]
INSTANTS = st.datetimes(timezones=st.just(dt.UTC)).map(lambda moment: moment.replace(microsecond=0))


def schemas() -> st.SearchStrategy[Schema]:
    """Schemas of any type, nested a little."""
    leaves = st.builds(Schema, st.sampled_from(PRIMITIVES), optional=st.booleans()) | st.sampled_from(
        [DATE_SCHEMA, TIME_SCHEMA, TIMESTAMP_SCHEMA, decimal_schema(2)]
    )
    return st.recursive(leaves, _collections, max_leaves=6)


def _collections(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    names = st.lists(st.text(min_size=1, max_size=5), unique=True, max_size=4)
    structs = names.flatmap(
        lambda names: st.tuples(*[inner for _ in names]).map(
            lambda parts: Schema(
                Type.STRUCT, fields=[Field(n, i, s) for i, (n, s) in enumerate(zip(names, parts, strict=True))]
            )
        )
    )
    return (
        st.builds(lambda value: Schema(Type.ARRAY, value_schema=value), inner)
        | st.builds(lambda key, value: Schema(Type.MAP, key_schema=key, value_schema=value), inner, inner)
        | structs
    )


def values_of(schema: Schema) -> st.SearchStrategy[Any]:
    """Values that fit a schema."""
    present = _present(schema)
    return st.none() | present if schema.optional else present


def _present(schema: Schema) -> st.SearchStrategy[Any]:
    if schema.name is not None:
        return _logical(schema)
    if schema.type in BITS:
        half = 1 << (BITS[schema.type] - 1)
        return st.integers(-half, half - 1)
    match schema.type:
        case Type.FLOAT32:
            return st.floats(width=32).map(to_single)
        case Type.FLOAT64:
            return st.floats()
        case Type.BOOLEAN:
            return st.booleans()
        case Type.STRING:
            return st.text(max_size=10)
        case Type.BYTES:
            return st.binary(max_size=10)
        case Type.ARRAY:
            return st.lists(values_of(schema.value_schema), max_size=3)
        case Type.MAP:
            pairs = st.tuples(values_of(schema.key_schema), values_of(schema.value_schema))
            return st.lists(pairs, max_size=3).map(make_map)
    fields = st.tuples(*[values_of(field.schema) for field in schema.fields])
    return fields.map(lambda items: Struct(schema, items))


def _logical(schema: Schema) -> st.SearchStrategy[Any]:
    if schema.type is Type.BYTES:
        return st.integers().map(lambda unscaled: decimal.Decimal(unscaled).scaleb(-2, decimal.Context(prec=200)))
    if schema is DATE_SCHEMA:
        return st.integers(-100_000, 100_000).map(lambda days: from_millis(days * 86_400_000))
    if schema is TIME_SCHEMA:
        return st.integers(0, 86_400_000).map(from_millis)
    return INSTANTS


_SCALARS: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | INSTANTS
) | st.decimals(allow_nan=False)
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(st.tuples(inner, inner), max_size=3).map(make_map)
        | schemas().flatmap(values_of)
    ),
    max_leaves=6,
)
"""Connect data of any kind, with or without a schema."""

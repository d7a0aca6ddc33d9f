"""Hypothesis strategies for schemas and values that fit them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from connect.api import Field, Schema, Struct, Type
from connect.api.logical import DATE_NAME, TIME_NAME, TIMESTAMP_NAME, decimal_schema, from_millis
from connect.api.maps import make_map
from connect.api.numbers import to_single

texts = st.text(max_size=8)
_BITS = {Type.INT8: 8, Type.INT16: 16, Type.INT32: 32, Type.INT64: 64}
_SIMPLE = (*_BITS, Type.FLOAT32, Type.FLOAT64, Type.BOOLEAN, Type.STRING, Type.BYTES)
_DATES = {DATE_NAME: Type.INT32, TIME_NAME: Type.INT32, TIMESTAMP_NAME: Type.INT64}


@st.composite
def schemas(draw: st.DrawFn, depth: int = 2) -> Schema:
    """Any schema without defaults, at most ``depth`` collections in one another."""
    kinds = ["simple", "decimal", "date", *(("array", "map", "struct") if depth else ())]
    optional = draw(st.booleans())
    kind = draw(st.sampled_from(kinds))
    if kind == "decimal":
        return decimal_schema(draw(st.integers(-3, 8)), optional=optional)
    if kind == "date":
        name = draw(st.sampled_from(sorted(_DATES)))
        return Schema(_DATES[name], name=name, version=1, optional=optional)
    attributes: dict[str, Any] = {
        "optional": optional,
        "name": draw(st.none() | texts),
        "version": draw(st.none() | st.integers(-(2**31), 2**31 - 1)),
        "doc": draw(st.none() | texts),
        "parameters": draw(st.dictionaries(texts, texts, max_size=2)),
    }
    if kind == "simple":
        return Schema(draw(st.sampled_from(_SIMPLE)), **attributes)
    if kind == "array":
        return Schema(Type.ARRAY, value_schema=draw(schemas(depth - 1)), **attributes)
    if kind == "map":
        keys = draw(schemas(depth - 1))
        return Schema(Type.MAP, key_schema=keys, value_schema=draw(schemas(depth - 1)), **attributes)
    return draw(struct_schemas(depth, **attributes))


@st.composite
def struct_schemas(draw: st.DrawFn, depth: int = 2, **attributes: Any) -> Schema:
    """A STRUCT schema of up to four fields."""
    names = draw(st.lists(st.text(min_size=1, max_size=8), unique=True, max_size=4))
    fields = [Field(name, index, draw(schemas(depth - 1))) for index, name in enumerate(names)]
    return Schema(Type.STRUCT, fields=fields, **attributes)


def values(schema: Schema) -> st.SearchStrategy[Any]:
    """Values that fit ``schema`` and that JSON can hold: no NaN, no negative zero."""
    some = _present(schema)
    return st.none() | some if schema.optional else some


def _present(schema: Schema) -> st.SearchStrategy[Any]:
    if schema.name in _DATES:
        return _instants(schema.name)
    if schema.parameters is not None and "scale" in schema.parameters and schema.version == 1:
        scale = int(schema.parameters["scale"])
        return st.integers(-(10**25), 10**25).map(lambda unscaled: Decimal(f"{unscaled}E{-scale}"))
    match schema.type:
        case Type.ARRAY:
            return st.lists(values(schema.value_schema), max_size=3)
        case Type.MAP:
            keys = _present(schema.key_schema)
            return st.lists(st.tuples(keys, values(schema.value_schema)), max_size=3).map(make_map)
        case Type.STRUCT:
            return rows(schema).map(lambda row: Struct(schema, row))
        case Type.BOOLEAN:
            return st.booleans()
        case Type.STRING:
            return texts
        case Type.BYTES:
            return st.binary(max_size=8)
        case Type.FLOAT64:
            return st.floats(allow_nan=False, allow_infinity=False).map(lambda number: number + 0.0)
        case Type.FLOAT32:
            singles = st.floats(allow_nan=False, allow_infinity=False, width=32)
            return singles.map(lambda number: to_single(number) + 0.0)
    bits = _BITS[schema.type]
    return st.integers(-(1 << bits - 1), (1 << bits - 1) - 1)


def rows(schema: Schema) -> st.SearchStrategy[tuple[Any, ...]]:
    """Rows of a STRUCT schema."""
    return st.tuples(*[values(field.schema) for field in schema.fields])


def _instants(name: str) -> st.SearchStrategy[dt.datetime | int]:
    if name == TIME_NAME:
        return st.integers(0, 86_400_000).map(from_millis)
    if name == DATE_NAME:
        return st.integers(-(2**31), 2**31 - 1).map(lambda days: from_millis(days * 86_400_000))
    return st.integers(-(2**63), 2**63 - 1).map(from_millis)


def schemaless() -> st.SearchStrategy[Any]:
    """Schemaless data, the odd included."""
    scalars = (
        st.none()
        | st.booleans()
        | st.integers(-(2**63), 2**63 - 1)
        | st.floats()
        | st.text(max_size=6)
        | st.text(st.characters(exclude_categories=()), max_size=4)
        | st.sampled_from(
            [1e7, 1e-3, 9999999.999, 12345678.5, 0.00012, -0.0, 1e16, 5e-324, "5e-3", "0.0001", "\x0b\\u000b"]
        )
        | st.binary(max_size=4)
    )
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
        max_leaves=12,
    )

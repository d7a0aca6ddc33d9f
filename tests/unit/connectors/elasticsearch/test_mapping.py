"""Schemas to mappings."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from connect.api import DataException, Field, Schema, Type
from connect.api.logical import DATE_SCHEMA, TIME_SCHEMA, TIMESTAMP_SCHEMA, decimal_schema
from connect.api.schema import INT32_SCHEMA, INT64_SCHEMA, STRING_SCHEMA
from connectors.elasticsearch.mapping import mapping_of

TEXT = {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}}


def struct(**fields: Schema) -> Schema:
    return Schema(Type.STRUCT, fields=[Field(name, i, schema) for i, (name, schema) in enumerate(fields.items())])


@pytest.mark.parametrize(
    ("type", "mapped"),
    [
        (Type.BOOLEAN, "boolean"),
        (Type.INT8, "byte"),
        (Type.INT16, "short"),
        (Type.INT32, "integer"),
        (Type.INT64, "long"),
        (Type.FLOAT32, "float"),
        (Type.FLOAT64, "double"),
        (Type.BYTES, "binary"),
    ],
)
def test_primitive_types(type: Type, mapped: str) -> None:
    """Each type has one counterpart."""
    assert mapping_of(struct(x=Schema(type))) == {"properties": {"x": {"type": mapped}}}


def test_text_has_a_keyword_beside_it() -> None:
    """Text can be searched and aggregated."""
    assert mapping_of(struct(x=STRING_SCHEMA)) == {"properties": {"x": TEXT}}


def test_dates_arrive_as_dates() -> None:
    """Date, Time and Timestamp are dates to the server, Decimals doubles (or keywords as text)."""
    schema = struct(d=DATE_SCHEMA, t=TIME_SCHEMA, ts=TIMESTAMP_SCHEMA, dec=decimal_schema(2))
    assert {name: each["type"] for name, each in mapping_of(schema)["properties"].items()} == {
        "d": "date",
        "t": "date",
        "ts": "date",
        "dec": "double",
    }
    assert mapping_of(schema, decimal_as_text=True)["properties"]["dec"] == {"type": "keyword"}


def test_defaults_become_null_values() -> None:
    """Dates in milliseconds, decimals as numbers; none for text and bytes."""
    schema = struct(
        i=Schema(Type.INT32, default_value=7),
        s=Schema(Type.STRING, default_value="x"),
        b=Schema(Type.BYTES, default_value=b"x"),
        d=DATE_SCHEMA.replace(default_value=dt.datetime(1970, 1, 4, tzinfo=dt.UTC)),
        dec=decimal_schema(1).replace(default_value=Decimal("2.5")),
        f=Schema(Type.FLOAT32, default_value=0.10000000149011612),
    )
    assert mapping_of(schema)["properties"] == {
        "i": {"type": "integer", "null_value": 7},
        "s": TEXT,
        "b": {"type": "binary"},
        "d": {"type": "date", "null_value": 259200000},
        "dec": {"type": "double", "null_value": 2.5},
        "f": {"type": "float", "null_value": 0.1},
    }


def test_collections() -> None:
    """An array is mapped as its elements, a map as objects with key and value."""
    schema = struct(
        a=Schema(Type.ARRAY, value_schema=struct(z=INT32_SCHEMA)),
        m=Schema(Type.MAP, key_schema=STRING_SCHEMA, value_schema=INT64_SCHEMA),
    )
    assert mapping_of(schema)["properties"] == {
        "a": {"properties": {"z": {"type": "integer"}}},
        "m": {"properties": {"key": TEXT, "value": {"type": "long"}}},
    }


def test_no_schema_no_mapping() -> None:
    """The error is Java's."""
    with pytest.raises(DataException, match=r"Cannot infer mapping without schema\."):
        mapping_of(None)

"""Values to documents."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import orjson
import pytest

from connect.api import DataException, Field, Schema, Struct, Type
from connect.api.logical import (
    DATE_SCHEMA,
    OPTIONAL_TIMESTAMP_SCHEMA,
    TIME_SCHEMA,
    TIMESTAMP_SCHEMA,
    decimal_schema,
)
from connect.api.numbers import Float32
from connect.api.schema import (
    BYTES_SCHEMA,
    FLOAT32_SCHEMA,
    FLOAT64_SCHEMA,
    INT32_SCHEMA,
    OPTIONAL_INT32_SCHEMA,
    STRING_SCHEMA,
)
from connectors.elasticsearch.documents import DocumentEncoder, NotAnObject, StreamTimestamps
from connectors.elasticsearch.plain import PlainRules

WITH_SCHEMA = PlainRules(schema_ignored=False)
IGNORED = PlainRules(schema_ignored=True)
DAY = dt.datetime(2022, 1, 8, tzinfo=dt.UTC)
HOUR = dt.datetime(1970, 1, 1, 1, tzinfo=dt.UTC)


def struct(**fields: Schema) -> Schema:
    return Schema(Type.STRUCT, fields=[Field(name, i, schema) for i, (name, schema) in enumerate(fields.items())])


def document(schema: Schema | None, value: Any, rules: PlainRules = WITH_SCHEMA) -> Any:
    text, again = DocumentEncoder(schema, rules).encode([value, value])
    assert text == again
    assert b"\n" not in text
    return orjson.loads(text)


def map_of(key: Schema, value: Schema) -> Schema:
    return Schema(Type.MAP, key_schema=key, value_schema=value)


def test_logical_types_become_numbers() -> None:
    """A Date is its days, Time and Timestamp their milliseconds, a Decimal a double."""
    schema = struct(d=DATE_SCHEMA, t=TIME_SCHEMA, ts=TIMESTAMP_SCHEMA, dec=decimal_schema(2))
    row = (DAY, HOUR, DAY, Decimal("568.05"))
    assert document(schema, row) == {"d": 19000, "t": 3600000, "ts": 1641600000000, "dec": 568.05}


def test_decimals_can_be_text() -> None:
    """decimal.format=text keeps every digit."""
    rules = PlainRules(schema_ignored=False, decimal_as_text=True)
    assert document(struct(d=decimal_schema(20)), (Decimal("0.12345678901234567890"),), rules) == {
        "d": "0.12345678901234567890"
    }


def test_an_ignored_schema_leaves_decimals_unscaled() -> None:
    """With schema.ignore a Decimal is the base64 of its unscaled value, as Java writes it."""
    schema = struct(d=decimal_schema(2), n=decimal_schema(0))
    assert document(schema, (Decimal("568.05"), Decimal(-129)), IGNORED) == {"d": "AN3l", "n": "/38="}


def test_bytes_become_base64() -> None:
    """Bytes and views of bytes alike."""
    assert document(struct(b=BYTES_SCHEMA), (b"\x01\x02\x03",)) == {"b": "AQID"}
    assert document(None, {"b": memoryview(b"\x01\x02")}, IGNORED) == {"b": "AQI="}


def test_single_precision_keeps_its_short_form() -> None:
    """0.1 as FLOAT32 is written 0.1, not as the double next to it; infinities are text."""
    assert document(struct(f=FLOAT32_SCHEMA), (0.10000000149011612,)) == {"f": 0.1}
    assert document(struct(f=FLOAT32_SCHEMA, d=FLOAT64_SCHEMA), (float("inf"), float("nan"))) == {
        "f": "Infinity",
        "d": "NaN",
    }
    assert document(None, {"f": Float32(1.5)}, IGNORED) == {"f": 1.5}


def test_nested_structs_arrays_and_maps() -> None:
    """Structs nest as objects, maps with text keys too when compact."""
    inner = struct(q=OPTIONAL_INT32_SCHEMA)
    schema = struct(
        o=inner,
        l=Schema(Type.ARRAY, value_schema=inner),
        m=map_of(STRING_SCHEMA, INT32_SCHEMA),
        mi=map_of(INT32_SCHEMA, STRING_SCHEMA),
    )
    row = (Struct(inner, [1]), [Struct(inner, [None]), Struct(inner, [2])], {"a": 1}, {1: "x"})
    assert document(schema, row) == {
        "o": {"q": 1},
        "l": [{"q": None}, {"q": 2}],
        "m": {"a": 1},
        "mi": [{"key": 1, "value": "x"}],
    }
    assert document(schema, row, IGNORED)["mi"] == [[1, "x"]]
    loose = PlainRules(schema_ignored=False, compact_maps=False)
    assert document(schema, row, loose)["m"] == [{"key": "a", "value": 1}]


def test_null_keys_of_maps() -> None:
    """In an object such a key is the text null, as Java's converter writes it; else it stays one."""
    schema = struct(
        m=map_of(STRING_SCHEMA, OPTIONAL_INT32_SCHEMA),
        d=map_of(FLOAT64_SCHEMA, INT32_SCHEMA),
        b=map_of(BYTES_SCHEMA, INT32_SCHEMA),
    )
    row = ({None: 1, "a": None}, {None: 1, 0.5: 2}, {b"x": 3})
    assert document(schema, row) == {
        "m": {"null": 1, "a": None},
        "d": [{"key": None, "value": 1}, {"key": 0.5, "value": 2}],
        "b": [{"key": "eA==", "value": 3}],
    }
    assert document(schema, row, IGNORED)["d"] == [[None, 1], [0.5, 2]]
    loose = PlainRules(schema_ignored=False, compact_maps=False)
    assert document(schema, row, loose)["m"] == [{"key": None, "value": 1}, {"key": "a", "value": None}]


def test_nulls_become_defaults_where_there_are_any() -> None:
    """An unset field is its default; without one it is null, or an error when it is required."""
    with_default = Schema(Type.INT32, optional=True, default_value=7)
    assert document(struct(i=with_default, ts=OPTIONAL_TIMESTAMP_SCHEMA), (None, None)) == {"i": 7, "ts": None}
    with pytest.raises(DataException, match="null value for field that is required and has no default value"):
        document(struct(i=INT32_SCHEMA), (None,))


def test_schemaless_values_that_are_rare() -> None:
    """Keys that are no text, integers of any size, dates, decimals, lone surrogates: all have a form."""
    assert document(None, {"m": {1: 2}}, IGNORED) == {"m": [[1, 2]]}
    assert document(None, {"at": DAY, "d": Decimal("1.5")}, IGNORED) == {"at": 1641600000000, "d": 1.5}
    assert document(None, {"s": "a\ud800b"}, IGNORED) == {"s": "a?b"}
    (text,) = DocumentEncoder(None, IGNORED).encode([{"i": 2**70}])
    assert text == b'{"i":1180591620717411303424}'
    with pytest.raises(DataException, match="object can't be written as JSON"):
        document(None, {"x": object()}, IGNORED)


@pytest.mark.parametrize(
    ("value", "kind"), [("x", "a string"), ([1], "an array"), (1, "a number"), (True, "a boolean")]
)
def test_only_objects_are_documents(value: Any, kind: str) -> None:
    """The error says what was found instead."""
    with pytest.raises(NotAnObject, match=f"this is {kind}"):
        document(None, value, IGNORED)


def test_bytes_are_documents_as_they_are() -> None:
    """What the ByteArrayConverter hands on is neither read nor written again, unless it spans lines."""
    encoder = DocumentEncoder(BYTES_SCHEMA, IGNORED)
    assert encoder.encode([b'{"x": 1.0}', b'{"x":2}']) == [b'{"x": 1.0}', b'{"x":2}']
    assert encoder.encode([b'{\n "x": 1\n}\n']) == [b'{"x":1}']
    for value in (b"{oops", b"[1]", b"\x00"):
        with pytest.raises(NotAnObject, match="must be a JSON object"):
            encoder.encode([value, b"\n{}"])


def test_stream_timestamps() -> None:
    """The first field that is there counts; where none is asked for, the record's timestamp. As in Java."""
    stamps = StreamTimestamps(["ts", "ts2"])
    assert stamps.add({"@timestamp": 1, "ts": 2}, 9) == {"@timestamp": "2", "ts": 2}
    assert stamps.add({"@timestamp": 1}, 9) == {"@timestamp": 1}
    assert stamps.add({"ts": {"a": 1}}, 9)["@timestamp"] == ""
    assert stamps.add({"ts": None}, 9)["@timestamp"] == "null"
    assert stamps.add({"ts2": 5}, 9) == {"ts2": 5, "@timestamp": "5"}
    assert stamps.add({"ts": "2024-01-01"}, 9)["@timestamp"] == "2024-01-01"
    assert stamps.add({}, 9) == {}
    assert StreamTimestamps([]).add({"@timestamp": 1}, 9) == {"@timestamp": 9}

"""The recorded vectors: finding them, and the codec between their encoding and our objects.

Recorded values name their Java class (``{"t": "INT32", "v": 5}``). :func:`decode_value` makes a plain number where the
schema at that place says the same class, and a marked one (:mod:`connect.api.numbers`) where it doesn't or where there
is no schema; :func:`encode_value` is the way back. Compare encoded values with :func:`same` or :func:`comparable`.
"""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import json
import os
from pathlib import Path
from typing import Any

from connect.api.errors import ConfigException, ConnectException, java_class_name
from connect.api.header import Header, Headers
from connect.api.logical import EpochMillis, from_millis, to_millis
from connect.api.maps import make_map
from connect.api.numbers import BigInteger, Float32, Float64, Int8, Int16, Int32, Int64, to_single
from connect.api.record import ConnectRecord, SinkRecord, SourceRecord, TimestampType
from connect.api.schema import Field, Schema, Type
from connect.api.struct import Struct

Json = dict[str, Any]

_ROOT = Path(__file__).resolve().parents[2]
CONFORMANCE_DIR = Path(os.environ.get("CONFORMANCE_DIR", _ROOT.parent / "shared" / "conformance"))

INTEGERS = {"INT8": Int8, "INT16": Int16, "INT32": Int32, "INT64": Int64}
FLOATS = {"FLOAT32": Float32, "FLOAT64": Float64}


def load_cases(path: str) -> list[Json]:
    """The cases of one file (``values/Values.jsonl``) or of all JSONL files of one folder; none is an error."""
    place = CONFORMANCE_DIR / path
    files = sorted(place.glob("*.jsonl")) if place.is_dir() else [place]
    cases = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines() if line.strip()]
    if not cases:
        raise FileNotFoundError(f"no recorded vectors in {place}; CONFORMANCE_DIR names their folder")
    return cases


def case_id(case: Json) -> str:
    """The pytest id of a case."""
    return str(case["id"])


# Schemas


def decode_schema(encoded: Json | None) -> Schema | None:
    """A schema of ours."""
    if encoded is None:
        return None
    schema = Schema(
        Type[encoded["type"]],
        optional=encoded.get("optional", False),
        name=encoded.get("name"),
        version=encoded.get("version"),
        doc=encoded.get("doc"),
        parameters=encoded.get("parameters"),
        fields=[Field(f["name"], i, required_schema(f["schema"])) for i, f in enumerate(encoded.get("fields", ()))],
        key_schema=decode_schema(encoded.get("key")),
        value_schema=decode_schema(encoded.get("value")),
    )
    if encoded.get("default") is None:
        return schema
    return schema.replace(default_value=decode_value(encoded["default"], schema))


def required_schema(encoded: Json) -> Schema:
    """A schema of ours, which must be there."""
    schema = decode_schema(encoded)
    assert schema is not None
    return schema


def encode_schema(schema: Schema | None) -> Json | None:
    """A schema as the vectors write it."""
    if schema is None:
        return None
    encoded: Json = {"type": schema.type.name, "optional": schema.optional}
    for member in ("name", "version", "doc", "parameters"):
        if getattr(schema, member) is not None:
            encoded[member] = getattr(schema, member)
    if schema.type is Type.STRUCT:
        encoded["fields"] = [{"name": f.name, "schema": encode_schema(f.schema)} for f in schema.fields]
    if schema.type is Type.MAP and schema.key_schema is not None:
        encoded["key"] = encode_schema(schema.key_schema)
    if schema.type in (Type.MAP, Type.ARRAY) and schema.value_schema is not None:
        encoded["value"] = encode_schema(schema.value_schema)
    if schema.default_value is not None:
        encoded["default"] = encode_value(schema.default_value, schema)
    return encoded


# Values


def decode_value(encoded: Json | None, schema: Schema | None = None) -> Any:
    """A value of ours, as it lies at a place with that schema."""
    if encoded is None:
        return None
    tag, value = encoded["t"], encoded["v"]
    if tag in INTEGERS:
        plain = schema.type.name == tag if schema is not None else tag == "INT64"
        return int(value) if plain else INTEGERS[tag](value)
    if tag in FLOATS:
        number = to_single(float(value)) if tag == "FLOAT32" else float(value)
        plain = schema.type.name == tag if schema is not None else tag == "FLOAT64"
        return number if plain else FLOATS[tag](number)
    match tag:
        case "BYTES":
            data = base64.b64decode(value)
            return memoryview(data) if encoded.get("buffer") else data
        case "DECIMAL":
            return decimal.Decimal(value)
        case "INTEGER":
            return BigInteger(value)
        case "DATE":
            return from_millis(value)
        case "LIST" | "MAP" | "STRUCT":
            return _decode_collection(encoded, schema)
    return value


def _decode_collection(encoded: Json, schema: Schema | None) -> Any:
    tag, value = encoded["t"], encoded["v"]
    if tag == "LIST":
        elements = schema.value_schema if schema is not None and schema.type is Type.ARRAY else None
        return [decode_value(item, elements) for item in value]
    if tag == "MAP":
        is_map = schema is not None and schema.type is Type.MAP
        keys, values = (schema.key_schema, schema.value_schema) if schema is not None and is_map else (None, None)
        return make_map((decode_value(key, keys), decode_value(item, values)) for key, item in value)
    own = decode_schema(encoded["schema"]) if "schema" in encoded else schema
    assert own is not None
    return Struct(own, [decode_value(value.get(field.name), field.schema) for field in own.fields])


def encode_value(value: Any, schema: Schema | None = None) -> Json | None:
    """A value as the vectors write it, the schema at its place given."""
    if value is None:
        return None
    tag = _number_tag(value, schema)
    if tag is not None:
        return {"t": tag, "v": str(value) if tag == "INTEGER" else value}
    match value:
        case bool():
            return {"t": "BOOLEAN", "v": value}
        case str():
            return {"t": "STRING", "v": value}
        case bytes() | bytearray() | memoryview():
            return {"t": "BYTES", "v": base64.b64encode(value).decode()}
        case decimal.Decimal():
            return {"t": "DECIMAL", "v": str(value)}
        case dt.datetime() | EpochMillis():
            return {"t": "DATE", "v": to_millis(value)}
        case list() | tuple():
            elements = schema.value_schema if schema is not None and schema.type is Type.ARRAY else None
            return {"t": "LIST", "v": [encode_value(item, elements) for item in value]}
        case dict():
            is_map = schema is not None and schema.type is Type.MAP
            keys, values = (schema.key_schema, schema.value_schema) if schema is not None and is_map else (None, None)
            return {"t": "MAP", "v": [[encode_value(k, keys), encode_value(v, values)] for k, v in value.items()]}
        case Struct():
            return _encode_struct(value, schema)
    raise AssertionError(f"{value!r} is no Connect data")


def _number_tag(value: Any, schema: Schema | None) -> str | None:
    for tag, mark in {**INTEGERS, **FLOATS, "INTEGER": BigInteger}.items():
        if type(value) is mark:
            return tag
    if type(value) is float:
        return "FLOAT32" if schema is not None and schema.type is Type.FLOAT32 else "FLOAT64"
    if type(value) is not int:
        return None
    if schema is not None and schema.type.name in INTEGERS:
        return schema.type.name
    return "INT64" if -(2**63) <= value < 2**63 else "INTEGER"


def _encode_struct(value: Struct, schema: Schema | None) -> Json:
    fields = zip(value.schema.fields, value.values, strict=True)
    encoded: Json = {"t": "STRUCT", "v": {field.name: encode_value(item, field.schema) for field, item in fields}}
    if schema is None or (value.schema != schema and value.schema != schema.replace(default_value=None)):
        encoded["schema"] = encode_schema(value.schema)
    return encoded


# Records


def decode_headers(encoded: list[Json]) -> Headers:
    """Headers of ours."""
    headers = []
    for item in encoded:
        schema = decode_schema(item["schema"])
        headers.append(Header(item["key"], decode_value(item["value"], schema), schema))
    return Headers(headers)


def encode_headers(headers: Headers) -> list[Json]:
    """Headers as the vectors write them."""
    return [
        {"key": h.key, "schema": encode_schema(h.schema), "value": encode_value(h.value, h.schema)} for h in headers
    ]


def decode_record(encoded: Json, kind: str) -> SourceRecord | SinkRecord:
    """A record of ours; ``kind`` is ``source`` or ``sink``."""
    key_schema, value_schema = decode_schema(encoded["keySchema"]), decode_schema(encoded["valueSchema"])
    attributes: dict[str, Any] = {
        "key_schema": key_schema,
        "key": decode_value(encoded["key"], key_schema),
        "value_schema": value_schema,
        "value": decode_value(encoded["value"], value_schema),
        "timestamp": encoded["timestamp"],
        "headers": decode_headers(encoded["headers"]),
    }
    topic, partition = encoded["topic"], encoded["partition"]
    if kind == "source":
        partition_and_offset = (encoded["sourcePartition"], encoded["sourceOffset"])
        return SourceRecord(*partition_and_offset, topic, partition=partition, **attributes)
    timestamp_type = TimestampType[encoded["timestampType"]]
    return SinkRecord(topic, partition, encoded["offset"], timestamp_type=timestamp_type, **attributes)


def encode_record(record: ConnectRecord) -> Json:
    """A record as the vectors write it; original coordinates only where they differ."""
    encoded: Json = {
        "topic": record.topic,
        "partition": record.partition,
        "keySchema": encode_schema(record.key_schema),
        "key": encode_value(record.key, record.key_schema),
        "valueSchema": encode_schema(record.value_schema),
        "value": encode_value(record.value, record.value_schema),
        "timestamp": record.timestamp,
        "headers": encode_headers(record.headers),
    }
    if isinstance(record, SourceRecord):
        return {**encoded, "sourcePartition": record.source_partition, "sourceOffset": record.source_offset}
    assert isinstance(record, SinkRecord)
    encoded.update(offset=record.offset, timestampType=record.timestamp_type.name)
    for member, original, current in (
        ("originalTopic", record.original_topic, record.topic),
        ("originalPartition", record.original_partition, record.partition),
        ("originalOffset", record.original_offset, record.offset),
    ):
        if original != current:
            encoded[member] = original
    return encoded


# Comparing


def comparable(encoded: Any) -> Any:
    """Anything of the vectors' encoding in a form in which equal means equal: floats by their bits, maps sorted."""
    if isinstance(encoded, list):
        return [comparable(item) for item in encoded]
    if not isinstance(encoded, dict):
        return encoded
    if set(encoded) >= {"t", "v"}:
        tag, value = encoded["t"], encoded["v"]
        if tag in FLOATS:
            number = float(value)
            return [tag, repr(to_single(number) if tag == "FLOAT32" else number)]
        if tag == "MAP":
            pairs = [comparable(pair) for pair in value]
            return [tag, sorted(pairs, key=lambda pair: json.dumps(pair, sort_keys=True))]
        if tag == "STRUCT":
            stored = {name: comparable(item) for name, item in value.items() if item is not None}
            return [tag, stored, comparable(encoded.get("schema"))]
        return [tag, comparable(value)]
    return {key: comparable(item) for key, item in encoded.items()}


def same(actual: Any, expected: Any) -> bool:
    """Whether two encoded schemas, values, headers or records say the same."""
    return bool(comparable(actual) == comparable(expected))


def check_error(error: BaseException, expected: Json) -> None:
    """Assert that ``error`` is the recorded one. For accidents of Java's (``java.*``) any error of ours will do."""
    if expected["type"].startswith("java."):
        assert isinstance(error, ConnectException | ConfigException), f"{error!r} is no error of ours"
        return
    assert java_class_name(error) == expected["type"], f"{error!r}"
    if not expected.get("messageVolatile"):
        assert str(error) == expected["message"]
    assert str(error).startswith(expected.get("messagePrefix", ""))

"""Transformations: how many records a second one core transforms, in batches. Run ``python -m benchmarks.transforms``.

The record is the flight rating of the demo, as a map without schema and as a row of a struct of seven fields.
``--records`` and ``--seconds`` set the size of a batch and how long each line is measured; names choose lines.
"""

from __future__ import annotations

import argparse
import importlib
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from benchmarks.converters import NAMES, json_converter, rating_schema, ratings
from connect.api import Header, Headers, RecordBatch, SinkOrigin, TimestampType, Transformation

_NOW = 1_700_000_000_000


class Line(NamedTuple):
    """One line of the table: a class in ``transforms`` and its settings."""

    name: str
    target: str
    config: Mapping[str, str]


LINES = (
    Line("Cast", "cast:CastValue", {"spec": "stars:int32,user_id:string"}),
    Line("DropHeaders", "drop_headers:DropHeaders", {"headers": "trace"}),
    Line("ExtractField", "extract_field:ExtractFieldValue", {"field": "message"}),
    Line("Filter", "filter:Filter", {}),
    Line("Flatten", "flatten:FlattenValue", {}),
    Line(
        "HeaderFrom",
        "header_from:HeaderFromValue",
        {"fields": "channel", "headers": "channel", "operation": "move"},
    ),
    Line("HoistField", "hoist_field:HoistFieldValue", {"field": "rating"}),
    Line("InsertField static", "insert_field:InsertFieldValue", {"static.field": "site", "static.value": "hel"}),
    Line(
        "InsertField all",
        "insert_field:InsertFieldValue",
        {"topic.field": "t", "partition.field": "p", "offset.field": "o", "timestamp.field": "ts"},
    ),
    Line("InsertHeader", "insert_header:InsertHeader", {"header": "h", "value.literal": "42"}),
    Line("MaskField", "mask_field:MaskFieldValue", {"fields": "user_id,message"}),
    Line("RegexRouter", "regex_router:RegexRouter", {"regex": "(.*)", "replacement": "new-$1"}),
    Line(
        "ReplaceField",
        "replace_field:ReplaceFieldValue",
        {"exclude": "route_id", "renames": "stars:points,message:text"},
    ),
    Line("ReplaceField exclude", "replace_field:ReplaceFieldValue", {"exclude": "route_id,user_id"}),
    Line("SetSchemaMetadata", "set_schema_metadata:SetSchemaMetadataValue", {"schema.name": "rating"}),
    Line(
        "TimestampConverter Timestamp",
        "timestamp_converter:TimestampConverterValue",
        {"field": "rating_time", "target.type": "Timestamp"},
    ),
    Line(
        "TimestampConverter string",
        "timestamp_converter:TimestampConverterValue",
        {"field": "rating_time", "target.type": "string", "format": "yyyy-MM-dd'T'HH:mm:ss.SSSXXX"},
    ),
    Line("TimestampRouter", "timestamp_router:TimestampRouter", {}),
    Line("ValueToKey", "value_to_key:ValueToKey", {"fields": "rating_id"}),
)
CHAIN = (
    Line("InsertField", "insert_field:InsertFieldValue", {"static.field": "site", "static.value": "hel"}),
    Line("ReplaceField", "replace_field:ReplaceFieldValue", {"exclude": "route_id"}),
    Line("RegexRouter", "regex_router:RegexRouter", {"regex": "(.*)", "replacement": "new-$1"}),
)


def make(line: Line) -> Transformation:
    """The configured transformation of a line."""
    module, _, name = line.target.partition(":")
    transformation: Transformation = getattr(importlib.import_module(f"transforms.{module}"), name)()
    transformation.configure(line.config)
    return transformation


def batches(count: int) -> dict[str, RecordBatch]:
    """A batch of sink records without and one with schema."""
    maps = ratings(count)
    nothing = [None] * count
    origin = SinkOrigin("ratings", 0, range(count), TimestampType.CREATE_TIME, nothing, nothing)
    timestamps = [_NOW + i for i in range(count)]
    headers = [Headers([Header("trace", "x")]) for _ in range(count)]
    common = {"origin": origin, "timestamps": timestamps, "headers": headers}
    rows = [tuple(value[name] for name in NAMES) for value in maps]
    return {
        "schemaless": RecordBatch("ratings", maps, **common),
        "struct": RecordBatch("ratings", rows, rating_schema(), **common),
    }


def measure(name: str, work: Callable[[], object], records: int, seconds: float) -> None:
    """Print the best of many runs over a batch."""
    best = float("inf")
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    print(f"{name:42} {records / best:>14,.0f} records/s {best / records * 1e6:8.3f} us/record")


def chain(with_schemas: bool, lines: tuple[Line, ...], count: int) -> Callable[[], object]:
    """JSON bytes in, the transformations, JSON bytes out."""
    decode, encode = json_converter(with_schemas), json_converter(with_schemas)
    stages = [make(line) for line in lines]
    origin = batches(count)["schemaless"].origin
    source = batches(count)["struct" if with_schemas else "schemaless"]
    data = encode.from_connect_batch("ratings", source.value_schema, source.values)

    def run() -> None:
        for schema, values in decode.to_connect_batch("ratings", data):
            current = [RecordBatch("ratings", values, schema, origin=origin)]
            for stage in stages:
                current = [changed for batch in current for changed in stage.apply_batch(batch)]
            for batch in current:
                encode.from_connect_batch(batch.topic, batch.value_schema, batch.values)

    return run


def main() -> None:
    """Measure each transformation alone, then chains between JSON and JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="lines to measure, by the beginning of their name; all unless given")
    parser.add_argument("--records", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=0.5)
    options = parser.parse_args()
    chosen = tuple(options.names) or ("",)
    for line in LINES:
        for kind, batch in batches(options.records).items():
            if line.name.startswith(chosen) and (line.name, kind) != ("SetSchemaMetadata", "schemaless"):
                transformation = make(line)
                work = lambda t=transformation, b=batch: t.apply_batch(b)  # noqa: E731  # one call, measured at once
                measure(f"{line.name}, {kind}", work, options.records, options.seconds)
    if "JSON".startswith(chosen):
        for with_schemas in (False, True):
            for lines in ((), CHAIN):
                name = f"JSON{' with schemas' if with_schemas else ''} -> {len(lines)} SMTs -> JSON"
                measure(name, chain(with_schemas, lines, options.records), options.records, options.seconds)


if __name__ == "__main__":
    main()

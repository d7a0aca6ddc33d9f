"""Transformations: how long one core takes for a record, in batches.

The record is the flight rating of the demo, as a map without schema and as a row of a struct of seven fields. Kafka
Connect's own classes do the same work in a JVM (compiling them needs a ``javac`` on the path).
"""

from __future__ import annotations

import gc
import importlib
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.alone.converters import NAMES, json_converter, measure, rating_schema, ratings
from benchmarks.case import Measured
from connect.api import HeaderColumn, HeaderColumns, RecordBatch, SinkOrigin, TimestampType, Transformation
from connect.api.schema import STRING_SCHEMA
from connect.runtime.forkserver import GC_THRESHOLD
from tests.services import java, kafka

_NOW = 1_700_000_000_000
_KINDS = ("schemaless", "struct")


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


class Case(NamedTuple):
    """Something to measure: a name, the kind of the records, the transformations, whether between JSON and JSON."""

    name: str
    kind: str
    lines: tuple[Line, ...]
    json: bool = False


def cases(chosen: tuple[str, ...]) -> list[Case]:
    """Each transformation alone, then chains between JSON and JSON."""
    alone = [Case(line.name, kind, (line,)) for line in LINES for kind in _KINDS]
    chains = [Case(f"JSON -> {len(c)} SMTs -> JSON", kind, c, json=True) for kind in _KINDS for c in ((), CHAIN)]
    return [
        case
        for case in (*alone, *chains)
        if case.name.startswith(chosen) and case[:2] != ("SetSchemaMetadata", "schemaless")
    ]


def batches(count: int) -> dict[str, RecordBatch]:
    """A batch of sink records without and one with schema."""
    maps = ratings(count)
    nothing = [None] * count
    origin = SinkOrigin("ratings", 0, range(count), TimestampType.CREATE_TIME, nothing, nothing)
    timestamps = [_NOW + i for i in range(count)]
    # As the conversion of consumed records makes them.
    headers = HeaderColumns([HeaderColumn("trace", ["x"] * count, [STRING_SCHEMA] * count)], count)
    common: dict[str, Any] = {"origin": origin, "timestamps": timestamps, "headers": headers}
    rows = [tuple(value[name] for name in NAMES) for value in maps]
    return {
        "schemaless": RecordBatch("ratings", maps, **common),
        "struct": RecordBatch("ratings", rows, rating_schema(), **common),
    }


def texts(kind: str, count: int) -> list[bytes | None]:
    """The records of a batch as JSON."""
    batch = batches(count)[kind]
    return json_converter(kind == "struct").from_connect_batch("ratings", batch.value_schema, batch.values)


def chain(kind: str, lines: tuple[Line, ...], count: int) -> Callable[[], object]:
    """JSON bytes in, the transformations, JSON bytes out."""
    decode, encode = json_converter(kind == "struct"), json_converter(kind == "struct")
    stages = [make(line) for line in lines]
    origin = batches(count)[kind].origin
    data = texts(kind, count)

    def run() -> None:
        for schema, values in decode.to_connect_batch("ratings", data):
            current = [RecordBatch("ratings", values, schema, origin=origin)]
            for stage in stages:
                current = [changed for batch in current for changed in stage.apply_batch(batch)]
            for batch in current:
                encode.from_connect_batch(batch.topic, batch.value_schema, batch.values)

    return run


def work_of(case: Case, count: int) -> Callable[[], object]:
    """What is to be timed: one batch through the transformations."""
    if case.json:
        return chain(case.kind, case.lines, count)
    transformation, batch = make(case.lines[0]), batches(count)[case.kind]
    return lambda: transformation.apply_batch(batch)


def java_stage(line: Line) -> str:
    """A transformation and its settings as TransformBenchmark.java reads them."""
    name, side = line.target.partition(":")[2], ""
    if name.endswith("Value"):
        name, side = name.removesuffix("Value"), "$Value"
    settings = [f"{key}={value}" for key, value in line.config.items()]
    return "\x01".join([f"org.apache.kafka.connect.transforms.{name}{side}", *settings])


def run_java(measured: Sequence[Case], count: int, seconds: float) -> list[float]:
    """Compile and run the same work in Java, one warm JVM for all; microseconds per record."""
    source = Path(__file__).with_name("java") / "TransformBenchmark.java"
    jars = kafka.classpath()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        classpath = ":".join(map(str, [folder, *jars]))
        subprocess.run(["javac", "--release", "17", "-cp", classpath, "-d", folder, source], check=True)
        lines = ["\t".join([case.name, case.kind, *map(java_stage, case.lines)]) for case in measured]
        files = [folder / "lines", *[folder / f"{kind}.jsonl" for kind in _KINDS]]
        files[0].write_text("\n".join(lines))
        for kind, path in zip(_KINDS, files[1:], strict=True):
            path.write_bytes(b"\n".join(text for text in texts(kind, count) if text is not None))
        options = ["-XX:+UseSerialGC", "-Xms512m", "-Xmx512m"]
        command = [*java.command("TransformBenchmark", [folder, *jars], options), str(seconds), *map(str, files)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return [float(answer.rsplit("\t", 1)[1]) for answer in done.stdout.splitlines()]


def measure_all(names: tuple[str, ...], count: int, seconds: float, *, with_java: bool) -> Iterator[Measured]:
    """The chosen lines, Java's first where asked for."""
    gc.set_threshold(GC_THRESHOLD)  # as in a task's process
    chosen = cases(names)
    theirs = run_java(chosen, count, seconds) if with_java else [None] * len(chosen)
    for case, java_time in zip(chosen, theirs, strict=True):
        yield Measured(case.name, case.kind, measure(work_of(case, count), count, seconds), java_time)

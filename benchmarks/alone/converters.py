"""Converters: how long one core takes for a record, in batches.

The record is the flight rating of the demo, as a map without schema and as a struct of seven fields whose schema is in
every message. Kafka Connect's own classes do the same work in a JVM (compiling them needs a ``javac`` on the path).
"""

from __future__ import annotations

import gc
import random
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.case import Measured
from connect.api import Converter, Schema
from connect.api.schema import FLOAT64_SCHEMA, INT64_SCHEMA, STRING_SCHEMA
from connect.api.schema_builder import SchemaBuilder
from connect.runtime.forkserver import GC_THRESHOLD
from converters.json import JsonConverter
from converters.number import DoubleConverter, LongConverter
from converters.string import StringConverter
from tests.services import java, kafka

CHANNELS = ("ios", "android", "web", "iOS-test")
MESSAGES = (
    "your team here rocks!",
    "thank you for the most friendly, helpful experience today at your new lounge",
    "is this as good as it gets? really ?",
    "why is it so difficult to keep the bathrooms clean ?",
    "worst. flight. ever. #neveragain",
    "meh",
)
INTEGERS = ("rating_id", "user_id", "stars", "route_id", "rating_time")
NAMES = (*INTEGERS, "channel", "message")


def ratings(count: int) -> list[dict[str, Any]]:
    """Flight ratings, the same each time."""
    chance = random.Random(7)
    return [
        {
            "rating_id": 1000 + i,
            "user_id": chance.randrange(20),
            "stars": chance.randrange(5),
            "route_id": chance.randrange(10000),
            "rating_time": 1_700_000_000_000 + 1000 * i,
            "channel": chance.choice(CHANNELS),
            "message": chance.choice(MESSAGES),
        }
        for i in range(count)
    ]


def rating_schema() -> Schema:
    """The struct of the seven fields."""
    builder = SchemaBuilder.struct().name("ksql.ratings")
    for name in NAMES:
        kind = SchemaBuilder.int64() if name in INTEGERS else SchemaBuilder.string()
        builder.field(name, kind.optional().build())
    return builder.build()


def measure(work: Callable[[], object], records: int, seconds: float) -> float:
    """Microseconds per record: the best of many runs over a batch, within seconds of our own on the processor."""
    best = float("inf")
    deadline = time.process_time() + seconds
    while time.process_time() < deadline:
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best / records * 1e6


def json_converter(with_schemas: bool) -> JsonConverter:
    """A value converter."""
    converter = JsonConverter()
    converter.configure({"schemas.enable": str(with_schemas).lower()}, is_key=False)
    return converter


def works(size: int) -> dict[str, Callable[[], object]]:
    """What is to be timed, by the names that ConverterBenchmark.java gives the same work."""
    values, schema = ratings(size), rating_schema()
    plain, enveloped, strings = json_converter(False), json_converter(True), StringConverter()
    strings.configure({}, is_key=False)
    rows = [tuple(value[name] for name in NAMES) for value in values]
    texts = plain.from_connect_batch("t", None, values)
    lines = [text.decode() for text in texts if text is not None]
    numbers = [1000 + i for i in range(size)]
    made: dict[str, Callable[[], object]] = {}
    for name, converter, data in (
        ("JSON schemaless", plain, (None, values)),
        ("JSON with schema", enveloped, (schema, rows)),
        ("String", strings, (STRING_SCHEMA, lines)),
        ("Long", LongConverter(), (INT64_SCHEMA, numbers)),
        ("Double", DoubleConverter(), (FLOAT64_SCHEMA, list(map(float, numbers)))),
    ):
        made |= _both(name, converter, *data)
    return made


def _both(name: str, converter: Converter, schema: Schema | None, values: list[Any]) -> dict[str, Callable[[], object]]:
    texts = converter.from_connect_batch("t", schema, values)
    return {
        f"{name}\tdecode": lambda: converter.to_connect_batch("t", texts),
        f"{name}\tencode": lambda: converter.from_connect_batch("t", schema, values),
        f"{name}\tboth": lambda: converter.from_connect_batch("t", *converter.to_connect_batch("t", texts)[0]),
    }


def run_java(size: int, seconds: float) -> dict[str, float]:
    """Compile and run the same work in Java; microseconds per record by name."""
    source = Path(__file__).with_name("java") / "ConverterBenchmark.java"
    jars = kafka.classpath()
    values = ratings(size)
    rows = [tuple(value[name] for name in NAMES) for value in values]
    messages = [
        json_converter(False).from_connect_batch("t", None, values),
        json_converter(True).from_connect_batch("t", rating_schema(), rows),
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        classpath = ":".join(map(str, [folder, *jars]))
        subprocess.run(["javac", "--release", "17", "-cp", classpath, "-d", folder, source], check=True)
        paths = [folder / "plain.jsonl", folder / "enveloped.jsonl"]
        for path, texts in zip(paths, messages, strict=True):
            path.write_bytes(b"\n".join(text for text in texts if text is not None))
        options = ["-XX:+UseSerialGC", "-Xmx512m"]
        command = [*java.command("ConverterBenchmark", [folder, *jars], options), str(seconds), *map(str, paths)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return {name: float(time) for name, _, time in (line.rpartition("\t") for line in done.stdout.splitlines())}


def measure_all(size: int, seconds: float, *, with_java: bool) -> list[Measured]:
    """All lines, Java's first where asked for."""
    gc.set_threshold(GC_THRESHOLD)  # as in a task's process
    theirs = run_java(size, seconds) if with_java else {}
    lines = []
    for name, work in works(size).items():
        converter, _, kind = name.partition("\t")
        lines.append(Measured(converter, kind, measure(work, size, seconds), theirs.get(name)))
    return lines

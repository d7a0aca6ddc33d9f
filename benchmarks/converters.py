"""Converters: how many records a second one core converts, in batches. Run ``python -m benchmarks.converters``.

The record is the flight rating of the demo, as a map without schema and as a struct of seven fields whose schema is in
every message. ``--records`` and ``--seconds`` set the size of a batch and how long each line is measured. ``--java``
lets Kafka Connect's own classes do the same work afterwards (compiling needs a ``javac`` on the path).
"""

from __future__ import annotations

import argparse
import random
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from connect.api import Schema
from connect.api.schema_builder import SchemaBuilder
from converters.json import JsonConverter
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


def measure(name: str, convert: Callable[[], object], records: int, seconds: float) -> None:
    """Print the best of many runs over a batch."""
    best = float("inf")
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        start = time.perf_counter()
        convert()
        best = min(best, time.perf_counter() - start)
    print(f"{name:34} {records / best:>12,.0f} records/s {best / records * 1e6:8.3f} us/record")


def json_converter(with_schemas: bool) -> JsonConverter:
    """A value converter."""
    converter = JsonConverter()
    converter.configure({"schemas.enable": str(with_schemas).lower()}, is_key=False)
    return converter


def run_java(seconds: float, *files: list[bytes | None]) -> None:
    """Compile and run the same work in Java, on lines of text: messages without and with schemas."""
    source = Path(__file__).with_name("java") / "ConverterBenchmark.java"
    jars = kafka.classpath()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        classpath = ":".join(map(str, [folder, *jars]))
        subprocess.run(["javac", "--release", "17", "-cp", classpath, "-d", folder, source], check=True)
        paths = []
        for index, messages in enumerate(files):
            paths.append(folder / f"{index}.jsonl")
            paths[-1].write_bytes(b"\n".join(message for message in messages if message is not None))
        options = ["-XX:+UseSerialGC", "-Xmx512m"]
        command = java.command("ConverterBenchmark", [folder, *jars], options)
        print("\nJava", flush=True)
        subprocess.run([*command, str(seconds), *map(str, paths)], check=True, stderr=subprocess.DEVNULL)


def main() -> None:
    """Measure JSON without and with schemas, and strings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--java", action="store_true")
    options = parser.parse_args()
    size, seconds = options.records, options.seconds

    def line(name: str, convert: Callable[[], object]) -> None:
        measure(name, convert, size, seconds)

    values = ratings(size)
    plain = json_converter(with_schemas=False)
    texts = plain.from_connect_batch("t", None, values)
    line("JSON schemaless decode", lambda: plain.to_connect_batch("t", texts))
    line("JSON schemaless encode", lambda: plain.from_connect_batch("t", None, values))
    line("JSON schemaless both", lambda: plain.from_connect_batch("t", *plain.to_connect_batch("t", texts)[0]))

    schema = rating_schema()
    rows = [tuple(value[name] for name in NAMES) for value in values]
    enveloped = json_converter(with_schemas=True)
    messages = enveloped.from_connect_batch("t", schema, rows)
    line("JSON with schema decode", lambda: enveloped.to_connect_batch("t", messages))
    line("JSON with schema encode", lambda: enveloped.from_connect_batch("t", schema, rows))
    line(
        "JSON with schema both",
        lambda: enveloped.from_connect_batch("t", *enveloped.to_connect_batch("t", messages)[0]),
    )

    strings = StringConverter()
    strings.configure({}, is_key=False)
    lines = [text.decode() for text in texts if text is not None]
    line("String decode", lambda: strings.to_connect_batch("t", texts))
    line("String encode", lambda: strings.from_connect_batch("t", None, lines))
    if options.java:
        run_java(seconds, texts, messages)


if __name__ == "__main__":
    main()

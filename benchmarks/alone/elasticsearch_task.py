"""How fast the Elasticsearch sink's task is by itself: rating records against an endpoint that only answers.

Kafka and converters are left out: batches are as the JSON converter makes them. Counted is the CPU time of the task.
"""

from __future__ import annotations

import random
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import orjson

from benchmarks.case import Measured
from connect.api import Field, RecordBatch, Schema, SinkOrigin, TimestampType, TopicPartition, Type
from connect.api.schema import INT32_SCHEMA, INT64_SCHEMA, OPTIONAL_STRING_SCHEMA, STRING_SCHEMA
from connectors.elasticsearch.sink import ElasticsearchSinkTask

_BATCH = 500
_RATINGS = Schema(
    Type.STRUCT,
    name="ratings",
    fields=[
        Field("rating_id", 0, INT64_SCHEMA),
        Field("user_id", 1, INT32_SCHEMA),
        Field("stars", 2, INT32_SCHEMA),
        Field("route_id", 3, INT32_SCHEMA),
        Field("rating_time", 4, INT64_SCHEMA),
        Field("channel", 5, STRING_SCHEMA),
        Field("message", 6, OPTIONAL_STRING_SCHEMA),
    ],
)
_BASE = {"schema.ignore": "true", "key.ignore": "true", "topics": "ratings", "read.timeout.ms": "30000"}
_CASES: dict[str, dict[str, str]] = {
    "schemaless, ids by coordinates": {},
    "JSON as bytes": {"value.converter": "ByteArrayConverter"},
    "schemaless, ids by key": {"key.ignore": "false"},
    "schemaless, upsert": {"key.ignore": "false", "write.method": "upsert"},
    "schemaless, compressed": {"connection.compression": "true"},
    "schema, mapping": {"schema.ignore": "false"},
}


class Context:
    """The runtime as the task sees it; pausing is obeyed by the loop below."""

    errant_record_reporter = None

    def __init__(self) -> None:
        self.paused: set[TopicPartition] = set()

    def pause(self, *partitions: TopicPartition) -> None:
        """Remember."""
        self.paused.update(partitions)

    def resume(self, *partitions: TopicPartition) -> None:
        """Remember."""
        self.paused.difference_update(partitions)

    def timeout(self, milliseconds: int) -> None:
        """The loop below calls at once."""


@contextmanager
def endpoint() -> Iterator[str]:
    """The endpoint in a process of its own; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.bulk_endpoint", str(port)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def ratings(count: int, *, as_rows: bool = False, as_bytes: bool = False) -> list[RecordBatch]:
    """Batches of rating records, as dicts unless told otherwise."""
    chance = random.Random(1)
    messages = [
        "Exceeded all my expectations.",
        "worst. flight. ever. #neveragain",
        "thank you for the most friendly, helpful experience today at your new lounge",
    ]
    batches = []
    for first in range(0, count, _BATCH):
        rows: list[tuple[Any, ...]] = [
            (
                first + n,
                chance.randrange(20),
                chance.randrange(1, 6),
                chance.randrange(10000),
                1700000000000 + n,
                "web",
                chance.choice(messages),
            )
            for n in range(_BATCH)
        ]
        names = [field.name for field in _RATINGS.fields]
        values: list[Any] = rows if as_rows else [dict(zip(names, row, strict=True)) for row in rows]
        if as_bytes:
            values = [orjson.dumps(value) for value in values]
        stamps: list[int | None] = [1700000000000] * _BATCH
        origin = SinkOrigin(
            "ratings",
            0,
            list(range(first, first + _BATCH)),
            TimestampType.CREATE_TIME,
            [None] * _BATCH,
            [None] * _BATCH,
        )
        batches.append(
            RecordBatch(
                "ratings",
                list(values),
                _RATINGS if as_rows else None,
                origin=origin,
                keys=[str(row[1]) for row in rows],
                key_schema=STRING_SCHEMA,
                timestamps=stamps,
            )
        )
    return batches


def cpu_seconds() -> float:
    """CPU time of this process so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def measure(url: str, config: Mapping[str, str], records: int) -> tuple[float, float]:
    """Records per second, and microseconds of CPU per record."""
    batches = ratings(50_000, as_rows=config.get("schema.ignore") == "false", as_bytes="value.converter" in config)
    task = ElasticsearchSinkTask()
    context = Context()
    task.initialize(context)  # type: ignore[arg-type]  # all that the sink asks for
    task.start({**_BASE, **config, "connection.url": url})
    task.open([TopicPartition("ratings", 0)])
    began, cpu = time.perf_counter(), cpu_seconds()
    sent = 0
    while sent < records:
        for batch in batches:
            task.put_batch([batch])
            sent += len(batch)
            while context.paused:
                task.put_batch([])
                time.sleep(0.001)
    task.flush({})
    wall, used = time.perf_counter() - began, cpu_seconds() - cpu
    task.stop()
    return sent / wall, used / sent * 1e6


def measure_all(records: int) -> list[Measured]:
    """Microseconds of CPU time per record, of several configurations."""
    with endpoint() as url:
        return [Measured(name, "put", measure(url, config, records)[1], None) for name, config in _CASES.items()]

"""The converters with a registry: how long one core takes for a record, in batches.

The record is the flight rating of the demo as a struct of seven fields, rows in and rows out, with an embedded
registry; beside Avro fastavro's own reader and writer, record by record and without any conversion from or to rows.
"""

from __future__ import annotations

import datetime as dt
import decimal
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import fastavro

from benchmarks.alone.converters import NAMES, measure, rating_schema, ratings
from benchmarks.case import Measured
from connect.api import TIMESTAMP_SCHEMA, Schema, decimal_schema
from connect.api.schema_builder import SchemaBuilder
from connect.demo.registry import EmbeddedRegistry
from converters.avro import AvroConverter
from converters.avro_from_connect import avro_schema
from converters.avro_names import DataOptions
from converters.avro_schema import schema_text
from converters.json_schema import JsonSchemaConverter
from converters.protobuf import ProtobufConverter
from converters.registry_converter import RegistryConverter

_EPOCH = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
Work = tuple[str, str, Callable[[], object]]
"""Name, kind and what is timed."""


def converter(url: str) -> AvroConverter:
    """A value converter."""
    made = AvroConverter()
    made.configure({"schema.registry.url": url}, is_key=False)
    return made


def rental_schema() -> Schema:
    """Seven fields with what a database has: timestamps, a decimal and nulls."""
    builder = SchemaBuilder.struct().name("rental")
    for name in ("rental_id", "inventory_id", "customer_id"):
        builder.field(name, SchemaBuilder.int32().build())
    builder.field("rental_date", TIMESTAMP_SCHEMA)
    builder.field("return_date", TIMESTAMP_SCHEMA.replace(optional=True))
    builder.field("amount", decimal_schema(2))
    return builder.field("note", SchemaBuilder.string().optional().build()).build()


def rentals(count: int) -> list[tuple[Any, ...]]:
    """Rows of that schema."""
    minute = dt.timedelta(minutes=1)
    return [
        (
            i,
            i % 4581,
            i % 599,
            _EPOCH + i * minute,
            None if i % 5 == 0 else _EPOCH + (i + 90) * minute,
            decimal.Decimal(i % 1000).scaleb(-2),
            None,
        )
        for i in range(count)
    ]


def _both(name: str, made: RegistryConverter, schema: Schema, rows: list[tuple[Any, ...]]) -> list[Work]:
    topic = name.replace(" ", "-")
    messages = made.from_connect_batch(topic, schema, rows)
    return [
        (name, "encode", lambda: made.from_connect_batch(topic, schema, rows)),
        (name, "decode", lambda: made.to_connect_batch(topic, messages)),
    ]


def _fastavro(values: list[dict[str, Any]]) -> list[Work]:
    """The same ratings as dicts, through fastavro."""
    schema = fastavro.parse_schema(json.loads(schema_text(avro_schema(rating_schema(), DataOptions()))))

    def write(value: dict[str, Any]) -> bytes:
        out = io.BytesIO()
        fastavro.schemaless_writer(out, schema, value)
        return out.getvalue()

    def read(message: bytes) -> object:
        return fastavro.schemaless_reader(io.BytesIO(message), schema, None)

    messages = list(map(write, values))
    return [
        ("fastavro alone, rating", "dicts to bytes", lambda: list(map(write, values))),
        ("fastavro alone, rating", "bytes to dicts", lambda: list(map(read, messages))),
    ]


def _works(url: str, size: int) -> Iterator[Work]:
    values = ratings(size)
    rows = [tuple(value[name] for name in NAMES) for value in values]
    avro = converter(url)
    yield from _both("Avro rating", avro, rating_schema(), rows)
    yield from _both("Avro rental", avro, rental_schema(), rentals(size))
    for name, other in (("JSON Schema rating", JsonSchemaConverter()), ("Protobuf rating", ProtobufConverter())):
        other.configure({"schema.registry.url": url}, is_key=False)
        yield from _both(name, other, rating_schema(), rows)
        other.close()
    avro.close()
    yield from _fastavro(values)


def measure_all(size: int, seconds: float) -> list[Measured]:
    """Ratings, and rentals with logical types."""
    with EmbeddedRegistry() as registry:
        works = _works(registry.url, size)
        return [Measured(name, kind, measure(work, size, seconds), None) for name, kind, work in works]

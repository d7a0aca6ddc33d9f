"""The Avro converter: how many records a second one core converts, in batches. Run ``python -m benchmarks.avro``.

The record is the flight rating of the demo as a struct of seven fields, rows in and rows out, with an embedded
registry; beside it fastavro's own reader and writer, record by record and without any conversion from or to rows.
``--records`` and ``--seconds`` set the size of a batch and how long each line is measured.
"""

from __future__ import annotations

import argparse
import datetime as dt
import decimal
import io
import json
from collections.abc import Callable
from typing import Any

import fastavro

from benchmarks.converters import NAMES, rating_schema, ratings, show
from connect.api import TIMESTAMP_SCHEMA, Schema, decimal_schema
from connect.api.schema_builder import SchemaBuilder
from connect.demo.registry import EmbeddedRegistry
from converters.avro import AvroConverter
from converters.avro_from_connect import avro_schema
from converters.avro_names import DataOptions
from converters.avro_schema import schema_text

_EPOCH = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
Line = Callable[[str, Callable[[], object]], None]


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


def measure_ours(line: Line, name: str, made: AvroConverter, schema: Schema, rows: list[tuple[Any, ...]]) -> None:
    """Encode and decode."""
    topic = name.replace(" ", "-")
    messages = made.from_connect_batch(topic, schema, rows)
    line(f"{name} encode", lambda: made.from_connect_batch(topic, schema, rows))
    line(f"{name} decode", lambda: made.to_connect_batch(topic, messages))


def measure_fastavro(line: Line, values: list[dict[str, Any]]) -> None:
    """The same ratings as dicts, through fastavro."""
    schema = fastavro.parse_schema(json.loads(schema_text(avro_schema(rating_schema(), DataOptions()))))

    def write(value: dict[str, Any]) -> bytes:
        out = io.BytesIO()
        fastavro.schemaless_writer(out, schema, value)
        return out.getvalue()

    messages = list(map(write, values))
    line("fastavro rating encode, from dicts", lambda: list(map(write, values)))
    line(
        "fastavro rating decode, to dicts",
        lambda: [fastavro.schemaless_reader(io.BytesIO(message), schema, None) for message in messages],
    )


def main() -> None:
    """Measure ratings, and rentals with logical types."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=1.0)
    options = parser.parse_args()
    values = ratings(options.records)

    def line(name: str, convert: Callable[[], object]) -> None:
        show(name, convert, options.records, options.seconds)

    with EmbeddedRegistry() as registry:
        made = converter(registry.url)
        rows = [tuple(value[name] for name in NAMES) for value in values]
        measure_ours(line, "Avro rating", made, rating_schema(), rows)
        measure_ours(line, "Avro rental", made, rental_schema(), rentals(options.records))
        made.close()
    measure_fastavro(line, values)


if __name__ == "__main__":
    main()

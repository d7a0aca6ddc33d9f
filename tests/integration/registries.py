"""Converters with schema registries, beside the clients of others: a row, and how both are set up."""

from __future__ import annotations

import datetime as dt
from typing import TypeVar

from confluent_kafka.schema_registry import SchemaRegistryClient

from connect.api import TIMESTAMP_SCHEMA, Schema, decimal_schema
from connect.api.schema_builder import SchemaBuilder
from converters.registry_converter import RegistryConverter

Made = TypeVar("Made", bound=RegistryConverter)
NAMED_AFTER_TOPIC = {"subject.name.strategy.type": "TOPIC"}
"""By default Confluent's clients ask the registry which subject is a topic's, which Apicurio doesn't always answer."""
RENTED = dt.datetime(2024, 2, 29, 12, 30, 0, 123000, tzinfo=dt.UTC)


def rental() -> Schema:
    """Of rows such as ``(5, RENTED, Decimal("4.99"), None, ["a", "b"])``."""
    return (
        SchemaBuilder.struct()
        .name("sakila.rental")
        .field("rental_id", SchemaBuilder.int32().build())
        .field("rental_date", TIMESTAMP_SCHEMA)
        .field("amount", decimal_schema(2))
        .field("note", SchemaBuilder.string().optional().build())
        .field("tags", SchemaBuilder.array(SchemaBuilder.string().build()).build())
        .build()
    )


def configured(made: Made, url: str, **settings: object) -> Made:
    """The converter, ready for use; ``connect_meta_data=False`` is ``connect.meta.data=False``."""
    config = {name.replace("_", "."): str(value) for name, value in settings.items()}
    made.configure({"schema.registry.url": url, "retries.wait.ms": "1", "max.retries": "1", **config}, is_key=False)
    return made


def other_client(url: str) -> SchemaRegistryClient:
    """Confluent's own client, which waits for ever unless told otherwise."""
    return SchemaRegistryClient({"url": url, "timeout": 60})

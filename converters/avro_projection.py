"""Data written with one Avro schema, as another one sees it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

from connect.api import ConfigException, SerializationException
from converters.avro_schema import AvroSchema, schema_text


def projection(writer: AvroSchema, reader: AvroSchema) -> Callable[[bytes], bytes]:
    """Turns what ``writer`` describes into what ``reader`` describes, by Avro's rules of schema resolution.

    Raises ConfigException without fastavro, which knows those rules. The function raises SerializationException for
    data that can't be resolved.
    """
    try:
        import fastavro
    except ImportError:
        hint = "pip install 'kafka-connect-worker[avro]' to read data as the latest schema sees it"
        raise ConfigException("use.latest.version", "true", hint) from None
    from_schema, to_schema = (fastavro.parse_schema(_without_logical_types(schema)) for schema in (writer, reader))

    def project(data: bytes) -> bytes:
        out = io.BytesIO()
        try:
            value = fastavro.schemaless_reader(io.BytesIO(data), from_schema, to_schema)
            fastavro.schemaless_writer(out, to_schema, value)
        except (fastavro.read.SchemaResolutionError, ValueError, TypeError, EOFError, IndexError) as error:
            raise SerializationException("Error deserializing Avro message with the latest schema") from error
        return out.getvalue()

    return project


def _without_logical_types(schema: AvroSchema) -> Any:
    """As the schema is in binary data, where an int is an int; fastavro would make dates and decimals of them."""

    def stripped(node: Any) -> Any:
        if isinstance(node, list):
            return [stripped(item) for item in node]
        if isinstance(node, dict):
            return {key: stripped(item) for key, item in node.items() if key != "logicalType"}
        return node

    return stripped(json.loads(schema_text(schema)))

"""JsonSchemaConverter: JSON text, with its JSON schema in a registry and the schema's id in front of every message."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from connect.api import DataException, Schema
from converters.json_schema_config import JSON_SCHEMA_CONFIG, JsonSchemaOptions
from converters.json_schema_document import Document, parse_document
from converters.json_schema_from_connect import json_schema, json_schema_text
from converters.json_schema_read import message_reader
from converters.json_schema_to_connect import JsonSchemaMapping
from converters.json_schema_write import batch_writer
from converters.registry_client import RegistryClient
from converters.registry_converter import HEADER_BYTES, Reader, RegistryConverter, Writer, message_head
from converters.registry_errors import Direction
from converters.registry_schemas import Language, SubjectSchemas
from converters.registry_subjects import SubjectNames


def _no_differences(reader: Document, writer: Document) -> list[str]:
    """Compatibility of JSON schemas is the registry's to judge."""
    return []


JSON = Language("JSON", "JSON", "JSON schema: ", "JSON schema", parse_document, _no_differences)


class JsonSchemaConverter(RegistryConverter):
    """Writes data as JSON, with its JSON schema in a schema registry, and reads it back.

    Schemas get the annotations that Java's converter gives them, so both share the versions of a subject.
    Headers have subjects of their own, ``<topic>-header-<name>``.
    """

    CONFIG = JSON_SCHEMA_CONFIG
    EXAMPLE = {
        "config": {"schema.registry.url": "http://localhost:8081"},
        "value": {
            "schema": {
                "type": "struct",
                "optional": False,
                "name": "ratings",
                "fields": [
                    {"field": "user_id", "type": "int64", "optional": False},
                    {"field": "message", "type": "string", "optional": True},
                ],
            },
            "payload": {"user_id": 3, "message": "très bien"},
        },
        "hex": "00000000017b22757365725f6964223a332c226d657373616765223a227472c3a873206269656e227d",
    }
    WRITING = Direction(
        "Converting Kafka Connect data to byte[] failed due to serialization error of topic {0}: ",
        "Converting Kafka Connect data to byte[] failed due to serialization error of topic {0}: ",
        "Network connection error while serializing Json data for topic {0}: {1}",
        "Failed to access JSON Schema data from topic {0} : {1}",
    )
    READING = Direction(
        "Converting byte[] to Kafka Connect data failed due to serialization error of topic {0}: ",
        "Converting byte[] to Kafka Connect data failed due to serialization error of topic {0}: ",
        "Network connection error while deserializing data for topic {0}: {1}",
        "Failed to access JSON Schema data from topic {0} : {1}",
    )
    malformed = ()

    def _prepare(self, given: Mapping[str, Any], cache_size: int) -> RegistryClient:
        self._options = JsonSchemaOptions.of(self._config)
        self._registry = SubjectSchemas(JSON, self._config, given)
        self._mapping = JsonSchemaMapping(self._options)
        return self._registry.client

    def _is_tombstone(self, schema: Schema | None) -> bool:
        if schema is None:
            return True
        has_default = schema.default_value is not None and not self._options.ignore_defaults
        return not has_default and not schema.optional

    def _malformed(self, schema_id: int) -> str:
        return f"Error deserializing JSON message for id {schema_id}"

    def _new_writer(self, topic: str | None, subjects: SubjectNames, schema: Schema | None) -> Writer:
        if schema is None:
            raise DataException("JsonSchemaConverter can't write data without a schema; JsonConverter can")
        own = parse_document(json_schema_text(json_schema(schema, self._options)), ())
        subject = subjects.subject(topic, own.record_name)
        write = batch_writer(schema, self._options)
        if self._registry.chooses_schema:
            return self._writer_with_chosen(subject, own, write)
        encode = self._checked(own, write)
        return Writer(
            encode, True, lru_cache(maxsize=1)(lambda: message_head(self._registry.own_id(subject, own.text)))
        )

    def _writer_with_chosen(self, subject: str, own: Document, write: Callable[[Sequence[Any]], list[bytes]]) -> Writer:
        checked = lru_cache(maxsize=100)(lambda document: self._checked(document, write))
        current = [b""]

        def encode(values: Sequence[Any]) -> list[bytes]:
            schema_id, chosen = self._registry.chosen(subject, own)
            current[0] = message_head(schema_id)
            return checked(chosen)(values)

        return Writer(encode, True, lambda: current[0])

    def _checked(
        self, document: Document, write: Callable[[Sequence[Any]], list[bytes]]
    ) -> Callable[[Sequence[Any]], list[bytes]]:
        if not self._config["json.fail.invalid.schema"]:
            return write
        check = document.checker()

        def write_checked(values: Sequence[Any]) -> list[bytes]:
            texts = write(values)
            for text in texts:
                check(json.loads(text))
            return texts

        return write_checked

    def _new_reader(self, topic: str | None, subjects: SubjectNames, schema_id: int, rest: bytes) -> Reader:
        subject = "" if subjects.needs_schema else subjects.subject(topic, None)
        registered, document = self._registry.written_with(schema_id, subject, self._side)
        if subjects.needs_schema:
            subject = subjects.subject(topic, document.record_name)
        version = self._registry.version(subject, registered, self._side, schema_id)
        if self._registry.projects:
            latest, document = self._registry.latest(subject)
            version = latest.version
        schema = self._mapping.connect_schema(document, version)
        read = message_reader(schema, HEADER_BYTES)
        if not self._config["json.fail.invalid.schema"]:
            return Reader(schema, read)
        check = document.checker()

        def read_checked(message: bytes) -> Any:
            value = read(message)
            check(json.loads(message[HEADER_BYTES:]))
            return value

        return Reader(schema, read_checked)

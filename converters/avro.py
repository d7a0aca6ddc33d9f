"""AvroConverter: Avro's binary form, with the schema in a registry and its id in front of every message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from connect.api import DataException, Schema, Type
from converters.avro_config import AVRO_CONFIG
from converters.avro_decode import HEADER_BYTES, MALFORMED, compile_decoder, is_anything
from converters.avro_encode import EncoderCompiler
from converters.avro_encode_plain import NULL_FOR_REQUIRED, Encode, raw_bytes
from converters.avro_from_connect import avro_schema
from converters.avro_language import AVRO
from converters.avro_names import DataOptions, is_union
from converters.avro_projection import projection
from converters.avro_schema import AvroSchema, schema_text
from converters.avro_to_connect import ConnectMapping
from converters.registry_client import RegistryClient
from converters.registry_converter import Reader, RegistryConverter, Writer, message_head
from converters.registry_errors import Direction
from converters.registry_schemas import SubjectSchemas
from converters.registry_subjects import SubjectNames


class AvroConverter(RegistryConverter):
    """Writes data as Avro, with its schema in a schema registry, and reads it back.

    Schemas get the names and annotations that Java's converter gives them, so both share the versions of a subject.
    Headers have subjects of their own, ``<topic>-header-<name>``. Data without a schema is written as a record
    that has a member for every kind of value.
    """

    CONFIG = AVRO_CONFIG
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
        "hex": "00000000010602147472c3a873206269656e",
    }

    WRITING = Direction(
        "Failed to serialize Avro data from topic {0} :",
        "Failed to serialize Avro data from topic {0}:",
        "Network connection error while serializing Avro data for topic {0}: {1}",
        "Failed to access Avro data from topic {0} : {1}",
    )
    READING = Direction(
        "Failed to deserialize data for topic {0} to Avro: ",
        "Failed to deserialize data for topic {0} to Avro:",
        "Network connection error while deserializing data for topic {0}: {1}",
        "Failed to access Avro data from topic {0} : {1}",
    )
    malformed = MALFORMED

    def _prepare(self, given: Mapping[str, Any], cache_size: int) -> RegistryClient:
        self._options = DataOptions.of(self._config)
        self._registry = SubjectSchemas(AVRO, self._config, given)
        self._mapping = ConnectMapping(self._options)
        self._projections = lru_cache(maxsize=cache_size)(projection)
        return self._registry.client

    def _is_tombstone(self, schema: Schema | None) -> bool:
        if schema is not None and not schema.optional:
            raise DataException(NULL_FOR_REQUIRED)
        return True

    def _malformed(self, schema_id: int) -> str:
        return f"Error deserializing Avro message for id SchemaId{{schemaType='AVRO', id={schema_id}}}"

    def _new_writer(self, topic: str | None, subjects: SubjectNames, schema: Schema | None) -> Writer:
        own = avro_schema(schema, self._options)
        text = schema_text(own)
        subject = subjects.subject(topic, _record_name(own))
        if self._registry.chooses_schema:
            return self._writer_with_latest(subject, schema, own)
        encode, takes_rows = self._encoder(schema, own)
        return Writer(
            encode, takes_rows, lru_cache(maxsize=1)(lambda: message_head(self._registry.own_id(subject, text)))
        )

    def _writer_with_latest(self, subject: str, schema: Schema | None, own: AvroSchema) -> Writer:
        encoders: dict[int, Encode] = {}
        current = [b""]
        takes_rows = self._encoder(schema, own)[1]

        def encode(values: Sequence[Any]) -> list[bytes]:
            schema_id, chosen = self._registry.chosen(subject, own)
            if schema_id not in encoders:
                encoders[schema_id] = self._encoder(schema, chosen)[0]
            current[0] = message_head(schema_id)
            return encoders[schema_id](values)

        return Writer(encode, takes_rows, lambda: current[0])

    def _encoder(self, schema: Schema | None, avro: AvroSchema) -> tuple[Encode, bool]:
        """The encoder of what a batch holds, and whether that is rows."""
        compiler = EncoderCompiler(self._options)
        if schema is not None and avro.kind == "bytes":
            return raw_bytes(schema), False
        if schema is None or schema.type is not Type.STRUCT or is_union(schema):
            return compiler.encoder(schema, avro), False
        return compiler.row_encoder(schema, avro), True

    def _new_reader(self, topic: str | None, subjects: SubjectNames, schema_id: int, rest: bytes) -> Reader:
        subject = "" if subjects.needs_schema else subjects.subject(topic, None)
        registered, writer = self._registry.written_with(schema_id, subject, self._side)
        if subjects.needs_schema:
            subject = subjects.subject(topic, _record_name(writer))
            registered, writer = self._registry.written_with(schema_id, subject, self._side)
        version = self._registry.version(subject, registered, self._side, schema_id)
        if not self._registry.projects:
            return self._reader(writer, version)
        latest, avro = self._registry.latest(subject)
        reader = self._reader(avro, latest.version)
        if latest.id == schema_id or writer.kind == avro.kind == "bytes":
            return reader
        project = self._projections(writer, avro)
        head = message_head(schema_id)
        return Reader(reader.schema, lambda data: reader.decode(head + project(data[HEADER_BYTES:])))

    def _reader(self, avro: AvroSchema, version: int | None) -> Reader:
        if avro.kind == "null":
            return Reader(None, lambda _data: None)
        schema = None if is_anything(avro) else self._mapping.connect_schema(avro, version)
        return Reader(schema, compile_decoder(avro, schema))


def _record_name(schema: AvroSchema) -> str | None:
    return schema.full_name if schema.kind == "record" else None

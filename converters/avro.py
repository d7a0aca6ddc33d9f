"""AvroConverter: Avro's binary form, with the schema in a registry and its id in front of every message."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple

from connect.api import (
    NULL,
    Converter,
    DataException,
    HeaderConverter,
    Headers,
    Run,
    Schema,
    SchemaAndValue,
    SerializationException,
    Type,
    to_held,
    to_value,
)
from converters.avro_config import AVRO_CONFIG
from converters.avro_decode import HEADER_BYTES, MALFORMED, Decode, compile_decoder, is_anything
from converters.avro_encode import EncoderCompiler
from converters.avro_encode_plain import NULL_FOR_REQUIRED, Encode, raw_bytes
from converters.avro_from_connect import avro_schema
from converters.avro_names import DataOptions, is_union
from converters.avro_projection import projection
from converters.avro_registry import AvroRegistry
from converters.avro_schema import AvroSchema, schema_text
from converters.avro_to_connect import ConnectMapping
from converters.registry_errors import READING, WRITING, explained
from converters.registry_subjects import AUTOMATIC, SubjectNames

_HEAD = struct.Struct(">bI")


class _Writer(NamedTuple):
    """How the values of one schema are written to one topic; ``head`` asks the registry where it has to."""

    encode: Encode
    takes_rows: bool
    head: Callable[[], bytes]


class _Reader(NamedTuple):
    """How the messages of one schema are read; None among the values has no schema."""

    schema: Schema | None
    decode: Decode


class AvroConverter(Converter, HeaderConverter):
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

    def configure(self, config: Mapping[str, Any], is_key: bool) -> None:
        """See the settings. The registry is asked when there is something to convert."""
        self._configure(config)
        side = "key" if is_key else "value"
        self._subjects = SubjectNames(self._config[f"{side}.subject.name.strategy"], side)
        self._side = side

    def configure_header(self, config: Mapping[str, Any]) -> None:
        """See the settings."""
        self._configure(config)
        self._side = "header"

    def _configure(self, config: Mapping[str, Any]) -> None:
        self._config = self.CONFIG.parse(config)
        self._options = DataOptions.of(self._config)
        self._registry = AvroRegistry(self._config, config)
        self._mapping = ConnectMapping(self._options)
        size = max(1, self._config["schemas.cache.config"])
        self._writers = lru_cache(maxsize=size)(self._new_writer)
        self._readers = lru_cache(maxsize=size)(self._new_reader)
        self._projections = lru_cache(maxsize=size)(projection)

    def close(self) -> None:
        """Drop the connections to the registry."""
        self._registry.client.close()

    # Writing

    def from_connect_data(
        self, topic: str | None, schema: Schema | None, value: Any, headers: Headers | None = None
    ) -> bytes | None:
        """The message; None (a tombstone) for a null that the schema allows. Raises as the batch form."""
        return self._write(topic, self._subjects, schema, [to_held(schema, value)])[0]

    def from_connect_batch(
        self, topic: str | None, schema: Schema | None, values: Sequence[Any], headers: Sequence[Headers] | None = None
    ) -> list[bytes | None]:
        """The messages of values that share a schema.

        Raises DataException for a value that doesn't fit or a schema that is refused, RetriableException while the
        registry is away, ConfigException when it doesn't let us in.
        """
        return self._write(topic, self._subjects, schema, values)

    def from_connect_header(self, topic: str | None, key: str, schema: Schema | None, value: Any) -> bytes | None:
        """As for values."""
        return self._write(topic, _header_subjects(key), schema, [to_held(schema, value)])[0]

    def _write(
        self, topic: str | None, subjects: SubjectNames, schema: Schema | None, values: Sequence[Any]
    ) -> list[bytes | None]:
        if None in values:
            if schema is not None and not schema.optional:
                raise DataException(NULL_FOR_REQUIRED)
            present = iter(self._write(topic, subjects, schema, [value for value in values if value is not None]))
            return [None if value is None else next(present) for value in values]
        if not values:
            return []
        with explained(WRITING, topic):
            try:
                writer = self._writers(topic, subjects, schema)
                held = values if writer.takes_rows else [to_value(schema, value) for value in values]
                encoded = writer.encode(held)
                head = writer.head()
            except RecursionError:
                raise DataException("The data is nested too deeply to be written as Avro") from None
        return [head + item for item in encoded]

    def _new_writer(self, topic: str | None, subjects: SubjectNames, schema: Schema | None) -> _Writer:
        own = avro_schema(schema, self._options)
        text = schema_text(own)
        subject = subjects.subject(topic, own)
        if self._registry.chooses_schema:
            return self._writer_with_latest(subject, schema, own)
        encode, takes_rows = self._encoder(schema, own)
        return _Writer(encode, takes_rows, lru_cache(maxsize=1)(lambda: _head(self._registry.own_id(subject, text))))

    def _writer_with_latest(self, subject: str, schema: Schema | None, own: AvroSchema) -> _Writer:
        encoders: dict[int, Encode] = {}
        current = [b""]
        takes_rows = self._encoder(schema, own)[1]

        def encode(values: Sequence[Any]) -> list[bytes]:
            schema_id, chosen = self._registry.chosen(subject, own)
            if schema_id not in encoders:
                encoders[schema_id] = self._encoder(schema, chosen)[0]
            current[0] = _head(schema_id)
            return encoders[schema_id](values)

        return _Writer(encode, takes_rows, lambda: current[0])

    def _encoder(self, schema: Schema | None, avro: AvroSchema) -> tuple[Encode, bool]:
        """The encoder of what a batch holds, and whether that is rows."""
        compiler = EncoderCompiler(self._options)
        if schema is not None and avro.kind == "bytes":
            return raw_bytes(schema), False
        if schema is None or schema.type is not Type.STRUCT or is_union(schema):
            return compiler.encoder(schema, avro), False
        return compiler.row_encoder(schema, avro), True

    # Reading

    def to_connect_data(self, topic: str | None, data: bytes | None, headers: Headers | None = None) -> SchemaAndValue:
        """The value and its schema, whose version is the registry's. Raises as the batch form."""
        return self._read_one(topic, self._subjects, data)

    def to_connect_batch(
        self, topic: str | None, data: Sequence[bytes | None], headers: Sequence[Headers] | None = None
    ) -> list[Run]:
        """The values, as runs of one schema; messages of one id share the schema's object.

        Raises DataException for malformed data or an unknown id, RetriableException while the registry is away,
        ConfigException when it doesn't let us in.
        """
        return self._read(topic, self._subjects, data)

    def to_connect_header(self, topic: str | None, key: str, data: bytes | None) -> SchemaAndValue:
        """As for values."""
        return self._read_one(topic, _header_subjects(key), data)

    def _read_one(self, topic: str | None, subjects: SubjectNames, data: bytes | None) -> SchemaAndValue:
        if data is None:
            return NULL
        schema, values = self._read(topic, subjects, [data])[0]
        return SchemaAndValue(schema, to_value(schema, values[0]))

    def _read(self, topic: str | None, subjects: SubjectNames, data: Sequence[bytes | None]) -> list[Run]:
        runs: list[Run] = []
        for head, group in groupby(data, key=_head_of):
            messages = list(group)
            if head is None:
                _extend(runs, None, messages)
                continue
            with explained(READING, topic):
                schema_id = _schema_id(head)
                reader = self._readers(topic, subjects, schema_id)
                try:
                    values = list(map(reader.decode, messages))
                except (*MALFORMED, RecursionError) as error:
                    what = f"Error deserializing Avro message for id SchemaId{{schemaType='AVRO', id={schema_id}}}"
                    raise SerializationException(what) from error
            _extend_with_nulls(runs, reader.schema, values)
        return runs

    def _new_reader(self, topic: str | None, subjects: SubjectNames, schema_id: int) -> _Reader:
        subject = "" if subjects.needs_schema else subjects.subject(topic, None)
        registered, writer = self._registry.written_with(schema_id, subject, self._side)
        if subjects.needs_schema:
            subject = subjects.subject(topic, writer)
            registered, writer = self._registry.written_with(schema_id, subject, self._side)
        version = self._registry.version(subject, registered, self._side, schema_id)
        if not self._registry.projects:
            return self._reader(writer, version)
        latest, avro = self._registry.latest(subject)
        reader = self._reader(avro, latest.version)
        if latest.id == schema_id or writer.kind == avro.kind == "bytes":
            return reader
        project = self._projections(writer, avro)
        head = _head(schema_id)
        return _Reader(reader.schema, lambda data: reader.decode(head + project(data[HEADER_BYTES:])))

    def _reader(self, avro: AvroSchema, version: int | None) -> _Reader:
        if avro.kind == "null":
            return _Reader(None, lambda _data: None)
        schema = None if is_anything(avro) else self._mapping.connect_schema(avro, version)
        return _Reader(schema, compile_decoder(avro, schema))


@lru_cache(maxsize=1000)
def _header_subjects(name: str) -> SubjectNames:
    return SubjectNames(AUTOMATIC, f"header-{name}")


def _head(schema_id: int) -> bytes:
    return _HEAD.pack(0, schema_id)


def _head_of(message: bytes | None) -> bytes | None:
    return None if message is None else message[:HEADER_BYTES]


def _schema_id(head: bytes) -> int:
    if len(head) < HEADER_BYTES:
        raise SerializationException("Error deserializing schema ID") from IndexError("The message is too short")
    magic, schema_id = _HEAD.unpack(head)
    if magic != 0:
        raise SerializationException("Error deserializing schema ID") from ValueError("Unknown magic byte!")
    return int(schema_id)


def _extend_with_nulls(runs: list[Run], schema: Schema | None, values: list[Any]) -> None:
    if None not in values:
        _extend(runs, schema, values)
        return
    for is_null, group in groupby(values, key=lambda value: value is None):
        _extend(runs, None if is_null else schema, list(group))


def _extend(runs: list[Run], schema: Schema | None, values: list[Any]) -> None:
    if runs and runs[-1][0] is schema:
        runs[-1][1].extend(values)
    else:
        runs.append((schema, values))

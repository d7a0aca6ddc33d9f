"""ProtobufConverter: Protobuf messages, with their schema in a registry and its id in front of every message."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from google.protobuf.message import DecodeError

from connect.api import DataException, Schema, SerializationException, Type
from converters.protobuf_config import PROTOBUF_CONFIG, ProtobufOptions
from converters.protobuf_decode import scalar_converter, struct_taker
from converters.protobuf_document import Document, parse_document
from converters.protobuf_encode import simple_filler, struct_filler
from converters.protobuf_from_connect import protobuf_file
from converters.protobuf_names import WRAPPER_OF, WRAPPERS, is_union
from converters.protobuf_to_connect import ProtobufMapping
from converters.registry_client import RegistryClient
from converters.registry_converter import HEADER_BYTES, Reader, RegistryConverter, Writer, message_head
from converters.registry_errors import Direction
from converters.registry_schemas import Language, SubjectSchemas
from converters.registry_subjects import SubjectNames

_FIRST = (0,)
Encode = Callable[[Sequence[Any]], list[bytes]]


def _no_differences(reader: Document, writer: Document) -> list[str]:
    """Compatibility of Protobuf schemas is the registry's to judge."""
    return []


PROTOBUF = Language("PROTOBUF", "Protobuf", "Protobuf schema: ", "Protobuf schema", parse_document, _no_differences)


class ProtobufConverter(RegistryConverter):
    """Writes data as Protobuf messages, with their schema in a schema registry, and reads it back.

    Schemas get the names and annotations that Java's converter gives them, so both share the versions of a subject.
    Headers have subjects of their own, ``<topic>-header-<name>``. Only structs and simple values can be messages.
    """

    CONFIG = PROTOBUF_CONFIG
    EXAMPLE = {
        "config": {"schema.registry.url": "http://localhost:8081"},
        "value": {
            "schema": {
                "type": "struct",
                "optional": False,
                "name": "ratings",
                "fields": [
                    {"field": "user_id", "type": "int64", "optional": True},
                    {"field": "message", "type": "string", "optional": True},
                ],
            },
            "payload": {"user_id": 3, "message": "très bien"},
        },
        "hex": "0000000001000803120a7472c3a873206269656e",
    }
    WRITING = Direction(
        "Failed to serialize Protobuf data from topic {0} :",
        "Failed to serialize Protobuf data from topic {0}:",
        "Network connection error while serializing Protobuf data for topic {0}: {1}",
        "Failed to access Protobuf data from topic {0} : {1}",
    )
    READING = Direction(
        "Failed to deserialize data for topic {0} to Protobuf: ",
        "Failed to deserialize data for topic {0} to Protobuf:",
        "Network connection error while deserializing data for topic {0}: {1}",
        "Failed to access Protobuf data from topic {0} : {1}",
    )
    malformed = (DecodeError, ValueError)

    def _prepare(self, given: Mapping[str, Any], cache_size: int) -> RegistryClient:
        self._options = ProtobufOptions.of(self._config)
        self._registry = SubjectSchemas(PROTOBUF, self._config, given)
        return self._registry.client

    def _is_tombstone(self, schema: Schema | None) -> bool:
        return True

    def _malformed(self, schema_id: int) -> str:
        return f"Error deserializing Protobuf message for id {schema_id}"

    # Writing

    def _new_writer(self, topic: str | None, subjects: SubjectNames, schema: Schema | None) -> Writer:
        if schema is None:
            raise DataException("ProtobufConverter can't write data without a schema")
        own = Document(protobuf_file(schema, self._options))
        indexes = _FIRST if schema.type is Type.STRUCT else (list(WRAPPERS).index(WRAPPER_OF[schema.type]),)
        name = str(own.descriptor(indexes).full_name)
        subject = subjects.subject(topic, name)
        takes_rows = schema.type is Type.STRUCT and not is_union(schema)
        if self._registry.chooses_schema:
            return self._writer_with_chosen(subject, own, schema, indexes)
        encode = self._encoder(schema, own, indexes)
        tail = _indexes_bytes(indexes)
        head = lru_cache(maxsize=1)(lambda: message_head(self._registry.own_id(subject, own.text)) + tail)
        return Writer(encode, takes_rows, head)

    def _writer_with_chosen(self, subject: str, own: Document, schema: Schema, indexes: Sequence[int]) -> Writer:
        encoders: dict[int, Encode] = {}
        current = [b""]

        def encode(values: Sequence[Any]) -> list[bytes]:
            schema_id, chosen = self._registry.chosen(subject, own)
            if schema_id not in encoders:
                encoders[schema_id] = self._encoder(schema, chosen, indexes)
            current[0] = message_head(schema_id) + _indexes_bytes(indexes)
            return encoders[schema_id](values)

        return Writer(encode, schema.type is Type.STRUCT, lambda: current[0])

    def _encoder(self, schema: Schema, document: Document, indexes: Sequence[int]) -> Encode:
        make = document.message_class(indexes)
        is_struct = schema.type is Type.STRUCT
        fill: Callable[[Any, Any], None]
        if is_struct:
            fill = struct_filler(schema, document.descriptor(indexes), self._options)
        else:
            fill = simple_filler(schema)

        def encode(values: Sequence[Any]) -> list[bytes]:
            encoded = []
            for value in values:
                message = make()
                try:
                    fill(message, value)
                except (TypeError, ValueError) as error:  # what the Protobuf library says about values and fields
                    raise DataException(f"Invalid value for the schema {document.file.package}: {error}") from error
                encoded.append(message.SerializeToString(deterministic=True))
            return encoded

        return encode

    # Reading

    def _prefix(self, message: bytes | None) -> bytes | None:
        if message is None or message[HEADER_BYTES : HEADER_BYTES + 1] == b"\0":
            return None if message is None else message[: HEADER_BYTES + 1]
        return message[: _indexes_in(message, HEADER_BYTES)[1]]

    def _new_reader(self, topic: str | None, subjects: SubjectNames, schema_id: int, rest: bytes) -> Reader:
        indexes, end = _indexes_in(rest, 0)
        if not indexes:
            raise SerializationException(self._malformed(schema_id)) from ValueError("Message indexes are cut off")
        subject = "" if subjects.needs_schema else subjects.subject(topic, None)
        registered, document = self._registry.written_with(schema_id, subject, self._side)
        if subjects.needs_schema:
            subject = subjects.subject(topic, str(document.descriptor(indexes).full_name))
        version = self._registry.version(subject, registered, self._side, schema_id)
        if self._registry.projects:
            latest, document = self._registry.latest(subject)
            version = latest.version
        message = document.descriptor(indexes)
        schema = ProtobufMapping(self._options, document.params).connect_schema(message, version)
        parse = document.message_class(indexes).FromString
        start = HEADER_BYTES + end
        if schema.type is not Type.STRUCT:
            convert = scalar_converter(schema)
            return Reader(schema, lambda data: convert(parse(data[start:]).value))  # type: ignore[attr-defined]
        take = struct_taker(schema, message, self._options)
        return Reader(schema, lambda data: tuple(take(parse(data[start:]))))


def _indexes_bytes(indexes: Sequence[int]) -> bytes:
    """The way to a message in its file: how many indexes there are, and they; the first message is a zero."""
    return b"\0" if tuple(indexes) == _FIRST else b"".join(map(_varint, (len(indexes), *indexes)))


def _varint(number: int) -> bytes:
    """A positive number as Kafka writes it: doubled, seven bits a byte."""
    rest, written = number << 1, bytearray()
    while rest > 0x7F:
        written.append(rest & 0x7F | 0x80)
        rest >>= 7
    return bytes([*written, rest])


def _indexes_in(data: bytes, start: int) -> tuple[tuple[int, ...], int]:
    """The indexes that begin there and where they end; none where they are cut off."""
    numbers: list[int] = []
    wanted, position = 1, start
    while len(numbers) < wanted:
        number, shift = 0, 0
        while True:
            if position >= len(data) or shift > 28:
                return (), len(data)
            byte = data[position]
            position += 1
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        numbers.append(number >> 1 ^ -(number & 1))
        if numbers[0] < 0:
            return (), len(data)
        wanted = 1 + numbers[0]
    return (tuple(numbers[1:]) or _FIRST), position

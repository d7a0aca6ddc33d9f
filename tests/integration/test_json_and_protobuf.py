"""The JSON Schema and Protobuf converters with real registries, beside Confluent's own clients."""

from __future__ import annotations

from decimal import Decimal

import pytest
import requests
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import wrappers_pb2

from connect.api import RetriableException, Struct
from connect.api.schema_builder import SchemaBuilder
from connect.demo.registry import EmbeddedRegistry
from converters.json_schema import JsonSchemaConverter
from converters.protobuf import ProtobufConverter
from converters.protobuf_config import ProtobufOptions
from converters.protobuf_document import Document
from converters.protobuf_from_connect import protobuf_file
from converters.registry_converter import RegistryConverter
from tests.integration.registries import NAMED_AFTER_TOPIC, RENTED, configured, other_client, rental

ROW = (5, RENTED, Decimal("4.99"), "late", ["a", "b"])


def value_of(topic: str) -> SerializationContext:
    return SerializationContext(topic, MessageField.VALUE)


def test_confluents_json_deserializer_reads_what_is_written(url: str, topic: str) -> None:
    """It also validates the message against the schema."""
    (message,) = configured(JsonSchemaConverter(), url).from_connect_batch(topic, rental(), [ROW])
    read = JSONDeserializer(None, schema_registry_client=other_client(url), conf=NAMED_AFTER_TOPIC)
    assert read(message, value_of(topic)) == {
        "rental_id": 5,
        "rental_date": 1709209800123,
        "amount": "AfM=",
        "note": "late",
        "tags": ["a", "b"],
    }


def test_what_confluents_json_serializer_writes_is_read(url: str, topic: str) -> None:
    schema = """{"$schema": "http://json-schema.org/draft-07/schema#", "title": "Event", "type": "object",
        "properties": {"id": {"type": "integer"}, "either": {"oneOf": [{"type": "string"}, {"type": "integer"}]},
        "tags": {"type": "array", "items": {"type": "string"}}}}"""
    write = JSONSerializer(schema, other_client(url), conf=NAMED_AFTER_TOPIC)
    message = write({"id": 1, "either": 7, "tags": ["x"]}, value_of(topic))
    read_schema, value = configured(JsonSchemaConverter(), url).to_connect_data(topic, message)
    assert (read_schema.name, read_schema.version) == ("Event", 1)
    assert (value["id"], value["tags"]) == (1, ["x"])
    assert 7 in value["either"].values


def test_confluents_protobuf_deserializer_reads_what_is_written(url: str, topic: str) -> None:
    (message,) = configured(ProtobufConverter(), url).from_connect_batch(topic, rental(), [ROW])
    make = Document(protobuf_file(rental(), ProtobufOptions())).message_class()
    conf = {**NAMED_AFTER_TOPIC, "use.deprecated.format": False}
    read = ProtobufDeserializer(make, conf)(message, value_of(topic))
    assert (read.rental_id, read.note, list(read.tags)) == (5, "late", ["a", "b"])
    assert (read.rental_date.seconds, read.rental_date.nanos) == (1709209800, 123000000)
    assert (read.amount.value, read.amount.scale) == (b"\x01\xf3", 2)


def test_what_confluents_protobuf_serializer_writes_is_read(url: str, topic: str) -> None:
    """Its client registers the library's own form of the file, and the index says which message of it was written."""
    conf = {**NAMED_AFTER_TOPIC, "use.deprecated.format": False}
    write = ProtobufSerializer(wrappers_pb2.StringValue, other_client(url), conf)
    message = write(wrappers_pb2.StringValue(value="très bien"), value_of(topic))
    assert configured(ProtobufConverter(), url).to_connect_data(topic, message).value == "très bien"


@pytest.mark.parametrize("kind", [JsonSchemaConverter, ProtobufConverter])
def test_two_converters_share_a_subject_without_new_versions(
    kind: type[RegistryConverter], url: str, topic: str
) -> None:
    first, second = (configured(kind(), url) for _ in range(2))
    messages = [made.from_connect_batch(topic, rental(), [ROW])[0] for made in (first, second)]
    assert messages[0] == messages[1]
    assert requests.get(f"{url}/subjects/{topic}-value/versions", timeout=60).json() == [1]
    ((schema, rows),) = second.to_connect_batch(topic, messages)
    assert [tuple(row) for row in rows] == [ROW, ROW]
    assert schema.version == 1


@pytest.mark.parametrize("kind", [JsonSchemaConverter, ProtobufConverter])
def test_columns_come_and_go_and_nothing_is_lost(kind: type[RegistryConverter], topic: str) -> None:
    """Each record is read with the schema it was written with; known schemas need no registry any more."""
    base = SchemaBuilder.struct().name("r").field("id", SchemaBuilder.int32().build())
    narrow = base.build()
    wide = base.field("extra", SchemaBuilder.string().optional().build()).build()
    with EmbeddedRegistry() as registry:
        made = configured(kind(), registry.url)
        messages = [
            *made.from_connect_batch(topic, narrow, [(1,)]),
            *made.from_connect_batch(topic, wide, [(2, "x")]),
            *made.from_connect_batch(topic, narrow, [(3,)]),
        ]
        assert [values for _, values in made.to_connect_batch(topic, messages)] == [[(1,)], [(2, "x")], [(3,)]]
    assert made.from_connect_batch(topic, narrow, [(1,)]) == messages[:1]
    assert len(made.to_connect_batch(topic, messages)) == 3
    other = wide.replace(name="other")
    with pytest.raises(RetriableException, match="Network connection error while serializing"):
        made.from_connect_data(topic, other, Struct(other, [1, None]))

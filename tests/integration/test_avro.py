"""The Avro converter with a real registry, beside other Avro clients, and while the registry is in trouble."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import fastavro
import pytest
import requests
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from connect.api import DataException, RetriableException, Struct
from connect.api.schema_builder import SchemaBuilder
from connect.kafka.fake import FakeKafka
from converters.avro import AvroConverter
from tests.conformance.elasticsearch_proxy import FaultProxy
from tests.conformance.elasticsearch_replay import RunningTask
from tests.integration.registries import NAMED_AFTER_TOPIC, RENTED, configured, other_client, rental
from tests.services import SchemaRegistry
from tests.waiting import wait_until

ROW = (5, RENTED, Decimal("4.99"), None, ["a", "b"])


def converter(url: str, **settings: Any) -> AvroConverter:
    return configured(AvroConverter(), url, **settings)


def test_confluents_deserializer_reads_what_is_written(url: str, topic: str) -> None:
    (message,) = converter(url).from_connect_batch(topic, rental(), [ROW])
    read = AvroDeserializer(other_client(url), conf=NAMED_AFTER_TOPIC)
    assert read(message, SerializationContext(topic, MessageField.VALUE)) == {
        "rental_id": 5,
        "rental_date": RENTED,
        "amount": Decimal("4.99"),
        "note": None,
        "tags": ["a", "b"],
    }


def test_what_confluents_serializer_writes_is_read(url: str, topic: str) -> None:
    fields = [
        {"name": "id", "type": "long"},
        {"name": "at", "type": ["null", {"type": "long", "logicalType": "timestamp-millis"}], "default": None},
        {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["A", "B"]}},
        {"name": "either", "type": ["string", "int"]},
        {"name": "scores", "type": {"type": "map", "values": "double"}},
    ]
    text = json.dumps({"type": "record", "name": "Event", "namespace": "n", "fields": fields})
    write = AvroSerializer(other_client(url), text, conf=NAMED_AFTER_TOPIC)
    value = {"id": 1, "at": RENTED, "kind": "B", "either": 7, "scores": {"x": 1.5}}
    message = write(value, SerializationContext(topic, MessageField.VALUE))
    schema, read = converter(url).to_connect_data(topic, message)
    assert schema is not None
    assert (schema.name, schema.version) == ("n.Event", 1)
    assert [read["id"], read["at"], read["kind"], read["scores"]] == [1, RENTED, "B", {"x": 1.5}]
    assert repr(read["either"]) == "Struct{int=7}"


def test_fastavro_reads_what_is_written(url: str, topic: str) -> None:
    (message,) = converter(url).from_connect_batch(topic, rental(), [ROW])
    assert message is not None
    text = requests.get(f"{url}/subjects/{topic}-value/versions/latest", timeout=30).json()["schema"]
    value = fastavro.schemaless_reader(io.BytesIO(message[5:]), fastavro.parse_schema(json.loads(text)), None)
    assert [value["rental_id"], value["rental_date"], value["amount"]] == [5, RENTED, Decimal("4.99")]


def test_two_converters_share_a_subject_without_new_versions(url: str, topic: str) -> None:
    first, second = converter(url), converter(url)
    messages = [made.from_connect_batch(topic, rental(), [ROW])[0] for made in (first, second)]
    assert messages[0] == messages[1]
    assert requests.get(f"{url}/subjects/{topic}-value/versions", timeout=30).json() == [1]


def test_a_column_comes_and_goes_and_nothing_is_lost(url: str, topic: str) -> None:
    """The source's table changes: each record is read with the schema it was written with."""
    made = converter(url)
    base = SchemaBuilder.struct().name("r").field("id", SchemaBuilder.int32().build())
    narrow = base.build()
    added = base.field("extra", SchemaBuilder.string().optional().build()).build()
    messages = [
        *made.from_connect_batch(topic, narrow, [(1,)]),
        *made.from_connect_batch(topic, added, [(2, "x")]),
        *made.from_connect_batch(topic, narrow, [(3,)]),
    ]
    runs = converter(url).to_connect_batch(topic, messages)
    assert [values for _, values in runs] == [[(1,)], [(2, "x")], [(3,)]]


def test_a_schema_that_the_registry_refuses_names_subject_and_field(url: str, topic: str) -> None:
    requests.put(f"{url}/config/{topic}-value", json={"compatibility": "BACKWARD"}, timeout=30)
    made = converter(url)
    first = SchemaBuilder.struct().name("r").field("id", SchemaBuilder.int32().build()).build()
    second = SchemaBuilder.struct().name("r").field("id", SchemaBuilder.string().build()).build()
    made.from_connect_batch(topic, first, [(1,)])
    requests.put(f"{url}/config/{topic}-value", json={"compatibility": "BACKWARD"}, timeout=30)
    with pytest.raises(DataException, match="Failed to serialize Avro data from topic") as raised:
        made.from_connect_batch(topic, second, [("a",)])
    texts = []
    cause: BaseException | None = raised.value
    while cause is not None:
        texts.append(str(cause))
        cause = cause.__cause__
    assert f"version 1 of subject {topic}-value" in texts[-1]
    assert "field 'id' is string to the reader but was written as int" in texts[-1]
    assert made.from_connect_batch(topic, first, [(2,)]) != [None]


def test_a_task_reads_what_changed_and_names_what_it_can_not_read(url: str, topic: str, tmp_path: Path) -> None:
    """Under the worker's loop: settings by their Java names, two versions of a schema, then a message that is none."""
    made = converter(url)
    narrow = SchemaBuilder.struct().name("r").field("id", SchemaBuilder.int32().build()).build()
    wide = SchemaBuilder.struct().name("r").field("id", SchemaBuilder.int32().build())
    added = wide.field("extra", SchemaBuilder.string().optional().build()).build()
    kafka = FakeKafka({topic: 1})
    messages = made.from_connect_batch(topic, narrow, [(1,)]) + made.from_connect_batch(topic, added, [(2, "x")])
    for message in (*messages, None, *messages):
        kafka.append(topic, message, None, partition=0)
    lines = tmp_path / "lines.txt"
    config = {
        "name": "es-sink",
        "connector.class": "FileStreamSink",
        "file": str(lines),
        "topics": topic,
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        "value.converter": "io.confluent.connect.avro.AvroConverter",
        "value.converter.schema.registry.url": url,
        "value.converter.value.subject.name.strategy": "io.confluent.kafka.serializers.subject.TopicNameStrategy",
    }
    task = RunningTask(kafka, config)
    wanted = ["Struct{id=1}", "Struct{id=2,extra=x}", "null", "Struct{id=1}", "Struct{id=2,extra=x}"]
    wait_until(lambda: task.failure is not None or (lines.exists() and len(lines.read_text().splitlines()) == 5))
    kafka.append(topic, b"no avro", None, partition=0)
    wait_until(lambda: task.failure is not None)
    task.stop()
    assert lines.read_text().splitlines() == wanted
    assert f"Failed to deserialize data for topic {topic} to Avro:" in task.trace
    assert "Unknown magic byte!" in task.trace


# Trouble


class Troubled:
    """A converter whose registry stands behind a proxy that misbehaves on demand."""

    def __init__(self, registry: SchemaRegistry) -> None:
        base = urlsplit(registry.url)
        self.proxy = FaultProxy(f"{base.scheme}://{base.netloc}")
        self.url = f"{self.proxy.url}{base.path}"


@pytest.fixture
def troubled(schema_registry: SchemaRegistry) -> Iterator[Troubled]:
    made = Troubled(schema_registry)
    with made.proxy:
        yield made


FAULTS = {
    "closes connections": {"close": True},
    "answers 500": {"status": 500, "body": {"error_code": 50001, "message": "Error in the backend"}},
    "answers 503 without a reason": {"status": 503},
    "is slow": {"delayMs": 2000},
}


def converter_in(troubled: Troubled, fault: dict[str, Any]) -> AvroConverter:
    """Impatient only where the fault is slowness: a busy machine is slow enough without."""
    return converter(troubled.url, **({"http_read_timeout_ms": 1000} if "delayMs" in fault else {}))


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_trouble_passes_and_schemas_that_are_known_go_on(fault: dict[str, Any], troubled: Troubled, topic: str) -> None:
    """While the registry is in trouble, known schemas are written and read; new ones are an error to retry."""
    made = converter_in(troubled, fault)
    old, new = rental(), rental().replace(name="sakila.new")
    troubled.proxy.set_faults({**fault, "times": -1})
    with pytest.raises(RetriableException):
        made.from_connect_batch(topic, old, [ROW])
    troubled.proxy.set_faults()
    messages = made.from_connect_batch(topic, old, [ROW])
    made.to_connect_batch(topic, messages)
    troubled.proxy.set_faults({**fault, "times": -1})
    assert made.from_connect_batch(topic, old, [ROW]) == messages
    assert made.to_connect_batch(topic, messages)[0][1] == [ROW]
    with pytest.raises(RetriableException):
        made.from_connect_batch(topic, new, [ROW])
    with pytest.raises(RetriableException):
        converter_in(troubled, fault).to_connect_batch(topic, messages)
    troubled.proxy.set_faults()
    assert made.from_connect_batch(topic, new, [ROW])[0] is not None


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_one_bad_moment_is_not_noticed(fault: dict[str, Any], troubled: Troubled, topic: str) -> None:
    made = converter_in(troubled, fault)
    troubled.proxy.set_faults({**fault, "times": 1})
    messages = made.from_connect_batch(topic, rental(), [ROW])
    troubled.proxy.set_faults({**fault, "times": 1})
    assert made.to_connect_batch(topic, messages)[0][1] == [ROW]


def test_garbage_is_an_honest_failure(troubled: Troubled, topic: str) -> None:
    troubled.proxy.set_faults({"status": 200, "body": "<html>login</html>", "times": -1})
    with pytest.raises(DataException) as raised:
        converter(troubled.url).from_connect_batch(topic, rental(), [ROW])
    assert "The schema registry's answer has no id" in str(raised.value.__cause__)


def test_structs_inside_keep_their_schemas(url: str, topic: str) -> None:
    inner = SchemaBuilder.struct().name("i").field("x", SchemaBuilder.int64().optional().build()).build()
    outer = SchemaBuilder.struct().name("o").field("i", inner).build()
    (message,) = converter(url).from_connect_batch(topic, outer, [(Struct(inner, [1]),)])
    schema, value = converter(url).to_connect_data(topic, message)
    assert schema is not None
    assert value["i"].schema is schema.fields[0].schema

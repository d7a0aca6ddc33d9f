"""The Avro converter against recorded behaviour: schema texts, bytes, data, errors and requests to the registry."""

from __future__ import annotations

import base64
import json
import re
import struct
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from connect.api import DataException, Schema, SchemaAndValue, Type, to_held, to_value
from connect.api.errors import ConfigException, ConnectException, java_class_name
from connect.demo.registry import EmbeddedRegistry
from converters.avro import AvroConverter
from tests.conformance.elasticsearch_proxy import FaultProxy, Passed
from tests.conformance.vectors import (
    Json,
    case_id,
    decode_schema,
    decode_value,
    encode_schema,
    encode_value,
    load_cases,
    same,
)
from tests.services import SchemaRegistry

FOLDER = "connectors/avro-converter"

REFUSED_HERE = {
    "avro-0124": "Two different schemas have the same name",  # Java writes data that the written schema can't read
    "avro-0174": "holds 2 bytes, but the value has 3",  # Java cuts the value off
}
"""Cases in which Java harms the data and we refuse it."""


@pytest.fixture(scope="module")
def embedded() -> Iterator[EmbeddedRegistry]:
    with EmbeddedRegistry() as registry:
        yield registry


def configured(case: Json, url: str) -> AvroConverter:
    converter = AvroConverter()
    config = {"schema.registry.url": url, "retries.wait.ms": "1", **case["config"]}
    converter.configure({key: value.replace("${URL}", url) for key, value in config.items()}, case["isKey"])
    return converter


def register(url: str, subject: str, text: str) -> int:
    body = {"schema": text}
    answer = requests.post(f"{url}/subjects/{subject}/versions", json=body, timeout=30)
    assert answer.ok, answer.text
    return int(answer.json()["id"])


def lenient(registry: EmbeddedRegistry) -> str:
    """The address of an empty registry that lets every schema in, as the one of the recording."""
    registry.clear()
    requests.put(f"{registry.url}/config", json={"compatibility": "NONE"}, timeout=30).raise_for_status()
    return registry.url


# Errors


def chain(error: BaseException) -> list[BaseException]:
    found = [error]
    while found[-1].__cause__ is not None:
        found.append(found[-1].__cause__)
    return found


def same_text(kind: str, actual: str, expected: str) -> bool:
    if kind.endswith("RestClientException"):
        return actual.rpartition(";")[2] == expected.rpartition(";")[2]  # the code; the words are the registry's
    if kind.endswith("SerializationException"):
        return re.split(r"[{\"']", actual)[0] == re.split(r"[{\"']", expected)[0]
    return actual == expected


def check_errors(error: BaseException, expected: list[Json]) -> None:
    ours = chain(error)
    outer = expected[0]
    if outer["type"].endswith("SchemaParseException"):
        assert isinstance(error, DataException)
    else:
        assert java_class_name(error) == outer["type"], repr(error)
    if not outer.get("messageVolatile"):
        assert str(error) == outer["message"]
    for place, wanted in enumerate(expected[1:], 1):
        if wanted.get("messageVolatile"):
            assert len(ours) >= min(place + 1, 3), f"no cause {wanted} in {ours}"
            continue
        assert any(
            java_class_name(cause) == wanted["type"] and same_text(wanted["type"], str(cause), wanted["message"])
            for cause in ours[1:]
        ), f"no cause {wanted} in {ours}"


# Data


def schema_and_value(step: Json) -> tuple[Schema | None, Any]:
    schema = decode_schema(step["connectSchema"])
    return schema, decode_value(step["connectValue"], schema)


def write_both_ways(converter: AvroConverter, case: Json) -> bytes | None:
    schema, value = schema_and_value(case)
    message = converter.from_connect_data(case["topic"], schema, value)
    held = to_held(schema, value)
    assert converter.from_connect_batch(case["topic"], schema, [held, held]) == [message, message]
    return message


def read_both_ways(converter: AvroConverter, topic: str, message: bytes | None) -> SchemaAndValue:
    found = converter.to_connect_data(topic, message)
    runs = converter.to_connect_batch(topic, [message, message])
    assert [(schema, len(values)) for schema, values in runs] == [(found.schema, 2)]
    assert runs[0][0] is found.schema
    for held in runs[0][1]:
        assert same(encoded(SchemaAndValue(found.schema, to_value(found.schema, held))), encoded(found))
    return found


def encoded(found: SchemaAndValue) -> Json:
    return {"schema": schema_json(found.schema, ()), "value": encode_value(found.value, found.schema)}


def schema_json(schema: Schema | None, outer: tuple[str, ...]) -> Json | None:
    """A schema as the vectors write it, ``ref`` in place of a struct that stands around it."""
    if schema is None:
        return None
    if schema.type is Type.STRUCT and schema.name in outer:
        return {"type": "STRUCT", "optional": schema.optional, "ref": schema.name}
    if schema.type.is_primitive:
        return encode_schema(schema)
    inner = (*outer, schema.name) if schema.type is Type.STRUCT and schema.name else outer
    parts: Json = {"type": schema.type.name, "optional": schema.optional}
    for member in ("name", "version", "doc", "parameters"):
        if getattr(schema, member) is not None:
            parts[member] = getattr(schema, member)
    if schema.type is Type.STRUCT:
        parts["fields"] = [{"name": f.name, "schema": schema_json(f.schema, inner)} for f in schema.fields]
    if schema.type is Type.MAP:
        parts["key"] = schema_json(schema.key_schema, inner)
    if schema.type in (Type.MAP, Type.ARRAY):
        parts["value"] = schema_json(schema.value_schema, inner)
    if schema.default_value is not None:
        parts["default"] = encode_value(schema.default_value, schema)
    return parts


def check_read(found: SchemaAndValue, expected: Json) -> None:
    actual = encoded(found)
    assert same(actual["schema"], expected["schema"]), f"{actual['schema']} instead of {expected['schema']}"
    assert same(actual["value"], expected["value"]), f"{actual['value']} instead of {expected['value']}"


# The cases


@pytest.mark.parametrize("case", load_cases(f"{FOLDER}/from-connect.jsonl"), ids=case_id)
def test_data_is_written_and_read_again_as_java_does(case: Json, embedded: EmbeddedRegistry) -> None:
    expected, url = case["expect"], lenient(embedded)
    for item in case.get("registered", ()):
        register(url, item["subject"], item["avroSchema"])
    error = expected.get("error") or expected.get("configError")
    if error is not None:
        with pytest.raises((ConnectException, ConfigException)) as raised:
            write_both_ways(configured(case, url), case)
        check_errors(raised.value, error)
        return
    converter = configured(case, url)
    if case["id"] in REFUSED_HERE:
        with pytest.raises(DataException, match=REFUSED_HERE[case["id"]]):
            write_both_ways(converter, case)
        return
    message = write_both_ways(converter, case)
    if expected.get("null"):
        assert message is None
        assert requests.get(f"{url}/subjects", timeout=30).json() == []
        return
    assert message is not None
    check_registered(url, message, expected)
    if "error" in expected["roundTrip"]:
        with pytest.raises((ConnectException, ConfigException)) as raised:
            converter.to_connect_data(case["topic"], message)
        check_errors(raised.value, expected["roundTrip"]["error"])
        return
    check_read(read_both_ways(converter, case["topic"], message), expected["roundTrip"])


def check_registered(url: str, message: bytes, expected: Json) -> None:
    assert base64.b64encode(message[5:]).decode() == expected["payloadBase64"]
    assert requests.get(f"{url}/subjects", timeout=30).json() == expected.get("subjects", [expected["subject"]])
    latest = requests.get(f"{url}/subjects/{expected['subject']}/versions/latest", timeout=30).json()
    assert latest["schema"] == expected["avroSchema"]
    assert message[:5] == struct.pack(">bI", 0, latest["id"])


@pytest.mark.parametrize("case", load_cases(f"{FOLDER}/to-connect.jsonl"), ids=case_id)
def test_foreign_data_is_read_as_java_does(case: Json, embedded: EmbeddedRegistry) -> None:
    expected, url = case["expect"], lenient(embedded)
    message = message_of(case, url)
    converter = configured(case, url)
    if "error" in expected:
        with pytest.raises((ConnectException, ConfigException)) as raised:
            read_both_ways(converter, case["topic"], message)
        check_errors(raised.value, expected["error"])
        return
    check_read(converter.to_connect_data(case["topic"], message), expected)
    if not case["config"].get("generalized.sum.type.support"):
        check_read(read_both_ways(configured(case, url), case["topic"], message), expected)


def message_of(case: Json, url: str) -> bytes | None:
    if case.get("null"):
        return None
    if "rawBase64" in case:
        return base64.b64decode(case["rawBase64"])
    subject = f"{case['topic']}-{'key' if case['isKey'] else 'value'}"
    for text in case.get("earlierSchemas", ()):
        register(url, subject, text)
    return struct.pack(">bI", 0, register(url, subject, case["avroSchema"])) + base64.b64decode(case["payloadBase64"])


# Requests to a real registry

READ_REFUSALS = {
    # Java asks for an association first, which fails in its own way; what it makes of a refused schema is this.
    "avro-http-24": ("org.apache.kafka.connect.errors.RetriableException", "Failed to deserialize data for topic i24"),
    "avro-http-25": ("org.apache.kafka.common.config.ConfigException", "Failed to access Avro data from topic i25 : "),
}


@pytest.mark.parametrize("case", load_cases(f"{FOLDER}/registry-http.jsonl"), ids=case_id)
def test_the_registry_is_asked_what_java_asks(case: Json, schema_registry: SchemaRegistry) -> None:
    base = urlsplit(schema_registry.url)
    prepare_subjects(case, schema_registry.url)
    with FaultProxy(f"{base.scheme}://{base.netloc}", case.get("faults")) as proxy:
        run_steps(case, f"{proxy.url}{base.path}", schema_registry.url)
        sent = [request_json(passed, base.path) for passed in proxy.passed]
    expected = [request for request in case["expect"]["requests"] if not request["path"].startswith("/associations/")]
    if case["id"] not in READ_REFUSALS:
        assert [without_ids(request) for request in sent] == [without_ids(request) for request in expected]


def prepare_subjects(case: Json, url: str) -> None:
    for item in case.get("registered", ()):
        register(url, item["subject"], item["avroSchema"])
    for request in case["expect"]["requests"]:
        subject = request.get("response", {}).get("subject")
        for version in range(1, request.get("response", {}).get("version", 1)):
            register(url, subject, f'{{"type":"fixed","name":"Earlier","size":{version}}}')


def run_steps(case: Json, url: str, registry_url: str) -> None:
    converter, message = configured(case, url), b""
    for step, expected in zip(case["steps"], case["expect"]["steps"], strict=True):
        if step.get("fresh"):
            converter = configured(case, url)
        if "error" in expected:
            with pytest.raises((ConnectException, ConfigException)) as raised:
                perform(converter, case, step, message)
            check_refusal(case, raised.value, expected["error"])
            continue
        result = perform(converter, case, step, message)
        if isinstance(result, bytes):
            message = result
            assert base64.b64encode(message[5:]).decode() == expected["payloadBase64"]
            (schema_id,) = struct.unpack(">I", message[1:5])
            assert requests.get(f"{registry_url}/schemas/ids/{schema_id}", timeout=30).ok
        else:
            check_read(result, expected)
    converter.close()


def perform(converter: AvroConverter, case: Json, step: Json, message: bytes) -> bytes | SchemaAndValue:
    if step["op"] == "fromConnectData":
        written = converter.from_connect_data(case["topic"], *schema_and_value(step))
        assert written is not None
        return written
    head = struct.pack(">bI", 0, step["id"]) if "id" in step else None
    return converter.to_connect_data(case["topic"], message if head is None else head + b"\x00")


def check_refusal(case: Json, error: BaseException, expected: list[Json]) -> None:
    if case["id"] in READ_REFUSALS:
        kind, start = READ_REFUSALS[case["id"]]
        assert java_class_name(error) == kind
        assert str(error).startswith(start)
        return
    check_errors(error, expected)


def request_json(passed: Passed, prefix: str) -> Json:
    return {
        "method": passed.method,
        "path": passed.path.removeprefix(prefix),
        "query": passed.query,
        "headers": passed.headers,
        "status": passed.status,
        **({"body": json.loads(passed.body)} if passed.body else {}),
    }


def without_ids(request: Json) -> Json:
    query = request["query"]
    headers = {name: value for name, value in request["headers"].items() if name != "accept"}
    return {
        **{key: value for key, value in request.items() if key != "response"},
        "path": re.sub(r"/ids/\d+", "/ids/N", request["path"]),
        "query": query if isinstance(query, dict) else dict(parse_qsl(query)),
        "headers": headers,
    }

"""Converters against recorded behaviour: bytes, values and errors, value by value and in batches; their settings."""

from __future__ import annotations

import base64
import json
from importlib import import_module
from typing import Any

import pytest

from connect.api import Converter, HeaderConverter, Schema, SchemaAndValue, to_held, to_value
from connect.api.errors import ConfigException, ConnectException
from connect.plugins.builtin import BUILTIN
from tests.conformance.vectors import (
    CONFORMANCE_DIR,
    Json,
    case_id,
    check_error,
    decode_schema,
    decode_value,
    encode_schema,
    encode_value,
    load_cases,
    same,
)

TARGETS = {plugin.name: plugin.target for plugin in BUILTIN if "onverter" in plugin.name}
CLASSES = sorted({case["class"] for case in load_cases("converters")})


def new_converter(java_class: str) -> Any:
    module, _, name = TARGETS[java_class].partition(":")
    return getattr(import_module(module), name)()


@pytest.mark.parametrize("case", load_cases("converters"), ids=case_id)
def test_converters(case: Json) -> None:
    expected = case["expect"]
    error = expected.get("error") or expected.get("configError")
    if error is None:
        actual = perform(case, configured(case))
        assert same(actual, wanted(expected)), f"{actual} instead of {expected}"
        return
    with pytest.raises((ConnectException, ConfigException)) as raised:
        perform(case, configured(case))
    check_error(raised.value, error)


@pytest.mark.parametrize(
    "case", [case for case in load_cases("converters") if case["op"].endswith("ConnectData")], ids=case_id
)
def test_batches_give_what_single_values_give(case: Json) -> None:
    expected = case["expect"]
    if "configError" in expected:
        return
    converter = configured(case)
    if "error" in expected:
        with pytest.raises((ConnectException, ConfigException)) as raised:
            perform_batch(case, converter)
        check_error(raised.value, expected["error"])
        return
    for actual in perform_batch(case, converter):
        assert same(actual, wanted(expected)), f"{actual} instead of {expected}"


def configured(case: Json) -> Any:
    converter = new_converter(case["class"])
    if case["op"].endswith("Header"):
        assert isinstance(converter, HeaderConverter)
        converter.configure_header(case["config"])
    else:
        assert isinstance(converter, Converter)
        converter.configure(case["config"], case["isKey"])
    return converter


def perform(case: Json, converter: Any) -> Json:
    topic = case["topic"]
    match case["op"]:
        case "fromConnectData":
            return written(converter.from_connect_data(topic, *schema_and_value(case)))
        case "toConnectData":
            return read(converter.to_connect_data(topic, recorded_bytes(case)))
        case "fromConnectHeader":
            return written(converter.from_connect_header(topic, case["header"], *schema_and_value(case)))
        case "toConnectHeader":
            return read(converter.to_connect_header(topic, case["header"], recorded_bytes(case)))
    raise AssertionError(f"unknown operation {case['op']}")


def perform_batch(case: Json, converter: Any) -> list[Json]:
    if case["op"] == "fromConnectData":
        schema, value = schema_and_value(case)
        held = to_held(schema, value)
        return [written(data) for data in converter.from_connect_batch(case["topic"], schema, [held, held, held])]
    data = recorded_bytes(case)
    runs = converter.to_connect_batch(case["topic"], [data, data, data])
    assert [len(values) for _, values in runs] == [3]
    return [read(SchemaAndValue(schema, to_value(schema, value))) for schema, values in runs for value in values]


def schema_and_value(case: Json) -> tuple[Schema | None, Any]:
    schema = decode_schema(case["schema"])
    return schema, decode_value(case["value"], schema)


def recorded_bytes(case: Json) -> bytes | None:
    if case.get("null"):
        return None
    return case["bytesUtf8"].encode() if "bytesUtf8" in case else base64.b64decode(case["bytesBase64"])


def written(data: bytes | None) -> Json:
    return {"null": True} if data is None else {"bytes": base64.b64encode(data).decode()}


def wanted(expected: Json) -> Json:
    if "bytesUtf8" in expected:
        return written(expected["bytesUtf8"].encode())
    return {"bytes": expected["bytesBase64"]} if "bytesBase64" in expected else expected


def read(result: SchemaAndValue) -> Json:
    return {"schema": encode_schema(result.schema), "value": encode_value(result.value, result.schema)}


@pytest.mark.parametrize("java_class", CLASSES)
def test_settings_are_those_of_java(java_class: str) -> None:
    name = java_class.rpartition(".")[2]
    recorded = json.loads((CONFORMANCE_DIR / "configdef" / f"{name}.json").read_text("utf-8"))
    assert recorded["class"] == java_class
    keys = list(new_converter(java_class).CONFIG)
    for expected in recorded["keys"]:
        key = keys[expected["position"]]
        default = None if key.required or key.default is None else str(key.default)
        assert {
            "position": keys.index(key),
            "name": key.name,
            "type": key.type.value,
            "required": key.required,
            "default_value": default.lower() if isinstance(key.default, bool) else default,
            "importance": key.importance.value,
            "group": key.group,
            "order_in_group": key.order_in_group,
            "width": key.width.value,
            "display_name": key.display_name or key.name,
            "dependents": list(key.dependents),
        } == expected

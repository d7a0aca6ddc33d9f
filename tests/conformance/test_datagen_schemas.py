"""The Connect schemas of Avro schemas, against what the Java converter makes of the same ones."""

from __future__ import annotations

from typing import Any

import pytest

from connect.api import Schema, Type
from connectors.datagen.avro_schema import read_avro_schema
from tests.conformance.vectors import case_id, load_cases

Json = dict[str, Any]

# What no generator needs: arrays that stand for maps, records inside themselves, defaults in Connect's own property,
# and null alone.
_LEFT_OUT = ("MapEntry", '"Tree"', "connect.default")


def _is_wanted(case: Json) -> bool:
    avro: str = case.get("avroSchema", "")
    has_schema = avro and not case["config"] and case.get("expect", {}).get("schema") is not None
    return bool(has_schema) and not any(word in avro for word in _LEFT_OUT)


CASES = [case for case in load_cases("connectors/avro-converter/to-connect.jsonl") if _is_wanted(case)]


def _described(schema: Schema) -> Json:
    made: Json = {"type": schema.type.name, "optional": schema.optional}
    for key, value in (("name", schema.name), ("version", schema.version), ("doc", schema.doc)):
        if value is not None:
            made[key] = value
    if schema.parameters:
        made["parameters"] = schema.parameters
    if schema.type is Type.STRUCT:
        made["fields"] = [{"name": field.name, "schema": _described(field.schema)} for field in schema.fields]
    if schema.type is Type.MAP and schema.key_schema is not None:
        made["key"] = _described(schema.key_schema)
    if schema.type in (Type.MAP, Type.ARRAY) and schema.value_schema is not None:
        made["value"] = _described(schema.value_schema)
    return made


def _comparable(node: Any) -> Any:
    if isinstance(node, dict):
        if "ref" in node:
            return {"name": node["ref"], "optional": node["optional"]}
        return {key: _comparable(value) for key, value in node.items() if key != "default"}
    return [_comparable(item) for item in node] if isinstance(node, list) else node


def _without_repetition(expected: Any, made: Any) -> Any:
    """A schema that was described before is only named the second time."""
    if isinstance(expected, dict) and isinstance(made, dict):
        if expected.keys() == {"name", "optional"}:
            return {key: made[key] for key in expected}
        return {key: _without_repetition(expected.get(key), value) for key, value in made.items()}
    if isinstance(expected, list) and isinstance(made, list):
        return [_without_repetition(*pair) for pair in zip(expected, made, strict=True)]
    return made


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_schema(case: Json) -> None:
    expected = _comparable(case["expect"]["schema"])
    expected.pop("version", None)  # the registry's
    schema = read_avro_schema(case["avroSchema"]).schema
    assert schema is not None
    made = _comparable(_described(schema))
    made.pop("version", None)
    assert _without_repetition(expected, made) == expected

"""The data API against recorded behaviour: Values, SchemaProjector, schemas, structs, logical types, headers."""

from __future__ import annotations

import re
from typing import Any

import pytest

from connect.api import logical, values
from connect.api.errors import ConfigException, ConnectException
from connect.api.header import Headers
from connect.api.logical import decimal_schema
from connect.api.projector import project
from connect.api.schema import Schema, Type
from connect.api.schema_builder import SchemaBuilder
from connect.api.struct import Struct, validate_value
from tests.conformance.vectors import (
    Json,
    case_id,
    check_error,
    decode_schema,
    decode_value,
    encode_headers,
    encode_schema,
    encode_value,
    load_cases,
    required_schema,
    same,
)

LOGICAL = {
    "Date": (logical.date_from_logical, logical.date_to_logical),
    "Decimal": (logical.decimal_from_logical, logical.decimal_to_logical),
    "Time": (logical.time_from_logical, logical.time_to_logical),
    "Timestamp": (logical.timestamp_from_logical, logical.timestamp_to_logical),
}
RESULT_SCHEMAS = {
    "convertToByte": Schema(Type.INT8),
    "convertToShort": Schema(Type.INT16),
    "convertToInteger": Schema(Type.INT32),
    "convertToLong": Schema(Type.INT64),
    "convertToFloat": Schema(Type.FLOAT32),
    "convertToDouble": Schema(Type.FLOAT64),
}


@pytest.mark.parametrize("case", load_cases("values"), ids=case_id)
def test_values(case: Json) -> None:
    expected = case["expect"]
    if "error" in expected:
        with pytest.raises((ConnectException, ConfigException)) as raised:
            perform(case)
        check_error(raised.value, expected["error"])
    else:
        actual = perform(case)
        assert same(actual, expected), f"{actual} instead of {expected}"


def perform(case: Json) -> Json:
    """What our code makes of a case, in the form of ``expect``."""
    operation = OPERATIONS.get(case["op"], convert)
    return operation(case)


def parse_string(case: Json) -> Json:
    schema, value = values.parse_string(case["input"])
    return {"schema": encode_schema(schema), "value": encode_value(value, schema)}


def convert_to_string(case: Json) -> Json:
    return {"string": values.convert_to_string(*schema_and_value(case))}


def infer_schema(case: Json) -> Json:
    return {"schema": encode_schema(values.infer_schema(decode_value(case["value"])))}


def convert_to_decimal(case: Json) -> Json:
    return {"value": encode_value(values.convert_to_decimal(*schema_and_value(case), case["scale"]))}


def convert(case: Json) -> Json:
    """``convertToList`` and the like."""
    schema, value = schema_and_value(case)
    converted = getattr(values, snake(case["op"]))(schema, value)
    return {"value": encode_value(converted, RESULT_SCHEMAS.get(case["op"], schema))}


def project_value(case: Json) -> Json:
    target = required_schema(case["target"])
    projected = project(required_schema(case["schema"]), schema_and_value(case)[1], target)
    return {"value": encode_value(projected, target)}


def validate(case: Json) -> Json:
    schema, value = schema_and_value(case)
    assert schema is not None
    validate_value(schema, value)
    return {"ok": True}


def use_struct(case: Json) -> Json:
    struct = Struct(required_schema(case["schema"]))
    for name, value in case["puts"]:
        field = struct.schema.field(name)
        struct.put(name, decode_value(value, None if field is None else field.schema))
    if case.get("validate"):
        struct.validate()
    if case.get("toText"):
        return {"string": str(struct)}
    if "get" not in case:
        return {"value": encode_value(struct, struct.schema)}
    getter, name = case["get"]
    found = getattr(struct, snake(getter))(name)
    field = struct.schema.field(name)
    assert field is not None
    return {"value": encode_value(found, field.schema)}


def use_builder(case: Json) -> Json:
    kind, *schemas = case["new"]
    builder = (
        getattr(SchemaBuilder, kind)(*map(decode_schema, schemas)) if schemas else SchemaBuilder(kind and Type[kind])
    )
    for name, *arguments in case["calls"]:
        match name:
            case "fields" | "keySchema" | "valueSchema":
                getattr(builder.build(), snake(name))
            case "getField":
                builder.build().field(*arguments)
            case "defaultValue":
                builder.default_value(decode_value(arguments[0], builder.build()))
            case "field":
                builder.field(arguments[0], decode_schema(arguments[1]))
            case _:
                getattr(builder, snake(name))(*arguments)
    return {"string": str(builder.build())} if case.get("toText") else {"schema": encode_schema(builder.build())}


def from_logical(case: Json) -> Json:
    schema, value = schema_and_value(case)
    return {"value": encode_value(LOGICAL[case["logical"]][0](schema, value), schema)}


def to_logical(case: Json) -> Json:
    schema, value = schema_and_value(case)
    return {"value": encode_value(LOGICAL[case["logical"]][1](schema, value), schema)}


def use_headers(case: Json) -> Json:
    headers = Headers()
    for name, *arguments in case["calls"]:
        call = getattr(headers, snake(name))
        if name.startswith("add"):
            key, value, *rest = arguments
            schema = decode_schema(rest[0]) if rest else ADDED.get(name)
            call(key, decode_value(value, schema) if isinstance(value, dict) else value, *([schema] if rest else []))
        else:
            call(*arguments)
    return {"headers": encode_headers(headers)}


def schema_and_value(case: Json) -> tuple[Any, Any]:
    schema = decode_schema(case["schema"])
    return schema, decode_value(case["value"], schema)


def snake(name: str) -> str:
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


ADDED = {
    "addByte": Schema(Type.INT8),
    "addShort": Schema(Type.INT16),
    "addInt": Schema(Type.INT32),
    "addFloat": Schema(Type.FLOAT32),
    "addDecimal": decimal_schema(0),
}

OPERATIONS = {
    "parseString": parse_string,
    "convertToString": convert_to_string,
    "convertToDecimal": convert_to_decimal,
    "inferSchema": infer_schema,
    "project": project_value,
    "validateValue": validate,
    "struct": use_struct,
    "schemaBuilder": use_builder,
    "fromLogical": from_logical,
    "toLogical": to_logical,
    "headers": use_headers,
}

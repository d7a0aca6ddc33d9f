"""The index mapping that a record's schema asks for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connect.api import DataException, Schema, Type
from connect.api.logical import DATE_NAME, DECIMAL_NAME, TIME_NAME, TIMESTAMP_NAME, to_millis
from connectors.elasticsearch.plain import short_float

_TYPES = {
    Type.BOOLEAN: "boolean",
    Type.INT8: "byte",
    Type.INT16: "short",
    Type.INT32: "integer",
    Type.INT64: "long",
    Type.FLOAT32: "float",
    Type.FLOAT64: "double",
    Type.STRING: "text",
    Type.BYTES: "binary",
}
_DATES = (DATE_NAME, TIME_NAME, TIMESTAMP_NAME)
_KEYWORD = {"keyword": {"type": "keyword", "ignore_above": 256}}


def mapping_of(schema: Schema | None, *, decimal_as_text: bool = False) -> dict[str, Any]:
    """The mapping for documents of that schema, such as ``{"properties": {"n": {"type": "long"}}}``.

    Raises DataException when there is no schema.
    """
    if schema is None:
        raise DataException("Cannot infer mapping without schema.")
    return _mapping(schema, decimal_as_text)


def _mapping(schema: Schema, decimal_as_text: bool) -> dict[str, Any]:
    if schema.name in _DATES:
        return _leaf("date", schema)
    if schema.name == DECIMAL_NAME:
        return {"type": "keyword"} if decimal_as_text else _leaf("double", schema)
    match schema.type:
        case Type.STRUCT:
            return {"properties": {field.name: _mapping(field.schema, decimal_as_text) for field in schema.fields}}
        case Type.ARRAY:
            assert schema.value_schema is not None
            return _mapping(schema.value_schema, decimal_as_text)
        case Type.MAP:
            assert schema.key_schema is not None
            assert schema.value_schema is not None
            entry = {"key": schema.key_schema, "value": schema.value_schema}
            return {"properties": {name: _mapping(part, decimal_as_text) for name, part in entry.items()}}
        case Type.STRING:
            return {"type": "text", "fields": _KEYWORD}
        case _:
            return _leaf(_TYPES[schema.type], schema)


def _leaf(type: str, schema: Schema) -> dict[str, Any]:
    default = schema.default_value
    if default is None or type == "binary":
        return {"type": type}
    if type == "date":
        default = to_millis(default)
    elif isinstance(default, Decimal):
        default = float(default)
    elif type == "float":
        default = short_float(default)
    return {"type": type, "null_value": default}

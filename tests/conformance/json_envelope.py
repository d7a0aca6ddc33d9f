"""Keys and values as JsonConverter with schemas writes them, made from our objects without any converter."""

from __future__ import annotations

import base64
import decimal
from typing import Any

from connect.api import DataException, Schema, Struct, Type, to_value
from connect.api.logical import DATE_NAME, DECIMAL_NAME, TIME_NAME, TIMESTAMP_NAME, to_millis

_TYPES = {Type.FLOAT32: "float", Type.FLOAT64: "double"}
_MILLIS_PER_DAY = 86_400_000


def envelope(schema: Schema | None, held: Any) -> Any:
    """``{"schema", "payload"}``; None where there is neither. Raises DataException for a null that may not be."""
    if schema is None and held is None:
        return None
    assert schema is not None
    return {"schema": _node(schema), "payload": payload(schema, to_value(schema, held))}


def _node(schema: Schema) -> dict[str, Any]:
    node: dict[str, Any] = {"type": _TYPES.get(schema.type, schema.type.value), "optional": schema.optional}
    attributes = (("name", schema.name), ("version", schema.version), ("parameters", schema.parameters))
    node |= {name: value for name, value in attributes if value is not None}
    if schema.default_value is not None:
        node["default"] = payload(schema.replace(default_value=None), schema.default_value)
    if schema.type is Type.STRUCT:
        node["fields"] = [{**_node(field.schema), "field": field.name} for field in schema.fields]
    if schema.type is Type.MAP:
        node["keys"] = _node(schema.key_schema)  # type: ignore[arg-type]
    if schema.type in (Type.MAP, Type.ARRAY):
        node["values" if schema.type is Type.MAP else "items"] = _node(schema.value_schema)  # type: ignore[arg-type]
    return node


def payload(schema: Schema, value: Any) -> Any:
    """The JSON of a value."""
    value = schema.default_value if value is None else value
    if value is None:
        if not schema.optional:
            raise DataException("Conversion error: null value for field that is required and has no default value")
        return None
    match schema.name:
        case name if name == DECIMAL_NAME:
            return base64.b64encode(_unscaled(value, int((schema.parameters or {})["scale"]))).decode()
        case name if name == DATE_NAME:
            return to_millis(value) // _MILLIS_PER_DAY
        case name if name in (TIME_NAME, TIMESTAMP_NAME):
            return to_millis(value)
    if isinstance(value, Struct):
        pairs = zip(value.schema.fields, value.values, strict=True)
        return {field.name: payload(field.schema, item) for field, item in pairs}
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list):
        return [payload(schema.value_schema, item) for item in value]  # type: ignore[arg-type]
    if isinstance(value, dict):
        return {key: payload(schema.value_schema, item) for key, item in value.items()}  # type: ignore[arg-type]
    return value


def _unscaled(number: decimal.Decimal, scale: int) -> bytes:
    unscaled = int(number.scaleb(scale))
    return unscaled.to_bytes(unscaled.bit_length() // 8 + 1, "big", signed=True)

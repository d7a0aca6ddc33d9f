"""Schemas as the JSON text of ``key.schema`` and ``value.schema``."""

from __future__ import annotations

import base64
import binascii
import decimal
import json
from collections.abc import Iterable, Mapping
from typing import Any

from connect.api import DataException, Field, Schema, Type
from connect.api.logical import DATE_NAME, DECIMAL_NAME, TIME_NAME, TIMESTAMP_NAME, from_millis

TIMESTAMP_EXAMPLE = f'{{"name":"{TIMESTAMP_NAME}","type":"INT64","version":1,"isOptional":false}}'
_MILLIS_PER_DAY = 86_400_000


def read_schema(key: str, text: str) -> Schema:
    """The schema that the configuration ``key`` describes. Raises DataException."""
    try:
        return _schema(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise DataException(f"Could not read schema from '{key}'") from error


def _schema(node: Mapping[str, Any]) -> Schema:
    kind = Type[node["type"]]
    fields = [Field(name, index, _schema(field)) for index, (name, field) in enumerate(_members(node))]
    attributes: dict[str, Any] = {}
    if kind is Type.STRUCT:
        attributes["fields"] = fields
    if kind is Type.MAP:
        attributes["key_schema"] = _schema(node["keySchema"])
    if kind in (Type.MAP, Type.ARRAY):
        attributes["value_schema"] = _schema(node["valueSchema"])
    plain = Schema(
        kind,
        optional=bool(node.get("isOptional", False)),
        name=node.get("name"),
        version=node.get("version"),
        doc=node.get("doc"),
        parameters={str(name): str(value) for name, value in (node.get("parameters") or {}).items()},
        **attributes,
    )
    default = node.get("defaultValue")
    return plain if default is None else plain.replace(default_value=_default(plain, default))


def _members(node: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    return (node.get("fieldSchemas") or {}).items()


def _default(schema: Schema, value: Any) -> Any:
    if schema.name == DECIMAL_NAME:
        scale = int((schema.parameters or {}).get("scale", "0"))
        return decimal.Decimal(str(value)).quantize(decimal.Decimal(1).scaleb(-scale))
    if schema.name == DATE_NAME:
        return from_millis(int(value) * _MILLIS_PER_DAY)
    if schema.name in (TIME_NAME, TIMESTAMP_NAME):
        return from_millis(int(value))
    if schema.type is Type.BYTES:
        try:
            return base64.b64decode(value, validate=True)
        except binascii.Error as error:
            raise ValueError(str(error)) from error
    if schema.type in (Type.FLOAT32, Type.FLOAT64):
        return float(value)
    return value


def write_schema(schema: Schema) -> str:
    """The JSON text that :func:`read_schema` reads; for schemas of text fields, as generation makes them."""
    return json.dumps(_node(schema), separators=(",", ":"), ensure_ascii=False)


def _node(schema: Schema) -> dict[str, Any]:
    node: dict[str, Any] = {"name": schema.name, "type": schema.type.name}
    if schema.name is None:
        del node["name"]
    if schema.version is not None:
        node["version"] = schema.version
    node["isOptional"] = schema.optional
    if schema.type is Type.STRUCT:
        node["fieldSchemas"] = {field.name: _node(field.schema) for field in schema.fields}
    return node


def struct_of(name: str, fields: Iterable[tuple[str, Schema]]) -> Schema:
    """A required struct schema."""
    return Schema(Type.STRUCT, name=name, fields=[Field(f, index, s) for index, (f, s) in enumerate(fields)])


def is_required_timestamp(schema: Schema | None) -> bool:
    """Whether a field of that schema can be the record's timestamp."""
    return schema is not None and schema.name == TIMESTAMP_NAME and not schema.optional

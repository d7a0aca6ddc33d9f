"""Default values, which Avro schemas hold as JSON."""

from __future__ import annotations

import base64
import binascii
from typing import Any, TypeGuard

from connect.api import DataException, Float32, Schema, Type, java_type_name
from connect.api.logical import DATE_NAME, DECIMAL_NAME, TIME_NAME, TIMESTAMP_NAME, decimal_to_logical, from_millis
from connect.api.numbers import to_single, wrap
from converters.avro_logical import FROM_LOGICAL
from converters.avro_names import DataOptions, is_union
from converters.avro_schema import ABSENT, AvroSchema, json_text

# Writing


def default_node(schema: Schema, value: Any, options: DataOptions) -> Any:
    """A default value as JSON, single-precision numbers as Float32. Raises DataException for one of another type."""
    if value is None:
        return None
    try:
        if schema.name in FROM_LOGICAL:
            value = FROM_LOGICAL[schema.name](schema, value)
        return _plain_default(schema, value, options)
    except (TypeError, ValueError, AttributeError):
        found = java_type_name(value)
        raise DataException(f"Invalid type used for default value of {schema.type} field: class {found}") from None


def _plain_default(schema: Schema, value: Any, options: DataOptions) -> Any:
    match schema.type:
        case Type.FLOAT32:
            return Float32(value)
        case Type.BYTES:
            return bytes(value).decode("latin-1")
        case Type.ARRAY:
            return [_element_default(schema.value_schema, item, options) for item in value]
        case Type.MAP:
            pairs = [(key, _element_default(schema.value_schema, item, options)) for key, item in value.items()]
            if options.has_plain_keys(schema):
                return dict(pairs)
            return [[_element_default(schema.key_schema, key, options), node] for key, node in pairs]
        case Type.STRUCT:
            nodes = {f.name: default_node(f.schema, value.get(f), options) for f in schema.fields}
            if is_union(schema):
                return next(iter(nodes.values()), None)
            return {options.name(name): node for name, node in nodes.items()}
    return value


def _element_default(schema: Schema | None, value: Any, options: DataOptions) -> Any:
    if schema is None:
        raise DataException("A default needs a schema for its elements")
    return default_node(schema, value, options)


def doubled(node: Any) -> Any:
    """The same JSON as the default of a field, of which Java's library keeps all the digits of a double."""
    if isinstance(node, list):
        return [doubled(item) for item in node]
    if isinstance(node, dict):
        return {name: doubled(item) for name, item in node.items()}
    return float(node) if isinstance(node, Float32) else node


def is_valid_default(schema: AvroSchema, node: Any) -> bool:
    """Whether a JSON value may be the default of a field of that schema; of a union, any branch will do."""
    match schema.kind:
        case "union":
            return any(is_valid_default(branch, node) for branch in schema.branches)
        case "null":
            return node is None
        case "boolean":
            return isinstance(node, bool)
        case "int" | "long":
            half = 1 << (31 if schema.kind == "int" else 63)
            return isinstance(node, int) and not isinstance(node, bool) and -half <= node < half
        case "float" | "double":
            return isinstance(node, int | float) and not isinstance(node, bool) and node - node == 0
        case "enum":
            return node in schema.symbols
        case "array":
            return isinstance(node, list) and all(is_valid_default(schema.items, item) for item in node)
        case "map":
            return isinstance(node, dict) and all(is_valid_default(schema.items, item) for item in node.values())
        case "record":
            return isinstance(node, dict) and all(
                is_valid_default(field.schema, node.get(field.name, None if field.default is ABSENT else field.default))
                for field in schema.fields
            )
    return isinstance(node, str)


# Reading


def default_value(schema: Schema, avro: AvroSchema, node: Any) -> Any:
    """The value of a JSON default, read as leniently as Java does. Raises DataException for one that has no meaning."""
    if node is None:
        return None
    if schema.name == DECIMAL_NAME:
        return _decimal_default(schema, node)
    value = _plain_value(schema, avro, node)
    if schema.name == DATE_NAME:
        return from_millis(value * 86_400_000)
    return from_millis(value) if schema.name in (TIME_NAME, TIMESTAMP_NAME) else value


def _plain_value(schema: Schema, avro: AvroSchema, node: Any) -> Any:
    match schema.type:
        case Type.INT8 | Type.INT16 | Type.INT32 | Type.INT64:
            bits = {Type.INT8: 8, Type.INT16: 16, Type.INT32: 32}.get(schema.type, 64)
            return wrap(int(node), bits) if is_number(node) else 0
        case Type.FLOAT32:
            return to_single(float(node)) if is_number(node) else 0.0
        case Type.FLOAT64:
            return float(node) if is_number(node) else 0.0
        case Type.BOOLEAN:
            return node if isinstance(node, bool) else node == "true" or (is_number(node) and node != 0)
        case Type.STRING:
            return plain_text(node)
        case Type.BYTES:
            return _bytes_default(node)
        case Type.ARRAY if isinstance(node, list):
            assert schema.value_schema is not None
            return [default_value(schema.value_schema, avro.items, item) for item in node]
        case Type.MAP if isinstance(node, dict):
            assert schema.value_schema is not None
            return {key: default_value(schema.value_schema, avro.items, item) for key, item in node.items()}
    raise DataException(f"Invalid JSON for {schema.type.value} default value")


def _bytes_default(node: Any) -> bytes:
    try:
        return str(node).encode("latin-1") if isinstance(node, str) else base64.b64decode(plain_text(node))
    except (UnicodeEncodeError, binascii.Error) as error:
        raise DataException("Invalid binary data in default value") from error


def _decimal_default(schema: Schema, node: Any) -> Any:
    return decimal_to_logical(schema, _bytes_default(node))


def is_number(node: Any) -> TypeGuard[float]:
    """Whether a JSON value is a number."""
    return isinstance(node, int | float) and not isinstance(node, bool)


def plain_text(node: Any) -> str:
    """A JSON value as text, a text as it is."""
    return node if isinstance(node, str) else json_text(node)

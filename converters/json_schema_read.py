"""From the JSON that a JSON schema describes to Connect data, as Java's converter reads it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import orjson

from connect.api import DataException, Schema, Struct, Type
from connect.api.logical import DECIMAL_NAME
from connect.api.maps import make_map
from converters.json_decode import Inexact, Read, present_reader
from converters.json_schema_names import ENTRY_KEY, ENTRY_VALUE, has_plain_keys, is_union
from converters.json_text import MISSING, node_name, parse_nodes


def message_reader(schema: Schema, skipped: int) -> Callable[[bytes], Any]:
    """How messages are read whose text begins after ``skipped`` bytes; structs come as rows.

    The reader raises DataException, or SerializationException for what is no JSON.
    """
    read = value_reader(schema)
    if schema.type is Type.STRUCT and not is_union(schema):
        read_struct = read

        def read(node: Any) -> Any:
            struct = read_struct(node)
            return None if struct is None else tuple(struct.values)

    def read_message(message: bytes) -> Any:
        text = message[skipped:]
        try:
            return read(orjson.loads(text))
        except (ValueError, Inexact):
            return read(parse_nodes(text))

    return read_message


def value_reader(schema: Schema) -> Read:
    """How nodes of that schema are read; MISSING is the node of a member that isn't there."""
    read = _present_reader(schema)
    default, optional = schema.default_value, schema.optional

    def read_value(node: Any) -> Any:
        if node is not None and node is not MISSING:
            return read(node)
        if default is not None or node is MISSING or optional:
            return default
        raise DataException(f"Invalid null value for required {schema.type.name} field")

    return read_value


def _present_reader(schema: Schema) -> Read:
    match schema.type:
        case Type.ARRAY:
            return _array_reader(schema)
        case Type.MAP:
            return _object_reader(schema) if has_plain_keys(schema) else _entries_reader(schema)
        case Type.STRUCT:
            return _union_reader(schema) if is_union(schema) else _struct_reader(schema)
    return present_reader(schema, True)


def _part_reader(schema: Schema | None) -> Read:
    assert schema is not None
    made: list[Read] = []

    def read_part(node: Any) -> Any:
        if not made:  # made at the first node: a schema may contain itself
            made.append(value_reader(schema))
        return made[0](node)

    return read_part


def _array_reader(schema: Schema) -> Read:
    read_item = _part_reader(schema.value_schema)

    def read(node: Any) -> list[Any]:
        items = node if type(node) is list else node.values() if type(node) is dict else ()
        return [read_item(item) for item in items]

    return read


def _object_reader(schema: Schema) -> Read:
    read_item = _part_reader(schema.value_schema)

    def read(node: Any) -> dict[str, Any]:
        if type(node) is not dict:
            what = "Maps with string fields should be encoded as JSON objects, but found "
            raise DataException(what + node_name(node))
        return {key: read_item(item) for key, item in node.items()}

    return read


def _entries_reader(schema: Schema) -> Read:
    read_key, read_item = _part_reader(schema.key_schema), _part_reader(schema.value_schema)

    def read(node: Any) -> dict[Any, Any]:
        if type(node) is not list:
            what = "Maps with non-string fields should be encoded as JSON array of objects, but found "
            raise DataException(what + node_name(node))
        entries = map(_checked_entry, node)
        return make_map(
            (read_key(entry.get(ENTRY_KEY, MISSING)), read_item(entry.get(ENTRY_VALUE, MISSING))) for entry in entries
        )

    return read


def _checked_entry(node: Any) -> dict[str, Any]:
    if type(node) is not dict:
        raise DataException(f"Found invalid map entry instead of object: {node_name(node)}")
    if len(node) != 2:
        raise DataException(f"Found invalid map entry, expected length 2 but found :{len(node)}")
    return node


def _struct_reader(schema: Schema) -> Read:
    members = [(field.name, _part_reader(field.schema)) for field in schema.fields]

    def read(node: Any) -> Struct:
        if type(node) is not dict:
            raise DataException(f"Structs should be encoded as JSON objects, but found {node_name(node)}")
        return Struct(schema, [read_member(node.get(name, MISSING)) for name, read_member in members])

    return read


def _union_reader(schema: Schema) -> Read:
    branches = [(field.index, field.schema, _part_reader(field.schema)) for field in schema.fields]

    def read(node: Any) -> Struct:
        best, matching = None, 0
        for branch in branches:
            found = 10**9 if _fits(branch[1], node) else _matching_members(branch[1], node)
            if found > matching:
                best, matching = branch, found
        if best is None:
            raise DataException("Did not find matching oneof field for data")
        values: list[Any] = [None] * len(branches)
        values[best[0]] = best[2](node)
        return Struct(schema, values)

    return read


_CLASSES: dict[Type, tuple[type, ...]] = {
    **dict.fromkeys((Type.INT8, Type.INT16, Type.INT32, Type.INT64), (int,)),
    **dict.fromkeys((Type.FLOAT32, Type.FLOAT64), (int, float, Decimal)),
    Type.BOOLEAN: (bool,),
    Type.STRING: (str,),
    Type.BYTES: (str,),
    Type.ARRAY: (list,),
    Type.MAP: (dict, list),
    Type.STRUCT: (),
}


def _fits(schema: Schema, node: Any) -> bool:
    """Whether a node is of the kind that a branch of a union asks for; objects are compared by their members."""
    if schema.name == DECIMAL_NAME:
        return type(node) in (str, int, float, Decimal)
    return type(node) in _CLASSES[schema.type]


def _matching_members(schema: Schema, node: Any) -> int:
    if schema.type is not Type.STRUCT or type(node) is not dict:
        return 0
    shared = [field for field in schema.fields if field.name in node]
    return len(shared) + sum(_matching_members(field.schema, node[field.name]) for field in shared)

"""The JSON form of schemas, and where schema and payload lie in a message."""

from __future__ import annotations

import re
from collections import deque
from itertools import islice
from typing import Any, NamedTuple

from connect.api import DataException, Schema, SchemaBuilderException, Type
from connect.api.numbers import wrap
from connect.api.schema_builder import SchemaBuilder
from converters.json_decode import value_reader
from converters.json_encode import WriteOptions, quoted, value_writer

WRONG_ENVELOPE = (
    'JsonConverter with schemas.enable requires "schema" and "payload" fields and may not contain additional fields. '
    "If you are trying to deserialize plain JSON data, set schemas.enable=false in your converter configuration."
)

_SCHEMA_FIRST = re.compile(rb'\s*\{\s*"schema"\s*:\s*')
_PAYLOAD_FIRST = re.compile(rb'\s*\{\s*"payload"\s*:\s*')
_THEN_PAYLOAD = re.compile(rb',\s*"payload"\s*:\s*')
_THEN_SCHEMA = re.compile(rb',\s*"schema"\s*:\s*')
_MOST_FRAMES = 4
_TYPE_NAMES = {
    **{kind: kind.value for kind in Type},
    Type.FLOAT32: "float",
    Type.FLOAT64: "double",
}
_TYPES = {name: kind for kind, name in _TYPE_NAMES.items()}


# Writing


def schema_text(schema: Schema | None, options: WriteOptions) -> str:
    """A schema's JSON text, members in Java's order. Raises DataException for a default that can't be written."""
    return "null" if schema is None else _object(_members(schema, options))


def _object(members: list[str]) -> str:
    return f"{{{','.join(members)}}}"


def _members(schema: Schema, options: WriteOptions) -> list[str]:
    members = [f'"type":"{_TYPE_NAMES[schema.type]}"']
    match schema.type:
        case Type.ARRAY:
            members.append(f'"items":{schema_text(schema.value_schema, options)}')
        case Type.MAP:
            members.append(f'"keys":{schema_text(schema.key_schema, options)}')
            members.append(f'"values":{schema_text(schema.value_schema, options)}')
        case Type.STRUCT:
            fields = [[*_members(field.schema, options), f'"field":{quoted(field.name)}'] for field in schema.fields]
            members.append(f'"fields":[{",".join(map(_object, fields))}]')
    members.append(f'"optional":{"true" if schema.optional else "false"}')
    if schema.name is not None:
        members.append(f'"name":{quoted(schema.name)}')
    if schema.version is not None:
        members.append(f'"version":{schema.version}')
    if schema.doc is not None:
        members.append(f'"doc":{quoted(schema.doc)}')
    if schema.parameters is not None:
        parameters = [f"{quoted(key)}:{quoted(value)}" for key, value in schema.parameters.items()]
        members.append(f'"parameters":{_object(parameters)}')
    if schema.default_value is not None:
        members.append(f'"default":{value_writer(schema, options)(schema.default_value)}')
    return members


# Reading


def schema_of(node: Any, replace_nulls: bool) -> Schema | None:
    """The schema of a node from the careful parser. Raises DataException; a default's numbers are taken exactly."""
    if node is None:
        return None
    members = node if isinstance(node, dict) else {}
    type_name = members.get("type")
    if not isinstance(type_name, str):
        raise DataException("Schema must contain 'type' field")
    builder = _builder(type_name, members, replace_nulls)
    if members.get("optional") is True:
        builder.optional()
    else:
        builder.required()
    if isinstance(members.get("name"), str):
        builder.name(members["name"])
    if type(members.get("version")) is int:
        builder.version(wrap(members["version"], 32))
    if isinstance(members.get("doc"), str):
        builder.doc(members["doc"])
    if isinstance(members.get("parameters"), dict):
        for key, value in members["parameters"].items():
            if not isinstance(value, str):
                raise DataException("Schema parameters must have string values.")
            builder.parameter(key, value)
    if "default" in members:
        default = value_reader(builder.build(), replace_nulls)(members["default"])
        if default is not None and type_name == "struct":
            # Java compares the default's schema with one that is still being built, which never are equal.
            raise SchemaBuilderException("Invalid default value")
        builder.default_value(default)
    return builder.build()


def _builder(type_name: str, members: dict[str, Any], replace_nulls: bool) -> SchemaBuilder:
    kind = _TYPES.get(type_name)
    match kind:
        case None:
            raise DataException(f"Unknown schema type: {type_name}")
        case Type.ARRAY:
            items = members.get("items")
            if items is None:
                raise DataException("Array schema did not specify the element type")
            return SchemaBuilder.array(_part(items, replace_nulls))
        case Type.MAP:
            if "keys" not in members:
                raise DataException("Map schema did not specify the key type")
            if "values" not in members:
                raise DataException("Map schema did not specify the value type")
            return SchemaBuilder.map(_part(members["keys"], replace_nulls), _part(members["values"], replace_nulls))
        case Type.STRUCT:
            return _struct_builder(members.get("fields"), replace_nulls)
    return SchemaBuilder(kind)


def _part(node: Any, replace_nulls: bool) -> Schema:
    """The schema of elements or of a field; the builder refuses a null in its place."""
    return schema_of(node, replace_nulls)  # type: ignore[return-value]


def _struct_builder(fields: Any, replace_nulls: bool) -> SchemaBuilder:
    if not isinstance(fields, list):
        raise DataException('Struct schema\'s "fields" argument is not an array.')
    builder = SchemaBuilder.struct()
    for field in fields:
        name = field.get("field") if isinstance(field, dict) else None
        if not isinstance(name, str):
            raise DataException("Struct schema's field name not specified properly")
        builder.field(name, _part(field, replace_nulls))
    return builder


class Frame(NamedTuple):
    """What surrounds the payload of a message: ``{"schema":<schema>,"payload":`` and the closing brace, for example.

    Any JSON value between ``start`` and ``end`` makes a whole envelope, if ``schema`` is one JSON value.
    """

    start: bytes
    end: bytes
    schema: bytes


def candidate_frames(message: bytes) -> list[Frame]:
    """What may surround the payload of ``message``, where it begins with one of the two members.

    Only the first or last few places that look like the second member are tried, lest a payload full of them take long.
    """
    if not message.endswith(b"}"):
        return []
    start = _SCHEMA_FIRST.match(message)
    if start is not None:
        ends = islice(_THEN_PAYLOAD.finditer(message, start.end()), _MOST_FRAMES)
        return [Frame(message[: end.end()], b"}", message[start.end() : end.start()]) for end in ends]
    start = _PAYLOAD_FIRST.match(message)
    if start is None:
        return []
    tails = deque(_THEN_SCHEMA.finditer(message, start.end()), maxlen=_MOST_FRAMES)
    return [Frame(start[0], message[tail.start() :], message[tail.end() : -1]) for tail in reversed(tails)]

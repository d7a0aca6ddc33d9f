"""JSON schemas for Connect schemas, with members in Java's order, so that other workers see no new version in them.

Java keeps properties and annotations in hash maps and writes them as those list them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from connect.api import DataException, Schema, Type
from connect.api.logical import DECIMAL_NAME
from connect.api.validators import java_hash_order
from converters.avro_names import GENERAL_ENUM
from converters.json_schema_config import JsonSchemaOptions
from converters.json_schema_names import (
    BYTES_TYPE,
    CONNECT_INDEX,
    CONNECT_PARAMETERS,
    CONNECT_TYPE,
    CONNECT_VERSION,
    ENTRY_KEY,
    ENTRY_VALUE,
    ENUM,
    ID,
    MAP_TYPE,
    NAMESPACE,
    NULL_SYMBOL,
    NUMBERS,
    has_plain_keys,
    is_enum,
    is_union,
)
from converters.json_schema_write import value_writer

Node = dict[str, Any]
_NULL: Node = {"type": "null"}
_NUMBER_NAMES = {kind: name for name, kind in NUMBERS.items()}


def json_schema(schema: Schema, options: JsonSchemaOptions) -> Node:
    """The JSON schema of a Connect schema. Raises DataException where there can't be one."""
    try:
        return _Mapping(options).convert(schema)
    except RecursionError:
        raise DataException(f"{schema} is nested too deeply, or contains itself without {ID}") from None


def json_schema_text(node: Node) -> str:
    """The text under which a schema is registered."""
    return json.dumps(node, separators=(",", ":"), ensure_ascii=False)


class _Mapping:
    """One schema's conversion: the ids that references may name."""

    def __init__(self, options: JsonSchemaOptions) -> None:
        self._options = options
        self._ids: set[str] = set()

    def convert(self, schema: Schema | None, index: int | None = None, *, in_union: bool = False) -> Node:
        """The schema; ``index`` is its place among fields. In a union null is a branch of its own."""
        if schema is None:
            raise DataException("JSON schemas need to know the schemas of all elements")
        own_id = (schema.parameters or {}).get(ID)
        if own_id is not None:
            self._ids.add(own_id)
        place = {} if index is None else {CONNECT_INDEX: index}
        identity = {} if own_id is None else {"id": own_id}
        if schema.type is Type.STRUCT and is_union(schema):
            branches = [
                self.convert(field.schema.replace(optional=False), field.index, in_union=True)
                for field in schema.fields
            ]
            return {**identity, **place, "oneOf": [_NULL, *branches] if schema.optional else branches}
        if schema.type is Type.STRUCT and schema.optional:
            inner = self.convert(schema.replace(optional=False))
            return {**identity, **place, "oneOf": [_NULL, inner]}
        kind, annotations, rest = self._base(schema)
        annotations |= self._annotations(schema)
        if schema.optional and not in_union:
            node = {**kind, **self._described(schema), **_as_java_copies(annotations), **rest}
            return {**identity, **place, "oneOf": [_NULL, node]}
        return {**kind, **self._described(schema), **identity, **_as_java_copies(annotations | place), **rest}

    def _base(self, schema: Schema) -> tuple[Node, Node, Node]:
        """What comes first in a schema, its annotations, and what comes last."""
        match schema.type:
            case Type.FLOAT32 | Type.FLOAT64:
                return {"type": "number"}, {CONNECT_TYPE: _NUMBER_NAMES[schema.type]}, {}
            case Type.INT8 | Type.INT16 | Type.INT32 | Type.INT64:
                return {"type": "integer"}, {CONNECT_TYPE: _NUMBER_NAMES[schema.type]}, {}
            case Type.BOOLEAN:
                return {"type": "boolean"}, {}, {}
            case Type.STRING:
                return (self._enum(schema) if is_enum(schema) else {"type": "string"}), {}, {}
            case Type.BYTES:
                as_number = schema.name == DECIMAL_NAME and self._options.decimals_as_numbers
                return {"type": "number" if as_number else "string"}, {CONNECT_TYPE: BYTES_TYPE}, {}
            case Type.ARRAY:
                return {"type": "array"}, {}, {"items": self._reference_or(schema.value_schema)}
            case Type.MAP:
                return self._map(schema)
        return self._object(schema)

    def _enum(self, schema: Schema) -> Node:
        prefix = f"{GENERAL_ENUM if self._options.generalized else ENUM}."
        symbols = [key.removeprefix(prefix) for key in schema.parameters or {} if key.startswith(prefix)]
        return {"enum": [None if symbol == NULL_SYMBOL else symbol for symbol in symbols]}

    def _map(self, schema: Schema) -> tuple[Node, Node, Node]:
        annotations = {CONNECT_TYPE: MAP_TYPE}
        if has_plain_keys(schema):
            return {"type": "object"}, annotations, {"additionalProperties": self.convert(schema.value_schema)}
        members = {ENTRY_KEY: self.convert(schema.key_schema, 0), ENTRY_VALUE: self.convert(schema.value_schema, 1)}
        return {"type": "array"}, annotations, {"items": {"type": "object", "properties": _in_java_order(members)}}

    def _object(self, schema: Schema) -> tuple[Node, Node, Node]:
        members = {field.name: self._reference_or(field.schema, field.index) for field in schema.fields}
        first: Node = {"type": "object"}
        if not self._options.additional_properties:
            first["additionalProperties"] = False
        return first, {}, {"properties": _in_java_order(members)} if members else {}

    def _reference_or(self, schema: Schema | None, index: int | None = None) -> Node:
        own_id = None if schema is None else (schema.parameters or {}).get(ID)
        if schema is None or own_id not in self._ids:
            return self.convert(schema, index)
        reference: Node = {"$ref": own_id}
        if schema.optional:  # Java leaves null out, and can't read what it writes
            reference = {"oneOf": [_NULL, reference]}
        return reference

    def _annotations(self, schema: Schema) -> Node:
        found: Node = {}
        if schema.version is not None:
            found[CONNECT_VERSION] = schema.version
        own = {key: text for key, text in (schema.parameters or {}).items() if not key.startswith(NAMESPACE)}
        if own:
            found[CONNECT_PARAMETERS] = {key: own[key] for key in java_hash_order(own)}
        return found

    def _described(self, schema: Schema) -> Node:
        found: Node = {}
        if schema.name is not None:
            found["title"] = schema.name
        if schema.doc is not None:
            found["description"] = schema.doc
        if schema.default_value is not None:
            written = value_writer(schema, self._options)(schema.default_value)
            found["default"] = _shorter(json.loads(written))
        return found


def _shorter(node: Any) -> Any:
    """Java writes the numbers of defaults without a fraction that is zero."""
    return int(node) if isinstance(node, float) and node.is_integer() and abs(node) < 1e7 else node


def _in_java_order(members: Mapping[str, Any]) -> Node:
    """As Java lists a hash map of these keys."""
    return {key: members[key] for key in java_hash_order(members)}


def _as_java_copies(annotations: Mapping[str, Any]) -> Node:
    """As Java lists a copy of such a hash map: it is made just large enough."""
    buckets = 1 << (int(len(annotations) / 0.75 + 1) - 1).bit_length()
    return {key: annotations[key] for key in java_hash_order(java_hash_order(annotations), buckets)}

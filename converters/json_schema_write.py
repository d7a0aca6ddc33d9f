"""From Connect data to the JSON that a JSON schema describes, as Java's converter writes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from connect.api import DataException, Schema, Struct, Type, to_value
from converters.json_encode import Write, WriteOptions, invalid_type, present_writer, quoted
from converters.json_rows import BatchWriter
from converters.json_schema_config import JsonSchemaOptions
from converters.json_schema_names import has_plain_keys, is_union

_ABSENT = ""
"""The text of a null that the schema doesn't allow: a struct's member is left out."""
_ODD = (DataException, TypeError, ValueError)


def value_writer(schema: Schema, options: JsonSchemaOptions) -> Write:
    """How values of that schema are written. Raises DataException."""
    write = _present_writer(schema, options)
    null = "null" if schema.optional else _ABSENT
    if schema.default_value is not None and not options.ignore_defaults:
        default = schema.default_value
        return lambda value: write(default if value is None else value)
    return lambda value: null if value is None else write(value)


def _present_writer(schema: Schema, options: JsonSchemaOptions) -> Write:
    match schema.type:
        case Type.ARRAY:
            return _array_writer(schema, options)
        case Type.MAP:
            return _map_writer(schema, options)
        case Type.STRUCT:
            return _union_writer(schema, options) if is_union(schema) else _struct_writer(schema, options)
    return present_writer(schema, WriteOptions(not options.ignore_defaults, options.decimals_as_numbers))


def _part_writer(schema: Schema | None, options: JsonSchemaOptions) -> Write:
    assert schema is not None
    write: list[Write] = []

    def write_part(value: Any) -> str:
        if not write:  # made at the first value: a schema may contain itself
            write.append(value_writer(schema, options))
        return write[0](value)

    return write_part


def _array_writer(schema: Schema, options: JsonSchemaOptions) -> Write:
    write_item = _part_writer(schema.value_schema, options)

    def write(value: Any) -> str:
        if not isinstance(value, list | tuple):
            raise invalid_type(schema, value)
        return f"[{','.join([write_item(item) or 'null' for item in value])}]"

    return write


def _map_writer(schema: Schema, options: JsonSchemaOptions) -> Write:
    write_key, write_item = _part_writer(schema.key_schema, options), _part_writer(schema.value_schema, options)
    as_object = has_plain_keys(schema)

    def write(value: Any) -> str:
        if not isinstance(value, dict):
            raise invalid_type(schema, value)
        pairs = [(write_key(key) or "null", write_item(item) or "null") for key, item in value.items()]
        if as_object:
            return f"{{{','.join([f'{key}:{item}' for key, item in pairs])}}}"
        entries = [f'{{"key":{key},"value":{item}}}' for key, item in pairs]
        return f"[{','.join(entries)}]"

    return write


def _struct_writer(schema: Schema, options: JsonSchemaOptions) -> Write:
    members = [(f"{quoted(field.name)}:", _part_writer(field.schema, options)) for field in schema.fields]

    def write(value: Any) -> str:
        values = zip(members, _values(schema, value), strict=True)
        texts = [(name, write_member(item)) for (name, write_member), item in values]
        return f"{{{','.join([name + text for name, text in texts if text])}}}"

    return write


def _union_writer(schema: Schema, options: JsonSchemaOptions) -> Write:
    branches = [(field.schema.default_value, _part_writer(field.schema, options)) for field in schema.fields]
    null = "null" if schema.optional else _ABSENT

    def write(value: Any) -> str:
        for (default, write_branch), item in zip(branches, _values(schema, value), strict=True):
            chosen = default if item is None and not options.ignore_defaults else item
            if chosen is not None:
                return write_branch(chosen)
        return null

    return write


def _values(schema: Schema, value: Any) -> Sequence[Any]:
    if not isinstance(value, Struct):
        raise invalid_type(schema, value)
    if value.schema is not schema and value.schema != schema:
        raise DataException("Mismatching schema.")
    return value.values


def batch_writer(schema: Schema, options: JsonSchemaOptions) -> Callable[[Sequence[Any]], list[bytes]]:
    """How batches are written: the texts of values as a batch holds them. Raises DataException."""
    write = value_writer(schema, options)

    def write_each(values: Sequence[Any]) -> list[bytes]:
        return [(write(to_value(schema, value)) or "null").encode() for value in values]

    if not _is_flat(schema):
        return write_each
    fast = BatchWriter(schema, WriteOptions(not options.ignore_defaults, options.decimals_as_numbers))

    def write_batch(values: Sequence[Any]) -> list[bytes]:
        try:
            return fast.write(values)
        except _ODD:
            return write_each(values)

    return write_batch


def _is_flat(schema: Schema) -> bool:
    """Whether the text is what JsonConverter writes, which has a form for batches."""
    return (
        schema.type is Type.STRUCT and not is_union(schema) and all(f.schema.type.is_primitive for f in schema.fields)
    )

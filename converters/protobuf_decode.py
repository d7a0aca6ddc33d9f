"""From Protobuf messages to Connect data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from connect.api import Schema, Struct, Type
from connect.api.maps import make_map
from connect.api.numbers import wrap
from converters.protobuf_config import ProtobufOptions
from converters.protobuf_names import WRAPPERS
from converters.protobuf_to_connect import has_optional_label, is_in_oneof, is_repeated, real_oneofs, union_name
from converters.protobuf_values import TAKE

Convert = Callable[[Any], Any]
"""What a field of a message holds to the value. Raises DataException."""
Get = Callable[[Any], Any]
"""A message to the value of a field, None where there is none."""

_BITS = {Type.INT8: 8, Type.INT16: 16, Type.INT64: 64}


def struct_taker(schema: Schema, message: Descriptor, options: ProtobufOptions) -> Callable[[Any], list[Any]]:
    """How the values of a struct's fields are taken out of a message."""
    made: list[list[Get]] = []

    def take(source: Any) -> list[Any]:
        if not made:  # made at the first message: a schema may contain itself
            made.append(_getters(schema, message, options))
        return [get(source) for get in made[0]]

    return take


def _getters(schema: Schema, message: Descriptor, options: ProtobufOptions) -> list[Get]:
    unions = {} if options.flatten_unions else {union_name(oneof, options): oneof for oneof in real_oneofs(message)}
    getters: list[Get] = []
    for field in schema.fields:
        oneof = unions.get(field.name)
        if oneof is not None:
            getters.append(_union_getter(field.schema, oneof, options))
        else:
            getters.append(_getter(field.schema, message.fields_by_name[field.name], options))
    return getters


def _union_getter(schema: Schema, oneof: Any, options: ProtobufOptions) -> Get:
    branches: dict[str, tuple[int, Convert]] = {}
    for field in schema.fields:
        descriptor = next(branch for branch in oneof.fields if branch.name == field.name)
        branches[field.name] = (field.index, _converter(field.schema, descriptor, options))
    name, width = oneof.name, len(branches)

    def get(source: Any) -> Any:
        chosen = source.WhichOneof(name)
        if chosen is None:
            return None
        index, convert = branches[chosen]
        values: list[Any] = [None] * width
        values[index] = convert(getattr(source, chosen))
        return Struct(schema, values)

    return get


def _getter(schema: Schema, field: FieldDescriptor, options: ProtobufOptions) -> Get:
    name = field.name
    convert = _repeated(schema, field, options) if is_repeated(field) else _converter(schema, field, options)
    by_proto3 = field.containing_oneof is not None
    may_miss = field.message_type is not None or is_in_oneof(field)
    may_miss = may_miss or (has_optional_label(field) and (by_proto3 or options.optional_for_proto2))
    if is_repeated(field) or not may_miss or (options.struct_for_nulls and not is_in_oneof(field)):
        return lambda source: convert(getattr(source, name))
    return lambda source: convert(getattr(source, name)) if source.HasField(name) else None


def _repeated(schema: Schema, field: FieldDescriptor, options: ProtobufOptions) -> Convert:
    if schema.type is Type.ARRAY:
        assert schema.value_schema is not None
        convert = _converter(schema.value_schema, field, options)
        return lambda items: [convert(item) for item in items]
    entry = field.message_type
    assert entry is not None
    assert schema.key_schema is not None
    assert schema.value_schema is not None
    key_field, value_field = entry.fields_by_name["key"], entry.fields_by_name["value"]
    if entry.GetOptions().map_entry:
        convert_key = _converter(schema.key_schema, key_field, options)
        convert_value = _converter(schema.value_schema, value_field, options)
        return lambda items: make_map((convert_key(key), convert_value(items[key])) for key in items)
    get_key = _getter(schema.key_schema, key_field, options)
    get_value = _getter(schema.value_schema, value_field, options)
    return lambda items: make_map((get_key(item), get_value(item)) for item in items)


def _converter(schema: Schema, field: FieldDescriptor, options: ProtobufOptions) -> Convert:
    message = field.message_type
    if message is not None:
        return _message_converter(schema, message, options)
    if schema.type is Type.STRING and field.enum_type is not None:
        return _symbols(field)
    return scalar_converter(schema)


def _message_converter(schema: Schema, message: Descriptor, options: ProtobufOptions) -> Convert:
    take = TAKE.get(schema.name or "")
    if take is not None:
        return lambda source: take(schema, source)
    if schema.type is not Type.STRUCT:
        assert message.full_name in WRAPPERS
        convert = scalar_converter(schema)
        return lambda source: convert(source.value)
    take_struct = struct_taker(schema, message, options)
    return lambda source: Struct(schema, take_struct(source))


def scalar_converter(schema: Schema) -> Convert:
    """How simple values become those of a schema: integers are cut as Java cuts them."""
    bits = _BITS.get(schema.type)
    if bits is None:
        return lambda value: value
    return lambda value: wrap(value, bits)


def _symbols(field: FieldDescriptor) -> Convert:
    enum = field.enum_type
    assert enum is not None
    symbols = {number: value.name for number, value in enum.values_by_number.items()}
    return lambda number: symbols.get(number) or f"UNKNOWN_ENUM_VALUE_{enum.name}_{number}"

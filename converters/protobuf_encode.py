"""From Connect data to Protobuf messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from connect.api import DataException, Schema, Struct, Type
from connect.api.numbers import to_single
from converters.avro_names import GENERAL_ENUM
from converters.json_encode import invalid_type
from converters.protobuf_config import ProtobufOptions
from converters.protobuf_names import ENUM, SCALAR_TYPE, WRAPPERS, enum_name, is_union, parameter, scrubbed
from converters.protobuf_values import FILL

Convert = Callable[[Any], Any]
"""A value that isn't null to what a field takes. Raises DataException."""
Set = Callable[[Any, Any], None]
"""Puts a field's value, None too, into a message. Raises DataException."""
Fill = Callable[[Any, Sequence[Any]], None]
"""Puts the values of a struct's fields into a message."""

_BITS = {Type.INT8: 8, Type.INT16: 16, Type.INT32: 32, Type.INT64: 64}
_CLASSES: dict[Type, tuple[type, ...]] = {
    Type.FLOAT32: (float, int),
    Type.FLOAT64: (float, int),
    Type.BOOLEAN: (bool,),
    Type.STRING: (str,),
    Type.BYTES: (bytes, bytearray, memoryview),
}
_ADAPTED: dict[Type, Convert] = {Type.FLOAT32: to_single, Type.BYTES: bytes}
_MASKS = {"uint32": 0xFFFFFFFF, "fixed32": 0xFFFFFFFF, "uint64": 2**64 - 1, "fixed64": 2**64 - 1}


def struct_filler(schema: Schema, message: Descriptor, options: ProtobufOptions) -> Fill:
    """How the values of a struct are put into a message."""
    made: list[list[Set]] = []

    def fill(target: Any, values: Sequence[Any]) -> None:
        if not made:  # made at the first value: a schema may contain itself
            made.append([_setter(field.name, field.schema, message, options) for field in schema.fields])
        for set_field, value in zip(made[0], values, strict=True):
            set_field(target, value)

    return fill


def simple_filler(schema: Schema) -> Callable[[Any, Any], None]:
    """How a simple value is put into the message that wraps it."""
    convert = _scalar(schema)

    def fill(target: Any, value: Any) -> None:
        target.value = convert(value)

    return fill


def _setter(name: str, schema: Schema, message: Descriptor, options: ProtobufOptions) -> Set:
    default = None if options.ignore_defaults else schema.default_value
    set_present = (
        _union_setter(schema, message, options) if is_union(schema) else _field_setter(name, schema, message, options)
    )

    def set_field(target: Any, value: Any) -> None:
        chosen = default if value is None else value
        if chosen is not None:
            set_present(target, chosen)

    return set_field


def _union_setter(schema: Schema, message: Descriptor, options: ProtobufOptions) -> Set:
    branches = [_field_setter(field.name, field.schema, message, options) for field in schema.fields]

    def set_branch(target: Any, value: Any) -> None:
        for set_present, item in zip(branches, struct_values(schema, value), strict=True):
            if item is not None:
                set_present(target, item)
                return
        raise DataException("Cannot find non-null field")

    return set_branch


def struct_values(schema: Schema, value: Any) -> Sequence[Any]:
    """The values of a struct of that schema. Raises DataException for anything else."""
    if not isinstance(value, Struct):
        raise invalid_type(schema, value)
    if value.schema is not schema and value.schema != schema:
        raise DataException("Mismatching struct schema")
    return value.values


def _field_setter(name: str, schema: Schema, message: Descriptor, options: ProtobufOptions) -> Set:
    field = message.fields_by_name.get(scrubbed(name, options))
    if field is None:
        raise DataException(f"Cannot find field with name {name}")
    if schema.type is Type.ARRAY:
        return _array_setter(field, schema, options)
    if schema.type is Type.MAP:
        return _map_setter(field, schema, options)
    if field.message_type is not None:
        put = _message_filler(field.message_type, schema, options)
        own = field.name
        return lambda target, value: put(getattr(target, own), value)
    convert, own = _scalar(schema), field.name
    return lambda target, value: setattr(target, own, convert(value))


def _message_filler(message: Descriptor, schema: Schema, options: ProtobufOptions) -> Callable[[Any, Any], None]:
    logical = FILL.get(schema.name or "")
    if logical is not None:
        return lambda target, value: logical(schema, target, value)
    if schema.type is Type.STRUCT:
        fill = struct_filler(schema, message, options)

        def fill_struct(target: Any, value: Any) -> None:
            fill(target, struct_values(schema, value))
            target.SetInParent()

        return fill_struct
    if message.full_name not in WRAPPERS or schema.type not in (*_BITS, *_CLASSES):
        raise DataException(f"The message {message.full_name} can't hold a value of type {schema.type.name}")
    convert = _scalar(schema)

    def fill_wrapper(target: Any, value: Any) -> None:
        target.value = convert(value)
        target.SetInParent()

    return fill_wrapper


def _array_setter(field: FieldDescriptor, schema: Schema, options: ProtobufOptions) -> Set:
    element, own = schema.value_schema, field.name
    assert element is not None
    put = None if field.message_type is None else _message_filler(field.message_type, element, options)
    convert = _scalar(element) if put is None else None

    def set_array(target: Any, value: Any) -> None:
        if not isinstance(value, list | tuple):
            raise invalid_type(schema, value)
        if None in value:
            raise DataException(f"Protobuf has no null in the elements of {own}")
        repeated = getattr(target, own)
        if put is None:
            assert convert is not None
            repeated.extend(map(convert, value))
            return
        for item in value:
            put(repeated.add(), item)

    return set_array


def _map_setter(field: FieldDescriptor, schema: Schema, options: ProtobufOptions) -> Set:
    entry, own = field.message_type, field.name
    assert entry is not None
    if entry.GetOptions().map_entry:
        return _native_map_setter(field, schema, options)
    assert schema.key_schema is not None
    assert schema.value_schema is not None
    set_key = _setter("key", schema.key_schema, entry, options)
    set_value = _setter("value", schema.value_schema, entry, options)

    def set_map(target: Any, value: Any) -> None:
        if not isinstance(value, dict):
            raise invalid_type(schema, value)
        entries = getattr(target, own)
        for key, item in value.items():
            made = entries.add()
            set_key(made, key)
            set_value(made, item)

    return set_map


def _native_map_setter(field: FieldDescriptor, schema: Schema, options: ProtobufOptions) -> Set:
    entry, own = field.message_type, field.name
    assert entry is not None
    assert schema.key_schema is not None
    assert schema.value_schema is not None
    convert_key, value_field = _scalar(schema.key_schema), entry.fields_by_name["value"]
    inner = value_field.message_type
    put = None if inner is None else _message_filler(inner, schema.value_schema, options)
    convert = _scalar(schema.value_schema) if put is None else None

    def set_map(target: Any, value: Any) -> None:
        if not isinstance(value, dict):
            raise invalid_type(schema, value)
        entries = getattr(target, own)
        for key, item in value.items():
            if put is not None:
                put(entries[convert_key(key)], item)
            elif item is not None and convert is not None:
                entries[convert_key(key)] = convert(item)

    return set_map


def _scalar(schema: Schema) -> Convert:
    if enum_name(schema) is not None and schema.type is Type.STRING:
        return _enum(schema)
    if schema.type in _BITS:
        return _integer(schema)
    if schema.type not in _CLASSES:
        raise DataException(f"Unknown schema type: {schema.type.name}")
    classes = _CLASSES[schema.type]
    adapt: Convert = _ADAPTED.get(schema.type, lambda value: value)

    def convert(value: Any) -> Any:
        if not isinstance(value, classes) or (isinstance(value, bool) and bool not in classes):
            raise invalid_type(schema, value)
        return adapt(value)

    return convert


def _integer(schema: Schema) -> Convert:
    bits, mask = _BITS[schema.type], _MASKS.get(parameter(schema, SCALAR_TYPE) or "")
    low, high = -(1 << bits - 1), (1 << bits - 1) - 1

    def convert(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise invalid_type(schema, value)
        return int(value) if mask is None else value & mask

    return convert


def _enum(schema: Schema) -> Convert:
    numbers: dict[str, int] = {}
    for word in (ENUM, GENERAL_ENUM):
        prefix = f"{word}."
        symbols = {key: text for key, text in (schema.parameters or {}).items() if key.startswith(prefix)}
        numbers |= {key.removeprefix(prefix): int(text) for key, text in symbols.items()}

    def convert(value: Any) -> int:
        if not isinstance(value, str) or value not in numbers:
            raise DataException(f"{value!r} is no symbol of the enum {enum_name(schema)}")
        return numbers[value]

    return convert

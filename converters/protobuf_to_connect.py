"""Connect schemas for Protobuf messages, whoever wrote them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor, OneofDescriptor

from connect.api import DATE_SCHEMA, TIME_SCHEMA, TIMESTAMP_SCHEMA, DataException, Field, Schema, Type, decimal_schema
from converters.avro_names import GENERAL_ENUM, GENERAL_UNION
from converters.avro_to_connect import RecursiveSchema
from converters.protobuf_config import ProtobufOptions
from converters.protobuf_names import (
    CONNECT_PRECISION,
    CONNECT_TYPE,
    DATE,
    DECIMAL,
    ENTRY,
    ENUM,
    SCALAR_TYPE,
    TAG,
    TIME,
    TIMESTAMP,
    UNION_PREFIX,
    WRAPPED,
    WRAPPERS,
    to_map_name,
)

_F = FieldDescriptor
_INT32 = (_F.TYPE_INT32, _F.TYPE_SINT32, _F.TYPE_SFIXED32)
_INT64 = (_F.TYPE_UINT32, _F.TYPE_FIXED32, _F.TYPE_INT64, _F.TYPE_UINT64, _F.TYPE_SINT64, _F.TYPE_FIXED64)
_SIMPLE = {
    **dict.fromkeys(_INT32, Type.INT32),
    **dict.fromkeys((*_INT64, _F.TYPE_SFIXED64), Type.INT64),
    _F.TYPE_FLOAT: Type.FLOAT32,
    _F.TYPE_DOUBLE: Type.FLOAT64,
    _F.TYPE_BOOL: Type.BOOLEAN,
    _F.TYPE_STRING: Type.STRING,
    _F.TYPE_BYTES: Type.BYTES,
}
SCALAR_NAMES = {
    _F.TYPE_SINT32: "sint32",
    _F.TYPE_SFIXED32: "sfixed32",
    _F.TYPE_UINT32: "uint32",
    _F.TYPE_FIXED32: "fixed32",
    _F.TYPE_UINT64: "uint64",
    _F.TYPE_SINT64: "sint64",
    _F.TYPE_FIXED64: "fixed64",
    _F.TYPE_SFIXED64: "sfixed64",
}
_SMALL = {"int8": Type.INT8, "int16": Type.INT16}
_LOGICAL = {DATE: DATE_SCHEMA, TIME: TIME_SCHEMA, TIMESTAMP: TIMESTAMP_SCHEMA}
_SLOTS = ("_by_name", "_hash", "fields", "name", "version")


class ProtobufMapping:
    """Converts the messages of one converter; ``params`` are the annotations of fields by their full names."""

    def __init__(self, options: ProtobufOptions, params: Mapping[str, Mapping[str, str]]) -> None:
        self._options = options
        self._params = params
        self._open: dict[str, list[RecursiveSchema]] = {}

    def connect_schema(self, message: Descriptor, version: int | None) -> Schema:
        """The Connect schema of a message. Raises DataException where Connect can't express it."""
        simple = WRAPPERS.get(message.full_name) if self._options.wrapper_for_raw else None
        if simple is not None:
            return Schema(simple, version=version)
        return self._struct(message).replace(version=version)

    def _struct(self, message: Descriptor, **parts: Any) -> Schema:
        if message.full_name in self._open:
            placeholder = RecursiveSchema(Type.STRUCT, **parts)
            self._open[message.full_name].append(placeholder)
            return placeholder
        inner: list[RecursiveSchema] = []
        self._open[message.full_name] = inner
        members: list[tuple[str, Schema]] = []
        for oneof in real_oneofs(message):
            if self._options.flatten_unions:
                members += [(field.name, self._field(field, in_oneof=True)) for field in oneof.fields]
            else:
                members.append((union_name(oneof, self._options), self._union(oneof)))
        members += [(field.name, self._field(field)) for field in message.fields if not is_in_oneof(field)]
        del self._open[message.full_name]
        fields = [Field(name, index, schema) for index, (name, schema) in enumerate(members)]
        built = (RecursiveSchema if inner else Schema)(Type.STRUCT, name=self._name(message), fields=fields, **parts)
        for placeholder in inner:
            for slot in _SLOTS:
                setattr(placeholder, slot, getattr(built, slot))
        return built

    def _name(self, described: Any) -> str:
        return str(described.full_name if self._options.enhanced else described.name)

    def _union(self, oneof: OneofDescriptor) -> Schema:
        fields = [Field(f.name, index, self._field(f, in_oneof=True)) for index, f in enumerate(oneof.fields)]
        if self._options.generalized:
            parameters = {GENERAL_UNION: oneof.name}
            return Schema(Type.STRUCT, name=oneof.name, optional=True, parameters=parameters, fields=fields)
        return Schema(Type.STRUCT, name=f"{UNION_PREFIX}{self._name(oneof)}", optional=True, fields=fields)

    def _field(self, field: FieldDescriptor, *, in_oneof: bool = False) -> Schema:
        repeated = is_repeated(field)
        parameters: dict[str, str] = {}
        optional = in_oneof or self._is_optional(field) or field.type in (_F.TYPE_MESSAGE, _F.TYPE_ENUM)
        if repeated and not is_map(field):
            element = self._element(field, {}, optional=True)
            own = {TAG: str(field.number)}
            return Schema(Type.ARRAY, value_schema=element, optional=True, parameters=own)
        if in_oneof and self._unwrapped(field) is not None:
            parameters[WRAPPED] = "true"
        parameters[TAG] = str(field.number)
        return self._element(field, parameters, optional=optional)

    def _is_optional(self, field: FieldDescriptor) -> bool:
        if self._options.optional_for_nullables:
            return has_optional_label(field)
        return not self._options.wrapper_for_nullables

    def _unwrapped(self, field: FieldDescriptor) -> Type | None:
        if not self._options.wrapper_for_nullables or field.message_type is None:
            return None
        return WRAPPERS.get(field.message_type.full_name)

    def _element(self, field: FieldDescriptor, last: dict[str, str], *, optional: bool) -> Schema:
        if field.type == _F.TYPE_ENUM:
            return self._enum(field, last, optional)
        if field.type == _F.TYPE_MESSAGE:
            return self._message(field, last, optional)
        if field.type not in _SIMPLE:
            raise DataException(f"Unknown Connect schema type: {field.type}")
        kind = _SIMPLE[field.type]
        parameters = dict(last)
        if kind is Type.INT32:
            kind = _SMALL.get(self._params.get(field.full_name, {}).get(CONNECT_TYPE, ""), kind)
        if field.type in SCALAR_NAMES and kind in (Type.INT32, Type.INT64):
            parameters = {SCALAR_TYPE: SCALAR_NAMES[field.type], **last}
        return Schema(kind, optional=optional, parameters=parameters)

    def _enum(self, field: FieldDescriptor, last: dict[str, str], optional: bool) -> Schema:
        enum = field.enum_type
        assert enum is not None
        word = GENERAL_ENUM if self._options.generalized else ENUM
        symbols = {f"{word}.{value.name}": str(value.number) for value in enum.values}
        kind = Type.INT32 if self._options.int_for_enums else Type.STRING
        parameters = {word: enum.name, **symbols, **last}
        return Schema(kind, optional=optional, name=self._name(enum), parameters=parameters)

    def _message(self, field: FieldDescriptor, last: dict[str, str], optional: bool) -> Schema:
        message = field.message_type
        assert message is not None
        if message.full_name == DECIMAL:
            return self._decimal(field, last, optional)
        logical = _LOGICAL.get(message.full_name)
        if logical is not None:
            return logical.replace(optional=optional, parameters=last)
        simple = self._unwrapped(field)
        if simple is not None:
            return Schema(simple, optional=optional, parameters=last)
        if is_map(field):
            key, value = (self._field(message.fields_by_name[name]) for name in ("key", "value"))
            name = to_map_name(self._name(message))
            return Schema(Type.MAP, key_schema=key, value_schema=value, name=name, optional=optional, parameters=last)
        return self._struct(message, optional=optional, parameters=last)

    def _decimal(self, field: FieldDescriptor, last: dict[str, str], optional: bool) -> Schema:
        params = self._params.get(field.full_name, {})
        schema = decimal_schema(_number(params.get("scale")) or 0)
        parameters = dict(schema.parameters or {})
        precision = _number(params.get("precision"))
        if precision is not None:
            parameters[CONNECT_PRECISION] = str(precision)
        return schema.replace(optional=optional, parameters={**parameters, **last})


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.removeprefix("-").isdecimal() else None


def is_repeated(field: FieldDescriptor) -> bool:
    """Whether a field may have several values."""
    return bool(field.is_repeated)


def real_oneofs(message: Descriptor) -> list[OneofDescriptor]:
    """The oneofs that somebody wrote; those of ``optional`` begin with an underscore and have one field."""
    return [oneof for oneof in message.oneofs if not _is_synthetic(oneof)]


def _is_synthetic(oneof: OneofDescriptor) -> bool:
    return len(oneof.fields) == 1 and oneof.name == f"_{oneof.fields[0].name}"


def is_in_oneof(field: FieldDescriptor) -> bool:
    """Whether a field is a branch of a oneof that somebody wrote."""
    return field.containing_oneof is not None and not _is_synthetic(field.containing_oneof)


def has_optional_label(field: FieldDescriptor) -> bool:
    """Whether a field's absence differs from its default."""
    if field.containing_oneof is not None:
        return _is_synthetic(field.containing_oneof)
    is_message = field.type == _F.TYPE_MESSAGE
    return bool(field.has_presence) and not is_message and not is_repeated(field) and not field.is_required


def is_map(field: FieldDescriptor) -> bool:
    """Whether a field's messages are the entries of a map."""
    message = field.message_type
    if message is None or not is_repeated(field) or not message.name.endswith(ENTRY):
        return False
    names = [inner.name for inner in message.fields]
    return names == ["key", "value"] and not any(is_repeated(inner) for inner in message.fields)


def union_name(oneof: OneofDescriptor, options: ProtobufOptions) -> str:
    """The field that holds a oneof."""
    if not options.index_for_unions:
        return str(oneof.name)
    return f"{oneof.name}_{oneof.index}"

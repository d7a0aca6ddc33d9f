"""Protobuf files for Connect schemas, named and annotated so that other workers see no new version in them."""

from __future__ import annotations

from connect.api import DataException, Schema, Type
from connect.api.logical import DECIMAL_NAME
from connect.api.validators import java_hash_order
from converters.avro_names import GENERAL_ENUM, GENERAL_UNION
from converters.protobuf_config import ProtobufOptions
from converters.protobuf_file import EnumDefinition, FieldDefinition, MessageDefinition, OneofDefinition, ProtoFile
from converters.protobuf_names import (
    CONNECT_PRECISION,
    CONNECT_TYPE,
    DECIMAL,
    DEFAULT_NAME,
    ENUM,
    FILES,
    LOGICAL,
    SCALAR_OF,
    SCALAR_TYPE,
    TAG,
    UNION_PREFIX,
    WRAPPED,
    WRAPPER_OF,
    WRAPPERS,
    WRAPPERS_FILE,
    enum_name,
    is_union,
    parameter,
    scrubbed,
    to_entry,
)

_UNSIGNED = {"uint32": "UInt32Value", "fixed32": "UInt32Value", "uint64": "UInt64Value", "fixed64": "UInt64Value"}
_WRAPPERS_OPTIONS = (
    ("java_package", '"com.google.protobuf"'),
    ("java_outer_classname", '"WrappersProto"'),
    ("java_multiple_files", "true"),
    ("go_package", '"google.golang.org/protobuf/types/known/wrapperspb"'),
    ("cc_enable_arenas", "true"),
    ("objc_class_prefix", '"GPB"'),
    ("csharp_namespace", '"Google.Protobuf.WellKnownTypes"'),
)


def wrappers_file() -> ProtoFile:
    """The file of the messages that hold one simple value: the schema of simple values at the top."""
    file = ProtoFile("google.protobuf", options=[f"option {name} = {value};" for name, value in _WRAPPERS_OPTIONS])
    for name in WRAPPERS:
        last = name.rpartition(".")[2]
        file.messages.append(MessageDefinition(last, [FieldDefinition("value", 1, last.removesuffix("Value").lower())]))
    return file


def protobuf_file(schema: Schema, options: ProtobufOptions) -> ProtoFile:
    """The file of a Connect schema, whose first message it is. Raises DataException where there can't be one."""
    if schema.type is not Type.STRUCT or is_union(schema):
        if schema.type not in WRAPPER_OF:
            raise DataException(f"Unsupported root schema of type {schema.type.name}")
        return wrappers_file()
    try:
        return _Mapping(options).file(schema)
    except RecursionError:
        raise DataException(f"{schema} is nested too deeply, or contains itself without a name") from None


class _Mapping:
    """One schema's conversion: what is imported, and how many messages had no name."""

    def __init__(self, options: ProtobufOptions) -> None:
        self._options = options
        self._imports: list[str] = []
        self._unnamed = 0

    def file(self, schema: Schema) -> ProtoFile:
        parts = [scrubbed(part, self._options) for part in self._name(schema).split(".")]
        message = self._message(parts[-1], schema)
        return ProtoFile(".".join(parts[:-1]), imports=self._imports, messages=[message])

    def _name(self, schema: Schema) -> str:
        if schema.name:
            return schema.name
        self._unnamed += 1
        return f"{DEFAULT_NAME}{self._unnamed}"

    def _last_name(self, schema: Schema) -> str:
        return scrubbed(self._name(schema).rpartition(".")[2], self._options)

    def _message(self, name: str, schema: Schema) -> MessageDefinition:
        message = MessageDefinition(name)
        inner = {name: schema}
        number = 1
        for field in schema.fields:
            tag = parameter(field.schema, TAG)
            if is_union(field.schema):
                message.members.append(self._oneof(message, inner, field.schema))
                number += tag is None
                continue
            own = int(tag) if tag is not None else number
            number += tag is None
            message.members.append(self._field(message, inner, field.schema, field.name, own))
        return message

    def _oneof(self, message: MessageDefinition, inner: dict[str, Schema], schema: Schema) -> OneofDefinition:
        general = parameter(schema, GENERAL_UNION) if self._options.generalized else None
        oneof = OneofDefinition(general or (schema.name or "").removeprefix(UNION_PREFIX).rpartition(".")[2])
        for field in schema.fields:
            number = int(parameter(field.schema, TAG) or 0)
            if number == 0:
                raise DataException(f"The field {field.name} of the union {oneof.name} has no parameter {TAG}")
            oneof.fields.append(self._field(message, inner, field.schema, field.name, number, in_oneof=True))
        return oneof

    def _field(
        self,
        message: MessageDefinition,
        inner: dict[str, Schema],
        schema: Schema,
        name: str,
        number: int,
        *,
        in_oneof: bool = False,
    ) -> FieldDefinition:
        field = FieldDefinition(scrubbed(name, self._options), number, "", self._label(schema, in_oneof))
        element = schema.value_schema if schema.type is Type.ARRAY else schema
        if element is None:
            raise DataException("Protobuf schemas need to know the schemas of all elements")
        self._set_type(field, message, inner, element, in_oneof)
        return field

    def _label(self, schema: Schema, in_oneof: bool) -> str:
        if schema.type in (Type.ARRAY, Type.MAP):
            return "repeated"
        return "optional" if self._options.optional_for_nullables and schema.optional and not in_oneof else ""

    def _set_type(
        self,
        field: FieldDefinition,
        message: MessageDefinition,
        inner: dict[str, Schema],
        schema: Schema,
        in_oneof: bool,
    ) -> None:
        logical = LOGICAL.get(schema.name or "")
        if logical is not None:
            field.type = logical
            if logical == DECIMAL:
                field.params = _decimal_params(schema)
            self._import(FILES[logical])
        elif schema.type is Type.ARRAY:
            raise DataException("Array cannot be nested")
        elif schema.type is Type.MAP:
            field.type = to_entry(self._last_name(schema))
            message.messages.append(self._entry(field.type, schema))
        elif schema.type is Type.STRUCT:
            field.type = self._struct(field.name, message, inner, schema)
        elif enum_name(schema) is not None:
            field.type = self._enum(message, schema)
        else:
            self._set_scalar(field, schema, in_oneof)

    def _struct(self, field: str, message: MessageDefinition, inner: dict[str, Schema], schema: Schema) -> str:
        name = self._last_name(schema)
        if name == field:  # a field and a type of one name would hide one another
            name += "Message"
        known = inner.get(name)
        if known is None:
            inner[name] = schema
            message.messages.append(self._message(name, schema))
        elif known is not schema and known.fields != schema.fields:
            raise DataException(f"Two different schemas have the same name {name}")
        return name

    def _entry(self, name: str, schema: Schema) -> MessageDefinition:
        entry = MessageDefinition(name)
        for number, (part, part_schema) in enumerate((("key", schema.key_schema), ("value", schema.value_schema)), 1):
            if part_schema is None:
                raise DataException("Protobuf schemas need to know the schemas of all elements")
            entry.members.append(self._field(entry, {name: schema}, part_schema, part, number))
        return entry

    def _enum(self, message: MessageDefinition, schema: Schema) -> str:
        prefix = f"{GENERAL_ENUM if self._options.generalized else ENUM}."
        name = self._last_name(schema)
        if all(enum.name != name for enum in message.enums):
            values = [
                (key.removeprefix(prefix), int(text))
                for key, text in (schema.parameters or {}).items()
                if key.startswith(prefix)
            ]
            message.enums.append(EnumDefinition(name, values))
        return name

    def _set_scalar(self, field: FieldDefinition, schema: Schema, in_oneof: bool) -> None:
        kind = SCALAR_OF[schema.type]
        if schema.type in (Type.INT32, Type.INT64):
            kind = parameter(schema, SCALAR_TYPE) or kind
        elif schema.type in (Type.INT8, Type.INT16):
            field.params = {CONNECT_TYPE: schema.type.value}
        if is_wrapped(schema, self._options, in_oneof=in_oneof):
            field.type = f"google.protobuf.{_UNSIGNED[kind]}" if kind in _UNSIGNED else WRAPPER_OF[schema.type]
            self._import(WRAPPERS_FILE)
            return
        field.type = kind
        if schema.default_value is not None:
            field.default = _default_text(schema)

    def _import(self, file: str) -> None:
        if file not in self._imports:
            self._imports.append(file)


def is_wrapped(schema: Schema, options: ProtobufOptions, *, in_oneof: bool) -> bool:
    """Whether a simple value is written as a message, whose absence is null."""
    return options.wrapper_for_nullables and schema.optional and (not in_oneof or parameter(schema, WRAPPED) == "true")


def _decimal_params(schema: Schema) -> dict[str, str]:
    assert schema.name == DECIMAL_NAME
    found = {"precision": parameter(schema, CONNECT_PRECISION), "scale": parameter(schema, "scale")}
    present = {key: text for key, text in found.items() if text is not None}
    return {key: present[key] for key in java_hash_order(present)}


def _default_text(schema: Schema) -> str:
    if schema.type is Type.BOOLEAN:
        return "true" if schema.default_value else "false"
    return str(schema.default_value)

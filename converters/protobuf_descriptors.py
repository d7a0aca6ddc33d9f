"""Protobuf files from the descriptors of the Protobuf library."""

from __future__ import annotations

from google.protobuf import descriptor_pb2

from converters.protobuf_file import (
    SCALARS,
    EnumDefinition,
    FieldDefinition,
    MessageDefinition,
    OneofDefinition,
    ProtoFile,
)

_Field = descriptor_pb2.FieldDescriptorProto
_NAMES = {number: name for name, number in SCALARS.items()}
_LABELS = {_Field.LABEL_REPEATED: "repeated", _Field.LABEL_REQUIRED: "required"}


def file_of(descriptor: descriptor_pb2.FileDescriptorProto) -> ProtoFile:
    """The file of a descriptor, without its options."""
    syntax = descriptor.syntax or "proto2"
    return ProtoFile(
        descriptor.package,
        syntax,
        list(descriptor.dependency),
        messages=[_message(message, syntax) for message in descriptor.message_type],
        enums=list(map(_enum, descriptor.enum_type)),
    )


def _message(descriptor: descriptor_pb2.DescriptorProto, syntax: str) -> MessageDefinition:
    message = MessageDefinition(descriptor.name)
    oneofs: dict[int, OneofDefinition] = {}
    for field in descriptor.field:
        definition = _field(field, syntax)
        if not field.HasField("oneof_index") or field.proto3_optional:
            message.members.append(definition)
            continue
        index = field.oneof_index
        if index not in oneofs:
            oneofs[index] = OneofDefinition(descriptor.oneof_decl[index].name)
            message.members.append(oneofs[index])
        definition.label = ""
        oneofs[index].fields.append(definition)
    for inner in descriptor.nested_type:
        (message.maps if inner.options.map_entry else message.messages).append(_message(inner, syntax))
    message.enums = list(map(_enum, descriptor.enum_type))
    return message


def _field(field: descriptor_pb2.FieldDescriptorProto, syntax: str) -> FieldDefinition:
    label = _LABELS.get(field.label, "")
    if not label and (field.proto3_optional or syntax == "proto2"):
        label = "optional"
    default = field.default_value if field.HasField("default_value") else None
    return FieldDefinition(field.name, field.number, _NAMES.get(field.type, field.type_name), label, default=default)


def _enum(descriptor: descriptor_pb2.EnumDescriptorProto) -> EnumDefinition:
    values = [(value.name, value.number) for value in descriptor.value]
    return EnumDefinition(descriptor.name, values, descriptor.options.allow_alias)

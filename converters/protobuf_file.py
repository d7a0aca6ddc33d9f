"""A Protobuf file as data: its text as the registry keeps it, and its descriptor for the Protobuf library."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import descriptor_pb2

_Field = descriptor_pb2.FieldDescriptorProto
SCALARS = {
    name.removeprefix("TYPE_").lower(): number
    for name, number in _Field.Type.items()
    if name not in ("TYPE_GROUP", "TYPE_MESSAGE", "TYPE_ENUM")
}
_LABELS = {"repeated": _Field.LABEL_REPEATED, "required": _Field.LABEL_REQUIRED}
_VALUE_FIRST = ("precision", "scale")
_ESCAPES = {7: "\\a", 8: "\\b", 12: "\\f", 10: "\\n", 13: "\\r", 9: "\\t", 11: "\\v", 34: '\\"', 92: "\\\\"}


@dataclass(slots=True)
class FieldDefinition:
    """A field; ``label`` is empty where there is none, ``params`` are Confluent's annotations."""

    name: str
    number: int
    type: str
    label: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    default: str | None = None


@dataclass(slots=True)
class OneofDefinition:
    """Fields of which one is set."""

    name: str
    fields: list[FieldDefinition] = field(default_factory=list)


@dataclass(slots=True)
class EnumDefinition:
    """An enum."""

    name: str
    values: list[tuple[str, int]] = field(default_factory=list)
    allow_alias: bool = False


@dataclass(slots=True)
class MessageDefinition:
    """A message; ``members`` are its fields and oneofs in order, ``maps`` the entries of ``map<…>`` fields."""

    name: str
    members: list[FieldDefinition | OneofDefinition] = field(default_factory=list)
    messages: list[MessageDefinition] = field(default_factory=list)
    enums: list[EnumDefinition] = field(default_factory=list)
    maps: list[MessageDefinition] = field(default_factory=list)

    def fields(self) -> Iterator[FieldDefinition]:
        """All fields, those of oneofs too."""
        for member in self.members:
            if isinstance(member, OneofDefinition):
                yield from member.fields
            else:
                yield member


@dataclass(slots=True)
class ProtoFile:
    """A file; ``options`` are those of the file, as text."""

    package: str = ""
    syntax: str = "proto3"
    imports: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    messages: list[MessageDefinition] = field(default_factory=list)
    enums: list[EnumDefinition] = field(default_factory=list)

    def text(self) -> str:
        """The file as text."""
        lines = [f'syntax = "{self.syntax}";']
        if self.package:
            lines.append(f"package {self.package};")
        for block in ([f'import "{name}";' for name in self.imports], self.options):
            if block:
                lines += ["", *block]
        if self.messages or self.enums:
            lines.append("")
        for definition in (*map(_message_lines, self.messages), *map(_enum_lines, self.enums)):
            lines += definition
        return "\n".join(lines) + "\n"

    def descriptor(self, name: str) -> descriptor_pb2.FileDescriptorProto:
        """The file for a descriptor pool."""
        made = descriptor_pb2.FileDescriptorProto(name=name, package=self.package, syntax=self.syntax)
        made.dependency.extend(self.imports)
        made.message_type.extend(_message(message, self.syntax) for message in self.messages)
        made.enum_type.extend(map(_enum, self.enums))
        return made

    def params(self) -> dict[str, Mapping[str, str]]:
        """The annotations of all fields that have some, by the fields' full names."""
        found: dict[str, Mapping[str, str]] = {}
        for path, message in self._all_messages():
            found |= {f"{path}.{item.name}": item.params for item in message.fields() if item.params}
        return found

    def _all_messages(self) -> Iterator[tuple[str, MessageDefinition]]:
        pending = [(self.package, message) for message in self.messages]
        while pending:
            scope, message = pending.pop()
            path = f"{scope}.{message.name}" if scope else message.name
            yield path, message
            pending += [(path, inner) for inner in message.messages]


def message_at(file: ProtoFile, indexes: list[int]) -> str:
    """The full name of the message to which the indexes lead. Raises IndexError."""
    messages, names = file.messages, [file.package] if file.package else []
    for index in indexes:
        if index < 0:
            raise IndexError(index)
        message = messages[index]
        names.append(message.name)
        messages = message.messages
    return ".".join(names)


# As text


def _indented(lines: list[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _message_lines(message: MessageDefinition) -> list[str]:
    blocks: list[list[str]] = []
    fields = [member for member in message.members if isinstance(member, FieldDefinition)]
    oneofs = [member for member in message.members if isinstance(member, OneofDefinition)]
    if fields:
        blocks.append([line for item in fields for line in _field_lines(item)])
    if oneofs:
        blocks.append([line for item in oneofs for line in _oneof_lines(item)])
    nested = [*map(_message_lines, message.messages), *map(_enum_lines, message.enums)]
    if nested:
        blocks.append([line for item in nested for line in item])
    return _braced(f"message {message.name}", blocks)


def _braced(head: str, blocks: list[list[str]]) -> list[str]:
    if not blocks:
        return [f"{head} {{}}"]
    lines = [f"{head} {{"]
    for index, block in enumerate(blocks):
        lines += ([""] if index else []) + _indented(block)
    return [*lines, "}"]


def _oneof_lines(oneof: OneofDefinition) -> list[str]:
    return _braced(f"oneof {oneof.name}", [[line for item in oneof.fields for line in _field_lines(item)]])


def _enum_lines(enum: EnumDefinition) -> list[str]:
    options = [["option allow_alias = true;"]] if enum.allow_alias else []
    return _braced(f"enum {enum.name}", [*options, [f"{name} = {number};" for name, number in enum.values]])


def _field_lines(item: FieldDefinition) -> list[str]:
    head = f"{item.label} {item.type}" if item.label else item.type
    options: list[list[str]] = []
    if item.params:
        pairs = list(item.params.items())
        entries = [_entry_lines(key, value, last=key == pairs[-1][0]) for key, value in pairs]
        body = ["params: [", *_indented([line for entry in entries for line in entry]), "]"]
        options.append(["(confluent.field_meta) = {", *_indented(body), "}"])
    if item.default is not None:
        quoted = f'"{_escaped(item.default)}"' if item.type == "string" else item.default
        options.append([f"default = {quoted}"])
    start = f"{head} {item.name} = {item.number}"
    if not options:
        return [f"{start};"]
    if len(options) == 1:
        first, *rest = options[0]
        lines = [f"{start} [{first}", *rest]
        return [*lines[:-1], f"{lines[-1]}];"]
    joined: list[str] = []
    for index, option in enumerate(options):
        comma = "," if index < len(options) - 1 else ""
        joined += [*option[:-1], f"{option[-1]}{comma}"]
    return [f"{start} [", *_indented(joined), "];"]


def _entry_lines(key: str, value: str, *, last: bool) -> list[str]:
    members = [f'key: "{_escaped(key)}"', f'value: "{_escaped(value)}"']
    if key in _VALUE_FIRST:
        members.reverse()
    return ["{", f"  {members[0]},", f"  {members[1]}", "}" if last else "},"]


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)


# As descriptors


def _message(message: MessageDefinition, syntax: str) -> descriptor_pb2.DescriptorProto:
    made = descriptor_pb2.DescriptorProto(name=message.name)
    optional: list[Any] = []
    for member in message.members:
        if isinstance(member, OneofDefinition):
            index = len(made.oneof_decl)
            made.oneof_decl.add(name=member.name)
            for item in member.fields:
                made.field.append(_field(item, syntax, index))
        else:
            made.field.append(_field(member, syntax))
            if member.label == "optional" and syntax == "proto3":
                optional.append(made.field[-1])
    for item in optional:  # what proto3 calls optional is a oneof of its own, after the real ones
        item.proto3_optional = True
        item.oneof_index = len(made.oneof_decl)
        made.oneof_decl.add(name=f"_{item.name}")
    made.nested_type.extend(_message(inner, syntax) for inner in message.messages)
    for entry in message.maps:
        made.nested_type.append(_message(entry, syntax))
        made.nested_type[-1].options.map_entry = True
    made.enum_type.extend(map(_enum, message.enums))
    return made


def _field(item: FieldDefinition, syntax: str, oneof: int | None = None) -> descriptor_pb2.FieldDescriptorProto:
    made = descriptor_pb2.FieldDescriptorProto(name=item.name, number=item.number)
    made.label = _LABELS.get(item.label, _Field.LABEL_OPTIONAL)
    if item.type in SCALARS:
        made.type = SCALARS[item.type]
    else:
        made.type_name = item.type
    if item.default is not None and syntax == "proto2":
        made.default_value = item.default
    if oneof is not None:
        made.oneof_index = oneof
    return made


def _enum(enum: EnumDefinition) -> descriptor_pb2.EnumDescriptorProto:
    made = descriptor_pb2.EnumDescriptorProto(name=enum.name)
    for name, number in enum.values:
        made.value.add(name=name, number=number)
    if enum.allow_alias:
        made.options.allow_alias = True
    return made

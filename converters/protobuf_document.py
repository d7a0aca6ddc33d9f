"""A Protobuf schema with what it imports, ready to read and write messages."""

from __future__ import annotations

import base64
import binascii
import importlib
from collections.abc import Mapping, Sequence
from functools import cached_property

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import DecodeError, Message

from connect.api import SerializationException
from converters.protobuf_descriptors import file_of
from converters.protobuf_file import FieldDefinition, MessageDefinition, ProtoFile, message_at
from converters.protobuf_parse import parse_file
from converters.registry_schemas import References

_NAME = "converted.proto"
_OWN_FILES = {
    "confluent/type/decimal.proto": ProtoFile(
        "confluent.type",
        messages=[
            MessageDefinition(
                "Decimal",
                [
                    FieldDefinition("value", 1, "bytes"),
                    FieldDefinition("precision", 2, "uint32"),
                    FieldDefinition("scale", 3, "int32"),
                ],
            )
        ],
    ),
    "confluent/meta.proto": ProtoFile("confluent"),
}
"""What other libraries don't bring; of annotations only the text is read."""


class Document:
    """A file, the files that it refers to by name, and the message that data is of by default: the first."""

    def __init__(self, file: ProtoFile, references: Mapping[str, ProtoFile] = {}) -> None:  # read only
        self.file = file
        self._references = references

    @cached_property
    def text(self) -> str:
        """The file as text."""
        return self.file.text()

    @cached_property
    def params(self) -> dict[str, Mapping[str, str]]:
        """Confluent's annotations of all fields, by the fields' full names."""
        found = self.file.params()
        for file in self._references.values():
            found |= file.params()
        return found

    @cached_property
    def _pool(self) -> descriptor_pool.DescriptorPool:
        pool = descriptor_pool.DescriptorPool()
        added: set[str] = set()
        try:
            self._add(pool, _NAME, self.file, added)
        except (TypeError, KeyError, ValueError) as error:
            raise SerializationException(f"The schema in the registry is no Protobuf schema: {error}") from error
        return pool

    def _add(self, pool: descriptor_pool.DescriptorPool, name: str, file: ProtoFile, added: set[str]) -> None:
        added.add(name)
        for imported in file.imports:
            if imported in added:
                continue
            known = self._references.get(imported) or _OWN_FILES.get(imported)
            if known is not None:
                self._add(pool, imported, known, added)
            else:
                _add_library_file(pool, imported, added)
        pool.AddSerializedFile(file.descriptor(name).SerializeToString())

    def descriptor(self, indexes: Sequence[int] = (0,)) -> Descriptor:
        """The message to which the indexes lead. Raises SerializationException."""
        try:
            name = message_at(self.file, list(indexes))
            return self._pool.FindMessageTypeByName(name)
        except (IndexError, KeyError) as error:
            where = ", ".join(map(str, indexes))
            raise SerializationException(f"The schema has no message with the indexes [{where}]") from error

    def message_class(self, indexes: Sequence[int] = (0,)) -> type[Message]:
        """What makes such messages."""
        return message_factory.GetMessageClass(self.descriptor(indexes))


def _add_library_file(pool: descriptor_pool.DescriptorPool, name: str, added: set[str]) -> None:
    added.add(name)
    if not name.startswith("google/"):
        raise SerializationException(f"The schema imports {name}, which the registry doesn't refer to")
    try:
        module = importlib.import_module(f"{name.removesuffix('.proto').replace('/', '.')}_pb2")
    except ImportError:
        raise SerializationException(f"The schema imports {name}, which isn't known") from None
    file = descriptor_pb2.FileDescriptorProto.FromString(module.DESCRIPTOR.serialized_pb)
    for imported in file.dependency:
        if imported not in added:
            _add_library_file(pool, imported, added)
    pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)


def parse_document(text: str, references: References) -> Document:
    """A schema and what it refers to. Raises SerializationException."""
    return Document(_parse(text), {name: _parse(other) for name, other in references})


def _parse(text: str) -> ProtoFile:
    if "{" in text or ";" in text or not text.strip():
        return parse_file(text)
    return _from_descriptor(text)


def _from_descriptor(text: str) -> ProtoFile:
    """Some clients register the Protobuf library's own form of a file, in base64."""
    try:
        made = descriptor_pb2.FileDescriptorProto.FromString(base64.b64decode(text, validate=True))
    except (binascii.Error, DecodeError) as error:
        raise SerializationException("The schema in the registry is no Protobuf schema") from error
    return file_of(made)

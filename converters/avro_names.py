"""The names under which Connect's types and attributes appear in Avro schemas, and which of them are in use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote_plus

from connect.api import Schema, Type

NAMESPACE = "io.confluent.connect.avro"
DEFAULT_NAME = "ConnectDefault"
MAP_ENTRY = "MapEntry"
UNION = f"{NAMESPACE}.Union"
ENUM = f"{NAMESPACE}.Enum"
RECORD_DOC = f"{NAMESPACE}.record.doc"
ENUM_DOC = f"{NAMESPACE}.enum.doc."
ENUM_DEFAULT = f"{NAMESPACE}.enum.default."
FIELD_DOC = f"{NAMESPACE}.field.doc."
FIELD_DEFAULT = f"{NAMESPACE}.field.default"

CONNECT_NAME = "connect.name"
CONNECT_DOC = "connect.doc"
CONNECT_RECORD_DOC = "connect.record.doc"
CONNECT_ENUM_DOC = "connect.enum.doc"
CONNECT_VERSION = "connect.version"
CONNECT_DEFAULT = "connect.default"
CONNECT_PARAMETERS = "connect.parameters"
CONNECT_INTERNAL_TYPE = "connect.internal.type"
CONNECT_TYPE = "connect.type"
FIXED_SIZE = "connect.fixed.size"
DECIMAL_PRECISION = "connect.decimal.precision"
DEFAULT_PRECISION = 64

GENERAL_UNION = "org.apache.kafka.connect.data.Union"
GENERAL_ENUM = "org.apache.kafka.connect.data.Enum"
GENERAL_UNION_PREFIX = "connect_union_"

_KINDS = {
    Type.INT8: "int",
    Type.INT16: "int",
    Type.INT32: "int",
    Type.INT64: "long",
    Type.FLOAT32: "float",
    Type.FLOAT64: "double",
}


class DataOptions(NamedTuple):
    """How data is mapped: the settings of the same names."""

    enhanced: bool = False
    meta_data: bool = True
    scrub: bool = False
    discard_docs: bool = False
    optional_keys: bool = False
    flatten: bool = True
    generalized: bool = False
    ignore_defaults: bool = False

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> DataOptions:
        """From the parsed settings of the converter."""
        return cls(
            config["enhanced.avro.schema.support"],
            config["connect.meta.data"],
            config["scrub.invalid.names"],
            config["discard.type.doc.default"],
            config["allow.optional.map.keys"],
            config["flatten.singleton.unions"],
            config["generalized.sum.type.support"],
            config["ignore.default.for.nullables"],
        )

    def name(self, name: str) -> str:
        """A name as Avro gets it."""
        return scrub_name(name) if self.scrub else name

    def full_name(self, name: str) -> tuple[str | None, str]:
        """Namespace and name of a schema as Avro gets them."""
        namespace, dot, last = name.rpartition(".")
        if not dot:
            return None, self.name(last)
        return ".".join(map(self.name, namespace.split("."))), self.name(last)

    def scrubbed(self, name: str) -> str:
        """A full name as Avro gets it."""
        namespace, last = self.full_name(name)
        return last if namespace is None else f"{namespace}.{last}"

    def has_plain_keys(self, schema: Schema) -> bool:
        """Whether a MAP schema becomes an Avro map rather than an array of entries."""
        key = schema.key_schema
        return key is not None and key.type is Type.STRING and (not key.optional or self.optional_keys)

    @property
    def enum(self) -> str:
        """The parameter that makes a string an enum."""
        return GENERAL_ENUM if self.generalized else ENUM

    def is_enum(self, schema: Schema) -> bool:
        """Whether a STRING schema is written as an enum."""
        return (self.generalized or self.enhanced) and is_enum(schema)

    def member_name(self, schema: Schema, index: int) -> str:
        """The field that holds a union's branch of that schema."""
        if self.generalized:
            return f"{GENERAL_UNION_PREFIX}field_{index}"
        if schema.type is Type.STRUCT or is_enum(schema) or is_fixed(schema):
            name = schema.name or ""
            return self.scrubbed(name) if self.enhanced else self.full_name(name)[1]
        return _KINDS.get(schema.type) or str(schema.type.value)


def is_enum(schema: Schema) -> bool:
    """Whether the parameters of a schema describe an enum."""
    return schema.parameters is not None and (GENERAL_ENUM in schema.parameters or ENUM in schema.parameters)


def is_fixed(schema: Schema) -> bool:
    """Whether a BYTES schema is written with a fixed length."""
    return schema.type is Type.BYTES and schema.parameters is not None and FIXED_SIZE in schema.parameters


def is_union(schema: Schema) -> bool:
    """Whether a struct stands for a union: one field per branch, one of them set."""
    return schema.name == UNION or (schema.parameters is not None and GENERAL_UNION in schema.parameters)


def scrub_name(name: str) -> str:
    """A name in letters, digits and underscores that begins with no digit."""
    if not name or (name.isascii() and name.replace("_", "a").isalnum() and not name[0].isdigit()):
        return name
    encoded = quote_plus(name, safe="*").replace("~", "%7E")
    if encoded[0].isdigit():
        encoded = f"x{encoded}"
    return "".join(letter if letter.isascii() and (letter.isalnum() or letter == "_") else "_" for letter in encoded)

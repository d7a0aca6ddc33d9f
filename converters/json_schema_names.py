"""The names under which Connect's types and attributes appear in JSON schemas."""

from __future__ import annotations

from connect.api import Schema, Type
from converters.avro_names import GENERAL_ENUM, GENERAL_UNION, GENERAL_UNION_PREFIX

NAMESPACE = "io.confluent.connect.json"
ID = f"{NAMESPACE}.Id"
ENUM = f"{NAMESPACE}.Enum"
ONE_OF = f"{NAMESPACE}.OneOf"
NULL_SYMBOL = "<NULL>"

CONNECT_TYPE = "connect.type"
CONNECT_VERSION = "connect.version"
CONNECT_PARAMETERS = "connect.parameters"
CONNECT_INDEX = "connect.index"
MAP_TYPE = "map"
BYTES_TYPE = "bytes"
ENTRY_KEY, ENTRY_VALUE = "key", "value"

NUMBERS = {
    "int8": Type.INT8,
    "int16": Type.INT16,
    "int32": Type.INT32,
    "int64": Type.INT64,
    "float32": Type.FLOAT32,
    "float64": Type.FLOAT64,
}


def is_union(schema: Schema) -> bool:
    """Whether a struct stands for a union: one field per branch, one of them set."""
    return schema.name == ONE_OF or (schema.parameters is not None and GENERAL_UNION in schema.parameters)


def is_enum(schema: Schema) -> bool:
    """Whether the parameters of a STRING schema describe an enum."""
    return schema.parameters is not None and (GENERAL_ENUM in schema.parameters or ENUM in schema.parameters)


def has_plain_keys(schema: Schema) -> bool:
    """Whether a MAP is written as an object rather than as an array of entries."""
    key = schema.key_schema
    return key is not None and key.type is Type.STRING and not key.optional


def branch_prefix(generalized: bool) -> str:
    """What the names of a union's fields begin with, before their index."""
    return f"{GENERAL_UNION_PREFIX}field_" if generalized else f"{ONE_OF}.field."

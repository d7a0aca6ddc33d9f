"""The names under which Connect's types and attributes appear in Protobuf schemas."""

from __future__ import annotations

import re
from urllib.parse import quote_plus

from connect.api import Schema, Type
from connect.api.logical import DATE_NAME, DECIMAL_NAME, TIME_NAME, TIMESTAMP_NAME
from converters.avro_names import GENERAL_ENUM, GENERAL_UNION
from converters.protobuf_config import ProtobufOptions

NAMESPACE = "io.confluent.connect.protobuf"
DEFAULT_NAME = "ConnectDefault"
ENUM = f"{NAMESPACE}.Enum"
UNION = f"{NAMESPACE}.Union"
UNION_PREFIX = f"{UNION}."
TAG = f"{NAMESPACE}.Tag"
SCALAR_TYPE = f"{NAMESPACE}.Type"
WRAPPED = f"{NAMESPACE}.Wrapper"
CONNECT_TYPE = "connect.type"
CONNECT_PRECISION = "connect.decimal.precision"
ENTRY = "Entry"

DECIMAL = "confluent.type.Decimal"
DATE = "google.type.Date"
TIME = "google.type.TimeOfDay"
TIMESTAMP = "google.protobuf.Timestamp"
WRAPPERS_FILE = "google/protobuf/wrappers.proto"
LOGICAL = {DECIMAL_NAME: DECIMAL, DATE_NAME: DATE, TIME_NAME: TIME, TIMESTAMP_NAME: TIMESTAMP}
FILES = {
    DECIMAL: "confluent/type/decimal.proto",
    DATE: "google/type/date.proto",
    TIME: "google/type/timeofday.proto",
    TIMESTAMP: "google/protobuf/timestamp.proto",
}
_PROTOBUF = "google.protobuf."
WRAPPERS = {
    f"{_PROTOBUF}DoubleValue": Type.FLOAT64,
    f"{_PROTOBUF}FloatValue": Type.FLOAT32,
    f"{_PROTOBUF}Int64Value": Type.INT64,
    f"{_PROTOBUF}UInt64Value": Type.INT64,
    f"{_PROTOBUF}Int32Value": Type.INT32,
    f"{_PROTOBUF}UInt32Value": Type.INT64,
    f"{_PROTOBUF}BoolValue": Type.BOOLEAN,
    f"{_PROTOBUF}StringValue": Type.STRING,
    f"{_PROTOBUF}BytesValue": Type.BYTES,
}
"""The messages of one simple value, in the order in which their file has them."""
WRAPPER_OF = {
    Type.INT8: f"{_PROTOBUF}Int32Value",
    Type.INT16: f"{_PROTOBUF}Int32Value",
    Type.INT32: f"{_PROTOBUF}Int32Value",
    Type.INT64: f"{_PROTOBUF}Int64Value",
    Type.FLOAT32: f"{_PROTOBUF}FloatValue",
    Type.FLOAT64: f"{_PROTOBUF}DoubleValue",
    Type.BOOLEAN: f"{_PROTOBUF}BoolValue",
    Type.STRING: f"{_PROTOBUF}StringValue",
    Type.BYTES: f"{_PROTOBUF}BytesValue",
}
SCALAR_OF = {
    Type.INT8: "int32",
    Type.INT16: "int32",
    Type.INT32: "int32",
    Type.INT64: "int64",
    Type.FLOAT32: "float",
    Type.FLOAT64: "double",
    Type.BOOLEAN: "bool",
    Type.STRING: "string",
    Type.BYTES: "bytes",
}
_VALID = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_INVALID = re.compile(r"[^A-Za-z0-9_]")


def parameter(schema: Schema, name: str) -> str | None:
    """A schema's parameter."""
    return None if schema.parameters is None else schema.parameters.get(name)


def is_union(schema: Schema) -> bool:
    """Whether a struct stands for a oneof: one field per branch, one of them set."""
    if schema.type is not Type.STRUCT:
        return False
    return (schema.name or "").startswith(UNION) or parameter(schema, GENERAL_UNION) is not None


def enum_name(schema: Schema) -> str | None:
    """The enum that a STRING or INT32 schema stands for."""
    return parameter(schema, GENERAL_ENUM) or parameter(schema, ENUM)


def scrubbed(name: str, options: ProtobufOptions) -> str:
    """A name as Protobuf gets it."""
    if not options.scrub or not name or _VALID.fullmatch(name):
        return name
    encoded = quote_plus(name, safe="*").replace("~", "%7E")
    if encoded[0] in "0123456789_":
        encoded = f"x{encoded}"
    return _INVALID.sub("_", encoded)


def to_entry(name: str) -> str:
    """The message of a map's entries."""
    if "_" in name:
        name = "".join(part[:1].upper() + part[1:].lower() for part in name.split("_"))
    return f"{name}{ENTRY}"


def to_map_name(name: str) -> str:
    """The name of a map whose entries are such a message."""
    scope, dot, last = name.rpartition(".")
    if last.endswith(ENTRY):
        last = re.sub(r"(?<!^)(?=[A-Z])", "_", last.removesuffix(ENTRY)).lower()
    return f"{scope}{dot}{last}"

"""Schemas, and structs that follow them: the types of Kafka Connect's data.

What a value looks like in Python, by the type of its schema:

======================  ==========================================================
INT8 INT16 INT32 INT64  ``int`` within the type's range (``bool`` is not an int here)
FLOAT32 FLOAT64         ``float``
BOOLEAN                 ``bool``
STRING                  ``str``
BYTES                   ``bytes``; ``memoryview`` stands for Java's ByteBuffer
ARRAY MAP               ``list``, ``dict``
STRUCT                  :class:`Struct`
======================  ==========================================================

Logical types (:mod:`connect.api.logical`) hold ``decimal.Decimal`` or a UTC ``datetime``. Without a schema an ``int``
is Java's Long, a ``float`` its Double, and :mod:`connect.api.numbers` marks the narrower ones.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from typing import Any

from connect.api.errors import DataException


class Type(enum.Enum):
    """The thirteen types; the value is the name that error texts and JSON schemas use."""

    INT8 = "int8"
    INT16 = "int16"
    INT32 = "int32"
    INT64 = "int64"
    FLOAT32 = "float32"
    FLOAT64 = "float64"
    BOOLEAN = "boolean"
    STRING = "string"
    BYTES = "bytes"
    ARRAY = "array"
    MAP = "map"
    STRUCT = "struct"

    @property
    def is_primitive(self) -> bool:
        """True for all but ARRAY, MAP and STRUCT."""
        return self not in (Type.ARRAY, Type.MAP, Type.STRUCT)


class Field:
    """A named place in a struct schema: ``name``, 0-based ``index``, ``schema``."""

    __slots__ = ("index", "name", "schema")

    def __init__(self, name: str, index: int, schema: Schema) -> None:
        self.name = name
        self.index = index
        self.schema = schema

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Field)
            and self.index == other.index
            and self.name == other.name
            and self.schema == other.schema
        )

    def __hash__(self) -> int:
        return hash((self.name, self.index))

    def __repr__(self) -> str:
        return f"Field{{name={self.name}, index={self.index}, schema={self.schema}}}"


class Schema:
    """An immutable description of a value; build it with a :class:`SchemaBuilder`, or directly with checked parts.

    Equality is deep, as in Java; compare by identity first on hot paths (schemas are shared by reference).
    """

    __slots__ = (
        "_by_name",
        "_hash",
        "default_value",
        "doc",
        "fields",
        "key_schema",
        "name",
        "optional",
        "parameters",
        "type",
        "value_schema",
        "version",
    )

    def __init__(
        self,
        type: Type,
        *,
        optional: bool = False,
        default_value: Any = None,
        name: str | None = None,
        version: int | None = None,
        doc: str | None = None,
        parameters: Mapping[str, str] | None = None,
        fields: Sequence[Field] | None = None,
        key_schema: Schema | None = None,
        value_schema: Schema | None = None,
    ) -> None:
        self.type = type
        self.optional = optional
        self.default_value = default_value
        self.name = name
        self.version = version
        self.doc = doc
        self.parameters: dict[str, str] | None = dict(parameters) if parameters else None
        self.fields: tuple[Field, ...] = tuple(fields or ())
        self.key_schema = key_schema
        self.value_schema = value_schema
        self._by_name: dict[str, Field] = {field.name: field for field in self.fields}
        self._hash: int | None = None

    def field(self, name: str) -> Field | None:
        """The field of that name, or None. Raises DataException on anything but a struct schema."""
        if self.type is not Type.STRUCT:
            raise DataException("Cannot look up fields on non-struct type")
        return self._by_name.get(name)

    def _identity(self) -> tuple[Any, ...]:
        return (
            self.type,
            self.optional,
            self.name,
            self.version,
            self.doc,
            self.parameters,
            self.fields,
            self.key_schema,
            self.value_schema,
            self.default_value,
        )

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Schema) and self._identity() == other._identity()

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash((self.type, self.optional, self.name, self.version, self.doc, self.fields))
        return self._hash

    def __repr__(self) -> str:
        return f"Schema{{{self.name}:{self.type.name}}}" if self.name is not None else f"Schema{{{self.type.name}}}"


INT8_SCHEMA = Schema(Type.INT8)
INT16_SCHEMA = Schema(Type.INT16)
INT32_SCHEMA = Schema(Type.INT32)
INT64_SCHEMA = Schema(Type.INT64)
FLOAT32_SCHEMA = Schema(Type.FLOAT32)
FLOAT64_SCHEMA = Schema(Type.FLOAT64)
BOOLEAN_SCHEMA = Schema(Type.BOOLEAN)
STRING_SCHEMA = Schema(Type.STRING)
BYTES_SCHEMA = Schema(Type.BYTES)
OPTIONAL_INT8_SCHEMA = Schema(Type.INT8, optional=True)
OPTIONAL_INT16_SCHEMA = Schema(Type.INT16, optional=True)
OPTIONAL_INT32_SCHEMA = Schema(Type.INT32, optional=True)
OPTIONAL_INT64_SCHEMA = Schema(Type.INT64, optional=True)
OPTIONAL_FLOAT32_SCHEMA = Schema(Type.FLOAT32, optional=True)
OPTIONAL_FLOAT64_SCHEMA = Schema(Type.FLOAT64, optional=True)
OPTIONAL_BOOLEAN_SCHEMA = Schema(Type.BOOLEAN, optional=True)
OPTIONAL_STRING_SCHEMA = Schema(Type.STRING, optional=True)
OPTIONAL_BYTES_SCHEMA = Schema(Type.BYTES, optional=True)

"""Schemas: the types of Kafka Connect's data.

What a value looks like in Python, by the type of its schema:

======================  ==========================================================
INT8 INT16 INT32 INT64  ``int`` within the type's range (``bool`` is not an int here)
FLOAT32 FLOAT64         ``float``
BOOLEAN                 ``bool``
STRING                  ``str``
BYTES                   ``bytes``; ``memoryview`` stands for Java's ByteBuffer
ARRAY MAP               ``list``, ``dict`` (unhashable keys: see :mod:`connect.api.maps`)
STRUCT                  :class:`~connect.api.struct.Struct`
======================  ==========================================================

Logical types (:mod:`connect.api.logical`) hold ``decimal.Decimal`` or a UTC ``datetime``. Without a schema an ``int``
is Java's Long, a ``float`` its Double, and :mod:`connect.api.numbers` marks the narrower ones.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from connect.api.equality import deep_equals
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

    def __init__(self, text: str) -> None:
        self.is_primitive = text not in ("array", "map", "struct")

    __hash__ = object.__hash__  # members are keys of tables on hot paths; Enum's own hash is a Python function

    def __str__(self) -> str:
        return self.name


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


_WRONG_TYPE = {
    "fields": "Cannot list fields on non-struct type",
    "_by_name": "Cannot look up fields on non-struct type",
    "key_schema": "Cannot look up key schema on non-map type",
    "value_schema": "Cannot look up value schema on non-array and non-map type",
}


class Schema:
    """An immutable description of a value; build it with a :class:`SchemaBuilder`, or directly with checked parts.

    ``fields`` exists on STRUCT only, ``key_schema`` on MAP, ``value_schema`` on ARRAY and MAP (None where the elements
    have no schema); asking another type for them raises DataException. ``parameters`` is None rather than empty.
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

    def __init__(  # noqa: PLR0913  # a value of ten attributes
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
        self._hash: int | None = None
        # Slots that a type doesn't have stay unset, so that __getattr__ refuses them at no cost to the others.
        if type is Type.STRUCT:
            self.fields: tuple[Field, ...] = tuple(fields or ())
            self._by_name: dict[str, Field] = {field.name: field for field in self.fields}
        elif type is Type.MAP:
            self.key_schema = key_schema
            self.value_schema = value_schema
        elif type is Type.ARRAY:
            self.value_schema = value_schema

    def __getattr__(self, name: str) -> NoReturn:
        reason = _WRONG_TYPE.get(name)
        if reason is None:
            raise AttributeError(f"Schema has no attribute {name}")
        raise DataException(reason)

    def field(self, name: str) -> Field | None:
        """The field of that name, or None. Raises DataException on anything but a struct schema."""
        return self._by_name.get(name)

    def replace(self, **changes: Any) -> Schema:
        """A schema that differs in the named attributes (those of the constructor)."""
        return Schema(**{**self._attributes(), **changes})

    def _attributes(self) -> dict[str, Any]:
        attributes = {
            "type": self.type,
            "optional": self.optional,
            "name": self.name,
            "version": self.version,
            "doc": self.doc,
            "parameters": self.parameters,
            "default_value": self.default_value,
        }
        if self.type is Type.STRUCT:
            attributes["fields"] = self.fields
        elif self.type is Type.MAP:
            attributes["key_schema"] = self.key_schema
            attributes["value_schema"] = self.value_schema
        elif self.type is Type.ARRAY:
            attributes["value_schema"] = self.value_schema
        return attributes

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if type(other) is not Schema or hash(self) != hash(other) or self.type is not other.type:
            return False
        return (
            self.optional == other.optional
            and self.name == other.name
            and self.version == other.version
            and self.doc == other.doc
            and self.parameters == other.parameters
            and (self.default_value is other.default_value or deep_equals(self.default_value, other.default_value))
            and (self.type.is_primitive or self._elements() == other._elements())
        )

    def _elements(self) -> tuple[Any, ...]:
        if self.type is Type.STRUCT:
            return self.fields
        return (self.key_schema, self.value_schema) if self.type is Type.MAP else (self.value_schema,)

    def __hash__(self) -> int:
        if self._hash is None:
            inner = self.fields if self.type is Type.STRUCT else ()
            parameters = None if self.parameters is None else frozenset(self.parameters.items())
            self._hash = hash((self.type, self.optional, self.name, self.version, self.doc, parameters, inner))
        return self._hash

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (self._attributes(),)

    def __repr__(self) -> str:
        return f"Schema{{{self.name}:{self.type.name}}}" if self.name is not None else f"Schema{{{self.type.name}}}"


def _restore(attributes: dict[str, Any]) -> Schema:
    return Schema(**attributes)


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

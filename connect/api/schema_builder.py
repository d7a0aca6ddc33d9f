"""The fluent way to make schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connect.api.errors import DataException, SchemaBuilderException
from connect.api.schema import Field, Schema, Type
from connect.api.struct import validate_value


class SchemaBuilder:
    """Collects the attributes of a schema; each can be set once (to a number or flag also again, when it is the same).

    >>> SchemaBuilder.struct().name("point").field("x", SchemaBuilder.int32().build()).build().fields
    (Field{name=x, index=0, schema=Schema{INT32}},)

    All methods raise SchemaBuilderException for a call that has no meaning.
    """

    __slots__ = ("_attributes", "_fields", "_parameters", "_type")

    def __init__(self, type: Type) -> None:
        if type is None:
            raise SchemaBuilderException("type cannot be null")
        self._type = type
        self._attributes: dict[str, Any] = {}
        self._fields: dict[str, Field] = {}
        self._parameters: dict[str, str] = {}

    @classmethod
    def int8(cls) -> SchemaBuilder:
        """Start an INT8 schema."""
        return cls(Type.INT8)

    @classmethod
    def int16(cls) -> SchemaBuilder:
        """Start an INT16 schema."""
        return cls(Type.INT16)

    @classmethod
    def int32(cls) -> SchemaBuilder:
        """Start an INT32 schema."""
        return cls(Type.INT32)

    @classmethod
    def int64(cls) -> SchemaBuilder:
        """Start an INT64 schema."""
        return cls(Type.INT64)

    @classmethod
    def float32(cls) -> SchemaBuilder:
        """Start a FLOAT32 schema."""
        return cls(Type.FLOAT32)

    @classmethod
    def float64(cls) -> SchemaBuilder:
        """Start a FLOAT64 schema."""
        return cls(Type.FLOAT64)

    @classmethod
    def bool(cls) -> SchemaBuilder:
        """Start a BOOLEAN schema."""
        return cls(Type.BOOLEAN)

    @classmethod
    def string(cls) -> SchemaBuilder:
        """Start a STRING schema."""
        return cls(Type.STRING)

    @classmethod
    def bytes(cls) -> SchemaBuilder:
        """Start a BYTES schema."""
        return cls(Type.BYTES)

    @classmethod
    def struct(cls) -> SchemaBuilder:
        """Start a STRUCT schema without fields."""
        return cls(Type.STRUCT)

    @classmethod
    def array(cls, value_schema: Schema) -> SchemaBuilder:
        """Start an ARRAY schema of such elements."""
        return cls(Type.ARRAY)._elements(value_schema=value_schema)

    @classmethod
    def map(cls, key_schema: Schema, value_schema: Schema) -> SchemaBuilder:
        """Start a MAP schema of such keys and values."""
        return cls(Type.MAP)._elements(key_schema=key_schema, value_schema=value_schema)

    def optional(self) -> SchemaBuilder:
        """Let null be a value."""
        return self._set("optional", True)

    def required(self) -> SchemaBuilder:
        """Refuse null as a value, which is the default."""
        return self._set("optional", False)

    def default_value(self, value: Any) -> SchemaBuilder:
        """What stands in for a missing value; must fit what the builder holds so far. Not for STRUCT, as in Java."""
        self._check_unset("default", value)
        if self._type is Type.STRUCT and value is not None:
            # No struct can follow a schema that is still being built, so Java refuses every one.
            raise SchemaBuilderException("Invalid default value") from DataException("Struct schemas do not match.")
        try:
            validate_value(self.build(), value)
        except DataException as error:
            raise SchemaBuilderException("Invalid default value") from error
        self._attributes["default"] = value
        return self

    def name(self, name: str | None) -> SchemaBuilder:
        """The full name, such as ``com.acme.Order``."""
        return self._set("name", name)

    def version(self, version: int | None) -> SchemaBuilder:
        """The version of the named schema."""
        return self._set("version", version)

    def doc(self, doc: str | None) -> SchemaBuilder:
        """Text for people."""
        return self._set("doc", doc)

    def parameter(self, name: str, value: str) -> SchemaBuilder:
        """One parameter; may be set again."""
        self._parameters[name] = value
        return self

    def parameters(self, parameters: Mapping[str, str]) -> SchemaBuilder:
        """Several parameters."""
        self._parameters.update(parameters)
        return self

    def field(self, name: str, schema: Schema) -> SchemaBuilder:
        """The next field of a STRUCT."""
        if self._type is not Type.STRUCT:
            raise SchemaBuilderException(f"Cannot create fields on type {self._type}")
        if not name:
            raise SchemaBuilderException("fieldName cannot be null.")
        if schema is None:
            raise SchemaBuilderException(f"fieldSchema for field {name} cannot be null.")
        if name in self._fields:
            raise SchemaBuilderException(f"Cannot create field because of field name duplication {name}")
        self._fields[name] = Field(name, len(self._fields), schema)
        return self

    def build(self) -> Schema:
        """The schema."""
        attributes = dict(self._attributes)
        default = attributes.pop("default", None)
        fields = tuple(self._fields.values())
        return Schema(self._type, default_value=default, parameters=self._parameters, fields=fields, **attributes)

    schema = build

    def _elements(self, **schemas: Schema) -> SchemaBuilder:
        for part, java in (("key_schema", "keySchema"), ("value_schema", "valueSchema")):
            if part in schemas and schemas[part] is None:
                raise SchemaBuilderException(f"{java} cannot be null.")
        self._attributes.update(schemas)
        return self

    def _set(self, attribute: str, value: Any) -> SchemaBuilder:
        self._check_unset(attribute, value)
        if value is not None:
            self._attributes[attribute] = value
        return self

    def _check_unset(self, attribute: str, value: Any) -> None:
        present = self._attributes.get(attribute)
        if present is not None and not (isinstance(present, int) and present == value):
            raise SchemaBuilderException(f"Invalid SchemaBuilder call: {attribute} has already been set.")

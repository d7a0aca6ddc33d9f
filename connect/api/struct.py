"""Values of struct schemas, and the check that a value fits its schema."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Callable, Sequence
from itertools import repeat
from typing import Any

from connect.api.equality import deep_equals
from connect.api.errors import DataException
from connect.api.java_names import java_type_name
from connect.api.java_text import column_texts, to_java_string
from connect.api.logical import DATE_NAME, DECIMAL_NAME, TIME_NAME, TIMESTAMP_NAME, EpochMillis
from connect.api.maps import map_key
from connect.api.numbers import MARKS, Float32, Float64, Int8, Int16, Int32, Int64
from connect.api.schema import Field, Schema, Type


class Struct:
    """Values in the order of the schema's fields; ``values`` holds what was stored (None = unset, no defaults)."""

    __slots__ = ("schema", "values")

    java_class = "org.apache.kafka.connect.data.Struct"

    def __init__(self, schema: Schema, values: Sequence[Any] | None = None) -> None:
        """Start empty, or with ``values`` unchecked (one per field, in order)."""
        if schema.type is not Type.STRUCT:
            raise DataException(f"Not a struct schema: {schema}")
        self.schema = schema
        self.values: Sequence[Any] = [None] * len(schema.fields) if values is None else list(values)

    def get(self, field: str | Field) -> Any:
        """The stored value, or the field's default where nothing is stored. DataException for an unknown name."""
        found = self._field(field)
        value = self.values[found.index]
        return found.schema.default_value if value is None else value

    def get_without_default(self, field: str | Field) -> Any:
        """The stored value."""
        return self.values[self._field(field).index]

    def get_int8(self, name: str) -> int | None:
        """The stored value of an INT8 field; like all typed getters without default, DataException on other types."""
        return self._typed(name, Type.INT8)  # type: ignore[no-any-return]

    def get_int16(self, name: str) -> int | None:
        """The stored value of an INT16 field."""
        return self._typed(name, Type.INT16)  # type: ignore[no-any-return]

    def get_int32(self, name: str) -> Any:
        """The stored value of an INT32 field (Date and Time too)."""
        return self._typed(name, Type.INT32)

    def get_int64(self, name: str) -> Any:
        """The stored value of an INT64 field (Timestamp too)."""
        return self._typed(name, Type.INT64)

    def get_float32(self, name: str) -> float | None:
        """The stored value of a FLOAT32 field."""
        return self._typed(name, Type.FLOAT32)  # type: ignore[no-any-return]

    def get_float64(self, name: str) -> float | None:
        """The stored value of a FLOAT64 field."""
        return self._typed(name, Type.FLOAT64)  # type: ignore[no-any-return]

    def get_boolean(self, name: str) -> bool | None:
        """The stored value of a BOOLEAN field."""
        return self._typed(name, Type.BOOLEAN)  # type: ignore[no-any-return]

    def get_string(self, name: str) -> str | None:
        """The stored value of a STRING field."""
        return self._typed(name, Type.STRING)  # type: ignore[no-any-return]

    def get_bytes(self, name: str) -> bytes | None:
        """The stored value of a BYTES field, a memoryview unwrapped."""
        value = self._typed(name, Type.BYTES)
        return value.tobytes() if isinstance(value, memoryview) else value

    def get_array(self, name: str) -> list[Any] | None:
        """The stored value of an ARRAY field."""
        return self._typed(name, Type.ARRAY)  # type: ignore[no-any-return]

    def get_map(self, name: str) -> dict[Any, Any] | None:
        """The stored value of a MAP field."""
        return self._typed(name, Type.MAP)  # type: ignore[no-any-return]

    def get_struct(self, name: str) -> Struct | None:
        """The stored value of a STRUCT field."""
        return self._typed(name, Type.STRUCT)  # type: ignore[no-any-return]

    def put(self, field: str | Field, value: Any) -> Struct:
        """Store a value. Raises DataException when it doesn't fit; None fits optional fields only, default or not."""
        found = self._field(field)
        validate_value(found.schema, value, found.name)
        values = self.values
        if not isinstance(values, list):
            self.values = values = list(values)
        values[found.index] = value
        return self

    def validate(self) -> None:
        """Raise DataException unless every stored value fits; None will do where the field has a default."""
        if len(self.values) != len(self.schema.fields):
            raise DataException(
                f"A row of {self.schema} needs {len(self.schema.fields)} values but has {len(self.values)}"
            )
        for field, value in zip(self.schema.fields, self.values, strict=True):
            if value is not None or not (field.schema.optional or field.schema.default_value is not None):
                validate_value(field.schema, value, field.name)

    def _field(self, field: str | Field) -> Field:
        found = field if isinstance(field, Field) else self.schema.field(field)
        if found is None:
            raise DataException(f"{field} is not a valid field name")
        return found

    def _typed(self, name: str, type: Type) -> Any:
        field = self._field(name)
        if field.schema.type is not type:
            raise DataException(f"Field '{name}' is not of type {type}")
        return self.values[field.index]

    def __getitem__(self, name: str) -> Any:
        return self.get(name)

    def __setitem__(self, name: str, value: Any) -> None:
        self.put(name, value)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Struct) and self.schema == other.schema and deep_equals(self.values, other.values)

    def __hash__(self) -> int:
        """Of the present values: a struct that is the key of a map must not be changed, as in Java."""
        return hash((self.schema, map_key(self.values)))

    def __repr__(self) -> str:
        pairs = zip(self.schema.fields, self.values, strict=False)  # of a wrong row, what there is
        texts = [f"{field.name}={to_java_string(value, field.schema)}" for field, value in pairs if value is not None]
        return f"Struct{{{','.join(texts)}}}"


def structs_of(schema: Schema, rows: Sequence[Sequence[Any]]) -> list[Struct]:
    """A struct of each row, unchecked. A tuple becomes the struct's values as it is: ``put`` makes a list first."""
    structs = list(map(object.__new__, repeat(Struct, len(rows))))
    if set(map(type, rows)) != {tuple}:
        rows = [row if type(row) is tuple else list(row) for row in rows]
    for struct, row in zip(structs, rows, strict=True):
        struct.schema = schema
        struct.values = row
    return structs


def to_java_strings(values: Sequence[Any], schema: Schema | None = None) -> Sequence[str]:
    """The text of each of a batch's keys or values, as :func:`to_java_string` writes it; rows as their Structs."""
    if schema is None or schema.type is not Type.STRUCT:
        return column_texts(values, schema)
    if values and set(map(type, values)) <= {tuple, list}:
        columns = list(zip(*values, strict=True))
        if columns and not any(None in column for column in columns):
            members = ",".join([f"{field.name.replace('%', '%%')}=%s" for field in schema.fields])
            template = f"Struct{{{members}}}"
            texts = [column_texts(column, f.schema) for f, column in zip(schema.fields, columns, strict=True)]
            return [template % row for row in zip(*texts, strict=True)]
    return [to_java_string(Struct(schema, row) if isinstance(row, tuple | list) else row) for row in values]


def _integer(mark: type, bits: int) -> Callable[[Any], bool]:
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    others = (MARKS - {mark}) | {bool, EpochMillis}

    def fits(value: Any) -> bool:
        cls = type(value)
        return (cls is int or (isinstance(value, int) and cls not in others)) and low <= value <= high

    return fits


def _floating(other: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, float) and type(value) is not other


def _instance(*classes: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, classes)


_FITS: dict[Type | str, Callable[[Any], bool]] = {
    Type.INT8: _integer(Int8, 8),
    Type.INT16: _integer(Int16, 16),
    Type.INT32: _integer(Int32, 32),
    Type.INT64: _integer(Int64, 64),
    Type.FLOAT32: _floating(Float64),
    Type.FLOAT64: _floating(Float32),
    Type.BOOLEAN: _instance(bool),
    Type.STRING: _instance(str),
    Type.BYTES: _instance(bytes, bytearray, memoryview),
    Type.ARRAY: _instance(list, tuple),
    Type.MAP: _instance(dict),
    Type.STRUCT: _instance(Struct),
    DECIMAL_NAME: lambda value: isinstance(value, decimal.Decimal) and value.is_finite(),
    DATE_NAME: _instance(dt.datetime, EpochMillis),
    TIME_NAME: _instance(dt.datetime, EpochMillis),
    TIMESTAMP_NAME: _instance(dt.datetime, EpochMillis),
}


def fits_type(type: Type, value: Any) -> bool:
    """Whether a value is of the type's class, logical types and elements aside."""
    return _FITS[type](value)


def validate_value(schema: Schema, value: Any, field: str | None = None) -> None:
    """Raise DataException unless ``value`` fits ``schema``, elements included; ``field`` names the place."""
    _validate(schema, value, "value" if field is None else f'field: "{field}"')


def _validate(schema: Schema, value: Any, location: str) -> None:
    if value is None:
        if not schema.optional:
            raise DataException(f"Invalid value: null used for required {location}, schema type: {schema.type}")
        return
    if not _fits(schema, value):
        name = "" if schema.name is None else f' "{schema.name}"'
        # What fits the type but not the logical type has the type's own class.
        own = schema if _FITS[schema.type](value) else None
        found = f"class {java_type_name(value, own)} for {location}"
        raise DataException(f"Invalid Java object for schema{name} with type {schema.type}: {found}")
    if not schema.type.is_primitive:
        _validate_elements(schema, value, location)


def _fits(schema: Schema, value: Any) -> bool:
    logical = None if schema.name is None else _FITS.get(schema.name)
    if logical is None:
        return _FITS[schema.type](value)
    return schema.type.is_primitive and logical(value)


def _validate_elements(schema: Schema, value: Any, location: str) -> None:
    if schema.type is Type.STRUCT:
        if value.schema is not schema and value.schema != schema:
            raise DataException("Struct schemas do not match.")
        value.validate()
    elif schema.type is Type.ARRAY:
        place = f"element of array {location}"
        element = _present(schema.value_schema, place)
        for item in value:
            _validate(element, item, place)
    else:
        key_place, value_place = f"key of map {location}", f"value of map {location}"
        key_schema, value_schema = _present(schema.key_schema, key_place), _present(schema.value_schema, value_place)
        for key, item in value.items():
            _validate(key_schema, key, key_place)
            _validate(value_schema, item, value_place)


def _present(schema: Schema | None, location: str) -> Schema:
    if schema is None:
        raise DataException(f"No schema defined for {location}")
    return schema

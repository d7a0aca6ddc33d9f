"""MaskField: blank out fields."""

from __future__ import annotations

import decimal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from connect.api import ConfigDef, ConfigType, DataException, Importance, Key, RecordBatch, Repeated, Schema, Type
from connect.api.columns import type_of_all
from connect.api.java_decimal import parse_decimal
from connect.api.java_names import java_type_name
from connect.api.java_numbers import parse_integer
from connect.api.logical import EPOCH
from connect.api.numbers import BigInteger, Float32, Int8, Int16, Int32
from connect.api.validators import NonEmptyString, ValidList
from connect.api.values import (
    convert_to_byte,
    convert_to_double,
    convert_to_float,
    convert_to_integer,
    convert_to_long,
    convert_to_short,
)
from transforms.field_path import (
    OWN_FIELD_SYNTAX,
    REPLACE_NULL_WITH_DEFAULT,
    FieldsTransformation,
    levels,
    path_of,
)
from transforms.maps import converted_members
from transforms.rows import Column, RowFunction, compile_rows, copied
from transforms.side import Held, SchemaCache, Side

_BLANKS: dict[str, Callable[[], Any]] = {
    "java.lang.Boolean": bool,
    "java.lang.Byte": Int8,
    "java.lang.Short": Int16,
    "java.lang.Integer": Int32,
    "java.lang.Long": int,
    "java.lang.Float": Float32,
    "java.lang.Double": float,
    "java.math.BigInteger": BigInteger,
    "java.math.BigDecimal": decimal.Decimal,
    "java.util.Date": lambda: EPOCH,
    "java.lang.String": str,
}
_SAMPLES: dict[Type, Any] = {
    Type.BOOLEAN: True,
    Type.INT8: 1,
    Type.INT16: 1,
    Type.INT32: 1,
    Type.INT64: 1,
    Type.FLOAT32: 1.0,
    Type.FLOAT64: 1.0,
    Type.STRING: "",
}
"""A value of each type whose values are all masked alike."""
_COLLECTIONS: dict[str, Callable[[], Any]] = {"java.util.ArrayList": list, "java.util.HashMap": dict}


def _to_big_integer(text: str) -> BigInteger | None:
    number = parse_integer(text, max(64, 4 * len(text)))
    return None if number is None else BigInteger(number)


_READERS: dict[str, Callable[[str], Any]] = {
    "java.lang.Byte": lambda text: Int8(convert_to_byte(None, text) or 0),
    "java.lang.Short": lambda text: Int16(convert_to_short(None, text) or 0),
    "java.lang.Integer": lambda text: Int32(convert_to_integer(None, text) or 0),
    "java.lang.Long": lambda text: convert_to_long(None, text),
    "java.lang.Float": lambda text: Float32(convert_to_float(None, text) or 0.0),
    "java.lang.Double": lambda text: convert_to_double(None, text),
    "java.lang.String": lambda text: text,
    "java.math.BigDecimal": parse_decimal,
    "java.math.BigInteger": _to_big_integer,
}


class _Mask:
    """What values of a field are replaced with; the same for all values of a class."""

    def __init__(self, replacement: str | None, schema: Schema | None = None) -> None:
        self._replacement = replacement
        self._schema = schema
        self._by_class: dict[type, Any] = {}

    def __call__(self, values: list[Any]) -> Sequence[Any]:
        """What becomes of the values of one field."""
        mask = self.mask
        usual = type_of_all(values)
        if usual is not None and not issubclass(usual, list | tuple | dict):
            return Repeated(mask(values[0]), len(values))
        return [mask(value) for value in values]

    def mask(self, value: Any) -> Any:
        """What becomes of one value."""
        mask = self._by_class.get(type(value))
        return self._find(value) if mask is None else mask

    def _find(self, value: Any) -> Any:
        if value is None:
            return None
        name = java_type_name(value, self._schema)
        if self._replacement is None and name in _COLLECTIONS:
            return _COLLECTIONS[name]()
        mask = _blank(name) if self._replacement is None else _read(self._replacement, name)
        if self._schema is not None and type(mask) in (Int8, Int16, Int32, Float32):
            mask = float(mask) if isinstance(mask, float) else int(mask)
        self._by_class[type(value)] = mask
        return mask


def _blank(java_class: str) -> Any:
    if java_class not in _BLANKS:
        raise DataException(f"Cannot mask value of type: class {java_class}")
    return _BLANKS[java_class]()


def _read(replacement: str, java_class: str) -> Any:
    if java_class not in _READERS:
        raise DataException(f"Cannot mask value of type class {java_class} with custom replacement.")
    mask = _READERS[java_class](replacement)
    if mask is None:
        raise DataException(f"Unable to convert {replacement} (class java.lang.String) to number")
    return mask


class _MaskedFields:
    """Masks fields of one struct or map."""

    def __init__(self, names: list[str], replacement: str | None, with_default: bool) -> None:
        self._names = names
        self._replacement = replacement
        self._with_default = with_default
        self._mask = _Mask(replacement)
        self._functions = SchemaCache(self._compile)

    def maps(self, batch: RecordBatch, values: list[dict[Any, Any]]) -> list[Any]:
        return converted_members(values, [(name, self._mask) for name in self._names])

    def rows(self, batch: RecordBatch, schema: Schema, values: list[Any]) -> Held:
        return schema, self._functions.get(schema)(values)

    def _compile(self, schema: Schema) -> RowFunction:
        columns = [copied(field, with_default=self._with_default) for field in schema.fields]
        columns = [self._masked(column) if column.name in self._names else column for column in columns]
        return compile_rows(len(columns), columns)

    def _masked(self, column: Column) -> Column:
        mask = _Mask(self._replacement, column.schema)
        sample = None if column.schema.name is not None else _SAMPLES.get(column.schema.type)
        if sample is not None:
            with suppress(DataException):  # which is for the records to raise
                return column._replace(fixed=mask.mask(sample))
        return column._replace(convert=mask)


class MaskField(FieldsTransformation):
    """Replace fields by 0, false, an empty string, list or map, whatever fits their type; or by a value of your own.

    A null field stays null. A null key or value is an error.
    """

    EXAMPLE = {
        "config": {"fields": "email,age"},
        "input": {"value": {"email": "ada@example.org", "age": 36, "stars": 4}},
        "output": {"value": {"email": "", "age": 0, "stars": 4}},
    }

    CONFIG = (
        ConfigDef(
            Key(
                "fields",
                ConfigType.LIST,
                doc="Fields to mask.",
                importance=Importance.HIGH,
                validator=ValidList(empty_allowed=False),
            ),
            Key(
                "replacement",
                ConfigType.STRING,
                None,
                "Text to put there instead; numbers get it as a number, other types refuse it.",
                Importance.LOW,
                NonEmptyString(),
            ),
        )
        | REPLACE_NULL_WITH_DEFAULT
        | OWN_FIELD_SYNTAX
    )
    purpose = "mask fields"

    def configure(self, config: Mapping[str, Any]) -> None:
        parsed = self.CONFIG.parse(config)

        def level(items: list[tuple[str, None]]) -> _MaskedFields:
            names = [name for name, _ in items]
            return _MaskedFields(names, parsed["replacement"], parsed["replace.null.with.default"])

        self.levels = levels(((path_of(field, parsed), None) for field in parsed["fields"]), level)

    def nulls(self, schema: Schema | None, values: list[Any]) -> Held:
        self.refuse(schema, None)


class MaskFieldKey(MaskField):
    """Blank out fields of the key."""

    SIDE = Side.KEY


class MaskFieldValue(MaskField):
    """Blank out fields of the value."""

    SIDE = Side.VALUE

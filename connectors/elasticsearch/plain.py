"""From values with a schema to what JSON can hold, compiled once per schema."""

from __future__ import annotations

import base64
import functools
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import inf
from typing import Any

from connect.api import DataException, Field, Schema, Struct, Type
from connect.api.logical import DATE_NAME, DECIMAL_NAME, TIME_NAME, TIMESTAMP_NAME, to_millis

Plain = Callable[[Any], Any]
_DAY_MS = 86_400_000
_SINGLE = struct.Struct("<f")


@dataclass(frozen=True, slots=True)
class PlainRules:
    """What the configuration says about the shape of documents."""

    schema_ignored: bool
    compact_maps: bool = True
    decimal_as_text: bool = False


def compile_plain(schema: Schema, rules: PlainRules) -> Plain | None:
    """A function from a non-null value (a row for a struct) to its JSON form; None where the value is that already.

    The function raises DataException for a required field that is null.
    """
    if schema.name in _LOGICAL:
        return _LOGICAL[schema.name](rules)
    match schema.type:
        case Type.STRUCT:
            return _struct(schema, rules)
        case Type.ARRAY:
            return _array(schema, rules)
        case Type.MAP:
            return _map(schema, rules)
        case Type.BYTES:
            return to_base64
        case Type.FLOAT32:
            return short_float
        case Type.FLOAT64:
            return _float64
        case _:
            return None


def names_of_plain_rows(schema: Schema, rules: PlainRules) -> tuple[str, ...] | None:
    """The fields' names where rows without a None need no conversion but to be zipped with them; else None."""
    if schema.type is not Type.STRUCT or any(compile_plain(field.schema, rules) for field in schema.fields):
        return None
    return tuple(field.name for field in schema.fields)


def to_base64(value: Any) -> str:
    """Bytes, or a view of bytes, as base64 text."""
    return base64.b64encode(value).decode("ascii")


def _struct(schema: Schema, rules: PlainRules) -> Plain:
    names = [field.name for field in schema.fields]
    fixes = [(field.name, fix) for field in schema.fields if (fix := compile_plain(field.schema, rules)) is not None]
    fields = [(field, compile_plain(field.schema, rules)) for field in schema.fields]
    nulls_are_plain = all(f.schema.optional and f.schema.default_value is None for f in schema.fields)

    def filled(row: Sequence[Any]) -> dict[str, Any]:
        return {field.name: _fill(field, fix, value) for (field, fix), value in zip(fields, row, strict=True)}

    def convert(value: Any) -> dict[str, Any]:
        row = value.values if type(value) is Struct else value
        if None in row and (fixes or not nulls_are_plain):
            return filled(row)
        document = dict(zip(names, row, strict=True))
        for name, fix in fixes:
            document[name] = fix(document[name])
        return document

    return convert


def _fill(field: Field, fix: Plain | None, value: Any) -> Any:
    if value is None:
        value = field.schema.default_value
        if value is None:
            if field.schema.optional:
                return None
            raise DataException(f"null value for field that is required and has no default value: {field.name}")
    return value if fix is None else fix(value)


def _array(schema: Schema, rules: PlainRules) -> Plain | None:
    assert schema.value_schema is not None
    fix = compile_plain(schema.value_schema, rules)
    if fix is None:
        return None
    return lambda items: [None if item is None else fix(item) for item in items]


def _map(schema: Schema, rules: PlainRules) -> Plain:
    assert schema.key_schema is not None
    assert schema.value_schema is not None
    fix_key = compile_plain(schema.key_schema, rules) or _same
    fix = compile_plain(schema.value_schema, rules) or _same
    text_keys = schema.key_schema.type is Type.STRING

    def value_of(value: Any) -> Any:
        return None if value is None else fix(value)

    def key_of(key: Any) -> Any:
        return None if key is None else fix_key(key)

    def as_object(entries: Mapping[Any, Any]) -> dict[str, Any]:
        return {"null" if key is None else key: value_of(value) for key, value in entries.items()}

    def as_entries(entries: Mapping[Any, Any]) -> list[dict[str, Any]]:
        return [{"key": key_of(key), "value": value_of(value)} for key, value in entries.items()]

    def as_pairs(entries: Mapping[Any, Any]) -> list[list[Any]]:
        return [[key_of(key), value_of(value)] for key, value in entries.items()]

    if rules.schema_ignored:
        return as_object if text_keys else as_pairs
    return as_object if text_keys and rules.compact_maps else as_entries


def _same(value: Any) -> Any:
    return value


def _float64(value: float) -> float | str:
    return value if -inf < value < inf else _not_finite(value)


@functools.lru_cache(4096)
def short_float(value: float) -> float | str:
    """The shortest decimal that still is this single-precision number, as Java writes it."""
    if not -inf < value < inf:
        return _not_finite(value)
    for digits in (6, 7, 8):
        short = float(f"{value:.{digits}g}")
        if _SINGLE.unpack(_SINGLE.pack(short))[0] == value:
            return short
    return value


def _not_finite(value: float) -> str:
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"  # only NaN differs from itself


def _decimal(rules: PlainRules) -> Plain:
    if rules.schema_ignored:
        return _unscaled
    return (lambda value: format(value, "f")) if rules.decimal_as_text else float


def _unscaled(value: Decimal) -> str:
    sign, digits, _ = value.as_tuple()
    number = int("".join(map(str, digits))) * (-1 if sign else 1)
    length = (number if number >= 0 else ~number).bit_length() // 8 + 1
    return to_base64(number.to_bytes(length, "big", signed=True))


def _days(value: Any) -> int:
    return to_millis(value) // _DAY_MS


_LOGICAL: dict[str | None, Callable[[PlainRules], Plain]] = {
    DECIMAL_NAME: _decimal,
    DATE_NAME: lambda _rules: _days,
    TIME_NAME: lambda _rules: to_millis,
    TIMESTAMP_NAME: lambda _rules: to_millis,
}

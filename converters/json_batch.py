"""Batches of values to JSON text through orjson, with Java's bytes.

One call of orjson writes the whole batch, which is then cut at marks that JSON text can't hold. Where Java writes a
number or string in another way (:mod:`converters.json_java`), :mod:`converters.json_encode` does that value again.
"""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Callable, Sequence
from itertools import chain, repeat
from typing import Any

import orjson

from connect.api import Schema, Type
from connect.api.java_text import float_text
from connect.api.logical import DATE_NAME, DECIMAL_NAME, TIME_NAME, TIMESTAMP_NAME
from connect.api.numbers import Float32, Float64, Int8, Int16, Int32, Int64
from converters.json_encode import Write, WriteOptions, schemaless_text, value_writer
from converters.json_java import (
    escape_as_java,
    may_hold_big_integer,
    may_hold_no_number,
    suspects,
    writes_numbers_differently,
    writes_strings_differently,
)

WriteColumn = Callable[[Sequence[Any]], Sequence[Any]]
"""Values of one schema to what orjson writes as Java would. Raises DataException."""

_OPTIONS = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS
_MARK = orjson.Fragment(b"\n")
_CUT = b",\n,"
_LOGICAL_NAMES = (DECIMAL_NAME, DATE_NAME, TIME_NAME, TIMESTAMP_NAME)
_NULL = type(None)
_ROW_TYPES = frozenset((tuple, list))


def _dump(values: Sequence[Any], options: int = _OPTIONS) -> tuple[bytes, list[bytes]]:
    """The text of all values, and each value's. Raises TypeError (orjson's own error is one)."""
    marked: list[Any] = [_MARK] * (2 * len(values))
    marked[::2] = values
    joined = orjson.dumps(marked, _to_plain, options)
    return joined, joined[1:-3].split(_CUT)


def _to_plain(value: Any) -> Any:
    """What orjson can't write but Java can."""
    kind = type(value)
    if kind in (bytes, bytearray, memoryview):
        return b64encode(value).decode()
    if kind in (Int8, Int16, Int32, Int64):
        return int(value)
    if kind is Float32:
        return float(float_text(value)) if math.isfinite(value) else float(value)
    if kind is Float64:
        return float(value)
    raise TypeError


def schemaless_texts(values: Sequence[Any]) -> list[bytes]:
    """The JSON texts of values without schema. Raises DataException at the first that can't be written."""
    try:
        joined, texts = _dump(values, _OPTIONS | orjson.OPT_STRICT_INTEGER)
    except TypeError:
        return _odd_schemaless_texts(values)
    _write_as_java(joined, texts, values)
    return texts


def _odd_schemaless_texts(values: Sequence[Any]) -> list[bytes]:
    """The same for values among which there is an integer of more than 53 bits, or something that orjson refuses."""
    try:
        joined, texts = _dump(values)
    except TypeError:
        return [schemaless_text(value).encode() for value in values]
    _write_as_java(joined, texts, values)
    for index in suspects(texts, may_hold_big_integer):
        texts[index] = schemaless_text(values[index]).encode()
    return texts


def _write_as_java(joined: bytes, texts: list[bytes], values: Sequence[Any]) -> None:
    """Replace the texts of schemaless values that Java writes differently; ``joined`` holds all of them."""
    _escape_as_java(joined, texts)
    if writes_numbers_differently(joined):
        for index in suspects(texts, writes_numbers_differently):
            texts[index] = schemaless_text(values[index]).encode()
    if may_hold_no_number(joined) and not _all_flat_without_floats(values):
        for index in suspects(texts, may_hold_no_number):
            if _holds_no_number(values[index]):
                texts[index] = schemaless_text(values[index]).encode()


def _escape_as_java(joined: bytes, texts: list[bytes]) -> None:
    if writes_strings_differently(joined):
        for index in suspects(texts, writes_strings_differently):
            texts[index] = escape_as_java(texts[index])


_HARMLESS = frozenset((str, int, bool, _NULL))


def _all_flat_without_floats(values: Sequence[Any]) -> bool:
    """Whether no NaN can hide behind a null, told by the types of the members alone."""
    if set(map(type, values)) != {dict}:
        return False
    return _HARMLESS.issuperset(map(type, chain.from_iterable(map(dict.values, values))))


def _holds_no_number(value: Any) -> bool:
    """Whether there is a NaN or an infinity somewhere; orjson has written the value, so it doesn't nest deeply."""
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, dict):
        return any(map(_holds_no_number, value.values()))
    return isinstance(value, list | tuple) and any(map(_holds_no_number, value))


class BatchWriter:
    """Writes batches of values of one schema: rows where it is a STRUCT."""

    def __init__(self, schema: Schema, options: WriteOptions) -> None:
        self._names = tuple(field.name for field in schema.fields) if schema.type is Type.STRUCT else None
        parts = [field.schema for field in schema.fields] if schema.type is Type.STRUCT else [schema]
        self._columns = [_column_writer(part, options) for part in parts]

    def write(self, values: Sequence[Any]) -> list[bytes]:
        """The texts of the values.

        Raises DataException, TypeError or ValueError for a batch that holds a null struct or anything that can't be
        written: each value then has to be written by itself.
        """
        if self._names is None:
            prepared = self._columns[0](values)
        else:
            if not _ROW_TYPES.issuperset(map(type, values)):
                raise TypeError("not a row")
            columns: list[Sequence[Any]] = list(zip(*values, strict=True))
            written = [write(column) for write, column in zip(self._columns, columns, strict=True)]
            if any(new is not old for new, old in zip(written, columns, strict=True)):
                values = list(zip(*written, strict=True))
            prepared = list(map(dict, map(zip, repeat(self._names), values)))
        joined, texts = _dump(prepared)
        _escape_as_java(joined, texts)
        return texts


def _column_writer(schema: Schema, options: WriteOptions) -> WriteColumn:
    write = value_writer(schema, options)
    is_plain = _PLAIN.get(schema.type) if schema.name not in _LOGICAL_NAMES else None
    if is_plain is None:
        return lambda column: _fragments(write, column)
    nulls_stay = schema.optional and (schema.default_value is None or not options.replace_nulls)

    def write_column(column: Sequence[Any]) -> Sequence[Any]:
        kinds = set(map(type, column))
        present = column
        if nulls_stay and _NULL in kinds:
            kinds.remove(_NULL)
            present = [value for value in column if value is not None]
        return column if is_plain(kinds, present) else _fragments(write, column)

    return write_column


def _fragments(write: Write, column: Sequence[Any]) -> list[orjson.Fragment]:
    return [orjson.Fragment(write(value)) for value in column]


def _are_integers(bits: int) -> Callable[[set[type], Sequence[Any]], bool]:
    low, high = -(1 << bits - 1), (1 << bits - 1) - 1
    kind = {int}
    return lambda kinds, column: kinds == kind and low <= min(column) and max(column) <= high


def _are_plain_doubles(kinds: set[type], column: Sequence[Any]) -> bool:
    """Floats that both sides write with a point and no exponent."""
    return kinds == {float} and all(1e-3 <= number < 1e7 or -1e7 < number <= -1e-3 or number == 0 for number in column)


_PLAIN: dict[Type, Callable[[set[type], Sequence[Any]], bool]] = {
    Type.INT8: _are_integers(8),
    Type.INT16: _are_integers(16),
    Type.INT32: _are_integers(32),
    Type.INT64: _are_integers(64),
    Type.FLOAT64: _are_plain_doubles,
    Type.BOOLEAN: lambda kinds, _column: kinds == {bool},
    Type.STRING: lambda kinds, _column: kinds == {str},
}
"""Whether values (their types, and themselves without nulls) can go to orjson as they are."""

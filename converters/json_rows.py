"""Batches of values of one schema to JSON text and back, through msgspec types made for that schema.

msgspec checks the classes and ranges of plain fields while it reads or compares them, at a fraction of what a dict per
record costs. Fields of other types take a turn through :mod:`converters.json_decode` and :mod:`converters.json_encode`,
column by column.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from itertools import starmap
from typing import Annotated, Any

import msgspec
from msgspec.structs import astuple

from connect.api import Schema, Type
from connect.api.logical import DECIMAL_NAME, EPOCH, TIMESTAMP_NAME, decimal_scale
from converters.json_decode import BITS, LOGICAL_NAMES, Inexact, member_reader
from converters.json_encode import Write, WriteOptions, value_writer
from converters.json_java import escape_as_java, is_plain_double

_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
_MILLISECOND = dt.timedelta(milliseconds=1)

Column = Sequence[Any]
Change = Callable[[Column], Column]
"""What turns a column of nodes into values, or of values into what msgspec writes as Java would."""


def _plain_type(schema: Schema, nulls_stay: bool) -> Any:
    """The Python type of which both JSON nodes and Connect values of that schema are; None where there is none."""
    if schema.name in LOGICAL_NAMES:
        return None
    match schema.type:
        case Type.STRING:
            plain: Any = str
        case Type.BOOLEAN:
            plain = bool
        case Type.INT8 | Type.INT16 | Type.INT32 | Type.INT64:
            half = 1 << BITS[schema.type] - 1
            plain = Annotated[int, msgspec.Meta(ge=-half, le=half - 1)]
        case _:
            return None
    return plain | None if nulls_stay else plain


def _nulls_stay(schema: Schema, replace_nulls: bool) -> bool:
    return schema.optional and (schema.default_value is None or not replace_nulls)


def _row_type(schema: Schema, types: Sequence[tuple[Any, Any]], *, kw_only: bool) -> type[msgspec.Struct] | None:
    """A msgspec type with the fields of a STRUCT schema, of these types and defaults; None if a name needs escapes.

    Only with ``kw_only`` can a field without default follow one that has one.
    """
    fields = [(f"f{index}", kind, default) for index, (kind, default) in enumerate(types)]
    names = {f"f{field.index}": field.name for field in schema.fields}
    try:
        return msgspec.defstruct("Row", fields, rename=names, kw_only=kw_only, gc=False)
    except ValueError:
        return None


def _changed(rows: list[Any], changes: Sequence[tuple[int, Change]]) -> list[Any]:
    """Rows with some of their columns changed."""
    if not changes or not rows:
        return rows
    columns: list[Column] = list(zip(*rows, strict=True))
    for index, change in changes:
        columns[index] = change(columns[index])
    return list(zip(*columns, strict=True))


class RowReader:
    """Reads the JSON objects of a STRUCT schema into rows."""

    def __init__(self, schema: Schema, replace_nulls: bool) -> None:
        types: list[tuple[Any, Any]] = []
        self._changes: list[tuple[int, Change]] = []
        for field in schema.fields:
            nulls_stay = _nulls_stay(field.schema, replace_nulls)
            plain = _plain_type(field.schema, nulls_stay)
            if plain is None:
                types.append((Any, None))
                self._changes.append((field.index, _reading(field.schema, member_reader(field, replace_nulls))))
            else:
                types.append((plain, None if nulls_stay else msgspec.NODEFAULT))
        row_type = _row_type(schema, types, kw_only=True)
        self._decode = None if row_type is None else msgspec.json.Decoder(row_type).decode

    def read(self, payloads: Sequence[bytes]) -> list[Any]:
        """The rows. Raises ValueError, Inexact or DataException for payloads that have to be read with more care."""
        if self._decode is None:
            raise Inexact
        joined = b"\n".join(payloads)
        if not joined.isascii():
            joined.decode()  # members that the schema doesn't have are skipped unseen
        return _changed(list(map(astuple, map(self._decode, payloads))), self._changes)


def _reading(schema: Schema, read: Callable[[Any], Any]) -> Change:
    if schema.type is Type.FLOAT64 and schema.name not in LOGICAL_NAMES:
        return lambda column: column if _are_doubles(column) else list(map(read, column))
    return lambda column: list(map(read, column))


def _are_doubles(column: Column) -> bool:
    return set(map(type, column)) == {float} and 0.0 not in column


class BatchWriter:
    """Writes batches of values of one schema: rows where it is a STRUCT."""

    def __init__(self, schema: Schema, options: WriteOptions) -> None:
        self._is_struct = schema.type is Type.STRUCT
        parts = [field.schema for field in schema.fields] if self._is_struct else [schema]
        plain = [_plain_type(part, _nulls_stay(part, options.replace_nulls)) for part in parts]
        checked: list[Any] = [Any if kind is None else kind for kind in plain]
        self._changes = [
            (index, _writing(part, value_writer(part, options), options))
            for index, part in enumerate(parts)
            if plain[index] is None
        ]
        if self._is_struct:
            self._batch_type: Any = list[tuple[tuple(checked)]]  # type: ignore[misc]  # made at run time
            self._row_type = _row_type(schema, [(Any, msgspec.NODEFAULT)] * len(parts), kw_only=False)
        else:
            self._batch_type = list[checked[0]]  # type: ignore[valid-type]  # made at run time
        self._encoder = msgspec.json.Encoder()

    def write(self, values: Sequence[Any]) -> list[bytes]:
        """The texts of the values.

        Raises DataException, TypeError or ValueError for a batch in which a value can't be written, or only by itself.
        """
        values = list(values)
        if self._is_struct:
            if self._row_type is None or not _ROWS.issuperset(map(type, values)):
                raise TypeError("not all are rows of plain names")
            msgspec.convert(values, self._batch_type)
            values = list(starmap(self._row_type, _changed(values, self._changes)))
        elif self._changes:
            values = list(self._changes[0][1](values))
        else:
            if not _PLAIN_CLASSES.issuperset(map(type, values)):
                raise TypeError("marked numbers tell their class")
            msgspec.convert(values, self._batch_type)
        joined = self._encoder.encode_lines(values)
        return escape_as_java(joined[:-1]).split(b"\n")


_ROWS = frozenset((tuple, list))
_PLAIN_CLASSES = frozenset((int, str, bool, type(None)))


def _writing(schema: Schema, write: Write, options: WriteOptions) -> Change:
    def write_all(column: Column) -> Column:
        return [msgspec.Raw(write(value).encode()) for value in column]

    nulls_stay = _nulls_stay(schema, options.replace_nulls)
    if schema.type is Type.INT64 and schema.name == TIMESTAMP_NAME:
        return lambda column: _millis(column, nulls_stay) or write_all(column)
    if schema.type is Type.BYTES and schema.name == DECIMAL_NAME and not options.decimals_as_numbers:
        return lambda column: _unscaled(column, schema, nulls_stay) or write_all(column)
    if schema.type is Type.FLOAT64 and schema.name not in LOGICAL_NAMES:
        return lambda column: column if _are_plain_doubles(column) else write_all(column)
    return write_all


def _millis(column: Column, nulls_stay: bool) -> Column | None:
    """The milliseconds of a column of datetimes, all with or all without zone; None where there is anything else."""
    kinds = set(map(type, column))
    if kinds - {dt.datetime} and not (nulls_stay and kinds == {dt.datetime, type(None)}):
        return None
    first = next((instant for instant in column if instant is not None), EPOCH)
    millis = _Millis(EPOCH if first.tzinfo is not None else EPOCH.replace(tzinfo=None))
    try:
        if len(set(column[:_SAMPLE])) <= _SAMPLE // 2:
            return list(map(millis.__getitem__, column))
        return _distinct_millis(column, first.replace(microsecond=0), millis)
    except TypeError:
        return None


_SAMPLE = 16


class _Millis(dict[dt.datetime | None, int | None]):
    """Milliseconds by instant, found out once for each: columns in which instants recur gain most."""

    def __init__(self, epoch: dt.datetime) -> None:
        super().__init__({None: None})
        self._epoch = epoch

    def __missing__(self, instant: dt.datetime) -> int:
        millis = self[instant] = (instant - self._epoch) // _MILLISECOND
        return millis


def _distinct_millis(column: Column, start: dt.datetime, millis: _Millis) -> Column:
    """The same where few recur. Within a day of ``start``, and at whole seconds, small numbers do."""
    base = millis[start]
    assert base is not None
    sample = [instant - start for instant in column[:: len(column) // _SAMPLE or 1] if instant is not None]
    if all(since.days == 0 and since.microseconds == 0 for since in sample):
        return [
            None
            if instant is None
            else base + since.seconds * 1000
            if not ((since := instant - start).days or since.microseconds)
            else millis[instant]
            for instant in column
        ]
    return [
        None
        if instant is None
        else base + (since := instant - start).days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000
        for instant in column
    ]


def _unscaled(column: Column, schema: Schema, nulls_stay: bool) -> Column | None:
    """The bytes, which msgspec writes in base64, of a column of numbers of the schema's scale; None for any other."""
    kinds = set(map(type, column))
    if kinds - {Decimal} and not (nulls_stay and kinds == {Decimal, type(None)}):
        return None
    scale = decimal_scale(schema)
    unit = Decimal(1).scaleb(-scale, _EXACT)
    numbers = [number for number in column if number is not None] if len(kinds) > 1 else column
    if not all(map(unit.same_quantum, numbers)):
        return None
    integers = [None if number is None else int(number.scaleb(scale, _EXACT)) for number in column]
    return [None if integer is None else _big_endian(integer) for integer in integers]


def _big_endian(integer: int) -> bytes:
    return integer.to_bytes((integer if integer >= 0 else ~integer).bit_length() // 8 + 1, "big", signed=True)


def _are_plain_doubles(column: Column) -> bool:
    """Whether all are floats that both sides write with a point and no exponent."""
    return set(map(type, column)) == {float} and all(map(is_plain_double, column))

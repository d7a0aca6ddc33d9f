"""Records as text: JSON lines, and CSV."""

from __future__ import annotations

import csv
import functools
import io
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

from connect.api import DataException, Schema, Struct, Type
from connect.api.logical import DATE_NAME, DECIMAL_NAME, TIME_NAME, TIMESTAMP_NAME, EpochMillis, to_millis

Plain = Callable[[Any], Any]

_SINGLE = struct.Struct("<f")
_MILLIS_PER_DAY = 86_400_000
ENCODE_ERRORS = (DataException, TypeError, ValueError, ArithmeticError, RecursionError)
"""What values raise that have no text."""


class Piece(NamedTuple):
    """What is to be appended to the file after the first ``records`` of the values that were given.

    Their own bytes may come later: ``size`` says how many they are, before compression.
    """

    text: bytes
    records: int
    size: int


class Encoder(Protocol):
    """Makes the content of one file."""

    def head(self) -> bytes:
        """What the file begins with."""

    def encode(self, schema: Schema | None, values: Sequence[Any]) -> Piece:
        """Take as many values as fit the file's layout. Raises one of ENCODE_ERRORS, and has taken none then."""

    def tail(self) -> bytes:
        """What the file ends with, once all values are taken."""


class Format(Protocol):
    """What files hold; all records of a file have one ``layout``, the next file may have another one."""

    extension: str
    compresses: bool
    """Whether files are compressed from within, and not as a whole."""

    def layout(self, schema: Schema | None, value: Any) -> Any:
        """What all records of a file have in common with this one (compared by equality)."""

    def begin(self, layout: Any) -> Encoder:
        """What makes a file of that layout."""


class JsonLines:
    """One line of compact JSON per record: decimals as numbers, instants as ISO 8601, bytes as base64."""

    extension = ".jsonl"
    compresses = False

    def __init__(self) -> None:
        self._encode = msgspec.json.Encoder(decimal_format="number", enc_hook=_plain_object).encode_lines

    def layout(self, schema: Schema | None, value: Any) -> Any:
        return None

    def begin(self, layout: Any) -> Encoder:
        return self

    def head(self) -> bytes:
        return b""

    def encode(self, schema: Schema | None, values: Sequence[Any]) -> Piece:
        fix = None if schema is None else plain_of(schema)
        plain = values if fix is None else [None if value is None else fix(value) for value in values]
        text = self._encode(plain)
        return Piece(text, len(values), len(text))

    def tail(self) -> bytes:
        return b""


class Csv:
    """One row per record, after a header row; null is an empty field, what is nested is JSON."""

    extension = ".csv"
    compresses = False

    def __init__(self, separator: str) -> None:
        self._separator = separator

    def layout(self, schema: Schema | None, value: Any) -> tuple[str, ...]:
        if schema is not None and schema.type is Type.STRUCT:
            return tuple(field.name for field in schema.fields)
        if isinstance(value, Mapping):
            return tuple(map(str, value))
        raise DataException("Only structs and maps can be written as CSV")

    def begin(self, layout: Any) -> Encoder:
        return CsvEncoder(layout, self._separator)


class CsvEncoder:
    """Rows of the columns that ``layout`` names."""

    def __init__(self, layout: tuple[str, ...], separator: str) -> None:
        self._layout = layout
        self._separator = separator
        self._encode = msgspec.json.Encoder(decimal_format="number", enc_hook=_plain_object).encode

    def head(self) -> bytes:
        return self._text([self._layout])

    def tail(self) -> bytes:
        return b""

    def encode(self, schema: Schema | None, values: Sequence[Any]) -> Piece:
        layout = self._layout
        if schema is not None and schema.type is Type.STRUCT:
            rows = [value.values if type(value) is Struct else value for value in values]
            columns = zip(*rows, strict=True)
            fixes = [plain_of(field.schema) for field in schema.fields]
            cells = [self._column(column, fix) for column, fix in zip(columns, fixes, strict=True)]
            return self._piece(list(zip(*cells, strict=True)) if cells else [()] * len(rows))
        rows = []
        for value in values:
            if not isinstance(value, Mapping):
                raise DataException("Only structs and maps can be written as CSV")
            if len(value) != len(layout) or any(name not in value for name in layout):
                break
            rows.append([self._cell(value[name]) for name in layout])
        return self._piece(rows)

    def _piece(self, rows: Sequence[Sequence[Any]]) -> Piece:
        text = self._text(rows)
        return Piece(text, len(rows), len(text))

    def _column(self, column: Sequence[Any], fix: Plain | None) -> list[Any]:
        return [self._cell(value if fix is None or value is None else fix(value)) for value in column]

    def _cell(self, value: Any) -> Any:
        kind = type(value)
        if kind is str or kind is int or kind is float or value is None:
            return value
        text = self._encode(value).decode()
        return text[1:-1] if text.startswith('"') else text

    def _text(self, rows: Any) -> bytes:
        written = io.StringIO()
        csv.writer(written, delimiter=self._separator, lineterminator="\n").writerows(rows)
        return written.getvalue().encode()


def _plain_object(value: Any) -> Any:
    """What the encoder doesn't know by itself."""
    if isinstance(value, Struct):
        fix = plain_of(value.schema)
        assert fix is not None
        return fix(value)
    if isinstance(value, EpochMillis):
        return int(value)
    if isinstance(value, Mapping):
        return {_key(key): item for key, item in value.items()}
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _key(key: Any) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)


@functools.lru_cache(256)
def plain_of(schema: Schema) -> Plain | None:
    """A function from a value that isn't null (a row for a struct) to what the encoder writes; None = as it is."""
    match schema.name:
        case name if name == DATE_NAME:
            return _date
        case name if name == TIME_NAME:
            return _time
        case name if name in (TIMESTAMP_NAME, DECIMAL_NAME):
            return None
    match schema.type:
        case Type.STRUCT:
            return _object_of(schema)
        case Type.ARRAY if schema.value_schema is not None:
            return _array_of(plain_of(schema.value_schema))
        case Type.MAP if schema.value_schema is not None:
            return _map_of(plain_of(schema.value_schema))
        case Type.FLOAT32:
            return _shortest_single
        case _:
            return None


def _object_of(schema: Schema) -> Plain:
    names = [field.name for field in schema.fields]
    fixes = [(field.name, fix) for field in schema.fields if (fix := plain_of(field.schema)) is not None]

    def convert(value: Any) -> dict[str, Any]:
        made = dict(zip(names, value.values if type(value) is Struct else value, strict=True))
        for name, fix in fixes:
            if made[name] is not None:
                made[name] = fix(made[name])
        return made

    return convert


def _array_of(fix: Plain | None) -> Plain | None:
    if fix is None:
        return None
    return lambda items: [None if item is None else fix(item) for item in items]


def _map_of(fix: Plain | None) -> Plain:
    def convert(entries: Mapping[Any, Any]) -> dict[str, Any]:
        return {_key(key): item if fix is None or item is None else fix(item) for key, item in entries.items()}

    return convert


def _date(value: Any) -> Any:
    return to_millis(value) // _MILLIS_PER_DAY if isinstance(value, EpochMillis) else value.date()


def _time(value: Any) -> Any:
    return to_millis(value) if isinstance(value, EpochMillis) else value.time()


def _shortest_single(value: float) -> float:
    for digits in (6, 7, 8):
        short = float(f"{value:.{digits}g}")
        try:
            if _SINGLE.unpack(_SINGLE.pack(short))[0] == value:
                return short
        except OverflowError:
            continue
    return value

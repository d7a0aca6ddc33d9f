"""Record headers: an ordered list in which a key may occur more than once."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from connect.api.errors import DataException
from connect.api.java_decimal import scale_of
from connect.api.java_text import to_java_string
from connect.api.logical import (
    DATE_NAME,
    DATE_SCHEMA,
    DECIMAL_NAME,
    TIME_NAME,
    TIME_SCHEMA,
    TIMESTAMP_NAME,
    TIMESTAMP_SCHEMA,
    EpochMillis,
    date_from_logical,
    decimal_from_logical,
    decimal_schema,
    time_from_logical,
)
from connect.api.schema import (
    BOOLEAN_SCHEMA,
    BYTES_SCHEMA,
    FLOAT32_SCHEMA,
    FLOAT64_SCHEMA,
    INT8_SCHEMA,
    INT16_SCHEMA,
    INT32_SCHEMA,
    INT64_SCHEMA,
    OPTIONAL_BYTES_SCHEMA,
    OPTIONAL_STRING_SCHEMA,
    STRING_SCHEMA,
    Schema,
    Type,
)
from connect.api.struct import Struct, fits_type

Instant = dt.datetime | EpochMillis


class Header(msgspec.Struct, frozen=True):
    """One header: key, value, and the schema of the value (None = schemaless)."""

    key: str
    value: Any
    schema: Schema | None = None


class Headers:
    """The headers of one record. All methods that change them return the headers themselves.

    ``add_list`` and the like of a null make a schemaless null; other ``add_*`` keep their schema.
    """

    __slots__ = ("_items",)

    def __init__(self, items: Iterable[Header] = ()) -> None:
        self._items: list[Header] = list(items)

    def add(self, key: str, value: Any, schema: Schema | None = None) -> Headers:
        """Append a header. Raises DataException when the value does not fit the schema (elements aren't looked at)."""
        if schema is not None:
            _check(schema, value)
        return self._append(key, value, schema)

    def add_header(self, header: Header) -> Headers:
        """Append a header as it is."""
        self._items.append(header)
        return self

    def add_string(self, key: str, value: str | None) -> Headers:
        """Append a STRING."""
        return self._append(key, value, OPTIONAL_STRING_SCHEMA if value is None else STRING_SCHEMA)

    def add_bytes(self, key: str, value: bytes | None) -> Headers:
        """Append BYTES."""
        return self._append(key, value, OPTIONAL_BYTES_SCHEMA if value is None else BYTES_SCHEMA)

    def add_boolean(self, key: str, value: bool) -> Headers:
        """Append a BOOLEAN."""
        return self._append(key, value, BOOLEAN_SCHEMA)

    def add_byte(self, key: str, value: int) -> Headers:
        """Append an INT8."""
        return self._append(key, value, INT8_SCHEMA)

    def add_short(self, key: str, value: int) -> Headers:
        """Append an INT16."""
        return self._append(key, value, INT16_SCHEMA)

    def add_int(self, key: str, value: int) -> Headers:
        """Append an INT32."""
        return self._append(key, value, INT32_SCHEMA)

    def add_long(self, key: str, value: int) -> Headers:
        """Append an INT64."""
        return self._append(key, value, INT64_SCHEMA)

    def add_float(self, key: str, value: float) -> Headers:
        """Append a FLOAT32."""
        return self._append(key, value, FLOAT32_SCHEMA)

    def add_double(self, key: str, value: float) -> Headers:
        """Append a FLOAT64."""
        return self._append(key, value, FLOAT64_SCHEMA)

    def add_list(self, key: str, value: list[Any] | None, schema: Schema) -> Headers:
        """Append a list; ``schema`` must be an ARRAY, else DataException. The elements are not checked."""
        return self._append_collection(key, value, schema, Type.ARRAY)

    def add_map(self, key: str, value: dict[Any, Any] | None, schema: Schema) -> Headers:
        """Append a map; ``schema`` must be a MAP, else DataException. The elements are not checked."""
        return self._append_collection(key, value, schema, Type.MAP)

    def add_struct(self, key: str, value: Struct | None) -> Headers:
        """Append a struct with its schema."""
        return self._append(key, value, None if value is None else value.schema)

    def add_decimal(self, key: str, value: decimal.Decimal | None) -> Headers:
        """Append a Decimal of the value's scale."""
        if value is None:
            return self._append(key, None, None)
        schema = decimal_schema(scale_of(value)) if value.is_finite() else decimal_schema(0)
        decimal_from_logical(schema, value)
        return self._append(key, value, schema)

    def add_date(self, key: str, value: Instant | None) -> Headers:
        """Append a Date. Raises DataException when it isn't at midnight."""
        if value is not None:
            date_from_logical(DATE_SCHEMA, value)
        return self._append(key, value, DATE_SCHEMA)

    def add_time(self, key: str, value: Instant | None) -> Headers:
        """Append a Time. Raises DataException when it isn't on 1970-01-01."""
        if value is not None:
            time_from_logical(TIME_SCHEMA, value)
        return self._append(key, value, TIME_SCHEMA)

    def add_timestamp(self, key: str, value: Instant | None) -> Headers:
        """Append a Timestamp."""
        return self._append(key, value, TIMESTAMP_SCHEMA)

    def last_with_name(self, key: str) -> Header | None:
        """The last header of that key, or None."""
        _required(key)
        return next((header for header in reversed(self._items) if header.key == key), None)

    def all_with_name(self, key: str) -> Iterator[Header]:
        """The headers of that key, in order."""
        return (header for header in self._items if header.key == key)

    def remove(self, key: str) -> Headers:
        """Drop all headers of that key."""
        _required(key)
        self._items = [header for header in self._items if header.key != key]
        return self

    def retain_latest(self, *keys: str) -> Headers:
        """Keep only the last header of each of those keys; of every key where none is named."""
        for key in keys:
            _required(key)
        seen: set[str] = set()
        kept = []
        for header in reversed(self._items):
            if header.key not in seen or (keys and header.key not in keys):
                kept.append(header)
            seen.add(header.key)
        self._items = kept[::-1]
        return self

    def apply(self, change: Callable[[Header], Header | None], key: str | None = None) -> Headers:
        """Replace each header (of that key) by what ``change`` makes of it; None drops it."""
        changed = [change(header) if key is None or header.key == key else header for header in self._items]
        self._items = [header for header in changed if header is not None]
        return self

    def clear(self) -> Headers:
        """Drop all headers."""
        self._items.clear()
        return self

    def duplicate(self) -> Headers:
        """Headers that can be changed without changing these."""
        return Headers(self._items)

    def _append(self, key: str, value: Any, schema: Schema | None) -> Headers:
        if key is None:
            raise DataException("Null header keys are not permitted")
        if schema is None and isinstance(value, Struct):
            schema = value.schema
        self._items.append(Header(key, value, schema))
        return self

    def _append_collection(self, key: str, value: Any, schema: Schema, type: Type) -> Headers:
        if value is None:
            return self._append(key, None, None)
        if schema.type is not type:
            raise DataException(f"Expecting {type} but instead found {schema.type}")
        return self._append(key, value, schema)

    def __iter__(self) -> Iterator[Header]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self._items == other._items

    __hash__ = None  # type: ignore[assignment]  # mutable

    def __repr__(self) -> str:
        return f"Headers({self._items})"


_LOGICAL = {
    (DECIMAL_NAME, Type.BYTES): (decimal.Decimal,),
    (DATE_NAME, Type.INT32): (dt.datetime, EpochMillis),
    (TIME_NAME, Type.INT32): (dt.datetime, EpochMillis),
    (TIMESTAMP_NAME, Type.INT64): (dt.datetime, EpochMillis),
}


def _required(key: str | None) -> None:
    if key is None:
        raise DataException("Header key cannot be null")


def _check(schema: Schema, value: Any) -> None:
    """Unlike a struct, a header takes the base type of a logical type too."""
    if value is None:
        if not schema.optional:
            raise DataException(f"A null value requires an optional schema but was {schema}")
    elif not fits_type(schema.type, value) and not isinstance(
        value, _LOGICAL.get((schema.name or "", schema.type), ())
    ):
        raise DataException(f"The value {to_java_string(value)} is not compatible with the schema {schema}")

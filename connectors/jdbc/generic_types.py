"""SQLAlchemy's types, and values of any driver, as what Connect's schemas know.

The kinds are those that Java's generic dialect has for the JDBC type of that name.
"""

from __future__ import annotations

import datetime as dt
import decimal
import json
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import types as sql

from connect.api import DataException
from connectors.jdbc.columns import Change, Column, Kind, Values
from connectors.jdbc.instants import since_midnight

_BY_NAME = {
    "TINYINT": Kind.INT8,
    "TINYINTEGER": Kind.INT8,
    "INT8": Kind.INT8,  # ClickHouse: bits, not bytes
    "BYTEINT": Kind.INT8,
    "BIT": Kind.INT8,
    "UINT8": Kind.INT16,
    "UTINYINTEGER": Kind.INT16,
    "INT16": Kind.INT16,
    "UINT16": Kind.INT32,
    "USMALLINTEGER": Kind.INT32,
    "INT32": Kind.INT32,
    "UINT32": Kind.INT64,
    "UINTEGER": Kind.INT64,
    "INT64": Kind.INT64,
    "UINT64": Kind.INT64,
    "UBIGINTEGER": Kind.INT64,
    "HUGEINTEGER": Kind.DECIMAL,
    "UHUGEINTEGER": Kind.DECIMAL,
    "REAL": Kind.FLOAT32,
    "FLOAT32": Kind.FLOAT32,
    "DECIMAL": Kind.DECIMAL,
    "YEAR": Kind.DATE,
}
"""Types that SQLAlchemy itself doesn't know, or has no class of its own for."""
_BY_CLASS: Sequence[tuple[type[sql.TypeEngine[Any]], Kind]] = (
    (sql.Boolean, Kind.BOOLEAN),
    (sql.Float, Kind.FLOAT64),
    (sql.Numeric, Kind.NUMERIC),
    (sql.SmallInteger, Kind.INT16),
    (sql.BigInteger, Kind.INT64),
    (sql.Integer, Kind.INT32),
    (sql.String, Kind.STRING),
    (sql.Uuid, Kind.STRING),
    (sql.JSON, Kind.STRING),
    (sql.LargeBinary, Kind.BYTES),
    (sql.BINARY, Kind.BYTES),
    (sql.VARBINARY, Kind.BYTES),
    (sql.DateTime, Kind.TIMESTAMP),
    (sql.Date, Kind.DATE),
    (sql.Time, Kind.TIME),
)
_WIDER = {Kind.INT8: Kind.INT16, Kind.INT16: Kind.INT32, Kind.INT32: Kind.INT64}
_NO_SCALE = -127
_LARGEST_LONG = 2**63 - 1
_INTEGERS = (Kind.INT8, Kind.INT16, Kind.INT32, Kind.INT64)
_BY_VALUE = (
    (bool, Kind.BOOLEAN),
    (int, Kind.INT64),
    (float, Kind.FLOAT64),
    (decimal.Decimal, Kind.NUMERIC),
    (str | uuid.UUID, Kind.STRING),
    (bytes | bytearray | memoryview, Kind.BYTES),
    (dt.datetime, Kind.TIMESTAMP),
    (dt.date, Kind.DATE),
    (dt.time | dt.timedelta, Kind.TIME),
)


def reflected_column(name: str, type_: sql.TypeEngine[Any], nullable: bool) -> Column:
    """A column of a table, as SQLAlchemy's inspector describes it."""
    kind = _kind(type_)
    precision, scale = 0, 0
    if kind in (Kind.DECIMAL, Kind.NUMERIC):
        precision = getattr(type_, "precision", None) or 0
        given = getattr(type_, "scale", None)
        scale = given if given is not None else 0 if precision or _is_whole(type_) else _NO_SCALE
    return Column(name, kind, nullable, precision, scale, type(type_).__name__, reader(name, kind))


def _is_whole(type_: sql.TypeEngine[Any]) -> bool:
    return isinstance(type_, sql.Integer)


def _kind(type_: sql.TypeEngine[Any]) -> Kind:
    kind = _BY_NAME.get(type(type_).__name__.upper())
    if kind is None:
        kind = next((kind for class_, kind in _BY_CLASS if isinstance(type_, class_)), Kind.UNSUPPORTED)
    return _WIDER.get(kind, kind) if getattr(type_, "unsigned", False) else kind


def described_column(description: Sequence[Any], sample: Any) -> Column:
    """A column of a query, for which there is only what the driver tells, and its first value that isn't null.

    A column without any is text.
    """
    name, _, _, _, precision, scale, _ = description
    kind = Kind.STRING
    if sample is not None:
        kind = next((kind for classes, kind in _BY_VALUE if isinstance(sample, classes)), Kind.UNSUPPORTED)
    if kind is not Kind.NUMERIC:
        precision = scale = 0
    elif precision is None and not scale:
        scale = _NO_SCALE  # not told: whatever comes is to fit
    return Column(name, kind, True, precision or 0, scale or 0, type(sample).__name__, reader(name, kind))


def reader(column: str, kind: Kind) -> Change | None:
    """What makes any driver's values into those of the kind. Raises DataException for one that can't be.

    Values are looked at one by one only where some class among them isn't the expected one.
    """
    if kind is Kind.UNSUPPORTED:
        return None
    expected, make = _MAKERS[kind]
    usual = {expected, type(None)}

    def made(value: Any) -> Any:
        if value is None or type(value) is expected:
            return value
        try:
            return make(value)
        except (ValueError, TypeError, ArithmeticError) as error:
            raise DataException(f"{value!r} in column {column} can't be read as {kind.value}") from error

    def read(values: Values) -> Values:
        if not set(map(type, values)) <= usual:
            values = list(map(made, values))
        if kind is Kind.INT64:
            _check_long(column, values)
        return values

    return read


def _check_long(column: str, values: Values) -> None:
    largest = max((value for value in values if value is not None), default=0)
    if largest > _LARGEST_LONG:
        raise DataException(f"value '{largest}' cannot be decoded as Long (column {column})")


def _integer(value: Any) -> int:
    return int.from_bytes(value, "big") if isinstance(value, bytes) else int(value)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def _bytes(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


def _decimal(value: Any) -> decimal.Decimal:
    return decimal.Decimal(str(value))


def _date(value: Any) -> dt.date:
    if isinstance(value, dt.datetime):
        return value.date()
    return dt.date(value, 1, 1) if isinstance(value, int) else dt.date.fromisoformat(value)


def _time(value: Any) -> dt.timedelta:
    return since_midnight(dt.time.fromisoformat(value) if isinstance(value, str) else value)


def timestamp(value: Any) -> dt.datetime:
    """Text, or a day, as a time. Raises ValueError, TypeError."""
    if isinstance(value, dt.datetime):
        return value
    return dt.datetime.fromisoformat(value.isoformat() if isinstance(value, dt.date) else value)


_MAKERS: dict[Kind, tuple[type, Callable[[Any], Any]]] = {
    Kind.BOOLEAN: (bool, bool),
    **dict.fromkeys(_INTEGERS, (int, _integer)),
    Kind.FLOAT32: (float, float),
    Kind.FLOAT64: (float, float),
    Kind.DECIMAL: (decimal.Decimal, _decimal),
    Kind.NUMERIC: (decimal.Decimal, _decimal),
    Kind.STRING: (str, _text),
    Kind.BYTES: (bytes, _bytes),
    Kind.DATE: (dt.date, _date),
    Kind.TIME: (dt.timedelta, _time),
    Kind.TIMESTAMP: (dt.datetime, timestamp),
}

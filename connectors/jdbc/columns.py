"""The columns of a result, and what Connect makes of them: a struct schema, and rows that follow it.

Drivers hand out rows as tuples; what Connect holds of a column is often the same object, so that nothing is done for
it. Where something is, it is done for the whole column of a batch at once.
"""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import logging
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from connect.api import ConnectException, DataException, Field, Schema, Type
from connect.api.logical import DATE_NAME, DECIMAL_NAME, TIME_NAME, TIMESTAMP_NAME, EpochMillis
from connectors.jdbc.calendars import legacy
from connectors.jdbc.instants import granular, to_utc

log = logging.getLogger(__name__)

Values = Sequence[Any]
Change = Callable[[Values], Values]
"""Makes a column of values into another one; None stays None."""

_NAIVE_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001  # naive counts as UTC
_UNSCALED = 127
_MOST_DIGITS = 18
_EXACT = decimal.Context(prec=decimal.MAX_PREC, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN)


class Kind(enum.Enum):
    """What a column holds. In brackets: what :attr:`Column.read` makes of the driver's values, if it isn't obvious."""

    BOOLEAN = "boolean"
    INT8 = "int8"
    INT16 = "int16"
    INT32 = "int32"
    INT64 = "int64"
    FLOAT32 = "float32"
    FLOAT64 = "float64"
    DECIMAL = "decimal"
    NUMERIC = "numeric"  # like DECIMAL, but numeric.mapping has its say
    STRING = "string"
    BYTES = "bytes"
    DATE = "date"  # datetime.date
    TIME = "time"  # timedelta since midnight
    TIMESTAMP = "timestamp"  # datetime; naive: of the zone db.timezone
    UNSUPPORTED = "unsupported"  # the database's text


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a result. ``read`` makes the driver's values into those of its kind; None: they are already."""

    name: str
    kind: Kind
    nullable: bool = True
    precision: int = 0
    scale: int = 0
    type_name: str = ""
    read: Change | None = None


@dataclass(frozen=True, slots=True)
class Mapping:
    """How columns become fields."""

    zone: ZoneInfo
    granularity: str = "connect_logical"
    numeric: str = "none"
    unsupported: str = "skip"
    legacy_calendar: bool = False

    @property
    def is_utc(self) -> bool:
        """Whether naive times are UTC already."""
        return self.zone.key in ("UTC", "Etc/UTC", "Z", "GMT", "Etc/GMT")


def each(function: Callable[[Any], Any]) -> Change:
    """Change every value of a column but None."""
    return lambda values: [None if value is None else function(value) for value in values]


class RowShape:
    """The struct schema of a result, and the way of its rows there.

    Raises ConnectException for an unsupported column where that is to fail.
    """

    def __init__(self, name: str | None, columns: Sequence[Column], mapping: Mapping) -> None:
        self._changes: list[tuple[int, Change | None]] = []
        fields: list[Field] = []
        for index, column in enumerate(columns):
            made = _field(column, mapping)
            if made is None:
                continue
            schema, change = made
            fields.append(Field(column.name, len(fields), schema))
            self._changes.append((index, _chain(column.read, change)))
        self.schema = Schema(Type.STRUCT, name=name, fields=fields)
        self._keeps_all = len(fields) == len(columns)
        self._plain = self._keeps_all and all(change is None for _, change in self._changes)

    def rows(self, raw: list[tuple[Any, ...]]) -> list[Any]:
        """The driver's rows as rows of the schema."""
        if self._plain or not raw:
            return raw
        columns = list(zip(*raw, strict=True))
        changed = [columns[index] if change is None else change(columns[index]) for index, change in self._changes]
        if self._keeps_all and all(map(operator.is_, changed, columns)):
            return raw  # most changes only look, and find nothing
        return list(zip(*changed, strict=True)) if changed else [()] * len(raw)


def _chain(first: Change | None, second: Change | None) -> Change | None:
    if first is None or second is None:
        return first or second
    one, two = first, second
    return lambda values: two(one(values))


_PLAIN = {
    Kind.BOOLEAN: Type.BOOLEAN,
    Kind.INT8: Type.INT8,
    Kind.INT16: Type.INT16,
    Kind.INT32: Type.INT32,
    Kind.INT64: Type.INT64,
    Kind.FLOAT32: Type.FLOAT32,
    Kind.FLOAT64: Type.FLOAT64,
    Kind.STRING: Type.STRING,
    Kind.BYTES: Type.BYTES,
}


def _field(column: Column, mapping: Mapping) -> tuple[Schema, Change | None] | None:
    optional = column.nullable
    match column.kind:
        case Kind.DECIMAL:
            return _decimal(column)
        case Kind.NUMERIC:
            return _numeric(column, mapping.numeric)
        case Kind.DATE:
            return Schema(Type.INT32, optional=optional, name=DATE_NAME, version=1), _chain(
                each(_midnight), _calendar(mapping)
            )
        case Kind.TIME:
            return Schema(Type.INT32, optional=optional, name=TIME_NAME, version=1), _time(mapping)
        case Kind.TIMESTAMP:
            return _timestamp(column, mapping)
        case Kind.UNSUPPORTED:
            return _unsupported(column, mapping)
    return Schema(_PLAIN[column.kind], optional=optional), None


def _unsupported(column: Column, mapping: Mapping) -> tuple[Schema, Change | None] | None:
    if mapping.unsupported == "fail":
        raise ConnectException(f"Column {column.name} is of type {column.type_name}, which is not supported")
    if mapping.unsupported == "string":
        return Schema(Type.STRING, optional=column.nullable), each(str)
    log.warning(
        "JDBC type %s not currently supported: column %s is left out; unsupported.types=string would send its text",
        column.type_name,
        column.name,
    )
    return None


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day)  # noqa: DTZ001  # naive counts as UTC


def _instant(value: Any, zone: ZoneInfo) -> Any:
    return value if isinstance(value, EpochMillis) else to_utc(value, zone)


def _calendar(mapping: Mapping) -> Change | None:
    return legacy if mapping.legacy_calendar else None


def _time(mapping: Mapping) -> Change:
    if mapping.is_utc:
        return each(lambda time: _NAIVE_EPOCH + time)
    return each(lambda time: to_utc(_NAIVE_EPOCH + time, mapping.zone))


def _timestamp(column: Column, mapping: Mapping) -> tuple[Schema, Change | None]:
    if mapping.granularity == "connect_logical":
        schema = Schema(Type.INT64, optional=column.nullable, name=TIMESTAMP_NAME, version=1)
        zoned = None if mapping.is_utc else each(lambda value: _instant(value, mapping.zone))
        return schema, _chain(_calendar(mapping), zoned)
    type_ = Type.INT64 if mapping.granularity.endswith("_long") else Type.STRING
    return Schema(type_, optional=column.nullable), each(granular(mapping.granularity, mapping.zone))


def _decimal(column: Column) -> tuple[Schema, Change | None]:
    # PostgreSQL's driver shows a negative scale as a 16-bit number without sign, Oracle's a missing one as -127.
    scale = column.scale - 65536 if column.scale > 16383 else column.scale
    scale = _UNSCALED if scale == -_UNSCALED else scale
    if column.kind is Kind.NUMERIC and column.precision == 0 and scale == 0:
        scale = _UNSCALED
    schema = Schema(
        Type.BYTES,
        optional=column.nullable,
        name=DECIMAL_NAME,
        version=1,
        parameters={"scale": str(scale), "connect.decimal.precision": str(column.precision)},
    )
    unit = decimal.Decimal(1).scaleb(-scale, _EXACT)
    return schema, _rescale(column.name, unit)


def _rescale(name: str, unit: decimal.Decimal) -> Change:
    def rescaled(value: decimal.Decimal) -> decimal.Decimal:
        if value.same_quantum(unit):
            return value
        if not value.is_finite():
            raise DataException(f"Bad value for type BigDecimal : {value} in column {name}")
        return value.quantize(unit, context=_EXACT)

    return each(rescaled)


def _numeric(column: Column, numeric: str) -> tuple[Schema, Change | None]:
    precision, scale = column.precision, column.scale
    if numeric == "best_fit_eager_double" and scale > 0:
        return Schema(Type.FLOAT64, optional=column.nullable), each(float)
    if numeric == "none" or precision > _MOST_DIGITS:
        return _decimal(column)
    if scale == 0 or (scale < 1 and scale >= -84 and numeric != "precision_only"):
        if precision == 0:
            log.warning(
                "Column %s has no precision: numeric.mapping=%s makes it int8, which drops fractions; "
                "numeric.mapping=none keeps them",
                column.name,
                numeric,
            )
        return Schema(_integer_type(precision), optional=column.nullable), each(int)
    if numeric == "best_fit" and scale > 0:
        return Schema(Type.FLOAT64, optional=column.nullable), each(float)
    return _decimal(column)


def _integer_type(precision: int) -> Type:
    if precision > 9:
        return Type.INT64
    if precision > 4:
        return Type.INT32
    return Type.INT16 if precision > 2 else Type.INT8

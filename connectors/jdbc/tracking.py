"""What tells new rows from old ones: tracking columns, positions, and the SQL that asks for what lies behind one."""

from __future__ import annotations

import decimal
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from connect.api import ConfigException, ConnectException, DataException
from connectors.jdbc.columns import Column, Kind
from connectors.jdbc.database import Session, Table
from connectors.jdbc.instants import NANOS, decimal_to_int, nanos_of_offset
from connectors.jdbc.settings import Settings

_INTEGERS = (Kind.INT8, Kind.INT16, Kind.INT32, Kind.INT64)
_DECIMALS = (Kind.DECIMAL, Kind.NUMERIC)


@dataclass(frozen=True, slots=True)
class Tracking:
    """A table's tracking columns; ``incrementing`` None and ``timestamps`` empty: all rows at every poll."""

    incrementing: str | None = None
    timestamps: tuple[str, ...] = ()


class Position(NamedTuple):
    """How far a table is read: nanoseconds since the epoch, and the last id. None: not tracked."""

    nanos: int | None = None
    incrementing: int | None = None

    def to_offset(self) -> dict[str, int] | None:
        """As Java's connector stores it, its members in the order of Java's map."""
        offset: dict[str, int] = {}
        if self.nanos is not None:
            offset["timestamp_nanos"] = self.nanos % NANOS
        if self.incrementing is not None:
            offset["incrementing"] = self.incrementing
        if self.nanos is not None:
            offset["timestamp"] = self.nanos // 1_000_000
        return offset or None


def position_of(offset: Mapping[str, Any] | None, tracking: Tracking, initial_nanos: int) -> Position:
    """Where to go on. Raises ConnectException when the stored offset can't be read."""
    stored = offset or {}
    nanos = incrementing = None
    if tracking.timestamps:
        nanos = initial_nanos
        if stored.get("timestamp") is not None:
            nanos = nanos_of_offset(stored["timestamp"], stored.get("timestamp_nanos"))
    if tracking.incrementing is not None:
        incrementing = stored.get("incrementing")
        if incrementing is None:
            incrementing = -1
        elif not isinstance(incrementing, int):
            raise ConnectException(f"The offset's incrementing value isn't a number: {incrementing!r}")
    return Position(nanos, incrementing)


def tracking_of(settings: Settings, table: Table | None) -> Tracking:
    """The tracking columns that the configuration names for a table, or for the query (None)."""
    incrementing = settings["incrementing.column.name"] or None
    timestamps = tuple(settings["timestamp.column.name"])
    if table is not None and settings.is_incrementing:
        incrementing = _mapped("incrementing.column.mapping", settings, table) or incrementing
    if table is not None and settings.is_timestamp:
        columns = _mapped("timestamp.columns.mapping", settings, table)
        if columns is not None:
            timestamps = tuple(part.strip() for part in columns.strip("[]").split("|"))
    tracking = Tracking(incrementing if settings.is_incrementing else None, timestamps if settings.is_timestamp else ())
    if settings.is_timestamp and not tracking.timestamps:
        where = "the query" if table is None else f"table {table}"
        raise ConfigException(f"Mode {settings.mode} needs a timestamp column for {where}: set timestamp.column.name")
    return tracking


def _mapped(key: str, settings: Settings, table: Table) -> str | None:
    """What the one mapping says whose pattern matches; None without mappings.

    Raises ConnectException when none matches, or several.
    """
    entries = [entry.partition(":") for entry in settings[key]]
    if not entries:
        return None
    matching = [columns.strip() for pattern, _, columns in entries if re.fullmatch(pattern.strip(), str(table))]
    if len(matching) == 1:
        return str(matching[0])
    word = "matches more than one" if matching else "does not match any"
    kind = key.partition(".")[0]
    raise ConnectException(
        f"Error while validating {kind} column mappings: Included table '{table}' {word} of the provided regexes"
    )


def checked_tracking(settings: Settings, session: Session, table: Table, sql_name: str) -> Tracking:
    """The tracking columns of a table, found to be there and not null.

    Raises ConfigException for a missing column, ConnectException for one that may be null.
    """
    tracking = tracking_of(settings, table)
    if settings.mode == "bulk":
        return tracking
    columns = session.table_columns(table)
    if settings.is_incrementing and tracking.incrementing is None:
        automatic = [column.name for column in columns if column.auto_increment]
        if not automatic:
            raise ConfigException(
                f"Table {sql_name} has no auto-increment column and would never be read: set incrementing.column.name"
            )
        tracking = replace(tracking, incrementing=automatic[0])
    by_name = {column.name.lower(): column for column in columns}
    _check_presence(tracking, set(by_name), sql_name)
    if settings["validate.non.null"]:
        nullable = {name for name, column in by_name.items() if column.nullable}
        _check_not_null(tracking, nullable, sql_name)
    return tracking


def _check_presence(tracking: Tracking, names: set[str], sql_name: str) -> None:
    if tracking.incrementing is not None and tracking.incrementing.lower() not in names:
        raise ConfigException(f"Incrementing column: {tracking.incrementing} does not exist in table '{sql_name}'")
    missing = [name for name in tracking.timestamps if name.lower() not in names]
    if missing:
        raise ConfigException(f"Timestamp columns: {', '.join(missing)} do not exist in table '{sql_name}'")


def _check_not_null(tracking: Tracking, nullable: set[str], sql_name: str) -> None:
    if tracking.incrementing is not None and tracking.incrementing.lower() in nullable:
        raise ConnectException(
            f"Cannot make incremental queries using incrementing column {tracking.incrementing} on {sql_name} because "
            "this column is nullable."
        )
    if tracking.timestamps and all(name.lower() in nullable for name in tracking.timestamps):
        raise ConnectException(
            f"Cannot make incremental queries using timestamp columns {', '.join(tracking.timestamps)} on {sql_name} "
            "because all of these columns are nullable."
        )


class Bounds(NamedTuple):
    """Both ends of what a query asks for: behind ``after``, before ``until`` (nanoseconds; None: no end)."""

    after: Position
    until: int | None


class Literals(NamedTuple):
    """What writes nanoseconds as SQL: ``first`` and ``last`` of the instants that read as them."""

    first: Callable[[int], str]
    last: Callable[[int], str]


def where_clause(timestamp: str | None, incrementing: str | None, bounds: Bounds, literals: Literals) -> str:
    """The condition and order of a query; the columns as SQL."""
    after, until = bounds
    if timestamp is None:
        if incrementing is None:
            return ""
        return f" WHERE {incrementing} > {after.incrementing} ORDER BY {incrementing} ASC"
    assert after.nanos is not None
    assert until is not None
    since, last, end = literals.first(after.nanos), literals.last(after.nanos), literals.first(until)
    if incrementing is None or after.incrementing is None:
        order = timestamp if incrementing is None else f"{timestamp},{incrementing}"
        return f" WHERE {timestamp} > {last} AND {timestamp} < {end} ORDER BY {order} ASC"
    same = f"{timestamp} = {since}" if since == last else f"{timestamp} >= {since} AND {timestamp} <= {last}"
    return (
        f" WHERE {timestamp} < {end} AND (({same} AND {incrementing} > {after.incrementing})"
        f" OR {timestamp} > {last}) ORDER BY {timestamp},{incrementing} ASC"
    )


class PositionReader:
    """Reads positions out of the driver's rows. Raises DataException for a missing column."""

    def __init__(self, tracking: Tracking, columns: Sequence[Column], session: Session, zone: ZoneInfo) -> None:
        self._session = session
        self._zone = zone
        self._incrementing: int | None = None
        self._is_decimal = False
        self._kind = ""
        if tracking.incrementing is not None:
            self._find_incrementing(tracking.incrementing, columns)
        self._timestamps = [_timestamp_index(name, columns) for name in tracking.timestamps]

    def _find_incrementing(self, name: str, columns: Sequence[Column]) -> None:
        self._incrementing = next((index for index, column in enumerate(columns) if column.name == name), None)
        if self._incrementing is None:
            raise DataException(f"Incrementing column {name} not found in {_listed(columns)}")
        kind = columns[self._incrementing].kind
        self._is_decimal = kind in _DECIMALS
        self._kind = "BYTES" if self._is_decimal else kind.name
        if kind not in _INTEGERS and not self._is_decimal:
            raise ConnectException(f"Invalid type for incrementing column: {kind.name}")

    def nanos(self, row: Sequence[Any]) -> int | None:
        """The time of a row: of the first timestamp column that isn't null."""
        for index in self._timestamps:
            nanos = self._session.instant(row[index], self._zone)
            if nanos is not None:
                return nanos
        return None

    def position(self, row: Sequence[Any]) -> Position:
        """The position behind a row. Raises ConnectException for a null id."""
        nanos = self.nanos(row)
        if self._incrementing is None:
            return Position(nanos)
        value = row[self._incrementing]
        if value is None:
            raise ConnectException(f"Null value for incrementing column of type: {self._kind}")
        return Position(nanos, decimal_to_int(decimal.Decimal(value)) if self._is_decimal else int(value))


def _timestamp_index(name: str, columns: Sequence[Column]) -> int:
    """Where the column is: spelled like this, or else the only one that differs in case.

    Raises DataException when there is none, or several.
    """
    for index, column in enumerate(columns):
        if column.name == name:
            return index
    found = [index for index, column in enumerate(columns) if column.name.lower() == name.lower()]
    if not found:
        raise DataException(f"Timestamp column {name} not found in {_listed(columns)}")
    if len(found) > 1:
        raise DataException(
            f"Timestamp column {name} not found in columns read from database: {_listed(columns)}. Could not fall back "
            "to case-insensitively selecting a column because there were multiple columns whose names "
            f"case-insensitively matched the specified name: {_listed([columns[index] for index in found])}. To force "
            "the connector to choose between these columns, specify a value for the timestamp column configuration "
            "property that matches the desired column case-sensitively."
        )
    return found[0]


def _listed(columns: Sequence[Column]) -> str:
    return ",".join(column.name for column in columns)

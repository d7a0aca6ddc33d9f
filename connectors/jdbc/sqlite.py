"""SQLite."""

from __future__ import annotations

import datetime as dt
import decimal
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from zoneinfo import ZoneInfo

from connect.api import DataException
from connectors.jdbc.columns import Change, Column, Kind, each
from connectors.jdbc.database import Database, Session, SqlError, Table, TableColumn, TableFilter
from connectors.jdbc.instants import to_nanos
from connectors.jdbc.jdbc_url import JdbcUrl

_KINDS = {
    "BOOLEAN": Kind.BOOLEAN,
    "TINYINT": Kind.INT16,
    "SMALLINT": Kind.INT32,
    "INT2": Kind.INT32,
    "INTEGER": Kind.INT32,
    "INT": Kind.INT64,
    "MEDIUMINT": Kind.INT64,
    "BIGINT": Kind.INT64,
    "INT8": Kind.INT64,
    "UNSIGNED BIG INT": Kind.INT64,
    "REAL": Kind.FLOAT32,
    "DOUBLE": Kind.FLOAT64,
    "DOUBLE PRECISION": Kind.FLOAT64,
    "FLOAT": Kind.FLOAT64,
    "DECIMAL": Kind.DECIMAL,
    "NUMERIC": Kind.NUMERIC,
    "DATE": Kind.DATE,
    "DATETIME": Kind.TIMESTAMP,
    "TIMESTAMP": Kind.TIMESTAMP,
    "BLOB": Kind.BYTES,
    "BINARY": Kind.BYTES,
    "VARBINARY": Kind.BYTES,
}
_DECLARED = re.compile(r"\s*([A-Z0-9 ]+?)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?\s*", re.IGNORECASE)
_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001  # naive counts as UTC
_INTEGER_KINDS = (Kind.INT16, Kind.INT32, Kind.INT64)


class SqliteDatabase(Database):
    """A database file."""

    quote = ("`", "`")

    def __init__(self, url: JdbcUrl) -> None:
        super().__init__(url)
        self._wait = int(url.option("busy_timeout") or 3000) / 1000

    def connect(self) -> SqliteSession:
        with _translated():
            # autocommit; the one other thread that uses it only interrupts
            path = self.url.database.removeprefix("file:")
            return SqliteSession(
                sqlite3.connect(path, timeout=self._wait, isolation_level=None, check_same_thread=False)
            )


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) or 0
        raise SqlError(str(error), lasting=code & 0xFF == sqlite3.SQLITE_ERROR, code=code) from error


class SqliteSession(Session):
    """A connection to a database file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        with _translated():
            return self._connection.execute(sql).fetchall()

    def tables(self, wanted: TableFilter) -> list[Table]:
        types = ", ".join(f"'{given.lower()}'" for given in wanted.types if given.upper() in ("TABLE", "VIEW"))
        rows = self._rows(
            f"SELECT name FROM sqlite_master WHERE type IN ({types}) AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"  # noqa: S608
            " ORDER BY type, name"
        )
        return [Table(None, None, name) for (name,) in rows]

    def table_columns(self, table: Table) -> list[TableColumn]:
        rows = self._rows(f"PRAGMA table_info({_literal(table.name)})")
        keys = [row for row in rows if row[5]]
        # A single INTEGER primary key numbers the rows by itself.
        automatic = keys[0][1] if len(keys) == 1 and keys[0][2].upper() == "INTEGER" else None
        return [
            TableColumn(name, not (required or key), name == automatic, type_, bool(key))
            for _, name, type_, required, _, key in rows
        ]

    def query(self, sql: str, table: Table | None = None) -> SqliteResult:
        described = self._described(sql, table)
        with _translated():
            cursor = self._connection.execute(sql)
            first = cursor.fetchone()
        columns = []
        for index, (name, *_) in enumerate(cursor.description or ()):
            declared, nullable = described.get(name, ("", True))
            columns.append(_column(name, declared, nullable, None if first is None else first[index]))
        return SqliteResult(cursor, columns, first)

    def _described(self, sql: str, table: Table | None) -> dict[str, tuple[str, bool]]:
        """Declared type and nullability of a query's columns; a view is what makes SQLite tell them."""
        try:
            self._connection.execute(f"CREATE TEMP VIEW connect_columns AS {sql}")
        except sqlite3.Error as error:
            raise SqlError(str(error), lasting=True) from error
        try:
            described = {
                name: (type_ or "", True) for _, name, type_, *_ in self._rows("PRAGMA table_info(connect_columns)")
            }
        finally:
            self._connection.execute("DROP VIEW temp.connect_columns")
        if table is not None:
            rows = self._rows(f"PRAGMA table_info({_literal(table.name)})")
            described |= {name: (type_, not required) for _, name, type_, required, *_ in rows}
        return described

    def now(self, zone: ZoneInfo) -> int:
        ((text,),) = self._rows("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')")
        return to_nanos(_timestamp(text), zone)

    def timestamp_literal(self, nanos: int, zone: ZoneInfo) -> str:
        return str(nanos // 1_000_000)

    def instant(self, value: Any, zone: ZoneInfo) -> int | None:
        return None if value is None else to_nanos(_timestamp(value), zone)

    def cancel(self) -> None:
        self._connection.interrupt()

    def close(self) -> None:
        self._connection.close()


def _literal(text: str) -> str:
    escaped = text.replace("'", "''")
    return f"'{escaped}'"


class SqliteResult:
    """A running statement."""

    def __init__(self, cursor: sqlite3.Cursor, columns: Sequence[Column], first: tuple[Any, ...] | None) -> None:
        self.columns = columns
        self._cursor = cursor
        self._first = first

    def fetch(self, size: int) -> list[tuple[Any, ...]]:
        first, self._first = self._first, None
        with _translated():
            if first is None:
                return self._cursor.fetchmany(size)
            return [first, *self._cursor.fetchmany(size - 1)] if size > 1 else [first]

    def close(self) -> None:
        self._cursor.close()


def _column(name: str, declared: str, nullable: bool, sample: Any) -> Column:
    kind, read, shape = _kind(declared, sample)
    return Column(name, kind, nullable, type_name=declared, read=read, **shape)


def _kind(declared: str, sample: Any) -> tuple[Kind, Change | None, Mapping[str, Any]]:
    found = _DECLARED.fullmatch(declared)
    base = found[1].upper() if found else ""
    if not base:
        return _kind_of_value(sample)
    kind = _KINDS.get(base, Kind.STRING)
    shape = {"precision": int(found[2] or 0), "scale": int(found[3] or 0)} if found else {}
    match kind:
        case Kind.BOOLEAN:
            return kind, each(bool), {}
        case Kind.DECIMAL | Kind.NUMERIC:
            return kind, each(_decimal), shape
        case Kind.DATE:
            return kind, each(lambda value: _timestamp(value).date()), {}
        case Kind.TIMESTAMP:
            return kind, each(_timestamp), {}
        case Kind.BYTES:
            return kind, each(_bytes), {}
        case Kind.STRING:
            return kind, each(str), {}
    return kind, each(int if kind in _INTEGER_KINDS else float), {}


def _kind_of_value(sample: Any) -> tuple[Kind, Change | None, Mapping[str, Any]]:
    """An expression has no declared type: its first value decides."""
    if isinstance(sample, int):
        return Kind.INT64, None, {}
    if isinstance(sample, float):
        return Kind.FLOAT64, each(float), {}
    return (Kind.BYTES, each(_bytes), {}) if isinstance(sample, bytes) else (Kind.STRING, each(str), {})


def _decimal(value: Any) -> decimal.Decimal:
    try:
        return decimal.Decimal(str(value))
    except decimal.InvalidOperation as error:
        raise DataException(f"{value!r} is no number") from error


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _timestamp(value: Any) -> dt.datetime:
    """Text, or milliseconds since the epoch."""
    try:
        if isinstance(value, int | float):
            return _EPOCH + dt.timedelta(milliseconds=value)
        return dt.datetime.fromisoformat(value)
    except (ValueError, TypeError, OverflowError) as error:
        raise DataException(f"{value!r} is no timestamp") from error

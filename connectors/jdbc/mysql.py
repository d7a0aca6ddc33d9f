"""MySQL and MariaDB."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from connect.api import ConfigException, DataException
from connectors.jdbc import mysql_drivers
from connectors.jdbc.columns import Change, Column, Kind, Values, each
from connectors.jdbc.database import Database, Session, Table, TableColumn, TableFilter
from connectors.jdbc.instants import to_nanos, wall_clock
from connectors.jdbc.jdbc_url import JdbcUrl
from connectors.jdbc.mysql_drivers import WireField

_NOT_NULL, _UNSIGNED, _BINARY_CHARSET = 1, 32, 63
_TINY, _BIT, _YEAR = 1, 16, 13
_INTEGERS = {1: (Kind.INT8, Kind.INT16), 2: (Kind.INT16, Kind.INT32), 9: (Kind.INT32, Kind.INT64)}
_INTEGERS |= {3: (Kind.INT32, Kind.INT64), 8: (Kind.INT64, Kind.INT64)}
_FLOATS = {4: Kind.FLOAT32, 5: Kind.FLOAT64}
_DECIMALS = (0, 246)
_TEMPORAL = {10: Kind.DATE, 14: Kind.DATE, 7: Kind.TIMESTAMP, 12: Kind.TIMESTAMP}
_TIME = 11
_JSON, _GEOMETRY = 245, 255
_TEXTS = (15, 247, 248, 249, 250, 251, 252, 253, 254)
_LARGEST_LONG = 2**63 - 1
_SYSTEM_DATABASES = ("information_schema", "mysql", "performance_schema", "sys")
_TYPES = {"TABLE": "BASE TABLE", "SYSTEM TABLE": "SYSTEM VIEW"}
_ISOLATION = {
    "READ_UNCOMMITTED": "READ UNCOMMITTED",
    "READ_COMMITTED": "READ COMMITTED",
    "REPEATABLE_READ": "REPEATABLE READ",
    "SERIALIZABLE": "SERIALIZABLE",
}
_HELD_BACK_SECONDS = 86400
"""How long the server keeps a result for a reader that takes its time (paused, or held back by Kafka)."""


class MySqlDatabase(Database):
    """A MySQL or MariaDB server."""

    quote = ("`", "`")

    def __init__(self, url: JdbcUrl, user: str | None, password: str | None, driver: str, isolation: str) -> None:
        super().__init__(url)
        self._driver = driver
        self._isolation = isolation
        self._options = _options(url, user, password)
        self.zero_dates = ZeroDates(url)

    def connect(self) -> MySqlSession:
        return MySqlSession(self, self.open(), self._isolation)

    def table(self, parts: Sequence[str]) -> Table:
        return Table(parts[-2] if len(parts) > 1 else None, None, parts[-1])

    def open(self) -> mysql_drivers.Connection:
        """A connection of the driver's. Raises SqlError, ConfigException."""
        return mysql_drivers.connect(self._driver, self._options)


def _options(url: JdbcUrl, user: str | None, password: str | None) -> dict[str, Any]:
    """What both drivers take."""
    options: dict[str, Any] = {
        "host": url.host,
        "port": url.port,
        "user": user or url.option("user") or "",
        "password": password or url.option("password") or "",
        "database": url.database or None,
        "charset": "utf8mb4",
        "autocommit": True,
        "connect_timeout": max(1, int(url.option("connectTimeout") or 30000) // 1000),
    }
    timeout = int(url.option("socketTimeout") or 0)
    if timeout:
        options["read_timeout"] = max(1, timeout // 1000)
    context = _tls(url)
    if context is not None:
        options["ssl"] = context
    return options


def _tls(url: JdbcUrl) -> Any:
    mode = (url.option("sslMode") or "").lower().replace("-", "_")
    if not mode and (url.option("useSSL", "useSsl", "ssl") or "").lower() in ("true", "1"):
        verify = (url.option("verifyServerCertificate") or "").lower() == "true"
        mode = "verify_ca" if verify or url.is_mariadb else "required"
        if (url.option("trustServerCertificate") or "").lower() == "true":
            mode = "trust"
    if mode in ("", "disable", "disabled", "preferred"):
        return None
    if mode not in ("required", "trust", "verify_ca", "verify_full", "verify_identity"):
        raise ConfigException(f"sslMode={mode} isn't known")
    ca_file = url.option("serverSslCert", "sslCa")
    return mysql_drivers.tls_context(mode.startswith("verify"), mode in ("verify_full", "verify_identity"), ca_file)


class ZeroDates:
    """What becomes of ``0000-00-00``: null with MariaDB's Java driver, an error with MySQL's unless the URL says so."""

    def __init__(self, url: JdbcUrl) -> None:
        behavior = (url.option("zeroDateTimeBehavior") or "").lower().replace("_", "")
        self._round = behavior == "round"
        self._null = url.is_mariadb or behavior == "converttonull"

    def replace(self, column: str, kind: Kind) -> Change:
        """The driver leaves as text what is no date: look for it, which is cheap where there is none."""

        def replaced(values: Values) -> Values:
            if str not in set(map(type, values)):
                return values
            return [self._of(column, kind, value) if isinstance(value, str) else value for value in values]

        return replaced

    def _of(self, column: str, kind: Kind, text: str) -> Any:
        if not text.startswith("0000-00-00"):
            raise DataException(f"{text!r} in column {column} is no date")
        if self._null:
            return None
        if self._round:
            return dt.date(1, 1, 1) if kind is Kind.DATE else dt.datetime(1, 1, 1)  # noqa: DTZ001
        raise DataException(f"Zero date value prohibited (column {column})")


class MySqlSession(Session):
    """A connection to a MySQL or MariaDB server."""

    def __init__(self, database: MySqlDatabase, connection: mysql_drivers.Connection, isolation: str) -> None:
        self._database = database
        self._connection = connection
        self._thread_id = connection.thread_id()
        connection.rows(f"SET SESSION net_write_timeout={_HELD_BACK_SECONDS}")
        variables = database.url.option("sessionVariables")
        if variables:
            connection.rows(f"SET SESSION {variables}")
        if isolation in _ISOLATION:
            connection.rows(f"SET SESSION TRANSACTION ISOLATION LEVEL {_ISOLATION[isolation]}")

    def tables(self, wanted: TableFilter) -> list[Table]:
        types = [_TYPES.get(given.upper(), given.upper()) for given in wanted.types]
        conditions = [f"TABLE_TYPE IN ({', '.join(map(_literal, types))})"]
        if wanted.catalog:
            conditions.append(f"TABLE_SCHEMA = {_literal(wanted.catalog)}")
        elif "SYSTEM VIEW" not in types:
            conditions.append(f"TABLE_SCHEMA NOT IN ({', '.join(map(_literal, _SYSTEM_DATABASES))})")
        rows = self._connection.rows(
            f"SELECT TABLE_SCHEMA, TABLE_NAME FROM INFORMATION_SCHEMA.TABLES WHERE {' AND '.join(conditions)}"  # noqa: S608
            " ORDER BY TABLE_TYPE, TABLE_SCHEMA, TABLE_NAME"
        )
        return [Table(catalog, None, name) for catalog, name in rows]

    def table_columns(self, table: Table) -> list[TableColumn]:
        schema = "DATABASE()" if table.catalog is None else _literal(table.catalog)
        rows = self._connection.rows(
            "SELECT COLUMN_NAME, IS_NULLABLE, EXTRA, DATA_TYPE, COLUMN_KEY FROM INFORMATION_SCHEMA.COLUMNS"  # noqa: S608
            f" WHERE TABLE_SCHEMA = {schema} AND TABLE_NAME = {_literal(table.name)} ORDER BY ORDINAL_POSITION"
        )
        return [
            TableColumn(name, nullable == "YES", "auto_increment" in extra.lower(), type_, key == "PRI")
            for name, nullable, extra, type_, key in rows
        ]

    def query(self, sql: str, table: Table | None = None) -> MySqlResult:
        fields = self._connection.open(sql)
        return MySqlResult(self._connection, [self._column(field) for field in fields])

    def _column(self, field: WireField) -> Column:
        return to_column(field, self._database.url, self._database.zero_dates)

    def now(self, zone: ZoneInfo) -> int:
        ((now,),) = self._connection.rows("SELECT CURRENT_TIMESTAMP")
        return to_nanos(now, zone)

    def timestamp_literal(self, nanos: int, zone: ZoneInfo) -> str:
        clock, rest = wall_clock(nanos, zone)
        return f"'{clock:%Y-%m-%d %H:%M:%S}.{rest // 1000:06d}'"

    def cancel(self) -> None:
        other = self._database.open()
        try:
            other.rows(f"KILL QUERY {self._thread_id}")
        finally:
            other.close()

    def close(self) -> None:
        self._connection.close()


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


class MySqlResult:
    """An unbuffered result: the server waits until its rows are fetched."""

    def __init__(self, connection: mysql_drivers.Connection, columns: Sequence[Column]) -> None:
        self.columns = columns
        self._connection = connection
        self._ended = False

    def fetch(self, size: int) -> list[tuple[Any, ...]]:
        if self._ended:
            return []
        rows = self._connection.fetch(size)
        self._ended = len(rows) < size
        return rows

    def close(self) -> None:
        if not self._ended:
            self._connection.close()  # the rest would have to be read, however much it is


def to_column(field: WireField, url: JdbcUrl, zero_dates: ZeroDates) -> Column:
    """A column as the Java driver would describe it that the URL names."""
    kind, read, shape = _kind(field, url, zero_dates)
    nullable = not field.flags & _NOT_NULL
    return Column(field.name, kind, nullable, type_name=f"type {field.type_code}", read=read, **shape)


def _kind(field: WireField, url: JdbcUrl, zero_dates: ZeroDates) -> tuple[Kind, Change | None, Mapping[str, Any]]:
    code, unsigned = field.type_code, bool(field.flags & _UNSIGNED)
    if code == _TINY and field.length == 1 and url.option("tinyInt1isBit") != "false" and not unsigned:
        return (Kind.BOOLEAN, each(bool), {}) if url.is_mariadb else (Kind.INT8, None, {})
    if code in _INTEGERS:
        too_large = code == 8 and unsigned
        return _INTEGERS[code][unsigned], _checked_long(field.name) if too_large else None, {}
    if code == _BIT:
        single = field.length == 1 and url.is_mariadb
        return (Kind.BOOLEAN, each(_is_set), {}) if single else (Kind.INT8, each(_signed_byte(field.name)), {})
    if code in _FLOATS:
        return _FLOATS[code], None, {}
    if code in _DECIMALS:
        digits = field.length - (field.scale > 0) - (not unsigned)
        return Kind.DECIMAL, None, {"precision": digits, "scale": field.scale}
    if code in _TEMPORAL:
        return _TEMPORAL[code], zero_dates.replace(field.name, _TEMPORAL[code]), {}
    if code == _TIME:
        return Kind.TIME, None, {}
    if code == _YEAR:
        return (Kind.DATE, each(_first_day), {}) if url.option("yearIsDateType") != "false" else (Kind.INT16, None, {})
    if code in _TEXTS or code in (_JSON, _GEOMETRY):
        binary = field.charsetnr == _BINARY_CHARSET and code != _JSON
        return (Kind.BYTES, None, {}) if binary else (Kind.STRING, None, {})
    return Kind.UNSUPPORTED, None, {}


def _checked_long(column: str) -> Change:
    def checked(values: Values) -> Values:
        largest = max((value for value in values if value is not None), default=0)
        if largest > _LARGEST_LONG:
            raise DataException(f"value '{largest}' cannot be decoded as Long (column {column})")
        return values

    return checked


def _is_set(bits: bytes) -> bool:
    return any(bits)


def _signed_byte(column: str) -> Any:
    def signed(bits: bytes) -> int:
        value = int.from_bytes(bits, "big")
        if value > 0xFF:
            raise DataException(f"Value '{value}' is outside of valid range for type java.lang.Byte (column {column})")
        return value - 256 if value > 127 else value

    return signed


def _first_day(year: int) -> dt.date | None:
    return dt.date(year, 1, 1) if year else None

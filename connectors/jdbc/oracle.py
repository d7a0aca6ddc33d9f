"""Oracle."""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib.util
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol
from zoneinfo import ZoneInfo

from connect.api import ConfigException
from connectors.jdbc.columns import Change, Column, Kind, each
from connectors.jdbc.database import Database, Session, SqlError, Table, TableColumn, TableFilter
from connectors.jdbc.instants import to_nanos, wall_clock
from connectors.jdbc.jdbc_url import JdbcUrl

if TYPE_CHECKING:
    import oracledb

_KINDS = {
    "DB_TYPE_BOOLEAN": Kind.BOOLEAN,
    "DB_TYPE_NUMBER": Kind.NUMERIC,
    "DB_TYPE_BINARY_INTEGER": Kind.NUMERIC,
    "DB_TYPE_BINARY_FLOAT": Kind.FLOAT32,
    "DB_TYPE_BINARY_DOUBLE": Kind.FLOAT64,
    "DB_TYPE_CHAR": Kind.STRING,
    "DB_TYPE_NCHAR": Kind.STRING,
    "DB_TYPE_VARCHAR": Kind.STRING,
    "DB_TYPE_NVARCHAR": Kind.STRING,
    "DB_TYPE_LONG": Kind.STRING,
    "DB_TYPE_LONG_NVARCHAR": Kind.STRING,
    "DB_TYPE_CLOB": Kind.STRING,
    "DB_TYPE_NCLOB": Kind.STRING,
    "DB_TYPE_XMLTYPE": Kind.STRING,
    "DB_TYPE_RAW": Kind.BYTES,
    "DB_TYPE_LONG_RAW": Kind.BYTES,
    "DB_TYPE_BLOB": Kind.BYTES,
    "DB_TYPE_DATE": Kind.TIMESTAMP,
    "DB_TYPE_TIMESTAMP": Kind.TIMESTAMP,
    "DB_TYPE_TIMESTAMP_LTZ": Kind.TIMESTAMP,
    "DB_TYPE_TIMESTAMP_TZ": Kind.TIMESTAMP,
}
_ZONED = "DB_TYPE_TIMESTAMP_TZ"
_NO_SCALE = -127
_TYPES = ("TABLE", "VIEW", "SYNONYM")
_ISOLATION = {"READ_COMMITTED": "READ COMMITTED", "SERIALIZABLE": "SERIALIZABLE"}
_LASTING = frozenset((900, 903, 904, 905, 906, 907, 911, 913, 917, 918, 920, 921, 923, 933, 936, 942, 972, 979, 980))
_LASTING |= frozenset((1005, 1017, 1031, 1045, 1435, 1722, 28000, 28001, 12514, 12505, 65096))
"""Syntax, unknown names, access, an unknown service."""


class FetchInfo(Protocol):
    """How the driver describes a column."""

    name: str
    type_code: Any
    precision: int | None
    scale: int | None
    null_ok: bool | None


class OracleDatabase(Database):
    """An Oracle database, through the driver's own protocol: no client library is needed."""

    def __init__(self, url: JdbcUrl, user: str | None, password: str | None, isolation: str, zone: ZoneInfo) -> None:
        super().__init__(url)
        self._isolation = _ISOLATION.get(isolation)
        self._zone = zone
        self._options = _options(url, user, password)

    def connect(self) -> OracleSession:
        if importlib.util.find_spec("oracledb") is None:
            raise ConfigException("Oracle needs the driver oracledb: pip install 'kafka-connect-worker[oracle]'")
        import oracledb

        with _translated():
            connection = oracledb.connect(**self._options)
        return OracleSession(connection, self._isolation, self._zone)


def _options(url: JdbcUrl, user: str | None, password: str | None) -> dict[str, Any]:
    options: dict[str, Any] = {
        "user": user or url.option("user"),
        "password": password or url.option("password"),
        "tcp_connect_timeout": int(url.option("oracle.net.CONNECT_TIMEOUT") or 30000) / 1000,
    }
    wallet = url.option("oracle.net.wallet_location")
    if wallet:
        options["wallet_location"] = wallet.partition("DIRECTORY=")[2].split(")")[0] or wallet.removeprefix("file:")
    admin = url.option("oracle.net.tns_admin", "TNS_ADMIN")
    if admin:
        options["config_dir"] = admin
    if url.option("dsn"):
        return options | {"dsn": url.option("dsn")}
    options |= {"host": url.host, "port": url.port, "protocol": url.option("protocol") or "tcp"}
    return options | ({"sid": url.database} if url.option("sid") else {"service_name": url.database or None})


@contextmanager
def _translated() -> Iterator[None]:
    import oracledb

    try:
        yield
    except oracledb.Error as error:
        cause = error.args[0] if error.args else None
        code = int(getattr(cause, "code", 0) or 0)
        message = str(getattr(cause, "message", "") or error).strip().splitlines()[0]
        raise SqlError(message, lasting=code in _LASTING, code=code) from error
    except OSError as error:
        raise SqlError(str(error)) from error


class OracleSession(Session):
    """A connection to Oracle. Its time zone is ``db.timezone``, so that times with and without zone compare well."""

    def __init__(self, connection: oracledb.Connection, isolation: str | None, zone: ZoneInfo) -> None:
        self._connection = connection
        self._run(f"ALTER SESSION SET TIME_ZONE = {_literal(zone.key)}")
        if isolation is not None:
            self._run(f"ALTER SESSION SET ISOLATION_LEVEL = {isolation}")

    def _run(self, sql: str) -> None:
        with _translated(), self._connection.cursor() as cursor:
            cursor.execute(sql)

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        with _translated(), self._connection.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    def tables(self, wanted: TableFilter) -> list[Table]:
        types = [_literal(given.upper()) for given in wanted.types if given.upper() in _TYPES]
        if not types:
            return []
        owners = (
            "o.OWNER IN (SELECT USERNAME FROM ALL_USERS WHERE ORACLE_MAINTAINED = 'N')"
            if wanted.schema is None
            else f"o.OWNER LIKE {_literal(wanted.schema)} ESCAPE '/'"
        )
        rows = self._rows(
            f"SELECT o.OWNER, o.OBJECT_NAME FROM ALL_OBJECTS o WHERE {owners}"  # noqa: S608
            f" AND o.OBJECT_TYPE IN ({', '.join(types)}) AND o.OBJECT_NAME NOT LIKE 'BIN$%'"
            " ORDER BY o.OBJECT_TYPE, o.OWNER, o.OBJECT_NAME"
        )
        return [Table(None, owner, name) for owner, name in rows]

    def table_columns(self, table: Table) -> list[TableColumn]:
        owner = "SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA')" if table.schema is None else _literal(table.schema)
        name = _literal(table.name)
        base = (
            f"SELECT COALESCE(MAX(TABLE_OWNER), {owner}), COALESCE(MAX(TABLE_NAME), {name})"  # noqa: S608
            f" FROM ALL_SYNONYMS WHERE OWNER = {owner} AND SYNONYM_NAME = {name}"
        )
        rows = self._rows(
            "SELECT c.COLUMN_NAME, c.NULLABLE, c.IDENTITY_COLUMN, c.DATA_TYPE,"  # noqa: S608
            " (SELECT COUNT(*) FROM ALL_CONSTRAINTS k JOIN ALL_CONS_COLUMNS p ON p.OWNER = k.OWNER"
            " AND p.CONSTRAINT_NAME = k.CONSTRAINT_NAME WHERE k.CONSTRAINT_TYPE = 'P' AND k.OWNER = c.OWNER"
            " AND k.TABLE_NAME = c.TABLE_NAME AND p.COLUMN_NAME = c.COLUMN_NAME)"
            f" FROM ALL_TAB_COLS c WHERE (c.OWNER, c.TABLE_NAME) IN ({base}) AND c.HIDDEN_COLUMN = 'NO'"
            " ORDER BY c.COLUMN_ID"
        )
        return [
            TableColumn(name, nullable == "Y", identity == "YES", type_, bool(primary))
            for name, nullable, identity, type_, primary in rows
        ]

    def query(self, sql: str, table: Table | None = None) -> OracleResult:
        cursor = self._connection.cursor()
        with _translated():
            cursor.parse(sql)
            described: list[FetchInfo] = list(cursor.description or ())  # type: ignore[arg-type]  # read-only there
            # A Decimal for every NUMBER, and the content of large objects instead of a way to ask for it.
            cursor.execute(_in_utc(sql, described), fetch_decimals=True, fetch_lobs=False)
        return OracleResult(cursor, [to_column(info) for info in described])

    def now(self, zone: ZoneInfo) -> int:
        ((now,),) = self._rows("SELECT LOCALTIMESTAMP FROM DUAL")
        return to_nanos(now, zone)

    def timestamp_literal(self, nanos: int, zone: ZoneInfo) -> str:
        clock, rest = wall_clock(nanos, zone)
        return f"TIMESTAMP '{clock:%Y-%m-%d %H:%M:%S}.{rest:09d}'"

    def last_literal(self, nanos: int, zone: ZoneInfo) -> str:
        return self.timestamp_literal(nanos if nanos % 1000 else nanos + 999, zone)

    def cancel(self) -> None:
        self._connection.cancel()

    def finish(self) -> None:
        with _translated():
            self._connection.rollback()

    def close(self) -> None:
        with contextlib.suppress(SqlError), _translated():  # of a broken connection there's nothing left to close
            self._connection.close()


def _literal(text: str) -> str:
    escaped = text.replace("'", "''")
    return f"'{escaped}'"


def _in_utc(sql: str, described: Sequence[FetchInfo]) -> str:
    """The query with times that have a zone in UTC: the driver shows their clock and not their zone."""
    if not any(info.type_code.name == _ZONED for info in described):
        return sql
    names = ['"' + info.name.replace('"', '""') + '"' for info in described]
    columns = [
        f"CAST(SYS_EXTRACT_UTC({name}) AS TIMESTAMP(9)) AS {name}" if info.type_code.name == _ZONED else name
        for name, info in zip(names, described, strict=True)
    ]
    return f"SELECT {', '.join(columns)} FROM ({sql})"  # noqa: S608


class OracleResult:
    """A cursor."""

    def __init__(self, cursor: oracledb.Cursor, columns: Sequence[Column]) -> None:
        self.columns = columns
        self._cursor = cursor

    def fetch(self, size: int) -> list[tuple[Any, ...]]:
        with _translated():
            return list(self._cursor.fetchmany(size))

    def close(self) -> None:
        with _translated():
            self._cursor.close()


def to_column(info: FetchInfo) -> Column:
    """A column as Oracle's Java driver describes it."""
    name = info.type_code.name
    kind = _KINDS.get(name, Kind.UNSUPPORTED)
    nullable = info.null_ok is not False
    if kind is not Kind.NUMERIC:
        return Column(info.name, kind, nullable, type_name=name, read=_reader(name))
    if info.precision is None and info.scale is None:  # NUMBER without anything
        return Column(info.name, kind, nullable, 0, _NO_SCALE, name)
    precision, scale = info.precision or 0, info.scale or 0
    if precision and scale == _NO_SCALE:  # FLOAT: a number of so many binary digits
        return Column(info.name, Kind.FLOAT64, nullable, type_name=name, read=each(float))
    return Column(info.name, kind, nullable, precision, scale, name)


def _reader(type_name: str) -> Change | None:
    return each(lambda value: value.replace(tzinfo=dt.UTC)) if type_name == _ZONED else None

"""PostgreSQL."""

from __future__ import annotations

import decimal
import importlib.util
import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from connect.api import ConfigException
from connectors.jdbc.columns import Change, Column, Kind, each
from connectors.jdbc.database import Database, Session, SqlError, Table, TableColumn, TableFilter
from connectors.jdbc.instants import since_midnight, to_nanos, wall_clock
from connectors.jdbc.jdbc_url import JdbcUrl

if TYPE_CHECKING:
    import psycopg

_KINDS = {
    "bool": Kind.BOOLEAN,
    "int2": Kind.INT16,
    "int4": Kind.INT32,
    "int8": Kind.INT64,
    "oid": Kind.INT64,
    "float4": Kind.FLOAT32,
    "float8": Kind.FLOAT64,
    "money": Kind.FLOAT64,
    "numeric": Kind.NUMERIC,
    "bpchar": Kind.STRING,
    "varchar": Kind.STRING,
    "text": Kind.STRING,
    "name": Kind.STRING,
    "char": Kind.STRING,
    "uuid": Kind.STRING,
    "json": Kind.STRING,
    "jsonb": Kind.STRING,
    "xml": Kind.STRING,
    "bytea": Kind.BYTES,
    "date": Kind.DATE,
    "time": Kind.TIME,
    "timetz": Kind.TIME,
    "timestamp": Kind.TIMESTAMP,
    "timestamptz": Kind.TIMESTAMP,
}
_LOADED = (
    "bool",
    "int2",
    "int4",
    "int8",
    "oid",
    "float4",
    "float8",
    "numeric",
    "bytea",
    "date",
    "time",
    "timetz",
    "timestamp",
    "timestamptz",
)
"""Types whose values the driver makes; of all others the database's text is taken."""
_RELATION_KINDS = {"TABLE": "rp", "VIEW": "v", "MATERIALIZED VIEW": "m", "FOREIGN TABLE": "f"}
_LASTING_CLASSES = ("42", "28", "3D", "3F", "0A")
_TLS_OPTIONS = {"sslmode": "sslmode", "sslrootcert": "sslrootcert", "sslcert": "sslcert", "sslkey": "sslkey"}
_ISOLATION = {"READ_UNCOMMITTED": 1, "READ_COMMITTED": 2, "REPEATABLE_READ": 3, "SERIALIZABLE": 4}


class PostgreSqlDatabase(Database):
    """A PostgreSQL database."""

    def __init__(self, url: JdbcUrl, user: str | None, password: str | None, isolation: str) -> None:
        super().__init__(url)
        self._isolation = _ISOLATION.get(isolation)
        self._options = _options(url, user, password)

    def connect(self) -> PostgreSqlSession:
        if importlib.util.find_spec("psycopg") is None:
            raise ConfigException("PostgreSQL needs the driver psycopg: pip install 'kafka-connect-worker[postgresql]'")
        import psycopg

        with _translated():
            connection = psycopg.connect(**self._options)
        return PostgreSqlSession(connection, self._isolation)


def _options(url: JdbcUrl, user: str | None, password: str | None) -> dict[str, Any]:
    user = user or url.option("user")
    settings = "-c TimeZone=UTC"
    if url.option("currentSchema"):
        settings += f" -c search_path={url.option('currentSchema')}"
    options = {
        "host": url.host,
        "port": url.port,
        "user": user,
        "password": password or url.option("password"),
        "dbname": url.database or user,
        "options": " ".join(filter(None, (settings, url.option("options")))),
        "application_name": url.option("ApplicationName"),
        "connect_timeout": int(url.option("connectTimeout") or 10),
    }
    options |= {name: url.option(key) for key, name in _TLS_OPTIONS.items()}
    if options["sslmode"] is None and (url.option("ssl") or "").lower() in ("true", ""):
        options["sslmode"] = "verify-full" if url.option("ssl") is not None else None
    return {name: value for name, value in options.items() if value is not None}


@contextmanager
def _translated() -> Iterator[None]:
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        state = error.sqlstate or ""
        message = error.diag.message_primary or str(error).strip()
        raise SqlError(message, lasting=state[:2] in _LASTING_CLASSES, state=state) from error


class PostgreSqlSession(Session):
    """A connection to PostgreSQL, which reads in transactions with server-side cursors."""

    def __init__(self, connection: psycopg.Connection[Any], isolation: int | None) -> None:
        from psycopg import IsolationLevel

        self._connection = connection
        self._numbers = itertools.count(1)
        self._types: dict[int, tuple[str, str]] = {}
        if isolation is not None:
            connection.isolation_level = IsolationLevel(isolation)
        connection.read_only = False
        self._use_texts()

    def _use_texts(self) -> None:
        """Have all types whose values Connect doesn't know come as text."""
        from psycopg.adapt import Loader
        from psycopg.types.string import TextLoader

        text: type[Loader] = TextLoader
        for info in self._connection.adapters.types:
            if info.name not in _LOADED:
                self._connection.adapters.register_loader(info.oid, text)
                self._connection.adapters.register_loader(info.array_oid or 0, text)
            elif info.array_oid:
                self._connection.adapters.register_loader(info.array_oid, text)

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        with _translated():
            return list(self._connection.execute(sql.encode()).fetchall())

    def tables(self, wanted: TableFilter) -> list[Table]:
        kinds = "".join(_RELATION_KINDS.get(given.upper(), "") for given in wanted.types)
        if not kinds:
            return []
        schema = f" AND n.nspname LIKE {_literal(wanted.schema)}" if wanted.schema is not None else ""
        rows = self._rows(
            "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c"  # noqa: S608
            " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
            f" WHERE c.relkind IN ({', '.join(map(_literal, kinds))}) AND n.nspname NOT IN ('pg_catalog',"
            f" 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'{schema} ORDER BY c.relkind, 1, 2"
        )
        self._connection.rollback()
        return [Table(None, namespace, name) for namespace, name in rows]

    def table_columns(self, table: Table) -> list[TableColumn]:
        schema = "current_schema()" if table.schema is None else _literal(table.schema)
        rows = self._rows(
            "SELECT a.attname, a.attnotnull, a.attidentity <> '' OR"  # noqa: S608
            " coalesce(pg_get_expr(d.adbin, d.adrelid) LIKE '%nextval(%', false), t.typname,"
            " EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND a.attnum = ANY (i.indkey))"
            " FROM pg_attribute a"
            " JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
            " JOIN pg_type t ON t.oid = a.atttypid"
            " LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
            f" WHERE n.nspname = {schema} AND c.relname = {_literal(table.name)}"
            " AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"
        )
        self._connection.rollback()
        return [TableColumn(name, not required, *more) for name, required, *more in rows]

    def query(self, sql: str, table: Table | None = None) -> PostgreSqlResult:
        with _translated():
            cursor = self._connection.cursor(name=f"connect_{next(self._numbers)}")
            cursor.execute(sql.encode())
            result = cursor.pgresult
            assert result is not None
            origins = [(result.ftable(index), result.ftablecol(index)) for index in range(result.nfields)]
        description = cursor.description or []
        self._learn_types({column.type_code for column in description})
        required = self._required(origins)
        columns = [
            self._column(column.name, column.type_code, result.fmod(index), origins[index] not in required)
            for index, column in enumerate(description)
        ]
        return PostgreSqlResult(cursor, columns)

    def _learn_types(self, oids: set[int]) -> None:
        unknown = sorted(oids - self._types.keys())
        if unknown:
            rows = self._rows(
                f"SELECT oid, typname, typtype::text FROM pg_type WHERE oid IN ({', '.join(map(str, unknown))})"  # noqa: S608
            )
            self._types |= {oid: (name, kind) for oid, name, kind in rows}

    def _required(self, origins: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
        """The columns of tables that can't be null."""
        tables = sorted({table for table, _ in origins if table})
        if not tables:
            return set()
        relations = ", ".join(map(str, tables))
        rows = self._rows(
            f"SELECT attrelid, attnum FROM pg_attribute WHERE attnotnull AND attrelid IN ({relations})"  # noqa: S608
        )
        return {(table, number) for table, number in rows}

    def _column(self, name: str, oid: int, modifier: int, nullable: bool) -> Column:
        type_name, category = self._types.get(oid, ("unknown", ""))
        kind, read, shape = _kind(type_name, category, modifier)
        return Column(name, kind, nullable, type_name=type_name, read=read, **shape)

    def now(self, zone: ZoneInfo) -> int:
        ((now,),) = self._rows("SELECT CURRENT_TIMESTAMP")
        self._connection.rollback()
        return to_nanos(now, zone)

    def timestamp_literal(self, nanos: int, zone: ZoneInfo) -> str:
        clock, rest = wall_clock(nanos, zone)
        # A column without zone takes the clock, one with zone the instant.
        return f"'{clock:%Y-%m-%d %H:%M:%S}.{rest // 1000:06d}{clock:%z}'"

    def cancel(self) -> None:
        self._connection.cancel()

    def finish(self) -> None:
        with _translated():
            self._connection.rollback()

    def close(self) -> None:
        self._connection.close()


def _literal(text: str) -> str:
    escaped = text.replace("'", "''")
    return f"'{escaped}'"


class PostgreSqlResult:
    """A server-side cursor."""

    def __init__(self, cursor: Any, columns: Sequence[Column]) -> None:
        self.columns = columns
        self._cursor = cursor

    def fetch(self, size: int) -> list[tuple[Any, ...]]:
        with _translated():
            return list(self._cursor.fetchmany(size))

    def close(self) -> None:
        with _translated():
            self._cursor.close()


def _kind(type_name: str, category: str, modifier: int) -> tuple[Kind, Change | None, Mapping[str, Any]]:
    if category == "e":
        return Kind.STRING, None, {}
    if type_name == "bit":
        return _bits(modifier)
    kind = _KINDS.get(type_name, Kind.UNSUPPORTED)
    if kind is Kind.NUMERIC and modifier >= 4:
        return kind, None, {"precision": (modifier - 4) >> 16, "scale": _scale(modifier - 4)}
    if type_name == "money":
        return kind, each(_money), {}
    if kind is Kind.TIME:
        return kind, each(since_midnight), {}
    return kind, None, {}


def _scale(modifier: int) -> int:
    scale = modifier & 0x7FF
    return (modifier & 0xFFFF) if scale == modifier & 0xFFFF else 65536 + scale - 0x800


def _bits(length: int) -> tuple[Kind, Change | None, Mapping[str, Any]]:
    if length == 1:
        return Kind.BOOLEAN, each(lambda bits: bits == "1"), {}
    if length <= 8:
        return Kind.INT8, each(lambda bits: (int(bits, 2) + 128) % 256 - 128), {}
    return Kind.BYTES, each(lambda bits: int(bits, 2).to_bytes((len(bits) + 7) // 8, "big")), {}


def _money(text: str) -> float:
    negative = text.startswith(("-", "("))
    digits = "".join(char for char in text if char.isdigit() or char == ".")
    return float(-decimal.Decimal(digits) if negative else decimal.Decimal(digits))

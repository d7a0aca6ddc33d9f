"""Any other database, through a dialect of SQLAlchemy's: Java's generic dialect."""

from __future__ import annotations

import importlib.util
import itertools
import logging
import re
import socket
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from connect.api import ConfigException
from connectors.jdbc.columns import Column
from connectors.jdbc.database import Database, Session, SqlError, Table, TableColumn, TableFilter
from connectors.jdbc.generic_urls import dialect_of, no_driver, sqlalchemy_url
from connectors.jdbc.instants import to_nanos, wall_clock
from connectors.jdbc.jdbc_url import JdbcUrl

if TYPE_CHECKING:
    from sqlalchemy import Connection, CursorResult, Engine, Inspector

log = logging.getLogger(__name__)

_CATALOGS = frozenset(("mysql", "mariadb", "clickhousedb", "singlestoredb", "hive", "impala"))
"""Dialects whose schemas are what JDBC calls catalogs."""
_DOTTED = frozenset(("duckdb", "mssql", "snowflake"))
"""Dialects that name a schema together with its database."""
_WITHOUT_SCHEMAS = frozenset(("sqlite",))
_SYSTEM = re.compile(
    r"(.*\.)?(information_schema|pg_catalog|pg_toast|pg_internal|mysql|performance_schema|sys|system|_?sys.*|v_.*|"
    r"null ?id|sqlj|qsys.*)",
    re.IGNORECASE,
)
_LASTING_CLASSES = ("42", "28", "3D", "3F", "0A")
_SQLITE_ERROR = 1
_STATE = re.compile(r"[0-9A-Z]{5}")
_FETCHED = 1000
"""How many rows a driver reads ahead that has server-side cursors; those that are asked for are at most as many."""


class GenericDatabase(Database):
    """A database that SQLAlchemy has a dialect for."""

    def __init__(self, url: JdbcUrl, user: str | None, password: str | None, isolation: str) -> None:
        super().__init__(url)
        self._engine = _engine(url, user, password, isolation)
        preparer = self._engine.dialect.identifier_preparer
        self.quote = (preparer.initial_quote, preparer.final_quote)

    def connect(self) -> GenericSession:
        with _translated():
            return GenericSession(self._engine.connect())

    def table(self, parts: Sequence[str]) -> Table:
        if len(parts) == 2 and self._engine.dialect.name in _CATALOGS:
            return Table(parts[0], None, parts[1])
        return super().table(parts)


def _engine(url: JdbcUrl, user: str | None, password: str | None, isolation: str) -> Engine:
    """Raises ConfigException when SQLAlchemy, its dialect or the driver isn't installed, or a property isn't known."""
    if importlib.util.find_spec("sqlalchemy") is None:
        raise no_driver(url, "it needs SQLAlchemy: pip install 'kafka-connect-worker[sqlalchemy]'")
    from sqlalchemy import create_engine
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError
    from sqlalchemy.pool import NullPool

    dialect = dialect_of(url)
    options = {} if isolation == "DEFAULT" else {"isolation_level": isolation.replace("_", " ")}
    try:
        return create_engine(sqlalchemy_url(url, user, password), poolclass=NullPool, **options)
    except (NoSuchModuleError, ImportError) as error:
        known = f": pip install {dialect.package}" if dialect.package else f" ({error})"
        raise no_driver(url, f"it needs SQLAlchemy's dialect {dialect.name}{known}") from error
    except ArgumentError as error:
        raise ConfigException(f"jdbc:{url.subprotocol}: {error}") from error


@contextmanager
def _translated() -> Iterator[None]:
    from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Did not recognize type")  # a type without counterpart; we say so as well
            yield
    except DBAPIError as error:
        raise _sql_error(error, error.orig) from error
    except (ArgumentError, TypeError) as error:  # a property, or an isolation level, that the driver doesn't know
        raise ConfigException(str(error)) from error
    except (SQLAlchemyError, OSError) as error:
        raise SqlError(str(error), lasting=not isinstance(error, OSError)) from error


def _sql_error(error: Any, original: BaseException | None) -> SqlError:
    from sqlalchemy.exc import NotSupportedError, ProgrammingError

    arguments = getattr(original, "args", ())
    code = arguments[0] if arguments and isinstance(arguments[0], int) else 0
    states = [getattr(original, name, None) for name in ("sqlstate", "pgcode")]
    state = next((text for text in states if isinstance(text, str) and _STATE.fullmatch(text)), "")
    lasting = isinstance(error, ProgrammingError | NotSupportedError) or state[:2] in _LASTING_CLASSES
    lasting |= getattr(original, "sqlite_errorcode", None) == _SQLITE_ERROR
    return SqlError(str(original).strip() or type(original).__name__, lasting=lasting, state=state, code=code)


class GenericSession(Session):
    """A connection of SQLAlchemy's."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._dialect = connection.dialect

    @contextmanager
    def _inspector(self) -> Iterator[Inspector]:
        """What looks into the catalogue; the transaction that it begins is left."""
        from sqlalchemy import inspect

        with _translated():
            inspector = inspect(self._connection)
            try:
                yield inspector
            finally:
                self._connection.rollback()

    def tables(self, wanted: TableFilter) -> list[Table]:
        types = {given.upper() for given in wanted.types}
        with self._inspector() as inspector:
            found: list[Table] = []
            for schema in self._schemas(inspector, wanted):
                names = inspector.get_table_names(schema) if "TABLE" in types else []
                names += inspector.get_view_names(schema) if "VIEW" in types else []
                found += [self._table(schema, name) for name in sorted(names)]
        return found

    def _schemas(self, inspector: Inspector, wanted: TableFilter) -> list[str | None]:
        """The schemas whose tables are seen; None: there are no schemas."""
        if self._dialect.name in _WITHOUT_SCHEMAS:
            return [None]
        catalogs = self._dialect.name in _CATALOGS
        pattern = wanted.catalog if catalogs else wanted.schema
        found: list[str | None] = []
        for name in sorted(inspector.get_schema_names()):
            catalog, _, schema = name.rpartition(".") if self._dialect.name in _DOTTED else ("", "", name)
            if pattern is None and _SYSTEM.fullmatch(name):
                continue
            if pattern is not None and not _like(schema, pattern):
                continue
            if catalog and wanted.catalog and not catalogs and catalog.strip('"') != wanted.catalog:
                continue
            found.append(name)
        return found

    def _table(self, schema: str | None, name: str) -> Table:
        if schema is None or self._dialect.name in _CATALOGS:
            return Table(schema, None, name)
        if self._dialect.name in _DOTTED and "." in schema:
            catalog, _, schema = schema.partition(".")
            return Table(catalog.strip('"'), schema.strip('"'), name)
        return Table(None, schema, name)

    def table_columns(self, table: Table) -> list[TableColumn]:
        from sqlalchemy.exc import NoSuchTableError

        with self._inspector() as inspector:
            try:
                columns = inspector.get_columns(table.name, _schema(table))
            except NoSuchTableError:
                return []
        keys = self._keys(table)
        return [
            TableColumn(
                column["name"],
                bool(column["nullable"]),
                column.get("autoincrement") is True or bool(column.get("identity")),
                str(column["type"]) if type(column["type"]).__name__ != "NullType" else "",
                column["name"] in keys,
            )
            for column in columns
        ]

    def _keys(self, table: Table) -> list[str]:
        """The columns of the primary key; none where the dialect can't tell."""
        try:
            with self._inspector() as inspector:
                return list(inspector.get_pk_constraint(table.name, _schema(table))["constrained_columns"])
        except SqlError as error:
            log.warning("Table %s: the primary key can't be found: %s", table, error)
            return []

    def query(self, sql: str, table: Table | None = None) -> GenericResult:
        # The text as it is: without parameters, no driver looks for their marks in it.
        options = {"stream_results": True, "yield_per": _FETCHED, "no_parameters": True}
        described = self._reflected(table) if table is not None else {}
        with _translated():
            return GenericResult(self._connection.exec_driver_sql(sql, execution_options=options), described)

    def _reflected(self, table: Table) -> dict[str, Column]:
        from sqlalchemy.exc import NoSuchTableError

        from connectors.jdbc.generic_types import reflected_column

        with self._inspector() as inspector:
            try:
                columns = inspector.get_columns(table.name, _schema(table))
            except NoSuchTableError:
                return {}  # the query will tell
        return {
            column["name"]: reflected_column(column["name"], column["type"], bool(column["nullable"]))
            for column in columns
        }

    def now(self, zone: ZoneInfo) -> int:
        from sqlalchemy import func, select

        from connectors.jdbc.generic_types import timestamp

        with _translated():
            now = self._connection.execute(select(func.current_timestamp())).scalar_one()
            self._connection.rollback()
        return to_nanos(timestamp(now), zone)

    def timestamp_literal(self, nanos: int, zone: ZoneInfo) -> str:
        from sqlalchemy import DateTime, literal

        clock, rest = wall_clock(nanos, zone)
        value = literal(clock.replace(tzinfo=None, microsecond=rest // 1000), DateTime())
        return str(value.compile(dialect=self._dialect, compile_kwargs={"literal_binds": True}))

    def instant(self, value: Any, zone: ZoneInfo) -> int | None:
        from connectors.jdbc.generic_types import timestamp

        return None if value is None else to_nanos(timestamp(value), zone)

    def cancel(self) -> None:
        connection: Any = self._connection.connection.driver_connection
        end = getattr(connection, "cancel", None) or getattr(connection, "interrupt", None)
        channel = getattr(connection, "_sock", None)
        if end is not None:
            end()
        elif isinstance(channel, socket.socket):
            channel.shutdown(socket.SHUT_RDWR)
        else:
            connection.close()

    def finish(self) -> None:
        with _translated():
            self._connection.rollback()

    def close(self) -> None:
        try:
            with _translated():
                self._connection.invalidate()  # not to be asked for anything any more, whatever its state
                self._connection.close()
        except SqlError as error:
            log.debug("The connection wasn't closed in order: %s", error)


def _schema(table: Table) -> str | None:
    return ".".join(table.parts[:-1]) or None


def _like(name: str, pattern: str) -> bool:
    parts = ["." if char == "_" else ".*" if char == "%" else re.escape(char) for char in pattern]
    return re.fullmatch("".join(parts), name) is not None


class GenericResult:
    """A result, read by a server-side cursor where the driver has them."""

    def __init__(self, result: CursorResult[Any], described: dict[str, Column]) -> None:
        from connectors.jdbc.generic_types import described_column

        self._result = result
        self._ahead: list[tuple[Any, ...]] = []
        description = result.cursor.description if result.cursor is not None else ()
        self.columns: Sequence[Column] = []
        if all(column[0] in described for column in description):
            self.columns = [described[column[0]] for column in description]
            return
        self._ahead = self._fetch(_FETCHED)
        samples = [_first(row[index] for row in self._ahead) for index in range(len(description))]
        self.columns = [
            described.get(column[0]) or described_column(column, sample)
            for column, sample in zip(description, samples, strict=True)
        ]

    def fetch(self, size: int) -> list[tuple[Any, ...]]:
        ahead, self._ahead = self._ahead[:size], self._ahead[size:]
        if len(ahead) == size:
            return ahead
        with _translated():
            return ahead + self._fetch(size - len(ahead))

    def _fetch(self, size: int) -> list[tuple[Any, ...]]:
        return list(map(tuple, self._result.fetchmany(size)))

    def close(self) -> None:
        with _translated():
            self._result.close()


def _first(values: Iterator[Any]) -> Any:
    return next(itertools.filterfalse(lambda value: value is None, values), None)

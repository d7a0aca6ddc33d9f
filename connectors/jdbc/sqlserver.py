"""SQL Server."""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib.util
import re
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from zoneinfo import ZoneInfo

from connect.api import ConfigException
from connectors.jdbc.columns import Change, Column, Kind, each
from connectors.jdbc.database import Database, Session, SqlError, Table, TableColumn, TableFilter
from connectors.jdbc.instants import since_midnight, to_nanos, wall_clock
from connectors.jdbc.jdbc_url import JdbcUrl

_KINDS = {
    "bit": Kind.INT8,
    "tinyint": Kind.INT16,
    "smallint": Kind.INT16,
    "int": Kind.INT32,
    "bigint": Kind.INT64,
    "real": Kind.FLOAT32,
    "float": Kind.FLOAT64,
    "decimal": Kind.DECIMAL,
    "money": Kind.DECIMAL,
    "smallmoney": Kind.DECIMAL,
    "numeric": Kind.NUMERIC,
    "char": Kind.STRING,
    "varchar": Kind.STRING,
    "text": Kind.STRING,
    "nchar": Kind.STRING,
    "nvarchar": Kind.STRING,
    "ntext": Kind.STRING,
    "sysname": Kind.STRING,
    "xml": Kind.STRING,
    "uniqueidentifier": Kind.STRING,
    "binary": Kind.BYTES,
    "varbinary": Kind.BYTES,
    "image": Kind.BYTES,
    "timestamp": Kind.BYTES,
    "rowversion": Kind.BYTES,
    "hierarchyid": Kind.BYTES,
    "date": Kind.DATE,
    "time": Kind.TIME,
    "datetime": Kind.TIMESTAMP,
    "datetime2": Kind.TIMESTAMP,
    "smalldatetime": Kind.TIMESTAMP,
    "datetimeoffset": Kind.TIMESTAMP,
}
_BASE_NAME = re.compile(r"[a-z0-9_]+")
_TYPES = {"TABLE": "'U '", "VIEW": "'V '", "SYNONYM": "'SN'", "SYSTEM TABLE": "'S '"}
_ISOLATION = {
    "READ_UNCOMMITTED": "READ UNCOMMITTED",
    "READ_COMMITTED": "READ COMMITTED",
    "REPEATABLE_READ": "REPEATABLE READ",
    "SERIALIZABLE": "SERIALIZABLE",
    "SQL_SERVER_SNAPSHOT": "SNAPSHOT",
}
_LASTING = frozenset((102, 105, 107, 156, 170, 195, 207, 208, 209, 229, 230, 262, 297, 319, 911, 916, 2812))
_LASTING |= frozenset((3952, 4060, 4104, 8120, 8127, 8155, 8156, 18452, 18456, 18470, 18486, 18487, 18488))
"""Syntax, unknown names, access, an isolation level that isn't allowed."""
_FINEST_NANOS = 100
_UNENCRYPTED = ("false", "no", "optional")
_REFUSED = ("integratedSecurity", "authentication", "authenticationScheme")
_tls_lock = threading.Lock()


class SqlServerDatabase(Database):
    """A SQL Server database."""

    quote = ("[", "]")

    def __init__(self, url: JdbcUrl, user: str | None, password: str | None, isolation: str) -> None:
        super().__init__(url)
        for name in _REFUSED:
            if (url.option(name) or "false").lower() not in ("false", "sqlpassword", "notspecified"):
                raise ConfigException(f"{name}={url.option(name)} isn't supported: give a user and a password")
        self._isolation = _ISOLATION.get(isolation)
        self._options = _options(url, user, password)

    def connect(self) -> SqlServerSession:
        if importlib.util.find_spec("pytds") is None:
            raise ConfigException("SQL Server needs the driver pytds: pip install 'kafka-connect-worker[sqlserver]'")
        import pytds

        url, timeout = self.url, self._options["login_timeout"]
        with _translated():
            # Our own socket: shutting it down is what ends a running query from another thread.
            channel = socket.create_connection((url.host, self._port(timeout)), timeout)
            try:
                with _trusting(self._options["validate_host"]):
                    connection = pytds.connect(dsn=url.host, sock=channel, disable_connect_retry=True, **self._options)
            except BaseException:
                channel.close()
                raise
        return SqlServerSession(connection, channel, self._isolation)

    def _port(self, timeout: float) -> int:
        if self.url.port:
            return self.url.port
        from pytds.instance_browser_client import resolve_instance_port

        port: int = resolve_instance_port(self.url.host, None, self.url.option("instance") or "", timeout)
        return port


def _options(url: JdbcUrl, user: str | None, password: str | None) -> dict[str, Any]:
    user, password = user or url.option("user", "userName"), password or url.option("password")
    given: dict[str, Any] = {"user": user, "password": password}
    token = url.option("accessToken") or (password if user is None else None)
    if token:  # a password without a user is a token, as Java's connector has it
        given = {"access_token_callable": lambda: token}
    encrypt = (url.option("encrypt", "ssl") or ("false" if url.subprotocol == "jtds" else "true")).lower()
    verify = encrypt not in _UNENCRYPTED and (url.option("trustServerCertificate") or "false").lower() != "true"
    socket_timeout = int(url.option("socketTimeout") or 0)
    return given | {
        "database": url.database or None,
        "login_timeout": float(url.option("loginTimeout") or 30),
        "timeout": socket_timeout / 1000 or None,
        "appname": url.option("applicationName") or "kafka-connect",
        "readonly": (url.option("applicationIntent") or "").lower() == "readonly",
        "cafile": url.option("serverCertificate") or _authorities(),
        "validate_host": verify,
        "enc_login_only": encrypt in _UNENCRYPTED,
        "autocommit": True,
    }


def _authorities() -> str:
    """The system's file of trusted certificates. Raises ConfigException when there is none."""
    paths = ssl.get_default_verify_paths()
    if paths.cafile is not None:
        return paths.cafile
    if importlib.util.find_spec("certifi") is not None:
        import certifi

        return certifi.where()
    raise ConfigException("This system has no file of trusted certificates: name one by connection.serverCertificate")


@contextmanager
def _trusting(verify: bool) -> Iterator[None]:
    """Where certificates aren't to be checked: the driver always does, so while it connects it gets another context."""
    if verify or importlib.util.find_spec("OpenSSL") is None:
        yield
        return
    import pytds.tls
    from OpenSSL import SSL

    def unverified(_cafile: str) -> SSL.Context:
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.set_verify(SSL.VERIFY_NONE)
        return context

    with _tls_lock:
        checked, pytds.tls.create_context = pytds.tls.create_context, unverified
        try:
            yield
        finally:
            pytds.tls.create_context = checked


@contextmanager
def _translated() -> Iterator[None]:
    import pytds.tds_base

    try:
        yield
    except (pytds.tds_base.Error, OSError, ValueError) as error:
        code = int(getattr(error, "msg_no", 0) or 0)
        raise SqlError(str(error) or type(error).__name__, lasting=code in _LASTING, code=code) from error


class SqlServerSession(Session):
    """A connection to SQL Server; it commits by itself."""

    def __init__(self, connection: Any, channel: socket.socket, isolation: str | None) -> None:
        self._connection = connection
        self._channel = channel
        if isolation is not None:
            self._execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}").close()

    def _execute(self, sql: str) -> Any:
        with _translated():
            cursor = self._connection.cursor()
            cursor.execute(sql)
            return cursor

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        cursor = self._execute(sql)
        with _translated():
            return list(map(tuple, cursor.fetchall()))

    def tables(self, wanted: TableFilter) -> list[Table]:
        types = [_TYPES[given.upper()] for given in wanted.types if given.upper() in _TYPES]
        if not types:
            return []
        source = f"{_quoted(wanted.catalog)}.sys" if wanted.catalog else "sys"
        schema = f" AND s.name LIKE {_literal(wanted.schema)}" if wanted.schema is not None else ""
        rows = self._rows(
            f"SELECT {_literal(wanted.catalog) if wanted.catalog else 'DB_NAME()'}, s.name, o.name"  # noqa: S608
            f" FROM {source}.objects o JOIN {source}.schemas s ON s.schema_id = o.schema_id"
            f" WHERE o.type IN ({', '.join(types)}) AND o.is_ms_shipped = 0{schema} ORDER BY o.type, s.name, o.name"
        )
        return [Table(*row) for row in rows]

    def table_columns(self, table: Table) -> list[TableColumn]:
        source = f"{_quoted(table.catalog)}.sys" if table.catalog else "sys"
        name = ".".join(map(_quoted, (*filter(None, (table.catalog,)), table.schema or "dbo", table.name)))
        identity = f"OBJECT_ID({_literal(name)})"
        base = f"(SELECT base_object_name FROM {source}.synonyms WHERE object_id = {identity})"  # noqa: S608
        rows = self._rows(
            "SELECT c.name, c.is_nullable, c.is_identity, t.name, CASE WHEN EXISTS (SELECT 1"  # noqa: S608
            f" FROM {source}.index_columns k JOIN {source}.indexes i ON i.object_id = k.object_id"
            " AND i.index_id = k.index_id WHERE i.is_primary_key = 1 AND k.object_id = c.object_id"
            " AND k.column_id = c.column_id) THEN 1 ELSE 0 END"
            f" FROM {source}.columns c JOIN {source}.types t ON t.user_type_id = c.system_type_id"
            f" WHERE c.object_id = OBJECT_ID(COALESCE({base}, {_literal(name)})) ORDER BY c.column_id"
        )
        return [
            TableColumn(name, bool(nullable), bool(numbered), type_, bool(primary))
            for name, nullable, numbered, type_, primary in rows
        ]

    def query(self, sql: str, table: Table | None = None) -> SqlServerResult:
        columns = self._described(sql)
        return SqlServerResult(self._execute(sql), columns)

    def _described(self, sql: str) -> list[Column]:
        """The server's own description: the driver's tells neither all types nor what may be null."""
        rows = self._rows(
            "SELECT name, is_nullable, COALESCE(user_type_name, system_type_name), system_type_name, precision, scale,"  # noqa: S608
            f" error_message, error_number FROM sys.dm_exec_describe_first_result_set({_literal(sql)}, NULL, 0)"
            " WHERE is_hidden = 0 ORDER BY column_ordinal"
        )
        for *_, message, number in rows:
            if number is not None:
                raise SqlError(str(message), lasting=int(number) in _LASTING, code=int(number))
        return [
            to_column(name or "", bool(nullable), system or user or "", precision or 0, scale or 0)
            for name, nullable, user, system, precision, scale, _, _ in rows
        ]

    def now(self, zone: ZoneInfo) -> int:
        ((now,),) = self._rows("SELECT CURRENT_TIMESTAMP")
        return to_nanos(now, zone)

    def timestamp_literal(self, nanos: int, zone: ZoneInfo) -> str:
        clock, rest = wall_clock(nanos, zone)
        return f"CAST('{clock:%Y-%m-%dT%H:%M:%S}.{rest // _FINEST_NANOS:07d}' AS datetime2(7))"

    def last_literal(self, nanos: int, zone: ZoneInfo) -> str:
        return self.timestamp_literal(nanos if nanos % 1000 else nanos + 1000 - _FINEST_NANOS, zone)

    def cancel(self) -> None:
        self._channel.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        # Whatever the connection's state, it's not to say goodbye: that would first read the rest of a result.
        with contextlib.suppress(OSError):
            self._channel.shutdown(socket.SHUT_RDWR)
        self._channel.close()


def _literal(text: str) -> str:
    escaped = text.replace("'", "''")
    return f"N'{escaped}'"


def _quoted(name: str | None) -> str:
    escaped = (name or "").replace("]", "]]")
    return f"[{escaped}]"


class SqlServerResult:
    """A result that the server sends as it's read."""

    def __init__(self, cursor: Any, columns: Sequence[Column]) -> None:
        self.columns = columns
        self._cursor = cursor

    def fetch(self, size: int) -> list[tuple[Any, ...]]:
        with _translated():
            rows: list[tuple[Any, ...]] = self._cursor.fetchmany(size)
        return rows

    def close(self) -> None:
        with _translated():
            self._cursor.cancel()


def to_column(name: str, nullable: bool, type_name: str, precision: int, scale: int) -> Column:
    """A column from the server's description of it; ``type_name`` may have its size in brackets."""
    found = _BASE_NAME.match(type_name)
    base = found[0] if found else ""
    kind = _KINDS.get(base, Kind.UNSUPPORTED)
    shape: Mapping[str, int] = {}
    if kind in (Kind.DECIMAL, Kind.NUMERIC):
        shape = {"precision": precision, "scale": scale}
    return Column(name, kind, nullable, type_name=type_name, read=_reader(base), **shape)


def _reader(base: str) -> Change | None:
    match base:
        case "bit":
            return each(int)
        case "uniqueidentifier":
            return each(lambda value: str(value).upper())
        case "time":
            return each(since_midnight)
        case "date":
            return each(lambda value: value.date() if isinstance(value, dt.datetime) else value)
    return None

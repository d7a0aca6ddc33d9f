"""JDBC URLs, read into what Python's drivers need."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from connect.api import ConfigException

MYSQL, POSTGRESQL, SQLITE, SQLSERVER, ORACLE = "mysql", "postgresql", "sqlite", "sqlserver", "oracle"
GENERIC = "generic"
"""The dialect of a database that is reached through SQLAlchemy."""

_PORTS = {MYSQL: 3306, POSTGRESQL: 5432, SQLSERVER: 1433, ORACLE: 1521}
_DIALECT_NAMES = {
    "mysqldatabasedialect": MYSQL,
    "postgresqldatabasedialect": POSTGRESQL,
    "sqlitedatabasedialect": SQLITE,
    "sqlserverdatabasedialect": SQLSERVER,
    "oracledatabasedialect": ORACLE,
}


@dataclass(frozen=True, slots=True)
class JdbcUrl:
    """Where a database is. ``properties`` are the URL's own and those of ``connection.*``, as text.

    ``subprotocol`` is what stands behind ``jdbc:``: it tells MariaDB's Java driver from MySQL's, which read some types
    differently. ``database`` is a path for SQLite and a service name or SID for Oracle.
    """

    dialect: str
    subprotocol: str
    host: str = ""
    port: int = 0
    database: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)
    given: str = ""
    """What was given, without passwords; only of a generic one."""

    def option(self, *names: str) -> str | None:
        """The first of these properties that is given, whatever its case."""
        given = {name.lower(): value for name, value in self.properties.items()}
        return next((given[name.lower()] for name in names if name.lower() in given), None)

    @property
    def is_mariadb(self) -> bool:
        """Whether types are to be read as MariaDB's Java driver does."""
        return self.subprotocol == "mariadb"


def parse_jdbc_url(text: str, properties: Mapping[str, str] | None = None, dialect_name: str = "") -> JdbcUrl:
    """Read a JDBC URL; ``properties`` come on top of the URL's own. Raises ConfigException for one of no known kind."""
    more = dict(properties or {})
    kind, _, rest = text.removeprefix("jdbc:").partition(":")
    if not text.startswith("jdbc:") or not (rest or kind == "duckdb"):
        raise _no_driver(text)
    match kind:
        case "mysql" | "mariadb":
            # jdbc:mysql:loadbalance://, :replication://, :sequential:// : the first host is the one to read from
            return _authority(MYSQL, kind, rest[rest.find("//") :], more)
        case "postgresql":
            return _authority(POSTGRESQL, kind, rest if rest.startswith("//") else f"//localhost/{rest}", more)
        case "sqlite":
            path, _, query = rest.partition("?")
            return JdbcUrl(SQLITE, kind, database=path or ":memory:", properties=_query(query) | more)
        case "sqlserver":
            return _sqlserver(rest, more)
        case "microsoft" | "jtds" if rest.startswith("sqlserver:"):
            return _sqlserver(rest.removeprefix("sqlserver:"), more, kind)
        case "oracle":
            return _oracle(text, rest, more)
    dialect = _DIALECT_NAMES.get(dialect_name.lower())
    if dialect is not None and "//" in rest:
        return _authority(dialect, kind, rest[rest.find("//") :], more)
    return _generic(text, kind, rest, more)


_ADDRESS = re.compile(
    r"(?:[a-z]+:)?(?://)?(?:[^/@?;]*@)?(?P<host>\[[^\]]*\]|[^:/?;,]*)(?::(?P<port>\d+))?(?:,[^/?;]*)?"
    r"(?:/(?P<database>[^?;:]*))?(?P<settings>(?:[?;]|:(?=\w+=)).*)?"
)


def _generic(text: str, kind: str, rest: str, more: Mapping[str, str]) -> JdbcUrl:
    """``//host:port/database`` with ``?k=v&k=v``, ``;k=v;k=v`` or ``:k=v;`` behind it; a file's path for DuckDB."""
    if kind == "duckdb":
        path, _, query = rest.partition("?")
        return JdbcUrl(GENERIC, kind, database=path, properties=_query(query) | dict(more), given=without_secrets(text))
    found = _ADDRESS.fullmatch(rest)
    if found is None:
        raise _no_driver(text)
    properties = _query((found["settings"] or "")[1:].strip(";").replace(";", "&")) | dict(more)
    host = (found["host"] or "localhost").strip("[]")
    port, database = int(found["port"] or 0), unquote(found["database"] or "")
    return JdbcUrl(GENERIC, kind, host, port, database, properties, without_secrets(text))


def _no_driver(text: str) -> ConfigException:
    return ConfigException(f"No suitable driver found for {without_secrets(text)}")


def without_secrets(text: str) -> str:
    """The URL as it may be shown: without passwords."""
    hidden = re.sub(r"(?i)((?:password|accessToken)=)(?:\{(?:[^}]|\}\})*\}|[^&;]*)", r"\1[hidden]", text)
    return re.sub(r"(jdbc:oracle:[a-z]+:[^/@]*/)[^@]*@", r"\1[hidden]@", hidden)


def _query(text: str) -> dict[str, str]:
    return dict(parse_qsl(text, keep_blank_values=True))


def _authority(dialect: str, subprotocol: str, rest: str, more: Mapping[str, str]) -> JdbcUrl:
    """``//host:port,host2/database?key=value``"""
    try:
        parts = urlsplit(rest)
        hosts = parts.netloc.rpartition("@")[2].split(",")
        host, port = _host_port(hosts[0], _PORTS[dialect])
    except ValueError as error:
        raise ConfigException(
            f"Couldn't read the JDBC URL jdbc:{subprotocol}:{without_secrets(rest)}: {error}"
        ) from error
    properties = _query(parts.query) | dict(more)
    return JdbcUrl(dialect, subprotocol, host or "localhost", port, unquote(parts.path.lstrip("/")), properties)


def _host_port(text: str, default: int) -> tuple[str, int]:
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        return host, int(port[1:]) if port[1:] else default
    host, _, port = text.partition(":")
    return host, int(port) if port else default


_SQLSERVER_SETTING = re.compile(r";\s*([^=;]+)=(?:\{((?:[^}]|\}\})*)\}|([^;]*))")


def _sqlserver(rest: str, more: Mapping[str, str], kind: str = "sqlserver") -> JdbcUrl:
    """``//host\\instance:port;databaseName=x;user=...`` or jTDS's ``//host:port/database;...``

    A value with semicolons stands in braces. The port is 0 where only the instance's name is given.
    """
    address, _, _ = rest.removeprefix("//").partition(";")
    settings = rest.removeprefix("//")[len(address) :]
    given = {
        key.strip(): plain if braced is None else braced.replace("}}", "}")
        for key, braced, plain in (match.groups() for match in _SQLSERVER_SETTING.finditer(settings))
    }
    server, _, database = address.partition("/")
    server, _, port = server.partition(":") if not server.startswith("[") else _bracketed(server)
    server, _, instance = server.partition("\\")
    properties = {**given, **({"instance": instance} if instance else {}), **more}
    url = JdbcUrl(SQLSERVER, kind, properties=properties)
    instance = url.option("instance", "instanceName") or ""
    port = port or url.option("portNumber", "port") or ("0" if instance else str(_PORTS[SQLSERVER]))
    if not port.isdecimal():
        raise ConfigException(f"Couldn't read the JDBC URL: the port number {port} is not valid")
    return JdbcUrl(
        SQLSERVER,
        kind,
        server or url.option("serverName", "server") or "localhost",
        int(port),
        database or url.option("databaseName", "database") or "",
        {**properties, **({"instance": instance} if instance else {})},
    )


def _bracketed(server: str) -> tuple[str, str, str]:
    """An IPv6 address and the port behind it."""
    host, _, port = server[1:].partition("]")
    return host, ":", port.removeprefix(":")


_ORACLE = re.compile(r"(?:(?P<protocol>tcps?):)?//(?P<host>[^:/?]+)(:(?P<port>\d+))?(/(?P<service>[^?:/]+))?")
_ORACLE_OLD = re.compile(r"(?P<host>[^:/?]+)(:(?P<port>\d+))?([:/](?P<service>[^?:/]+))?")


def _oracle(text: str, rest: str, more: Mapping[str, str]) -> JdbcUrl:
    """``thin:@//host:port/service``, ``thin:@host:port:sid``, ``thin:user/password@...``, a descriptor, or an alias.

    An alias is a bare name where a folder is given in which ``tnsnames.ora`` explains it.
    """
    credentials, at, address = rest.partition(":")[2].partition("@")
    if not at or not address:
        raise _no_driver(text)
    user, _, password = credentials.partition("/")
    if address.startswith("("):
        properties = {**({"user": user, "password": password} if user else {}), **more}
        return JdbcUrl(ORACLE, "oracle", properties={**properties, "dsn": address})
    address, _, query = address.partition("?")
    properties = {**_query(query), **({"user": user, "password": password} if user else {}), **more}
    found = (_ORACLE if "//" in address else _ORACLE_OLD).fullmatch(address)
    if found is None:
        raise _no_driver(text)
    if found["port"] is None and found["service"] is None and {"TNS_ADMIN", "oracle.net.tns_admin"} & properties.keys():
        return JdbcUrl(ORACLE, "oracle", properties={**properties, "dsn": address})
    if "//" in address:
        properties["protocol"] = found["protocol"] or "tcp"
    elif address.count(":") > 1:
        properties["sid"] = found["service"]
    return JdbcUrl(
        ORACLE, "oracle", found["host"], int(found["port"] or _PORTS[ORACLE]), found["service"] or "", properties
    )

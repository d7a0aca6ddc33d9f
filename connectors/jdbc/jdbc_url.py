"""JDBC URLs, read into what Python's drivers need."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from connect.api import ConfigException

MYSQL, POSTGRESQL, SQLITE, SQLSERVER, ORACLE = "mysql", "postgresql", "sqlite", "sqlserver", "oracle"

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
    if not text.startswith("jdbc:") or not rest:
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
            return _sqlserver(rest.removeprefix("sqlserver:"), more)
        case "oracle":
            return _oracle(text, rest, more)
    dialect = _DIALECT_NAMES.get(dialect_name.lower())
    if dialect is not None and "//" in rest:
        return _authority(dialect, kind, rest[rest.find("//") :], more)
    raise _no_driver(text)


def _no_driver(text: str) -> ConfigException:
    return ConfigException(f"No suitable driver found for {without_secrets(text)}")


def without_secrets(text: str) -> str:
    """The URL as it may be shown: without passwords."""
    return re.sub(r"(?i)(password=)[^&;]*", r"\1[hidden]", text)


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


def _sqlserver(rest: str, more: Mapping[str, str]) -> JdbcUrl:
    """``//host\\instance:port;databaseName=x;user=...`` or jTDS's ``//host:port/database;...``"""
    address, *settings = rest.removeprefix("//").split(";")
    given = dict(setting.partition("=")[::2] for setting in settings if setting)
    server, _, database = address.partition("/")
    server, _, instance_and_port = server.partition("\\")
    instance, _, port = instance_and_port.partition(":")
    if not instance:
        server, _, port = address.partition("/")[0].partition(":")
    properties = {**given, **({"instance": instance} if instance else {}), **more}
    url = JdbcUrl(SQLSERVER, "sqlserver", properties=properties)
    return JdbcUrl(
        SQLSERVER,
        "sqlserver",
        server or url.option("serverName", "server") or "localhost",
        int(port or url.option("portNumber", "port") or _PORTS[SQLSERVER]),
        database or url.option("databaseName", "database") or "",
        properties,
    )


_ORACLE = re.compile(r"//(?P<host>[^:/]+)(:(?P<port>\d+))?(/(?P<service>[^?:]+))?")
_ORACLE_OLD = re.compile(r"(?P<host>[^:/]+)(:(?P<port>\d+))?([:/](?P<service>[^?]+))?")


def _oracle(text: str, rest: str, more: Mapping[str, str]) -> JdbcUrl:
    """``thin:@//host:port/service``, ``thin:@host:port:sid``, ``thin:user/password@...`` or a descriptor."""
    credentials, at, address = rest.partition(":")[2].partition("@")
    if not at or not address:
        raise _no_driver(text)
    user, _, password = credentials.partition("/")
    properties = {**({"user": user, "password": password} if user else {}), **more}
    if address.startswith("("):
        return JdbcUrl(ORACLE, "oracle", properties={**properties, "dsn": address})
    found = (_ORACLE if address.startswith("//") else _ORACLE_OLD).match(address)
    if found is None:
        raise _no_driver(text)
    sid = not address.startswith("//") and address.count(":") > 1
    if sid:
        properties["sid"] = found["service"]
    return JdbcUrl(
        ORACLE, "oracle", found["host"], int(found["port"] or _PORTS[ORACLE]), found["service"] or "", properties
    )

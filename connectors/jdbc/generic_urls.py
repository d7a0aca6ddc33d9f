"""JDBC URLs of databases that are reached through SQLAlchemy: which dialect, and which package brings it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from connect.api import ConfigException
from connectors.jdbc.jdbc_url import GENERIC, MYSQL, ORACLE, POSTGRESQL, SQLITE, SQLSERVER, JdbcUrl

if TYPE_CHECKING:
    from sqlalchemy import URL


class Dialect(NamedTuple):
    """SQLAlchemy's name of a dialect and its driver, and the package that has it."""

    name: str
    package: str


_DB2 = Dialect("db2+ibm_db", "ibm_db_sa")
_CLICKHOUSE = Dialect("clickhousedb", "clickhouse-connect")
_FIREBIRD = Dialect("firebird+firebird", "sqlalchemy-firebird")
_DIALECTS = {
    "ch": _CLICKHOUSE,
    "clickhouse": _CLICKHOUSE,
    "crate": Dialect("crate", "sqlalchemy-cratedb"),
    "databricks": Dialect("databricks", "databricks-sqlalchemy"),
    "db2": _DB2,
    "drill": Dialect("drill+sadrill", "sqlalchemy-drill"),
    "duckdb": Dialect("duckdb", "duckdb-engine"),
    "exa": Dialect("exa+websocket", "sqlalchemy-exasol"),
    "firebird": _FIREBIRD,
    "firebirdsql": _FIREBIRD,
    "hive2": Dialect("hive", "pyhive[hive]"),
    "ibmdb": _DB2,
    "impala": Dialect("impala", "impyla"),
    "monetdb": Dialect("monetdb", "sqlalchemy-monetdb"),
    "presto": Dialect("presto", "pyhive[presto]"),
    "redshift": Dialect("redshift+redshift_connector", "sqlalchemy-redshift redshift_connector"),
    "sap": Dialect("hana+hdbcli", "sqlalchemy-hana"),
    "singlestore": Dialect("singlestoredb", "sqlalchemy-singlestoredb"),
    "snowflake": Dialect("snowflake", "snowflake-sqlalchemy"),
    "teradata": Dialect("teradatasql", "teradatasqlalchemy"),
    "trino": Dialect("trino", "trino[sqlalchemy]"),
    "vertica": Dialect("vertica+vertica_python", "sqlalchemy-vertica-python"),
    "yugabytedb": Dialect("postgresql+psycopg", "'kafka-connect-worker[postgresql]'"),
}
"""By the URL's subprotocol."""
_NATIVE_DIALECTS = {
    MYSQL: Dialect("mysql+pymysql", "'kafka-connect-worker[mysql]'"),
    POSTGRESQL: Dialect("postgresql+psycopg", "'kafka-connect-worker[postgresql]'"),
    SQLITE: Dialect("sqlite", ""),
    SQLSERVER: Dialect("mssql+pytds", "sqlalchemy-pytds"),
    ORACLE: Dialect("oracle+oracledb", "'kafka-connect-worker[oracle]'"),
}
"""What dialect.name=GenericDatabaseDialect takes for the others."""
_JAVA_ONLY = {"h2": "H2", "derby": "Derby", "db2j": "Derby", "hsqldb": "HSQLDB"}
_DATABASE_NAMES = ("databaseName", "database", "db", "DATABASE")
_USER_NAMES, _PASSWORD_NAMES = ("user", "UID"), ("password", "PWD")


def dialect_of(url: JdbcUrl) -> Dialect:
    """What reaches the database; a subprotocol that isn't known may be the name of a dialect itself.

    Raises ConfigException for a database that only Java reaches.
    """
    if url.subprotocol in _JAVA_ONLY:
        name = _JAVA_ONLY[url.subprotocol]
        raise no_driver(url, f"{name} speaks to Java alone")
    if url.dialect != GENERIC:
        return _NATIVE_DIALECTS[url.dialect]
    return _DIALECTS.get(url.subprotocol, Dialect(url.subprotocol, ""))


def no_driver(url: JdbcUrl, reason: str) -> ConfigException:
    """Java's complaint, with a reason."""
    return ConfigException(f"No suitable driver found for {url.given or f'jdbc:{url.subprotocol}:'}: {reason}")


def sqlalchemy_url(url: JdbcUrl, user: str | None, password: str | None) -> URL:
    """The URL for SQLAlchemy. What is left of the properties goes to Python's driver.

    Those of databases with a dialect of their own are Java's: of them, none does.
    """
    from sqlalchemy import URL

    taken = {name.lower() for name in (*_USER_NAMES, *_PASSWORD_NAMES)}
    properties = dict(url.properties) if url.dialect == GENERIC else {}
    database, host = url.database, url.host
    if not database:
        database = url.option(*_DATABASE_NAMES) or ""
        taken |= {name.lower() for name in _DATABASE_NAMES}
    if url.subprotocol == "snowflake":
        host = host.removesuffix(".snowflakecomputing.com")
        database = "/".join(filter(None, (database, url.option("schema"))))
        taken.add("schema")
    return URL.create(
        dialect_of(url).name,
        username=user or url.option(*_USER_NAMES),
        password=password or url.option(*_PASSWORD_NAMES),
        host=host or None,
        port=url.port or None,
        database=database or None,
        query={name: value for name, value in properties.items() if name.lower() not in taken},
    )

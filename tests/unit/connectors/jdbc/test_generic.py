"""Databases that are reached through SQLAlchemy: their URLs, and what their types become."""

from __future__ import annotations

import datetime as dt
import decimal
import sqlite3
import uuid
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import types as sql
from sqlalchemy.dialects import mssql, mysql, oracle

from connect.api import ConfigException, DataException, Type
from connectors.jdbc.columns import Kind, Mapping, RowShape, ZoneInfo
from connectors.jdbc.database import SqlError, Table, TableFilter
from connectors.jdbc.generic_types import described_column, reader, reflected_column
from connectors.jdbc.generic_urls import sqlalchemy_url
from connectors.jdbc.jdbc_url import parse_jdbc_url
from connectors.jdbc.settings import Settings

_NIGHT = dt.datetime.fromisoformat("2024-01-02T03:00")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("jdbc:db2://h:50000/SAMPLE:currentSchema=X;", "db2+ibm_db://u:p@h:50000/SAMPLE?currentSchema=X"),
        ("jdbc:sap://h:30015/?databaseName=HXE", "hana+hdbcli://u:p@h:30015/HXE"),
        ("jdbc:clickhouse:http://h:8123/shop", "clickhousedb://u:p@h:8123/shop"),
        ("jdbc:ch://h/shop?user=x&password=y", "clickhousedb://u:p@h/shop"),
        ("jdbc:redshift://h:5439/dev", "redshift+redshift_connector://u:p@h:5439/dev"),
        (
            "jdbc:snowflake://acme-1.snowflakecomputing.com/?db=SHOP&schema=PUBLIC&warehouse=W",
            "snowflake://u:p@acme-1/SHOP/PUBLIC?warehouse=W",
        ),
        ("jdbc:trino://h:8080/hive/web", "trino://u:p@h:8080/hive/web"),
        ("jdbc:vertica://h:5433/v", "vertica+vertica_python://u:p@h:5433/v"),
        ("jdbc:firebirdsql://h:3050/employee", "firebird+firebird://u:p@h:3050/employee"),
        ("jdbc:duckdb:/data/shop.duckdb", "duckdb://u:p@//data/shop.duckdb"),
        ("jdbc:somewhere://one:1,two:2/d", "somewhere://u:p@one:1/d"),
        ("jdbc:mysql://h:3307/d?useSSL=false", "mysql+pymysql://u:p@h:3307/d"),
        ("jdbc:postgresql://h/d?ssl=false", "postgresql+psycopg://u:p@h:5432/d"),
    ],
)
def test_a_url_leads_to_a_dialect_and_its_driver(text: str, expected: str) -> None:
    url = sqlalchemy_url(parse_jdbc_url(text), "u", "p")
    assert url.render_as_string(hide_password=False) == expected


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("jdbc:db2://h/d", "dialect db2.ibm_db: pip install ibm_db_sa"),
        ("jdbc:sap://h:30015", "dialect hana.hdbcli: pip install sqlalchemy-hana"),
        ("jdbc:nosuch://h/d?password=x", r"jdbc:nosuch://h/d\?password=.hidden.: it needs SQLAlchemy's dialect nosuch"),
        ("jdbc:h2:mem:x", "H2 speaks to Java alone"),
        ("jdbc:derby://h:1527/x", "Derby speaks to Java alone"),
    ],
)
def test_a_dialect_that_is_missing_is_named_with_its_package(url: str, text: str) -> None:
    with pytest.raises(ConfigException, match=f"No suitable driver found for .*{text}"):
        Settings({"connection.url": url, "mode": "bulk"}).database()


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        (sql.Boolean(), Type.BOOLEAN),
        (mysql.TINYINT(), Type.INT8),
        (mysql.TINYINT(unsigned=True), Type.INT16),
        (mssql.BIT(), Type.INT8),
        (sql.SMALLINT(), Type.INT16),
        (mysql.SMALLINT(unsigned=True), Type.INT32),
        (sql.INTEGER(), Type.INT32),
        (mysql.INTEGER(unsigned=True), Type.INT64),
        (sql.BIGINT(), Type.INT64),
        (sql.REAL(), Type.FLOAT32),
        (sql.FLOAT(), Type.FLOAT64),
        (sql.DOUBLE(), Type.FLOAT64),
        (sql.DECIMAL(9, 2), Type.BYTES),
        (sql.NUMERIC(9, 0), Type.INT32),
        (oracle.NUMBER(4, 0), Type.INT16),
        (sql.NVARCHAR(3), Type.STRING),
        (sql.CLOB(), Type.STRING),
        (sql.JSON(), Type.STRING),
        (sql.UUID(), Type.STRING),
        (sql.BLOB(), Type.BYTES),
        (sql.VARBINARY(3), Type.BYTES),
        (sql.DATE(), Type.INT32),
        (sql.TIME(), Type.INT32),
        (sql.TIMESTAMP(timezone=True), Type.INT64),
        (sql.ARRAY(sql.INTEGER), None),
        (sql.NullType(), None),
    ],
)
def test_a_type_becomes_what_javas_generic_dialect_makes_of_it(type_: Any, expected: Type | None) -> None:
    shape = RowShape("t", [reflected_column("c", type_, True)], Mapping(ZoneInfo("UTC"), numeric="best_fit"))
    assert [field.schema.type for field in shape.schema.fields] == ([] if expected is None else [expected])


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (Kind.BOOLEAN, 1, True),
        (Kind.INT8, b"\x05", 5),
        (Kind.INT32, decimal.Decimal(7), 7),
        (Kind.FLOAT64, decimal.Decimal("1.5"), 1.5),
        (Kind.DECIMAL, 3, decimal.Decimal(3)),
        (Kind.NUMERIC, "1.20", decimal.Decimal("1.20")),
        (Kind.STRING, uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Kind.STRING, {"a": 1}, '{"a": 1}'),
        (Kind.BYTES, memoryview(b"x"), b"x"),
        (Kind.DATE, _NIGHT, dt.date(2024, 1, 2)),
        (Kind.DATE, 2024, dt.date(2024, 1, 1)),
        (Kind.TIME, dt.time(1, 2), dt.timedelta(hours=1, minutes=2)),
        (Kind.TIME, "01:02:00", dt.timedelta(hours=1, minutes=2)),
        (Kind.TIMESTAMP, "2024-01-02 03:04:05", dt.datetime.fromisoformat("2024-01-02T03:04:05")),
        (Kind.TIMESTAMP, dt.date(2024, 1, 2), dt.datetime.combine(dt.date(2024, 1, 2), dt.time())),
    ],
)
def test_whatever_class_a_driver_has_for_a_value_it_is_read(kind: Kind, value: Any, expected: Any) -> None:
    read = reader("c", kind)
    assert read is not None
    assert list(read([None, value, expected])) == [None, expected, expected]


@pytest.mark.parametrize(("kind", "value"), [(Kind.DATE, "0000-00-00"), (Kind.INT64, 2**63), (Kind.INT32, "x")])
def test_a_value_that_cannot_be_read_fails_and_names_the_column(kind: Kind, value: Any) -> None:
    read = reader("some_column", kind)
    assert read is not None
    with pytest.raises(DataException, match="column some_column"):
        read([value])


def test_a_querys_columns_follow_their_first_values() -> None:
    samples = [True, 1, 1.5, decimal.Decimal("1.2"), "x", b"x", _NIGHT, dt.date(2024, 1, 1), None, []]
    kinds = [described_column(("c", None, None, None, None, None, None), sample).kind.value for sample in samples]
    assert " ".join(kinds) == "boolean int64 float64 numeric string bytes timestamp date string unsupported"


def test_sqlite_through_sqlalchemy(tmp_path: Path) -> None:
    """Tables, columns and errors, without a server."""
    config = {
        "connection.url": f"jdbc:sqlite:{tmp_path / 'x.db'}",
        "dialect.name": "GenericDatabaseDialect",
        "mode": "bulk",
    }
    with sqlite3.connect(tmp_path / "x.db") as writer:
        writer.execute('create table "a%b" (id integer primary key, v varchar(3) not null)')
        writer.execute("insert into \"a%b\" values (1, '%s')")
    database = Settings(config).database()
    session = database.connect()
    try:
        (table,) = session.tables(TableFilter())
        assert table == Table(None, None, "a%b")
        assert [(column.name, column.nullable, column.primary) for column in session.table_columns(table)] == [
            ("id", True, True),
            ("v", False, False),
        ]
        assert session.table_columns(Table(None, None, "none")) == []
        result = session.query(f"SELECT * FROM {database.quoted(*table.parts)}", table)
        assert [(column.name, column.kind) for column in result.columns] == [("id", Kind.INT32), ("v", Kind.STRING)]
        assert (result.fetch(1), result.fetch(1)) == ([(1, "%s")], [])
        with pytest.raises(SqlError, match="no such table") as raised:
            session.query("select * from nowhere")
        assert raised.value.lasting
    finally:
        session.close()

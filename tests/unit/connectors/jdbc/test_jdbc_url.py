"""JDBC URLs as people write them."""

from __future__ import annotations

from typing import Any

import pytest

from connect.api import ConfigException
from connectors.jdbc.jdbc_url import parse_jdbc_url


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("jdbc:mysql://mysql:3306/demo", ("mysql", "mysql", 3306, "demo")),
        ("jdbc:mariadb://db/shop?useSSL=false", ("mysql", "db", 3306, "shop")),
        ("jdbc:mysql:replication://one:3307,two/demo", ("mysql", "one", 3307, "demo")),
        ("jdbc:mysql://[::1]:3308/demo", ("mysql", "::1", 3308, "demo")),
        ("jdbc:postgresql://account-db:5432/account-store", ("postgresql", "account-db", 5432, "account-store")),
        ("jdbc:postgresql://postgres:5432/", ("postgresql", "postgres", 5432, "")),
        ("jdbc:postgresql:store", ("postgresql", "localhost", 5432, "store")),
        ("jdbc:sqlite:/data/test.db", ("sqlite", "", 0, "/data/test.db")),
        ("jdbc:sqlite::memory:", ("sqlite", "", 0, ":memory:")),
        ("jdbc:oracle:thin:@oracle:1521/ORCLPDB1", ("oracle", "oracle", 1521, "ORCLPDB1")),
        ("jdbc:oracle:thin:@oracle:1521:XE", ("oracle", "oracle", 1521, "XE")),
        ("jdbc:oracle:thin:@//oracle:1522/service", ("oracle", "oracle", 1522, "service")),
        ("jdbc:sqlserver://mssql:1434;databaseName=demo;user=sa", ("sqlserver", "mssql", 1434, "demo")),
        ("jdbc:sqlserver://mssql\\instance;databaseName=demo", ("sqlserver", "mssql", 0, "demo")),
        ("jdbc:sqlserver://mssql\\instance:1435;databaseName=demo", ("sqlserver", "mssql", 1435, "demo")),
        ("jdbc:sqlserver://;serverName=mssql;port=1436;database={a;b}", ("sqlserver", "mssql", 1436, "a;b")),
        ("jdbc:oracle:thin:scott/tiger@oracle/XE", ("oracle", "oracle", 1521, "XE")),
        ("jdbc:oracle:thin:@tcps://oracle:2484/x?wallet_location=/w", ("oracle", "oracle", 2484, "x")),
        ("jdbc:jtds:sqlserver://mssql:1433/demo", ("sqlserver", "mssql", 1433, "demo")),
    ],
)
def test_a_url_leads_to_dialect_host_port_and_database(text: str, expected: tuple[Any, ...]) -> None:
    url = parse_jdbc_url(text)
    assert (url.dialect, url.host, url.port, url.database) == expected


@pytest.mark.parametrize("text", ["", "mysql://h/d", "jdbc:nosuch://h:nan/d", "jdbc:oracle:thin:scott", "jdbc:mysql"])
def test_a_url_of_no_known_kind_is_refused(text: str) -> None:
    with pytest.raises(ConfigException, match="No suitable driver found for"):
        parse_jdbc_url(text)


def test_a_port_that_is_no_number_is_named_without_the_password() -> None:
    with pytest.raises(ConfigException, match="nan") as raised:
        parse_jdbc_url("jdbc:mysql://h:nan/d?password=secret&x=1")
    assert "secret" not in str(raised.value)


def test_options_are_found_whatever_their_case_and_connection_keys_come_on_top() -> None:
    url = parse_jdbc_url("jdbc:mysql://h/d?USESSL=false&tinyInt1isBit=true", {"useSSL": "true"})
    assert url.option("sslMode", "tinyint1isbit") == "true"
    assert url.properties["useSSL"] == "true"


def test_a_dialect_name_helps_with_a_url_that_tells_none() -> None:
    assert parse_jdbc_url("jdbc:aurora://h/d", dialect_name="MySqlDatabaseDialect").dialect == "mysql"


@pytest.mark.parametrize(
    "text",
    [
        "jdbc:sqlserver://h:x;password={se;cret}",
        "jdbc:oracle:thin:scott/secret@ldap://x",
        "jdbc:db2://h:x/d?password=secret",
    ],
)
def test_no_complaint_shows_a_password(text: str) -> None:
    with pytest.raises(ConfigException) as raised:
        parse_jdbc_url(text)
    assert "cret" not in str(raised.value)

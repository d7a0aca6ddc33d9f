"""SQL Server without a server: what its driver is asked, and what becomes of what it answers."""

from __future__ import annotations

import datetime as dt
import decimal
import importlib.util
import socket
import uuid
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytds
import pytds.tds_base
import pytds.tls
import pytest

from connect.api import ConfigException, RecordBatch, SourceTask
from connectors.jdbc.columns import Mapping, RowShape
from connectors.jdbc.database import Session, SqlError, Table, TableColumn, TableFilter
from connectors.jdbc.settings import Settings
from connectors.jdbc.sqlserver import to_column
from connectors.jdbc.task import JdbcSourceTask
from connectors.jdbc.tracking import Bounds, Literals, Position, where_clause
from tests.unit.connectors.jdbc.fake_driver import FakeConnection, FakeSocket
from tests.unit.connectors.source_context import FakeSourceContext, started

UTC = ZoneInfo("UTC")
URL = "jdbc:sqlserver://db:1433;databaseName=shop"
DESCRIBED = [
    ("id", False, None, "int", 10, 0, None, None),
    ("at", False, None, "datetime2(7)", 27, 7, None, None),
    ("total", True, None, "decimal(10,2)", 10, 2, None, None),
]


class Driver:
    """Stands for ``pytds``: keeps the options of the last connection."""

    def __init__(self) -> None:
        self.options: dict[str, Any] = {}
        self.connection = FakeConnection({})
        self.channel = FakeSocket()
        self.make_context: Callable[[str], Any] = pytds.tls.create_context

    def connect(self, **options: Any) -> FakeConnection:
        self.options = options
        self.make_context = pytds.tls.create_context
        return self.connection


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Driver:
    fake = Driver()
    monkeypatch.setattr(pytds, "connect", fake.connect)
    monkeypatch.setattr(socket, "create_connection", lambda *_: fake.channel)
    return fake


def connect(url: str = URL, **more: str) -> Session:
    config = {"connection.url": url, "connection.user": "sa", "connection.password": "pw", **more}
    return Settings(config).database().connect()


def fields(*columns: tuple[str, str, int, int], numeric: str = "none") -> dict[str, str]:
    described = [to_column(name, True, type_, precision, scale) for name, type_, precision, scale in columns]
    schema = RowShape("t", described, Mapping(UTC, numeric=numeric)).schema
    return {field.name: field.schema.name or field.schema.type.name for field in schema.fields}


def test_types_become_what_the_java_driver_says() -> None:
    names = {
        "bit": "INT8",
        "tinyint": "INT16",
        "smallint": "INT16",
        "int": "INT32",
        "bigint": "INT64",
        "real": "FLOAT32",
        "float": "FLOAT64",
        "nvarchar(max)": "STRING",
        "char(10)": "STRING",
        "xml": "STRING",
        "uniqueidentifier": "STRING",
        "varbinary(16)": "BYTES",
        "timestamp": "BYTES",
        "money": "org.apache.kafka.connect.data.Decimal",
        "decimal(10,2)": "org.apache.kafka.connect.data.Decimal",
        "date": "org.apache.kafka.connect.data.Date",
        "time(7)": "org.apache.kafka.connect.data.Time",
        "datetime": "org.apache.kafka.connect.data.Timestamp",
        "datetime2(7)": "org.apache.kafka.connect.data.Timestamp",
        "datetimeoffset(7)": "org.apache.kafka.connect.data.Timestamp",
    }
    assert fields(*((name, name, 19, 4) for name in names)) == names


def test_only_numeric_is_mapped_by_numeric_mapping() -> None:
    columns = (("n", "numeric(9,0)", 9, 0), ("f", "numeric(9,2)", 9, 2), ("d", "decimal(9,0)", 9, 0))
    decimal_name = "org.apache.kafka.connect.data.Decimal"
    assert fields(*columns, numeric="best_fit") == {"n": "INT32", "f": "FLOAT64", "d": decimal_name}
    assert fields(*columns, numeric="precision_only") == {"n": "INT32", "f": decimal_name, "d": decimal_name}


def test_types_without_counterpart_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    assert fields(("v", "sql_variant", 0, 0), ("g", "geometry", 0, 0), ("i", "int", 10, 0)) == {"i": "INT32"}
    assert "geometry not currently supported" in caplog.text


def test_values_are_read_as_java_reads_them() -> None:
    types = ("bit", "uniqueidentifier", "time(7)")
    shape = RowShape("t", [to_column(name, True, name, 0, 0) for name in types], Mapping(UTC))
    key = uuid.UUID("6f9619ff-8b86-d011-b42d-00c04fc964ff")
    rows = shape.rows([(True, key, dt.time(1, 2, 3)), (None, None, None)])
    assert rows == [(1, "6F9619FF-8B86-D011-B42D-00C04FC964FF", dt.datetime(1970, 1, 1, 1, 2, 3)), (None,) * 3]  # noqa: DTZ001
    assert type(rows[0][0]) is int


@pytest.mark.parametrize(
    ("url", "verified", "login_only"),
    [
        (URL, True, False),
        (f"{URL};encrypt=true;trustServerCertificate=true", False, False),
        (f"{URL};encrypt=false", False, True),
        ("jdbc:jtds:sqlserver://db/shop", False, True),
        ("jdbc:jtds:sqlserver://db/shop;ssl=require", True, False),
    ],
)
def test_encryption_follows_the_url(driver: Driver, url: str, verified: bool, login_only: bool) -> None:
    connect(url)
    assert (driver.options["validate_host"], driver.options["enc_login_only"]) == (verified, login_only)
    assert driver.options["cafile"]
    assert (driver.make_context is pytds.tls.create_context) is verified
    assert (driver.options["user"], driver.options["password"], driver.options["database"]) == ("sa", "pw", "shop")


def test_a_password_without_user_is_an_access_token(driver: Driver) -> None:
    Settings({"connection.url": URL, "connection.password": "token"}).database().connect()
    assert driver.options["access_token_callable"]() == "token"
    assert "password" not in driver.options


def test_windows_logins_are_refused_with_the_reason() -> None:
    with pytest.raises(ConfigException, match=r"integratedSecurity=true isn't supported"):
        connect(f"{URL};integratedSecurity=true")


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(ConfigException, match=r"pip install 'kafka-connect-worker\[sqlserver\]'"):
        connect(f"{URL};serverCertificate=/etc/ca.pem")


def test_errors_tell_whether_trying_again_helps(driver: Driver) -> None:
    session = connect()
    for number, lasting in ((208, True), (1205, False)):
        error = pytds.tds_base.OperationalError("no luck")
        error.msg_no = number
        driver.connection.answers = {"": error}
        with pytest.raises(SqlError, match="no luck") as raised:
            session.now(UTC)
        assert (raised.value.lasting, raised.value.code) == (lasting, number)


def test_a_query_that_cannot_be_described_says_why(driver: Driver) -> None:
    session = connect()
    driver.connection.answers = {
        "describe_first": [(None, None, None, None, None, None, "Invalid object name 'x'.", 208)]
    }
    with pytest.raises(SqlError, match="Invalid object name 'x'") as raised:
        session.query("SELECT * FROM x")
    assert raised.value.lasting


def test_isolation_catalog_and_columns(driver: Driver) -> None:
    session = connect(**{"transaction.isolation.mode": "SQL_SERVER_SNAPSHOT"})
    assert driver.connection.asked == ["SET TRANSACTION ISOLATION LEVEL SNAPSHOT"]
    driver.connection.answers = {r"sys\.objects": [("shop", "dbo", "a]b")], r"sys\.columns": [("id", 0, 1, "int", 1)]}
    assert session.tables(TableFilter(None, "d%", ("TABLE", "VIEW"))) == [Table("shop", "dbo", "a]b")]
    assert "IN ('U ', 'V ')" in driver.connection.asked[-1]
    assert "s.name LIKE N'd%'" in driver.connection.asked[-1]
    columns = session.table_columns(Table("shop", "dbo", "a]b"))
    assert columns == [TableColumn("id", nullable=False, auto_increment=True, type_name="int", primary=True)]
    assert "OBJECT_ID(N'[shop].[dbo].[a]]b]')" in driver.connection.asked[-1]


def test_times_finer_than_a_microsecond_are_neither_read_again_nor_skipped(driver: Driver) -> None:
    session = connect()
    literals = Literals(
        lambda nanos: session.timestamp_literal(nanos, UTC), lambda nanos: session.last_literal(nanos, UTC)
    )
    clause = where_clause("[at]", "[id]", Bounds(Position(1_000_123_456_000, 7), 2_000_000_000_000), literals)
    assert clause == (
        " WHERE [at] < CAST('1970-01-01T00:33:20.0000000' AS datetime2(7)) AND (([at] >= "
        "CAST('1970-01-01T00:16:40.1234560' AS datetime2(7)) AND [at] <= "
        "CAST('1970-01-01T00:16:40.1234569' AS datetime2(7))"
        " AND [id] > 7) OR [at] > CAST('1970-01-01T00:16:40.1234569' AS datetime2(7))) ORDER BY [at],[id] ASC"
    )


def test_a_stop_shuts_the_socket(driver: Driver) -> None:
    session = connect()
    session.cancel()
    assert driver.channel.ended
    session.close()


def poll(task: SourceTask) -> RecordBatch:
    for _ in range(5):
        for batch in task.poll_batch() or ():
            return batch
    raise AssertionError("nothing came")


def test_a_task_reads_rows_and_stores_offsets_as_java_does(driver: Driver) -> None:
    at = dt.datetime(2024, 2, 29, 12, 34, 56, 123456)  # noqa: DTZ001
    driver.connection.answers = {
        r"dm_exec_describe": DESCRIBED,
        r"sys\.columns": [("id", 0, 1, "int", 1), ("at", 0, 0, "datetime2", 0), ("total", 1, 0, "decimal", 0)],
        r"CURRENT_TIMESTAMP": [(dt.datetime(2024, 3, 1),)],  # noqa: DTZ001
        r"^SELECT \* FROM \[shop\]\.\[dbo\]\.\[orders\]": [(5, at, decimal.Decimal("1.50"))],
    }
    config = {
        "connection.url": URL,
        "connection.user": "sa",
        "mode": "timestamp+incrementing",
        "timestamp.column.name": "at",
        "incrementing.column.name": "id",
        "topic.prefix": "ms-",
        "tables": "[shop].[dbo].[orders]",
        "poll.linger.ms": "0",
    }
    task = started(JdbcSourceTask(), config, FakeSourceContext(()))
    batch = poll(task)
    assert (batch.topic, batch.value_schema.name if batch.value_schema else None) == ("ms-orders", "orders")
    assert batch.values == [(5, at, decimal.Decimal("1.50"))]
    (record,) = batch.records()
    assert record.source_partition == {"protocol": "1", "table": "shop.dbo.orders"}  # type: ignore[union-attr]
    assert record.source_offset == {"timestamp_nanos": 123456000, "incrementing": 5, "timestamp": 1709210096123}  # type: ignore[union-attr]
    task.stop()

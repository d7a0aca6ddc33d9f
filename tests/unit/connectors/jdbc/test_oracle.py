"""Oracle without a server: what its driver is asked, and what becomes of what it answers."""

from __future__ import annotations

import datetime as dt
import decimal
import importlib.util
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import oracledb
import pytest

from connect.api import ConfigException
from connectors.jdbc.columns import Mapping, RowShape
from connectors.jdbc.database import Session, SqlError, Table, TableColumn, TableFilter
from connectors.jdbc.oracle import to_column
from connectors.jdbc.settings import Settings
from tests.unit.connectors.jdbc.fake_driver import FakeConnection

UTC = ZoneInfo("UTC")
URL = "jdbc:oracle:thin:@oracle:1521/ORCLPDB1"
DECIMAL = "org.apache.kafka.connect.data.Decimal"
TIMESTAMP = "org.apache.kafka.connect.data.Timestamp"


class Driver:
    """Stands for ``oracledb.connect``."""

    def __init__(self) -> None:
        self.options: dict[str, Any] = {}
        self.connection = FakeConnection({})

    def connect(self, **options: Any) -> FakeConnection:
        self.options = options
        return self.connection


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Driver:
    fake = Driver()
    monkeypatch.setattr(oracledb, "connect", fake.connect)
    return fake


def connect(url: str = URL, **more: str) -> Session:
    config = {"connection.url": url, "connection.user": "u", "connection.password": "pw", **more}
    return Settings(config).database().connect()


def info(name: str, type_: str, precision: int | None = None, scale: int | None = None, null: bool = True) -> Any:
    code = getattr(oracledb, f"DB_TYPE_{type_}")
    return SimpleNamespace(name=name, type_code=code, precision=precision, scale=scale, null_ok=null)


def fields(*described: Any, numeric: str = "none") -> dict[str, str]:
    schema = RowShape("T", [to_column(each) for each in described], Mapping(UTC, numeric=numeric)).schema
    return {field.name: field.schema.name or field.schema.type.name for field in schema.fields}


def test_types_become_what_the_java_driver_says() -> None:
    expected = {
        "VARCHAR": "STRING",
        "NVARCHAR": "STRING",
        "CLOB": "STRING",
        "LONG": "STRING",
        "RAW": "BYTES",
        "BLOB": "BYTES",
        "BOOLEAN": "BOOLEAN",
        "BINARY_FLOAT": "FLOAT32",
        "BINARY_DOUBLE": "FLOAT64",
        "NUMBER": DECIMAL,
        "DATE": TIMESTAMP,
        "TIMESTAMP": TIMESTAMP,
        "TIMESTAMP_LTZ": TIMESTAMP,
        "TIMESTAMP_TZ": TIMESTAMP,
    }
    assert fields(*(info(type_, type_) for type_ in expected)) == expected
    assert fields(info("I", "INTERVAL_DS"), info("R", "ROWID"), info("V", "VARCHAR")) == {"V": "STRING"}


@pytest.mark.parametrize(
    ("numeric", "expected"),
    [
        ("none", (DECIMAL, DECIMAL, DECIMAL, DECIMAL)),
        ("precision_only", ("INT32", "INT64", DECIMAL, DECIMAL)),
        ("best_fit", ("INT32", "INT64", "FLOAT64", DECIMAL)),
        ("best_fit_eager_double", ("INT32", "INT64", "FLOAT64", DECIMAL)),
    ],
)
def test_numbers_follow_numeric_mapping(numeric: str, expected: tuple[str, ...]) -> None:
    columns = (
        info("A", "NUMBER", 9, 0),
        info("B", "NUMBER", 18, 0),
        info("C", "NUMBER", 9, 2),
        info("D", "NUMBER"),  # neither precision nor scale
        info("E", "NUMBER", 126, -127),  # FLOAT
    )
    assert tuple(fields(*columns, numeric=numeric).values()) == (*expected, "FLOAT64")


def test_a_number_without_scale_has_that_of_java() -> None:
    (field,) = RowShape("T", [to_column(info("D", "NUMBER"))], Mapping(UTC)).schema.fields
    assert field.schema.parameters == {"scale": "127", "connect.decimal.precision": "0"}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (URL, {"host": "oracle", "port": 1521, "service_name": "ORCLPDB1", "protocol": "tcp"}),
        ("jdbc:oracle:thin:@h:1522:XE", {"host": "h", "port": 1522, "sid": "XE"}),
        ("jdbc:oracle:thin:@//h/x", {"host": "h", "port": 1521, "service_name": "x"}),
        (
            "jdbc:oracle:thin:@tcps://h:2484/x?wallet_location=/w",
            {"protocol": "tcps", "port": 2484, "service_name": "x"},
        ),
        ("jdbc:oracle:thin:@(DESCRIPTION=(ADDRESS=(HOST=h)))", {"dsn": "(DESCRIPTION=(ADDRESS=(HOST=h)))"}),
        ("jdbc:oracle:thin:@shop_high?TNS_ADMIN=/etc/oracle", {"dsn": "shop_high", "config_dir": "/etc/oracle"}),
    ],
)
def test_urls_lead_to_the_drivers_options(driver: Driver, url: str, expected: dict[str, Any]) -> None:
    connect(url)
    assert expected.items() <= driver.options.items()
    assert (driver.options["user"], driver.options["password"]) == ("u", "pw")


def test_the_session_keeps_the_databases_zone_and_isolation(driver: Driver) -> None:
    connect(**{"db.timezone": "Europe/Berlin", "transaction.isolation.mode": "SERIALIZABLE"})
    assert driver.connection.asked == [
        "ALTER SESSION SET TIME_ZONE = 'Europe/Berlin'",
        "ALTER SESSION SET ISOLATION_LEVEL = SERIALIZABLE",
    ]


def test_catalogue(driver: Driver) -> None:
    session = connect()
    driver.connection.answers = {"ALL_OBJECTS": [("SHOP", "ORDERS")], "ALL_TAB_COLS": [("ID", "N", "YES", "NUMBER", 1)]}
    assert session.tables(TableFilter()) == [Table(None, "SHOP", "ORDERS")]
    assert "ORACLE_MAINTAINED = 'N'" in driver.connection.asked[-1]
    session.tables(TableFilter(None, "SH%", ("TABLE", "SYNONYM")))
    assert "o.OWNER LIKE 'SH%'" in driver.connection.asked[-1]
    assert "IN ('TABLE', 'SYNONYM')" in driver.connection.asked[-1]
    assert session.table_columns(Table(None, None, "ORDERS")) == [
        TableColumn("ID", nullable=False, auto_increment=True, type_name="NUMBER", primary=True)
    ]
    assert "SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA')" in driver.connection.asked[-1]


def test_times_with_a_zone_are_asked_for_in_utc(driver: Driver) -> None:
    session = connect()
    driver.connection.description = [info("ID", "NUMBER", 9, 0), info("AT", "TIMESTAMP_TZ")]
    driver.connection.answers = {"FROM T": [(decimal.Decimal(1), dt.datetime(2024, 1, 1))]}  # noqa: DTZ001
    result = session.query("SELECT * FROM T")
    assert driver.connection.asked[-1] == (
        'SELECT "ID", CAST(SYS_EXTRACT_UTC("AT") AS TIMESTAMP(9)) AS "AT" FROM (SELECT * FROM T)'
    )
    shape = RowShape("T", result.columns, Mapping(ZoneInfo("Europe/Berlin")))
    assert shape.rows(result.fetch(10)) == [(1, dt.datetime(2024, 1, 1, tzinfo=dt.UTC))]


def test_times_are_written_to_the_nanosecond(driver: Driver) -> None:
    session = connect()
    assert session.timestamp_literal(1_000_123_456_000, UTC) == "TIMESTAMP '1970-01-01 00:16:40.123456000'"
    assert session.last_literal(1_000_123_456_000, UTC) == "TIMESTAMP '1970-01-01 00:16:40.123456999'"
    assert session.last_literal(1_000_123_456_789, UTC) == "TIMESTAMP '1970-01-01 00:16:40.123456789'"


def test_errors_tell_whether_trying_again_helps(driver: Driver) -> None:
    session = connect()
    for code, lasting in ((942, True), (3113, False)):
        cause = SimpleNamespace(code=code, message=f"ORA-{code:05}: no luck\nHelp: somewhere")
        driver.connection.answers = {"": oracledb.DatabaseError(cause)}
        with pytest.raises(SqlError) as raised:
            session.now(UTC)
        assert (str(raised.value), raised.value.lasting) == (f"ORA-{code:05}: no luck", lasting)


def test_a_stop_breaks_the_query_and_the_end_leaves_the_transaction(driver: Driver) -> None:
    session = connect()
    session.cancel()
    session.finish()
    session.close()
    assert [call for call in driver.connection.called if "cursor" not in call] == ["cancel", "rollback", "close"]


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(ConfigException, match=r"pip install 'kafka-connect-worker\[oracle\]'"):
        connect()

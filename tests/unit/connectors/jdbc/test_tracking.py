"""Which columns track a table, and what their values may be."""

from __future__ import annotations

import decimal
from zoneinfo import ZoneInfo

import pytest

from connect.api import ConnectException, DataException
from connectors.jdbc.columns import Column, Kind
from connectors.jdbc.database import Session, Table
from connectors.jdbc.jdbc_url import parse_jdbc_url
from connectors.jdbc.settings import Settings
from connectors.jdbc.sqlite import SqliteDatabase
from connectors.jdbc.tracking import PositionReader, Tracking, tracking_of

UTC = ZoneInfo("UTC")
ORDERS = Table("shop", None, "orders")


def tracking(**more: str) -> Tracking:
    keys = {name.replace("_", "."): value for name, value in more.items()}
    return tracking_of(Settings({"mode": "timestamp+incrementing", **keys}), ORDERS)


def test_mappings_name_columns_by_the_qualified_name() -> None:
    mapped = tracking(
        timestamp_columns_mapping="shop[.]o.*:[changed|made],log:[at]", incrementing_column_mapping=".*orders:id,log:no"
    )
    assert mapped == Tracking("id", ("changed", "made"))


@pytest.mark.parametrize(
    ("patterns", "text"),
    [
        ("log:[at]", "Included table 'shop.orders' does not match any of the provided regexes"),
        (".*:[a],shop.*:[b]", "Included table 'shop.orders' matches more than one of the provided regexes"),
    ],
)
def test_exactly_one_mapping_must_fit(patterns: str, text: str) -> None:
    with pytest.raises(ConnectException, match=f"Error while validating timestamp column mappings: {text}"):
        tracking(timestamp_columns_mapping=patterns)


@pytest.fixture
def session() -> Session:
    return SqliteDatabase(parse_jdbc_url("jdbc:sqlite::memory:")).connect()


def reader(session: Session, timestamps: tuple[str, ...], kind: Kind, *names: str) -> PositionReader:
    columns = [Column("id", kind), *(Column(name, Kind.TIMESTAMP) for name in names)]
    return PositionReader(Tracking("id", timestamps), columns, session, UTC)


def test_a_timestamp_column_is_found_in_its_case_first(session: Session) -> None:
    exact = reader(session, ("TS",), Kind.INT32, "ts", "TS")
    assert exact.position((1, 1000, 2000)).nanos == 2_000_000_000
    assert reader(session, ("TS",), Kind.INT32, "ts").position((1, 1000)).nanos == 1_000_000_000
    with pytest.raises(DataException, match=r"multiple columns whose names case-insensitively matched .*: ts,Ts"):
        reader(session, ("TS",), Kind.INT32, "ts", "Ts")
    with pytest.raises(DataException, match="Timestamp column TS not found in id,at"):
        reader(session, ("TS",), Kind.INT32, "at")


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (Kind.INT32, None, "Null value for incrementing column of type: INT32"),
        (Kind.DECIMAL, decimal.Decimal("1.5"), "Scale of Decimal value for incrementing column must be 0"),
        (Kind.DECIMAL, decimal.Decimal(2**63), r"Decimal value for incrementing column exceeded Long\.MAX_VALUE"),
    ],
)
def test_ids_that_cannot_be_kept_fail(session: Session, kind: Kind, value: object, text: str) -> None:
    with pytest.raises(ConnectException, match=text):
        reader(session, (), kind).position((value,))


def test_a_text_is_no_id(session: Session) -> None:
    with pytest.raises(ConnectException, match="Invalid type for incrementing column: STRING"):
        reader(session, (), Kind.STRING)

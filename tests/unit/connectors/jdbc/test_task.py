"""The task on SQLite, which needs no server."""

from __future__ import annotations

import decimal
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connect.api import ConfigException, ConnectException, RecordBatch, SourceTask
from connectors.jdbc.connector import JdbcSourceConnector
from connectors.jdbc.task import JdbcSourceTask
from tests.unit.connectors.source_context import FakeSourceContext, started

Start = Callable[..., SourceTask]


@pytest.fixture
def database(tmp_path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    connection.execute("pragma synchronous = off")
    return connection


@pytest.fixture
def start(tmp_path: Path) -> Start:
    def make(table: str = "t", offsets: Any = (), **more: str) -> SourceTask:
        config = {"connection.url": f"jdbc:sqlite:{tmp_path / 'x.db'}", "tables": f"`{table}`", "topic.prefix": "p-"}
        quick = {"poll.linger.ms": "0", "poll.interval.ms": "0"}
        return started(JdbcSourceTask(), {**config, **quick, **more}, FakeSourceContext(offsets))

    return make


def poll(task: SourceTask) -> RecordBatch:
    for _ in range(5):
        for batch in task.poll_batch() or ():
            return batch
    raise AssertionError("nothing came")


def test_the_numbered_key_is_found_and_old_offsets_are_taken_over(database: sqlite3.Connection, start: Start) -> None:
    database.execute("create table t (id integer primary key, v text)")
    database.execute("insert into t values (1, 'a'), (2, 'b'), (3, 'c')")
    task = start(mode="incrementing", offsets=[({"table": "t"}, {"incrementing": 1})])
    batch = poll(task)
    assert batch.values == [(2, "b"), (3, "c")]
    assert [record.source_offset for record in batch.records()] == [{"incrementing": 2}, {"incrementing": 3}]  # type: ignore[union-attr]
    task.stop()


def test_a_table_that_numbers_nothing_is_refused(database: sqlite3.Connection, start: Start) -> None:
    database.execute("create table t (id text)")
    with pytest.raises(ConfigException, match="no auto-increment column"):
        start(mode="incrementing")


def test_timestamp_mode_without_a_column_is_refused(database: sqlite3.Connection, start: Start) -> None:
    database.execute("create table t (id text)")
    with pytest.raises(ConfigException, match=r"set timestamp\.column\.name"):
        start(mode="timestamp")


def test_an_offset_waits_for_the_last_row_of_its_time(database: sqlite3.Connection, start: Start) -> None:
    database.execute("create table t (id integer primary key, u timestamp not null)")
    database.execute("insert into t values (1, 1000), (2, 2000), (3, 2000), (4, 2000), (5, 3000)")
    task = start(mode="timestamp", **{"timestamp.column.name": "u", "batch.max.rows": "2"})
    offsets = [record.source_offset["timestamp"] for _ in range(3) for record in poll(task).records()]  # type: ignore[union-attr,index]
    assert offsets == [1000, 1000, 1000, 2000, 3000]
    task.stop()


def test_rows_from_now_on(database: sqlite3.Connection, start: Start) -> None:
    database.execute("create table t (id integer primary key, u timestamp not null)")
    database.execute("insert into t values (1, 1000)")
    task = start(mode="timestamp", **{"timestamp.column.name": "u", "timestamp.initial": "-1"})
    assert not task.poll_batch()
    task.stop()


def test_decimals_of_sqlite_have_their_scale(database: sqlite3.Connection, start: Start) -> None:
    database.execute("create table t (d decimal(10,2), n numeric(4,0))")
    database.execute("insert into t values (1.5, 7), (null, null)")
    task = start(mode="bulk", **{"numeric.mapping": "best_fit"})
    assert poll(task).values == [(decimal.Decimal("1.50"), 7), (None, None)]
    task.stop()


def test_a_query_goes_to_the_topic_of_the_prefix(database: sqlite3.Connection, start: Start) -> None:
    database.execute("create table t (id integer primary key, v text)")
    database.execute("insert into t values (1, 'a')")
    task = start("", mode="bulk", query="select v, id * 2 as twice from t")
    batch = poll(task)
    assert (batch.topic, batch.values) == ("p-", [("a", 2)])
    assert batch.record(0).source_offset is None  # type: ignore[union-attr]
    task.stop()


def test_a_task_waits_for_the_list_of_tables_and_fails_without_any(start: Start) -> None:
    task = start("", mode="bulk", tables="", **{"tables.fetched": "false"})
    assert not task.poll_batch()
    task.stop()
    with pytest.raises(ConfigException, match="not assigned a table nor a query"):
        start("", mode="bulk", tables="", **{"tables.fetched": "true"})


@pytest.mark.parametrize(
    ("partition", "offset"),
    [
        (None, {"incrementing": 1}),
        ({"x": 1}, {"incrementing": 1}),
        ({"table": "t"}, {}),
        ({"table": "t"}, {"timestamp": "1"}),
    ],
)
def test_offsets_without_meaning_are_refused(partition: Any, offset: Any) -> None:
    with pytest.raises(ConnectException):
        JdbcSourceConnector().alter_offsets({}, [(partition, offset)])
    assert JdbcSourceConnector().alter_offsets({}, [(partition, None)])

"""Tables that are read in ranges of their key."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connect.api import ConnectException, SourceTask
from connectors.jdbc.connector import JdbcSourceConnector
from connectors.jdbc.database import Table
from connectors.jdbc.ranges import RANGES, KeyRange, read_ranges, start_of, write_ranges
from connectors.jdbc.task import JdbcSourceTask
from tests.unit.connectors.source_context import FakeSourceContext, batches, started


class ConnectorContext:
    """A connector's context that only remembers."""

    def __init__(self) -> None:
        self.changed = threading.Event()

    def request_task_reconfiguration(self) -> None:
        self.changed.set()

    def raise_error(self, error: BaseException) -> None:
        raise AssertionError(error)


@pytest.fixture
def database(tmp_path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    connection.execute("pragma synchronous = off")
    connection.execute("create table t (id integer primary key, v text)")
    connection.executemany("insert into t values (?, 'x')", [(number,) for number in range(-3, 25)])
    connection.execute("create table named (id text primary key)")
    connection.execute("create table paired (a int, b int, primary key (a, b))")
    connection.execute("create table empty (id integer primary key)")
    return connection


@pytest.fixture
def config(tmp_path: Path) -> dict[str, str]:
    return {
        "connection.url": f"jdbc:sqlite:{tmp_path / 'x.db'}",
        "table.include.list": ".*",
        "mode": "bulk",
        "topic.prefix": "p-",
        "bulk.range.size": "10",
        "batch.max.rows": "4",
        "poll.linger.ms": "0",
        "poll.interval.ms": "0",
    }


def task_configs(config: dict[str, str], most: int) -> list[dict[str, str]]:
    connector = JdbcSourceConnector()
    connector.initialize(ConnectorContext())  # type: ignore[arg-type]  # all that it asks for
    connector.start(config)
    try:
        return connector.task_configs(most)
    finally:
        connector.stop()


def test_ranges_and_whole_tables_are_shared_by_the_tasks(database: sqlite3.Connection, config: dict[str, str]) -> None:
    configs = task_configs(config, 3)
    assert [each["tables"] for each in configs] == ["`empty`,`named`,`paired`", "", ""]
    ranges = [[(each.start, each.end, each.is_first) for each in read_ranges(task)] for task in configs]
    assert ranges == [[], [(-10, 0, True), (0, 10, False)], [(10, 20, False), (20, None, False)]]


def test_by_default_and_in_other_modes_no_table_is_split(database: sqlite3.Connection, config: dict[str, str]) -> None:
    for more in ({"bulk.range.size": "0"}, {"mode": "incrementing", "table.include.list": "t"}):
        assert not any(RANGES in task for task in task_configs({**config, **more}, 3))


def test_keys_that_lie_far_apart_make_no_endless_list(database: sqlite3.Connection, config: dict[str, str]) -> None:
    database.execute("insert into t values (9000000000000000000, 'far')")
    (task,) = task_configs({**config, "table.include.list": "t"}, 1)
    ranges = read_ranges(task)
    assert 400 < len(ranges) <= 1000
    assert [each.start for each in ranges[1:]] == [each.end for each in ranges[:-1]]


def _rows(task: SourceTask, wanted: int) -> Iterator[tuple[int, Any, Any]]:
    """The first rows: their ids, partitions and offsets."""
    for batch in batches(task):
        for record in batch.records():
            yield record.value.get("id"), record.source_partition, record.source_offset  # type: ignore[union-attr]
            wanted -= 1
        if wanted <= 0:
            return


def test_all_ranges_give_the_table_and_a_restart_goes_on(database: sqlite3.Connection, config: dict[str, str]) -> None:
    (task_config,) = task_configs({**config, "table.include.list": "t", "poll.interval.ms": "60000"}, 1)
    task = started(JdbcSourceTask(), task_config)
    rows = list(_rows(task, 20))
    task.stop()
    assert rows[0] == (-3, {"protocol": "1", "table": "t", "range": "-10"}, {"incrementing": -3})
    stored = [(partition, offset) for _, partition, offset in rows]
    task = started(JdbcSourceTask(), task_config, FakeSourceContext(stored))
    rest = list(_rows(task, 100))
    task.stop()
    assert [number for number, *_ in [*rows, *rest]] == list(range(-3, 25))


def test_a_range_is_read_again_once_it_was_read_to_its_end(
    database: sqlite3.Connection, config: dict[str, str]
) -> None:
    (task_config,) = task_configs({**config, "table.include.list": "t"}, 1)
    task = started(JdbcSourceTask(), task_config)
    ids = [number for number, *_ in _rows(task, 70)]
    task.stop()
    assert all(ids.count(number) >= 2 for number in range(-3, 25))


def test_positions_before_a_range_mean_nothing_to_it() -> None:
    key_range = KeyRange(Table(None, None, "t"), "id", 10, 20, False)
    assert read_ranges({RANGES: write_ranges([key_range])}) == [key_range]
    assert start_of(key_range, None) is None
    assert start_of(key_range, {"incrementing": 9}) is None
    assert start_of(key_range, {"incrementing": 12}) == 12
    with pytest.raises(ConnectException, match="isn't a number"):
        start_of(key_range, {"incrementing": "12"})

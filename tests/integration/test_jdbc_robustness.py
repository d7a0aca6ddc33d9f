"""The JDBC source while others lock, change and drop its tables, and while the server closes its connections."""

from __future__ import annotations

import logging
import uuid

import pytest

from connectors.jdbc.connector import JdbcSourceConnector
from tests.conformance.jdbc_run import ScenarioWorker
from tests.integration.jdbc_task import RunningTask, connected, mariadb_config, run, running
from tests.services import MariaDB
from tests.waiting import wait_until

INCREMENTING = {"mode": "incrementing", "incrementing.column.name": "id"}
DRIVERS = pytest.mark.parametrize("driver", ["asyncmy", "pymysql"])


@pytest.fixture
def table(mariadb: MariaDB) -> str:
    """A table with one row."""
    name = f"t_{uuid.uuid4().hex[:12]}"
    admin = connected(mariadb)
    run(admin, f"create table {name} (id int auto_increment primary key, v varchar(10))")
    run(admin, f"insert into {name} (v) values ('first')")
    return name


@DRIVERS
def test_a_connection_that_was_idle_for_too_long_is_replaced_without_a_failed_query(
    mariadb: MariaDB, table: str, driver: str, caplog: pytest.LogCaptureFixture
) -> None:
    config = mariadb_config(mariadb, table, **INCREMENTING, **{"driver.name": driver, "poll.interval.ms": "2500"})
    more = {"connection.sessionVariables": "wait_timeout=1", "query.retry.attempts": "0"}
    with caplog.at_level(logging.INFO), running({**config, **more}) as task:
        wait_until(lambda: task.ids() == [1], what="the first row")
        run(connected(mariadb), f"insert into {table} (v) values ('second')")
        wait_until(lambda: task.ids() == [1, 2] or task.failure, what="the second row")
    assert task.failure is None
    assert "opening another one" in caplog.text


@DRIVERS
def test_a_locked_table_is_waited_for_and_no_obstacle_to_stopping(mariadb: MariaDB, table: str, driver: str) -> None:
    admin, watcher = connected(mariadb), connected(mariadb)
    waiting = f"select id from information_schema.processlist where state like 'Waiting%' and info like '%{table}%'"
    with running(mariadb_config(mariadb, table, **INCREMENTING, **{"driver.name": driver})) as task:
        wait_until(lambda: task.ids() == [1], what="the first row")
        run(admin, f"lock tables {table} write", f"insert into {table} (v) values ('second')")
        wait_until(lambda: run(watcher, waiting), what="the wait for the lock")
        run(admin, "unlock tables")
        wait_until(lambda: task.ids() == [1, 2], what="the row behind the lock")
        run(admin, f"lock tables {table} write")
        wait_until(lambda: run(watcher, waiting), what="the second wait for the lock")
        task.stop(10)
    run(admin, "unlock tables")
    assert task.failure is None


@DRIVERS
def test_a_lock_that_takes_longer_than_the_server_waits_is_tried_for_again(
    mariadb: MariaDB, table: str, driver: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A query for update, as query.suffix may make it, on rows that another transaction holds."""
    other = connected(mariadb)
    other.begin()
    run(other, f"select * from {table} for update")
    more = {"connection.sessionVariables": "innodb_lock_wait_timeout=1", "query.suffix": "FOR UPDATE"}
    with running(mariadb_config(mariadb, table, **INCREMENTING, **more, **{"driver.name": driver})) as task:
        wait_until(lambda: "Lock wait timeout exceeded" in caplog.text, what="the end of the server's patience")
        other.rollback()
        wait_until(lambda: task.ids() == [1], what="the row")
    assert task.failure is None


@DRIVERS
def test_columns_come_and_go_between_polls(mariadb: MariaDB, table: str, driver: str) -> None:
    admin = connected(mariadb)
    with running(mariadb_config(mariadb, table, **INCREMENTING, **{"driver.name": driver})) as task:
        wait_until(lambda: len(task.rows) == 1, what="the first row")
        run(admin, f"alter table {table} add column (n int)", f"insert into {table} (v, n) values ('second', 7)")
        wait_until(lambda: len(task.rows) == 2, what="the row with the new column")
        run(admin, f"alter table {table} drop column v", f"insert into {table} (n) values (8)")
        wait_until(lambda: len(task.rows) == 3, what="the row without the old column")
    assert task.failure is None
    assert task.rows == [(1, "first"), (2, "second", 7), (3, 8)]


def _failure(task: RunningTask) -> list[str]:
    wait_until(lambda: task.failure, what="the failure")
    messages, error = [], task.failure
    while error is not None:
        messages.append(str(error))
        error = error.__cause__
    return messages


@DRIVERS
def test_a_dropped_tracking_column_fails_the_task_and_is_named(mariadb: MariaDB, table: str, driver: str) -> None:
    admin = connected(mariadb)
    with running(mariadb_config(mariadb, table, **INCREMENTING, **{"driver.name": driver})) as task:
        wait_until(lambda: task.ids() == [1], what="the first row")
        run(admin, f"alter table {table} drop column id")
        assert any("Unknown column 'id'" in message for message in _failure(task))


@DRIVERS
def test_a_dropped_table_fails_the_task_and_is_named(mariadb: MariaDB, table: str, driver: str) -> None:
    admin = connected(mariadb)
    with running(mariadb_config(mariadb, table, **INCREMENTING, **{"driver.name": driver})) as task:
        wait_until(lambda: task.ids() == [1], what="the first row")
        run(admin, f"drop table {table}")
        assert any(f"{table}' doesn't exist" in message for message in _failure(task))


@DRIVERS
def test_a_split_table_is_shared_and_a_killed_connection_loses_nothing(
    mariadb: MariaDB, table: str, driver: str
) -> None:
    admin = connected(mariadb)
    run(admin, f"insert into {table} (id) select seq from seq_2_to_20000")
    config = {
        **mariadb_config(mariadb, "none", mode="bulk", **{"driver.name": driver, "topic.prefix": "p-"}),
        "table.whitelist": table,
        "catalog.pattern": mariadb.database,
        "bulk.range.size": "3000",
        "batch.max.rows": "100",
        "poll.interval.ms": "600000",
    }
    connector = JdbcSourceConnector()
    connector.initialize(ScenarioWorker(config))
    connector.start(config)
    first, second = connector.task_configs(2)
    connector.stop()
    with running(first) as one, running(second) as two:
        wait_until(lambda: len(one.rows) > 1000, what="the first rows")
        query = f"select id from information_schema.processlist where info like '%{table}%' and id <> connection_id()"
        for (thread,) in run(admin, query):
            run(admin, f"kill {thread}")
        wait_until(lambda: set(one.ids()) | set(two.ids()) == set(range(1, 20001)), what="all rows")
        assert not set(one.ids()) & set(two.ids())
    assert one.failure is None
    assert two.failure is None

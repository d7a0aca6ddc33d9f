"""The JDBC source against real servers that misbehave, and all the way into Kafka."""

from __future__ import annotations

import json
import random
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import psycopg
import pymysql
import pytest
from confluent_kafka import Consumer

from connectors.jdbc.database import Table
from connectors.jdbc.mysql_drivers import connect
from connectors.jdbc.ranges import ranges_of
from connectors.jdbc.settings import Settings
from tests.conformance.jdbc_run import StoredOffsets, place
from tests.conformance.vectors import CONFORMANCE_DIR
from tests.integration.jdbc_task import RENTAL, connected, mariadb_config, run, running
from tests.services import ConnectWorker, KafkaBroker, MariaDB
from tests.services.postgresql import PostgreSQL
from tests.waiting import wait_until


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    with PostgreSQL() as server:
        yield server


@pytest.fixture
def table() -> str:
    return f"t_{uuid.uuid4().hex[:12]}"


@pytest.mark.parametrize("driver", ["asyncmy", "pymysql"])
def test_a_killed_connection_is_opened_again_and_nothing_is_lost(mariadb: MariaDB, table: str, driver: str) -> None:
    admin = connected(mariadb)
    run(admin, RENTAL.format(table=table))
    fill = (
        f"insert into {table} (rental_date, inventory_id, customer_id, staff_id)"
        " select '2024-01-01', 1, 1, 1 from seq_1_to_20000"
    )
    run(admin, fill)
    names = {"mode": "incrementing", "incrementing.column.name": "rental_id", "driver.name": driver}
    with running(mariadb_config(mariadb, table, **names, **{"batch.max.rows": "100"})) as task:
        wait_until(lambda: len(task.rows) > 2000, what="the first rows")
        for (thread,) in run(
            admin,
            "select id from information_schema.processlist where id <> connection_id() and db = database()",
        ):
            run(admin, f"kill {thread}")
        wait_until(lambda: len(set(task.ids())) == 20000, what="all rows")
        run(admin, fill)
        wait_until(lambda: len(set(task.ids())) == 40000, what="the new rows")
    assert task.failure is None
    assert task.offsets.listed()[0]["offset"] == {"incrementing": max(task.ids())}


def test_a_server_that_restarts_is_waited_for(table: str) -> None:
    with MariaDB() as server:
        run(connected(server), RENTAL.format(table=table))
        fill = f"insert into {table} (rental_date, inventory_id, customer_id, staff_id) values ('2024-01-01', 1, 1, 1)"
        run(connected(server), fill)
        names = {"mode": "incrementing", "incrementing.column.name": "rental_id"}
        with running(mariadb_config(server, table, **names)) as task:
            wait_until(lambda: task.ids() == [1], what="the first row")
            server.kill()
            server.start()
            run(connected(server), fill)
            wait_until(lambda: task.ids() == [1, 2], what="the row after the restart")
        assert task.failure is None


@pytest.mark.parametrize("driver", ["asyncmy", "pymysql"])
def test_stopping_ends_a_running_query_on_mariadb(mariadb: MariaDB, driver: str) -> None:
    query = {"query": "select sleep(300)", "mode": "bulk", "tables": "", "driver.name": driver}
    admin = connected(mariadb)
    sleepers = "select id from information_schema.processlist where info like 'select sleep%'"
    with running(mariadb_config(mariadb, "none", **query)) as task:
        wait_until(lambda: run(admin, sleepers), 10, "the query")
        task.stop(5)
        assert task.failure is None
    wait_until(lambda: not run(admin, sleepers), 5, "the query's end")


def test_stopping_ends_a_running_query_on_postgresql(postgresql: PostgreSQL) -> None:
    config = {
        "connection.url": f"jdbc:postgresql://127.0.0.1:{postgresql.port}/postgres",
        "connection.user": postgresql.user_name,
        "query": "select pg_sleep(300)::text",
        "mode": "bulk",
    }
    with psycopg.connect(postgresql.url, autocommit=True) as admin, running(config) as task:
        sleepers = b"select pid from pg_stat_activity where wait_event = 'PgSleep'"
        wait_until(lambda: admin.execute(sleepers).fetchall(), 10, "the query")
        task.stop(5)
        assert task.failure is None
        wait_until(lambda: not admin.execute(sleepers).fetchall(), 5, "the query's end")


def test_a_row_committed_late_is_lost_by_default_and_read_within_the_window(mariadb: MariaDB, table: str) -> None:
    admin, late = connected(mariadb), connected(mariadb)
    run(admin, f"create table {table} (id int auto_increment primary key, v varchar(10))")
    names = {"mode": "incrementing", "incrementing.column.name": "id"}
    with (
        running(mariadb_config(mariadb, table, **names)) as default,
        running(mariadb_config(mariadb, table, **names, **{"safe.read.window.ms": "30000"})) as safe,
    ):
        late.begin()
        run(late, f"insert into {table} (v) values ('late')")
        run(admin, f"insert into {table} (v) values ('early')")
        wait_until(lambda: default.ids() == safe.ids() == [2], what="the row that was committed first")
        assert safe.offsets.listed()[0]["offset"] == {"incrementing": -1}
        late.commit()
        wait_until(lambda: safe.ids() == [2, 1], what="the late row")
        assert safe.offsets.listed()[0]["offset"] == {"incrementing": 2}
        run(admin, f"insert into {table} (v) values ('next')")
        wait_until(lambda: default.ids() == [2, 3] and safe.ids() == [2, 1, 3], what="the next row")


@pytest.mark.parametrize("mode", ["timestamp", "timestamp+incrementing"])
def test_every_committed_version_comes_within_the_window(mariadb: MariaDB, table: str, mode: str) -> None:
    """Writers commit in any order, roll back, and write times that lie back; restarts in between repeat, not lose."""
    admin = connected(mariadb)
    run(admin, f"create table {table} (id int auto_increment primary key, v int, u timestamp(6) not null)")
    names = {"timestamp.column.name": "u", "incrementing.column.name": "id" if "inc" in mode else ""}
    config = mariadb_config(mariadb, table, mode=mode, **names, **{"safe.read.window.ms": "20000"})
    offsets = StoredOffsets()
    writers = [threading.Thread(target=_write, args=(mariadb, table, seed)) for seed in range(10)]
    for writer in writers:
        writer.start()
    seen: set[Any] = set()
    for _ in range(3):
        with running(config, offsets) as task:
            before = len(task.rows)
            wait_until(lambda t=task, b=before: len(t.rows) > b, what="some rows")  # type: ignore[misc]
        assert task.failure is None
        seen |= {(row[0], row[1]) for row in task.rows}
    for writer in writers:
        writer.join()
    with running(config, offsets) as task:
        committed = set(run(admin, f"select id, v from {table}"))
        wait_until(lambda: committed <= seen | {(row[0], row[1]) for row in task.rows}, what="all committed rows")


def _write(server: MariaDB, table: str, seed: int) -> None:
    chance, connection = random.Random(seed), connected(server)
    pause = threading.Event()
    for number in range(20):
        connection.begin()
        run(connection, f"insert into {table} (v, u) values ({number}, now(6))")
        pause.wait(chance.random() * 0.2)
        if chance.random() < 0.2:
            connection.rollback()
        else:
            connection.commit()


def test_both_drivers_read_the_same(mariadb: MariaDB, table: str) -> None:
    admin = connected(mariadb)
    run(
        admin,
        "set sql_mode=''",
        f"create table {table} (id int primary key, d date, dt datetime(6), t time(6), y year, n decimal(12,2),"
        " bu bigint unsigned, b1 bit(1), b8 bit(8), j json, e enum('a','b'), s set('x','y'), g geometry, f float,"
        " r double, bl blob, tx text, vb varbinary(5), flag bool)",
        f"insert into {table} values (1, '0000-00-00', '2024-01-01 00:00:00.123456', '12:00:00.5', 2024, 1.5, 7, 1,"
        """ b'10000001', '{"a": 1}', 'a', 'x,y', ST_GeomFromText('POINT(1 2)'), 1.1, 1e9, x'00ff', 'é😀', x'ff', 5)""",
        f"insert into {table} (id) values (2)",
    )
    read = []
    for driver in ("asyncmy", "pymysql"):
        with running(mariadb_config(mariadb, table, **{"mode": "bulk", "driver.name": driver})) as task:
            wait_until(lambda t=task: len(t.rows) >= 2, what="the rows")  # type: ignore[misc]
        read.append(task.rows[:2])
    assert read[0] == read[1]


def test_types_without_counterpart_come_as_text_if_asked(postgresql: PostgreSQL, table: str) -> None:
    with psycopg.connect(postgresql.url, autocommit=True) as admin:
        admin.execute(f"create table {table} (a int[], b inet, c bit(8), d bit(12))".encode())
        admin.execute(f"insert into {table} values ('{{1,2}}', '::1', B'10000001', B'110000000001')".encode())
    config = {
        "connection.url": f"jdbc:postgresql://127.0.0.1:{postgresql.port}/postgres?user={postgresql.user_name}",
        "tables": f'"public"."{table}"',
        "mode": "bulk",
        "unsupported.types": "string",
    }
    with running(config) as task:
        wait_until(lambda: task.rows, what="the row")
    assert task.rows[0] == ("{1,2}", "::1", -127, b"\x0c\x01")


@pytest.mark.parametrize("driver", ["asyncmy", "pymysql"])
def test_memory_does_not_grow_with_the_table(mariadb: MariaDB, table: str, driver: str) -> None:
    run(
        connected(mariadb),
        f"create table {table} (id int primary key, v varchar(2000))",
        f"insert into {table} select seq, repeat('x', 1000) from seq_1_to_60000",
    )
    login = {"user": mariadb.user_name, "password": mariadb.password, "database": mariadb.database}
    connection = connect(driver, {"host": "127.0.0.1", "port": mariadb.port, **login})
    connection.open(f"select * from {table}")
    before, read = psutil.Process().memory_full_info().uss, 0
    while rows := connection.fetch(1000):
        read += len(rows)
        assert psutil.Process().memory_full_info().uss < before + 20_000_000
    connection.close()
    assert read == 60_000


def test_a_missing_table_fails_the_task_at_once(mariadb: MariaDB, table: str) -> None:
    names = {"query": f"select * from {table}", "mode": "bulk", "tables": ""}
    with running(mariadb_config(mariadb, table, **names)) as task:
        wait_until(lambda: task.failure, 10, "the failure")
    assert "doesn't exist" in str(task.failure.__cause__)  # type: ignore[union-attr]


def test_rental_goes_into_kafka_as_java_writes_it(
    mariadb: MariaDB, connect_worker: Callable[..., ConnectWorker], kafka_broker: KafkaBroker
) -> None:
    """The recorded topic of Java's connector, key by key, through our worker; the stored offset too."""
    scenario = json.loads((CONFORMANCE_DIR / "connectors/jdbc-source/rental-mariadb-inc.json").read_text())
    admin, database, prefix = connected(mariadb), f"db_{uuid.uuid4().hex[:8]}", uuid.uuid4().hex[:8]
    run(admin, f"create database {database}", f"use {database}", *scenario["setup"])
    placeholders = {
        "URL": f"jdbc:mariadb://127.0.0.1:{mariadb.port}/{database}",
        "USER": mariadb.user_name,
        "PASSWORD": mariadb.password,
        "DB": database,
        "P": prefix,
    }
    scenario = place(scenario, placeholders)
    worker = connect_worker({"offset.flush.interval.ms": "500"})
    worker.create("rental", scenario["config"])
    consumer = Consumer(
        {"bootstrap.servers": kafka_broker.bootstrap_servers, "group.id": prefix, "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([f"{prefix}-rental"])
    try:
        _follow_rental(scenario, worker, admin, consumer)
    finally:
        consumer.close()
    run(admin, f"drop database {database}")


def _follow_rental(scenario: Any, worker: ConnectWorker, admin: pymysql.Connection[Any], consumer: Consumer) -> None:
    records: list[Any] = []
    statements = iter([step["sql"] for step in scenario["steps"] if "sql" in step])

    def consumed() -> int:
        assert "FAILED" not in worker.states("rental"), worker.get("/connectors/rental/status")
        message = consumer.poll(0.2)
        if message is not None and message.error() is None:
            records.append((message.key(), json.loads(message.value())))
        return len(records)

    wait_until(lambda: consumed() >= 3, 60, "three records")
    run(admin, *next(statements))
    wait_until(lambda: consumed() >= 4, what="the fourth record")
    worker.restart()
    run(admin, *next(statements))
    wait_until(lambda: consumed() >= 5, 60, "the fifth record")
    (expected,) = scenario["expect"]["topics"].values()
    assert records == [(None, record["value"]) for record in expected]
    wait_until(lambda: worker.states("rental") == ["RUNNING", "RUNNING"], what="the states after the restart")
    wait_until(
        lambda: (worker.get("/connectors/rental/offsets") or {}).get("offsets") == scenario["expect"]["offsets"],
        what="the stored offset",
    )


def test_the_primary_key_of_postgresql_is_found(postgresql: PostgreSQL, table: str) -> None:
    with psycopg.connect(postgresql.url, autocommit=True) as admin:
        admin.execute(f"create table {table} (v text, id int8 primary key, w int unique)".encode())
        admin.execute(f"insert into {table} select 'x', n from generate_series(1, 25) n".encode())
    url = f"jdbc:postgresql://127.0.0.1:{postgresql.port}/postgres?user={postgresql.user_name}"
    settings = Settings({"connection.url": url, "mode": "bulk", "bulk.range.size": "10"})
    database = settings.database()
    session = database.connect()
    ranges = ranges_of(settings, database, session, Table(None, "public", table))
    session.close()
    assert [(each.column, each.start, each.end) for each in ranges] == [("id", 0, 10), ("id", 10, 20), ("id", 20, None)]


def test_a_table_of_another_database_than_the_urls_is_tracked(mariadb: MariaDB) -> None:
    other = f"other_{uuid.uuid4().hex[:8]}"
    with connected(mariadb) as connection:
        run(connection, f"create database {other}", f"create table {other}.t (id int auto_increment primary key)")
        run(connection, f"insert into {other}.t values (7)")
        with running({**mariadb_config(mariadb, "t", mode="incrementing"), "tables": f"`{other}`.`t`"}) as task:
            wait_until(lambda: task.rows == [(7,)], 20, "the row")
        run(connection, f"drop database {other}")

"""The generic dialect beside the databases' own ones, and on a database that has none: DuckDB."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import psutil
import psycopg
import pytest

from connect.api import Schema
from connectors.jdbc.database import TableFilter
from connectors.jdbc.querier import Querier, Source
from connectors.jdbc.settings import Settings
from connectors.jdbc.tracking import Position, Tracking
from tests.conformance.jdbc_run import StoredOffsets
from tests.integration.jdbc_task import connected, mariadb_config, run, running
from tests.services import MariaDB
from tests.services.postgresql import PostgreSQL
from tests.waiting import wait_until

_GENERIC = {"dialect.name": "GenericDatabaseDialect"}


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgreSQL]:
    with PostgreSQL() as server:
        yield server


@pytest.fixture
def table() -> str:
    return f"t_{uuid.uuid4().hex[:12]}"


def read(config: dict[str, str], name: str) -> tuple[Schema, list[Any]]:
    """Schema and rows of the table of that name, found in the catalogue."""
    settings = Settings({"mode": "bulk", **config})
    database = settings.database()
    session = database.connect()
    try:
        (table,) = (table for table in session.tables(TableFilter()) if table.name == name)
        source = Source(f"SELECT * FROM {database.quoted(*table.parts)}", name, table, {})
        batch = Querier(source, Tracking(), Position(), settings, database).next_batch(session, 100)
        assert batch is not None
        return batch.value_schema, list(map(tuple, batch.values))
    finally:
        session.close()


def same(config: dict[str, str], name: str) -> None:
    """Both ways to the database lead to the same schema and rows."""
    (schema, rows), (other_schema, other_rows) = read({**config, **_GENERIC}, name), read(config, name)
    assert [(field.name, field.schema) for field in schema.fields] == [
        (field.name, field.schema) for field in other_schema.fields
    ]
    assert (schema, rows) == (other_schema, other_rows)


def test_mariadb_reads_the_same_through_sqlalchemy(mariadb: MariaDB, table: str) -> None:
    with connected(mariadb) as admin:
        run(
            admin,
            f"create table {table} (id int auto_increment primary key, a tinyint, b tinyint unsigned, c smallint,"
            " d smallint unsigned, e mediumint, f int unsigned, g bigint, i double, j decimal(10,3),"
            " k varchar(20) not null, l text, m blob, n varbinary(9), o date, p time, q datetime(6),"
            " r timestamp null, s year, t enum('a','b'))",
            f"insert into {table} values (1, -1, 200, -2, 40000, -3, 4000000000, 5, 2.5, 3.25, '%s', 'ü', 'x',"
            " 'y', '2024-02-29', '03:04:05', '2024-01-02 03:04:05.123456', '2024-01-02 03:04:05', 2024, 'a')",
            f"insert into {table} (id, k) values (2, '')",
        )
    same(mariadb_config(mariadb, table), table)


def test_postgresql_reads_the_same_through_sqlalchemy(postgresql: PostgreSQL, table: str) -> None:
    with psycopg.connect(postgresql.url, autocommit=True) as admin:
        admin.execute(
            f"create table {table} (id bigserial primary key, a boolean, b smallint, c int, d real, e float8,"
            " f numeric(10,3), g varchar(9) not null, h text, i bytea, j date, k time, l timestamp, m timestamptz,"
            " n uuid, o jsonb, p int[], q numeric)".encode()
        )
        admin.execute(
            f"insert into {table} values (1, true, 2, 3, 1.5, 2.5, 3.25, '%s', 'ü', 'x', '2024-02-29', '03:04:05.678',"
            " '2024-01-02 03:04:05.123456', '2024-01-02 03:04:05+01', '6f9619ff-8b86-d011-b42d-00cf4fc964ff',"
            " '{\"a\": [1, true]}', '{1}', 1.25)".encode()
        )
        admin.execute(f"insert into {table} (id, g) values (2, '')".encode())
    url = f"jdbc:postgresql://127.0.0.1:{postgresql.port}/postgres"
    same({"connection.url": url, "connection.user": postgresql.user_name}, table)


def test_sqlite_reads_the_same_through_sqlalchemy(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "x.db") as admin:
        admin.execute("create table t (id integer not null primary key, a varchar(9), b double, c text not null)")
        admin.execute("insert into t values (1, '%s', 1.5, 'ü'), (2, null, null, '')")
    same({"connection.url": f"jdbc:sqlite:{tmp_path / 'x.db'}"}, "t")


@pytest.mark.parametrize("mode", ["incrementing", "timestamp", "timestamp+incrementing"])
def test_duckdb_is_followed_and_a_restart_goes_on(tmp_path: Path, mode: str) -> None:
    """DuckDB lets one process write: the writer is there while the task isn't."""
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(path) as admin:
        admin.execute("create table t (id int not null, at_ timestamp not null, v decimal(9,2), u utinyint, w varchar)")
        admin.execute(
            "insert into t select n, '2024-01-01'::timestamp + n * interval 1 second, n / 4, 7, '%s'"
            " from range(1, 2501) r(n)"
        )
    config = {
        "connection.url": f"jdbc:duckdb:{path}",
        "tables": '"shop"."main"."t"',
        "mode": mode,
        "incrementing.column.name": "id" if "inc" in mode else "",
        "timestamp.column.name": "at_" if "time" in mode else "",
        "batch.max.rows": "300",
    }
    offsets = StoredOffsets()
    with running(config, offsets) as task:
        wait_until(lambda: task.failure or len(task.rows) == 2500, what="the rows")
        assert task.failure is None
    with duckdb.connect(path) as admin:
        admin.execute("insert into t values (2501, '2024-02-01', 1, 7, null)")
    with running(config, offsets) as task:
        wait_until(lambda: task.failure or task.ids()[-1:] == [2501], what="the new row")
        assert task.failure is None
    assert offsets.listed()[0]["partition"] == {"protocol": "1", "table": "shop.main.t"}
    assert len(task.rows) <= 2


def test_stopping_ends_a_running_query_of_the_generic_dialect(mariadb: MariaDB, postgresql: PostgreSQL) -> None:
    user = {"connection.user": postgresql.user_name}
    url = f"jdbc:postgresql://127.0.0.1:{postgresql.port}/postgres"
    queries = {
        "select sleep(300)": mariadb_config(mariadb, "none"),
        "select pg_sleep(300)::text": {"connection.url": url, **user},
        "select count(*) from range(1000000000000)": {"connection.url": "jdbc:duckdb:"},
    }
    for query, config in queries.items():
        with running({**config, **_GENERIC, "query": query, "mode": "bulk", "tables": ""}) as task:
            assert not task.stopped_by_itself(1.0)
            task.stop(5)
            assert task.failure is None


def test_memory_does_not_grow_with_a_table_of_the_generic_dialect(mariadb: MariaDB, table: str) -> None:
    with connected(mariadb) as admin:
        run(admin, f"create table {table} as select seq id, repeat('x', 500) v from seq_1_to_200000")
    settings = Settings({**mariadb_config(mariadb, table), **_GENERIC, "mode": "bulk"})
    session = settings.database().connect()
    try:
        result = session.query(f"select * from {table}")
        before, count = psutil.Process().memory_info().rss, 0
        while rows := result.fetch(1000):
            count += len(rows)
        assert count == 200_000
        assert psutil.Process().memory_info().rss - before < 20_000_000
    finally:
        session.close()

"""A JDBC task in a thread, and the MariaDB server that it reads."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pymysql

from connect.api import RecordBatch
from connectors.jdbc.task import JdbcSourceTask
from tests.conformance.jdbc_run import StoredOffsets, TaskContext
from tests.services import MariaDB

RENTAL = (
    "create table {table} (rental_id int not null auto_increment primary key, rental_date datetime not null,"
    " inventory_id mediumint unsigned not null, customer_id smallint unsigned not null, return_date datetime null,"
    " staff_id tinyint unsigned not null,"
    " last_update timestamp not null default current_timestamp on update current_timestamp)"
)


class RunningTask:
    """A task in a thread, as a worker would run it; ``rows`` as they came, ``failure`` what ended it."""

    def __init__(self, config: dict[str, str], offsets: StoredOffsets | None = None) -> None:
        self.offsets = StoredOffsets() if offsets is None else offsets
        self.rows: list[Any] = []
        self.failure: BaseException | None = None
        self._config = {"topic.prefix": "p-", "poll.interval.ms": "100", **config}
        self._context = TaskContext(self.offsets)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        task = JdbcSourceTask()
        try:
            task.initialize(self._context)
            task.start(self._config)
            while not self._context.stopping.is_set():
                for batch in task.poll_batch() or ():
                    self._take(batch)
        except Exception as error:
            self.failure = error
        finally:
            task.stop()

    def _take(self, batch: RecordBatch) -> None:
        self.rows += batch.values
        partition, offset = batch.origin.partitions[-1], batch.origin.offsets[-1]  # type: ignore[union-attr]
        if offset is not None:
            self.offsets.put(partition, offset)

    def ids(self) -> list[int]:
        return [row[0] for row in self.rows]

    def stopped_by_itself(self, seconds: float) -> bool:
        """Whether the task ends within that time."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def stop(self, seconds: float = 20) -> None:
        self._context.stopping.set()
        self._thread.join(seconds)
        assert not self._thread.is_alive(), "the task didn't stop"


@contextmanager
def running(config: dict[str, str], offsets: StoredOffsets | None = None) -> Iterator[RunningTask]:
    task = RunningTask(config, offsets)
    try:
        yield task
    finally:
        task.stop()


def mariadb_config(server: MariaDB, table: str, **more: str) -> dict[str, str]:
    return {
        "connection.url": f"jdbc:mariadb://127.0.0.1:{server.port}/{server.database}",
        "connection.user": server.user_name,
        "connection.password": server.password,
        "tables": f"`{server.database}`.`{table}`",
        **more,
    }


def connected(server: MariaDB) -> pymysql.Connection[Any]:
    return pymysql.connect(
        host="127.0.0.1",
        port=server.port,
        user=server.user_name,
        password=server.password,
        database=server.database,
        autocommit=True,
    )


def run(connection: pymysql.Connection[Any], *statements: str) -> Sequence[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall())

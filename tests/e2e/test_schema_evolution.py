"""A table that changes, and a registry that is away: through worker, broker and registry into a file."""

from __future__ import annotations

import re
import sqlite3
import uuid
from collections.abc import Callable
from pathlib import Path

import requests

from connect.demo.process import free_port
from connect.demo.registry import EmbeddedRegistry
from tests.services import ConnectWorker
from tests.waiting import wait_until

AVRO = "io.confluent.connect.avro.AvroConverter"


class Pipeline:
    """A table ``t`` of an SQLite file, copied into the lines of another file with Avro between."""

    def __init__(self, worker: ConnectWorker, folder: Path, registry_url: str) -> None:
        self.worker = worker
        self.name = f"evolution-{uuid.uuid4()}"
        self._database = folder / "source.db"
        self._lines = folder / "lines.txt"
        self.sql("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, a TEXT NOT NULL)")
        converters = {
            "value.converter": AVRO,
            "value.converter.schema.registry.url": registry_url,
            "value.converter.max.retries": "0",
            "key.converter": "org.apache.kafka.connect.storage.StringConverter",
            "errors.retry.timeout": "120000",
            "errors.retry.delay.max.ms": "500",
        }
        self._source = {
            "connector.class": "io.confluent.connect.jdbc.JdbcSourceConnector",
            "tasks.max": "1",
            "connection.url": f"jdbc:sqlite:{self._database}",
            "table.whitelist": "t",
            "mode": "incrementing",
            "incrementing.column.name": "id",
            "topic.prefix": f"{self.name}-",
            "poll.interval.ms": "100",
            **converters,
        }
        self._sink = {
            "connector.class": "FileStreamSink",
            "tasks.max": "1",
            "topics": self.topic,
            "file": str(self._lines),
            **converters,
        }

    @property
    def topic(self) -> str:
        return f"{self.name}-t"

    def start(self) -> None:
        self.worker.create(f"{self.name}-source", self._source)
        self.worker.create(f"{self.name}-sink", self._sink)

    def sql(self, statement: str) -> None:
        with sqlite3.connect(self._database, timeout=30) as connection:
            connection.execute(statement)
        connection.close()

    def lines(self) -> list[str]:
        return self._lines.read_text().splitlines() if self._lines.exists() else []

    def ids(self) -> list[int]:
        return [int(re.search(r"id=(\d+)", line)[1]) for line in self.lines()]  # type: ignore[index]

    def source_trace(self) -> str:
        """The failure of the source's task, empty while it has none."""
        status = requests.get(f"{self.worker.url}/connectors/{self.name}-source/status", timeout=30).json()
        return "".join(task.get("trace", "") for task in status["tasks"] if task["state"] == "FAILED")

    def restart_source(self) -> None:
        path = f"/connectors/{self.name}-source/tasks/0/restart"
        requests.post(f"{self.worker.url}{path}", timeout=30).raise_for_status()


def test_columns_come_go_and_change_names(connect_worker: Callable[..., ConnectWorker], tmp_path: Path) -> None:
    """What the registry refuses fails the task by name; once it is allowed, the same rows follow: nothing is lost."""
    worker = connect_worker({"offset.flush.interval.ms": "500"})
    with EmbeddedRegistry() as registry:
        pipeline = Pipeline(worker, tmp_path, registry.url)
        pipeline.sql("INSERT INTO t (a) VALUES ('one')")
        pipeline.start()
        wait_until(lambda: pipeline.ids() == [1], timeout=90)
        pipeline.sql("ALTER TABLE t ADD COLUMN b TEXT")
        pipeline.sql("INSERT INTO t (a, b) VALUES ('two', 'x')")
        wait_until(lambda: pipeline.ids() == [1, 2], timeout=90)
        pipeline.sql("ALTER TABLE t DROP COLUMN b")
        pipeline.sql("INSERT INTO t (a) VALUES ('three')")
        wait_until(lambda: pipeline.ids() == [1, 2, 3], timeout=90)
        assert pipeline.lines()[1] == "Struct{id=2,a=two,b=x}"
        pipeline.sql("ALTER TABLE t RENAME COLUMN a TO c")
        pipeline.sql("INSERT INTO t (c) VALUES ('four'), ('five')")
        trace = wait_until(pipeline.source_trace, timeout=90)
        subject = f"{pipeline.topic}-value"
        versions = requests.get(f"{registry.url}/subjects/{subject}/versions", timeout=30).json()
        assert f"can't follow version {versions[-1]} of subject {subject}" in trace
        assert "'c'" in trace
        allowed = {"compatibility": "NONE"}
        requests.put(f"{registry.url}/config/{subject}", json=allowed, timeout=30).raise_for_status()
        pipeline.restart_source()
        wait_until(lambda: pipeline.ids() == [1, 2, 3, 4, 5], timeout=90)
        assert pipeline.lines()[3:] == ["Struct{id=4,c=four}", "Struct{id=5,c=five}"]


def test_a_registry_that_is_away(connect_worker: Callable[..., ConnectWorker], tmp_path: Path) -> None:
    """Away at the start: the task waits. Away later: what it knows goes on; what is new waits until it is back."""
    worker = connect_worker({"offset.flush.interval.ms": "500"})
    port = free_port()
    pipeline = Pipeline(worker, tmp_path, f"http://127.0.0.1:{port}")
    pipeline.sql("INSERT INTO t (a) VALUES ('one')")
    pipeline.start()
    wait_until(lambda: worker.states(f"{pipeline.name}-source") == ["RUNNING", "RUNNING"], timeout=90)
    assert pipeline.lines() == []
    with EmbeddedRegistry(port=port):
        wait_until(lambda: pipeline.ids() == [1], timeout=90)
    pipeline.sql("INSERT INTO t (a) VALUES ('two')")
    wait_until(lambda: pipeline.ids() == [1, 2], timeout=90)
    pipeline.sql("ALTER TABLE t ADD COLUMN b TEXT")
    pipeline.sql("INSERT INTO t (a, b) VALUES ('three', 'x')")
    pipeline.sql("INSERT INTO t (a, b) VALUES ('four', 'y')")
    with EmbeddedRegistry(port=port) as registry:
        # it has forgotten everything: give the first id to the first schema again
        requests.post(
            f"{registry.url}/subjects/{pipeline.topic}-value/versions",
            json={"schema": '{"type":"record","name":"other","fields":[]}'},
            timeout=30,
        ).raise_for_status()
        level = {"compatibility": "NONE"}
        requests.put(f"{registry.url}/config", json=level, timeout=30).raise_for_status()
        wait_until(lambda: pipeline.ids() == [1, 2, 3, 4], timeout=90)
    assert pipeline.source_trace() == ""

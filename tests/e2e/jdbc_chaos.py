"""Kill -9 of tasks, of the connectors' process and of the database, while fifty writers write."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import uuid
from collections.abc import Callable
from typing import Any

import psutil
from confluent_kafka import Consumer, TopicPartition

from tests.e2e.jdbc_writers import Writers
from tests.integration.jdbc_task import connected, run
from tests.services import ConnectWorker, MariaDB
from tests.waiting import wait_until

WRITERS = 50
WORKER = {
    "value.converter.schemas.enable": "false",
    "offset.flush.interval.ms": "300",
    "task.restart.policy": "on-failure",
    "task.restart.backoff.ms": "100",
    "task.restart.backoff.max.ms": "500",
    "task.restart.max": "100000",
}
_TABLE = (
    "create table versions (id int auto_increment primary key, v varchar(20) not null,"
    " u timestamp(6) not null default current_timestamp(6) on update current_timestamp(6))"
)
_MODES = {
    "changes": {"mode": "timestamp+incrementing", "timestamp.column.name": "u", "incrementing.column.name": "id"},
    "inserts": {"mode": "incrementing", "incrementing.column.name": "id"},
}

Version = tuple[int, str]


class Topic:
    """The versions that a topic holds, read on and on."""

    def __init__(self, bootstrap_servers: str, name: str) -> None:
        self.versions: set[Version] = set()
        self.records = 0
        self._consumer = Consumer(
            {"bootstrap.servers": bootstrap_servers, "group.id": "unused", "enable.auto.commit": False}
        )
        self._consumer.assign([TopicPartition(name, 0, 0)])

    def read(self) -> set[Version]:
        """Read what is there."""
        for message in self._consumer.consume(10_000, 0.2):
            if message.error() is None:
                row = json.loads(message.value() or b"")
                self.versions.add((row["id"], row["v"]))
                self.records += 1
        return self.versions

    def close(self) -> None:
        self._consumer.close()


class JdbcChaos:
    """One run: both modes, so many kills; the database is killed at every third."""

    def __init__(self, worker: ConnectWorker, server: MariaDB, seed: int) -> None:
        self._worker = worker
        self._server = server
        self._seed = seed
        self._choice = random.Random(seed)
        prefix = uuid.uuid4().hex[:8]
        servers = worker.properties["bootstrap.servers"]
        self._names = {kind: f"{prefix}-{kind}-" for kind in _MODES}
        self.topics = {kind: Topic(servers, f"{name}versions") for kind, name in self._names.items()}

    def _create(self, kind: str) -> None:
        self._worker.create(
            self._names[kind],
            {
                "connector.class": "io.confluent.connect.jdbc.JdbcSourceConnector",
                "tasks.max": "1",
                "connection.url": f"jdbc:mariadb://127.0.0.1:{self._server.port}/{self._server.database}",
                "connection.user": self._server.user_name,
                "connection.password": self._server.password,
                "connection.backoff.ms": "500",
                "connection.attempts": "100",
                "catalog.pattern": self._server.database,
                "table.whitelist": "versions",
                "topic.prefix": self._names[kind],
                "poll.interval.ms": "100",
                "safe.read.window.ms": "60000",
                **_MODES[kind],
            },
        )

    def play(self, kills: int) -> str:
        """Run, and check; returns what happened, for people to read."""
        run(connected(self._server), _TABLE)
        with Writers(self._server, "versions", WRITERS, self._seed) as writers:
            for kind in _MODES:
                self._create(kind)
            for number in range(kills):
                self._progress(f"rows after {number} kills, seed {self._seed}")
                self._kill_database() if number % 3 == 2 else self._kill_a_child()
            self._progress(f"rows after the last kill, seed {self._seed}")
        rows = {(int(number), str(text)) for number, text in run(connected(self._server), "select id, v from versions")}
        changes, inserts = self.topics["changes"], self.topics["inserts"]
        self._arrived(lambda: rows - changes.read(), "changes")
        ids = {number for number, _ in rows}
        self._arrived(lambda: ids - {number for number, _ in inserts.read()}, "inserts")
        for topic in self.topics.values():
            assert not topic.versions & writers.rolled_back
            topic.close()
        return (
            f"{kills} kills, seed {self._seed}: {writers.commits} commits, {len(rows)} rows, 0 lost; records: changes "
            f"{changes.records} of {len(changes.versions)} versions, inserts {inserts.records}"
        )

    def _arrived(self, missing: Callable[[], set[Any]], kind: str) -> None:
        wait_until(lambda: not missing(), 120, f"every committed row among the {kind}, seed {self._seed}")

    def _progress(self, what: str) -> None:
        for topic in self.topics.values():
            before = len(topic.versions)
            wait_until(lambda t=topic, b=before: len(t.read()) > b + 20, 120, what)  # type: ignore[misc]
        # Only a moment is wanted, not a condition: where the tasks are then must differ from kill to kill.
        threading.Event().wait(self._choice.random() * 0.5)

    def _kill_a_child(self) -> None:
        """Kill a task, or the process of the connectors."""
        (fork_server,) = psutil.Process(self._worker.pid).children()
        children = fork_server.children()
        if children:
            os.kill(self._choice.choice(children).pid, signal.SIGKILL)

    def _kill_database(self) -> None:
        self._server.kill()
        self._server.start()

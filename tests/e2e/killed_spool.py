"""Files that are read by a task which is killed again and again."""

from __future__ import annotations

import gzip
import os
import random
import threading
import uuid
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import psutil
import requests
from confluent_kafka import Consumer

from tests.services import ConnectWorker
from tests.waiting import wait_until

_NAME = "killed"


class KilledSpool:
    """A spool directory with files of numbered rows, read by a connector of its own on ``worker``."""

    def __init__(self, worker: ConnectWorker, root: Path, *, files: int, rows: int) -> None:
        self.worker = worker
        self.topic = f"killed-{uuid.uuid4()}"
        self.root = root
        self.expected = {f"{number}/{row}" for number in range(files) for row in range(rows)}
        self._names = [f"{number:03d}.csv{'.gz' if number % 4 == 3 else ''}" for number in range(files)]
        for folder in ("in", "finished", "error"):
            (root / folder).mkdir()
        for number, name in enumerate(self._names):
            text = "id,text\n" + "".join(f'{number}/{row},"row {row}, of {number}"\n' for row in range(rows))
            data = gzip.compress(text.encode(), 1) if name.endswith(".gz") else text.encode()
            (root / "in" / name).write_bytes(data)
        self._others: set[int] = set()

    def start(self, config: Mapping[str, str] | None = None) -> None:
        """Create the connector, after another one that brings up all processes but those of tasks."""
        (self.root / "idle.txt").touch()
        idle = {"connector.class": "FileStreamSource", "file": str(self.root / "idle.txt"), "topic": "idle"}
        self.worker.create("idle", {**idle, "tasks.max": "1"})
        wait_until(lambda: self.worker.states("idle") == ["RUNNING", "RUNNING"])
        self._others = self._processes()
        self.worker.create(
            _NAME,
            {
                "connector.class": "com.github.jcustenborder.kafka.connect.spooldir.SpoolDirCsvSourceConnector",
                "tasks.max": "1",
                "topic": self.topic,
                "input.path": str(self.root / "in"),
                "finished.path": str(self.root / "finished"),
                "error.path": str(self.root / "error"),
                "input.file.pattern": r".*\.csv(\.gz)?",
                "csv.first.row.as.header": "true",
                "schema.generation.enabled": "true",
                "schema.generation.key.fields": "id",
                "batch.size": "100",
                "empty.poll.wait.ms": "50",
                "file.settle.ms": "0",
                "key.converter": "org.apache.kafka.connect.json.JsonConverter",
                "key.converter.schemas.enable": "false",
                "value.converter": "org.apache.kafka.connect.storage.StringConverter",
                **(config or {}),
            },
        )

    def _processes(self) -> set[int]:
        return {child.pid for child in psutil.Process(self.worker.pid).children(recursive=True)}

    def kill_at(self, seconds: float) -> bool:
        """Kill the task that long after it has begun to run; False when all files were finished before."""
        wait_until(lambda: self.worker.states(_NAME) == ["RUNNING", "RUNNING"])
        # Only a moment is wanted, not a condition: where the task is then must differ from kill to kill.
        threading.Event().wait(seconds)
        if self.all_put_away:
            return False
        for pid in self._processes() - self._others:
            os.kill(pid, 9)
        wait_until(lambda: self.worker.states(_NAME) == ["RUNNING", "FAILED"])
        answer = requests.post(f"{self.worker.url}/connectors/{_NAME}/tasks/0/restart", timeout=30)
        assert answer.status_code == 204
        return True

    def kill_often(self, times: int, rng: random.Random) -> int:
        """Kill the task that many times at random moments, fewer when it is done before; returns how often."""
        return next((done for done in range(times) if not self.kill_at(rng.uniform(0, 0.6))), times)

    def remove(self) -> None:
        """Delete the connectors."""
        for name in ("idle", _NAME):
            assert requests.delete(f"{self.worker.url}/connectors/{name}", timeout=30).status_code == 204
        wait_until(lambda: self.worker.get("/connectors") == [])

    @property
    def all_put_away(self) -> bool:
        """Whether no file, and no flag file, is left in the input folder."""
        return not self._names_in("in")

    def _names_in(self, folder: str) -> list[str]:
        return sorted(path.name for path in (self.root / folder).iterdir())

    def expect_nothing_lost(self, timeout: float = 120) -> int:
        """Every row is in the topic and every file is finished; returns how many rows are there more than once.

        ``timeout`` is in seconds, for the files that are left.
        """
        wait_until(lambda: self.all_put_away, timeout=timeout, what="an empty input folder")
        assert self._names_in("finished") == self._names
        assert self._names_in("error") == []
        counts = Counter(_ids(self.worker.properties["bootstrap.servers"], self.topic))
        assert counts.keys() == self.expected
        return sum(count - 1 for count in counts.values())


def _ids(bootstrap_servers: str, topic: str) -> list[str]:
    """The keys of all records of the topic."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": str(uuid.uuid4()),
            "auto.offset.reset": "earliest",
            "enable.partition.eof": True,
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([topic])
    found: list[str] = []
    try:
        while True:
            for message in consumer.consume(10_000, timeout=30):
                if message.error():
                    return found
                found.append((message.key() or b"").decode().removeprefix('{"id":"').removesuffix('"}'))
    finally:
        consumer.close()

"""Kill -9 at random moments, while numbered lines move from a file through a topic to a file.

No line may be lost; with exactly-once sources a consumer of committed records may see none twice.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import uuid
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
from confluent_kafka import Consumer, TopicPartition

from tests.services import ConnectWorker, KafkaBroker
from tests.waiting import wait_until

STRING = "org.apache.kafka.connect.storage.StringConverter"
_PROPERTIES = {
    "key.converter": STRING,
    "value.converter": STRING,
    "offset.flush.interval.ms": "300",
    "consumer.session.timeout.ms": "3000",
    "consumer.heartbeat.interval.ms": "1000",
    "session.timeout.ms": "6000",
    "heartbeat.interval.ms": "1000",
    "scheduled.rebalance.max.delay.ms": "0",
    "task.restart.policy": "on-failure",
    "task.restart.backoff.ms": "100",
    "task.restart.backoff.max.ms": "500",
    "task.restart.max": "100000",
}


class GrowingFile:
    """A file of numbered lines that grows all the time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._grow)

    def __enter__(self) -> GrowingFile:
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.end()

    def end(self) -> None:
        """Grow no more."""
        self._ended.set()
        self._thread.join()

    def _grow(self) -> None:
        with self.path.open("w") as file:
            while not self._ended.wait(0.02):
                file.writelines(f"{number:09d}\n" for number in range(self.lines, self.lines + 50))
                file.flush()
                self.lines += 50


class Topic:
    """What a consumer of committed records sees of a topic, read on and on."""

    def __init__(self, bootstrap_servers: str, name: str) -> None:
        self.seen: Counter[str] = Counter()
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap_servers,
                "group.id": "unused",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "reconnect.backoff.max.ms": 500,
            }
        )
        self._consumer.assign([TopicPartition(name, 0, 0)])

    def read(self) -> int:
        """Read what is there; the number of different lines so far."""
        for message in self._consumer.consume(100_000, 0.2):
            if message.error() is None:
                self.seen[message.value().decode()] += 1
        return len(self.seen)

    def close(self) -> None:
        self._consumer.close()


class Chaos:
    """One run: what is killed, and what came of it."""

    def __init__(self, broker: KafkaBroker, folder: Path, seed: int, *, exactly_once: bool) -> None:
        self.lines = 0
        self.in_topic: Counter[str] = Counter()
        self.in_file: Counter[str] = Counter()
        self._broker = broker
        self._folder = folder
        self._seed = seed
        self._choice = random.Random(seed)
        self._cluster = f"chaos-{uuid.uuid4()}"
        own = {f"{kind}.storage.topic": f"{self._cluster}-{kind}" for kind in ("config", "offset", "status")}
        own |= {"exactly.once.source.support": "enabled"} if exactly_once else {}
        self._worker = ConnectWorker(broker.bootstrap_servers, {"group.id": self._cluster, **own, **_PROPERTIES})

    @property
    def lost(self) -> set[str]:
        """Lines that are missing in the topic."""
        return {f"{number:09d}" for number in range(self.lines)} - set(self.in_topic)

    @property
    def torn(self) -> int:
        """How many parts of lines a task has left in the file that was killed in the midst of a write."""
        torn = set(self.in_file) - {f"{number:09d}" for number in range(self.lines)}
        assert all(len(line) < 9 and line.isdigit() for line in torn)
        return len(torn)

    def play(self, victims: Sequence[str], longest_pause: float = 1.5) -> None:
        """Kill in that order: ``child`` (a task, or the process of the connectors), ``worker``, ``broker``."""
        out = self._folder / "out.txt"
        topic = Topic(self._broker.bootstrap_servers, self._cluster)
        with GrowingFile(self._folder / "in.txt") as file, self._worker as worker:
            source = {"connector.class": "FileStreamSource", "file": str(file.path), "topic": self._cluster}
            worker.create("source", source)
            worker.create("sink", {"connector.class": "FileStreamSink", "file": str(out), "topics": self._cluster})
            for number, victim in enumerate(victims):
                before = topic.read()
                what = f"progress after {number} kills, seed {self._seed}"
                wait_until(lambda before=before: topic.read() > before, 90, what)
                threading.Event().wait(self._choice.random() * longest_pause)
                self._kill(victim)
            file.end()
            self.lines = file.lines
            wait_until(lambda: topic.read() == file.lines, 120, f"all lines in the topic, seed {self._seed}")
            self._wait_for_the_file(out)
        topic.close()
        self.in_topic, self.in_file = topic.seen, Counter(_lines(out))

    def _kill(self, victim: str) -> None:
        if victim == "child":
            (fork_server,) = psutil.Process(self._worker.pid).children()
            children = fork_server.children()
            if children:
                os.kill(self._choice.choice(children).pid, signal.SIGKILL)
            return
        server = self._worker if victim == "worker" else self._broker
        server.kill()
        server.start()

    def _wait_for_the_file(self, out: Path) -> None:
        """Wait until the sink's file has all lines; tell what is wrong when it hasn't."""
        expected = {f"{number:09d}" for number in range(self.lines)}
        try:
            wait_until(lambda: expected <= set(_lines(out)), 180, look_every=1)
        except AssertionError as error:
            worker, missing = self._worker, sorted(expected - set(_lines(out)))
            shown = f"{missing[:3]} to {missing[-1]}, seed {self._seed}; {worker.get('/connectors/sink/status')}"
            raise AssertionError(
                f"{len(missing)} of {self.lines} lines are missing: {shown}\n{worker.log()[-5000:]}"
            ) from error


def duplicates(seen: Counter[str]) -> int:
    """How many were seen again."""
    return seen.total() - len(seen)


def _lines(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []

"""Kill -9 of tasks, worker and broker at random moments, while lines move from a file through a topic to a file.

No line is lost; with exactly-once sources a consumer of committed records sees none twice. ``CONNECT_SOAK=1`` makes it
200 kills, ``CONNECT_SOAK_KILLS`` another number; ``CONNECT_SOAK_SEED`` repeats a run.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from confluent_kafka import Consumer, TopicPartition

from tests.services import ConnectWorker, KafkaBroker
from tests.waiting import wait_until

KILLS = int(os.environ.get("CONNECT_SOAK_KILLS") or (200 if os.environ.get("CONNECT_SOAK") else 6))
SEED = int(os.environ.get("CONNECT_SOAK_SEED", "0")) or random.randrange(1, 10**9)
STRING = "org.apache.kafka.connect.storage.StringConverter"
_PROPERTIES = {
    "key.converter": STRING,
    "value.converter": STRING,
    "offset.flush.interval.ms": "300",
    "consumer.session.timeout.ms": "6000",
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


@pytest.fixture
def broker() -> Iterator[KafkaBroker]:
    with KafkaBroker() as broker:
        yield broker


def _kill_a_child(worker: ConnectWorker, choice: random.Random) -> None:
    """Kill a task, or the process of the connectors."""
    (fork_server,) = psutil.Process(worker.pid).children()
    children = fork_server.children()
    if children:
        os.kill(choice.choice(children).pid, signal.SIGKILL)


def _run(broker: KafkaBroker, tmp_path: Path, *, exactly_once: bool) -> tuple[GrowingFile, Counter[str], Counter[str]]:
    choice = random.Random(SEED)
    cluster = f"chaos-{uuid.uuid4()}"
    out = tmp_path / "out.txt"
    own = {f"{kind}.storage.topic": f"{cluster}-{kind}" for kind in ("config", "offset", "status")}
    own |= {"exactly.once.source.support": "enabled"} if exactly_once else {}
    worker = ConnectWorker(broker.bootstrap_servers, {"group.id": cluster, **own, **_PROPERTIES})
    topic = Topic(broker.bootstrap_servers, cluster)
    with GrowingFile(tmp_path / "in.txt") as file, worker:
        worker.create("source", {"connector.class": "FileStreamSource", "file": str(file.path), "topic": cluster})
        worker.create("sink", {"connector.class": "FileStreamSink", "file": str(out), "topics": cluster})
        for number in range(KILLS):
            before = topic.read()
            wait_until(lambda before=before: topic.read() > before, 90, f"progress after {number} kills, seed {SEED}")
            threading.Event().wait(choice.random() * 1.5)
            victim = (
                ("child", "child", "worker", "broker")[number % 4]
                if number < 4
                else choice.choice(("child", "child", "child", "worker", "broker"))
            )
            if victim == "child":
                _kill_a_child(worker, choice)
            else:
                server = worker if victim == "worker" else broker
                server.kill()
                server.start()
        file.end()
        wait_until(lambda: topic.read() == file.lines, 120, f"all lines in the topic, seed {SEED}")
        _wait_for_the_file(out, file.lines, worker)
    topic.close()
    return file, topic.seen, Counter(_lines(out))


def _wait_for_the_file(out: Path, lines: int, worker: ConnectWorker) -> None:
    """Wait until the sink's file has all lines; tell what is wrong when it hasn't."""
    expected = {f"{number:09d}" for number in range(lines)}
    try:
        wait_until(lambda: expected <= set(_lines(out)), 180, look_every=1)
    except AssertionError as error:
        missing = sorted(expected - set(_lines(out)))
        shown = f"{missing[:3]} to {missing[-1]}, seed {SEED}; {worker.get('/connectors/sink/status')}"
        raise AssertionError(f"{len(missing)} of {lines} lines are missing: {shown}\n{worker.log()[-5000:]}") from error


def _torn(in_file: Counter[str], expected: set[str]) -> int:
    """How many parts of lines a task has left that was killed in the midst of a write."""
    torn = set(in_file) - expected
    assert all(len(line) < 9 and line.isdigit() for line in torn)
    return len(torn)


def _lines(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []


def _duplicates(seen: Counter[str]) -> int:
    return seen.total() - len(seen)


def test_no_line_is_lost(broker: KafkaBroker, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, in_topic, in_file = _run(broker, tmp_path, exactly_once=False)
    expected = {f"{number:09d}" for number in range(file.lines)}
    assert set(in_topic) == expected
    torn = _torn(in_file, expected)
    with capsys.disabled():
        print(
            f"\n{KILLS} kills, seed {SEED}: {file.lines} lines, 0 lost; twice in the topic {_duplicates(in_topic)}, "
            f"in the sink's file {_duplicates(in_file)}, torn there {torn}"
        )


def test_exactly_once_no_line_is_lost_or_seen_twice(
    broker: KafkaBroker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, in_topic, _ = _run(broker, tmp_path, exactly_once=True)
    assert set(in_topic) == {f"{number:09d}" for number in range(file.lines)}
    assert _duplicates(in_topic) == 0
    with capsys.disabled():
        print(f"\n{KILLS} kills, seed {SEED}: {file.lines} lines, 0 lost, 0 seen twice")

"""Several workers in one group, and the numbered records by which tests see what was lost or repeated."""

from __future__ import annotations

import json
import sys
import uuid
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests
from confluent_kafka import Consumer, TopicPartition

from tests.services import ConnectWorker, JavaConnect
from tests.waiting import wait_until

QUICK = {
    "session.timeout.ms": "6000",
    "heartbeat.interval.ms": "300",
    "offset.flush.interval.ms": "500",
    "consumer.session.timeout.ms": "6000",
    "consumer.heartbeat.interval.ms": "1000",
    "scheduled.rebalance.max.delay.ms": "0",
}
"""Lets groups form fast; the broker accepts no shorter session."""

LOG_SHOWN = 8_000
"""How many characters of each worker's log a failed test shows."""

AnyWorker = ConnectWorker | JavaConnect


class WorkerGroup:
    """Workers that share a group of their own, ended with the ``with`` block."""

    def __init__(self, bootstrap_servers: str, folder: Path, properties: Mapping[str, str] | None = None) -> None:
        group = f"group-{uuid.uuid4()}"
        self.bootstrap_servers = bootstrap_servers
        self.folder = folder
        self.prefix = f"{uuid.uuid4()}"
        topics = {f"{kind}.storage.topic": f"{group}-{kind}" for kind in ("config", "offset", "status")}
        self.properties = {"group.id": group, **topics, **QUICK, **(properties or {})}
        self.workers: list[AnyWorker] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            for worker in self.workers:
                sys.stdout.write(f"--- {worker.url}\n{worker.log()[-LOG_SHOWN:]}\n")
        for worker in self.workers:
            worker.kill()
        self._stack.close()

    def add(self, properties: Mapping[str, str] | None = None) -> ConnectWorker:
        """Start a worker of ours."""
        worker = ConnectWorker(self.bootstrap_servers, {**self.properties, **(properties or {})})
        self.workers.append(self._stack.enter_context(worker))
        return worker

    def add_java(self, properties: Mapping[str, str] | None = None) -> JavaConnect:
        """Start a worker of Kafka Connect in Java."""
        worker = JavaConnect(self.bootstrap_servers, {**self.properties, **(properties or {})})
        self.workers.append(self._stack.enter_context(worker))
        return worker

    # Numbered records

    def lines(self, name: str) -> Lines:
        """A file that a source reads, with its topic."""
        return Lines(self.folder / f"{name}.txt", f"{self.prefix}-{name}")

    def source(self, name: str, **config: str) -> Lines:
        """Create a file source on any worker that runs."""
        lines = self.lines(name)
        lines.path.touch()
        create(self.running[0], name, {**lines.source_config, **config})
        return lines

    @property
    def running(self) -> list[AnyWorker]:
        """The workers that run."""
        return [worker for worker in self.workers if worker.is_running]

    def read(self, topic: str) -> list[str]:
        """All values of a topic, unwrapped from the JSON converter's envelope."""
        return [json.loads(value)["payload"] for value in read_topic(self.bootstrap_servers, topic)]

    def numbers(self, lines: Lines) -> Counter[int]:
        """How often each number of a source is in its topic."""
        return Counter(int(text) for text in self.read(lines.topic))


class Lines:
    """A file of numbered lines, its source and its topic."""

    def __init__(self, path: Path, topic: str) -> None:
        self.path = path
        self.topic = topic
        self.written = 0

    @property
    def source_config(self) -> dict[str, str]:
        """The configuration of a connector that reads it."""
        connector = "org.apache.kafka.connect.file.FileStreamSourceConnector"
        return {"connector.class": connector, "file": str(self.path), "topic": self.topic, "tasks.max": "1"}

    def write(self, count: int) -> None:
        """Append the next numbers."""
        with self.path.open("a") as file:
            file.writelines(f"{number}\n" for number in range(self.written, self.written + count))
        self.written += count

    @property
    def once(self) -> Counter[int]:
        """Each number, once."""
        return Counter(range(self.written))


def create(worker: AnyWorker, name: str, config: Mapping[str, str]) -> Any:
    """Create a connector; tries again while the group forms."""

    def created() -> Any:
        answer = requests.post(f"{worker.url}/connectors", json={"name": name, "config": dict(config)}, timeout=30)
        assert answer.status_code in (201, 409), answer.text
        return answer.json() if answer.status_code == 201 else None

    return wait_until(created)


def put(worker: AnyWorker, path: str, body: Any = None) -> requests.Response:
    """A PUT that must succeed; tries again while the group forms."""

    def done() -> requests.Response | None:
        answer = requests.put(f"{worker.url}{path}", json=body, timeout=30)
        assert answer.ok or answer.status_code == 409, answer.text
        return answer if answer.ok else None

    return wait_until(done)


def status(worker: AnyWorker, connector: str) -> Any:
    """A connector's status, or None."""
    answer = requests.get(f"{worker.url}/connectors/{connector}/status", timeout=30)
    return answer.json() if answer.ok else None


def states(worker: AnyWorker, connector: str) -> list[str]:
    """The states of a connector and its tasks, as one worker tells them."""
    found = status(worker, connector)
    return [] if found is None else [found["connector"]["state"], *(task["state"] for task in found["tasks"])]


def places(worker: AnyWorker, connectors: list[str]) -> Counter[str]:
    """How many connectors and tasks run on which worker, as one worker tells it; empty unless all run."""
    found = [status(worker, connector) for connector in connectors]
    if any(each is None for each in found):
        return Counter()
    shown = [part for each in found for part in (each["connector"], *each["tasks"])]
    if any(part["state"] != "RUNNING" for part in shown) or any(not each["tasks"] for each in found):
        return Counter()
    return Counter(part["worker_id"] for part in shown)


def worker_id(worker: AnyWorker) -> str:
    """As statuses name it."""
    return worker.url.removeprefix("http://")


def read_topic(bootstrap_servers: str, topic: str) -> list[bytes]:
    """All values of a topic with one partition; none when it doesn't exist."""
    return [value for _, value in read_records(bootstrap_servers, topic)]


def read_records(bootstrap_servers: str, topic: str) -> list[tuple[bytes, bytes]]:
    """Keys and values of all committed records of a topic with one partition; none when it doesn't exist."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": f"reader-{uuid.uuid4()}",
            "auto.offset.reset": "earliest",
            "enable.partition.eof": True,
            "allow.auto.create.topics": False,
        }
    )
    found: list[tuple[bytes, bytes]] = []
    try:
        partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
        if not partitions:
            return []
        consumer.assign([TopicPartition(topic, 0, 0)])
        while (message := consumer.poll(10)) is not None and message.error() is None:
            found.append((message.key() or b"", message.value() or b""))
    finally:
        consumer.close()
    return found


def end_offset(bootstrap_servers: str, topic: str) -> int:
    """Of a topic with one partition."""
    consumer = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": f"reader-{uuid.uuid4()}"})
    try:
        return int(consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=10)[1])
    finally:
        consumer.close()

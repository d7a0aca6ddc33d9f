"""What plugins can do to a worker: a table of methods and faults, all in one worker at the same time.

REST answers all the while, a healthy connector copies on, every status tells the truth, and no process is left.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest
import requests
from confluent_kafka import Producer

from tests.services import ConnectWorker, KafkaBroker
from tests.waiting import wait_until

PLUGINS = Path(__file__).parent / "plugins"
_NEVER_WAITED_SECONDS = 10.0
_PROPERTIES = {
    "task.shutdown.graceful.timeout.ms": "1000",
    "connector.call.timeout.ms": "2000",
    "connector.memory.max.bytes": str(200 << 20),
    "task.memory.max.bytes": str(200 << 20),
    "task.stall.timeout.ms": "2000",
    "offset.flush.interval.ms": "500",
    "consumer.session.timeout.ms": "6000",
    "consumer.heartbeat.interval.ms": "1000",
}
_DEATHS = {
    "raise": "no luck",
    "raise SystemExit": "off I go",
    "exit": "ended with exit code 7",
    "segfault": "was killed by signal SIGSEGV",
    "allocate": "emory",  # a MemoryError, or the watchdog was quicker
}
_STALLS = ("hang", "freeze")


class Ill(NamedTuple):
    """A connector with a fault: what is it, where, and what its status must come to."""

    kind: str
    at: str
    fault: str
    state: str
    says: str

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.at}-{self.fault}".replace(" ", "-")


def _table() -> Iterator[Ill]:
    for kind, methods in (("Source", ("start", "poll")), ("Sink", ("start", "open", "put"))):
        for at in methods:
            yield from (Ill(kind, at, fault, "FAILED", says) for fault, says in _DEATHS.items())
            state = "UNASSIGNED" if at == "start" else "RUNNING"
            yield from (Ill(kind, at, fault, state, f" in {at}") for fault in _STALLS)
    # Errors of these are logged, or lead back to the last committed offsets; only what can't be caught is a failure.
    for kind, at in (("Source", "commit"), ("Sink", "flush"), ("Sink", "pre_commit")):
        yield Ill(kind, at, "raise", "RUNNING", "")
        yield from (Ill(kind, at, fault, "FAILED", _DEATHS[fault]) for fault in ("exit", "segfault"))
        yield from (Ill(kind, at, fault, "RUNNING", f" in {at}") for fault in _STALLS)
    # These show their fault when they are stopped.
    for kind, at in (("Source", "stop"), ("Sink", "stop"), ("Sink", "close")):
        yield from (Ill(kind, at, fault, "RUNNING", "") for fault in (*_DEATHS, *_STALLS))
    yield from (Ill("Source", "poll", fault, "RUNNING", "") for fault in ("print", "fork"))


TASKS = list(_table())
CONNECTORS = [
    Ill("Source", f"connector.{at}", fault, "FAILED", says)
    for at in ("start", "task_configs")
    for fault, says in {**_DEATHS, **dict.fromkeys(_STALLS, "did not come back from")}.items()
    if not (at == "task_configs" and fault in ("raise", "raise SystemExit", "allocate"))  # retried, as in Kafka Connect
] + [Ill("Source", "connector.stop", fault, "RUNNING", "") for fault in (*_DEATHS, *_STALLS)]


class Latencies:
    """Asks the worker something cheap all the time, and notes how long the answers took."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._ended = threading.Event()
        self.seconds: list[float] = []
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Latencies:
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        with requests.Session() as session:
            while not self._ended.wait(0.02):
                began = time.perf_counter()
                session.get(f"{self._url}/connectors/well/status", timeout=30)
                self.seconds.append(time.perf_counter() - began)


class Ward:
    """A worker with a healthy connector and all ill ones."""

    def __init__(self, worker: ConnectWorker, topic: str, folder: Path) -> None:
        self.worker = worker
        self.topic = topic
        self.input, self.output = folder / "in.txt", folder / "out.txt"
        self.input.touch()
        shared = {"tasks.max": "1", "value.converter": "org.apache.kafka.connect.storage.StringConverter"}
        well = f"{topic}-well"
        worker.create("well", {"connector.class": "FileStreamSource", "file": str(self.input), "topic": well, **shared})
        worker.create(
            "well-sink", {"connector.class": "FileStreamSink", "file": str(self.output), "topics": well, **shared}
        )
        wait_until(lambda: worker.states("well-sink") == ["RUNNING", "RUNNING"])
        self.healthy = len(self.processes())

    def processes(self) -> list[psutil.Process]:
        return psutil.Process(self.worker.pid).children(recursive=True)

    def create(self, ill: Ill) -> None:
        config = {
            "connector.class": f"faulty.Faulty{ill.kind}",
            "fault": ill.fault,
            "at": ill.at,
            "tasks.max": "1",
            "value.converter": "org.apache.kafka.connect.storage.StringConverter",
            **({"topic": self.topic} if ill.kind == "Source" else {"topics": self.topic}),
        }
        self.worker.create(ill.name, config)

    def shown(self, ill: Ill) -> dict[str, Any]:
        status = self.worker.get(f"/connectors/{ill.name}/status") or {"tasks": [], "connector": {}}
        if ill.at.startswith("connector."):
            return dict(status["connector"])
        return dict(status["tasks"][0]) if status["tasks"] else {}

    def delete(self, ill: Ill) -> None:
        assert requests.delete(f"{self.worker.url}/connectors/{ill.name}", timeout=60).status_code == 204

    def check_copying(self) -> None:
        """The healthy connectors still move lines."""
        line = f"{uuid.uuid4()}\n"
        with self.input.open("a") as file:
            file.write(line)
        wait_until(lambda: self.output.exists() and line in self.output.read_text(), what="a line copied")


@pytest.fixture(scope="module")
def ward(kafka_broker: KafkaBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    cluster = f"isolation-{uuid.uuid4()}"
    topics = {f"{kind}.storage.topic": f"{cluster}-{kind}" for kind in ("config", "offset", "status")}
    producer = Producer({"bootstrap.servers": kafka_broker.bootstrap_servers})
    producer.produce(cluster, b"a record")
    producer.flush(30)
    properties = {"group.id": cluster, **topics, **_PROPERTIES}
    with ConnectWorker(kafka_broker.bootstrap_servers, properties, python_path=[PLUGINS]) as worker:
        yield Ward(worker, cluster, tmp_path_factory.mktemp("isolation"))


def _check(ward: Ward, table: list[Ill]) -> None:
    with Latencies(ward.worker.url) as latencies:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(ward.create, table))
        try:
            for ill in table:
                _wait_for(ward, ill)
            ward.check_copying()
        finally:
            with ThreadPoolExecutor(16) as pool:
                list(pool.map(ward.delete, table))
        ward.check_copying()
    wait_until(lambda: len(ward.processes()) <= ward.healthy, 20, "only healthy processes are left")
    # What hangs, hangs for ever: an answer that had to wait for it would not have come.
    assert len(latencies.seconds) > 10
    assert max(latencies.seconds) < _NEVER_WAITED_SECONDS


def _wait_for(ward: Ward, ill: Ill) -> None:
    seen: dict[str, Any] = {}

    def as_expected() -> bool:
        seen.clear()
        seen.update(ward.shown(ill))
        return seen.get("state") == ill.state and ill.says in seen.get("trace", "")

    try:
        wait_until(as_expected)
    except AssertionError as error:
        raise AssertionError(f"{ill} shows {seen}") from error


@pytest.mark.parametrize("fault", [*_DEATHS, *_STALLS, "print", "fork"])
def test_tasks_with_that_fault_hurt_nobody_else(ward: Ward, fault: str) -> None:
    _check(ward, [ill for ill in TASKS if ill.fault == fault])


@pytest.mark.parametrize("fault", [*_DEATHS, *_STALLS])
def test_connectors_with_that_fault_hurt_nobody_else(ward: Ward, fault: str) -> None:
    _check(ward, [ill for ill in CONNECTORS if ill.fault == fault])


def test_what_a_plugin_prints_is_logged_in_its_tasks_context(ward: Ward) -> None:
    assert "[Source-poll-print|task-0] a plugin's own words (stdout)" in ward.worker.log()

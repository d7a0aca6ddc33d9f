"""A worker whose plugins go wrong, in every method and every way, next to healthy ones; and what must come of each.

REST answers all the while, a healthy connector copies on, every status tells the truth, and no process is left.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import requests
from confluent_kafka import Producer

from tests.services import ConnectWorker, KafkaBroker
from tests.waiting import wait_until

PLUGINS = Path(__file__).parent / "plugins"
STRING = "org.apache.kafka.connect.storage.StringConverter"
_STATE_SECONDS = 60
_PROPERTIES = {
    "task.shutdown.graceful.timeout.ms": "1000",
    "connector.call.timeout.ms": "2000",
    "plugin.call.timeout.ms": "5000",
    "connector.memory.max.bytes": str(200 << 20),
    "task.memory.max.bytes": str(200 << 20),
    "task.stall.timeout.ms": "2000",
    "offset.flush.interval.ms": "500",
    "consumer.session.timeout.ms": "6000",
    "consumer.heartbeat.interval.ms": "1000",
    "scheduled.rebalance.max.delay.ms": "0",
}
DEATHS = {
    "raise": "no luck",
    "raise SystemExit": "off I go",
    "exit": "ended with exit code 7",
    "segfault": "was killed by signal SIGSEGV",
    "allocate": "emory",  # a MemoryError, or the watchdog was quicker
}
STALLS = ("hang", "freeze")
FAULTS = (*DEATHS, *STALLS)


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


def _tasks() -> Iterator[Ill]:
    for kind, methods in (("Source", ("start", "poll")), ("Sink", ("start", "open", "put"))):
        for at in methods:
            yield from (Ill(kind, at, fault, "FAILED", says) for fault, says in DEATHS.items())
            state = "UNASSIGNED" if at == "start" else "RUNNING"
            yield from (Ill(kind, at, fault, state, f" in {at}") for fault in STALLS)
    # Errors of these are logged, or lead back to the last committed offsets; only what can't be caught is a failure.
    for kind, at in (("Source", "commit"), ("Sink", "flush"), ("Sink", "pre_commit")):
        yield Ill(kind, at, "raise", "RUNNING", "")
        yield from (Ill(kind, at, fault, "FAILED", DEATHS[fault]) for fault in ("exit", "segfault"))
        yield from (Ill(kind, at, fault, "RUNNING", f" in {at}") for fault in STALLS)
    # These show their fault when they are stopped.
    for kind, at in (("Source", "stop"), ("Sink", "stop"), ("Sink", "close")):
        yield from (Ill(kind, at, fault, "RUNNING", "") for fault in FAULTS)
    yield from (Ill("Source", "poll", fault, "RUNNING", "") for fault in ("print", "fork"))


TASKS = list(_tasks())
CONNECTORS = [
    Ill("Source", f"connector.{at}", fault, "FAILED", says)
    for at in ("start", "task_configs")
    for fault, says in {**DEATHS, **dict.fromkeys(STALLS, "did not come back from")}.items()
    if not (at == "task_configs" and fault in ("raise", "raise SystemExit", "allocate"))  # retried, as in Kafka Connect
] + [Ill("Source", "connector.stop", fault, "RUNNING", "") for fault in FAULTS]
REFUSALS = {
    **DEATHS,
    **dict.fromkeys(("exit", "segfault"), "ended unexpectedly"),
    **dict.fromkeys(STALLS, "Request timed out"),
}
"""What REST answers when a plugin goes wrong while it is asked something."""


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

    def quantile(self, share: float) -> float:
        """The latency in ms that this share of the answers didn't exceed."""
        return sorted(self.seconds)[min(len(self.seconds) - 1, int(share * len(self.seconds)))] * 1000


class Ward:
    """The worker, with a healthy source and sink."""

    def __init__(self, worker: ConnectWorker, topic: str, folder: Path) -> None:
        self.worker = worker
        self.topic = topic
        self.input, self.output = folder / "in.txt", folder / "out.txt"
        self.input.touch()
        shared = {"tasks.max": "1", "value.converter": STRING}
        well = f"{topic}-well"
        worker.create("well", {"connector.class": "FileStreamSource", "file": str(self.input), "topic": well, **shared})
        worker.create(
            "well-sink", {"connector.class": "FileStreamSink", "file": str(self.output), "topics": well, **shared}
        )
        wait_until(lambda: worker.states("well-sink") == ["RUNNING", "RUNNING"])
        self.healthy = len(self._processes())

    def _processes(self) -> list[psutil.Process]:
        return psutil.Process(self.worker.pid).children(recursive=True)

    # Connectors that go wrong by themselves

    def suffer(self, table: Sequence[Ill]) -> Latencies:
        """Create them all, see each come to what is expected, delete them; how REST answered meanwhile."""
        with Latencies(self.worker.url) as latencies, ThreadPoolExecutor(16) as pool:
            list(pool.map(self._create, table))
            try:
                list(pool.map(self._wait_for, table))
                self.check_copying()
            finally:
                list(pool.map(self._delete, table))
            self.check_copying()
        self.check_left()
        return latencies

    def _config(self, ill: Ill) -> dict[str, str]:
        return {
            "connector.class": f"faulty.Faulty{ill.kind}",
            "fault": ill.fault,
            "at": ill.at,
            "tasks.max": "1",
            "value.converter": STRING,
            **({"topic": self.topic} if ill.kind == "Source" else {"topics": self.topic}),
        }

    def _create(self, ill: Ill) -> None:
        self.worker.create(ill.name, self._config(ill))

    def _delete(self, ill: Ill) -> None:
        assert requests.delete(f"{self.worker.url}/connectors/{ill.name}", timeout=90).status_code == 204

    def _wait_for(self, ill: Ill) -> None:
        seen: dict[str, Any] = {}

        def as_expected() -> bool:
            seen.clear()
            seen.update(self._shown(ill))
            return seen.get("state") == ill.state and ill.says in seen.get("trace", "")

        try:
            wait_until(as_expected, _STATE_SECONDS, look_every=0.2)
        except AssertionError as error:
            raise AssertionError(f"{ill} shows {seen}") from error

    def _shown(self, ill: Ill) -> dict[str, Any]:
        status = self.worker.get(f"/connectors/{ill.name}/status") or {"tasks": [], "connector": {}}
        if ill.at.startswith("connector."):
            return dict(status["connector"])
        return dict(status["tasks"][0]) if status["tasks"] else {}

    # Plugins that go wrong when they are asked something

    def be_asked(self, faults: Sequence[str]) -> Latencies:
        """Have connectors validated, and their offsets altered, all at once; how REST answered meanwhile."""
        stopped = [Ill("Source", "connector.alter_offsets", fault, "STOPPED", "") for fault in faults]
        with Latencies(self.worker.url) as latencies, ThreadPoolExecutor(2 * len(faults) + 1) as pool:
            list(pool.map(self._create_stopped, stopped))
            answers = {
                **{("validate", fault): pool.submit(self._validate, "connector.validate", fault) for fault in faults},
                **{("alter_offsets", ill.fault): pool.submit(self._alter_offsets, ill) for ill in stopped},
            }
            for (method, fault), answer in answers.items():
                status, text = answer.result()
                assert status == 500, (method, fault, text)
                too_slow = fault == "allocate" and REFUSALS["hang"] in text  # time was up before memory was
                assert REFUSALS[fault] in text or too_slow, (method, fault, text)
            assert self._validate("nowhere", "raise")[0] == 200
            list(pool.map(self._delete, stopped))
        self.check_copying()
        self.check_left()
        return latencies

    def _create_stopped(self, ill: Ill) -> None:
        self._create(ill)
        wait_until(lambda: self.worker.states(ill.name) == ["RUNNING", "RUNNING"], _STATE_SECONDS)
        assert requests.put(f"{self.worker.url}/connectors/{ill.name}/stop", timeout=30).status_code == 204
        wait_until(lambda: self.worker.states(ill.name) == ["STOPPED"])

    def _validate(self, at: str, fault: str) -> tuple[int, str]:
        config = {**self._config(Ill("Source", at, fault, "", "")), "name": "asked"}
        url = f"{self.worker.url}/connector-plugins/{config['connector.class']}/config/validate"
        answer = requests.put(url, json=config, timeout=90)
        return answer.status_code, answer.text

    def _alter_offsets(self, ill: Ill) -> tuple[int, str]:
        change = {"offsets": [{"partition": {"p": 0}, "offset": {"o": 1}}]}
        answer = requests.patch(f"{self.worker.url}/connectors/{ill.name}/offsets", json=change, timeout=90)
        return answer.status_code, answer.text

    # What must hold in any case

    def check_copying(self) -> None:
        """The healthy connectors still move lines."""
        line = f"{uuid.uuid4()}\n"
        with self.input.open("a") as file:
            file.write(line)
        wait_until(lambda: self.output.exists() and line in self.output.read_text(), what="a line copied")

    def check_left(self) -> None:
        """No process of what went wrong is left; one that answers questions may be there."""
        wait_until(lambda: len(self._processes()) <= self.healthy, 30, "only healthy processes are left")


@contextmanager
def a_ward(broker: KafkaBroker, folder: Path) -> Iterator[Ward]:
    """A ward on that broker."""
    cluster = f"isolation-{uuid.uuid4()}"
    topics = {f"{kind}.storage.topic": f"{cluster}-{kind}" for kind in ("config", "offset", "status")}
    producer = Producer({"bootstrap.servers": broker.bootstrap_servers})
    producer.produce(cluster, b"a record")
    producer.flush(30)
    properties = {"group.id": cluster, **topics, **_PROPERTIES}
    with ConnectWorker(broker.bootstrap_servers, properties, python_path=[PLUGINS]) as worker:
        yield Ward(worker, cluster, folder)

"""Tasks that share a process, and tasks in threads of the worker: the same loop, states and stops; other ends."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import requests
from confluent_kafka import Consumer

from tests.services import ConnectWorker, KafkaBroker
from tests.waiting import wait_until

_PLUGINS = Path(__file__).parent / "plugins"
_PROPERTIES = {
    "task.shutdown.graceful.timeout.ms": "1000",
    "offset.flush.interval.ms": "300",
    "scheduled.rebalance.max.delay.ms": "0",
}
_STRING = "org.apache.kafka.connect.storage.StringConverter"


class Many:
    """A connector of four tasks, and where they are."""

    def __init__(self, worker: ConnectWorker, folder: Path, **config: str) -> None:
        self.worker, self.folder = worker, folder
        self.name = f"many-{uuid.uuid4()}"
        shared = {"connector.class": "many.ManySource", "tasks.max": "4", "value.converter": _STRING}
        worker.create(self.name, {**shared, "folder": str(folder), "topic": self.name, **config})
        self.wait_for(*["RUNNING"] * 4)

    def wait_for(self, *states: str) -> None:
        wait_until(lambda: self.worker.states(self.name)[1:] == list(states), 60, f"tasks are {states}")

    def pids(self) -> list[int]:
        wait_until(lambda: len(list(self.folder.glob("*.at"))) == 4)
        return [int((self.folder / f"{number}.at").read_text().split()[0]) for number in range(4)]

    def tell(self, number: int, todo: str) -> None:
        path = self.folder / f"{number}.new-todo"
        path.write_text(todo)
        path.rename(self.folder / f"{number}.todo")
        wait_until(lambda: not (self.folder / f"{number}.todo").exists())

    def restart(self, path: str = "?includeTasks=true") -> None:
        answer = requests.post(f"{self.worker.url}/connectors/{self.name}{path}", timeout=30)
        assert answer.status_code in (202, 204), answer.text

    def trace(self, number: int) -> str:
        status = self.worker.get(f"/connectors/{self.name}/status")
        return str(status["tasks"][number].get("trace", ""))

    def delete(self) -> None:
        assert requests.delete(f"{self.worker.url}/connectors/{self.name}", timeout=30).status_code == 204


@pytest.fixture(scope="module")
def worker(kafka_broker: KafkaBroker) -> Iterator[ConnectWorker]:
    cluster = f"homes-{uuid.uuid4()}"
    topics = {f"{kind}.storage.topic": f"{cluster}-{kind}" for kind in ("config", "offset", "status")}
    properties = {"group.id": cluster, **topics, **_PROPERTIES}
    with ConnectWorker(kafka_broker.bootstrap_servers, properties, python_path=[_PLUGINS]) as worker:
        yield worker


@pytest.fixture
def values(kafka_broker: KafkaBroker) -> Iterator[Callable[[str, int], list[bytes]]]:
    consumer = Consumer(
        {"bootstrap.servers": kafka_broker.bootstrap_servers, "group.id": "homes", "auto.offset.reset": "earliest"}
    )

    def read(topic: str, count: int) -> list[bytes]:
        consumer.subscribe([topic])
        found: list[bytes] = []

        def all_there() -> bool:
            found.extend(message.value() or b"" for message in consumer.consume(10, 0.2) if message.error() is None)
            return len(found) >= count

        wait_until(all_there, what=f"{count} records")
        return sorted(found)

    yield read
    consumer.close()


def test_tasks_that_share_a_process(
    worker: ConnectWorker, tmp_path: Path, values: Callable[[str, int], list[bytes]]
) -> None:
    """Three of four in one; an error ends one task alone, an exit all of the process, and a hung one is replaced."""
    many = Many(worker, tmp_path, **{"tasks.per.process": "3"})
    pids = many.pids()
    shared = max(set(pids), key=pids.count)
    assert sorted(map(pids.count, set(pids))) == [1, 3]
    assert values(many.name, 4) == [b"0", b"1", b"2", b"3"]
    together = [number for number in range(4) if pids[number] == shared]
    assert f"[{many.name}|task-{together[0]}] task {together[0]} is here (stdout)" in worker.log()

    many.tell(together[0], "raise")
    states = ["FAILED" if number == together[0] else "RUNNING" for number in range(4)]
    many.wait_for(*states)
    assert "no luck" in many.trace(together[0])
    many.restart(f"/tasks/{together[0]}/restart")
    many.wait_for(*["RUNNING"] * 4)
    wait_until(lambda: many.pids()[together[0]] == shared, what="the task is back in the process that had room")

    many.tell(together[1], "exit")
    many.wait_for(*("FAILED" if number in together else "RUNNING" for number in range(4)))
    others = ", ".join(str(number) for number in together if number != together[2])
    for number in together[:2]:
        assert "ended with exit code 7 (and with it tasks" in many.trace(number)
    assert f"(and with it tasks {others} of the connector)" in many.trace(together[2])
    many.restart("/restart?includeTasks=true&onlyFailed=true")
    many.wait_for(*["RUNNING"] * 4)

    pids = many.pids()
    before = max(set(pids), key=pids.count)
    hung = pids.index(before)
    many.tell(hung, "hang")
    many.restart(f"/tasks/{hung}/restart")
    wait_until(lambda: before not in many.pids(), what="what shared the process of the hung task has started again")
    many.wait_for(*["RUNNING"] * 4)
    assert "its process was killed because of another task in it" in worker.log()

    last = set(many.pids())
    many.delete()
    wait_until(lambda: not any(map(psutil.pid_exists, last)), what="the processes end with their last tasks")


def test_tasks_in_threads_of_the_worker(
    worker: ConnectWorker, tmp_path: Path, values: Callable[[str, int], list[bytes]]
) -> None:
    """They copy, fail and stop like others; one that hangs is abandoned with an error in the log, and REST answers."""
    many = Many(worker, tmp_path, **{"task.isolation": "thread", "task.memory.max.bytes": "1000000000"})
    assert set(many.pids()) == {worker.pid}
    assert values(many.name, 4) == [b"0", b"1", b"2", b"3"]
    assert "a task in a thread can't have task.memory.max.bytes" in worker.log()
    many.tell(0, "raise")
    many.wait_for("FAILED", "RUNNING", "RUNNING", "RUNNING")
    many.restart("/tasks/0/restart")
    many.wait_for(*["RUNNING"] * 4)
    many.tell(1, "hang")
    (tmp_path / "1.at").unlink()
    many.restart("/tasks/1/restart")
    wait_until((tmp_path / "1.at").exists, what="the hung task has a successor")
    many.wait_for(*["RUNNING"] * 4)
    assert "abandoned, its thread goes on until it comes back by itself" in worker.log()
    (tmp_path / "1.stopped").unlink(missing_ok=True)
    (tmp_path / "1.freed").touch()
    wait_until((tmp_path / "1.stopped").exists, what="the abandoned task ends once it comes back")
    many.delete()

"""Three of our workers share connectors and tasks, whatever happens to them."""

from __future__ import annotations

import os
import re
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from tests.integration.cluster.bounces import flowing
from tests.integration.cluster.group_of_workers import (
    WorkerGroup,
    create,
    places,
    put,
    read_records,
    states,
    status,
    worker_id,
)
from tests.services import KafkaBroker
from tests.waiting import wait_until

NAMES = ["a", "b", "c"]


@pytest.fixture
def group(kafka_broker: KafkaBroker, tmp_path: Path) -> Iterator[WorkerGroup]:
    with WorkerGroup(kafka_broker.bootstrap_servers, tmp_path) as group:
        yield group


def test_work_survives_workers_that_are_killed_or_sleep_longer_than_their_session(
    kafka_broker: KafkaBroker, tmp_path: Path
) -> None:
    with WorkerGroup(kafka_broker.bootstrap_servers, tmp_path) as group:  # which shows the logs of a failure
        first, second, third = (group.add() for _ in range(3))
        everybody = [worker_id(worker) for worker in (first, second, third)]
        lines = [group.source(name) for name in NAMES]
        with flowing(lines):
            wait_until(lambda: places(second, NAMES) == Counter(dict.fromkeys(everybody, 2)), what="an even share")
            third.kill()
            os.kill(second.pid, signal.SIGSTOP)  # the worker alone: its tasks have to find out by themselves
            wait_until(lambda: "this task ends, since another will take over" in second.log(), what="a task's own end")
            wait_until(lambda: places(first, NAMES) == {everybody[0]: 6}, what="all work on the one that is left")
            os.kill(second.pid, signal.SIGCONT)
            third.start()
            wait_until(lambda: places(first, NAMES) == Counter(dict.fromkeys(everybody, 2)), what="an even share again")
        assert "is out of the group" in second.log()
        for each in lines:
            wait_until(lambda each=each: not each.once - group.numbers(each), what=f"all records of {each.topic}")


def test_new_tasks_of_a_connector_leave_the_tasks_of_others_alone(kafka_broker: KafkaBroker, tmp_path: Path) -> None:
    """A round of the group and other tasks for one connector: the others' processes live on, and publish nothing."""
    names = ["a", "b", "c", "d", "e", "f"]
    one_partition = {"status.storage.partitions": "1"}
    with WorkerGroup(kafka_broker.bootstrap_servers, tmp_path, one_partition) as group:
        for _ in range(3):
            group.add()
        sources = {name: group.source(name) for name in names}
        everybody = dict.fromkeys(map(worker_id, group.workers), 4)
        wait_until(lambda: places(group.workers[0], names) == Counter(everybody), what="an even share")
        processes = {worker.url: descendants(worker.pid) for worker in group.workers}
        published = statuses_published(group, names)
        moved = group.lines("a-moved")
        moved.write(10)
        put(group.workers[1], "/connectors/a/config", {**moved.source_config, "name": "a"})
        wait_until(lambda: group.numbers(moved) == moved.once, what="the records of the new task")
        wait_until(lambda: places(group.workers[0], names) == Counter(everybody), what="an even share")
        for lines in sources.values():
            lines.write(10)
        for name in names[1:]:
            wait_until(lambda name=name: group.numbers(sources[name]) == sources[name].once, what="records of others")
        now = statuses_published(group, names)
        assert now["a"] > published["a"]
        assert {name: now[name] for name in names[1:]} == {name: published[name] for name in names[1:]}
        ended = [pid for worker in group.workers for pid in processes[worker.url] - descendants(worker.pid)]
        assert len(ended) == 1, "only the task that was replaced"


def test_a_killed_worker_leaves_its_group_once_its_tasks_are_dead(kafka_broker: KafkaBroker, tmp_path: Path) -> None:
    """The others need not wait for the end of its session, which would be later than this test waits."""
    patient = {"session.timeout.ms": "300000"}
    with WorkerGroup(kafka_broker.bootstrap_servers, tmp_path, patient) as group:
        first, second = group.add(), group.add()
        both = {worker_id(first), worker_id(second)}
        lines = group.source("a")
        group.source("b")
        wait_until(lambda: set(places(first, ["a", "b"])) == both, what="an even share")
        family = descendants(second.pid)
        os.kill(second.pid, signal.SIGKILL)
        wait_until(lambda: set(places(first, ["a", "b"])) == {worker_id(first)}, what="the work of the killed worker")
        assert "has left the group" in second.log()
        wait_until(lambda: not any(map(psutil.pid_exists, family)), what="the end of all its processes")
        lines.write(10)
        wait_until(lambda: group.numbers(lines) == lines.once, what="all records")


def descendants(pid: int) -> set[int]:
    """The processes that a process has started, and theirs."""
    return {child.pid for child in psutil.Process(pid).children(recursive=True)}


def statuses_published(group: WorkerGroup, names: list[str]) -> Counter[str]:
    """How many states were published of each connector and its task."""
    keys = [key.decode() for key, _ in read_records(group.bootstrap_servers, group.properties["status.storage.topic"])]
    return Counter(
        name for name in names for key in keys if key in (f"status-connector-{name}", f"status-task-{name}-0")
    )


def test_every_worker_takes_every_request(group: WorkerGroup) -> None:
    workers = [group.add() for _ in range(3)]
    lines = group.lines("x")
    lines.path.touch()
    for turn, worker in enumerate(workers):
        name = f"x{turn}"
        create(worker, name, lines.source_config)
        for asked in workers:
            wait_until(lambda asked=asked, name=name: states(asked, name) == ["RUNNING", "RUNNING"])
        assert put(worker, f"/connectors/{name}/config", {**lines.source_config, "name": name}).status_code == 200
        assert put(workers[turn - 1], f"/connectors/{name}/pause").status_code == 202
        wait_until(lambda worker=worker, name=name: states(worker, name) == ["PAUSED", "PAUSED"])
        assert put(worker, f"/connectors/{name}/stop").status_code == 204
        wait_until(lambda worker=worker, name=name: states(worker, name) == ["STOPPED"])
        assert put(worker, f"/connectors/{name}/resume").status_code == 202
        for asked in workers:
            wait_until(lambda asked=asked, name=name: states(asked, name) == ["RUNNING", "RUNNING"])
        for asked in workers:
            restart = f"{asked.url}/connectors/{name}"
            assert requests.post(f"{restart}/restart", timeout=30).status_code == 204
            assert requests.post(f"{restart}/tasks/0/restart", timeout=30).status_code == 204
            answer = requests.post(f"{restart}/restart?includeTasks=true", timeout=30)
            assert (answer.status_code, answer.json()["connector"]["state"]) == (202, "RESTARTING")
            wait_until(lambda name=name: states(workers[0], name) == ["RUNNING", "RUNNING"])
        assert requests.delete(f"{workers[turn - 2].url}/connectors/{name}", timeout=30).status_code == 204
        for asked in workers:
            wait_until(lambda asked=asked, name=name: status(asked, name) is None)
            assert requests.get(f"{asked.url}/connectors", timeout=30).json() == []
    figures = requests.get(f"{workers[0].url}/metrics", headers={"Accept": "*/*"}, timeout=30).text
    for name in ("join_total", "sync_total", "heartbeat_total", "rebalance_total"):
        found = re.search(rf"^kafka_connect_connect_coordinator_metrics_{name}{{.*}} (\d+)$", figures, re.MULTILINE)
        assert found is not None, name
        assert int(found[1]) > 0, name

"""Our workers and Java's in one group, either as the leader; and a cluster handed from one to the other and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.integration.cluster.group_of_workers import (
    AnyWorker,
    WorkerGroup,
    create,
    places,
    put,
    states,
    status,
    worker_id,
)
from tests.services import ConnectWorker, KafkaBroker
from tests.waiting import wait_until

NAMES = ["a", "b", "c", "d"]


@pytest.fixture
def group(kafka_broker: KafkaBroker, tmp_path: Path) -> Iterator[WorkerGroup]:
    with WorkerGroup(kafka_broker.bootstrap_servers, tmp_path) as group:
        yield group


def answers(worker: AnyWorker, path: str) -> object:
    return requests.get(f"{worker.url}{path}", timeout=30).json()


@pytest.mark.parametrize(("leader", "protocol"), [("java", "sessioned"), ("ours", "sessioned"), ("ours", "compatible")])
def test_a_mixed_group_shares_work_and_forwards_both_ways(group: WorkerGroup, leader: str, protocol: str) -> None:
    group.properties["connect.protocol"] = protocol
    starts = (group.add_java, group.add) if leader == "java" else (group.add, group.add_java)
    workers: list[AnyWorker] = []
    for start in starts:
        workers.append(start())
        wait_until(lambda: requests.get(f"{workers[-1].url}/connectors", timeout=30).ok)
        if len(workers) == 1:
            create(workers[0], "first", group.lines("first").source_config)
            wait_until(lambda: places(workers[0], ["first"]), timeout=60, what="the first worker's group")
    lines = {name: group.lines(name) for name in NAMES}
    for turn, (name, each) in enumerate(lines.items()):
        each.write(20)
        create(workers[turn % 2], name, each.source_config)
    everything = ["first", *NAMES]
    both = {worker_id(worker) for worker in workers}
    wait_until(lambda: set(places(workers[0], everything)) == both, timeout=60, what="a shared group")
    assert min(places(workers[0], everything).values()) >= 4
    for path in ("/connectors/a", "/connectors/b/tasks", "/connectors/c/status", "/connectors/d/config"):
        assert answers(workers[0], path) == answers(workers[1], path)
    for worker in workers:
        for name in NAMES:
            restart = f"{worker.url}/connectors/{name}"
            assert requests.post(f"{restart}/restart", timeout=30).status_code == 204
            assert requests.post(f"{restart}/tasks/0/restart", timeout=30).status_code == 204
        put(worker, "/connectors/a/stop")
        wait_until(lambda: [states(each, "a") for each in workers] == [["STOPPED"]] * 2)
        put(worker, "/connectors/a/resume")
        wait_until(lambda: set(places(workers[1], everything)) == both, timeout=60)
    workers[0].kill()
    for each in lines.values():
        each.write(20)
    survivor = worker_id(workers[1])
    wait_until(lambda: set(places(workers[1], everything)) == {survivor}, timeout=60, what="the work of the leader")
    for name, each in lines.items():
        wait_until(lambda each=each: not each.once - group.numbers(each), what=f"all records of {name}")


def test_a_cluster_goes_from_java_to_ours_and_back(group: WorkerGroup) -> None:
    """Connectors, target states and offsets stay; no record is lost or repeated."""
    java = group.add_java()
    running, paused, stopped = (group.lines(name) for name in ("running", "paused", "stopped"))
    out = group.folder / "out.txt"
    for each in (running, paused, stopped):
        each.write(30)
        create(java, each.path.stem, each.source_config)
    sink = {"connector.class": "org.apache.kafka.connect.file.FileStreamSinkConnector", "file": str(out)}
    create(java, "sink", {**sink, "topics": running.topic})
    for each in (running, paused, stopped):
        wait_until(lambda each=each: group.numbers(each) == each.once, timeout=60)
    wait_until(lambda: out.exists() and len(out.read_text().splitlines()) == 30)
    put(java, "/connectors/paused/pause")
    put(java, "/connectors/stopped/stop")
    check_states(java)
    configs = [answers(java, f"/connectors/{name}/config") for name in ("running", "paused", "stopped", "sink")]
    java.stop()

    ours = ConnectWorker(group.bootstrap_servers, java.properties, port=java.port)
    with ours:
        check_goes_on(group, ours, [running, paused, stopped], out)
        assert configs == [
            answers(ours, f"/connectors/{name}/config") for name in ("running", "paused", "stopped", "sink")
        ]
        put(ours, "/connectors/stopped/resume")
        wait_until(lambda: group.numbers(stopped) == stopped.once, what="the resumed connector's records")
        put(ours, "/connectors/stopped/stop")
        check_states(ours)

    java.start()
    check_goes_on(group, java, [running, paused, stopped], out)
    put(java, "/connectors/paused/resume")
    wait_until(lambda: group.numbers(paused) == paused.once, timeout=60, what="the resumed connector's records")


def check_states(worker: AnyWorker) -> None:
    wait_until(lambda: states(worker, "running") == ["RUNNING", "RUNNING"], timeout=60)
    wait_until(lambda: states(worker, "sink") == ["RUNNING", "RUNNING"], timeout=60)
    wait_until(lambda: states(worker, "paused") == ["PAUSED", "PAUSED"], timeout=60)
    wait_until(lambda: states(worker, "stopped") == ["STOPPED"], timeout=60)


def check_goes_on(group: WorkerGroup, worker: AnyWorker, lines: list, out: Path) -> None:  # type: ignore[type-arg]
    """Only the running source and the sink move, and they go on where they were."""
    running, *resting = lines
    before = [group.numbers(each) for each in resting]
    check_states(worker)
    for each in lines:
        each.write(30)
    wait_until(lambda: group.numbers(running) == running.once, timeout=60, what="the running connector's records")
    wanted = [str(number) for number in range(running.written)]
    wait_until(lambda: out.read_text().splitlines() == wanted, timeout=60, what="the sink's lines, in order")
    assert [group.numbers(each) for each in resting] == before
    assert Counter(place["worker_id"] for place in status(worker, "running")["tasks"]) == {worker_id(worker): 1}

"""Three of our workers share connectors and tasks, whatever happens to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.integration.cluster.group_of_workers import WorkerGroup, create, places, put, states, status, worker_id
from tests.services import KafkaBroker
from tests.waiting import wait_until

NAMES = ["a", "b", "c"]


@pytest.fixture
def group(kafka_broker: KafkaBroker, tmp_path: Path) -> Iterator[WorkerGroup]:
    with WorkerGroup(kafka_broker.bootstrap_servers, tmp_path) as group:
        yield group


def test_work_is_shared_and_survives_kills_stops_and_new_workers(group: WorkerGroup) -> None:
    first, second, third = (group.add() for _ in range(3))
    everybody = [worker_id(worker) for worker in (first, second, third)]
    lines = {name: group.source(name) for name in NAMES}
    for each in lines.values():
        each.write(50)
    wait_until(lambda: places(second, NAMES) == Counter(dict.fromkeys(everybody, 2)), what="an even share")
    third.kill()
    for each in lines.values():
        each.write(50)
    wait_until(lambda: set(places(first, NAMES)) == set(everybody[:2]), what="the work of the killed worker elsewhere")
    second.stop()
    wait_until(lambda: places(first, NAMES) == {everybody[0]: 6}, what="the work of the stopped")
    third.start()
    second.start()
    wait_until(lambda: places(first, NAMES) == Counter(dict.fromkeys(everybody, 2)), what="an even share again")
    for name, each in lines.items():
        each.write(50)
        wait_until(lambda each=each: not each.once - group.numbers(each), what=f"all records of {name}")


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

"""A worker in Java and one of ours in one group."""

from __future__ import annotations

from collections.abc import Mapping

import requests

from tests.integration.cluster.group_of_workers import (
    AnyWorker,
    Lines,
    WorkerGroup,
    create,
    places,
    put,
    states,
    worker_id,
)
from tests.waiting import wait_until

NAMES = ["a", "b", "c", "d"]


def answers(worker: AnyWorker, path: str) -> object:
    """The JSON answer to GET."""
    return requests.get(f"{worker.url}{path}", timeout=30).json()


def play_mixed(group: WorkerGroup, *, java_leads: bool) -> None:
    """A worker in Java and one of ours: shared work, requests to either, the follower's death, then the leader's."""
    starts = (group.add_java, group.add) if java_leads else (group.add, group.add_java)
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
    leader, follower = workers
    expect_survival(group, follower, leader, everything, lines)
    follower.start()
    wait_until(lambda: set(places(leader, everything)) == both, timeout=60, what="a shared group again")
    expect_survival(group, leader, follower, everything, lines)


def expect_survival(
    group: WorkerGroup, killed: AnyWorker, survivor: AnyWorker, everything: list[str], lines: Mapping[str, Lines]
) -> None:
    """The other worker takes all work over, and no record is lost."""
    killed.kill()
    for each in lines.values():
        each.write(20)
    alone = {worker_id(survivor)}
    wait_until(lambda: set(places(survivor, everything)) == alone, timeout=60, what="the work of the killed worker")
    for name, each in lines.items():
        wait_until(lambda each=each: not each.once - group.numbers(each), what=f"all records of {name}")

"""A planned leave: no work waits for the return of a worker that has said goodbye."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import requests

from tests.integration.cluster.group_of_workers import WorkerGroup, places, states, status, worker_id
from tests.services import KafkaBroker
from tests.waiting import wait_until

NAMES = ["a", "b", "c"]
# Without a drain the work of a stopped worker would wait five minutes for its return.
PATIENT = {"scheduled.rebalance.max.delay.ms": "300000", "drain.on.shutdown": "true"}


def test_a_drained_worker_leaves_no_hole_and_placement_tells_where_things_run(
    kafka_broker: KafkaBroker, tmp_path: Path
) -> None:
    with WorkerGroup(kafka_broker.bootstrap_servers, tmp_path, PATIENT) as group:
        workers = [group.add() for _ in range(3)]
        everybody = {worker_id(worker) for worker in workers}
        for name in NAMES:
            group.source(name)
        wait_until(lambda: set(places(workers[1], NAMES)) == everybody, what="an even share")
        placement = requests.get(f"{workers[1].url}/admin/placement", timeout=30).json()
        told = {place["url"]: place["connectors"] + place["tasks"] for place in placement["workers"]}
        for name in NAMES:
            place = status(workers[0], name)["connector"]["worker_id"]
            assert name in told[f"http://{place}/"]
        for leaving in workers[:2]:  # the leader first
            leaving.stop()
            everybody.discard(worker_id(leaving))
            wait_until(lambda: set(places(workers[2], NAMES)) == everybody, what="the work of the drained worker")
        assert requests.get(f"{workers[2].url}/admin/placement", timeout=30).json()["delay_ms"] == 0


def test_workers_are_drained_under_a_java_leader_one_after_the_other(kafka_broker: KafkaBroker, tmp_path: Path) -> None:
    """By command and by signal; the leader then balances what comes next as ever."""
    with WorkerGroup(kafka_broker.bootstrap_servers, tmp_path, PATIENT) as group:
        java = group.add_java()
        first = group.source("a")
        wait_until(lambda: places(java, ["a"]), timeout=60, what="the leader's own group")
        ours = [group.add() for _ in range(2)]
        everybody = {worker_id(worker) for worker in group.workers}
        lines = [first, *(group.source(name) for name in NAMES[1:])]
        wait_until(lambda: set(places(java, NAMES)) == everybody, timeout=60, what="an even share")
        for each in lines:
            each.write(10)
        command = [sys.executable, "-m", "connect.cli.main", "worker", "drain", "--url", ours[0].url]
        subprocess.run(command, check=True, timeout=60)
        everybody.discard(worker_id(ours[0]))
        wait_until(lambda: set(places(java, NAMES)) <= everybody and places(java, NAMES), what="the first one's work")
        refused = requests.put(f"{ours[0].url}/connectors/a/stop", timeout=30)
        assert refused.status_code == 503
        ours[1].stop()
        wait_until(lambda: set(places(java, NAMES)) == {worker_id(java)}, what="the second one's work")
        for each in lines:
            each.write(10)
            wait_until(lambda each=each: group.numbers(each) == each.once, what=f"all records of {each.topic}, once")
        ours[1].start()
        wait_until(lambda: len(places(java, NAMES)) == 2, timeout=60, what="a share for the one that came back")
        assert states(java, "a") == ["RUNNING", "RUNNING"]

"""Exactly-once sources in a group: former tasks can't write, former leaders neither, and Java takes part."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from confluent_kafka import KafkaException, Producer

from tests.integration.cluster.group_of_workers import (
    AnyWorker,
    WorkerGroup,
    create,
    places,
    put,
    read_records,
    states,
    worker_id,
)
from tests.services import KafkaBroker
from tests.waiting import wait_until

DATAGEN = "io.confluent.kafka.connect.datagen.DatagenConnector"
EXACTLY_ONCE = {"exactly.once.source.support": "enabled"}


@pytest.fixture
def group(kafka_broker: KafkaBroker, tmp_path: Path) -> Iterator[WorkerGroup]:
    with WorkerGroup(kafka_broker.bootstrap_servers, tmp_path, EXACTLY_ONCE) as group:
        yield group


def task_counts(group: WorkerGroup, connector: str) -> list[int]:
    """What leaders have noted after their fencing rounds."""
    records = read_records(group.bootstrap_servers, group.properties["config.storage.topic"])
    return [json.loads(value)["task-count"] for key, value in records if key == f"tasks-fencing-{connector}".encode()]


def test_tasks_that_are_no_more_can_not_write(group: WorkerGroup) -> None:
    """Three tasks become one: whoever still has the transactional id of the third can't commit."""
    leader, follower = group.add(), group.add()
    topic = f"{group.prefix}-generated"
    config = {"connector.class": DATAGEN, "kafka.topic": topic, "tasks.max": "3", "quickstart": "users"}
    config["max.interval"] = "50"
    create(leader, "many", config)
    wait_until(lambda: states(follower, "many") == ["RUNNING"] * 4)
    assert task_counts(group, "many") == [3]
    transactional_id = f"{group.properties['group.id']}-many-2"
    zombie = Producer({"bootstrap.servers": group.bootstrap_servers, "transactional.id": transactional_id})
    zombie.init_transactions(30)
    zombie.begin_transaction()
    zombie.produce(topic, b"from the grave")
    zombie.flush(30)
    put(follower, "/connectors/many/config", {**config, "tasks.max": "1"})
    wait_until(lambda: states(follower, "many") == ["RUNNING"] * 2)
    wait_until(lambda: task_counts(group, "many") == [3, 1])
    with pytest.raises(KafkaException, match=r"fenced|epoch"):
        zombie.commit_transaction(30)
    # A new leader can write as well, and its fencing rounds continue where the old one's ended.
    leader.kill()
    wait_until(lambda: set(places(follower, ["many"])) == {worker_id(follower)}, what="the work of the leader")

    def accepted() -> bool:  # until it has heard who leads now, it asks the dead one
        url = f"{follower.url}/connectors/many/config"
        return requests.put(url, json={**config, "tasks.max": "2"}, timeout=30).ok

    wait_until(accepted, what="a new leader")
    wait_until(lambda: states(follower, "many") == ["RUNNING"] * 3)
    wait_until(lambda: task_counts(group, "many") == [3, 1, 2])


@pytest.mark.parametrize("java_leads", [True, False], ids=["java-leads", "ours-leads"])
def test_java_and_ours_ask_each_other_for_fencing(group: WorkerGroup, java_leads: bool) -> None:
    starts = (group.add_java, group.add) if java_leads else (group.add, group.add_java)
    leader = starts[0]()
    create(leader, "first", group.lines("first").source_config)
    wait_until(lambda: places(leader, ["first"]), timeout=60, what="the first worker's group")
    follower: AnyWorker = starts[1]()
    sources = {name: group.source(name) for name in ("a", "b")}
    both = {worker_id(leader), worker_id(follower)}
    names = ["first", *sources]
    wait_until(lambda: set(places(leader, names)) == both, timeout=60, what="a shared group")
    wait_until(lambda: all(task_counts(group, name) for name in names), what="fencing rounds for all")
    for each in sources.values():
        each.write(20)
    for name, each in sources.items():
        wait_until(lambda each=each: group.numbers(each) == each.once, what=f"all records of {name}, once")
        put(follower, f"/connectors/{name}/stop")
        wait_until(lambda name=name: states(follower, name) == ["STOPPED"])
        answer = requests.delete(f"{follower.url}/connectors/{name}/offsets", timeout=60)
        assert answer.status_code == 200, answer.text
        assert task_counts(group, name) == [1, 0]
        put(follower, f"/connectors/{name}/resume")
        twice = each.once + each.once
        wait_until(lambda each=each, twice=twice: group.numbers(each) == twice, what=f"all records of {name} again")

"""Offsets of sinks' groups on a real broker, also where killed tasks have left members behind."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from connect.herder.sink_groups import SinkGroups
from connect.kafka.clients import RealKafka
from connect.kafka.connect_clients import ConnectClients
from tests.services import KafkaBroker
from tests.waiting import wait_until

CONFIG = {"connector.class": "FileStreamSink"}


@pytest.fixture
def topic(kafka_broker: KafkaBroker) -> Iterator[str]:
    name = f"sink-groups-{uuid.uuid4()}"
    admin = AdminClient({"bootstrap.servers": kafka_broker.bootstrap_servers})
    admin.create_topics([NewTopic(name, 2)])[name].result()
    wait_until(lambda: len(admin.list_topics(name, 10).topics[name].partitions) == 2)
    yield name
    admin.delete_topics([name])[name].result()


@pytest.fixture
def groups(kafka_broker: KafkaBroker) -> SinkGroups:
    worker = {"bootstrap.servers": kafka_broker.bootstrap_servers, "task.shutdown.graceful.timeout.ms": "100"}
    return SinkGroups(RealKafka(), ConnectClients(worker))


def test_forgetting_one_offset_leaves_the_others(groups: SinkGroups, topic: str) -> None:
    name = f"sink-{uuid.uuid4()}"
    groups.alter(name, CONFIG, {(topic, 0): 3, (topic, 1): 4})
    groups.alter(name, CONFIG, {(topic, 0): None})
    assert groups.offsets(name, CONFIG) == {(topic, 1): 4}
    groups.alter(name, CONFIG, {(topic, 0): None, (topic, 1): 5})
    assert groups.offsets(name, CONFIG) == {(topic, 1): 5}
    groups.alter(name, CONFIG, {(topic, 1): None})
    groups.forget(name, CONFIG)
    groups.forget(name, CONFIG)
    assert groups.offsets(name, CONFIG) == {}


def test_members_that_killed_tasks_leave_behind_do_not_block_a_change(
    kafka_broker: KafkaBroker, groups: SinkGroups, topic: str
) -> None:
    """The consumer doesn't leave and isn't polled, as one whose process is gone."""
    name = f"sink-{uuid.uuid4()}"
    left_behind = Consumer(
        {
            "bootstrap.servers": kafka_broker.bootstrap_servers,
            "group.id": f"connect-{name}",
            "client.id": f"connector-consumer-{name}-0",
        }
    )
    left_behind.subscribe([topic])

    def joined() -> bool:
        left_behind.poll(0.1)
        return len(left_behind.assignment()) == 2

    wait_until(joined)
    groups.alter(name, CONFIG, {(topic, 0): 7, (topic, 1): None})
    assert groups.offsets(name, CONFIG) == {(topic, 0): 7}
    assert left_behind.committed([TopicPartition(topic, 0)])[0].offset == 7
    left_behind.close()

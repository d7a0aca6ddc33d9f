"""Exactly-once sources on a real broker: offsets in the same transactions, own offsets topics, fencing."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from pathlib import Path

from confluent_kafka import Consumer, Producer, TopicPartition

from tests.services import ConnectWorker, KafkaBroker
from tests.waiting import wait_until

STRING = "org.apache.kafka.connect.storage.StringConverter"
_PROPERTIES = {"exactly.once.source.support": "enabled", "key.converter": STRING, "value.converter": STRING}


def committed(servers: str, topic: str) -> list[tuple[bytes | None, bytes | None]]:
    """Keys and values that a consumer of committed records sees in all partitions."""
    consumer = Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": "unused",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
    )
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
    found, ended = [], 0
    while ended < len(partitions):
        message = consumer.poll(10)
        assert message is not None
        if message.error():
            ended += 1
        else:
            found.append((message.key(), message.value()))
    consumer.close()
    return found


def test_offsets_are_written_to_the_connectors_own_topic_and_to_the_workers(
    connect_worker: Callable[..., ConnectWorker], kafka_broker: KafkaBroker, tmp_path: Path
) -> None:
    servers, topic, own = kafka_broker.bootstrap_servers, f"eos-{uuid.uuid4()}", f"eos-offsets-{uuid.uuid4()}"
    file = tmp_path / "in.txt"
    file.write_text("a\nb\n")
    worker = connect_worker(_PROPERTIES)
    config = {"connector.class": "FileStreamSource", "file": str(file), "topic": topic, "offsets.storage.topic": own}
    worker.create("eos", config)
    wait_until(lambda: [value for _, value in committed(servers, topic)] == [b"a", b"b"])
    expected = [(json.dumps(["eos", {"filename": str(file)}], separators=(",", ":")).encode(), b'{"position":4}')]
    assert committed(servers, own) == expected
    wait_until(lambda: committed(servers, worker.properties["offset.storage.topic"]) == expected)
    worker.restart()
    with file.open("a") as lines:
        lines.write("c\n")
    wait_until(lambda: [value for _, value in committed(servers, topic)] == [b"a", b"b", b"c"])


def test_a_task_that_was_fenced_off_fails_and_says_why(
    connect_worker: Callable[..., ConnectWorker], kafka_broker: KafkaBroker, tmp_path: Path
) -> None:
    servers, topic = kafka_broker.bootstrap_servers, f"eos-{uuid.uuid4()}"
    file = tmp_path / "in.txt"
    file.write_text("a\n")
    worker = connect_worker(_PROPERTIES)
    worker.create("eos", {"connector.class": "FileStreamSource", "file": str(file), "topic": topic})
    wait_until(lambda: [value for _, value in committed(servers, topic)] == [b"a"])
    rival = Producer({"bootstrap.servers": servers, "transactional.id": f"{worker.properties['group.id']}-eos-0"})
    rival.init_transactions(30)
    with file.open("a") as lines:
        lines.write("b\n")
    wait_until(lambda: worker.states("eos") == ["RUNNING", "FAILED"])
    trace = worker.get("/connectors/eos/status")["tasks"][0]["trace"]
    assert "was unable to finish writing records to Kafka before its producer transaction expired." in trace
    assert [value for _, value in committed(servers, topic)] == [b"a"]

"""One bad record among many: where it goes, what it says, and that nobody else notices."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from confluent_kafka import Consumer, Producer, TopicPartition

from tests.services import ConnectWorker, KafkaBroker
from tests.waiting import wait_until

RECORDS, POISON = 100_000, 61_803
JSON = "org.apache.kafka.connect.json.JsonConverter"


def _fill(servers: str, topic: str) -> None:
    producer = Producer({"bootstrap.servers": servers, "linger.ms": 20})
    for number in range(RECORDS):
        value = b"{no json" if number == POISON else b'{"n":%d}' % number
        producer.produce(topic, value, str(number).encode(), headers=[("mine", b"kept")] if number == POISON else None)
        producer.poll(0)
    assert producer.flush(60) == 0


def _only_record(servers: str, topic: str) -> tuple[bytes, bytes, dict[str, str]]:
    consumer = Consumer({"bootstrap.servers": servers, "group.id": "unused", "enable.auto.commit": False})
    partition = TopicPartition(topic, 0, 0)
    consumer.assign([partition])
    message = wait_until(lambda: consumer.poll(0.5))
    assert message.error() is None
    assert consumer.get_watermark_offsets(partition, timeout=10) == (0, 1)
    consumer.close()
    return message.key(), message.value(), {name: value.decode() for name, value in message.headers()}


def _metric(worker: ConnectWorker, name: str) -> float:
    text = requests.get(f"{worker.url}/metrics", timeout=30).text
    found = re.search(rf'^kafka_connect_{name}\{{[^}}]*connector="bad"[^}}]*\}} (\S+)$', text, re.MULTILINE)
    assert found, name
    return float(found[1])


def test_one_poison_record_in_100_000(
    connect_worker: Callable[..., ConnectWorker], kafka_broker: KafkaBroker, tmp_path: Path
) -> None:
    topic, letters, out = f"poison-{uuid.uuid4()}", f"letters-{uuid.uuid4()}", tmp_path / "out.txt"
    _fill(kafka_broker.bootstrap_servers, topic)
    worker = connect_worker({"offset.flush.interval.ms": "500"})
    config = {
        "connector.class": "FileStreamSink",
        "file": str(out),
        "topics": topic,
        "value.converter": JSON,
        "value.converter.schemas.enable": "false",
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        "errors.tolerance": "all",
        "errors.deadletterqueue.topic.name": letters,
        "errors.deadletterqueue.topic.replication.factor": "1",
        "errors.deadletterqueue.context.headers.enable": "true",
    }
    worker.create("bad", config)
    wait_until(lambda: out.exists() and out.read_text().count("\n") == RECORDS - 1, 60, "all good records written")
    key, value, headers = _only_record(kafka_broker.bootstrap_servers, letters)
    assert (key, value) == (str(POISON).encode(), b"{no json")
    trace = headers.pop("__connect.errors.exception.stacktrace")
    message = headers.pop("__connect.errors.exception.message")
    assert headers == {
        "mine": "kept",
        "__connect.errors.topic": topic,
        "__connect.errors.partition": "0",
        "__connect.errors.offset": str(POISON),
        "__connect.errors.connector.name": "bad",
        "__connect.errors.task.id": "0",
        "__connect.errors.stage": "VALUE_CONVERTER",
        "__connect.errors.class.name": JSON,
        "__connect.errors.exception.class.name": "org.apache.kafka.connect.errors.DataException",
    }
    assert message.startswith("Converting byte[] to Kafka Connect data failed due to serialization error:")
    assert message in trace
    wait_until(lambda: _metric(worker, "sink_task_metrics_sink_record_send_total") == RECORDS - 1)
    assert _metric(worker, "sink_task_metrics_sink_record_read_total") == RECORDS
    assert 500 <= _metric(worker, "connector_task_metrics_batch_size_max") <= 2000
    assert _metric(worker, "connector_task_metrics_batch_size_avg") > 300
    assert _metric(worker, "task_error_metrics_total_records_skipped") == 1
    assert _metric(worker, "task_error_metrics_deadletterqueue_produce_requests") == 1


def test_topics_by_pattern_are_found_also_when_they_come_later(
    connect_worker: Callable[..., ConnectWorker], kafka_broker: KafkaBroker, tmp_path: Path
) -> None:
    prefix, out = f"regex-{uuid.uuid4()}", tmp_path / "out.txt"
    worker = connect_worker({"consumer.metadata.max.age.ms": "1000"})
    config = {
        "connector.class": "FileStreamSink",
        "file": str(out),
        "topics.regex": f"{prefix}-[a-z&&[^x]]+",  # an intersection: in Java alone
        "value.converter": "org.apache.kafka.connect.storage.StringConverter",
    }
    worker.create("regex", config)
    wait_until(lambda: worker.states("regex") == ["RUNNING", "RUNNING"])
    producer = Producer({"bootstrap.servers": kafka_broker.bootstrap_servers})
    for suffix in ("a", "B", "7", "c"):
        producer.produce(f"{prefix}-{suffix}", suffix.encode())
        producer.flush(30)
    wait_until(lambda: out.exists() and sorted(out.read_text().split()) == ["a", "c"])


@pytest.mark.parametrize("assignor", ["Range", "CooperativeSticky"])
def test_a_sink_that_asks_for_patience_keeps_its_partitions(
    connect_worker: Callable[..., ConnectWorker], kafka_broker: KafkaBroker, assignor: str
) -> None:
    topic = f"patience-{uuid.uuid4()}"
    producer = Producer({"bootstrap.servers": kafka_broker.bootstrap_servers})
    producer.produce(topic, b"a")
    producer.flush(30)
    worker = connect_worker(
        {"consumer.max.poll.interval.ms": "6000", "consumer.session.timeout.ms": "6000"},
        python_path=[Path(__file__).parent / "plugins"],
    )
    config = {
        "connector.class": "faulty.FaultySink",
        "at": "put",
        "fault": "ask for patience",
        "topics": topic,
        "value.converter": "org.apache.kafka.connect.storage.StringConverter",
        "consumer.override.partition.assignment.strategy": f"org.apache.kafka.clients.consumer.{assignor}Assignor",
    }
    worker.create("bad", config)
    wait_until(lambda: worker.states("bad") == ["RUNNING", "RUNNING"])
    wait_until(lambda: _metric(worker, "sink_task_metrics_sink_record_send_total") == 1)
    assert _metric(worker, "sink_task_metrics_sink_record_read_total") == 1  # it was put again, not read again
    assert _metric(worker, "sink_task_metrics_partition_count") == 1
    assert worker.states("bad") == ["RUNNING", "RUNNING"]


def test_a_sources_bad_lines_go_to_its_dead_letter_queue_until_its_drop_budget_is_spent(
    connect_worker: Callable[..., ConnectWorker], kafka_broker: KafkaBroker, tmp_path: Path
) -> None:
    topic, letters, file = f"numbers-{uuid.uuid4()}", f"letters-{uuid.uuid4()}", tmp_path / "in.txt"
    file.write_text("".join("poison\n" if number == 6180 else f"{number}\n" for number in range(10_000)))
    worker = connect_worker({"offset.flush.interval.ms": "500"})
    config = {
        "connector.class": "FileStreamSource",
        "file": str(file),
        "topic": topic,
        "transforms": "number",
        "transforms.number.type": "org.apache.kafka.connect.transforms.Cast$Value",
        "transforms.number.spec": "int32",
        "value.converter": "org.apache.kafka.connect.converters.IntegerConverter",
        "errors.tolerance": "all",
        "errors.deadletterqueue.topic.name": letters,
        "errors.deadletterqueue.topic.replication.factor": "1",
        "errors.deadletterqueue.context.headers.enable": "true",
        "errors.drop.max.count": "2",
    }
    worker.create("bad", config)
    key, value, headers = _only_record(kafka_broker.bootstrap_servers, letters)
    assert (key, value) == (json.dumps({"filename": str(file)}).encode(), b"poison")
    assert headers["__connect.errors.stage"] == "TRANSFORMATION"
    assert headers["__connect.errors.class.name"] == config["transforms.number.type"]
    wait_until(lambda: _metric(worker, "source_task_metrics_source_record_write_total") == 9_999)
    assert _metric(worker, "connector_task_metrics_batch_size_max") == 2000
    assert _metric(worker, "task_error_metrics_total_records_skipped") == 1
    with file.open("a") as more:
        more.write("10000\nx\ny\n10001\n")
    wait_until(lambda: worker.states("bad") == ["RUNNING", "FAILED"])
    trace = worker.get("/connectors/bad/status")["tasks"][0]["trace"]
    assert "3 records were dropped, which is more than errors.drop.max.count=2 allows" in trace
